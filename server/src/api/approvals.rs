//! Approvals: who is asked for what. Deciding is done on the export, see [`exports`](super::exports).

use std::sync::Arc;

use axum::{Json, extract::State};
use domain::approval::ApprovalState;
use engine::{Engine, port::ListFilter};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Answer,
    caller::Caller,
    input::{Id, Params, word},
    page::{Page, Wanted},
    views::{ApprovalView, AskedView},
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ApprovalQuery {
    /// Only this state.
    #[param(example = "pending")]
    state: Option<String>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// How many, at most.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
}

/// List approvals with their exports, newest first
#[utoipa::path(
    get, path = "/approvals", tag = "approvals", params(ApprovalQuery),
    responses((status = 200, description = "A page of approvals.", body = Page<AskedView>)),
)]
pub async fn list_approvals(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Params(query): Params<ApprovalQuery>,
) -> Answer<Page<AskedView>> {
    let wanted = Wanted::read(query.cursor, query.limit)?;
    let filter = ListFilter {
        state: word(
            "state",
            query.state,
            &ApprovalState::ALL.map(ApprovalState::as_str),
        )?,
        before: wanted.after,
        limit: wanted.fetch(),
        ..ListFilter::default()
    };
    let rows = engine.approvals(&ctx, &filter).await?;
    // ids carry their time, and this list goes by them
    Ok(Json(wanted.page(rows, |(approval, export)| {
        (export.created_at, approval.id)
    })))
}

/// Show an approval
#[utoipa::path(
    get, path = "/approvals/{id}", tag = "approvals", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The approval.", body = ApprovalView)),
)]
pub async fn get_approval(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
) -> Answer<ApprovalView> {
    let approval = engine.approval(&ctx, id).await?;
    Ok(Json((&approval).into()))
}
