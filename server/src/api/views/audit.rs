//! Audit entries: links of the merchant's chain.

use domain::audit::AuditEntry;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use super::words::At;

/// One link of the merchant's hash chain.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct AuditView {
    /// 1 for the merchant's first entry, then without gaps.
    seq: i64,
    merchant_id: Uuid,
    at: At,
    /// `user:<id>`, `token:<id>`, `destination:<key>` or `system`.
    #[schema(example = "system")]
    actor: String,
    #[schema(example = "export.ready")]
    action: String,
    #[schema(example = "export")]
    subject_kind: String,
    subject_id: String,
    /// What changed and why.
    #[schema(value_type = Object)]
    detail: Option<Box<RawValue>>,
    trace_id: Option<String>,
    /// SHA-256 of the entry before, in hexadecimal.
    prev_hash: String,
    hash: String,
}

impl From<&AuditEntry> for AuditView {
    fn from(entry: &AuditEntry) -> Self {
        Self {
            seq: entry.seq,
            merchant_id: entry.merchant_id,
            at: entry.at.into(),
            actor: entry.actor.clone(),
            action: entry.action.clone(),
            subject_kind: entry.subject_kind.clone(),
            subject_id: entry.subject_id.clone(),
            detail: RawValue::from_string(entry.detail.clone()).ok(),
            trace_id: entry.trace_id.clone(),
            prev_hash: entry.prev_hash.to_string(),
            hash: entry.hash.to_string(),
        }
    }
}
