//! `POST /in/slack/{connection}`: what is pressed in a workspace that a merchant connected.
//!
//! `{connection}` is the merchant's id. It is no secret, and nothing hangs on it: what is not signed with that
//! merchant's secret, and what names no merchant, get the same answer. The answer leaves as soon as the click is
//! durable; what comes of it is a job. Unsigned requests count against the address they come from, signed
//! ones against the connection.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
    routing::post,
};
use engine::{Heard, Kind};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;
use uuid::Uuid;

use super::{Site, bounds, client, limits::Exceeded, security};
use crate::problem::Problem;

/// A message with everything that Slack tells about it is a few kilobytes.
const BODY_LIMIT_BYTES: usize = 256 * 1024;
/// Slack waits three seconds for the whole of it.
const BODY_PATIENCE: Duration = Duration::from_secs(3);

pub fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/in/slack/{connection}", post(receive).fallback(only_post))
        .with_state(site)
}

async fn receive(
    State(site): State<Arc<Site>>,
    Path(connection): Path<String>,
    request: Request,
) -> Response {
    let mut response = match take(&site, &connection, request).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    };
    security::bare(response.headers_mut());
    response
}

async fn take(site: &Site, connection: &str, request: Request) -> Result<Response, Problem> {
    let limited = |limit: Exceeded| {
        site.metrics.limited(limit.name);
        limit.problem()
    };
    let (parts, body) = request.into_parts();
    let from = client::of(&parts.extensions);
    if bounds::is_encoded(&parts.headers) {
        return Err(bounds::encoded());
    }
    let body = tokio::time::timeout(BODY_PATIENCE, axum::body::to_bytes(body, BODY_LIMIT_BYTES))
        .await
        .map_err(|_| {
            Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "The body did not arrive in time.",
            )
        })?
        .map_err(|_| {
            let detail = format!("At most {BODY_LIMIT_BYTES} bytes are taken here.");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
        })?;
    // what is no id belongs to nobody, like an id that is nobody's
    let merchant = connection.parse().unwrap_or(Uuid::nil());
    let heard = site
        .engine
        .hear_click(merchant, &readable(&parts.headers), &body)
        .await;
    let heard = match heard {
        Ok(heard) => heard,
        Err(error) => {
            if error.kind == Kind::Unauthenticated {
                site.limits.address(from.0).map_err(limited)?;
                let why = error.context.as_deref().unwrap_or_default();
                tracing::debug!(why, "an unsigned click was refused");
                let detail = "The signature is missing or does not match.";
                return Err(Problem::new(StatusCode::UNAUTHORIZED, detail));
            }
            return Err(Problem::from(error));
        }
    };
    site.limits.source(merchant).map_err(limited)?;
    match heard {
        Heard::Pressed(click) => {
            site.engine.take_click(*click).await?;
            Ok(StatusCode::OK.into_response())
        }
        Heard::Nothing => Ok(StatusCode::OK.into_response()),
        Heard::Fault { field, sentence } => {
            let said = json!({ "response_action": "errors", "errors": { field: sentence } });
            let mut response = Response::new(Body::from(said.to_string()));
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            Ok(response)
        }
    }
}

/// Headers as text; one that is not text cannot be part of a signature.
fn readable(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter_map(|(name, value)| {
            let value = std::str::from_utf8(value.as_bytes()).ok()?;
            Some((name.as_str().to_owned(), value.to_owned()))
        })
        .collect()
}

async fn only_post() -> Response {
    let detail = "Slack posts here; there is nothing to see.";
    let mut response = Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail).into_response();
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static("POST"));
    security::bare(response.headers_mut());
    response
}
