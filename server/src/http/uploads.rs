//! Files in forms. A browser sends a form that has a file in pieces (`multipart/form-data`); here it becomes
//! the same form without: the file's text stands in the field of its name. Whatever takes the form does not
//! know the difference, and a form without a script can bring a file along.
//!
//! Only where a page has such a form, and no more of it than [`LIMIT_BYTES`].

use axum::{
    body::Body,
    extract::{FromRequest, Multipart, Request},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, StatusCode, header};

use crate::problem::Problem;

/// A flow's document, twice over: a file, and what was typed beside it.
pub const LIMIT_BYTES: usize = 2 * engine::MAX_FLOW_BYTES + 64 * 1024;
/// Fields that forms have here.
const MOST_FIELDS: usize = 16;
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// Forms in which somebody can choose a file.
pub fn takes_files(path: &str) -> bool {
    path == "/ui/flow/import"
}

fn in_pieces(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.trim_start().starts_with("multipart/form-data"))
}

fn unreadable() -> Response {
    let detail = "This form did not arrive whole: go back and send it again.";
    Problem::new(StatusCode::BAD_REQUEST, detail).into_response()
}

/// A form in pieces goes on as one without.
pub async fn as_form(request: Request, next: Next) -> Response {
    let takes = request.method() == Method::POST && takes_files(request.uri().path());
    if !takes || !in_pieces(&request) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    // the extractor wants a request of its own
    let mut pieces = Request::new(body);
    pieces.headers_mut().clone_from(&parts.headers);
    let Some(form) = read(pieces).await else {
        return unreadable();
    };
    parts.headers.insert(header::CONTENT_TYPE, FORM);
    parts
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(form.len()));
    next.run(Request::from_parts(parts, Body::from(form))).await
}

async fn read(request: Request) -> Option<String> {
    let mut pieces = Multipart::from_request(request, &()).await.ok()?;
    let mut fields: Vec<(String, String)> = Vec::new();
    while let Some(piece) = pieces.next_field().await.ok()? {
        let name = piece.name()?.to_owned();
        let is_file = piece.file_name().is_some();
        let bytes = piece.bytes().await.ok()?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match fields.iter_mut().find(|(known, _)| *known == name) {
            // a file that was chosen counts, and what was typed stands where none was
            Some((_, value)) if is_file && !text.is_empty() => *value = text,
            Some(_) => {}
            None => fields.push((name, text)),
        }
        if fields.len() > MOST_FIELDS {
            return None;
        }
    }
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    Some(form.finish())
}
