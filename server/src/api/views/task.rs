//! Tasks: what somebody has to do, by when, with the evidence.

use std::collections::BTreeMap;

use domain::{
    flow::{Field, FieldKind},
    task::{Evidence, Task},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::words::{At, ExceptionClass, Severity, TaskState, Unlock};

/// The owned unit of human work that an exception opened.
#[derive(Serialize, ToSchema)]
#[schema(as = Task)]
pub struct TaskView {
    id: Uuid,
    /// The exception's code.
    #[schema(example = "insufficient_inventory")]
    code: String,
    title: String,
    /// What went wrong.
    sentence: String,
    class: ExceptionClass,
    severity: Severity,
    state: TaskState,
    #[schema(example = "agency:supply_chain")]
    owner: String,
    /// The person who claimed it.
    assignee: Option<Uuid>,
    backup: String,
    watchers: Vec<String>,
    /// How many rungs of its escalation were taken.
    rung: i64,
    escalation: Vec<RungView>,
    evidence: Vec<EvidenceView>,
    remediation_steps: Vec<String>,
    /// What resolving it sets going again.
    unlock: Unlock,
    unlock_sentence: &'static str,
    receipt_id: Option<Uuid>,
    order_id: Option<Uuid>,
    run_id: Option<Uuid>,
    /// The step of the run that it is about.
    step: Option<String>,
    /// What it asks whoever does it.
    form: Vec<QuestionView>,
    /// What they answered, by field.
    #[schema(value_type = Object)]
    answers: BTreeMap<String, Value>,
    export_id: Option<Uuid>,
    trace_id: String,
    created_at: At,
    accept_by: At,
    resolve_by: At,
    snoozed_until: Option<At>,
    resolved_at: Option<At>,
    resolved_by: Option<Uuid>,
    resolution: Option<String>,
}

/// One question of a form.
#[derive(Serialize, ToSchema)]
#[schema(as = FormQuestion)]
pub struct QuestionView {
    #[schema(example = "condition")]
    key: String,
    label: String,
    help: String,
    required: bool,
    /// `text`, `long_text`, `number`, `date`, `yes_no` or `choice`.
    #[serde(rename = "type")]
    #[schema(example = "choice")]
    kind: &'static str,
    /// Of a choice.
    options: Vec<String>,
}

impl From<&Field> for QuestionView {
    fn from(field: &Field) -> Self {
        let (kind, options) = match &field.kind {
            FieldKind::Text => ("text", Vec::new()),
            FieldKind::LongText => ("long_text", Vec::new()),
            FieldKind::Number => ("number", Vec::new()),
            FieldKind::Date => ("date", Vec::new()),
            FieldKind::YesNo => ("yes_no", Vec::new()),
            FieldKind::Choice { options } => ("choice", options.clone()),
        };
        Self {
            key: field.key.clone(),
            label: field.label.clone(),
            help: field.help.clone(),
            required: field.required,
            kind,
            options,
        }
    }
}

/// After this long without the clock being stopped, this owner has it.
#[derive(Serialize, ToSchema)]
#[schema(as = EscalationRung)]
pub struct RungView {
    after_ms: i64,
    target: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Evidence)]
pub struct EvidenceView {
    label: String,
    value: String,
    /// What it points at, if at something.
    link: Option<LinkView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = EvidenceLink)]
pub struct LinkView {
    #[schema(example = "export")]
    noun: String,
    id: String,
}

impl From<&Task> for TaskView {
    fn from(task: &Task) -> Self {
        Self {
            id: task.id,
            code: task.code.clone(),
            title: task.title.clone(),
            sentence: task.sentence.clone(),
            class: task.class.into(),
            severity: task.severity.into(),
            state: task.state.into(),
            owner: task.owner.to_string(),
            assignee: task.assignee,
            backup: task.backup.to_string(),
            watchers: task.watchers.iter().map(ToString::to_string).collect(),
            rung: task.rung,
            escalation: rungs(&task.escalation),
            evidence: task.evidence.iter().map(Into::into).collect(),
            remediation_steps: task.remediation_steps.clone(),
            unlock: task.unlock.into(),
            unlock_sentence: task.unlock.sentence(),
            receipt_id: task.receipt_id,
            order_id: task.order_id,
            run_id: task.run_id,
            step: task.step.as_ref().map(|step| step.key.clone()),
            form: task
                .step
                .iter()
                .flat_map(|step| &step.form)
                .map(Into::into)
                .collect(),
            answers: task
                .step
                .as_ref()
                .map(|step| step.answers.clone())
                .unwrap_or_default(),
            export_id: task.export_id,
            trace_id: task.trace_id.clone(),
            created_at: task.created_at.into(),
            accept_by: task.accept_by.into(),
            resolve_by: task.resolve_by.into(),
            snoozed_until: task.snoozed_until.map(Into::into),
            resolved_at: task.resolved_at.map(Into::into),
            resolved_by: task.resolved_by,
            resolution: task.resolution.clone(),
        }
    }
}

pub fn rungs(policy: &domain::owner::EscalationPolicy) -> Vec<RungView> {
    policy
        .steps
        .iter()
        .map(|step| RungView {
            after_ms: step.after_ms,
            target: step.target.to_string(),
        })
        .collect()
}

impl From<&Evidence> for EvidenceView {
    fn from(evidence: &Evidence) -> Self {
        Self {
            label: evidence.label.clone(),
            value: evidence.value.clone(),
            link: evidence.link.as_ref().map(|(noun, id)| LinkView {
                noun: noun.clone(),
                id: id.clone(),
            }),
        }
    }
}
