//! What goes out, described for whoever receives it. The engine composes the message; these types
//! only document it, and a test holds them against a real one.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::words::{At, QaStatus};

/// An export on its way out: a CloudEvents 1.0 JSON message, with Standard Webhooks headers.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what the engine composes")]
pub struct ExportMessage {
    #[schema(example = "1.0")]
    specversion: String,
    id: Uuid,
    #[schema(format = "uri")]
    source: String,
    /// `com.meshline.export.{export_type}`
    #[schema(rename = "type", example = "com.meshline.export.promo_activation")]
    r#type: String,
    subject: Uuid,
    time: At,
    #[schema(example = "application/json")]
    datacontenttype: String,
    /// Where the JSON Schema of `data.payload` is.
    #[schema(format = "uri")]
    dataschema: String,
    /// Where the destination may say later what became of it.
    #[schema(format = "uri")]
    callbackurl: String,
    data: ExportData,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what the engine composes")]
pub struct ExportData {
    export_id: Uuid,
    export_type: String,
    version: i64,
    supersedes: Option<Uuid>,
    contract: MessageContract,
    /// `policy name@version`
    decision_version: Option<String>,
    intent: String,
    intended_action: String,
    merchant_id: Uuid,
    order_id: Option<Uuid>,
    campaign_id: Option<String>,
    /// Party and role that answer for it.
    #[schema(example = "agency:fulfillment-team")]
    owning_party: String,
    owner_id: Option<Uuid>,
    owner_role: Option<String>,
    backup_owner: MessageDuty,
    watchers: Vec<String>,
    source_of_truth: MessageTruth,
    sla: MessageSla,
    valid_until: At,
    /// Which facts go stale, how fast, and as of when they were true.
    refresh: BTreeMap<String, MessageRefresh>,
    exception_path: MessageExceptionPath,
    escalation_policy: MessageEscalation,
    remediation_steps: Option<Vec<String>>,
    qa: Vec<MessageQa>,
    approvals: Vec<MessageApproval>,
    accepted_by: Option<Uuid>,
    accepted_at: Option<At>,
    exception_code: Option<String>,
    #[schema(value_type = Option<Object>)]
    exception_metadata: Option<Value>,
    /// The same over all attempts and replays: execute it once.
    idempotency_key: String,
    /// 32 hexadecimal digits.
    trace_id: String,
    timestamp: At,
    rationale: MessageRationale,
    /// As the schema of the contract version describes it; see `dataschema`.
    #[schema(value_type = Object)]
    payload: Value,
    audit_trail: Vec<MessageChange>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what the engine composes")]
pub struct MessageContract {
    id: Uuid,
    version: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what the engine composes")]
pub struct MessageDuty {
    owner_id: Option<Uuid>,
    owner_role: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what the engine composes")]
pub struct MessageTruth {
    system: String,
    #[schema(rename = "ref")]
    r#ref: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what the engine composes")]
pub struct MessageSla {
    sla_ms: i64,
    accept_by: At,
    resolve_by: At,
    ship_by: Option<At>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what the engine composes")]
pub struct MessageRefresh {
    max_age_ms: i64,
    as_of: At,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what the engine composes")]
pub struct MessageExceptionPath {
    #[schema(rename = "type")]
    r#type: String,
    contact_id: Option<Uuid>,
    /// Exception code to role.
    routes: BTreeMap<String, String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what the engine composes")]
pub struct MessageEscalation {
    id: Uuid,
    version: i64,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what the engine composes")]
pub struct MessageQa {
    check: String,
    status: QaStatus,
    detail: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what the engine composes")]
pub struct MessageApproval {
    step: i64,
    role: Option<String>,
    accepted_by: Option<Uuid>,
    /// In whose name, where somebody decided for somebody else.
    #[schema(required = false)]
    accepted_for: Option<Uuid>,
    accepted_at: Option<At>,
    content_hash: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what the engine composes")]
pub struct MessageRationale {
    summary: String,
    #[schema(value_type = Vec<Object>)]
    trace: Vec<Value>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what the engine composes")]
pub struct MessageChange {
    ts: At,
    actor: Option<String>,
    change: String,
}
