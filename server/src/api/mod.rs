//! The JSON API: `/api/v1`, its OpenAPI document and its documentation page.
//!
//! A handler parses, calls one use-case and converts the answer; one file per noun. What every call
//! shares stands around the handlers: [`caller`] finds out who calls and for which merchant, [`once`]
//! makes sure that a repeated call with an `Idempotency-Key` changes nothing twice, [`input`] reads
//! bodies, ids and queries so that bad ones are told where they are bad, [`query`] refuses the parameters that
//! nobody would read, and [`page`] cuts lists.
//!
//! Routes and their documentation are one thing: a handler is mounted by its `#[utoipa::path]`, in
//! one of three groups. *Reads* change nothing. *Acts* do, and are made once per key. The
//! *acknowledgement* is an act whose caller may be a destination, known by its signature instead of a
//! token. What follows from the group (parameters, problems) is documented by [`document`].

mod approvals;
mod asyncapi;
mod audit;
mod briefs;
mod caller;
mod connections;
mod contract_drafts;
mod contracts;
mod cover;
mod docs;
mod document;
mod exports;
mod flows;
mod input;
mod once;
mod orders;
mod page;
mod people;
mod query;
mod receipts;
mod reports;
mod retention;
mod runs;
mod skus;
mod tasks;
#[cfg(test)]
mod tests;
mod tokens;
mod views;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::Request,
    middleware::{self, Next, from_fn_with_state},
    response::Response,
};
use engine::Engine;
use http::{HeaderValue, StatusCode};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{http::trace, problem::Problem};

const PREFIX: &str = "/api/v1";

/// What a handler gives back.
type Answer<T> = Result<Json<T>, Problem>;

fn reads() -> OpenApiRouter<Arc<Engine>> {
    OpenApiRouter::default()
        .routes(routes!(receipts::list_receipts))
        .routes(routes!(receipts::get_receipt))
        .routes(routes!(orders::list_orders))
        .routes(routes!(orders::get_order))
        .routes(routes!(flows::list_flows))
        .routes(routes!(flows::get_flow))
        .routes(routes!(flows::export_flow))
        .routes(routes!(connections::list_connections))
        .routes(routes!(contracts::list_contracts))
        .routes(routes!(contracts::get_contract))
        .routes(routes!(contracts::get_contract_schema))
        .routes(routes!(contract_drafts::export_contract))
        .routes(routes!(contract_drafts::get_contract_draft))
        .routes(routes!(asyncapi::get_asyncapi))
        .routes(routes!(runs::get_run))
        .routes(routes!(exports::list_exports))
        .routes(routes!(exports::get_export))
        .routes(routes!(briefs::list_briefs))
        .routes(routes!(briefs::get_brief))
        .routes(routes!(skus::list_skus))
        .routes(routes!(approvals::list_approvals))
        .routes(routes!(approvals::get_approval))
        .routes(routes!(approvals::list_delegations))
        .routes(routes!(tasks::list_tasks))
        .routes(routes!(tasks::get_task))
        .routes(routes!(people::list_people))
        .routes(routes!(cover::show_cover))
        .routes(routes!(reports::get_report))
        .routes(routes!(retention::get_retention))
        .routes(routes!(retention::list_legal_holds))
        .routes(routes!(tokens::list_tokens))
        .routes(routes!(audit::list_audit))
        .routes(routes!(audit::export_audit))
        .routes(routes!(audit::audit_keys))
        .routes(routes!(audit::list_checkpoints))
}

fn acts() -> OpenApiRouter<Arc<Engine>> {
    OpenApiRouter::default()
        .routes(routes!(receipts::replay_receipt))
        .routes(routes!(exports::start_export))
        .routes(routes!(contract_drafts::create_contract))
        .routes(routes!(contract_drafts::draw_contract))
        .routes(routes!(contract_drafts::publish_contract))
        .routes(routes!(contract_drafts::deprecate_contract))
        .routes(routes!(contract_drafts::retire_contract))
        .routes(routes!(contract_drafts::resume_contract))
        .routes(routes!(flows::create_flow))
        .routes(routes!(flows::draw_version))
        .routes(routes!(flows::publish_flow))
        .routes(routes!(exports::approve_export))
        .routes(routes!(exports::decline_export))
        .routes(routes!(exports::withdraw_export))
        .routes(routes!(exports::cancel_export))
        .routes(routes!(exports::override_export))
        .routes(routes!(approvals::comment_approval))
        .routes(routes!(approvals::remind_approval))
        .routes(routes!(approvals::ask_about_approval))
        .routes(routes!(approvals::answer_approval))
        .routes(routes!(approvals::reassign_approval))
        .routes(routes!(approvals::give_delegation))
        .routes(routes!(approvals::end_delegation))
        .routes(routes!(runs::start_run))
        .routes(routes!(runs::pause_run))
        .routes(routes!(runs::resume_run))
        .routes(routes!(runs::cancel_run))
        .routes(routes!(briefs::write_brief))
        .routes(routes!(briefs::revise_brief))
        .routes(routes!(briefs::ready_brief))
        .routes(routes!(briefs::end_brief))
        .routes(routes!(skus::tell_skus))
        .routes(routes!(retention::set_retention))
        .routes(routes!(retention::place_legal_hold))
        .routes(routes!(retention::lift_legal_hold))
        .routes(routes!(tasks::claim_task))
        .routes(routes!(tasks::release_task))
        .routes(routes!(tasks::reassign_task))
        .routes(routes!(tasks::snooze_task))
        .routes(routes!(tasks::resolve_task))
}

fn acknowledgement() -> OpenApiRouter<Arc<Engine>> {
    OpenApiRouter::default().routes(routes!(exports::acknowledge_export))
}

/// To be mounted at the root, inside the session layer.
pub fn router(engine: Arc<Engine>) -> Router {
    let state = || Arc::clone(&engine);
    let enter = from_fn_with_state(state(), caller::enter);
    let enter_or_verify = from_fn_with_state(state(), caller::enter_or_verify);
    let once = from_fn_with_state(state(), once::once);
    let acts = Router::from(acts()).route_layer(once.clone());
    let acknowledgement = Router::from(acknowledgement())
        .route_layer(once)
        .route_layer(enter_or_verify);
    let v1 = Router::from(reads())
        .merge(acts)
        .route_layer(middleware::from_fn(query::only_known))
        .route_layer(enter)
        .merge(acknowledgement);
    let api = Router::new()
        .nest("/v1", v1)
        .merge(docs::router())
        .fallback(|| async {
            Problem::new(StatusCode::NOT_FOUND, "There is no such route in this API.")
        })
        .method_not_allowed_fallback(|| async {
            let detail =
                "This route does not know the method; the Allow header lists those it does.";
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
        })
        .layer(middleware::from_fn(named));
    Router::new().nest("/api", api).with_state(engine)
}

/// The whole document, as `meshline openapi` prints it.
pub fn openapi() -> String {
    document::TEXT.clone()
}

/// Every answer says under which trace it can be found.
async fn named(request: Request, next: Next) -> Response {
    let trace_id = trace::given(request.headers());
    let mut response = next.run(request).await;
    if let Some(value) = trace_id.and_then(|id| HeaderValue::try_from(id).ok()) {
        response.headers_mut().insert("meshline-trace-id", value);
    }
    response
}
