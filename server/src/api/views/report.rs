//! Reports. Owners are written as everywhere: `party:role`, `rotation:key`, `user:id`.

use domain::{
    Time,
    debt::cost,
    owner::Owner,
    raci::{Decision, Letter},
};
use engine::{Coordination, Finding, Integration, OwnedNow, Raci, Rules, StallAnswer, Stalls};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::words::{Amount, At};

/// One of the reports; `report` says which.
#[derive(Serialize, ToSchema)]
#[serde(tag = "report", rename_all = "snake_case")]
#[schema(as = Report)]
pub enum ReportView {
    Coordination(CoordinationReport),
    Stalls(StallsReport),
    Integrations(IntegrationsReport),
    Ownership(OwnershipReport),
    Raci(RaciReport),
}

/// What it costs that people carry work from system to system.
#[derive(Serialize, ToSchema)]
pub struct CoordinationReport {
    /// Touches are counted from here on.
    since: At,
    /// What an hour of a person's time costs, where that was said.
    hourly_cost: Option<Amount>,
    /// Dearest first.
    hand_offs: Vec<HandOffView>,
    /// Most touched first; a step that no run came to is not in it.
    touched: Vec<TouchedView>,
}

/// A step that people do by hand today.
#[derive(Serialize, ToSchema)]
#[schema(as = HandOff)]
struct HandOffView {
    flow: StepPlace,
    owner: String,
    /// Where people do it.
    tool: String,
    minutes_each: u32,
    times_a_week: u32,
    /// A month is a twelfth of 52 weeks.
    minutes_a_month: i64,
    cost_a_month: Option<Amount>,
}

/// A step of a published flow.
#[derive(Serialize, ToSchema)]
struct StepPlace {
    #[schema(example = "order-to-ship")]
    key: String,
    name: String,
    step_key: String,
    step: String,
}

/// Where people laid hands on live work.
#[derive(Serialize, ToSchema)]
#[schema(as = TouchedStep)]
struct TouchedView {
    flow: StepPlace,
    /// Runs that came to the step.
    runs: i64,
    /// Approvals that people decided and tasks that people resolved, of these runs.
    touches: i64,
    touches_per_100: Option<i64>,
}

impl CoordinationReport {
    pub fn of(found: Coordination) -> Self {
        let an_hour = found.an_hour;
        let hand_offs = found.hand_offs.into_iter().map(|one| HandOffView {
            flow: StepPlace {
                key: one.flow_key,
                name: one.flow,
                step_key: one.step_key,
                step: one.step,
            },
            owner: one.owner.to_string(),
            tool: one.manual.tool,
            minutes_each: one.manual.minutes_each,
            times_a_week: one.manual.times_a_week,
            minutes_a_month: one.minutes_a_month,
            cost_a_month: an_hour.map(|an_hour| cost(one.minutes_a_month, an_hour).into()),
        });
        let touched = found.touched.into_iter().map(|one| TouchedView {
            runs: one.runs,
            touches: one.touches,
            touches_per_100: one.per_hundred(),
            flow: StepPlace {
                key: one.flow_key,
                name: one.flow,
                step_key: one.step_key,
                step: one.step,
            },
        });
        Self {
            since: found.since.into(),
            hourly_cost: an_hour.map(Amount::from),
            hand_offs: hand_offs.collect(),
            touched: touched.collect(),
        }
    }
}

/// The last orders that stalled.
#[derive(Serialize, ToSchema)]
pub struct StallsReport {
    /// The latest five, looked at closely.
    stalls: Vec<StallView>,
    /// All of the last 30 days, newest first.
    orders: Vec<StalledOrder>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Stall)]
struct StallView {
    order_id: Uuid,
    order: String,
    task_id: Uuid,
    task: String,
    trigger: AnswerView,
    source: AnswerView,
    owner: AnswerView,
    next_action: AnswerView,
    first_response: AnswerView,
}

/// What is known, or what is missing and what would make it known.
#[derive(Serialize, ToSchema)]
#[schema(as = StallAnswer)]
struct AnswerView {
    known: Option<String>,
    missing: Option<String>,
    fix: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct StalledOrder {
    order_id: Uuid,
    order: String,
    /// What happened.
    task: String,
    at: At,
}

impl From<&StallAnswer> for AnswerView {
    fn from(answer: &StallAnswer) -> Self {
        match answer {
            StallAnswer::Known(text) => Self {
                known: Some(text.clone()),
                missing: None,
                fix: None,
            },
            StallAnswer::Missing { what, fix, .. } => Self {
                known: None,
                missing: Some(what.clone()),
                fix: Some(fix.clone()),
            },
        }
    }
}

impl StallsReport {
    pub fn of(found: Stalls) -> Self {
        let stalls = found.chosen.iter().map(|one| StallView {
            order_id: one.order_id,
            order: one.order.clone(),
            task_id: one.task.id,
            task: one.task.title.clone(),
            trigger: (&one.trigger).into(),
            source: (&one.source).into(),
            owner: (&one.owner).into(),
            next_action: (&one.next_action).into(),
            first_response: (&one.first_response).into(),
        });
        let orders = found
            .candidates
            .iter()
            .map(|(order_id, order, task, at)| StalledOrder {
                order_id: *order_id,
                order: order.clone(),
                task: task.clone(),
                at: (*at).into(),
            });
        Self {
            stalls: stalls.collect(),
            orders: orders.collect(),
        }
    }
}

/// Which system says what to which, from what is configured.
#[derive(Serialize, ToSchema)]
pub struct IntegrationsReport {
    integrations: Vec<IntegrationView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Integration)]
struct IntegrationView {
    system: String,
    connection: String,
    /// `emits` or `consumes`.
    direction: &'static str,
    /// An event, or the type of an export.
    what: String,
    retries: String,
    /// Whose clock runs.
    owner: Option<String>,
    accept_ms: Option<i64>,
    resolve_ms: Option<i64>,
    /// Flows and contracts that rely on it.
    used_by: Vec<String>,
}

impl IntegrationsReport {
    pub fn of(found: Vec<Integration>) -> Self {
        let lines = found.into_iter().map(|one| IntegrationView {
            system: one.system,
            connection: one.connection,
            direction: one.direction,
            what: one.what,
            retries: one.retries,
            owner: one.owner.map(|owner| owner.to_string()),
            accept_ms: one.accept_ms,
            resolve_ms: one.resolve_ms,
            used_by: one.used_by,
        });
        Self {
            integrations: lines.collect(),
        }
    }
}

/// Every decision, who answers for it at this minute, and what is wrong with that.
#[derive(Serialize, ToSchema)]
pub struct OwnershipReport {
    decisions: Vec<OwnedView>,
    findings: Vec<FindingView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OwnedDecision)]
struct OwnedView {
    /// `step`, `export`, `approval`, `exception` or `source`.
    kind: &'static str,
    title: String,
    /// The flow or contract that it belongs to.
    of: String,
    owner: String,
    backup: String,
    accept_ms: i64,
    resolve_ms: Option<i64>,
    /// The people who answer for it now.
    answering: Vec<AnsweringPerson>,
    /// Why nobody does.
    why_nobody: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct AnsweringPerson {
    id: Uuid,
    name: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OwnershipFinding)]
struct FindingView {
    /// What kind of thing was found, in words.
    kind: &'static str,
    about: String,
    sentence: String,
    /// Nobody would answer; otherwise it is a risk.
    breaks: bool,
    /// How many things name them.
    things: usize,
}

impl OwnershipReport {
    pub fn of(rows: Vec<OwnedNow>, findings: Vec<Finding>) -> Self {
        let decisions = rows.into_iter().map(|one| OwnedView {
            kind: one.owned.kind.as_str(),
            title: one.owned.title,
            of: one.owned.of,
            owner: one.owned.owner.to_string(),
            backup: one.owned.backup.to_string(),
            accept_ms: one.owned.accept_ms,
            resolve_ms: one.owned.resolve_ms,
            answering: one
                .answering
                .into_iter()
                .map(|user| AnsweringPerson {
                    id: user.id,
                    name: user.name,
                })
                .collect(),
            why_nobody: one.why,
        });
        let findings = findings.into_iter().map(|one| FindingView {
            kind: one.kind.title(),
            about: one.about.to_string(),
            sentence: one.sentence,
            breaks: one.kind.breaks(),
            things: one.things,
        });
        Self {
            decisions: decisions.collect(),
            findings: findings.collect(),
        }
    }
}

/// Who is responsible, accountable, consulted and informed.
#[derive(Serialize, ToSchema)]
pub struct RaciReport {
    decisions: Vec<DecisionView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RaciDecision)]
struct DecisionView {
    /// The flow; for contracts that no flow makes exports of, what they are called together.
    group: String,
    flow_id: Option<Uuid>,
    decision: String,
    responsible: Vec<String>,
    accountable: Vec<String>,
    consulted: Vec<String>,
    informed: Vec<String>,
    /// What does not hold, in sentences.
    gaps: Vec<String>,
}

impl RaciReport {
    pub fn of(found: &Raci, rules: &Rules, now: Time) -> Self {
        let owners = |decision: &Decision, letter: Letter| -> Vec<String> {
            let named = decision.owners(letter);
            named.into_iter().map(Owner::to_string).collect()
        };
        let mut decisions = Vec::new();
        for group in &found.groups {
            for one in &group.decisions {
                let gaps = rules.raci_gaps(one, now);
                decisions.push(DecisionView {
                    group: group.title.clone(),
                    flow_id: group.flow,
                    decision: one.title.clone(),
                    responsible: owners(one, Letter::Responsible),
                    accountable: owners(one, Letter::Accountable),
                    consulted: owners(one, Letter::Consulted),
                    informed: owners(one, Letter::Informed),
                    gaps: gaps
                        .iter()
                        .map(|gap| gap.sentence(|owner| rules.spoken_name(owner)))
                        .collect(),
                });
            }
        }
        Self { decisions }
    }
}
