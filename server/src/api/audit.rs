//! The audit trail: read page by page, or taken out whole to be checked elsewhere.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::audit::{Head, write_export};
use engine::{Engine, port::AuditFilter};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Answer,
    caller::Caller,
    input::{Params, text},
    page::{Page, Wanted},
    views::AuditView,
};
use crate::problem::Problem;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Only about this kind of thing.
    #[param(example = "export")]
    subject_kind: Option<String>,
    /// Only about the thing with this id.
    subject_id: Option<String>,
    /// Only by this actor.
    #[param(example = "system")]
    actor: Option<String>,
    /// Only this action.
    #[param(example = "export.ready")]
    action: Option<String>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// How many, at most.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
}

/// List audit entries, newest first
#[utoipa::path(
    get, path = "/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, description = "A page of entries.", body = Page<AuditView>)),
)]
pub async fn list_audit(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Params(query): Params<AuditQuery>,
) -> Answer<Page<AuditView>> {
    let wanted = Wanted::read(query.cursor, query.limit)?;
    let filter = AuditFilter {
        subject_kind: text("subject_kind", query.subject_kind)?,
        subject_id: text("subject_id", query.subject_id)?,
        actor: text("actor", query.actor)?,
        action: text("action", query.action)?,
        before_seq: wanted.after,
        limit: wanted.fetch(),
    };
    let rows = engine.audit(&ctx, &filter).await?;
    Ok(Json(wanted.page(rows, |row| row.seq)))
}

/// Take the whole trail out, as JSON lines
///
/// One entry per line in the order of the chain, then a line with the checkpoint: the number and hash
/// that the chain ends in. `meshline audit verify FILE` checks it without any server. Taking it out
/// is an audit entry itself, which names the checkpoint.
#[utoipa::path(
    get, path = "/audit/export", tag = "audit",
    responses((
        status = 200, description = "The trail.", body = String, content_type = "application/x-ndjson",
    )),
)]
pub async fn export_audit(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
) -> Result<Response, Problem> {
    let (entries, head) = engine.export_trail(&ctx).await?;
    let head = head.unwrap_or(Head::genesis(ctx.merchant_id()));
    engine.note_trail_exported(&ctx, head).await?;
    let mut lines = Vec::new();
    write_export(&mut lines, entries, head).map_err(Problem::internal)?;
    let name = format!(
        "attachment; filename=\"audit-{}-{}.jsonl\"",
        ctx.merchant().slug,
        head.seq
    );
    let headers = [
        (CONTENT_TYPE, "application/x-ndjson".to_owned()),
        (CONTENT_DISPOSITION, name),
    ];
    Ok((headers, lines).into_response())
}
