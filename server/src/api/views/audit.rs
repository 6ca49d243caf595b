//! Audit entries: links of the merchant's chain.

use domain::audit::{AuditEntry, witness::SignedCheckpoint};
use engine::TrailKey;
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

/// A public key of the merchant's trail.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditKey)]
pub struct AuditKeyView {
    id: Uuid,
    /// `name+number+base64`, as `meshline audit verify --key` takes it.
    key: String,
    created_at: At,
    /// When another one took its place; what it signed until then stays good.
    retired_at: Option<At>,
}

impl From<&TrailKey> for AuditKeyView {
    fn from(one: &TrailKey) -> Self {
        Self {
            id: one.key.id,
            key: one.text.clone(),
            created_at: one.key.created_at.into(),
            retired_at: one.key.retired_at.map(Into::into),
        }
    }
}

/// A signed checkpoint.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditCheckpoint)]
pub struct CheckpointView {
    /// How many entries it vouches for.
    size: i64,
    key_id: Uuid,
    made_at: At,
    /// The signed note, to be kept as it is.
    note: String,
}

impl From<&SignedCheckpoint> for CheckpointView {
    fn from(one: &SignedCheckpoint) -> Self {
        Self {
            size: one.size,
            key_id: one.key_id,
            made_at: one.made_at.into(),
            note: one.note.clone(),
        }
    }
}
