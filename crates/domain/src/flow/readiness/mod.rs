//! The readiness rail: everything that keeps a draft from being published, each with the place it is about
//! and what to do there.
//!
//! Pure: a draft and what it stands in ([`Surroundings`]) go in, a list comes out, in the order of the
//! steps. The editor asks after every change, in the browser; publishing asks the same question again on
//! the server. Most faults block. Some only advise: they name what will not hurt the run that is published
//! now, but somebody later.
//!
//! A QA checkpoint is asked of every step. Where a step is one that checks itself, that counts: an emitted
//! export has passed its contract's gates, a decision was evaluated, a notice was told, and what was taken
//! back is undone or it has failed. Waiting, people's tasks and flows within the flow need one of their own.

mod people;
mod shape;
mod step;
mod surroundings;
mod systems;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use surroundings::{
    CalledFlow, ContractFact, GapFact, Named, Needed, OwnerFact, StandingFact, Surroundings,
    SystemFact,
};
pub use systems::about;

use super::{Draft, Step, StepKind, fact, graph};
use crate::owner::Owner;

/// The longest flow.
pub const MOST_STEPS: usize = 400;
/// The system that this program is.
pub const HERE: &str = "meshline";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    Blocks,
    Advises,
}

/// One thing that is not ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The step's key; none: it is about the flow.
    #[serde(default)]
    pub step: Option<String>,
    /// The field within the step or the flow, with dots: `owner`, `clock`, `failures.late`, `branches.0.when`.
    pub field: String,
    /// The same as a JSON Pointer into the flow: `/steps/2/failures/0/to`.
    pub path: String,
    pub sentence: String,
    /// What to do about it.
    pub fix: String,
    pub weight: Weight,
}

impl Fault {
    pub fn blocks(&self) -> bool {
        self.weight == Weight::Blocks
    }
}

/// What is not ready, in the order in which it stands.
pub fn readiness(draft: &Draft, around: &Surroundings) -> Vec<Fault> {
    let mut list = List::default();
    shape::flow(draft, around, &mut list);
    let facts = fact::of_flow(draft);
    let lost = graph::unreachable(draft).into_iter().collect();
    for (index, step) in draft.steps.iter().enumerate() {
        let at = At {
            draft,
            around,
            facts: &facts,
            lost: &lost,
            index,
            step,
        };
        people::of_step(&at, &mut list);
        step::of_step(&at, &mut list);
        systems::of_step(&at, &mut list);
        shape::of_step(&at, &mut list);
    }
    people::cover(draft, around, &mut list);
    list.0
}

/// Whether nothing blocks.
pub fn is_ready(faults: &[Fault]) -> bool {
    !faults.iter().any(Fault::blocks)
}

/// Why a step has no checkpoint of its own, where it needs none.
pub const fn checked_by(kind: &StepKind) -> Option<&'static str> {
    match kind {
        StepKind::EmitExport { .. } => {
            Some("The contract’s gates check what goes out: schema, owner, exceptions.")
        }
        StepKind::Decide { .. } => Some("Its conditions are the check."),
        StepKind::Notify { .. } => Some("It is done when somebody was told."),
        StepKind::Compensate { .. } => Some("It is done when everything was taken back."),
        StepKind::WaitForEvent { .. } | StepKind::HumanTask { .. } | StepKind::SubFlow { .. } => {
            None
        }
    }
}

/// Everybody whom a flow names: owners, backups, watchers, whoever gets a task or a notice.
pub fn owners(draft: &Draft) -> Vec<&Owner> {
    let mut all: Vec<&Owner> = Vec::new();
    for step in &draft.steps {
        for owner in people::named(step) {
            if !all.contains(&owner) {
                all.push(owner);
            }
        }
    }
    all
}

#[derive(Default)]
struct List(Vec<Fault>);

impl List {
    /// About the flow itself.
    fn flow(&mut self, path: &str, sentence: impl Into<String>, fix: impl Into<String>) {
        self.0.push(Fault {
            step: None,
            field: path.trim_start_matches('/').replace('/', "."),
            path: path.to_owned(),
            sentence: sentence.into(),
            fix: fix.into(),
            weight: Weight::Blocks,
        });
    }

    /// About a field of a step.
    fn step(
        &mut self,
        at: &At<'_>,
        (field, path): (&str, &str),
        sentence: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.0.push(Fault {
            step: Some(at.step.key.clone()),
            field: field.to_owned(),
            path: format!("/steps/{}/{path}", at.index),
            sentence: sentence.into(),
            fix: fix.into(),
            weight: Weight::Blocks,
        });
    }

    /// The one that was said last only advises.
    fn advice(&mut self) {
        if let Some(last) = self.0.last_mut() {
            last.weight = Weight::Advises;
        }
    }
}

/// A step with everything it stands in.
struct At<'a> {
    draft: &'a Draft,
    around: &'a Surroundings,
    facts: &'a [fact::Fact],
    /// Steps that nothing leads to.
    lost: &'a BTreeSet<&'a str>,
    index: usize,
    step: &'a Step<Option<Owner>>,
}

impl At<'_> {
    /// As sentences name it.
    fn name(&self) -> String {
        if self.step.title.trim().is_empty() {
            format!("Step {}", self.index + 1)
        } else {
            format!("“{}”", self.step.title)
        }
    }
}

/// `snake_case`, short.
fn is_key(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=60).contains(&text.len())
        && text.bytes().all(plain)
        && text.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
}

/// `kebab-case` as in addresses; underscores are let through.
pub fn is_flow_key(text: &str) -> bool {
    let plain = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_'
    };
    (1..=60).contains(&text.len())
        && text.bytes().all(plain)
        && text.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
}

/// "20 min", "4 h", "2 days", "1 h 30 min".
pub(super) fn span(ms: i64) -> String {
    const MINUTE: i64 = 60_000;
    let (days, rest) = (ms / (1440 * MINUTE), ms % (1440 * MINUTE));
    let (hours, rest) = (rest / (60 * MINUTE), rest % (60 * MINUTE));
    let minutes = rest / MINUTE;
    let parts = [
        (days, if days == 1 { "day" } else { "days" }),
        (hours, "h"),
        (minutes, "min"),
    ];
    let said: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, unit)| format!("{n} {unit}"))
        .collect();
    if said.is_empty() {
        format!("{} s", ms / 1000)
    } else {
        said.join(" ")
    }
}
