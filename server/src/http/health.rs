//! For machines that watch: is the process there, can it work, how much has it done.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{StatusCode, header};
use serde_json::json;

use super::Site;
use crate::{metrics::Gauges, problem::Problem};

/// Long enough for a database under load, short enough for whoever asks.
const PATIENCE: Duration = Duration::from_secs(3);

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

async fn metrics(State(site): State<Arc<Site>>) -> Response {
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
