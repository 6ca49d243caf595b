//! Flows: as they are published, as documents, and how the next version comes to be.
//!
//! A document becomes a draft; publishing is a call of its own, through the same gate as on the page. A
//! document is looked at whole: whatever is wrong with it is told at once, each fault with its pointer, and
//! nothing is changed.

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRequestParts, RawPathParams, State},
    response::{IntoResponse, Response},
};
use domain::flow::Sheet;
use engine::{Begin, Ctx, Engine, Error, Saved, flow_document};
use http::{
    HeaderValue,
    header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    request::Parts,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Answer,
    caller::Caller,
    input::{Input, Params, word},
    page::{Page, Part},
    views::{DocumentSchema, DraftView, FlowDetail, FlowView, PublishedView},
};
use crate::problem::Problem;

const NEWEST_RUNS: i64 = 50;

/// A flow's key, or the id of a version.
pub struct Named(String);

impl FromRequestParts<Arc<Engine>> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, engine: &Arc<Engine>) -> Result<Self, Problem> {
        let named = RawPathParams::from_request_parts(parts, engine)
            .await
            .map_err(|_| Problem::not_found("flow"))?;
        let word = named
            .iter()
            .find(|(name, word)| *name == "id" && !word.contains('\0'));
        word.map(|(_, word)| Self(word.to_owned()))
            .ok_or_else(|| Problem::not_found("flow"))
    }
}

impl Named {
    /// The flow's key, whichever of the two was given.
    async fn key(&self, engine: &Engine, ctx: &Ctx) -> Result<String, Problem> {
        match self.0.parse::<Uuid>() {
            Ok(id) => Ok(engine.flow(ctx, id).await?.key),
            Err(_) => Ok(self.0.clone()),
        }
    }
}

/// List the published flows, each in its newest version
#[utoipa::path(
    get, path = "/flows", tag = "flows", params(Part),
    responses((status = 200, description = "All flows.", body = Page<FlowView>)),
)]
pub async fn list_flows(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Params(part): Params<Part>,
) -> Answer<Page<FlowView>> {
    let flows = engine.flows(&ctx).await?;
    part.of(flows.iter().map(Into::into).collect()).map(Json)
}

/// Show a flow version with the flow's newest runs
///
/// By the id of a version, or by the flow's key: then it is the newest version.
#[utoipa::path(
    get, path = "/flows/{id}", tag = "flows", params(("id" = String, Path, example = "order-to-ship")),
    responses((status = 200, description = "The flow.", body = FlowDetail)),
)]
pub async fn get_flow(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    named: Named,
) -> Answer<FlowDetail> {
    let flow = match named.0.parse::<Uuid>() {
        Ok(id) => engine.flow(&ctx, id).await?,
        Err(_) => {
            let history = engine.flow_history(&ctx, &named.0).await?;
            history
                .live()
                .cloned()
                .ok_or_else(|| Problem::not_found("flow"))?
        }
    };
    let runs = engine.runs_of_flow(&ctx, &flow.key, NEWEST_RUNS).await?;
    Ok(Json(FlowDetail::of(&flow, &runs)))
}

#[derive(Deserialize)]
pub struct Which {
    of: Option<String>,
}

/// A flow as a document
///
/// What is live, or, with `of=draft`, what is drawn. It can be sent to another merchant as it is.
#[utoipa::path(
    get, path = "/flows/{id}/export", tag = "flows",
    params(
        ("id" = String, Path, example = "order-to-ship"),
        ("of" = Option<String>, Query, description = "`draft`, or nothing."),
    ),
    responses((status = 200, description = "The document.", body = DocumentSchema)),
)]
pub async fn export_flow(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    named: Named,
    Params(which): Params<Which>,
) -> Result<Response, Problem> {
    let key = named.key(&engine, &ctx).await?;
    let document = match word("of", which.of, &["draft"])?.as_deref() {
        Some(_) => flow_document(&engine.flow_draft(&ctx, &key).await?.draft)?,
        _ => engine.export_flow(&ctx, &key).await?,
    };
    let text = serde_json::to_string_pretty(&document).map_err(Problem::internal)?;
    // a key has small letters, digits and hyphens only, so it can stand in a header
    let file = format!("attachment; filename=\"{key}.json\"");
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (
            CONTENT_DISPOSITION,
            HeaderValue::try_from(file).map_err(Problem::internal)?,
        ),
    ];
    Ok((headers, text).into_response())
}

/// A new flow.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFlow {
    #[schema(value_type = DocumentSchema)]
    flow: Value,
    /// Take it in as a draft even if something keeps it from being published.
    #[serde(default)]
    unfinished: bool,
}

/// Draw a new flow
///
/// The document becomes the first draft of a flow of this key. If anything is wrong with it, every fault is
/// told with its pointer, and nothing is changed.
#[utoipa::path(
    post, path = "/flows", tag = "flows", request_body = NewFlow,
    responses((status = 200, description = "The draft.", body = DraftView)),
)]
pub async fn create_flow(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Input(new): Input<NewFlow>,
) -> Answer<DraftView> {
    let draft = read(&engine, &ctx, &new.flow, new.unfinished).await?;
    if !versions(&engine, &ctx, &draft.key).await?.is_empty() {
        return Err(Error::conflict(format!(
            "There is a flow “{}” already: send the next version to /flows/{}/versions.",
            draft.key, draft.key
        ))
        .into());
    }
    let sheet = engine
        .begin_draft(&ctx, Begin::Document(Box::new(draft)))
        .await?;
    view(&engine, &ctx, &sheet).await
}

/// The next version of a flow.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NextVersion {
    #[schema(value_type = DocumentSchema)]
    flow: Value,
    /// The version that you changed. Refused when another is live.
    base_version: i64,
    /// The draft that you saw, if there is one.
    rev: Option<i64>,
    #[serde(default)]
    unfinished: bool,
}

/// Draw the next version of a flow
///
/// The document becomes the draft. Whoever changed something older than what is live, or than what is
/// drawn, is told so, and nothing is overwritten.
#[utoipa::path(
    post, path = "/flows/{id}/versions", tag = "flows",
    params(("id" = String, Path, example = "order-to-ship")), request_body = NextVersion,
    responses((status = 200, description = "The draft.", body = DraftView)),
)]
pub async fn draw_version(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    named: Named,
    Input(next): Input<NextVersion>,
) -> Answer<DraftView> {
    let key = named.key(&engine, &ctx).await?;
    let history = engine.flow_history(&ctx, &key).await?;
    let draft = read(&engine, &ctx, &next.flow, next.unfinished).await?;
    if draft.key != key {
        return Err(Error::invalid("flow/key", format!("This is the flow “{key}”.")).into());
    }
    let live = history.live().map_or(0, |flow| flow.version);
    if live != next.base_version {
        return Err(Error::conflict(format!(
            "Version {live} is live; you changed version {}. Compare them first.",
            next.base_version
        ))
        .into());
    }
    let sheet = match (&history.sheet, next.rev) {
        (None, _) => {
            engine
                .begin_draft(&ctx, Begin::Document(Box::new(draft)))
                .await?
        }
        (Some(drawn), None) => {
            return Err(Error::conflict(format!(
                "There is a draft already: say which one you saw (rev {}).",
                drawn.rev
            ))
            .into());
        }
        (Some(_), Some(rev)) => match engine.save_flow_draft(&ctx, &key, rev, draft).await? {
            Saved::Rev(_) => engine.flow_draft(&ctx, &key).await?,
            Saved::Conflict(theirs) => {
                return Err(Error::conflict(format!(
                    "Somebody changed the draft meanwhile: it is at rev {} now.",
                    theirs.rev
                ))
                .into());
            }
        },
    };
    view(&engine, &ctx, &sheet).await
}

/// What is published, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishFlow {
    /// The draft that you saw.
    hash: String,
    #[schema(
        min_length = 3,
        max_length = 500,
        example = "Finance is the backup now"
    )]
    note: String,
}

/// Publish a flow's draft
///
/// Where publishing takes two people, this asks: somebody else, who had no part in it, agrees on the page.
#[utoipa::path(
    post, path = "/flows/{id}/publish", tag = "flows",
    params(("id" = String, Path, example = "order-to-ship")), request_body = PublishFlow,
    responses((status = 200, description = "The version, or that somebody else is asked.", body = PublishedView)),
)]
pub async fn publish_flow(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    named: Named,
    Input(publish): Input<PublishFlow>,
) -> Answer<PublishedView> {
    let key = named.key(&engine, &ctx).await?;
    if engine.publishes_by_two(&ctx).await? {
        let sheet = engine
            .ask_to_publish(&ctx, &key, &publish.hash, &publish.note)
            .await?;
        let Json(asked) = view(&engine, &ctx, &sheet).await?;
        return Ok(Json(PublishedView {
            flow: None,
            asked: Some(asked),
        }));
    }
    let flow = engine
        .publish_draft(&ctx, &key, &publish.hash, &publish.note)
        .await?;
    Ok(Json(PublishedView {
        flow: Some((&flow).into()),
        asked: None,
    }))
}

/// The document inside a body; its faults are told from the body's root.
async fn read(
    engine: &Engine,
    ctx: &Ctx,
    document: &Value,
    unfinished: bool,
) -> Result<domain::flow::Draft, Problem> {
    let bytes = serde_json::to_vec(document).map_err(Problem::internal)?;
    engine
        .read_flow(ctx, &bytes, unfinished)
        .await
        .map_err(|error| Problem::from(error).below("/flow"))
}

async fn versions(
    engine: &Engine,
    ctx: &Ctx,
    key: &str,
) -> Result<Vec<domain::flow::Flow>, Problem> {
    match engine.flow_history(ctx, key).await {
        Ok(history) => Ok(history.versions),
        Err(error) if error.kind == engine::Kind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

async fn view(engine: &Engine, ctx: &Ctx, sheet: &Sheet) -> Answer<DraftView> {
    let around = engine.flow_surroundings(ctx).await?;
    let faults = domain::flow::readiness::readiness(&sheet.draft, &around);
    Ok(Json(DraftView::of(sheet, &faults)))
}
