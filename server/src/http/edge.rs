//! What every request but a delivery passes on its way in and out: it gets a trace, a fault in a
//! handler becomes a 500 that can be quoted, and it leaves one line in the log and one in the counts.
//! The line names the route and never the address, since an address may hold somebody's token.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{
    body::HttpBody,
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use engine::Noted;
use futures::FutureExt;
use http::{Method, StatusCode};
use tokio::time::Instant;

use super::{Site, security, trace};
use crate::{problem::Problem, telemetry::traces, wall_clock};

/// Longer than a body may take, so that a slow one is told so.
const PATIENCE: Duration = Duration::from_secs(40);

/// Asked every few seconds by machines; at `info` they would bury everything else.
const QUIET: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// One line with all its fields; the level has to be known where it is written.
macro_rules! said {
    ($level:ident, $line:expr) => {
        tracing::$level!(
            method = %$line.method,
            route = $line.route,
            status = $line.status,
            ms = $line.ms,
            bytes = $line.bytes,
            trace_id = $line.trace_id,
            request_id = $line.request_id,
            actor = $line.noted.asked.map(|asked| asked.actor),
            merchant = $line.noted.asked.map(|asked| tracing::field::display(asked.merchant_id)),
            refused = $line.noted.refused,
            "request"
        )
    };
}

pub async fn pass(State(site): State<Arc<Site>>, mut request: Request, next: Next) -> Response {
    let (began_at, begun) = (wall_clock::now(), Instant::now());
    let given = trace::given(request.headers());
    let sender = trace::given_span(request.headers()).map(str::to_owned);
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
    let (answered, noted) = engine::noting_who(answered).await;
    let mut response = answered.unwrap_or_else(|_| {
        tracing::error!(trace_id, "a handler panicked");
        trace::within(trace_id.clone(), || Problem::broken().into_response())
    });
    security::dress(&mut response, site.is_https);
    let status = response.status();
    let route = route.as_ref().map_or("(none)", MatchedPath::as_str);
    let took = begun.elapsed();
    site.metrics.answered(&method, route, status, took);
    let line = Line {
        method: &method,
        route,
        status: status.as_u16(),
        ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        bytes: response.body().size_hint().exact(),
        trace_id: &trace_id,
        request_id: site.engine.new_trace_id()[..16].to_owned(),
        noted,
    };
    if status.is_server_error() {
        said!(warn, line);
    } else if QUIET.contains(&route) || status == StatusCode::NOT_MODIFIED {
        said!(debug, line);
    } else {
        said!(info, line);
    }
    if let Some(traces) = traces::on().filter(|_| !QUIET.contains(&route)) {
        traces.request(&line, sender.as_deref(), began_at, took);
    }
    response
}

/// What is said of a request when it is over: in the log, and as a span.
pub struct Line<'r> {
    pub method: &'r Method,
    /// As it is written in the program, never the address, which may hold somebody's token.
    pub route: &'r str,
    pub status: u16,
    pub ms: u64,
    /// Of the answer, where that was known before it was sent.
    pub bytes: Option<u64>,
    pub trace_id: &'r str,
    /// Several requests may belong to one trace.
    pub request_id: String,
    pub noted: Noted,
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
