//! Contracts: what the exports of a type must look like, and who answers for them.

use std::sync::Arc;

use axum::{
    Json,
    extract::{RawPathParams, State},
    response::{IntoResponse, Response},
};
use engine::Engine;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::Value;

use super::{
    Answer,
    caller::Caller,
    contract_drafts::Called,
    input::Params,
    page::{Page, Part},
    views::{ContractDetail, ContractView},
};
use crate::problem::Problem;

/// List the published contracts, each in its newest version
#[utoipa::path(
    get, path = "/contracts", tag = "contracts", params(Part),
    responses((status = 200, description = "All contracts.", body = Page<ContractView>)),
)]
pub async fn list_contracts(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Params(part): Params<Part>,
) -> Answer<Page<ContractView>> {
    let contracts = engine.contracts(&ctx).await?;
    let standings = engine.contract_standings(&ctx).await?;
    let views = contracts
        .iter()
        .map(|contract| ContractView::of(contract, &standings));
    part.of(views.collect()).map(Json)
}

/// Show a contract version, and which others there are
///
/// By the id of a version, or the newest by its export type.
#[utoipa::path(
    get, path = "/contracts/{id}", tag = "contracts",
    params(("id" = String, Path, example = "price_update")),
    responses((status = 200, description = "The contract.", body = ContractDetail)),
)]
pub async fn get_contract(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    called: Called,
) -> Answer<ContractDetail> {
    let contract = called.version(&engine, &ctx).await?;
    let standings = engine.contract_standings(&ctx).await?;
    let versions = engine
        .contract_versions(&ctx, &contract.export_type)
        .await?;
    Ok(Json(ContractDetail::of(&contract, &versions, &standings)))
}

/// The JSON Schema (2020-12) of the payload of a contract's version
///
/// The address that every export message gives as its `dataschema`. The id may be that of any version
/// of the contract, or its export type.
#[utoipa::path(
    get, path = "/contracts/{id}/versions/{version}/schema", tag = "contracts",
    params(("id" = String, Path, example = "price_update"), ("version" = String, Path, example = "1.0")),
    responses((
        status = 200, description = "The schema.", body = Object, content_type = "application/schema+json",
    )),
)]
pub async fn get_contract_schema(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    called: Called,
    params: RawPathParams,
) -> Result<Response, Problem> {
    let version = params
        .iter()
        .find(|(name, _)| *name == "version")
        .map_or("", |(_, version)| version);
    let contract = called.version(&engine, &ctx).await?;
    if contract.version == version {
        return Ok(schema(&contract.schema));
    }
    let others = engine
        .contract_versions(&ctx, &contract.export_type)
        .await?;
    let found = others.iter().find(|other| other.version == version);
    found
        .map(|other| schema(&other.schema))
        .ok_or_else(|| Problem::not_found("version"))
}

fn schema(schema: &Value) -> Response {
    (
        [
            (CONTENT_TYPE, "application/schema+json"),
            // a version never changes; whoever may read it may keep it
            (CACHE_CONTROL, "private, max-age=31536000, immutable"),
        ],
        schema.to_string(),
    )
        .into_response()
}
