//! Flows: from trigger through steps to an outcome.

use domain::flow::{Flow, Run, Step, StepKind, Trigger};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    chain::RunView,
    words::{At, EventKind, ExceptionClass, Until},
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
    trigger: TriggerView,
    steps: Vec<StepView>,
    /// What a finished run is called.
    #[schema(example = "shipped")]
    outcome: String,
    published_at: At,
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

#[derive(Serialize, ToSchema)]
#[schema(as = Trigger)]
#[serde(tag = "on", rename_all = "snake_case")]
pub enum TriggerView {
    /// An order event, once the order may be worked on.
    Order { event: EventKind },
    /// A person starts it with a campaign brief.
    Campaign,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Step)]
pub struct StepView {
    key: String,
    title: String,
    owner: String,
    backup: String,
    /// What it does.
    action: ActionView,
}

#[derive(Serialize, ToSchema)]
#[schema(as = StepAction)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ActionView {
    /// Makes an export, and waits for the destination.
    EmitExport { export_type: String, until: Until },
    /// Waits until the event is seen.
    WaitForEvent {
        event: EventKind,
        within_ms: i64,
        resolve_ms: i64,
        class: ExceptionClass,
    },
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
            trigger: match &flow.trigger {
                Trigger::Order { event } => TriggerView::Order {
                    event: (*event).into(),
                },
                Trigger::Campaign => TriggerView::Campaign,
            },
            steps: flow.steps.iter().map(Into::into).collect(),
            outcome: flow.outcome.clone(),
            published_at: flow.published_at.into(),
        }
    }
}

impl From<&Step> for StepView {
    fn from(step: &Step) -> Self {
        Self {
            key: step.key.clone(),
            title: step.title.clone(),
            owner: step.owner.to_string(),
            backup: step.backup.to_string(),
            action: match &step.kind {
                StepKind::EmitExport { export_type, until } => ActionView::EmitExport {
                    export_type: export_type.clone(),
                    until: (*until).into(),
                },
                StepKind::WaitForEvent {
                    event,
                    within_ms,
                    resolve_ms,
                    class,
                } => ActionView::WaitForEvent {
                    event: (*event).into(),
                    within_ms: *within_ms,
                    resolve_ms: *resolve_ms,
                    class: (*class).into(),
                },
            },
        }
    }
}
