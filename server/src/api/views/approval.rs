//! Approvals: who was asked, on which content, and what they said.

use domain::{approval::Approval, export::Export};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    export::ExportView,
    words::{ApprovalState, At},
};

/// One step of an export's approval.
#[derive(Serialize, ToSchema)]
#[schema(as = Approval)]
pub struct ApprovalView {
    id: Uuid,
    export_id: Uuid,
    /// Counted from 1.
    step: i64,
    of: i64,
    state: ApprovalState,
    /// Who is asked.
    #[schema(example = "agency:marketing_ops")]
    owner: String,
    /// Who may decide as well once `accept_by` has passed.
    #[schema(example = "agency:operations")]
    backup: String,
    /// Why anybody is asked at all.
    reason: String,
    /// Whoever approves has to have proved a moment before that it is them.
    critical: bool,
    /// What the decision is bound to; a decision has to name it.
    content_hash: String,
    /// Who wrote what is to be approved, and so may not approve it.
    author: Option<Uuid>,
    asked_at: Option<At>,
    accept_by: Option<At>,
    expires_at: Option<At>,
    escalated_at: Option<At>,
    decided_by: Option<Uuid>,
    decided_at: Option<At>,
    note: Option<String>,
}

/// An approval with the export it is about.
#[derive(Serialize, ToSchema)]
#[schema(as = AskedApproval)]
pub struct AskedView {
    #[serde(flatten)]
    approval: ApprovalView,
    export: ExportView,
}

impl From<&Approval> for ApprovalView {
    fn from(approval: &Approval) -> Self {
        Self {
            id: approval.id,
            export_id: approval.export_id,
            step: approval.step,
            of: approval.of,
            state: approval.state.into(),
            owner: approval.owner.to_string(),
            backup: approval.backup.to_string(),
            reason: approval.reason.clone(),
            critical: approval.critical,
            content_hash: approval.content_hash.clone(),
            author: approval.author,
            asked_at: approval.asked_at.map(Into::into),
            accept_by: approval.accept_by.map(Into::into),
            expires_at: approval.expires_at.map(Into::into),
            escalated_at: approval.escalated_at.map(Into::into),
            decided_by: approval.decided_by,
            decided_at: approval.decided_at.map(Into::into),
            note: approval.decision_note.clone(),
        }
    }
}

impl From<&(Approval, Export)> for AskedView {
    fn from((approval, export): &(Approval, Export)) -> Self {
        Self {
            approval: approval.into(),
            export: export.into(),
        }
    }
}
