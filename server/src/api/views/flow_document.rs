//! A flow as programs read and write it. These types are the description; the engine reads documents by
//! the JSON Schema of the same shape, so that every fault is told at once.

#![expect(dead_code, reason = "described to programs, never made")]

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// `party:role`, `user:<id>`, `rotation:<key>` or `system:<name>`.
#[derive(Serialize, ToSchema)]
#[schema(as = FlowOwner, example = "agency:logistics")]
pub struct OwnerText(String);

/// What sets a flow off.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "on")]
#[schema(as = FlowTrigger)]
pub enum TriggerSchema {
    /// An order event, once the order may be worked on.
    Order {
        #[schema(example = "order.accepted")]
        event: String,
        when: Option<ConditionSchema>,
    },
    /// A person, with a campaign brief.
    Campaign,
    /// A person or a program, with a form.
    Form {
        #[schema(example = "product")]
        noun: String,
        fields: Vec<FieldSchema>,
    },
    /// A person, for an order.
    Manual,
    /// Other flows.
    SubFlow,
}

/// A condition on what is known of a run's subject.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "is")]
#[schema(as = FlowCondition, no_recursion)]
pub enum ConditionSchema {
    Always,
    All {
        of: Vec<ConditionSchema>,
    },
    Any {
        of: Vec<ConditionSchema>,
    },
    Not {
        of: Box<ConditionSchema>,
    },
    Test {
        #[schema(example = "order.total")]
        fact: String,
        /// equals, differs, over, at_least, under, at_most, contains or lacks.
        #[schema(example = "over")]
        op: String,
        /// Of the fact's kind: an amount with its currency, a number, a text, true or false, a date.
        value: Value,
    },
}

/// One question of a form.
#[derive(Serialize, ToSchema)]
#[schema(as = FlowField)]
pub struct FieldSchema {
    key: String,
    label: String,
    help: Option<String>,
    required: Option<bool>,
    /// text, long_text, number, date, yes_no or choice.
    #[serde(rename = "type")]
    #[schema(example = "choice")]
    kind: String,
    /// Of a choice.
    options: Option<Vec<String>>,
}

/// One thing that is done, by one owner, against two clocks.
#[derive(Serialize, ToSchema)]
#[schema(as = FlowStep)]
pub struct StepSchema {
    /// Unlike any other in the flow, and the same over its versions.
    #[schema(example = "hand_to_3pl")]
    key: String,
    title: String,
    /// Null only in a draft.
    owner: Option<OwnerText>,
    backup: Option<OwnerText>,
    watchers: Option<Vec<OwnerText>>,
    #[schema(example = "shopify")]
    source_system: Option<String>,
    #[schema(example = "3pl")]
    destination_system: Option<String>,
    clock: Option<ClockSchema>,
    /// What must be true before the step counts as done.
    checkpoint: Option<CheckpointSchema>,
    exits: Option<Vec<ExitSchema>>,
    failures: Option<Vec<FailureSchema>>,
    undo: Option<UndoSchema>,
    /// Markdown.
    runbook: Option<String>,
    /// The name under which reports count it.
    report_as: Option<String>,
    manual: Option<ManualSchema>,
    #[serde(flatten)]
    kind: StepKindSchema,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FlowClock)]
pub struct ClockSchema {
    accept_ms: i64,
    resolve_ms: i64,
    /// Counts working time by this calendar; null: the clock on the wall.
    calendar: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FlowCheckpoint)]
pub struct CheckpointSchema {
    what: String,
    when: ConditionSchema,
}

/// `done`, the key of a branch, or `else`; several steps go side by side, none ends this branch.
#[derive(Serialize, ToSchema)]
#[schema(as = FlowExit)]
pub struct ExitSchema {
    on: String,
    to: Vec<String>,
}

/// What happens when the step fails in this way.
#[derive(Serialize, ToSchema)]
#[schema(as = FlowFailure)]
pub struct FailureSchema {
    #[schema(example = "late")]
    on: String,
    retries: Option<u32>,
    retry_after_ms: Option<i64>,
    #[serde(flatten)]
    path: PathSchema,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "path")]
#[schema(as = FlowFailurePath)]
pub enum PathSchema {
    Task {
        owner: Option<OwnerText>,
        /// low, normal or high.
        severity: String,
        remediation: Option<Vec<String>>,
    },
    Go {
        to: String,
    },
    Undo,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "by")]
#[schema(as = FlowUndo)]
pub enum UndoSchema {
    Export { export_type: String },
    Task { instruction: String },
}

/// What the hand-off costs while people do it by hand.
#[derive(Serialize, ToSchema)]
#[schema(as = FlowManual)]
pub struct ManualSchema {
    minutes_each: u32,
    times_a_week: u32,
    tool: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FlowBranch)]
pub struct BranchSchema {
    key: String,
    label: String,
    when: ConditionSchema,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[schema(as = FlowStepKind)]
pub enum StepKindSchema {
    EmitExport {
        export_type: String,
        /// acknowledged or completed.
        until: String,
    },
    WaitForEvent {
        event: String,
    },
    Decide {
        branches: Vec<BranchSchema>,
        otherwise: Option<bool>,
    },
    HumanTask {
        instruction: String,
        fields: Option<Vec<FieldSchema>>,
    },
    Notify {
        to: Vec<OwnerText>,
        message: String,
    },
    Compensate {
        back_to: Option<String>,
    },
    SubFlow {
        flow: String,
    },
}

/// A flow as it is exported and imported.
#[derive(Serialize, ToSchema)]
#[schema(as = FlowDocument)]
pub struct DocumentSchema {
    #[schema(example = "meshline.flow/1")]
    format: String,
    #[schema(example = "order-to-ship")]
    key: String,
    name: String,
    summary: Option<String>,
    trigger: TriggerSchema,
    /// Keys of the steps that begin with the run; several: side by side.
    start: Vec<String>,
    steps: Vec<StepSchema>,
    /// What a finished run is called.
    outcome: String,
}
