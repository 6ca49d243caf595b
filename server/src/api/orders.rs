//! Orders: listed, and shown with everything that was said and done about one.

use std::sync::Arc;

use axum::{Json, extract::State};
use domain::{access::Noun, order::OrderState};
use engine::{Engine, port::ListFilter};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Answer,
    caller::Caller,
    input::{Id, Params, text, word},
    page::{Page, Wanted},
    views::{OrderDetail, OrderView},
};
use crate::problem::Problem;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OrderQuery {
    /// Only this state.
    #[param(example = "open")]
    state: Option<String>,
    /// Part of the name, the customer or a reference.
    q: Option<String>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// How many, at most.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
}

/// List orders, last changed first
#[utoipa::path(
    get, path = "/orders", tag = "orders", params(OrderQuery),
    responses((status = 200, description = "A page of orders.", body = Page<OrderView>)),
)]
pub async fn list_orders(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Params(query): Params<OrderQuery>,
) -> Answer<Page<OrderView>> {
    let wanted = Wanted::read(query.cursor, query.limit)?;
    let filter = ListFilter {
        state: word(
            "state",
            query.state,
            &OrderState::ALL.map(OrderState::as_str),
        )?,
        query: text("q", query.q)?,
        before: wanted.after,
        limit: wanted.fetch(),
        ..ListFilter::default()
    };
    let rows = engine.orders(&ctx, &filter).await?;
    Ok(Json(wanted.page(rows, |row| (row.updated_at, row.id))))
}

/// Show an order with its receipts, events, runs, exports and tasks
#[utoipa::path(
    get, path = "/orders/{id}", tag = "orders", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The order.", body = OrderDetail)),
)]
pub async fn get_order(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
) -> Answer<OrderDetail> {
    let chain = engine.order_chain(&ctx, id).await?;
    let removal = engine.removal(&ctx, Noun::Order, id).await?;
    OrderDetail::of(&chain, removal)
        .map(Json)
        .ok_or_else(|| Problem::not_found("order"))
}
