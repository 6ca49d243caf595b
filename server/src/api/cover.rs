//! Cover: who answers for what at a given minute.

use std::sync::Arc;

use axum::{Json, extract::State};
use domain::access::Noun;
use engine::Engine;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Answer,
    caller::Caller,
    input::{Params, time},
    page::{Page, Part},
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CoverQuery {
    /// The minute that is asked about, as RFC 3339; now, unless told.
    #[param(example = "2026-11-24T03:00:00Z")]
    at: Option<String>,
}

/// Somebody who answers.
#[derive(Serialize, ToSchema)]
pub struct AnsweringView {
    id: Uuid,
    name: String,
}

/// One role or rotation, and who answers for it.
#[derive(Serialize, ToSchema)]
pub struct CoverView {
    /// `party:role` or `rotation:key`.
    #[schema(example = "agency:logistics")]
    owner: String,
    /// Nobody: a gap.
    answering: Vec<AnsweringView>,
    /// Why nobody does.
    why_nobody: Option<String>,
}

/// Show who answers for each role and rotation
#[utoipa::path(
    get, path = "/cover", tag = "people", params(CoverQuery, Part),
    responses((status = 200, description = "Every role and rotation.", body = Page<CoverView>)),
)]
pub async fn show_cover(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Params(query): Params<CoverQuery>,
    Params(part): Params<Part>,
) -> Answer<Page<CoverView>> {
    ctx.read(Noun::Person)?;
    let at = time("at", query.at)?.unwrap_or_else(|| ctx.now());
    let rules = engine.rules_of(ctx.merchant_id()).await?;
    let views = rules.owners().into_iter().map(|owner| {
        let found = rules.answering_or_why(&owner, at);
        let (who, why_nobody) = match found {
            Ok(who) => (who, None),
            Err(why) => (Vec::new(), Some(why.to_string())),
        };
        CoverView {
            owner: owner.to_string(),
            answering: who
                .into_iter()
                .map(|user| AnsweringView {
                    id: user.id,
                    name: user.name.clone(),
                })
                .collect(),
            why_nobody,
        }
    });
    part.of(views.collect()).map(Json)
}
