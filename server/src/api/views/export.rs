//! Exports: the command, its checks, its attempts, and what the destination said.

use domain::{
    connection::Destination,
    contract::Contract,
    export::{AckRecord, Attempt, Export, QaResult, Reevaluation, Trial},
    gate::Fault,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::words::{AckStatus, At, ExportState, Party, QaStatus};

/// One command under a contract.
#[derive(Serialize, ToSchema)]
#[schema(as = Export)]
pub struct ExportView {
    id: Uuid,
    #[schema(example = "fulfillment_request")]
    export_type: String,
    /// Counts up over the versions of one command; a change makes a new version.
    version: i64,
    supersedes: Option<Uuid>,
    superseded_by: Option<Uuid>,
    contract_id: Uuid,
    #[schema(example = "1.0")]
    contract_version: String,
    run_id: Uuid,
    step_key: String,
    /// `order` or `campaign`.
    subject_kind: String,
    subject_id: Uuid,
    title: String,
    intent: String,
    intended_action: String,
    state: ExportState,
    #[schema(example = "agency:logistics")]
    owner: String,
    backup: String,
    watchers: Vec<String>,
    /// Who wrote it, if a person did: may not approve it.
    author: Option<Uuid>,
    /// Who else wrote part of it, and so may not approve it either.
    also_authors: Vec<Uuid>,
    /// As the schema of its contract describes it; null once a retention rule took it out.
    #[schema(value_type = Option<Object>)]
    payload: Value,
    /// What an approval binds to.
    #[schema(example = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    content_hash: String,
    /// The same over all attempts and replays.
    idempotency_key: String,
    source_system: String,
    source_ref: String,
    /// When the facts behind the payload were true.
    as_of: At,
    qa: Vec<QaView>,
    reevaluated: Option<ReevaluationView>,
    trial: Option<TrialView>,
    rationale: String,
    destination_id: Uuid,
    acknowledgement: AckView,
    trace_id: String,
    created_at: At,
    accept_by: At,
    resolve_by: At,
    /// Past it, the content is not sent.
    valid_until: At,
}

/// One gate's answer.
#[derive(Serialize, ToSchema)]
#[schema(as = QaResult)]
pub struct QaView {
    check: String,
    status: QaStatus,
    /// What failed; of a rule that passed since there was nothing to look at, that.
    detail: Option<String>,
    /// Where it failed.
    faults: Vec<FaultView>,
}

/// One thing that is wrong.
#[derive(Serialize, ToSchema)]
#[schema(as = QaFault)]
pub struct FaultView {
    /// JSON Pointer into the message's `data`.
    #[schema(example = "/payload/lines/0/sku")]
    field: String,
    #[schema(example = "There are 2 of “LAMP-FJORD-SMK”")]
    says: String,
    /// What would be accepted there.
    #[schema(example = "a stock of 5 or more")]
    accepts: String,
    /// The other export that it is about.
    export_id: Option<Uuid>,
    #[schema(format = "uri-reference")]
    export_url: Option<String>,
}

impl From<&Fault> for FaultView {
    fn from(fault: &Fault) -> Self {
        Self {
            field: fault.field.clone(),
            says: fault.says.clone(),
            accepts: fault.accepts.clone(),
            export_id: fault.export,
            export_url: fault.export.map(|id| format!("/api/v1/exports/{id}")),
        }
    }
}

/// Made anew before it was sent, since what it said had become too old.
#[derive(Serialize, ToSchema)]
#[schema(as = Reevaluation)]
pub struct ReevaluationView {
    why: String,
    /// What is not as in the version that had become too old; empty: it still holds, word for word, and so do its approvals.
    changed: Vec<DifferenceView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Difference)]
pub struct DifferenceView {
    /// JSON Pointer into the payload.
    field: String,
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    #[schema(value_type = Option<Object>)]
    after: Option<Value>,
}

impl From<&Reevaluation> for ReevaluationView {
    fn from(one: &Reevaluation) -> Self {
        let changed = one.changed.iter().map(|one| DifferenceView {
            field: one.field.clone(),
            before: one.before.clone(),
            after: one.after.clone(),
        });
        Self {
            why: one.why.clone(),
            changed: changed.collect(),
        }
    }
}

/// What the staging side of its destination answered to a trial of it.
#[derive(Serialize, ToSchema)]
#[schema(as = Trial)]
pub struct TrialView {
    url: String,
    at: At,
    http_status: Option<i64>,
    answer: String,
    error: Option<String>,
    accepted: bool,
}

impl From<&Trial> for TrialView {
    fn from(one: &Trial) -> Self {
        Self {
            url: one.url.clone(),
            at: one.at.into(),
            http_status: one.http_status,
            answer: one.answer.clone(),
            error: one.error.clone(),
            accepted: one.accepted,
        }
    }
}

/// What the destination said, in its answer or by callback; all null while it said nothing.
#[derive(Serialize, ToSchema)]
#[schema(as = Acknowledgement)]
pub struct AckView {
    status: Option<AckStatus>,
    exception_code: Option<String>,
    #[schema(value_type = Option<Object>)]
    exception_metadata: Option<Value>,
    external_ref: Option<String>,
    acknowledged_at: Option<At>,
    completed_at: Option<At>,
}

/// One try of the delivery.
#[derive(Serialize, ToSchema)]
#[schema(as = Attempt)]
pub struct AttemptView {
    /// Counted from 1 over the life of the export.
    n: i64,
    started_at: At,
    duration_ms: i64,
    http_status: Option<i64>,
    /// What was answered, as it came, up to 64 KiB.
    answer: String,
    error: Option<String>,
    /// What the answer was taken to mean.
    verdict: String,
    next_at: Option<At>,
}

/// The contract version an export was made under.
#[derive(Serialize, ToSchema)]
#[schema(as = ContractRef)]
pub struct ContractRef {
    id: Uuid,
    export_type: String,
    version: String,
    title: String,
    /// Where the JSON Schema of the payload is.
    #[schema(format = "uri-reference")]
    schema_url: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Destination)]
pub struct DestinationView {
    id: Uuid,
    #[schema(example = "harbor-3pl")]
    key: String,
    name: String,
    system: String,
    party: Party,
    url: String,
}

/// What an acknowledgement made of the export.
#[derive(Serialize, ToSchema)]
#[schema(as = AckAnswer)]
pub struct AckAnswer {
    export_id: Uuid,
    state: ExportState,
}

impl AckAnswer {
    pub fn new(export_id: Uuid, state: domain::export::ExportState) -> Self {
        Self {
            export_id,
            state: state.into(),
        }
    }
}

/// Relative to the server that answers.
pub fn schema_url(contract: &Contract) -> String {
    format!(
        "/api/v1/contracts/{}/versions/{}/schema",
        contract.id, contract.version
    )
}

impl From<&Export> for ExportView {
    fn from(export: &Export) -> Self {
        Self {
            id: export.id,
            export_type: export.export_type.clone(),
            version: export.version,
            supersedes: export.supersedes,
            superseded_by: export.superseded_by,
            contract_id: export.contract_id,
            contract_version: export.contract_version.clone(),
            run_id: export.run_id,
            step_key: export.step_key.clone(),
            subject_kind: export.subject_kind.clone(),
            subject_id: export.subject_id,
            title: export.title.clone(),
            intent: export.intent.clone(),
            intended_action: export.intended_action.clone(),
            state: export.state.into(),
            owner: export.owner.to_string(),
            backup: export.backup.to_string(),
            watchers: export.watchers.iter().map(ToString::to_string).collect(),
            author: export.author,
            also_authors: export.also_authors.clone(),
            payload: export.payload.clone(),
            content_hash: export.content_hash.clone(),
            idempotency_key: export.idempotency_key.clone(),
            source_system: export.source_system.clone(),
            source_ref: export.source_ref.clone(),
            as_of: export.as_of.into(),
            qa: export.qa.iter().map(Into::into).collect(),
            reevaluated: export.reevaluated.as_ref().map(Into::into),
            trial: export.trial.as_ref().map(Into::into),
            rationale: export.rationale.clone(),
            destination_id: export.destination_id,
            acknowledgement: (&export.ack).into(),
            trace_id: export.trace_id.clone(),
            created_at: export.created_at.into(),
            accept_by: export.accept_by.into(),
            resolve_by: export.resolve_by.into(),
            valid_until: export.valid_until.into(),
        }
    }
}

impl From<&QaResult> for QaView {
    fn from(result: &QaResult) -> Self {
        Self {
            check: result.check.clone(),
            status: result.status.into(),
            detail: result.detail.clone(),
            faults: result.faults.iter().map(Into::into).collect(),
        }
    }
}

impl From<&AckRecord> for AckView {
    fn from(ack: &AckRecord) -> Self {
        Self {
            status: ack.status.map(Into::into),
            exception_code: ack.exception_code.clone(),
            exception_metadata: ack.exception_metadata.clone(),
            external_ref: ack.external_ref.clone(),
            acknowledged_at: ack.acknowledged_at.map(Into::into),
            completed_at: ack.completed_at.map(Into::into),
        }
    }
}

impl From<&Attempt> for AttemptView {
    fn from(attempt: &Attempt) -> Self {
        Self {
            n: attempt.n,
            started_at: attempt.started_at.into(),
            duration_ms: attempt.duration_ms,
            http_status: attempt.http_status,
            answer: attempt.answer.clone(),
            error: attempt.error.clone(),
            verdict: attempt.verdict.clone(),
            next_at: attempt.next_at.map(Into::into),
        }
    }
}

impl From<&Contract> for ContractRef {
    fn from(contract: &Contract) -> Self {
        Self {
            id: contract.id,
            export_type: contract.export_type.clone(),
            version: contract.version.clone(),
            title: contract.title.clone(),
            schema_url: schema_url(contract),
        }
    }
}

impl From<&Destination> for DestinationView {
    fn from(destination: &Destination) -> Self {
        Self {
            id: destination.id,
            key: destination.key.clone(),
            name: destination.name.clone(),
            system: destination.system.clone(),
            party: destination.party.into(),
            url: destination.url.clone(),
        }
    }
}
