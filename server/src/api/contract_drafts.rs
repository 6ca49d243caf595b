//! How the next version of a contract comes to be, and how a contract ends.
//!
//! A document becomes a draft; publishing is a call of its own, through the same gate as on the page. What cannot
//! be kept is refused whole, each fault with its pointer; what merely cannot be published yet is kept, and the
//! answer says why.

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRequestParts, RawPathParams, State},
};
use domain::contract::Contract;
use engine::{
    BeginContract, ContractSaved, Ctx, Deprecation, Engine, Error, Kind, contract_document,
    read_contract_document,
};
use http::request::Parts;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Answer,
    caller::Caller,
    input::Input,
    views::{ContractDraftView, ContractPublishedView, ContractView, StandingView},
};
use crate::problem::Problem;

/// An export type, or the id of a version.
pub struct Called(String);

impl FromRequestParts<Arc<Engine>> for Called {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, engine: &Arc<Engine>) -> Result<Self, Problem> {
        let named = RawPathParams::from_request_parts(parts, engine)
            .await
            .map_err(|_| Problem::not_found("contract"))?;
        let word = named
            .iter()
            .find(|(name, word)| *name == "id" && !word.contains('\0'));
        word.map(|(_, word)| Self(word.to_owned()))
            .ok_or_else(|| Problem::not_found("contract"))
    }
}

impl Called {
    /// The export type, whichever of the two was given.
    async fn export_type(&self, engine: &Engine, ctx: &Ctx) -> Result<String, Problem> {
        match self.0.parse::<Uuid>() {
            Ok(id) => Ok(engine.contract(ctx, id).await?.export_type),
            Err(_) => Ok(self.0.clone()),
        }
    }

    /// That version; the newest of the export type.
    pub async fn version(&self, engine: &Engine, ctx: &Ctx) -> Result<Contract, Problem> {
        if let Ok(id) = self.0.parse::<Uuid>() {
            return Ok(engine.contract(ctx, id).await?);
        }
        let versions = engine.contract_versions(ctx, &self.0).await?;
        let newest = versions.into_iter().next();
        newest.ok_or_else(|| Problem::not_found("contract"))
    }
}

/// A contract as a document
///
/// What is live, without what belongs to one version or one merchant. It can be sent to another merchant as it is.
#[utoipa::path(
    get, path = "/contracts/{id}/export", tag = "contracts",
    params(("id" = String, Path, example = "price_update")),
    responses((status = 200, description = "The document.", body = Object)),
)]
pub async fn export_contract(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    called: Called,
) -> Answer<Value> {
    let export_type = called.export_type(&engine, &ctx).await?;
    let versions = engine.contract_versions(&ctx, &export_type).await?;
    let live = versions
        .first()
        .ok_or_else(|| Problem::not_found("contract"))?;
    Ok(Json(contract_document(live)?))
}

/// Show a contract's draft: what keeps it from being published, what the change means, what its samples say
#[utoipa::path(
    get, path = "/contracts/{id}/draft", tag = "contracts",
    params(("id" = String, Path, example = "price_update")),
    responses((status = 200, description = "The draft.", body = ContractDraftView)),
)]
pub async fn get_contract_draft(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    called: Called,
) -> Answer<ContractDraftView> {
    let export_type = called.export_type(&engine, &ctx).await?;
    view(&engine, &ctx, &export_type).await
}

/// A new contract.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewContract {
    /// A document as `GET /contracts/{id}/export` gives it.
    #[schema(value_type = Object)]
    contract: Value,
}

/// Draw a new contract
///
/// The document becomes the first draft of a contract of this export type.
#[utoipa::path(
    post, path = "/contracts", tag = "contracts", request_body = NewContract,
    responses((status = 200, description = "The draft.", body = ContractDraftView)),
)]
pub async fn create_contract(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Input(new): Input<NewContract>,
) -> Answer<ContractDraftView> {
    ctx.require(domain::access::Action::DrawContracts)?;
    let draft = read(&ctx, &new.contract)?;
    let export_type = draft.export_type.clone();
    if !engine
        .contract_versions(&ctx, &export_type)
        .await?
        .is_empty()
    {
        return Err(Error::conflict(format!(
            "There is a contract “{export_type}” already: send the next version to /contracts/{export_type}/versions."
        ))
        .into());
    }
    begin(&engine, &ctx, draft).await?;
    view(&engine, &ctx, &export_type).await
}

/// The next version of a contract.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NextContract {
    #[schema(value_type = Object)]
    contract: Value,
    /// The version that you changed. Refused when another is live.
    #[schema(example = "1.0")]
    base_version: String,
    /// The draft that you saw, if there is one.
    rev: Option<i64>,
}

/// Draw the next version of a contract
///
/// The document becomes the draft. Whoever changed something older than what is live, or than what is drawn, is
/// told so, and nothing is overwritten.
#[utoipa::path(
    post, path = "/contracts/{id}/versions", tag = "contracts",
    params(("id" = String, Path, example = "price_update")), request_body = NextContract,
    responses((status = 200, description = "The draft.", body = ContractDraftView)),
)]
pub async fn draw_contract(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    called: Called,
    Input(next): Input<NextContract>,
) -> Answer<ContractDraftView> {
    ctx.require(domain::access::Action::DrawContracts)?;
    let export_type = called.export_type(&engine, &ctx).await?;
    let versions = engine.contract_versions(&ctx, &export_type).await?;
    let live = versions
        .first()
        .ok_or_else(|| Problem::not_found("contract"))?;
    let draft = read(&ctx, &next.contract)?;
    if draft.export_type != export_type {
        let sentence = format!("This is the contract “{export_type}”.");
        return Err(Error::invalid("contract/export_type", sentence).into());
    }
    if live.version != next.base_version {
        return Err(Error::conflict(format!(
            "Version {} is live; you changed version {}. Compare them first.",
            live.version, next.base_version
        ))
        .into());
    }
    let drawn = match engine.contract_draft(&ctx, &export_type).await {
        Ok(sheet) => Some(sheet),
        Err(error) if error.kind == Kind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    match (drawn, next.rev) {
        (None, _) => begin(&engine, &ctx, draft).await?,
        (Some(drawn), None) => {
            return Err(Error::conflict(format!(
                "There is a draft already: say which one you saw (rev {}).",
                drawn.rev
            ))
            .into());
        }
        (Some(_), Some(rev)) => {
            let saved = engine
                .save_contract_draft(&ctx, &export_type, rev, draft)
                .await
                .map_err(|error| Problem::from(error).below("/contract"))?;
            if let ContractSaved::Conflict(theirs) = saved {
                return Err(Error::conflict(format!(
                    "Somebody changed the draft meanwhile: it is at rev {} now.",
                    theirs.rev
                ))
                .into());
            }
        }
    }
    view(&engine, &ctx, &export_type).await
}

/// What is published, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishContract {
    /// The draft that you saw.
    hash: String,
    #[schema(
        min_length = 3,
        max_length = 500,
        example = "Prices carry their currency now"
    )]
    note: String,
}

/// Publish a contract's draft
///
/// Where publishing takes two people, this asks: somebody else, who had no part in it, agrees on the page.
#[utoipa::path(
    post, path = "/contracts/{id}/publish", tag = "contracts",
    params(("id" = String, Path, example = "price_update")), request_body = PublishContract,
    responses((status = 200, description = "The version, or that somebody else is asked.", body = ContractPublishedView)),
)]
pub async fn publish_contract(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    called: Called,
    Input(publish): Input<PublishContract>,
) -> Answer<ContractPublishedView> {
    ctx.require(domain::access::Action::DrawContracts)?;
    let export_type = called.export_type(&engine, &ctx).await?;
    if engine.publishes_by_two(&ctx).await? {
        engine
            .ask_to_publish_contract(&ctx, &export_type, &publish.hash, &publish.note)
            .await?;
        let Json(asked) = view(&engine, &ctx, &export_type).await?;
        return Ok(Json(ContractPublishedView {
            contract: None,
            asked: Some(asked),
        }));
    }
    let contract = engine
        .publish_contract_draft(&ctx, &export_type, &publish.hash, &publish.note)
        .await?;
    let standings = engine.contract_standings(&ctx).await?;
    Ok(Json(ContractPublishedView {
        contract: Some(ContractView::of(&contract, &standings)),
        asked: None,
    }))
}

/// Until when a contract works.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeprecateContract {
    /// A date or an instant that lies ahead.
    #[schema(example = "2027-03-01")]
    until: String,
    /// The export type that takes its place.
    #[serde(default)]
    replacement: String,
    #[schema(min_length = 3, max_length = 500)]
    why: String,
}

/// Deprecate a contract
///
/// It works as before until its last day, and warns. Then it is retired, if nothing needs it any more.
#[utoipa::path(
    post, path = "/contracts/{id}/deprecate", tag = "contracts",
    params(("id" = String, Path, example = "price_update")), request_body = DeprecateContract,
    responses((status = 200, description = "Where it stands.", body = StandingView)),
)]
pub async fn deprecate_contract(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    called: Called,
    Input(said): Input<DeprecateContract>,
) -> Answer<StandingView> {
    let export_type = called.export_type(&engine, &ctx).await?;
    let said = Deprecation {
        until: said.until,
        replacement: said.replacement,
        why: said.why,
    };
    let standing = engine.deprecate_contract(&ctx, &export_type, said).await?;
    Ok(Json((&standing).into()))
}

/// Why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetireContract {
    #[schema(min_length = 3, max_length = 500)]
    why: String,
}

/// Retire a contract
///
/// No such export is made any more. Refused while a published flow makes them, or one is not at its end.
#[utoipa::path(
    post, path = "/contracts/{id}/retire", tag = "contracts",
    params(("id" = String, Path, example = "price_update")), request_body = RetireContract,
    responses((status = 200, description = "Where it stands.", body = StandingView)),
)]
pub async fn retire_contract(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    called: Called,
    Input(said): Input<RetireContract>,
) -> Answer<StandingView> {
    let export_type = called.export_type(&engine, &ctx).await?;
    let standing = engine
        .retire_contract(&ctx, &export_type, &said.why)
        .await?;
    Ok(Json((&standing).into()))
}

/// Take a deprecated or retired contract back into use
#[utoipa::path(
    post, path = "/contracts/{id}/resume", tag = "contracts",
    params(("id" = String, Path, example = "price_update")),
    responses((status = 200, description = "The contract.", body = ContractView)),
)]
pub async fn resume_contract(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    called: Called,
) -> Answer<ContractView> {
    let export_type = called.export_type(&engine, &ctx).await?;
    engine.resume_contract(&ctx, &export_type).await?;
    let versions = engine.contract_versions(&ctx, &export_type).await?;
    let live = versions
        .first()
        .ok_or_else(|| Problem::not_found("contract"))?;
    Ok(Json(ContractView::of(live, &[])))
}

/// The document inside a body; its faults are told from the body's root.
fn read(ctx: &Ctx, document: &Value) -> Result<Contract, Problem> {
    let bytes = serde_json::to_vec(document).map_err(Problem::internal)?;
    read_contract_document(&bytes, ctx.merchant_id())
        .map_err(|error| Problem::from(error).below("/contract"))
}

async fn begin(engine: &Arc<Engine>, ctx: &Ctx, draft: Contract) -> Result<(), Problem> {
    let begin = BeginContract::Document(Box::new(draft));
    engine
        .begin_contract(ctx, begin)
        .await
        .map(|_sheet| ())
        .map_err(|error| Problem::from(error).below("/contract"))
}

async fn view(engine: &Engine, ctx: &Ctx, export_type: &str) -> Answer<ContractDraftView> {
    let rail = engine.contract_rail(ctx, export_type).await?;
    Ok(Json((&rail).into()))
}
