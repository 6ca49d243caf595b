//! The pages: Leptos, rendered here, with the engine within reach.
//!
//! Each page gets the engine and the options that say where its files are; the session is in the
//! request. An address nobody knows is a page too, with a 404.

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    response::{IntoResponse, Response},
};
use engine::Engine;
use http::{HeaderValue, Method, StatusCode, header};
use leptos::{config::LeptosOptions, prelude::provide_context};
use leptos_axum::{
    LeptosRoutes, generate_route_list_with_exclusions_and_ssg_and_context,
    render_app_async_with_context,
};

use super::{Site, assets};
use crate::problem::Problem;

pub fn router(site: &Arc<Site>) -> Router {
    let options = LeptosOptions::builder()
        .output_name("meshline")
        .site_pkg_dir(assets::PKG_FOLDER.as_str())
        .build();
    let context = context(Arc::clone(&site.engine), options.clone());
    let (routes, _) =
        generate_route_list_with_exclusions_and_ssg_and_context(app::App, None, context.clone());
    let shell = {
        let options = options.clone();
        move || app::shell(options.clone())
    };
    let lost = render_app_async_with_context(context.clone(), shell.clone());
    Router::new()
        .leptos_routes_with_context(&options, routes, context, shell)
        .fallback(move |request: Request| unknown(lost.clone(), request))
        .with_state(options)
}

/// Where there is a page.
pub fn paths(site: &Arc<Site>) -> Vec<String> {
    let options = LeptosOptions::builder().output_name("meshline").build();
    let context = context(Arc::clone(&site.engine), options);
    let (routes, _) =
        generate_route_list_with_exclusions_and_ssg_and_context(app::App, None, context);
    routes.iter().map(|route| route.path().to_owned()).collect()
}

fn context(
    engine: Arc<Engine>,
    options: LeptosOptions,
) -> impl Fn() + Clone + Send + Sync + 'static {
    move || {
        provide_context(Arc::clone(&engine));
        provide_context(options.clone());
    }
}

/// An address without a route.
async fn unknown<F, A>(page: F, request: Request) -> Response
where
    F: Fn(Request) -> A,
    A: Future<Output = Response>,
{
    let path = request.uri().path();
    let is_page = !["/api/", "/pkg/", "/fonts/"]
        .iter()
        .any(|start| path.starts_with(start));
    if !is_page || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Problem::new(StatusCode::NOT_FOUND, "There is nothing at this address.")
            .into_response();
    }
    let mut response = page(request).await;
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}
