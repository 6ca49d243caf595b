//! How long content is kept, and what a legal hold keeps longer.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State, response::IntoResponse};
use domain::retention::ContentKind;
use engine::{Engine, HoldInput};
use http::StatusCode;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::{
    Answer,
    caller::Caller,
    input::{Id, Input, Params},
    page::{Page, Part},
    views::{LegalHoldView, RetentionView},
};
use crate::problem::Problem;

/// Show how long content is kept, what the next run would remove, and what the last one did
#[utoipa::path(
    get, path = "/retention", tag = "retention",
    responses((status = 200, description = "The rules and the runs.", body = RetentionView)),
)]
pub async fn get_retention(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
) -> Answer<RetentionView> {
    let state = engine.retention(&ctx).await?;
    Ok(Json((&state).into()))
}

/// A key that is left out is a mistake, and not a wish to keep it for ever.
fn given<'de, D: Deserializer<'de>>(json: D) -> Result<Option<i64>, D::Error> {
    Option::deserialize(json)
}

/// Whole days from 30 on; null: for ever. All four at once, so that nothing is changed by what is left out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRetention {
    /// Raw bodies of receipts.
    #[serde(deserialize_with = "given")]
    #[schema(required = true, minimum = 30, maximum = 36_500, example = 365)]
    receipts: Option<i64>,
    /// Raw bodies of quarantined receipts.
    #[serde(deserialize_with = "given")]
    #[schema(required = true, minimum = 30, maximum = 36_500, example = 90)]
    quarantined: Option<i64>,
    /// Personal data of orders.
    #[serde(deserialize_with = "given")]
    #[schema(required = true, minimum = 30, maximum = 36_500, example = 730)]
    orders: Option<i64>,
    /// Content of exports.
    #[serde(deserialize_with = "given")]
    #[schema(required = true, minimum = 30, maximum = 36_500)]
    exports: Option<i64>,
}

/// Set how long each kind of content is kept
///
/// What is older is removed by the next run and cannot be brought back. Needs a person, as everything about how a
/// merchant is kept does, and, where anything is kept for less long than before, one who proved a moment before that it is
/// them (`step-up-required` otherwise).
#[utoipa::path(
    post, path = "/retention", tag = "retention", request_body = SetRetention,
    responses((status = 200, description = "The rules and the runs.", body = RetentionView)),
)]
pub async fn set_retention(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Input(body): Input<SetRetention>,
) -> Answer<RetentionView> {
    let days = |kind| match kind {
        ContentKind::Receipts => body.receipts,
        ContentKind::Quarantined => body.quarantined,
        ContentKind::Orders => body.orders,
        ContentKind::Exports => body.exports,
    };
    let typed: BTreeMap<_, _> = ContentKind::ALL
        .map(|kind| (kind, days(kind).map_or_else(String::new, |n| n.to_string())))
        .into();
    engine.set_retention(&ctx, typed).await?;
    let state = engine.retention(&ctx).await?;
    Ok(Json((&state).into()))
}

/// List legal holds, in force and lifted, newest first
#[utoipa::path(
    get, path = "/legal-holds", tag = "retention", params(Part),
    responses((status = 200, description = "Every legal hold.", body = Page<LegalHoldView>)),
)]
pub async fn list_legal_holds(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Params(part): Params<Part>,
) -> Answer<Page<LegalHoldView>> {
    let state = engine.retention(&ctx).await?;
    part.of(state.holds.iter().map(Into::into).collect())
        .map(Json)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceLegalHold {
    /// Id or name of the order; left out or empty: everything of the merchant.
    #[serde(default)]
    #[schema(example = "#1001")]
    order: String,
    /// Stands in the audit trail.
    #[schema(min_length = 1, max_length = 500, example = "Case 4-2026")]
    reason: String,
}

/// Place a legal hold: from the answer on nothing that it covers is removed
///
/// Needs a person.
#[utoipa::path(
    post, path = "/legal-holds", tag = "retention", request_body = PlaceLegalHold,
    responses((status = 201, description = "The hold.", body = LegalHoldView)),
)]
pub async fn place_legal_hold(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Input(body): Input<PlaceLegalHold>,
) -> Result<impl IntoResponse, Problem> {
    let input = HoldInput {
        order: body.order,
        reason: body.reason,
    };
    let hold = engine.place_hold(&ctx, input).await?;
    Ok((StatusCode::CREATED, Json(LegalHoldView::from(&hold))))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LiftLegalHold {
    /// Stands in the audit trail.
    #[schema(min_length = 1, max_length = 500, example = "Settled out of court")]
    reason: String,
}

/// Lift a legal hold: what it covers and is old enough is removed by the next run
///
/// Needs a person who proved a moment before that it is them (`step-up-required` otherwise).
#[utoipa::path(
    post, path = "/legal-holds/{id}/lift", tag = "retention", params(("id" = Uuid, Path)),
    request_body = LiftLegalHold,
    responses((status = 200, description = "The hold, lifted.", body = LegalHoldView)),
)]
pub async fn lift_legal_hold(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
    Input(body): Input<LiftLegalHold>,
) -> Answer<LegalHoldView> {
    let hold = engine.lift_hold(&ctx, id, &body.reason).await?;
    Ok(Json((&hold).into()))
}
