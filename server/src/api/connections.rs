//! Connections: where events come in and exports go out. Addresses and states; never a secret.

use std::sync::Arc;

use axum::{Json, extract::State};
use engine::Engine;

use super::{
    Answer,
    caller::Caller,
    input::Params,
    page::{Page, Part},
    views::ConnectionView,
};

/// List the sources and destinations
#[utoipa::path(
    get, path = "/connections", tag = "connections", params(Part),
    responses((status = 200, description = "All of them, sources first.", body = Page<ConnectionView>)),
)]
pub async fn list_connections(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Params(part): Params<Part>,
) -> Answer<Page<ConnectionView>> {
    let (sources, destinations) = engine.connections(&ctx).await?;
    let now = ctx.now();
    let items = sources
        .iter()
        .map(|one| ConnectionView::of_source(one, engine.public_url(), now))
        .chain(
            destinations
                .iter()
                .map(|one| ConnectionView::of_destination(one, now)),
        );
    part.of(items.collect()).map(Json)
}
