//! Everything that answers HTTP, put together.
//!
//! Four groups of routes, each behind just what it needs. *Intake* stands alone: no session, no
//! compression, no tracing layer, because it is asked ten thousand times for once that anything else
//! is. *Assets* come out of the binary. *Pages and API* have sessions, limits and compression. The
//! *live* stream has a session and no time limit. All but intake pass the [`edge`], which names,
//! times, logs and counts each request, and sees to it that no answer leaves without its headers.

mod assets;
mod bounds;
pub mod client;
mod crowd;
mod csv;
pub mod edge;
pub mod health;
mod intake;
pub mod limits;
mod listen;
mod live;
mod pace;
mod pages;
mod registered;
mod security;
mod sessions;
mod sheets;
mod slack;
pub mod trace;
mod uploads;

use std::sync::Arc;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
};
use engine::Engine;
use tokio::sync::watch;
use tower_http::compression::{CompressionLayer, CompressionLevel};

use crate::{api, metrics::Metrics};

pub use assets::are_whole as assets_are_whole;
pub use crowd::Crowd;
pub use listen::{Door, listen};
pub use registered::list as registered;
pub use sessions::sweep;

/// The largest form or API body; intake has its own limit per source.
const BODY_LIMIT_BYTES: usize = 256 * 1024;

/// Of brotli and gzip alike: most of what can be saved, for a fraction of what saving all of it costs.
const COMPRESSION: i32 = 4;

/// What the handlers share.
pub struct Site {
    pub engine: Arc<Engine>,
    pub metrics: Arc<Metrics>,
    /// Opens `/metrics` to other machines.
    pub metrics_token: Option<health::MetricsToken>,
    pub is_https: bool,
    pub limits: Arc<limits::Limits>,
    /// Turns true when the process is asked to stop, so that open streams end.
    pub stop: watch::Receiver<bool>,
}

pub fn router(site: Arc<Site>) -> Router {
    let sessions = sessions::layer(Arc::clone(&site.engine), site.is_https);
    let compression = CompressionLayer::new().quality(CompressionLevel::Precise(COMPRESSION));
    let pages = pages::router(&site)
        .merge(csv::router(&site))
        .merge(sheets::router(&site))
        .merge(api::router(Arc::clone(&site.engine)))
        .layer(from_fn_with_state(Arc::clone(&site), limits::of_account))
        .layer(sessions.clone())
        .layer(from_fn(uploads::as_form))
        .layer(from_fn(bounds::keep))
        .layer(from_fn(edge::in_time))
        .layer(compression);
    let watched = pages
        .merge(live::router(&site).layer(sessions))
        .layer(security::csrf(site.engine.public_url()))
        .layer(from_fn(security::bearer_is_no_browser))
        .layer(from_fn(client::known))
        .layer(from_fn_with_state(Arc::clone(&site), limits::of_address))
        .merge(assets::router())
        .merge(health::router(&site))
        .layer(from_fn_with_state(Arc::clone(&site), edge::pass));
    watched
        .merge(slack::router(Arc::clone(&site)))
        .merge(intake::router(site))
}
