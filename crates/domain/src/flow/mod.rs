//! A flow: a versioned map from a trigger through steps to an outcome.
//!
//! A flow is a graph: what leads from step to step is named by the steps themselves ([`Step::exits`],
//! [`Step::failures`]), so there is no second list that could disagree. A published version never changes; a
//! run finishes on the version it started on, unless a person moves it.
//!
//! [`Draft`] is the same thing while it is being drawn: somebody may be missing. What keeps a draft from
//! being published is told by the readiness rules, each with the place it is about.

mod condition;
pub mod diff;
pub mod edit;
pub mod eval;
pub mod fact;
pub mod form;
pub mod graph;
mod history;
pub mod merge3;
mod migrate;
pub mod readiness;
mod run;
mod sheet;
mod step;
#[cfg(test)]
mod tests;
pub mod upgrade;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use condition::{Condition, Field, FieldKind, Op, Test};
pub use edit::{Edit, Place, Refusal};
pub use fact::{Fact, FactKind, Known};
pub use history::History;
pub use migrate::RunMove;
pub use run::{Parent, Pause, Run, RunState, Token, TokenState, Visit};
pub use sheet::{CannotAgree, Declined, Request, Sheet, content_hash};
pub use step::{
    Branch, Checkpoint, Clock, DONE, ELSE, Exit, Failure, Manual, Path, Step, StepKind, Undo,
    Until, ways,
};

use crate::{event::EventKind, owner::Owner, time::Time};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "on")]
pub enum Trigger {
    /// An order event, once the order may be worked on (paid or authorized, not closed).
    Order {
        event: EventKind,
        /// Only for orders of which this holds.
        #[serde(default)]
        when: Condition,
    },
    /// A person starts it with a campaign brief.
    Campaign,
    /// A person, or a program, starts it with a form: what they fill in is the case.
    Form { noun: String, fields: Vec<Field> },
    /// A person starts it for an order.
    Manual,
    /// Only other flows start it.
    SubFlow,
}

/// `O`: see [`Step`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow<O = Owner> {
    /// Of this version.
    pub id: Uuid,
    pub merchant_id: Uuid,
    /// The same over all versions, e.g. `order-to-ship`.
    pub key: String,
    pub name: String,
    pub version: i64,
    pub summary: String,
    pub trigger: Trigger,
    /// The steps that begin with the run; several: side by side.
    #[serde(default)]
    pub start: Vec<String>,
    pub steps: Vec<Step<O>>,
    /// What a finished run is called: `shipped`, `live`.
    pub outcome: String,
    pub published_at: Time,
    #[serde(default)]
    pub published_by: Option<Uuid>,
    /// The second person, where one is asked for.
    #[serde(default)]
    pub approved_by: Option<Uuid>,
    /// Why there is this version.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// A flow on the drawing board.
pub type Draft = Flow<Option<Owner>>;

impl<O> Flow<O> {
    /// A first version with nothing in it, that a person starts for an order.
    pub fn named(id: Uuid, merchant_id: Uuid, key: &str, name: &str) -> Self {
        Self {
            id,
            merchant_id,
            key: key.to_owned(),
            name: name.to_owned(),
            version: 1,
            summary: String::new(),
            trigger: Trigger::Manual,
            start: Vec::new(),
            steps: Vec::new(),
            outcome: "done".to_owned(),
            published_at: Time::default(),
            published_by: None,
            approved_by: None,
            note: String::new(),
        }
    }

    pub fn step(&self, key: &str) -> Option<&Step<O>> {
        self.steps.iter().find(|step| step.key == key)
    }

    /// The steps one after the other, in the order in which they stand.
    pub fn in_a_row(mut self) -> Self {
        let keys: Vec<String> = self.steps.iter().map(|step| step.key.clone()).collect();
        self.start = keys.first().cloned().into_iter().collect();
        let following = keys.into_iter().skip(1).map(Some).chain([None]);
        for (step, next) in self.steps.iter_mut().zip(following) {
            step.exits = vec![Exit {
                on: DONE.to_owned(),
                to: next.into_iter().collect(),
            }];
        }
        self
    }
}

impl Flow {
    pub fn to_draft(&self) -> Draft {
        Flow {
            id: self.id,
            merchant_id: self.merchant_id,
            key: self.key.clone(),
            name: self.name.clone(),
            version: self.version,
            summary: self.summary.clone(),
            trigger: self.trigger.clone(),
            start: self.start.clone(),
            steps: self.steps.iter().map(Step::to_draft).collect(),
            outcome: self.outcome.clone(),
            published_at: self.published_at,
            published_by: self.published_by,
            approved_by: self.approved_by,
            note: self.note.clone(),
        }
    }
}

impl Draft {
    /// The flow it draws, when nobody is missing; else the steps where somebody is, with the field.
    pub fn owned(&self) -> Result<Flow, Vec<(String, &'static str)>> {
        let mut missing = Vec::new();
        let mut steps = Vec::new();
        for step in &self.steps {
            match (&step.owner, &step.backup) {
                (Some(owner), Some(backup)) => {
                    steps.push(step.with(owner.clone(), backup.clone()));
                }
                (owner, backup) => {
                    for (field, one) in [("owner", owner), ("backup", backup)] {
                        if one.is_none() {
                            missing.push((step.key.clone(), field));
                        }
                    }
                }
            }
        }
        if !missing.is_empty() {
            return Err(missing);
        }
        Ok(Flow {
            id: self.id,
            merchant_id: self.merchant_id,
            key: self.key.clone(),
            name: self.name.clone(),
            version: self.version,
            summary: self.summary.clone(),
            trigger: self.trigger.clone(),
            start: self.start.clone(),
            steps,
            outcome: self.outcome.clone(),
            published_at: self.published_at,
            published_by: self.published_by,
            approved_by: self.approved_by,
            note: self.note.clone(),
        })
    }
}

/// The canonical brief of a campaign: what a promotion is about, in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    pub id: Uuid,
    pub merchant_id: Uuid,
    /// The merchant's own handle, e.g. `winter-kit-26`; travels in exports.
    pub campaign_id: String,
    pub title: String,
    pub offer: String,
    pub discount_percent: i64,
    pub skus: Vec<String>,
    pub landing_url: String,
    pub starts_at: Time,
    pub ends_at: Time,
    /// Why now: shown to whoever approves.
    pub note: String,
    #[serde(default)]
    pub terms: String,
    #[serde(default)]
    pub keywords: Vec<String>,
    #[serde(default)]
    pub keywords_owner: Option<Owner>,
    #[serde(default)]
    pub creative_ids: Vec<String>,
    /// The first is `landing_url`.
    #[serde(default)]
    pub landing_urls: Vec<String>,
    /// Of its brief.
    #[serde(default)]
    pub version: i64,
    /// Who wrote the newest version.
    pub created_by: Uuid,
    /// Who wrote versions before it: most of what it says may be theirs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_by: Vec<Uuid>,
    pub created_at: Time,
}

/// What a form started: a product to launch, goods to restock. Its answers are facts of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    pub id: Uuid,
    pub merchant_id: Uuid,
    /// What it is, as the trigger names it: `product`.
    pub noun: String,
    /// The merchant's own handle.
    pub reference: String,
    pub title: String,
    pub answers: std::collections::BTreeMap<String, serde_json::Value>,
    pub created_by: Option<Uuid>,
    pub created_at: Time,
}
