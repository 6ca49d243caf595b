//! API tokens: which there are. They are made, rotated and revoked by a person, on a page.

use std::sync::Arc;

use axum::{Json, extract::State};
use engine::Engine;

use super::{
    Answer,
    caller::Caller,
    input::Params,
    page::{Page, Part},
    views::TokenView,
};

/// List the merchant's API tokens, newest first
///
/// Never their secrets. Tokens that are over stay in the list.
#[utoipa::path(
    get, path = "/tokens", tag = "tokens", params(Part),
    responses((status = 200, description = "All tokens.", body = Page<TokenView>)),
)]
pub async fn list_tokens(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Params(part): Params<Part>,
) -> Answer<Page<TokenView>> {
    let now = ctx.now();
    let tokens = engine.tokens(&ctx).await?;
    let tokens = tokens.iter().map(|token| TokenView::of(token, now));
    part.of(tokens.collect()).map(Json)
}
