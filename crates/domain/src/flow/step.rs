//! A step: one thing that is done, by one owner, against two clocks, with a way out for every way it
//! can fail.
//!
//! What leads on from a step are its *exits*: a decision has one for each branch, everything else has
//! `done`. An exit that leads to several steps starts them side by side; one that leads nowhere ends
//! its branch. What happens when a step fails is its *failures*: one path for each [`StepKind::ways_to_fail`].

use serde::{Deserialize, Serialize};

use super::{Condition, Field};
use crate::{event::EventKind, owner::Owner, task::Severity};

/// `O` is [`Owner`] in what is published, and `Option<Owner>` in a draft, where somebody may be missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step<O = Owner> {
    /// Unlike any other in the flow, and the same over its versions: `hand_to_3pl`.
    pub key: String,
    pub title: String,
    pub owner: O,
    pub backup: O,
    /// Told when the step begins late or fails, and when it is done.
    #[serde(default)]
    pub watchers: Vec<Owner>,
    /// Where what the step needs comes from: the system of a source or destination, or `meshline`.
    #[serde(default)]
    pub source_system: String,
    /// Where what it makes goes.
    #[serde(default)]
    pub destination_system: String,
    #[serde(default)]
    pub clock: Clock,
    /// What must be true before the step counts as done.
    #[serde(default)]
    pub checkpoint: Option<Checkpoint>,
    #[serde(default)]
    pub exits: Vec<Exit>,
    #[serde(default)]
    pub failures: Vec<Failure>,
    /// How what this step did is taken back when a later one fails for good.
    #[serde(default)]
    pub undo: Option<Undo>,
    /// Markdown: how a person does this by hand.
    #[serde(default)]
    pub runbook: String,
    /// The name under which reports count this step, unlike any other in the flow: `handover_time`.
    #[serde(default)]
    pub report_as: String,
    /// What this hand-off costs while people do it by hand.
    #[serde(default)]
    pub manual: Option<Manual>,
    #[serde(flatten)]
    pub kind: StepKind,
}

/// From the step's beginning. Past `accept_ms` the backup is asked as well, past `resolve_ms` the step has failed as `late`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    pub accept_ms: i64,
    pub resolve_ms: i64,
    /// Counts working time by the calendar of this key. None: the clock on the wall.
    #[serde(default)]
    pub calendar: Option<String>,
}

impl Clock {
    /// Whether the backup is asked before the step has failed.
    pub const fn asks_backup(&self) -> bool {
        self.accept_ms > 0 && (self.resolve_ms <= 0 || self.accept_ms < self.resolve_ms)
    }
}

/// The QA checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// What is checked, for people: "Tracking number is in the storefront".
    pub what: String,
    pub when: Condition,
}

/// `done`, or the key of a decision's branch, or `else`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    pub on: String,
    /// Steps that begin side by side. None: this branch ends here.
    pub to: Vec<String>,
}

/// What happens when the step fails in this way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// One of the step's [`StepKind::ways_to_fail`].
    pub on: String,
    /// Tried again this often before the path is taken.
    #[serde(default)]
    pub retries: u32,
    #[serde(default)]
    pub retry_after_ms: i64,
    #[serde(flatten)]
    pub path: Path,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "path")]
pub enum Path {
    /// A task opens and the run stands at this step until somebody has resolved it; then the step is tried again.
    Task {
        /// None: the step's own owner.
        #[serde(default)]
        owner: Option<Owner>,
        severity: Severity,
        #[serde(default)]
        remediation: Vec<String>,
    },
    /// The run goes on at another step.
    Go { to: String },
    /// The run has failed: what was done is undone in reverse order.
    Undo,
}

/// How to take back what a step did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Undo {
    /// An export under the published contract of this type.
    Export { export_type: String },
    /// A task to the step's owner.
    Task { instruction: String },
}

/// A hand-off that people do by hand today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manual {
    pub minutes_each: u32,
    pub times_a_week: u32,
    /// A mail, a sheet, a chat: where it lives today.
    pub tool: String,
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
    /// Wait until the event is seen for the run's subject; the step's clock says how long.
    WaitForEvent { event: EventKind },
    /// Take the first branch whose condition holds.
    Decide {
        branches: Vec<Branch>,
        /// There is an exit `else` for when none holds.
        #[serde(default)]
        otherwise: bool,
    },
    /// A person does something and fills in a form; the answers are facts for later steps.
    HumanTask {
        instruction: String,
        #[serde(default)]
        fields: Vec<Field>,
    },
    /// Tell somebody, and go on.
    Notify { to: Vec<Owner>, message: String },
    /// Undo, in reverse order, what was done since that step (with it); none: since the beginning.
    Compensate {
        #[serde(default)]
        back_to: Option<String>,
    },
    /// Run another flow for the same subject, and wait for its end.
    SubFlow { flow: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// Names the exit: `express`.
    pub key: String,
    pub label: String,
    pub when: Condition,
}

/// The exit of everything that does not decide.
pub const DONE: &str = "done";
/// The exit of a decision in which no branch holds.
pub const ELSE: &str = "else";

/// Ways in which a step fails; a published step has a path for each of its kind's.
pub mod ways {
    /// A person declined the export.
    pub const DECLINED: &str = "declined";
    /// Nobody decided, or the content became too old to be sent.
    pub const EXPIRED: &str = "expired";
    /// The destination refused it for good.
    pub const REJECTED: &str = "rejected";
    /// Retries are exhausted; for a flow within the flow: it failed or was cancelled.
    pub const FAILED: &str = "failed";
    /// `resolve_ms` is over.
    pub const LATE: &str = "late";
    /// A fact that a condition asks for is not known.
    pub const UNKNOWN: &str = "unknown";
    /// Nobody could be told.
    pub const UNREACHED: &str = "unreached";
    /// The checkpoint does not hold.
    pub const CHECKPOINT: &str = "checkpoint";
}

impl StepKind {
    /// Their names, in the order in which they are offered.
    pub const NAMES: [&'static str; 7] = [
        "emit_export",
        "wait_for_event",
        "decide",
        "human_task",
        "notify",
        "compensate",
        "sub_flow",
    ];

    /// A step of this kind of which nothing else is said.
    pub fn fresh(name: &str) -> Option<Self> {
        Some(match name {
            "emit_export" => Self::EmitExport {
                export_type: String::new(),
                until: Until::Acknowledged,
            },
            "wait_for_event" => Self::WaitForEvent {
                event: EventKind::ShipmentConfirmed,
            },
            "decide" => Self::Decide {
                branches: vec![Branch {
                    key: "yes".to_owned(),
                    label: "Yes".to_owned(),
                    when: Condition::Always,
                }],
                otherwise: true,
            },
            "human_task" => Self::HumanTask {
                instruction: String::new(),
                fields: Vec::new(),
            },
            "notify" => Self::Notify {
                to: Vec::new(),
                message: String::new(),
            },
            "compensate" => Self::Compensate { back_to: None },
            "sub_flow" => Self::SubFlow {
                flow: String::new(),
            },
            _ => return None,
        })
    }

    /// What such a step does, in two or three words.
    pub const fn title(&self) -> &'static str {
        match self {
            Self::EmitExport { .. } => "Emit an export",
            Self::WaitForEvent { .. } => "Wait for an event",
            Self::Decide { .. } => "Decide",
            Self::HumanTask { .. } => "Ask a person",
            Self::Notify { .. } => "Tell somebody",
            Self::Compensate { .. } => "Take back",
            Self::SubFlow { .. } => "Run another flow",
        }
    }

    /// `emit_export`, as in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::EmitExport { .. } => "emit_export",
            Self::WaitForEvent { .. } => "wait_for_event",
            Self::Decide { .. } => "decide",
            Self::HumanTask { .. } => "human_task",
            Self::Notify { .. } => "notify",
            Self::Compensate { .. } => "compensate",
            Self::SubFlow { .. } => "sub_flow",
        }
    }

    /// In the order in which pages name them.
    pub fn exits(&self) -> Vec<&str> {
        match self {
            Self::Decide {
                branches,
                otherwise,
            } => branches
                .iter()
                .map(|branch| branch.key.as_str())
                .chain(otherwise.then_some(ELSE))
                .collect(),
            _ => vec![DONE],
        }
    }

    /// Every way in which such a step can fail, its checkpoint aside.
    pub const fn ways_to_fail(&self) -> &'static [&'static str] {
        match self {
            Self::EmitExport { .. } => &[
                ways::DECLINED,
                ways::EXPIRED,
                ways::REJECTED,
                ways::FAILED,
                ways::LATE,
            ],
            Self::WaitForEvent { .. } | Self::HumanTask { .. } => &[ways::LATE],
            Self::Decide { .. } => &[ways::UNKNOWN],
            Self::Notify { .. } => &[ways::UNREACHED],
            Self::Compensate { .. } => &[ways::FAILED],
            Self::SubFlow { .. } => &[ways::FAILED, ways::LATE],
        }
    }
}

impl<O> Step<O> {
    /// A step that leads nowhere yet, and of which nothing else is said.
    pub fn new(key: &str, title: &str, (owner, backup): (O, O), kind: StepKind) -> Self {
        Self {
            key: key.to_owned(),
            title: title.to_owned(),
            owner,
            backup,
            watchers: Vec::new(),
            source_system: String::new(),
            destination_system: String::new(),
            clock: Clock::default(),
            checkpoint: None,
            exits: Vec::new(),
            failures: Vec::new(),
            undo: None,
            runbook: String::new(),
            report_as: String::new(),
            manual: None,
            kind,
        }
    }

    /// Where this exit leads; nowhere when it ends its branch.
    pub fn exit(&self, on: &str) -> &[String] {
        self.exits
            .iter()
            .find(|exit| exit.on == on)
            .map_or(&[], |exit| &exit.to)
    }

    pub fn failure(&self, on: &str) -> Option<&Failure> {
        self.failures.iter().find(|failure| failure.on == on)
    }

    /// Everything this step can fail with, its checkpoint included.
    pub fn ways_to_fail(&self) -> Vec<&'static str> {
        let mut all = self.kind.ways_to_fail().to_vec();
        if self.checkpoint.is_some() {
            all.push(ways::CHECKPOINT);
        }
        all
    }

    /// Steps that may come right after this one, by any exit or failure; each once.
    pub fn leads_to(&self) -> Vec<&str> {
        let gone = self
            .failures
            .iter()
            .filter_map(|failure| match &failure.path {
                Path::Go { to } => Some(to.as_str()),
                Path::Task { .. } | Path::Undo => None,
            });
        let mut all: Vec<&str> = Vec::new();
        let forward = self.exits.iter().flat_map(|exit| &exit.to);
        for key in forward.map(String::as_str).chain(gone) {
            if !all.contains(&key) {
                all.push(key);
            }
        }
        all
    }
}

impl<O> Step<O> {
    /// The same step with these owners.
    pub fn with<P>(&self, owner: P, backup: P) -> Step<P> {
        Step {
            key: self.key.clone(),
            title: self.title.clone(),
            owner,
            backup,
            watchers: self.watchers.clone(),
            source_system: self.source_system.clone(),
            destination_system: self.destination_system.clone(),
            clock: self.clock.clone(),
            checkpoint: self.checkpoint.clone(),
            exits: self.exits.clone(),
            failures: self.failures.clone(),
            undo: self.undo.clone(),
            runbook: self.runbook.clone(),
            report_as: self.report_as.clone(),
            manual: self.manual.clone(),
            kind: self.kind.clone(),
        }
    }
}

impl Step {
    pub fn to_draft(&self) -> Step<Option<Owner>> {
        self.with(Some(self.owner.clone()), Some(self.backup.clone()))
    }
}
