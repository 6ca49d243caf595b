//! The document and its page: `/api/openapi.json` and `/api/docs`.
//!
//! The page is Swagger UI out of the binary itself, so it works offline. It needs styles in its markup
//! and pictures in its style sheet; beyond that its content security policy allows what lies on this
//! server and nothing else.

use std::sync::{Arc, LazyLock};

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Response},
    routing::get,
};
use engine::Engine;
use http::{
    HeaderName, StatusCode,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
};
use utoipa_swagger_ui::Config;

use super::document;
use crate::problem::Problem;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Meshline API</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
<script src="/api/docs/swagger-ui-bundle.js" defer></script>
<script src="/api/docs/start.js" defer></script>
</head>
<body>
<div id="docs"></div>
<noscript>This page needs JavaScript. The document behind it is <a href="/api/openapi.json">/api/openapi.json</a>.</noscript>
</body>
</html>
"#;

const START: &str = r##"SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
"##;

/// What of Swagger UI the page uses.
const PARTS: [&str; 2] = ["swagger-ui.css", "swagger-ui-bundle.js"];

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(Arc::default);

pub fn router() -> Router<Arc<Engine>> {
    Router::new()
        .route("/openapi.json", get(document_text))
        .route("/docs", get(page))
        .route("/docs/{part}", get(part))
}

const REVALIDATE: (HeaderName, &str) = (CACHE_CONTROL, "no-cache");

async fn document_text() -> Response {
    (
        [(CONTENT_TYPE, "application/json"), REVALIDATE],
        document::TEXT.as_str(),
    )
        .into_response()
}

async fn page() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        REVALIDATE,
    ];
    (headers, PAGE).into_response()
}

async fn part(Path(name): Path<String>) -> Result<Response, Problem> {
    if name == "start.js" {
        return Ok((
            [(CONTENT_TYPE, "text/javascript; charset=utf-8"), REVALIDATE],
            START,
        )
            .into_response());
    }
    let nothing = || Problem::new(StatusCode::NOT_FOUND, "The documentation has no such part.");
    let name = PARTS
        .into_iter()
        .find(|part| *part == name)
        .ok_or_else(nothing)?;
    let file = utoipa_swagger_ui::serve(name, Arc::clone(&CONFIG)).map_err(Problem::internal)?;
    let file = file.ok_or_else(nothing)?;
    let headers = [
        (CONTENT_TYPE, file.content_type),
        (CACHE_CONTROL, "public, max-age=86400".to_owned()),
    ];
    Ok((headers, file.bytes.into_owned()).into_response())
}
