//! Receipts: listed, shown with the whole chain behind them, read once more.

use std::sync::Arc;

use axum::{Json, extract::State};
use domain::{access::Noun, receipt::ReceiptStatus};
use engine::{Engine, port::ListFilter};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Answer,
    caller::Caller,
    input::{Id, Params, text, word},
    page::{Page, Wanted},
    views::{ReceiptDetail, ReceiptView},
};
use crate::problem::Problem;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReceiptQuery {
    /// Only this status.
    #[param(value_type = Option<String>, example = "processed")]
    status: Option<String>,
    /// Only this topic.
    #[param(example = "orders/create")]
    topic: Option<String>,
    /// Part of the topic, the order's reference or the id.
    q: Option<String>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// How many, at most.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
}

/// List receipts, newest first
#[utoipa::path(
    get, path = "/receipts", tag = "receipts", params(ReceiptQuery),
    responses((status = 200, description = "A page of receipts.", body = Page<ReceiptView>)),
)]
pub async fn list_receipts(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Params(query): Params<ReceiptQuery>,
) -> Answer<Page<ReceiptView>> {
    let wanted = Wanted::read(query.cursor, query.limit)?;
    let filter = ListFilter {
        state: word(
            "status",
            query.status,
            &ReceiptStatus::ALL.map(ReceiptStatus::as_str),
        )?,
        kind: text("topic", query.topic)?,
        query: text("q", query.q)?,
        before: wanted.after,
        limit: wanted.fetch(),
        ..ListFilter::default()
    };
    let rows = engine.receipts(&ctx, &filter).await?;
    Ok(Json(wanted.page(rows, |row| (row.received_at, row.id))))
}

/// Show a receipt with the whole chain behind it
///
/// Its headers and raw body, and what came of it: order, events, runs, exports with their attempts,
/// approvals and acknowledgement, and tasks.
#[utoipa::path(
    get, path = "/receipts/{id}", tag = "receipts", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The receipt.", body = ReceiptDetail)),
)]
pub async fn get_receipt(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
) -> Answer<ReceiptDetail> {
    let chain = engine.receipt_chain(&ctx, id).await?;
    let body = engine.receipt_body(&ctx, id).await?;
    let removal = engine.removal(&ctx, Noun::Receipt, id).await?;
    ReceiptDetail::of(&chain, body, removal)
        .map(Json)
        .ok_or_else(|| Problem::not_found("receipt"))
}

/// Process a receipt once more
///
/// For when the cause of a trouble was fixed. What the receipt says is the same, so nothing happens
/// twice: an order that already has these facts does not change. Answers as soon as the work is
/// durably queued; poll the receipt for its outcome.
#[utoipa::path(
    post, path = "/receipts/{id}/replay", tag = "receipts", params(("id" = Uuid, Path)),
    responses((status = 200, description = "It will be processed again; the receipt as it stands.", body = ReceiptView)),
)]
pub async fn replay_receipt(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
) -> Answer<ReceiptView> {
    engine.replay_receipt(&ctx, id).await?;
    let chain = engine.receipt_chain(&ctx, id).await?;
    let receipt = chain
        .receipts
        .first()
        .ok_or_else(|| Problem::not_found("receipt"))?;
    Ok(Json(receipt.into()))
}
