//! Exports: started, listed, shown, decided, taken back, and acknowledged by their destination.

use std::sync::Arc;

use axum::{Json, extract::State, response::IntoResponse};
use domain::{access::Noun, approval::Decision, delivery::AckStatus, export::ExportState};
use engine::{Ack, CampaignInput, Ctx, Engine, ManualExport, OverrideInput, port::ListFilter};
use http::{StatusCode, header::LOCATION};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Answer, PREFIX,
    caller::Caller,
    input::{Id, Input, Params, text, word},
    page::{Page, Wanted},
    views::{AckAnswer, ExportDetail, ExportView},
};
use crate::problem::{Place, Problem};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// Only this state.
    #[param(example = "awaiting_approval")]
    state: Option<String>,
    /// Only this export type.
    #[param(example = "fulfillment_request")]
    export_type: Option<String>,
    /// Part of the title or a reference.
    q: Option<String>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// How many, at most.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
}

/// List exports, newest first
#[utoipa::path(
    get, path = "/exports", tag = "exports", params(ExportQuery),
    responses((status = 200, description = "A page of exports.", body = Page<ExportView>)),
)]
pub async fn list_exports(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Params(query): Params<ExportQuery>,
) -> Answer<Page<ExportView>> {
    let wanted = Wanted::read(query.cursor, query.limit)?;
    let states: Vec<&str> = ExportState::ALL
        .iter()
        .map(|state| state.as_str())
        .collect();
    let filter = ListFilter {
        state: word("state", query.state, &states)?,
        kind: text("export_type", query.export_type)?,
        query: text("q", query.q)?,
        before: wanted.after,
        limit: wanted.fetch(),
        ..ListFilter::default()
    };
    let rows = engine.exports(&ctx, &filter).await?;
    Ok(Json(wanted.page(rows, |row| (row.created_at, row.id))))
}

/// Show an export with its contract, approvals, attempts, tasks and message
#[utoipa::path(
    get, path = "/exports/{id}", tag = "exports", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The export.", body = ExportDetail)),
)]
pub async fn get_export(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
) -> Answer<ExportDetail> {
    detail(&engine, &ctx, id).await.map(Json)
}

async fn detail(engine: &Engine, ctx: &Ctx, id: Uuid) -> Result<ExportDetail, Problem> {
    let (export, chain) = engine.export_chain(ctx, id).await?;
    let wire = engine.export_wire(ctx, id).await?;
    let text = wire
        .map(String::from_utf8)
        .transpose()
        .map_err(Problem::internal)?;
    let message = text
        .map(RawValue::from_string)
        .transpose()
        .map_err(Problem::internal)?;
    let removal = engine.removal(ctx, Noun::Export, id).await?;
    Ok(ExportDetail::from(&export)
        .with_message(message, chain.campaign.as_ref())
        .with_removal(removal))
}

/// What a flow is started with by hand.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartExport {
    /// Key of a flow that campaigns start.
    #[schema(example = "promotion-go-live")]
    #[serde(default)]
    flow: Option<String>,
    #[serde(default)]
    campaign: Option<CampaignBrief>,
    /// The export type of a contract that may be asked for by hand, in the place of a flow.
    #[serde(default)]
    contract: Option<String>,
    /// With a contract: the order it is about.
    #[serde(default)]
    order_id: Option<Uuid>,
    /// With a contract and no order: your own handle, unique for this type.
    #[serde(default)]
    reference: String,
    #[serde(default)]
    title: String,
    /// What the payload reads as `input`.
    #[serde(default)]
    #[schema(value_type = Object)]
    input: serde_json::Map<String, Value>,
}

/// The brief of a campaign.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CampaignBrief {
    /// Your own handle, unique at the merchant: lower-case letters, digits and dashes.
    #[schema(max_length = 64, pattern = "^[a-z0-9-]+$", example = "winter-kit-26")]
    campaign_id: String,
    #[schema(min_length = 1, max_length = 120, example = "Winter kit, 20 % off")]
    title: String,
    #[schema(min_length = 1, max_length = 200, example = "20 % off the winter kit")]
    offer: String,
    #[schema(minimum = 1, maximum = 90, example = 20)]
    discount_percent: i64,
    #[schema(min_items = 1, max_items = 500, example = json!(["KIT-WINTER-01", "KIT-WINTER-02"]))]
    skus: Vec<String>,
    #[schema(
        max_length = 500,
        pattern = "^https://",
        example = "https://alder-pine.example/winter"
    )]
    landing_url: String,
    #[schema(format = DateTime, example = "2026-11-27T15:00:00.000Z")]
    starts_at: String,
    #[schema(format = DateTime, example = "2026-11-30T23:59:00.000Z")]
    ends_at: String,
    /// Why now: shown to whoever approves.
    #[serde(default)]
    #[schema(example = "Stock is in since Monday.")]
    note: String,
}

impl CampaignBrief {
    /// As the form of the use-case, which has its SKUs in one line.
    fn form(self) -> Result<CampaignInput, Problem> {
        let splits =
            |sku: &String| sku.is_empty() || sku.contains(|c: char| c == ',' || c.is_whitespace());
        if let Some(index) = self.skus.iter().position(splits) {
            let place = Place::Body(format!("/campaign/skus/{index}"));
            return Err(Problem::at(place, "A SKU has no spaces and no commas."));
        }
        Ok(CampaignInput {
            campaign_id: self.campaign_id,
            title: self.title,
            offer: self.offer,
            discount_percent: self.discount_percent.to_string(),
            skus: self.skus.join(","),
            landing_url: self.landing_url,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            note: self.note,
        })
    }
}

/// Start a flow by hand
///
/// Marks a campaign brief as ready: the flow makes its export, which goes through its checks and
/// approvals like any other. The person who starts it is its author and cannot approve it, so this
/// needs a session; an API token stands for nobody.
#[utoipa::path(
    post, path = "/exports", tag = "exports", request_body = StartExport,
    responses((
        status = 201, description = "The export that the flow made.", body = ExportDetail,
        headers(("Location" = String, description = "The export's address.")),
    )),
)]
pub async fn start_export(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Input(body): Input<StartExport>,
) -> Result<impl IntoResponse, Problem> {
    let missing = |place: &str| Problem::at(Place::Body(place.to_owned()), "This is missing.");
    let run = match (&body.contract, &body.flow, body.campaign) {
        (Some(export_type), None, None) => {
            let asked = ManualExport {
                order: body.order_id,
                reference: body.reference,
                title: body.title,
                input: body.input,
            };
            engine.ask_for_export(&ctx, export_type, asked).await?
        }
        (Some(_), _, _) => {
            let place = Place::Body("/contract".to_owned());
            return Err(Problem::at(place, "Name a contract or a flow, not both."));
        }
        (None, Some(flow), Some(campaign)) => {
            let form = campaign.form()?;
            engine
                .start_campaign(&ctx, flow, form)
                .await
                .map_err(|error| Problem::from(error).below("/campaign"))?
        }
        (None, None, _) => return Err(missing("/flow")),
        (None, Some(_), None) => return Err(missing("/campaign")),
    };
    let exports = engine.exports_of_run(&ctx, run.id).await?;
    let export = exports
        .first()
        .ok_or_else(|| Problem::internal("a started flow made no export"))?;
    let location = format!("{PREFIX}/exports/{}", export.id);
    Ok((
        StatusCode::CREATED,
        [(LOCATION, location)],
        Json(detail(&engine, &ctx, export.id).await?),
    ))
}

/// A decision on the content that the person saw.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideExport {
    /// The export's `content_hash`, as it was shown. If the content changed since, the decision is
    /// refused.
    #[schema(example = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    content_hash: String,
    /// Declining needs one.
    #[schema(example = "The landing page is not live yet.")]
    reason: Option<String>,
    /// The id of the approval that was shown. Whoever comes late hears what became of that step, and does not
    /// decide the next one.
    approval_id: Option<Uuid>,
}

/// Approve the step that waits on you
///
/// Needs a person who has the role that is asked, did not write the export, and did not approve an
/// earlier step of it.
#[utoipa::path(
    post, path = "/exports/{id}/approve", tag = "exports", params(("id" = Uuid, Path)),
    request_body = DecideExport,
    responses((status = 200, description = "The export as it stands now.", body = ExportDetail)),
)]
pub async fn approve_export(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
    Input(body): Input<DecideExport>,
) -> Answer<ExportDetail> {
    decide(&engine, &ctx, id, true, body).await
}

/// Decline the step that waits on you
///
/// The export is over, and its run with it; the reason is kept. Needs a person with the role that is
/// asked.
#[utoipa::path(
    post, path = "/exports/{id}/decline", tag = "exports", params(("id" = Uuid, Path)),
    request_body = DecideExport,
    responses((status = 200, description = "The export as it stands now.", body = ExportDetail)),
)]
pub async fn decline_export(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
    Input(body): Input<DecideExport>,
) -> Answer<ExportDetail> {
    decide(&engine, &ctx, id, false, body).await
}

async fn decide(
    engine: &Arc<Engine>,
    ctx: &Ctx,
    id: Uuid,
    approve: bool,
    body: DecideExport,
) -> Answer<ExportDetail> {
    let decision = Decision {
        approve,
        note: body.reason,
        seen_hash: body.content_hash,
        step: body.approval_id,
    };
    engine.decide(ctx, id, decision).await?;
    detail(engine, ctx, id).await.map(Json)
}

/// Why an export is taken back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawExport {
    #[schema(min_length = 1, example = "The supplier moved the date.")]
    reason: String,
    /// If given, only an export with this content is taken back.
    content_hash: Option<String>,
}

/// Take an export back that has not left yet
///
/// Once something was sent it cannot be taken back, and this answers 409.
#[utoipa::path(
    post, path = "/exports/{id}/withdraw", tag = "exports", params(("id" = Uuid, Path)),
    request_body = WithdrawExport,
    responses((status = 200, description = "The export, withdrawn.", body = ExportDetail)),
)]
pub async fn withdraw_export(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
    Input(body): Input<WithdrawExport>,
) -> Answer<ExportDetail> {
    withdraw(&engine, &ctx, id, body).await
}

/// Cancel an export
///
/// Before it left that is withdrawing it. Afterwards this answers 409: what was sent is undone by the
/// destination, not by us.
#[utoipa::path(
    post, path = "/exports/{id}/cancel", tag = "exports", params(("id" = Uuid, Path)),
    request_body = WithdrawExport,
    responses((status = 200, description = "The export, withdrawn.", body = ExportDetail)),
)]
pub async fn cancel_export(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
    Input(body): Input<WithdrawExport>,
) -> Answer<ExportDetail> {
    withdraw(&engine, &ctx, id, body).await
}

async fn withdraw(
    engine: &Arc<Engine>,
    ctx: &Ctx,
    id: Uuid,
    body: WithdrawExport,
) -> Answer<ExportDetail> {
    if let Some(seen) = body.content_hash {
        // the content of an export never changes, so this cannot become wrong meanwhile
        let (known, _) = engine.export_chain(ctx, id).await?;
        if known.export.content_hash != seen {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "The content of this export is another.",
            ));
        }
    }
    engine.withdraw(ctx, id, &body.reason).await?;
    detail(engine, ctx, id).await.map(Json)
}

/// What an export is to say, in somebody's own words.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OverrideExport {
    /// The whole payload, as the contract's schema has it.
    #[schema(value_type = Object)]
    payload: Value,
    /// Why; it is signed for and kept.
    #[schema(
        min_length = 1,
        max_length = 1000,
        example = "The customer called: another address."
    )]
    justification: String,
    /// The export's `content_hash`, as it was shown. If the content changed since, nothing is changed.
    content_hash: String,
}

/// Override an export
///
/// Makes a new version that supersedes this one, at the destination as well. It passes the same gates and asks for
/// the same approvals; whoever overrides is its author and approves nothing of it. Signed (Ed25519) with a key of
/// the person's own; needs an admin who proved a moment before that it is them (`step-up-required` otherwise).
#[utoipa::path(
    post, path = "/exports/{id}/override", tag = "exports", params(("id" = Uuid, Path)),
    request_body = OverrideExport,
    responses((status = 200, description = "The new version.", body = ExportDetail)),
)]
pub async fn override_export(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
    Input(body): Input<OverrideExport>,
) -> Answer<ExportDetail> {
    let input = OverrideInput {
        payload: body.payload,
        justification: body.justification,
        seen_hash: body.content_hash,
    };
    let made = engine.override_export(&ctx, id, input).await?;
    detail(&engine, &ctx, made.id).await.map(Json)
}

/// What a destination says about an export.
#[derive(Deserialize, ToSchema)]
pub struct Acknowledge {
    #[schema(value_type = super::views::AckStatus)]
    status: AckStatus,
    /// Why, if it is rejected.
    #[schema(example = "insufficient_inventory")]
    exception_code: Option<String>,
    #[schema(value_type = Option<Object>, example = json!({ "sku": "KIT-WINTER-01", "available": 0 }))]
    exception_metadata: Option<Value>,
    /// The destination's own id for what it made of it.
    #[schema(example = "3PL-48213")]
    external_ref: Option<String>,
}

/// Acknowledge an export as its destination
///
/// Signed per Standard Webhooks with the secret that both sides share, or with an API token that may
/// acknowledge. The same words twice are taken once; a contradiction of what was said before is
/// refused with 409. Fields we do not know are ignored.
#[utoipa::path(
    post, path = "/exports/{id}/ack", tag = "exports", params(("id" = Uuid, Path)),
    request_body = Acknowledge,
    responses((status = 200, description = "It was taken.", body = AckAnswer)),
    security(("token" = []), ("session" = []), ("webhook_id" = [], "webhook_timestamp" = [], "webhook_signature" = [])),
)]
pub async fn acknowledge_export(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
    Input(body): Input<Acknowledge>,
) -> Answer<AckAnswer> {
    let ack = Ack {
        status: body.status,
        exception_code: body.exception_code,
        exception_metadata: body.exception_metadata,
        external_ref: body.external_ref,
    };
    let state = engine.acknowledge(&ctx, id, ack).await?;
    Ok(Json(AckAnswer::new(id, state)))
}
