//! Flows: from trigger through steps to an outcome.

use domain::flow::{Flow, Run, Sheet, readiness::Fault};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    chain::RunView,
    flow_document::{StepSchema, TriggerSchema},
    words::At,
};

/// A published version of a flow.
#[derive(Serialize, ToSchema)]
#[schema(as = Flow)]
pub struct FlowView {
    /// Of this version.
    id: Uuid,
    /// The same over all versions.
    #[schema(example = "order-to-ship")]
    key: String,
    name: String,
    version: i64,
    summary: String,
    #[schema(value_type = TriggerSchema)]
    trigger: Value,
    /// Keys of the steps that begin with the run.
    start: Vec<String>,
    #[schema(value_type = Vec<StepSchema>)]
    steps: Vec<Value>,
    /// What a finished run is called.
    #[schema(example = "shipped")]
    outcome: String,
    published_at: At,
    published_by: Option<Uuid>,
    /// The second person, where one was asked for.
    approved_by: Option<Uuid>,
    /// Why there is this version.
    note: String,
}

/// A flow with its newest runs.
#[derive(Serialize, ToSchema)]
#[schema(as = FlowDetail)]
pub struct FlowDetail {
    #[serde(flatten)]
    flow: FlowView,
    /// The newest 50, of every version.
    runs: Vec<RunView>,
}

impl FlowDetail {
    pub fn of(flow: &Flow, runs: &[Run]) -> Self {
        Self {
            flow: flow.into(),
            runs: runs.iter().map(Into::into).collect(),
        }
    }
}

impl From<&Flow> for FlowView {
    fn from(flow: &Flow) -> Self {
        Self {
            id: flow.id,
            key: flow.key.clone(),
            name: flow.name.clone(),
            version: flow.version,
            summary: flow.summary.clone(),
            trigger: json!(flow.trigger),
            start: flow.start.clone(),
            steps: flow.steps.iter().map(|step| json!(step)).collect(),
            outcome: flow.outcome.clone(),
            published_at: flow.published_at.into(),
            published_by: flow.published_by,
            approved_by: flow.approved_by,
            note: flow.note.clone(),
        }
    }
}

/// A draft, and what keeps it from being published.
#[derive(Serialize, ToSchema)]
#[schema(as = FlowDraft)]
pub struct DraftView {
    /// The flow's key.
    key: String,
    name: String,
    /// The version it was begun from; null: the flow was never published.
    base_version: Option<i64>,
    /// Raised by every change; say which one you saw when you send another.
    rev: i64,
    /// Of its content; publishing names it.
    hash: String,
    /// Nothing keeps it from being published.
    ready: bool,
    /// A second person is asked, and has not answered.
    asked: bool,
    faults: Vec<FaultView>,
    edited_at: At,
}

/// One thing that is not ready.
#[derive(Serialize, ToSchema)]
#[schema(as = FlowFault)]
pub struct FaultView {
    /// JSON Pointer into the flow.
    #[schema(example = "/steps/2/backup")]
    path: String,
    detail: String,
    /// What to do about it.
    fix: String,
    /// It keeps the flow from being published; otherwise it is something to know.
    blocks: bool,
}

impl DraftView {
    pub fn of(sheet: &Sheet, faults: &[Fault]) -> Self {
        Self {
            key: sheet.key.clone(),
            name: sheet.draft.name.clone(),
            base_version: sheet.base,
            rev: sheet.rev,
            hash: sheet.hash(),
            ready: !faults.iter().any(Fault::blocks),
            asked: sheet.open_request().is_some(),
            faults: faults
                .iter()
                .map(|fault| FaultView {
                    path: fault.path.clone(),
                    detail: fault.sentence.clone(),
                    fix: fault.fix.clone(),
                    blocks: fault.blocks(),
                })
                .collect(),
            edited_at: sheet.edited_at.into(),
        }
    }
}

/// What became of publishing: exactly one of the two.
#[derive(Serialize, ToSchema)]
#[schema(as = FlowPublished)]
pub struct PublishedView {
    /// The version that is live now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowView>,
    /// The draft, where publishing takes two people: somebody else is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<DraftView>,
}
