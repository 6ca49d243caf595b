//! For machines that watch: is the process there, can it work, how much has it done.

use std::{fmt, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use subtle::ConstantTimeEq;

use super::{Site, client};
use crate::{metrics::Gauges, problem::Problem};

/// Long enough for a database under load, short enough for whoever asks.
const PATIENCE: Duration = Duration::from_secs(3);

/// Opens `/metrics` to other machines; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct MetricsToken(String);

impl MetricsToken {
    const LEAST_CHARS: usize = 16;

    /// None when it is so short that it could be guessed.
    pub fn new(text: String) -> Option<Self> {
        (text.chars().count() >= Self::LEAST_CHARS).then_some(Self(text))
    }

    /// Takes as long for a wrong guess as for a nearly right one.
    fn is(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

impl fmt::Debug for MetricsToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetricsToken(***)")
    }
}

pub fn router(site: &Arc<Site>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Arc::clone(site))
}

async fn ready(State(site): State<Arc<Site>>) -> Response {
    if *site.stop.borrow() {
        return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "It is shutting down.")
            .into_response();
    }
    match gauges(&site).await {
        Ok(gauges) => Json(json!({
            "status": "ready",
            "database": gauges.database,
            "jobs_due": gauges.jobs_due,
            "jobs": gauges.jobs,
        }))
        .into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// Open to this machine; with a token, to whoever has it and to nobody else. What came through a proxy
/// did not come from this machine, whatever the connection says.
fn may_read(site: &Site, request: &Request) -> bool {
    match &site.metrics_token {
        Some(token) => request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .is_some_and(|given| token.is(given)),
        None => {
            let forwarded = ["x-forwarded-for", "forwarded", "x-real-ip", "via"];
            client::of(request.extensions()).0.is_loopback()
                && forwarded
                    .iter()
                    .all(|name| !request.headers().contains_key(*name))
        }
    }
}

async fn metrics(State(site): State<Arc<Site>>, request: Request) -> Response {
    if !may_read(&site, &request) {
        let detail = "Metrics are read from this machine, or with MESHLINE_METRICS_TOKEN.";
        let mut refused = Problem::new(StatusCode::UNAUTHORIZED, detail).into_response();
        refused.headers_mut().insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"metrics\""),
        );
        return refused;
    }
    let gauges = gauges(&site).await.ok();
    let text = site.metrics.text(gauges.as_ref());
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
        .into_response()
}

/// The database, asked now.
async fn gauges(site: &Site) -> engine::Result<Gauges> {
    let ask = async {
        let store = site.engine.store();
        let database = store.health().await?;
        let (jobs_due, jobs) = store.reads().await?.job_counts(site.engine.now()).await?;
        Ok(Gauges {
            database,
            jobs_due,
            jobs,
        })
    };
    tokio::time::timeout(PATIENCE, ask)
        .await
        .unwrap_or_else(|_| {
            Err(engine::Error::new(
                engine::Kind::Unavailable,
                "The database does not answer in time.",
            ))
        })
}
