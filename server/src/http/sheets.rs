//! What is read off the rules, for a spreadsheet: the RACI matrix, who answers for what, and a flow's
//! playbook. Each in whole; what their pages filter by filters them, too.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Query, State},
    response::Response,
    routing::get,
};
use domain::{
    access::Noun,
    flow::{Flow, Step, StepKind},
    owner::Owner,
    raci::{Decision, Letter},
};
use engine::{Ctx, Engine, Error, OwnedNow, Result, Rules};
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    Site,
    csv::{Asked, enter, file},
};

pub fn router(site: &Arc<Site>) -> Router {
    Router::new()
        .route("/m/{merchant}/raci.csv", get(raci))
        .route("/m/{merchant}/ownership.csv", get(ownership))
        .route("/m/{merchant}/reports/coordination.csv", get(coordination))
        .route("/m/{merchant}/reports/integrations.csv", get(integrations))
        .route("/m/{merchant}/flows/{id}/playbook.csv", get(playbook))
        .with_state(Arc::clone(site))
}

type Lines = Vec<Vec<String>>;

/// Hand-offs that people make, dearest first.
async fn coordination(
    State(site): State<Arc<Site>>,
    Path(slug): Path<String>,
    session: Session,
) -> Response {
    let head = [
        "rank",
        "flow",
        "step",
        "owner",
        "done_in",
        "minutes_each",
        "times_a_week",
        "minutes_a_month",
        "cost_a_month_minor",
        "currency",
    ];
    let lines = async {
        let ctx = enter(&site.engine, &session, &slug).await?;
        let found = site.engine.coordination(&ctx).await?;
        let rules = site.engine.rules_of(ctx.merchant_id()).await?;
        let numbered = found.hand_offs.iter().zip(1..);
        Ok(numbered
            .map(|(one, rank): (_, usize)| {
                let cost = found
                    .an_hour
                    .map(|an_hour| domain::debt::cost(one.minutes_a_month, an_hour));
                vec![
                    rank.to_string(),
                    one.flow.clone(),
                    one.step.clone(),
                    rules.spoken_name(&one.owner),
                    one.manual.tool.clone(),
                    one.manual.minutes_each.to_string(),
                    one.manual.times_a_week.to_string(),
                    one.minutes_a_month.to_string(),
                    cost.map(|money| money.minor.to_string())
                        .unwrap_or_default(),
                    cost.map(|money| money.currency.to_string())
                        .unwrap_or_default(),
                ]
            })
            .collect())
    };
    file("coordination", &head, lines.await)
}

/// Which system says what to which.
async fn integrations(
    State(site): State<Arc<Site>>,
    Path(slug): Path<String>,
    session: Session,
) -> Response {
    let head = [
        "system",
        "connection",
        "direction",
        "what",
        "retries",
        "owner",
        "accept_ms",
        "resolve_ms",
        "used_by",
    ];
    let lines = async {
        let ctx = enter(&site.engine, &session, &slug).await?;
        let found = site.engine.integrations(&ctx).await?;
        let rules = site.engine.rules_of(ctx.merchant_id()).await?;
        let ms = |clock: Option<i64>| clock.map(|ms| ms.to_string()).unwrap_or_default();
        Ok(found
            .iter()
            .map(|one| {
                let owner = one.owner.as_ref();
                vec![
                    one.system.clone(),
                    one.connection.clone(),
                    one.direction.to_owned(),
                    one.what.clone(),
                    one.retries.clone(),
                    owner
                        .map(|owner| rules.spoken_name(owner))
                        .unwrap_or_default(),
                    ms(one.accept_ms),
                    ms(one.resolve_ms),
                    one.used_by.join("; "),
                ]
            })
            .collect())
    };
    file("integrations", &head, lines.await)
}

async fn raci(
    State(site): State<Arc<Site>>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
    session: Session,
) -> Response {
    let head = [
        "flow",
        "decision",
        "responsible",
        "accountable",
        "consulted",
        "informed",
        "gaps",
    ];
    let lines = async {
        let ctx = enter(&site.engine, &session, &slug).await?;
        matrix(&site.engine, &ctx, &asked).await
    };
    file("raci", &head, lines.await)
}

async fn matrix(engine: &Engine, ctx: &Ctx, asked: &Asked) -> Result<Lines> {
    let found = engine.raci(ctx).await?;
    let rules = engine.rules_of(ctx.merchant_id()).await?;
    let filter = asked.filter(ctx);
    let mut lines = Vec::new();
    for group in &found.groups {
        for decision in &group.decisions {
            let gaps: Vec<String> = rules
                .raci_gaps(decision, ctx.now())
                .iter()
                .map(|gap| gap.sentence(|owner| rules.spoken_name(owner)))
                .collect();
            if !engine::raci_fits(&filter, &group.title, (decision, gaps.is_empty())) {
                continue;
            }
            let cell = |letter| owners(&rules, decision, letter);
            lines.push(vec![
                group.title.clone(),
                decision.title.clone(),
                cell(Letter::Responsible),
                cell(Letter::Accountable),
                cell(Letter::Consulted),
                cell(Letter::Informed),
                gaps.join("; "),
            ]);
        }
    }
    Ok(lines)
}

fn owners(rules: &Rules, decision: &Decision, letter: Letter) -> String {
    let names: Vec<String> = decision
        .owners(letter)
        .into_iter()
        .map(|owner| rules.spoken_name(owner))
        .collect();
    names.join(", ")
}

async fn ownership(
    State(site): State<Arc<Site>>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
    session: Session,
) -> Response {
    let head = [
        "kind",
        "what",
        "of",
        "owner",
        "answers_now",
        "why_nobody",
        "backup",
        "accept_ms",
        "resolve_ms",
        "contact",
        "escalation",
    ];
    let lines = async {
        let ctx = enter(&site.engine, &session, &slug).await?;
        let rows = site.engine.ownership(&ctx).await?;
        let rules = site.engine.rules_of(ctx.merchant_id()).await?;
        let filter = asked.filter(&ctx);
        Ok(rows
            .iter()
            .filter(|one| one.fits(&rules, &filter))
            .map(|one| owned_line(&rules, one))
            .collect())
    };
    file("ownership", &head, lines.await)
}

fn owned_line(rules: &Rules, one: &OwnedNow) -> Vec<String> {
    let all = |of: fn(&domain::people::User) -> &str| {
        let texts: Vec<&str> = one.answering.iter().map(of).collect();
        texts.join(", ")
    };
    let owned = &one.owned;
    let ladder: Vec<String> = owned
        .ladder
        .iter()
        .map(|step| {
            format!(
                "{} after {} ms",
                rules.spoken_name(&step.target),
                step.after_ms
            )
        })
        .collect();
    vec![
        owned.kind.as_str().to_owned(),
        owned.title.clone(),
        owned.of.clone(),
        owned.owner.to_string(),
        all(|user| &user.name),
        one.why.clone().unwrap_or_default(),
        owned.backup.to_string(),
        owned.accept_ms.to_string(),
        owned
            .resolve_ms
            .map(|ms| ms.to_string())
            .unwrap_or_default(),
        all(|user| &user.email),
        ladder.join("; "),
    ]
}

async fn playbook(
    State(site): State<Arc<Site>>,
    Path((slug, id)): Path<(String, String)>,
    session: Session,
) -> Response {
    let head = [
        "step",
        "key",
        "title",
        "kind",
        "owner",
        "backup",
        "accept_ms",
        "resolve_ms",
        "done_when",
        "if_it_fails",
        "then",
        "runbook",
    ];
    let lines = async {
        let ctx = enter(&site.engine, &session, &slug).await?;
        let id: Uuid = id.parse().map_err(|_| Error::not_found("flow"))?;
        ctx.read(Noun::Person)?;
        let flow = site.engine.flow(&ctx, id).await?;
        let rules = site.engine.rules_of(ctx.merchant_id()).await?;
        let steps = flow.steps.iter().enumerate();
        Ok(steps
            .map(|(index, step)| step_line(&rules, &flow, (index + 1, step)))
            .collect())
    };
    file("playbook", &head, lines.await)
}

fn step_line(rules: &Rules, flow: &Flow, (number, step): (usize, &Step)) -> Vec<String> {
    let name = |owner: &Owner| rules.spoken_name(owner);
    let contract = match &step.kind {
        StepKind::EmitExport { export_type, .. } => rules.contract(export_type),
        _ => None,
    };
    let (accept_ms, resolve_ms) = contract
        .map_or((step.clock.accept_ms, step.clock.resolve_ms), |contract| {
            (contract.accept_ms, contract.resolve_ms)
        });
    let check = step.checkpoint.as_ref();
    vec![
        number.to_string(),
        step.key.clone(),
        step.title.clone(),
        step.kind.name().to_owned(),
        name(&step.owner),
        name(&step.backup),
        accept_ms.to_string(),
        resolve_ms.to_string(),
        check.map(|one| one.what.clone()).unwrap_or_default(),
        app::features::playbook::failures(flow, step, name).join("; "),
        app::features::playbook::next_steps(flow, step),
        step.runbook.clone(),
    ]
}
