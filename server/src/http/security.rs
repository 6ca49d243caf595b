//! The headers that every answer carries, and who may post.
//!
//! A page brings its own content security policy, because only the page knows the nonce of its one
//! inline script; everything else gets one that allows nothing. Forms are protected
//! by where they come from (`Sec-Fetch-Site`, `Origin`), so there are no tokens to lose; that is why
//! sessions never count when a request bears an API token.

use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use tower_http::csrf::{CsrfLayer, ProtectionError};

use crate::problem::Problem;

const NOTHING: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const FIXED: [(HeaderName, HeaderValue); 4] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ),
];

const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// Adds what is missing; what a handler chose stays.
pub fn dress(response: &mut Response, is_https: bool) {
    let headers = response.headers_mut();
    bare(headers);
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(NOTHING));
    if is_https {
        headers
            .entry(header::STRICT_TRANSPORT_SECURITY)
            .or_insert(HSTS);
    }
    // whatever says nothing about caching may be about somebody
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

/// The least, for answers that no browser shows.
pub fn bare(headers: &mut HeaderMap) {
    for (name, value) in FIXED {
        headers.entry(name).or_insert(value);
    }
}

type Refusal = fn(ProtectionError) -> Response<Body>;

/// Refuses what another site makes a browser post. Behind a proxy that rewrites `Host`, the public
/// address is trusted as well.
pub fn csrf(public_url: &str) -> CsrfLayer<Refusal> {
    let layer = CsrfLayer::new();
    let trusting = layer.clone().add_trusted_origin(public_url).unwrap_or_else(|error| {
        tracing::warn!(%error, "the public address is no origin; only requests that name this host may post");
        layer
    });
    trusting.with_rejection_response(refuse as Refusal)
}

fn refuse(_: ProtectionError) -> Response<Body> {
    let detail = "This request was sent by another site. Open Meshline itself and try again there.";
    Problem::new(StatusCode::FORBIDDEN, detail).into_response()
}

/// A request with an API token is not a browser acting for somebody: no other site can make a browser
/// send the token. Where such a request says it comes from does not matter, and its cookies do not
/// count.
pub async fn bearer_is_no_browser(mut request: Request, next: Next) -> Response {
    if is_api_call_with_token(&request) {
        let headers = request.headers_mut();
        headers.remove(header::ORIGIN);
        headers.remove("sec-fetch-site");
        headers.remove(header::COOKIE);
    }
    next.run(request).await
}

fn is_api_call_with_token(request: &Request) -> bool {
    let is_bearer = |value: &HeaderValue| {
        value
            .as_bytes()
            .get(..7)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "))
    };
    request.uri().path().starts_with("/api/")
        && request
            .headers()
            .get(header::AUTHORIZATION)
            .is_some_and(is_bearer)
}
