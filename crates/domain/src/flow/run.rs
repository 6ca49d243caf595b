//! A run: one execution of a flow version for one subject.
//!
//! Where it stands is its *tokens*, one for each branch under way; what it did is its *path*. A step that
//! several branches lead to begins when no other token can still get there, so branches that went side
//! by side come together by themselves.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::Flow;
use crate::time::Time;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    Running,
    /// A person stopped it for the time being; clocks stand still.
    Paused,
    /// It failed for good, and what it did is being undone.
    Undoing,
    Completed,
    Cancelled,
    Failed,
}

impl RunState {
    pub const ALL: [Self; 6] = [
        Self::Running,
        Self::Paused,
        Self::Undoing,
        Self::Completed,
        Self::Cancelled,
        Self::Failed,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Undoing => "undoing",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    pub fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled | Self::Failed)
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RunState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not a run state"))
    }
}

/// One branch of a run under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Counts up within the run.
    pub n: u32,
    pub step: String,
    pub since: Time,
    pub at: TokenState,
    /// How often this step was tried before, in this visit.
    #[serde(default)]
    pub tries: u32,
    /// When the step must be done, or be tried again.
    #[serde(default)]
    pub wait_until: Option<Time>,
    /// When the backup is asked as well.
    #[serde(default)]
    pub accept_by: Option<Time>,
}

impl Token {
    /// Before a step that it has not begun.
    pub fn arriving(n: u32, step: &str, at: Time) -> Self {
        Self {
            n,
            step: step.to_owned(),
            since: at,
            at: TokenState::Joining,
            tries: 0,
            wait_until: None,
            accept_by: None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    /// Before a step that another branch can still get to.
    Joining,
    /// The step is under way.
    Waiting,
    /// It failed, and will be tried again at `wait_until`.
    Retrying,
    /// It failed, and a person has a task about it.
    Held,
}

/// What a run did: one for each time a step began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    pub step: String,
    pub entered_at: Time,
    #[serde(default)]
    pub left_at: Option<Time>,
    /// The exit, or the way in which it failed; empty while it lasts.
    #[serde(default)]
    pub by: String,
    /// Its effect was taken back.
    #[serde(default)]
    pub undone: bool,
}

/// Why a run stands still, and who said so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    pub by: Uuid,
    pub at: Time,
    pub why: String,
}

/// The step of another run that waits for this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    pub run_id: Uuid,
    pub step: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub flow_id: Uuid,
    pub flow_key: String,
    /// `order`, `campaign` or `case`.
    pub subject_kind: String,
    pub subject_id: Uuid,
    /// What sets runs of one flow for one subject apart: which return, which step of which run. Empty: there is one.
    #[serde(default)]
    pub occasion: String,
    pub state: RunState,
    #[serde(default)]
    pub tokens: Vec<Token>,
    #[serde(default)]
    pub path: Vec<Visit>,
    /// What people answered, by step and field.
    #[serde(default)]
    pub answers: BTreeMap<String, BTreeMap<String, Value>>,
    #[serde(default)]
    pub parent: Option<Parent>,
    #[serde(default)]
    pub pause: Option<Pause>,
    /// `shipped`, `live`, or why it ended otherwise.
    pub outcome: Option<String>,
    /// Taken back on purpose: ending so is no failure.
    #[serde(default)]
    pub recalled: bool,
    /// Who started it, if a person did.
    pub started_by: Option<Uuid>,
    pub trace_id: String,
    pub started_at: Time,
    pub ended_at: Option<Time>,
    pub rev: i64,
    /// Index of the step, in runs from before flows had branches; the engine turns it into a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_since: Option<Time>,
    #[serde(
        default,
        rename = "wait_until",
        skip_serializing_if = "Option::is_none"
    )]
    pub was_due: Option<Time>,
}

impl Run {
    /// A run that has not begun: it stands nowhere.
    pub fn new(
        id: Uuid,
        (merchant_id, flow_id, flow_key): (Uuid, Uuid, &str),
        (subject_kind, subject_id): (&str, Uuid),
        at: Time,
    ) -> Self {
        Self {
            id,
            merchant_id,
            flow_id,
            flow_key: flow_key.to_owned(),
            subject_kind: subject_kind.to_owned(),
            subject_id,
            occasion: String::new(),
            state: RunState::Running,
            tokens: Vec::new(),
            path: Vec::new(),
            answers: BTreeMap::new(),
            parent: None,
            pause: None,
            outcome: None,
            recalled: false,
            started_by: None,
            trace_id: String::new(),
            started_at: at,
            ended_at: None,
            rev: 0,
            step: None,
            step_since: None,
            was_due: None,
        }
    }

    pub fn token(&self, n: u32) -> Option<&Token> {
        self.tokens.iter().find(|token| token.n == n)
    }

    pub fn token_mut(&mut self, n: u32) -> Option<&mut Token> {
        self.tokens.iter_mut().find(|token| token.n == n)
    }

    /// The visit that a token is at.
    pub fn visit_mut(&mut self, step: &str) -> Option<&mut Visit> {
        self.path
            .iter_mut()
            .rev()
            .find(|visit| visit.step == step && visit.left_at.is_none())
    }

    /// When the visit that is under way at this step, or was the last one there, began.
    pub fn entered(&self, step: &str) -> Option<Time> {
        let mut visits = self.path.iter().rev();
        visits
            .find(|visit| visit.step == step)
            .map(|visit| visit.entered_at)
    }

    /// How often this step was begun.
    pub fn visits_of(&self, step: &str) -> usize {
        self.path.iter().filter(|visit| visit.step == step).count()
    }

    /// Whether it could go on in another version of its flow: everything it stands at is there, and of the same
    /// kind. Else why not.
    pub fn fits(&self, from: &Flow, to: &Flow) -> Result<(), String> {
        if self.state.is_over() {
            return Err(format!("it is {}", self.state));
        }
        if self.state == RunState::Undoing {
            return Err("what it did is being undone".to_owned());
        }
        for key in self.stands_at() {
            let was = from.step(key).map(|step| step.kind.name());
            let name = from.step(key).map_or(key, |step| step.title.as_str());
            match to.step(key) {
                None => return Err(format!("it stands at “{name}”, which is not there")),
                Some(step) if Some(step.kind.name()) != was => {
                    return Err(format!(
                        "it stands at “{name}”, which is another kind of step"
                    ));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// The earliest moment at which some branch of it is due.
    pub fn wait_until(&self) -> Option<Time> {
        self.tokens
            .iter()
            .filter_map(|token| token.wait_until)
            .min()
    }

    /// The steps it stands at.
    pub fn stands_at(&self) -> impl Iterator<Item = &str> {
        self.tokens.iter().map(|token| token.step.as_str())
    }
}
