//! `POST /in/{source}`: deliveries. The busiest route there is, and the one that makes a promise.
//!
//! Nothing is done here that the engine does not need: the source is looked up, the body read up to
//! its limit, and the rest (signature, durability, duplicates) is one call. Whoever cannot sign learns
//! nothing: not which header was wrong, and nothing of theirs is kept but a count and now and then a
//! line in the log.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, HttpBody},
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::{Bytes, BytesMut};
use engine::{Error, Kind};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use tokio::time::Instant;

use super::{Site, bounds, client, limits::Exceeded, security, trace};
use crate::{
    metrics::Rejected,
    problem::Problem,
    telemetry::traces::{self, Arrival},
    wall_clock,
};

/// A sender that takes longer over a body than this is not sending.
const BODY_PATIENCE: Duration = Duration::from_secs(10);
/// One line about unsigned deliveries in this time; the rest is only counted.
const SAMPLE_EVERY_MS: i64 = 1_000;

struct Intake {
    site: Arc<Site>,
    sampled_at_ms: AtomicI64,
}

pub fn router(site: Arc<Site>) -> Router {
    let intake = Intake {
        site,
        sampled_at_ms: AtomicI64::new(0),
    };
    Router::new()
        .route("/in/{source}", post(receive).fallback(only_post))
        .with_state(Arc::new(intake))
}

/// Why a delivery was not taken.
struct Refusal {
    reason: Rejected,
    problem: Problem,
    /// There may be a body that nobody will read.
    hang_up: bool,
}

impl Refusal {
    fn new(reason: Rejected, status: StatusCode, detail: &str) -> Self {
        Self {
            reason,
            problem: Problem::new(status, detail),
            hang_up: true,
        }
    }

    fn too_large(limit: usize) -> Self {
        let detail = format!("This source takes at most {limit} bytes.");
        Self::new(Rejected::TooLarge, StatusCode::PAYLOAD_TOO_LARGE, &detail)
    }
}

async fn receive(
    State(intake): State<Arc<Intake>>,
    Path(source): Path<String>,
    request: Request,
) -> Response {
    let begun = Instant::now();
    let metrics = &intake.site.metrics;
    let mut response = match take(&intake, &source, request).await {
        Ok(response) => {
            metrics.acknowledged(begun.elapsed());
            response
        }
        Err(refusal) => {
            metrics.rejected(refusal.reason);
            let mut response = refusal.problem.into_response();
            if refusal.hang_up {
                response
                    .headers_mut()
                    .insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            response
        }
    };
    security::bare(response.headers_mut());
    response
}

async fn take(intake: &Intake, source: &str, request: Request) -> Result<Response, Refusal> {
    let engine = &intake.site.engine;
    let limits = &intake.site.limits;
    let (parts, body) = request.into_parts();
    let door = match engine.open_door(source).await {
        Ok(door) => door,
        Err(error) if error.kind == Kind::NotFound => {
            // whoever tries addresses out is counted by their own
            let client = client::of(&parts.extensions);
            limits
                .address(client.0)
                .map_err(|one| intake.limited(one))?;
            let status = StatusCode::NOT_FOUND;
            return Err(Refusal::new(
                Rejected::UnknownSource,
                status,
                &error.sentence,
            ));
        }
        Err(error) => return Err(refused(error)),
    };
    limits
        .source(door.source.id)
        .map_err(|one| intake.limited(one))?;
    if bounds::is_encoded(&parts.headers) {
        return Err(Refusal {
            reason: Rejected::Broken,
            problem: bounds::encoded(),
            hang_up: true,
        });
    }
    let limit = door.max_body_bytes();
    let announced = body.size_hint().exact();
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(Refusal::too_large(limit));
    }
    let body = match tokio::time::timeout(BODY_PATIENCE, read(body, limit)).await {
        Ok(body) => body?,
        Err(_) => {
            return Err(Refusal::new(
                Rejected::Broken,
                StatusCode::REQUEST_TIMEOUT,
                "The body did not arrive in time.",
            ));
        }
    };
    // where nothing is traced, nothing is prepared for it
    let traced = traces::on().map(|traces| (traces, wall_clock::now(), Instant::now()));
    let mut trace_id = trace::given(&parts.headers);
    if traced.is_some() {
        trace_id.get_or_insert_with(|| engine.new_trace_id());
    }
    let traced = traced.zip(trace_id.clone());
    match engine
        .receive(&door, &readable(&parts.headers), body, trace_id)
        .await
    {
        Ok((receipt_id, status)) => {
            if let Some(((traces, began_at, begun), trace_id)) = traced {
                let arrival = Arrival {
                    trace_id: &trace_id,
                    sender: trace::given_span(&parts.headers),
                    receipt_id,
                    status: status.as_str(),
                    began_at,
                };
                traces.intake(&arrival, begun.elapsed());
            }
            intake.site.metrics.received(&status, door.system());
            Ok(acknowledgement(&format!(
                "{{\"receipt_id\":\"{receipt_id}\",\"status\":\"{}\"}}",
                status.as_str()
            )))
        }
        Err(error) if error.kind == Kind::Unauthenticated => {
            intake.sample(&door.source.name, &error);
            let detail = "The signature is missing or does not match this source's secret.";
            let refusal = Refusal::new(Rejected::Signature, StatusCode::UNAUTHORIZED, detail);
            Err(Refusal {
                hang_up: false,
                ..refusal
            })
        }
        Err(error) => Err(Refusal {
            hang_up: false,
            ..refused(error)
        }),
    }
}

/// What the engine could not do just now.
fn refused(mut error: Error) -> Refusal {
    error.retry_after_ms.get_or_insert(1_000);
    let reason = match error.kind {
        Kind::TooMany => Rejected::Overloaded,
        _ => Rejected::Unavailable,
    };
    Refusal {
        reason,
        problem: Problem::from(error),
        hang_up: true,
    }
}

/// The body, as long as it keeps to the limit. One that came in one piece is not copied.
async fn read(mut body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let broken = |_| {
            Refusal::new(
                Rejected::Broken,
                StatusCode::BAD_REQUEST,
                "The body broke off.",
            )
        };
        let Ok(data) = frame.map_err(broken)?.into_data() else {
            continue;
        };
        if first.len() + rest.len() + data.len() > limit {
            return Err(Refusal::too_large(limit));
        }
        if first.is_empty() {
            first = data;
        } else {
            rest.extend_from_slice(&data);
        }
    }
    if rest.is_empty() {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(first.len() + rest.len());
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&rest);
    Ok(whole.freeze())
}

/// Headers as text; one that is not text cannot be part of any signature we know.
fn readable(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter_map(|(name, value)| {
            Some((
                name.as_str().to_owned(),
                std::str::from_utf8(value.as_bytes()).ok()?.to_owned(),
            ))
        })
        .collect()
}

fn acknowledgement(body: &str) -> Response {
    let mut response = Response::new(Body::from(body.to_owned()));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn only_post() -> Response {
    let detail = "Deliveries are posted here; there is nothing to see.";
    let mut response = Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail).into_response();
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static("POST"));
    security::bare(response.headers_mut());
    response
}

impl Intake {
    fn limited(&self, limit: Exceeded) -> Refusal {
        self.site.metrics.limited(limit.name);
        Refusal {
            reason: Rejected::Overloaded,
            problem: limit.problem(),
            hang_up: true,
        }
    }

    fn sample(&self, source: &str, error: &Error) {
        let now = self.site.engine.now().as_ms();
        let last = self.sampled_at_ms.load(Ordering::Relaxed);
        if now.saturating_sub(last).abs() < SAMPLE_EVERY_MS {
            return;
        }
        if self
            .sampled_at_ms
            .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
        {
            let why = error.context.as_deref().unwrap_or_default();
            tracing::warn!(source, why, "an unsigned delivery was refused");
        }
    }
}
