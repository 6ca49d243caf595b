//! The last orders that stalled, and five questions about each: what began it, where it came from, who has it,
//! what is next, and how long it was until somebody answered. What nobody can say is what to mend.

use domain::{
    Time,
    access::Noun,
    flow::{RunState, Trigger},
    owner::Owner,
    task::Task,
};
use uuid::Uuid;

use super::{DAY_MS, DAYS, PAGE, tasks_since};
use crate::{
    ctx::Ctx,
    engine::Engine,
    error::Result,
    port::{AuditFilter, Reads},
    rules::Rules,
};

/// Stalled orders that are looked at closely at once.
const STALLS: usize = 5;

/// One stalled order, with what is known of it. What is not known comes with what would make it known.
#[derive(Clone, Debug)]
pub struct Stall {
    pub order_id: Uuid,
    pub order: String,
    pub task: Task,
    pub trigger: Answer,
    pub source: Answer,
    pub owner: Answer,
    pub next_action: Answer,
    pub first_response: Answer,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Known(String),
    /// What is missing, what would fix it, and the page where that is done, below the merchant's.
    Missing {
        what: String,
        fix: String,
        path: String,
    },
}

impl Answer {
    fn missing(what: &str, fix: impl Into<String>, path: impl Into<String>) -> Self {
        Self::Missing {
            what: what.to_owned(),
            fix: fix.into(),
            path: path.into(),
        }
    }
}

impl Stall {
    /// The five questions, in the order in which they are asked.
    pub fn answers(&self) -> [(&'static str, &Answer); 5] {
        [
            ("Trigger", &self.trigger),
            ("Source", &self.source),
            ("Owner", &self.owner),
            ("Next action", &self.next_action),
            ("First response", &self.first_response),
        ]
    }
}

#[derive(Clone, Debug, Default)]
pub struct Stalls {
    /// Orders that stalled, newest first: id, name, what happened, when.
    pub candidates: Vec<(Uuid, String, String, Time)>,
    pub chosen: Vec<Stall>,
}

impl Engine {
    /// The orders that stalled lately, and a close look at those that were chosen; nothing chosen: at the latest.
    pub async fn stalls(&self, ctx: &Ctx, chosen: &[Uuid]) -> Result<Stalls> {
        ctx.read(Noun::Order)?;
        ctx.read(Noun::Task)?;
        let merchant = ctx.merchant_id();
        let rules = self.rules_of(merchant).await?;
        let since = ctx.now().plus_ms(-DAYS * DAY_MS);
        let mut reads = self.store.reads().await?;
        let mut newest: Vec<Task> = Vec::new();
        for task in tasks_since(&mut *reads, merchant, since, None).await? {
            let known = newest.iter().any(|one| one.order_id == task.order_id);
            if task.order_id.is_some() && !known && stalled(&task, ctx.now()) {
                newest.push(task);
            }
        }
        let mut stalls = Stalls::default();
        for task in newest {
            let Some(id) = task.order_id else { continue };
            let Some(row) = reads.order(merchant, id).await? else {
                continue;
            };
            let is_chosen = chosen.is_empty() || chosen.contains(&id);
            stalls.candidates.push((
                id,
                row.order.name.clone(),
                task.title.clone(),
                task.created_at,
            ));
            if is_chosen && stalls.chosen.len() < STALLS {
                let source = rules.source(row.source_id).map(|one| one.name.clone());
                let name = row.order.name.clone();
                let look = Look {
                    rules: &rules,
                    now: ctx.now(),
                    source,
                };
                stalls
                    .chosen
                    .push(look.closely(&mut *reads, (id, name), task).await?);
            }
        }
        Ok(stalls)
    }
}

/// A clock of it ran out: it climbed its ladder, is late now, or was done late.
fn stalled(task: &Task, now: Time) -> bool {
    let late = match task.resolved_at {
        Some(at) => at > task.resolve_by,
        None => !task.state.is_over() && now > task.deadline(),
    };
    late || task.rung > 0
}

struct Look<'r> {
    rules: &'r Rules,
    now: Time,
    source: Option<String>,
}

impl Look<'_> {
    async fn closely(
        &self,
        reads: &mut (dyn Reads + '_),
        (order_id, order): (Uuid, String),
        task: Task,
    ) -> Result<Stall> {
        let runs = reads.runs_of(task.merchant_id, order_id).await?;
        let run = runs
            .iter()
            .find(|run| Some(run.id) == task.run_id)
            .or_else(|| runs.iter().find(|run| run.state == RunState::Running));
        let flow = run.and_then(|run| {
            self.rules
                .flows
                .iter()
                .find(|flow| flow.key == run.flow_key)
        });
        let trigger = match flow {
            Some(flow) => Answer::Known(format!("{}: {}", flow.name, begun_by(&flow.trigger))),
            None => Answer::missing(
                "No flow works on it.",
                "Publish a flow that begins with what happened to this order.",
                "flows",
            ),
        };
        let source = match &self.source {
            Some(name) => Answer::Known(name.clone()),
            None => Answer::missing(
                "Where it came from is not connected any more.",
                "Connect the source again.",
                "connections",
            ),
        };
        Ok(Stall {
            order_id,
            order,
            trigger,
            source,
            owner: self.owner(&task),
            next_action: self.next_action(&task),
            first_response: self.response(reads, &task).await?,
            task,
        })
    }

    fn owner(&self, task: &Task) -> Answer {
        let name = self.rules.spoken_name(&task.owner);
        let answering = self.rules.answering(&task.owner, self.now);
        let names: Vec<&str> = answering.iter().map(|user| user.name.as_str()).collect();
        match (&task.owner, names.as_slice()) {
            (Owner::System(_), _) => Answer::Known(name),
            (_, []) => Answer::missing(
                &format!("{name}, and nobody answers for it now."),
                "Name somebody, or put the hours of the role into a rotation.",
                "people/cover",
            ),
            (Owner::User(_), _) => Answer::Known(name),
            (_, names) => Answer::Known(format!("{name}: {}", names.join(", "))),
        }
    }

    fn next_action(&self, task: &Task) -> Answer {
        match task.remediation_steps.first() {
            Some(step) => Answer::Known(step.clone()),
            None => Answer::missing(
                "Nothing says what to do.",
                format!(
                    "Write the steps that put “{}” right into the rule that opens it.",
                    task.code
                ),
                "contracts",
            ),
        }
    }

    /// From the task's opening until somebody took it or was done with it.
    async fn response(&self, reads: &mut (dyn Reads + '_), task: &Task) -> Result<Answer> {
        let entries = reads
            .audit(
                task.merchant_id,
                &AuditFilter {
                    subject_kind: Some("task".to_owned()),
                    subject_id: Some(task.id.to_string()),
                    limit: PAGE,
                    ..AuditFilter::default()
                },
            )
            .await?;
        let first = entries
            .iter()
            .filter(|entry| ["task.claimed", "task.resolved"].contains(&entry.action.as_str()))
            .map(|entry| entry.at)
            .min();
        Ok(match first {
            Some(at) => Answer::Known(format!("after {}", span(at.since_ms(task.created_at)))),
            None => Answer::missing(
                &format!(
                    "Nobody has taken it for {}.",
                    span(self.now.since_ms(task.created_at))
                ),
                "Let the ladder climb sooner, or put somebody on it who is there at that hour.",
                "people/cover",
            ),
        })
    }
}

fn begun_by(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Order { event, .. } => event.to_string(),
        Trigger::Campaign => "a campaign brief".to_owned(),
        Trigger::Form { noun, .. } => format!("a form about one {noun}"),
        Trigger::Manual => "started by a person".to_owned(),
        Trigger::SubFlow => "another flow".to_owned(),
    }
}

/// "3 h 12 min"
fn span(ms: i64) -> String {
    let minutes = ms.max(0) / 60_000;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) if hours < 48 => format!("{hours} h {minutes} min"),
        (hours, _) => format!("{} days", hours / 24),
    }
}
