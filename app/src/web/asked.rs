//! What the browser asked for: path, route parameters and query, read once before anything is awaited.

use engine::{Error, Result};
use http::request::Parts;
use leptos::prelude::*;
use leptos_router::{
    hooks::{use_params_map, use_query_map},
    params::ParamsMap,
};
use uuid::Uuid;

#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Without the query.
    pub path: String,
    /// With it.
    pub uri: String,
    /// Where a form leads back to: the same without `do`, which only opens a form on arrival.
    pub back: String,
    params: ParamsMap,
    query: ParamsMap,
    /// The browser opens this as a page; not so when a script fetches it to bring a region up to date.
    pub navigates: bool,
}

impl Asked {
    /// Inside a route's view.
    pub fn here() -> Self {
        let parts = use_context::<Parts>();
        let uri = parts
            .as_ref()
            .map(|parts| parts.uri.clone())
            .unwrap_or_default();
        let fetched = parts
            .as_ref()
            .and_then(|parts| parts.headers.get("sec-fetch-dest"))
            .is_some_and(|dest| dest != "document");
        let kept: Vec<&str> = uri
            .query()
            .into_iter()
            .flat_map(|query| query.split('&'))
            .filter(|pair| !pair.starts_with("do=") && !pair.is_empty())
            .collect();
        let back = if kept.is_empty() {
            uri.path().to_owned()
        } else {
            format!("{}?{}", uri.path(), kept.join("&"))
        };
        Self {
            path: uri.path().to_owned(),
            back,
            uri: uri
                .path_and_query()
                .map_or_else(|| "/".to_owned(), ToString::to_string),
            params: use_params_map().get_untracked(),
            query: use_query_map().get_untracked(),
            navigates: !fetched,
        }
    }

    /// A parameter of the route, such as `merchant` or `id`.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.get_str(name)
    }

    /// A field of the query, trimmed; empty counts as absent.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query
            .get_str(name)
            .map(str::trim)
            .filter(|text| !text.is_empty())
    }

    /// Every value of a field that a form may send several times.
    pub fn queries(&self, name: &str) -> Vec<String> {
        self.query.get_all(name).unwrap_or_default()
    }

    /// The route's `:id`. What is no id names nothing, so it reads as not found.
    pub fn id(&self, noun: &str) -> Result<Uuid> {
        self.param("id")
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Error::not_found(noun))
    }
}
