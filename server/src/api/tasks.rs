//! Tasks: listed, shown, and worked on.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use domain::{Time, owner::Owner, task::TaskState};
use engine::{Ctx, Engine, TaskAct, port::ListFilter};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Answer,
    caller::Caller,
    input::{Id, Input, Params, text, word},
    page::{Page, Wanted},
    views::TaskView,
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TaskQuery {
    /// Only this state.
    #[param(example = "open")]
    state: Option<String>,
    /// Only this exception code.
    #[param(example = "insufficient_inventory")]
    code: Option<String>,
    /// Part of the title or a reference.
    q: Option<String>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// How many, at most.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
}

/// List tasks, newest first
#[utoipa::path(
    get, path = "/tasks", tag = "tasks", params(TaskQuery),
    responses((status = 200, description = "A page of tasks.", body = Page<TaskView>)),
)]
pub async fn list_tasks(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Params(query): Params<TaskQuery>,
) -> Answer<Page<TaskView>> {
    let wanted = Wanted::read(query.cursor, query.limit)?;
    let filter = ListFilter {
        state: word("state", query.state, &TaskState::ALL.map(TaskState::as_str))?,
        kind: text("code", query.code)?,
        query: text("q", query.q)?,
        before: wanted.after,
        limit: wanted.fetch(),
        ..ListFilter::default()
    };
    let rows = engine.tasks(&ctx, &filter).await?;
    Ok(Json(wanted.page(rows, |row| (row.created_at, row.id))))
}

/// Show a task
#[utoipa::path(
    get, path = "/tasks/{id}", tag = "tasks", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The task.", body = TaskView)),
)]
pub async fn get_task(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
) -> Answer<TaskView> {
    let task = engine.task(&ctx, id).await?;
    Ok(Json((&task).into()))
}

async fn act(engine: &Arc<Engine>, ctx: &Ctx, id: Uuid, act: TaskAct) -> Answer<TaskView> {
    let task = engine.act_on_task(ctx, id, act).await?;
    Ok(Json((&task).into()))
}

/// Claim a task: it is yours now
///
/// Needs a person.
#[utoipa::path(
    post, path = "/tasks/{id}/claim", tag = "tasks", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The task, claimed.", body = TaskView)),
)]
pub async fn claim_task(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
) -> Answer<TaskView> {
    act(&engine, &ctx, id, TaskAct::Claim).await
}

/// Give a claimed task back to its role
///
/// Needs the person who claimed it.
#[utoipa::path(
    post, path = "/tasks/{id}/release", tag = "tasks", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The task, open again.", body = TaskView)),
)]
pub async fn release_task(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
) -> Answer<TaskView> {
    act(&engine, &ctx, id, TaskAct::Release).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReassignTask {
    /// `party:role`, `user:<id>` or `system:<name>`; at least one active person has to stand behind it.
    #[schema(value_type = String, example = "agency:operations")]
    to: Owner,
}

/// Hand a task to another owner
#[utoipa::path(
    post, path = "/tasks/{id}/reassign", tag = "tasks", params(("id" = Uuid, Path)),
    request_body = ReassignTask,
    responses((status = 200, description = "The task, with its new owner.", body = TaskView)),
)]
pub async fn reassign_task(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
    Input(body): Input<ReassignTask>,
) -> Answer<TaskView> {
    act(&engine, &ctx, id, TaskAct::Reassign { to: body.to }).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SnoozeTask {
    /// Still to come, and at most 7 days away.
    #[schema(value_type = String, format = DateTime, example = "2026-11-28T08:00:00.000Z")]
    until: Time,
}

/// Put a task aside until a time
#[utoipa::path(
    post, path = "/tasks/{id}/snooze", tag = "tasks", params(("id" = Uuid, Path)),
    request_body = SnoozeTask,
    responses((status = 200, description = "The task, snoozed.", body = TaskView)),
)]
pub async fn snooze_task(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
    Input(body): Input<SnoozeTask>,
) -> Answer<TaskView> {
    act(&engine, &ctx, id, TaskAct::Snooze { until: body.until }).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveTask {
    /// What was done, so that the next person can read it.
    #[serde(default)]
    #[schema(example = "Stock was moved from the other warehouse.")]
    note: String,
    /// What the task's `form` asks, by field.
    #[serde(default)]
    #[schema(value_type = Object)]
    answers: BTreeMap<String, Value>,
}

/// Where the body has what the form asks for.
fn in_body(mut error: engine::Error) -> engine::Error {
    for fault in &mut error.fields {
        if fault.field != "note" {
            fault.field = format!("answers/{}", fault.field);
        }
    }
    error
}

/// Resolve a task
///
/// What that sets going again is the task's `unlock`. A task that is a step of a flow may ask something: its
/// `form` says what. Any other wants a note.
#[utoipa::path(
    post, path = "/tasks/{id}/resolve", tag = "tasks", params(("id" = Uuid, Path)),
    request_body = ResolveTask,
    responses((status = 200, description = "The task, resolved.", body = TaskView)),
)]
pub async fn resolve_task(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
    Input(body): Input<ResolveTask>,
) -> Answer<TaskView> {
    let finish = TaskAct::Finish {
        answers: body.answers,
        note: body.note,
    };
    let task = engine
        .act_on_task(&ctx, id, finish)
        .await
        .map_err(in_body)?;
    Ok(Json((&task).into()))
}
