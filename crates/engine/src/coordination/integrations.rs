//! The integration matrix: which system says what to which, how it is tried again, and whose clock runs.

use domain::{
    access::Noun,
    event::EventKind,
    flow::{StepKind, Trigger},
    owner::Owner,
};

use crate::{ctx::Ctx, engine::Engine, error::Result, rules::Rules};

/// One line of the integration matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Integration {
    pub system: String,
    pub connection: String,
    /// `emits` or `consumes`.
    pub direction: &'static str,
    /// An event, or the type of an export.
    pub what: String,
    pub retries: String,
    /// Whose clock runs, and for how long.
    pub owner: Option<Owner>,
    pub accept_ms: Option<i64>,
    pub resolve_ms: Option<i64>,
    /// Flows and contracts that rely on it.
    pub used_by: Vec<String>,
}

impl Engine {
    /// Which system says what to which, from what is configured.
    pub async fn integrations(&self, ctx: &Ctx) -> Result<Vec<Integration>> {
        ctx.read(Noun::Connection)?;
        ctx.read(Noun::Flow)?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let mut lines = Vec::new();
        for source in rules.sources.iter().filter(|one| one.disabled_at.is_none()) {
            let connector = self.connectors.get(source.system.as_str());
            for kind in connector.map_or(&[] as &[EventKind], |one| one.sends()) {
                let waits = waits_for(&rules, *kind);
                let first = waits.first();
                lines.push(Integration {
                    system: source.system.clone(),
                    connection: source.name.clone(),
                    direction: "emits",
                    what: kind.as_str().to_owned(),
                    retries: "the sender sends again until it is answered 200; repeats are recognised and have no second effect".to_owned(),
                    owner: Some(first.map_or(&source.owner, |wait| &wait.owner).clone()),
                    accept_ms: first.and_then(|wait| wait.accept_ms),
                    resolve_ms: first.and_then(|wait| wait.resolve_ms),
                    used_by: waits.into_iter().map(|wait| wait.by).collect(),
                });
            }
        }
        for contract in &rules.contracts {
            for there in rules.destinations_of(contract) {
                let used_by = emitted_by(&rules, &contract.export_type);
                lines.push(Integration {
                    system: there.system.clone(),
                    connection: there.name.clone(),
                    direction: "consumes",
                    what: contract.export_type.clone(),
                    retries: retries(&contract.retry.schedule_ms),
                    owner: Some(contract.owner.clone()),
                    accept_ms: contract.ack.accepted_within_ms,
                    resolve_ms: contract.ack.completed_within_ms,
                    used_by: used_by.clone(),
                });
                if let Some(kind) = contract.ack.completion_event {
                    let waits = waits_for(&rules, kind).into_iter().map(|wait| wait.by);
                    lines.push(Integration {
                    system: there.system.clone(),
                    connection: there.name.clone(),
                    direction: "emits",
                    what: kind.as_str().to_owned(),
                    retries: "comes with its word that the export is completed; asked after when the clock runs out".to_owned(),
                    owner: Some(contract.owner.clone()),
                    accept_ms: None,
                    resolve_ms: contract.ack.completed_within_ms,
                    used_by: used_by.into_iter().chain(waits).collect(),
                });
                }
            }
        }
        lines.sort_by(|a, b| {
            (&a.system, a.direction, &a.what).cmp(&(&b.system, b.direction, &b.what))
        });
        Ok(lines)
    }
}

/// Something that counts on an event.
struct Wait {
    by: String,
    owner: Owner,
    accept_ms: Option<i64>,
    resolve_ms: Option<i64>,
}

fn waits_for(rules: &Rules, kind: EventKind) -> Vec<Wait> {
    let mut all = Vec::new();
    for flow in &rules.flows {
        for step in &flow.steps {
            if matches!(&step.kind, StepKind::WaitForEvent { event } if *event == kind) {
                all.push(Wait {
                    by: format!("{}: {}", flow.name, step.title),
                    owner: step.owner.clone(),
                    accept_ms: Some(step.clock.accept_ms).filter(|ms| *ms > 0),
                    resolve_ms: Some(step.clock.resolve_ms).filter(|ms| *ms > 0),
                });
            }
        }
        let begins = matches!(&flow.trigger, Trigger::Order { event, .. } if *event == kind);
        if let Some(step) = flow.start.first().and_then(|key| flow.step(key))
            && begins
        {
            all.push(Wait {
                by: format!("{}: begins", flow.name),
                owner: step.owner.clone(),
                accept_ms: None,
                resolve_ms: None,
            });
        }
    }
    all
}

fn emitted_by(rules: &Rules, export_type: &str) -> Vec<String> {
    let mut all = Vec::new();
    for flow in &rules.flows {
        for step in &flow.steps {
            if matches!(&step.kind, StepKind::EmitExport { export_type: one, .. } if one == export_type)
            {
                all.push(format!("{}: {}", flow.name, step.title));
            }
        }
    }
    all
}

/// "7 times, over 2 h 42 min; then a task"
fn retries(schedule_ms: &[i64]) -> String {
    let minutes = schedule_ms.iter().sum::<i64>() / 60_000;
    let span = match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    };
    match schedule_ms.len() {
        0 => "not sent again; a task at once".to_owned(),
        1 => format!("sent again once, after {span}; then a task"),
        n => format!("sent again {n} times over {span}; then a task"),
    }
}
