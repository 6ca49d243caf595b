//! Runs of flows: shown, started, and held, let go on or ended by a person.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State, response::IntoResponse};
use engine::{Engine, StartInput};
use http::{StatusCode, header::LOCATION};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Answer, PREFIX,
    caller::Caller,
    input::{Id, Input},
    views::{CancelledRun, RunDetail},
};
use crate::problem::Problem;

/// Show a run: where it stands, what it did, what people answered
#[utoipa::path(
    get, path = "/runs/{id}", tag = "runs", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The run.", body = RunDetail)),
)]
pub async fn get_run(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
) -> Answer<RunDetail> {
    let (run, _) = engine.run_chain(&ctx, id).await?;
    Ok(Json(RunDetail::of(&run.run, &run.flow)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartRun {
    /// The flow's key.
    #[schema(example = "product-launch")]
    flow: String,
    /// For a flow that is started for an order.
    order_id: Option<Uuid>,
    /// For a flow that is started with a form: your own handle, unlike any other.
    reference: Option<String>,
    title: Option<String>,
    /// What the form asks, by field.
    #[serde(default)]
    #[schema(value_type = Object)]
    answers: BTreeMap<String, Value>,
}

/// Start a flow that waits for somebody to start it
///
/// One that starts with a form makes a case of what is given. Flows that start with a campaign brief are
/// started by `POST /exports`.
#[utoipa::path(
    post, path = "/runs", tag = "runs", request_body = StartRun,
    responses((status = 201, description = "The run, under way.", body = RunDetail,
        headers(("Location" = String, description = "Where the run is.")))),
)]
pub async fn start_run(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Input(body): Input<StartRun>,
) -> Result<impl IntoResponse, Problem> {
    let input = match body.order_id {
        Some(order) => StartInput::Order(order),
        None => StartInput::Case {
            reference: body.reference.unwrap_or_default(),
            title: body.title.unwrap_or_default(),
            answers: body.answers,
        },
    };
    let run = engine.start_flow(&ctx, &body.flow, input).await?;
    let flow = engine.flow(&ctx, run.flow_id).await?;
    let place = format!("{PREFIX}/runs/{}", run.id);
    let detail = RunDetail::of(&run, &flow);
    Ok((StatusCode::CREATED, [(LOCATION, place)], Json(detail)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhyRun {
    #[schema(min_length = 1, example = "The warehouse counts its stock.")]
    reason: String,
}

/// Pause a run: its clocks stand still, and nothing leaves
#[utoipa::path(
    post, path = "/runs/{id}/pause", tag = "runs", params(("id" = Uuid, Path)), request_body = WhyRun,
    responses((status = 200, description = "The run, paused.", body = RunDetail)),
)]
pub async fn pause_run(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
    Input(body): Input<WhyRun>,
) -> Answer<RunDetail> {
    let run = engine.pause_run(&ctx, id, &body.reason).await?;
    let flow = engine.flow(&ctx, run.flow_id).await?;
    Ok(Json(RunDetail::of(&run, &flow)))
}

/// Let a paused run go on; every deadline moves by as long as the pause was
#[utoipa::path(
    post, path = "/runs/{id}/resume", tag = "runs", params(("id" = Uuid, Path)), request_body = WhyRun,
    responses((status = 200, description = "The run, under way.", body = RunDetail)),
)]
pub async fn resume_run(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
    Input(body): Input<WhyRun>,
) -> Answer<RunDetail> {
    let run = engine.resume_run(&ctx, id, &body.reason).await?;
    let flow = engine.flow(&ctx, run.flow_id).await?;
    Ok(Json(RunDetail::of(&run, &flow)))
}

/// Cancel a run
///
/// What has not left is taken back. What has is named in the answer, and somebody is asked about it.
#[utoipa::path(
    post, path = "/runs/{id}/cancel", tag = "runs", params(("id" = Uuid, Path)), request_body = WhyRun,
    responses((status = 200, description = "The run, cancelled, and what had left.", body = CancelledRun)),
)]
pub async fn cancel_run(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
    Input(body): Input<WhyRun>,
) -> Answer<CancelledRun> {
    let done = engine.cancel_run(&ctx, id, &body.reason).await?;
    let flow = engine.flow(&ctx, done.run.flow_id).await?;
    Ok(Json(CancelledRun::of(&done, &flow)))
}
