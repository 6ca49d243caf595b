//! Campaign briefs: written, changed, marked ready, taken back.

use std::sync::Arc;

use axum::{Json, extract::State, response::IntoResponse};
use domain::brief::BriefState;
use engine::{BriefInput, Engine, port::ListFilter};
use http::{StatusCode, header::LOCATION};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    Answer, PREFIX,
    caller::Caller,
    input::{Id, Input, Params, text, word},
    page::{Page, Wanted},
    views::{BriefDetail, BriefView},
};
use crate::problem::{Place, Problem};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BriefQuery {
    /// Only this state.
    #[param(example = "paused")]
    state: Option<String>,
    /// Only this campaign.
    #[param(example = "winter-kit-26")]
    campaign_id: Option<String>,
    /// Part of the title, the campaign id or a SKU.
    q: Option<String>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// How many, at most.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
}

/// List campaign briefs, newest change first
#[utoipa::path(
    get, path = "/briefs", tag = "briefs", params(BriefQuery),
    responses((status = 200, description = "A page of briefs.", body = Page<BriefView>)),
)]
pub async fn list_briefs(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Params(query): Params<BriefQuery>,
) -> Answer<Page<BriefView>> {
    let wanted = Wanted::read(query.cursor, query.limit)?;
    let states: Vec<&str> = BriefState::ALL.iter().map(|state| state.as_str()).collect();
    let filter = ListFilter {
        state: word("state", query.state, &states)?,
        kind: text("campaign_id", query.campaign_id)?,
        query: text("q", query.q)?,
        before: wanted.after,
        limit: wanted.fetch(),
        ..ListFilter::default()
    };
    let rows = engine.briefs(&ctx, &filter).await?;
    Ok(Json(wanted.page(rows, |row| (row.updated_at, row.id))))
}

/// Show a brief with its versions and exports
#[utoipa::path(
    get, path = "/briefs/{id}", tag = "briefs", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The brief.", body = BriefDetail)),
)]
pub async fn get_brief(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
) -> Answer<BriefDetail> {
    let chain = engine.brief(&ctx, id).await?;
    Ok(Json((&chain).into()))
}

/// What a brief says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BriefContent {
    #[schema(min_length = 1, max_length = 120, example = "Winter kit, 20 % off")]
    title: String,
    /// As the customer reads it.
    #[schema(min_length = 1, max_length = 200, example = "20 % off the winter kit")]
    offer: String,
    /// The small print.
    #[serde(default)]
    #[schema(max_length = 4000)]
    terms: String,
    #[schema(minimum = 1, maximum = 90, example = 20)]
    discount_percent: i64,
    #[schema(min_items = 1, max_items = 500, example = json!(["KIT-WINTER-01"]))]
    skus: Vec<String>,
    #[serde(default)]
    #[schema(max_items = 200, example = json!(["winter kit"]))]
    keywords: Vec<String>,
    /// Who answers for the keywords; needed where there are any.
    #[schema(example = "agency:marketing_ops")]
    keywords_owner: Option<String>,
    #[serde(default)]
    #[schema(max_items = 200, example = json!(["hero-1440"]))]
    creative_ids: Vec<String>,
    /// The first is the page that opens.
    #[schema(min_items = 1, max_items = 20, example = json!(["https://alder-pine.example/winter"]))]
    landing_urls: Vec<String>,
    #[schema(format = DateTime, example = "2026-11-27T15:00:00.000Z")]
    starts_at: String,
    #[schema(format = DateTime, example = "2026-11-30T23:59:00.000Z")]
    ends_at: String,
    /// Why now: shown to whoever approves.
    #[serde(default)]
    note: String,
}

impl BriefContent {
    /// As the form of the use-case, which has its lists in one line each.
    fn form(self) -> Result<BriefInput, Problem> {
        let spaced = |c: char| c == ',' || c.is_whitespace();
        let lined = |c: char| c == ',' || c == '\n';
        let lists = [
            ("skus", &self.skus, true),
            ("keywords", &self.keywords, false),
            ("creative_ids", &self.creative_ids, true),
            ("landing_urls", &self.landing_urls, true),
        ];
        for (field, list, by_space) in lists {
            let splits = |one: &String| match by_space {
                true => one.is_empty() || one.contains(spaced),
                false => one.trim().is_empty() || one.contains(lined),
            };
            if let Some(n) = list.iter().position(splits) {
                let place = Place::Body(format!("/content/{field}/{n}"));
                let words = match by_space {
                    true => "It has no spaces and no commas.",
                    false => "It has no commas and is one line.",
                };
                return Err(Problem::at(place, words));
            }
        }
        Ok(BriefInput {
            campaign_id: String::new(),
            flow: String::new(),
            title: self.title,
            offer: self.offer,
            terms: self.terms,
            discount_percent: self.discount_percent.to_string(),
            skus: self.skus.join(","),
            keywords: self.keywords.join(","),
            keywords_owner: self.keywords_owner.unwrap_or_default(),
            creative_ids: self.creative_ids.join(","),
            landing_urls: self.landing_urls.join(","),
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            note: self.note,
        })
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteBrief {
    /// Your own handle, unlike any other: lower-case letters, digits and dashes. It travels in every export.
    #[schema(max_length = 64, pattern = "^[a-z0-9-]+$", example = "winter-kit-26")]
    campaign_id: String,
    /// Key of the flow that starts; may be left out where only one starts with campaigns.
    #[schema(example = "promotion-go-live")]
    flow: Option<String>,
    content: BriefContent,
}

/// Where the body has what the form asks for.
fn in_body(mut error: engine::Error) -> engine::Error {
    for fault in &mut error.fields {
        fault.field = match fault.field.as_str() {
            "campaign_id" | "flow" => continue,
            // the form's name for its one field of landing pages
            "landing_url" => "content/landing_urls".to_owned(),
            other => format!("content/{other}"),
        };
    }
    error
}

/// Write a campaign brief
///
/// It is a draft: nothing is asked and nothing sent before it is marked ready. Needs a person, who is its author
/// and cannot approve it.
#[utoipa::path(
    post, path = "/briefs", tag = "briefs", request_body = WriteBrief,
    responses((
        status = 201, description = "The brief.", body = BriefDetail,
        headers(("Location" = String, description = "The brief's address.")),
    )),
)]
pub async fn write_brief(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Input(body): Input<WriteBrief>,
) -> Result<impl IntoResponse, Problem> {
    let input = BriefInput {
        campaign_id: body.campaign_id,
        flow: body.flow.unwrap_or_default(),
        ..body.content.form()?
    };
    let brief = engine.write_brief(&ctx, input).await.map_err(in_body)?;
    let chain = engine.brief(&ctx, brief.id).await?;
    let location = format!("{PREFIX}/briefs/{}", brief.id);
    let detail: BriefDetail = (&chain).into();
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(detail)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviseBrief {
    /// The version that was read before it was changed. If there is a newer one, this is refused.
    #[schema(minimum = 1, example = 1)]
    seen_version: i64,
    content: BriefContent,
}

/// Write another version of a brief
///
/// Of one that is ready already, it supersedes what was asked and approved: everybody is asked anew.
#[utoipa::path(
    post, path = "/briefs/{id}/versions", tag = "briefs", params(("id" = Uuid, Path)),
    request_body = ReviseBrief,
    responses((status = 200, description = "The brief.", body = BriefDetail)),
)]
pub async fn revise_brief(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
    Input(body): Input<ReviseBrief>,
) -> Answer<BriefDetail> {
    let input = body.content.form()?;
    engine
        .revise_brief(&ctx, id, body.seen_version, input)
        .await
        .map_err(in_body)?;
    let chain = engine.brief(&ctx, id).await?;
    Ok(Json((&chain).into()))
}

/// Mark a brief ready: its flow starts, and whoever approves is asked
#[utoipa::path(
    post, path = "/briefs/{id}/ready", tag = "briefs", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The brief, under way.", body = BriefDetail)),
)]
pub async fn ready_brief(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
) -> Answer<BriefDetail> {
    engine.ready_brief(&ctx, id).await?;
    let chain = engine.brief(&ctx, id).await?;
    Ok(Json((&chain).into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndBrief {
    #[schema(
        min_length = 1,
        max_length = 1000,
        example = "The supplier cannot deliver."
    )]
    reason: String,
}

/// Give a brief up, or end what is live: what it did is taken back
#[utoipa::path(
    post, path = "/briefs/{id}/end", tag = "briefs", params(("id" = Uuid, Path)), request_body = EndBrief,
    responses((status = 200, description = "The brief.", body = BriefDetail)),
)]
pub async fn end_brief(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
    Input(body): Input<EndBrief>,
) -> Answer<BriefDetail> {
    engine.end_brief(&ctx, id, &body.reason).await?;
    let chain = engine.brief(&ctx, id).await?;
    Ok(Json((&chain).into()))
}
