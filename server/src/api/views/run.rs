//! A run of a flow, whole.

use std::collections::BTreeMap;

use domain::flow::{Flow, Run, Token, TokenState, Visit};
use engine::Cancelled;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{chain::RunView, export::ExportView, words::At};

/// One execution of a flow version, with where it stands and what it did.
#[derive(Serialize, ToSchema)]
pub struct RunDetail {
    #[serde(flatten)]
    run: RunView,
    flow_version: i64,
    /// What sets it apart from other runs of the flow for the same subject. Empty: there is one.
    occasion: String,
    /// The run that waits for this one.
    parent_run_id: Option<Uuid>,
    branches: Vec<BranchView>,
    path: Vec<VisitView>,
    /// What people answered, by step and field; `input` is what started it.
    #[schema(value_type = Object)]
    answers: BTreeMap<String, BTreeMap<String, Value>>,
    /// While it is paused.
    paused: Option<PauseView>,
}

/// One branch of a run under way.
#[derive(Serialize, ToSchema)]
#[schema(as = RunBranch)]
pub struct BranchView {
    step: String,
    since: At,
    /// `joining` (another branch can still get here), `waiting`, `retrying` or `held` (somebody has a task).
    #[schema(example = "waiting")]
    state: &'static str,
    tries: u32,
    wait_until: Option<At>,
}

/// One time that a step began.
#[derive(Serialize, ToSchema)]
#[schema(as = RunVisit)]
pub struct VisitView {
    step: String,
    entered_at: At,
    left_at: Option<At>,
    /// The exit, or the way in which it failed; null while it lasts.
    by: Option<String>,
    undone: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RunPause)]
pub struct PauseView {
    by: Uuid,
    at: At,
    reason: String,
}

/// A cancelled run, and what had left before.
#[derive(Serialize, ToSchema)]
pub struct CancelledRun {
    run: RunDetail,
    left: Vec<ExportView>,
}

const fn state(at: TokenState) -> &'static str {
    match at {
        TokenState::Joining => "joining",
        TokenState::Waiting => "waiting",
        TokenState::Retrying => "retrying",
        TokenState::Held => "held",
    }
}

impl From<&Token> for BranchView {
    fn from(token: &Token) -> Self {
        Self {
            step: token.step.clone(),
            since: token.since.into(),
            state: state(token.at),
            tries: token.tries,
            wait_until: token.wait_until.map(Into::into),
        }
    }
}

impl From<&Visit> for VisitView {
    fn from(visit: &Visit) -> Self {
        Self {
            step: visit.step.clone(),
            entered_at: visit.entered_at.into(),
            left_at: visit.left_at.map(Into::into),
            by: (!visit.by.is_empty()).then(|| visit.by.clone()),
            undone: visit.undone,
        }
    }
}

impl RunDetail {
    pub fn of(run: &Run, flow: &Flow) -> Self {
        Self {
            run: run.into(),
            flow_version: flow.version,
            occasion: run.occasion.clone(),
            parent_run_id: run.parent.as_ref().map(|up| up.run_id),
            branches: run.tokens.iter().map(Into::into).collect(),
            path: run.path.iter().map(Into::into).collect(),
            answers: run.answers.clone(),
            paused: run.pause.as_ref().map(|pause| PauseView {
                by: pause.by,
                at: pause.at.into(),
                reason: pause.why.clone(),
            }),
        }
    }
}

impl CancelledRun {
    pub fn of(done: &Cancelled, flow: &Flow) -> Self {
        Self {
            run: RunDetail::of(&done.run, flow),
            left: done.left.iter().map(Into::into).collect(),
        }
    }
}
