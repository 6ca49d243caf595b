//! Every route there is, read from the router itself, so that none can be left out: `meshline routes`.
//!
//! axum does not list its routes, but a router that is printed for debugging names each path and, in
//! its `Allow` header, each method. That text promises nothing, so a test compares what is read here
//! with what the pages, the server functions and the API know of themselves.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use serde_json::Value;

use super::{Site, pages};

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Registered {
    pub path: String,
    pub methods: Vec<String>,
    pub kind: &'static str,
}

/// What `site` answers, by path.
pub fn list(site: Arc<Site>) -> Vec<Registered> {
    let pages: BTreeSet<String> = pages::paths(&site).into_iter().collect();
    let functions: BTreeSet<String> = leptos::server_fn::axum::server_fn_paths()
        .map(|(path, _)| path.to_owned())
        .collect();
    let api = api_paths();
    let kind = |path: &str| match path {
        _ if functions.contains(path) => "function",
        _ if pages.contains(path) => "page",
        _ if api.contains(path) => "api",
        _ => "http",
    };
    read(&format!("{:?}", super::router(site)))
        .into_iter()
        .map(|(path, methods)| Registered {
            kind: kind(&path),
            methods: methods.into_iter().collect(),
            path,
        })
        .collect()
}

/// As the OpenAPI document has them.
fn api_paths() -> BTreeSet<String> {
    let document: Value = serde_json::from_str(&crate::api::openapi()).unwrap_or_default();
    let paths = document["paths"].as_object().cloned().unwrap_or_default();
    paths.keys().cloned().collect()
}

/// Reads a printed router: `RouteId(3): MethodRouter(… allow_header: Bytes(b"GET,HEAD") …)` and
/// `RouteId(3): "/orders"`.
fn read(printed: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut routes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    // numbers count within one table; the tables of fallbacks have routes of their own, for everything
    let tables = printed.split("PathRouter {").skip(1);
    for table in tables.filter(|table| !table.contains("__private__axum_fallback")) {
        let mut methods: HashMap<&str, &str> = HashMap::new();
        for entry in table.split("RouteId(").skip(1) {
            let Some((id, rest)) = entry.split_once("): ") else {
                continue;
            };
            let path = rest
                .strip_prefix('"')
                .and_then(|rest| rest.split('"').next());
            if let Some(path) = path {
                // "*": what stands there decides for itself
                let allowed = methods.get(id).copied().unwrap_or("*").split(',');
                let allowed = allowed.filter(|method| !matches!(*method, "" | "HEAD"));
                routes
                    .entry(path.to_owned())
                    .or_default()
                    .extend(allowed.map(str::to_owned));
            } else if let Some((_, header)) = rest.split_once("allow_header: Bytes(b\"") {
                methods.insert(id, header.split('"').next().unwrap_or_default());
            }
        }
    }
    routes
}

#[cfg(test)]
mod tests {
    use axum::{
        Router,
        routing::{get, post},
    };

    use super::*;

    #[test]
    fn a_printed_router_is_read_whole() {
        let inner: Router = Router::new().route("/b/{id}", get(async || "").put(async || ""));
        let router: Router = Router::new()
            .route("/a", get(async || "").post(async || ""))
            .nest("/in", inner)
            .merge(Router::new().route("/c", post(async || "").fallback(async || "")))
            .fallback(async || "");
        let routes = read(&format!("{router:?}"));
        let routes: Vec<String> = routes
            .into_iter()
            .map(|(path, methods)| format!("{} {path}", Vec::from_iter(methods).join(",")))
            .collect();
        assert_eq!(routes, ["GET,POST /a", "POST /c", "GET,PUT /in/b/{id}"]);
    }
}
