//! `Idempotency-Key`: a call that is repeated with the same key gets the first answer again.
//!
//! Stands around every call that changes something. A key belongs to one caller (a person, a token, a
//! destination) at one merchant and, by the hash it is kept with, to one route and body: two approvers who
//! happen to choose the same key do not get each other's answers, nor in each other's way. The work is not
//! given up when the caller hangs up, so that the answer is there when they come again.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use engine::{Engine, Turn, port::IdempotencyRow};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE};

use super::{caller::Caller, input::body_of};
use crate::{
    http::trace,
    problem::{self, Place, Problem},
};

pub const KEY: &str = "Idempotency-Key";
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

pub async fn once(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let Some(key) = key_of(request.headers())? else {
        return Ok(next.run(request).await);
    };
    let (parts, body) = request.into_parts();
    let bytes = body_of(&parts.headers, body).await?;
    let what = format!("{} {}", parts.method, parts.uri.path());
    let row = match engine.take_turn(&ctx, &key, &what, &bytes).await? {
        Turn::First(row) => row,
        Turn::Again { status, body } => return Ok(again(status, body)),
    };
    let request = Request::from_parts(parts, Body::from(bytes));
    let work = async move {
        let response = next.run(request).await;
        remember(&engine, row, response).await
    };
    let work = match trace::current() {
        Some(trace_id) => tokio::spawn(trace::scope(trace_id, work)),
        None => tokio::spawn(work),
    };
    work.await.map_err(Problem::internal)?
}

fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(KEY) else {
        return Ok(None);
    };
    // how long it may be is the engine's to say
    let key = value.to_str().map_err(|_| {
        Problem::at(
            Place::Header(KEY),
            "An Idempotency-Key is made of visible ASCII characters.",
        )
    })?;
    Ok(Some(key.to_owned()))
}

async fn remember(
    engine: &Engine,
    row: IdempotencyRow,
    response: Response,
) -> Result<Response, Problem> {
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX)
        .await
        .map_err(Problem::internal)?;
    let text = String::from_utf8(bytes.to_vec()).map_err(Problem::internal)?;
    engine
        .remember_answer(row, parts.status.as_u16(), text)
        .await?;
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn again(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let media_type = if status.is_success() {
        "application/json"
    } else {
        problem::MEDIA_TYPE
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (REPLAYED, HeaderValue::from_static("true")),
    ];
    (status, headers, body).into_response()
}
