//! What it costs that people carry work from system to system, where it stalls, and which system is supposed
//! to say what to which: three looks at one installation, read off what is configured and what happened.

mod integrations;
mod stalls;

use std::collections::{BTreeMap, HashMap};

pub use integrations::Integration;
pub use stalls::{Answer, Stall, Stalls};

use domain::{
    Money, Time,
    access::{Action, Noun},
    approval::ApprovalState,
    debt::{HandOff, an_hour, hand_offs},
    flow::Flow,
    task::{Task, TaskState},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, FieldError, Result},
    port::{AuditNote, ListFilter, Reads, StoreExt},
};

/// How far back touches and stalls are looked for.
pub const DAYS: i64 = 30;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const PAGE: i64 = 500;
/// Pages of each list that are read: the newest 5,000 of each kind are enough to tell where hands are.
const PAGES: usize = 10;
/// Runs of each flow that are counted, newest first.
const RUNS: i64 = 1_000;
/// How often people had to lay hands on a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    pub flow_key: String,
    pub flow: String,
    pub step_key: String,
    pub step: String,
    /// Runs that came to the step.
    pub runs: i64,
    /// Approvals people decided and tasks people resolved, of these runs.
    pub touches: i64,
}

impl Touched {
    /// Rounded to the nearest whole; `None` when no run came there.
    pub fn per_hundred(&self) -> Option<i64> {
        (self.runs > 0).then(|| (self.touches * 100 + self.runs / 2) / self.runs)
    }
}

#[derive(Clone, Debug, Default)]
pub struct Coordination {
    /// Dearest first.
    pub hand_offs: Vec<HandOff>,
    pub an_hour: Option<Money>,
    /// Most touched first; steps that no run came to are not in it.
    pub touched: Vec<Touched>,
    pub since: Time,
}

impl Engine {
    pub async fn coordination(&self, ctx: &Ctx) -> Result<Coordination> {
        ctx.read(Noun::Flow)?;
        ctx.read(Noun::Task)?;
        let merchant = ctx.merchant_id();
        let rules = self.rules_of(merchant).await?;
        let since = ctx.now().plus_ms(-DAYS * DAY_MS);
        let mut reads = self.store.reads().await?;
        let touches = touches(&mut *reads, merchant, since).await?;
        let mut touched = Vec::new();
        for flow in &rules.flows {
            touched.extend(of_flow(&mut *reads, flow, since, &touches).await?);
        }
        touched.sort_by(|a, b| {
            let rate = |one: &Touched| one.per_hundred().unwrap_or_default();
            rate(b)
                .cmp(&rate(a))
                .then_with(|| (&a.flow_key, &a.step_key).cmp(&(&b.flow_key, &b.step_key)))
        });
        Ok(Coordination {
            hand_offs: hand_offs(rules.flows.iter().map(AsRef::as_ref)),
            an_hour: reads.hourly_cost(merchant).await?,
            touched,
            since,
        })
    }

    /// What an hour of people's time costs here, from now on.
    pub async fn set_hourly_cost(&self, ctx: &Ctx, amount: &str, currency: &str) -> Result<Money> {
        ctx.require(Action::ManageMerchant)?;
        let money = an_hour(amount, currency).map_err(|sentence| {
            let field = if sentence.contains("ISO") {
                "currency"
            } else {
                "amount"
            };
            Error::invalid_fields(vec![FieldError {
                field: field.to_owned(),
                sentence: sentence.to_owned(),
            }])
        })?;
        let ctx = ctx.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    let before = tx.hourly_cost(merchant).await?;
                    if before == Some(money) {
                        return Ok(money);
                    }
                    tx.set_hourly_cost(merchant, money).await?;
                    tx.note(AuditNote {
                        merchant_id: merchant,
                        at: ctx.now(),
                        actor: ctx.actor_name(),
                        action: "merchant.hourly_cost_changed".to_owned(),
                        subject_kind: "merchant",
                        subject_id: merchant,
                        detail: json!({ "from": before, "to": money }),
                        trace_id: Some(ctx.trace_id().to_owned()),
                    });
                    Ok(money)
                })
            })
            .await
    }
}

/// By run and step.
type Touches = HashMap<(Uuid, String), i64>;

async fn touches(reads: &mut (dyn Reads + '_), merchant: Uuid, since: Time) -> Result<Touches> {
    let mut steps: HashMap<Uuid, (Uuid, String)> = HashMap::new();
    let mut filter = first_page();
    for _ in 0..PAGES {
        let page = reads.exports(merchant, &filter).await?;
        let last = page.last().map(|one| (one.created_at, one.id));
        for one in page {
            steps.insert(one.id, (one.run_id, one.step_key));
        }
        if !turn(&mut filter, last, since) {
            break;
        }
    }
    let mut found = Touches::new();
    for state in [ApprovalState::Approved, ApprovalState::Declined] {
        let filter = ListFilter {
            state: Some(state.to_string()),
            since: Some(since),
            limit: PAGE * 10,
            ..ListFilter::default()
        };
        for approval in reads.approvals(merchant, &filter).await? {
            if let Some(at) = steps.get(&approval.export_id) {
                *found.entry(at.clone()).or_default() += 1;
            }
        }
    }
    let resolved = Some(TaskState::Resolved);
    for task in tasks_since(reads, merchant, since, resolved).await? {
        let of_step = task.run_id.zip(task.step.map(|step| step.key));
        let of_export = task.export_id.and_then(|id| steps.get(&id).cloned());
        if let Some(at) = of_step.or(of_export)
            && task.resolved_by.is_some()
        {
            *found.entry(at).or_default() += 1;
        }
    }
    Ok(found)
}

fn first_page() -> ListFilter {
    ListFilter {
        limit: PAGE,
        ..ListFilter::default()
    }
}

/// Turns to the next page; false when there is none, or it would be older than asked for.
fn turn(filter: &mut ListFilter, last: Option<(Time, Uuid)>, since: Time) -> bool {
    filter.before = last;
    last.is_some_and(|(at, _)| at >= since)
}

/// Newest first.
async fn tasks_since(
    reads: &mut (dyn Reads + '_),
    merchant: Uuid,
    since: Time,
    state: Option<TaskState>,
) -> Result<Vec<Task>> {
    let mut all = Vec::new();
    let mut filter = ListFilter {
        state: state.map(|one| one.to_string()),
        ..first_page()
    };
    for _ in 0..PAGES {
        let page = reads.tasks(merchant, &filter).await?;
        let last = page.last().map(|one| (one.created_at, one.id));
        all.extend(page.into_iter().filter(|one| one.created_at >= since));
        if !turn(&mut filter, last, since) {
            break;
        }
    }
    all.sort_by_key(|task| std::cmp::Reverse((task.created_at, task.id)));
    Ok(all)
}

async fn of_flow(
    reads: &mut (dyn Reads + '_),
    flow: &Flow,
    since: Time,
    touches: &Touches,
) -> Result<Vec<Touched>> {
    let mut by_step: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    let runs = reads
        .runs_of_flow(flow.merchant_id, &flow.key, RUNS)
        .await?;
    for run in runs.iter().filter(|run| run.started_at >= since) {
        let mut seen: Vec<&str> = run.path.iter().map(|visit| visit.step.as_str()).collect();
        seen.sort_unstable();
        seen.dedup();
        for key in seen {
            let (runs, hands) = by_step.entry(key.to_owned()).or_default();
            *runs += 1;
            *hands += touches
                .get(&(run.id, key.to_owned()))
                .copied()
                .unwrap_or_default();
        }
    }
    let touched = flow.steps.iter().filter_map(|step| {
        let (runs, touches) = by_step.get(&step.key).copied()?;
        Some(Touched {
            flow_key: flow.key.clone(),
            flow: flow.name.clone(),
            step_key: step.key.clone(),
            step: step.title.clone(),
            runs,
            touches,
        })
    });
    Ok(touched.collect())
}
