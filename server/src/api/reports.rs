//! Reports: what is configured and what happened, reckoned up. One route for all of them, by name.

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRequestParts, RawPathParams, State},
};
use engine::Engine;
use http::{StatusCode, request::Parts};

use super::{
    Answer,
    caller::Caller,
    views::{
        CoordinationReport, IntegrationsReport, OwnershipReport, RaciReport, ReportView,
        StallsReport,
    },
};
use crate::problem::Problem;

/// Every report there is, by the last part of its address.
const NAMES: [&str; 5] = [
    "coordination",
    "stalls",
    "integrations",
    "ownership",
    "raci",
];

/// The `{name}` of the path, if there is such a report.
pub struct Name(&'static str);

impl FromRequestParts<Arc<Engine>> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, engine: &Arc<Engine>) -> Result<Self, Problem> {
        let nothing = || {
            let names = NAMES.join(", ");
            let detail = format!("There is no such report. There are: {names}.");
            Problem::new(StatusCode::NOT_FOUND, detail)
        };
        let named = RawPathParams::from_request_parts(parts, engine)
            .await
            .map_err(|_| nothing())?;
        let found = named.iter().find(|(key, _)| *key == "name");
        let (_, word) = found.ok_or_else(nothing)?;
        NAMES
            .into_iter()
            .find(|name| *name == word)
            .map(Self)
            .ok_or_else(nothing)
    }
}

/// Show a report
///
/// `coordination`: hand-offs made by hand and where people laid hands on live work. `stalls`: the last orders
/// that stalled, with what nobody could say about them. `integrations`: which system says what to which.
/// `ownership`: every decision, who answers for it at this minute, and what is wrong with that. `raci`: who is
/// responsible, accountable, consulted and informed.
#[utoipa::path(
    get, path = "/reports/{name}", tag = "reports",
    params(("name" = String, Path, description = "coordination, stalls, integrations, ownership or raci", example = "coordination")),
    responses((status = 200, description = "The report, as it stands now.", body = ReportView)),
)]
pub async fn get_report(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Name(name): Name,
) -> Answer<ReportView> {
    let report = match name {
        "coordination" => {
            let found = engine.coordination(&ctx).await?;
            ReportView::Coordination(CoordinationReport::of(found))
        }
        "stalls" => ReportView::Stalls(StallsReport::of(engine.stalls(&ctx, &[]).await?)),
        "integrations" => {
            let found = engine.integrations(&ctx).await?;
            ReportView::Integrations(IntegrationsReport::of(found))
        }
        "ownership" => {
            let rows = engine.ownership(&ctx).await?;
            let findings = engine.ownership_audit(&ctx).await?;
            ReportView::Ownership(OwnershipReport::of(rows, findings))
        }
        _ => {
            let found = engine.raci(&ctx).await?;
            let rules = engine.rules_of(ctx.merchant_id()).await?;
            ReportView::Raci(RaciReport::of(&found, &rules, ctx.now()))
        }
    };
    Ok(Json(report))
}
