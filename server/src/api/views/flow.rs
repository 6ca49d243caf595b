//! Flows: from trigger through steps to an outcome.

use domain::flow::{Flow, Run};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{chain::RunView, words::At};

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
    #[schema(value_type = Object)]
    trigger: Value,
    /// Keys of the steps that begin with the run.
    start: Vec<String>,
    #[schema(value_type = Vec<Object>)]
    steps: Vec<Value>,
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
        }
    }
}
