//! Flows, as they are published.

use std::sync::Arc;

use axum::{Json, extract::State};
use engine::Engine;

use super::{
    Answer,
    caller::Caller,
    input::Id,
    page::Page,
    views::{FlowDetail, FlowView},
};

const NEWEST_RUNS: i64 = 50;

/// List the published flows, each in its newest version
#[utoipa::path(
    get, path = "/flows", tag = "flows",
    responses((status = 200, description = "All flows.", body = Page<FlowView>)),
)]
pub async fn list_flows(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
) -> Answer<Page<FlowView>> {
    let flows = engine.flows(&ctx).await?;
    Ok(Json(Page::whole(flows.iter().map(Into::into).collect())))
}

/// Show a flow version with the flow's newest runs
#[utoipa::path(
    get, path = "/flows/{id}", tag = "flows", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The flow.", body = FlowDetail)),
)]
pub async fn get_flow(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
) -> Answer<FlowDetail> {
    let flow = engine.flow(&ctx, id).await?;
    let runs = engine.runs_of_flow(&ctx, &flow.key, NEWEST_RUNS).await?;
    Ok(Json(FlowDetail::of(&flow, &runs)))
}
