//! The audit trail: read page by page, or taken out whole to be checked elsewhere.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use domain::audit::file;
use engine::{Ctx, Engine, TrailExport, port::AuditFilter};
use futures::stream;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Answer,
    caller::Caller,
    input::{Params, text, time},
    page::{Page, Wanted},
    views::{AuditKeyView, AuditView, CheckpointView},
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
    /// Only this action; with a full stop at its end, everything that begins so (`export.`).
    #[param(example = "export.ready")]
    action: Option<String>,
    /// Not before this time (RFC 3339).
    #[param(example = "2026-11-01T00:00:00Z")]
    since: Option<String>,
    /// Before this time (RFC 3339).
    until: Option<String>,
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
        since: time("since", query.since)?,
        until: time("until", query.until)?,
        before_seq: wanted.after,
        limit: wanted.fetch(),
    };
    let rows = engine.audit(&ctx, &filter).await?;
    Ok(Json(wanted.page(rows, |row| row.seq)))
}

/// Take the whole trail out, as JSON lines
///
/// One entry per line in the order of the chain, then a line with the checkpoint: the number and hash
/// that the chain ends in, and the same as a signed note. `meshline audit verify FILE --key PUBLIC_KEY` checks it
/// without any server. Taking it out is an audit entry itself, which names the checkpoint.
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
    let export = engine.begin_trail_export(&ctx).await?;
    let name = format!(
        "attachment; filename=\"audit-{}-{}.jsonl\"",
        ctx.merchant().slug,
        export.head.seq
    );
    let headers = [
        (CONTENT_TYPE, "application/x-ndjson".to_owned()),
        (CONTENT_DISPOSITION, name),
    ];
    Ok((headers, lines(engine, ctx, export)).into_response())
}

/// Page by page, however long the trail is. A trail that breaks off on the way has no last line, and the check
/// of the file says so.
fn lines(engine: Arc<Engine>, ctx: Ctx, export: TrailExport) -> Body {
    let pages = stream::try_unfold((Some(export), 0), move |(rest, after)| {
        let (engine, ctx) = (Arc::clone(&engine), ctx.clone());
        async move {
            let Some(export) = rest else {
                return Ok::<_, std::io::Error>(None);
            };
            let page = engine
                .trail_page(&ctx, after, export.head.seq)
                .await
                .map_err(std::io::Error::other)?;
            let mut text = Vec::with_capacity(512 * (page.len() + 1));
            for entry in &page {
                file::write_entry(&mut text, entry)?;
            }
            let next = match page.last() {
                Some(last) => (Some(export), last.seq),
                None => {
                    file::write_end(&mut text, export.head, export.note.as_deref())?;
                    (None, after)
                }
            };
            Ok(Some((Bytes::from(text), next)))
        }
    });
    Body::from_stream(pages)
}

/// The public keys that checkpoints of this trail are signed with
///
/// The one in use first, then those that it replaced. Whoever checks an export needs the text of `key`.
#[utoipa::path(
    get, path = "/audit/key", tag = "audit",
    responses((status = 200, description = "The keys.", body = Vec<AuditKeyView>)),
)]
pub async fn audit_keys(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
) -> Answer<Vec<AuditKeyView>> {
    let keys = engine.audit_keys(&ctx).await?;
    Ok(Json(keys.iter().map(AuditKeyView::from).collect()))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CheckpointQuery {
    /// The `next` of the page before.
    cursor: Option<String>,
    /// How many, at most.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
}

/// List checkpoints, newest first
///
/// Each is a signed note (c2sp.org/tlog-checkpoint): origin, number of entries, root of the Merkle tree
/// (RFC 6962) over their hashes, and an Ed25519 signature.
#[utoipa::path(
    get, path = "/audit/checkpoints", tag = "audit", params(CheckpointQuery),
    responses((status = 200, description = "A page of checkpoints.", body = Page<CheckpointView>)),
)]
pub async fn list_checkpoints(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Params(query): Params<CheckpointQuery>,
) -> Answer<Page<CheckpointView>> {
    let wanted = Wanted::read(query.cursor, query.limit)?;
    let rows = engine
        .audit_checkpoints(&ctx, wanted.after, wanted.fetch())
        .await?;
    Ok(Json(wanted.page(rows, |row| row.size)))
}
