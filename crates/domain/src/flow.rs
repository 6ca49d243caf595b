//! A flow: a versioned map from trigger through steps to an outcome, and its runs.
//!
//! A published version never changes; a run finishes on the version it started on. Steps run in
//! order. Each names one owner, a backup, a clock and what happens when the clock runs out.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{event::EventKind, owner::Owner, task::ExceptionClass, time::Time};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "on")]
pub enum Trigger {
    /// An order event, once the order may be worked on (paid or authorized, not closed).
    Order { event: EventKind },
    /// A person starts it with a campaign brief.
    Campaign,
}

/// When an emitted export lets the run go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    Acknowledged,
    Completed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum StepKind {
    /// Make an export under the published contract of this type, and wait for the destination.
    EmitExport { export_type: String, until: Until },
    /// Wait until the event is seen for the run's subject.
    WaitForEvent {
        event: EventKind,
        within_ms: i64,
        resolve_ms: i64,
        class: ExceptionClass,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub key: String,
    pub title: String,
    pub owner: Owner,
    pub backup: Owner,
    #[serde(flatten)]
    pub kind: StepKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// Of this version.
    pub id: Uuid,
    pub merchant_id: Uuid,
    /// The same over all versions, e.g. `order-to-ship`.
    pub key: String,
    pub name: String,
    pub version: i64,
    pub summary: String,
    pub trigger: Trigger,
    pub steps: Vec<Step>,
    /// What a finished run is called: `shipped`, `live`.
    pub outcome: String,
    pub published_at: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    Running,
    Completed,
    Cancelled,
    Failed,
}

impl RunState {
    pub const ALL: [Self; 4] = [
        Self::Running,
        Self::Completed,
        Self::Cancelled,
        Self::Failed,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
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

/// One execution of a flow version for one subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub flow_id: Uuid,
    pub flow_key: String,
    /// `order` or `campaign`.
    pub subject_kind: String,
    pub subject_id: Uuid,
    pub state: RunState,
    /// Index of the current step; the number of steps when done.
    pub step: i64,
    pub step_since: Time,
    /// When the current wait must have seen its event.
    pub wait_until: Option<Time>,
    /// `shipped`, `live`, or why it ended otherwise.
    pub outcome: Option<String>,
    /// Who started it, if a person did.
    pub started_by: Option<Uuid>,
    pub trace_id: String,
    pub started_at: Time,
    pub ended_at: Option<Time>,
    pub rev: i64,
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
    pub created_by: Uuid,
    pub created_at: Time,
}
