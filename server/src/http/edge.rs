//! What every request but a delivery passes on its way in and out: it gets a trace, a fault in a
//! handler becomes a 500 that can be quoted, and it leaves one line in the log and one in the counts.
//! The line names the route and never the address, since an address may hold somebody's token.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{
    body::{Body, HttpBody},
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use http::{HeaderValue, StatusCode, header};
use http_body_util::Limited;
use tokio::time::Instant;

use super::{BODY_LIMIT_BYTES, Site, security, trace};
use crate::problem::Problem;

const PATIENCE: Duration = Duration::from_secs(30);

/// Asked every few seconds by machines; at `info` they would bury everything else.
const QUIET: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

pub async fn pass(State(site): State<Arc<Site>>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let given = trace::given(request.headers());
    let is_new = given.is_none();
    let trace_id = given.unwrap_or_else(|| site.engine.new_trace_id());
    if let Some(header) = trace::header_of(&trace_id).filter(|_| is_new) {
        request.headers_mut().insert(trace::HEADER, header);
    }
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let answered = trace::scope(
        trace_id.clone(),
        AssertUnwindSafe(next.run(request)).catch_unwind(),
    );
    let mut response = answered.await.unwrap_or_else(|_| {
        tracing::error!(trace_id, "a handler panicked");
        trace::within(trace_id.clone(), || Problem::broken().into_response())
    });
    security::dress(&mut response, site.is_https);
    let status = response.status();
    site.metrics.answered(status);
    let route = route.as_ref().map_or("(none)", MatchedPath::as_str);
    let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let is_quiet = QUIET.contains(&route) || status == StatusCode::NOT_MODIFIED;
    if status.is_server_error() {
        tracing::warn!(%method, route, status = status.as_u16(), ms, trace_id, "request");
    } else if is_quiet {
        tracing::debug!(%method, route, status = status.as_u16(), ms, trace_id, "request");
    } else {
        tracing::info!(%method, route, status = status.as_u16(), ms, trace_id, "request");
    }
    response
}

/// Nobody looks at a page that takes longer than this.
pub async fn in_time(request: Request, next: Next) -> Response {
    let late = || {
        let detail = "This took too long and was given up. Try again in a moment.";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
            .after_ms(5_000)
            .into_response()
    };
    tokio::time::timeout(PATIENCE, next.run(request))
        .await
        .unwrap_or_else(|_| late())
}

/// Refuses what is announced to be too large, and cuts off what is not announced and grows.
pub async fn in_bounds(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let announced = body.size_hint().lower();
    if announced > BODY_LIMIT_BYTES as u64 {
        let detail = format!("A body has at most {BODY_LIMIT_BYTES} bytes.");
        let mut response = Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail).into_response();
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
        return response;
    }
    let body = Body::new(Limited::new(body, BODY_LIMIT_BYTES));
    next.run(Request::from_parts(parts, body)).await
}
