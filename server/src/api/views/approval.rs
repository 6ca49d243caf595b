//! Approvals: who was asked, on which content, and what they said.

use domain::{
    approval::{Approval, Remark, Said},
    export::Export,
};
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
    /// Who is asked beside the owner; then each of them counts once.
    others: Vec<String>,
    /// How many people have to approve it.
    needs: i64,
    /// Who did so far, in the order in which they did.
    votes: Vec<VoteView>,
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
    /// Who else wrote part of it, and so may not approve it either.
    also_authors: Vec<Uuid>,
    asked_at: Option<At>,
    accept_by: Option<At>,
    expires_at: Option<At>,
    escalated_at: Option<At>,
    decided_by: Option<Uuid>,
    /// In whose name, where that is somebody else.
    decided_for: Option<Uuid>,
    decided_at: Option<At>,
    note: Option<String>,
    /// What was said around it, oldest first.
    remarks: Vec<RemarkView>,
    /// Whom it waits to hear from before it is decided; the clock waits as well.
    waits_for: Option<Uuid>,
}

/// One person's yes.
#[derive(Serialize, ToSchema)]
#[schema(as = ApprovalVote)]
pub struct VoteView {
    by: Uuid,
    /// In whose name, where that is somebody else.
    #[serde(rename = "for")]
    on_behalf: Option<Uuid>,
    at: At,
    note: Option<String>,
}

/// Something that was said around a decision.
#[derive(Serialize, ToSchema)]
#[schema(as = ApprovalRemark)]
pub struct RemarkView {
    #[schema(example = "comment")]
    kind: &'static str,
    by: Uuid,
    at: At,
    text: String,
    /// Whom a question was put to, or who has it now.
    to: Option<String>,
}

impl From<&Remark> for RemarkView {
    fn from(remark: &Remark) -> Self {
        let (kind, to) = match &remark.what {
            Said::Comment => ("comment", None),
            Said::Question { to } => ("question", Some(format!("user:{to}"))),
            Said::Answer => ("answer", None),
            Said::Reminder => ("reminder", None),
            Said::Reassigned { to, .. } => ("reassigned", Some(to.to_string())),
        };
        Self {
            kind,
            by: remark.by,
            at: remark.at.into(),
            text: remark.text.clone(),
            to,
        }
    }
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
            others: approval.others.iter().map(ToString::to_string).collect(),
            needs: approval.needs,
            votes: approval
                .votes
                .iter()
                .map(|vote| VoteView {
                    by: vote.by,
                    on_behalf: vote.on_behalf,
                    at: vote.at.into(),
                    note: vote.note.clone(),
                })
                .collect(),
            backup: approval.backup.to_string(),
            reason: approval.reason.clone(),
            critical: approval.critical,
            content_hash: approval.content_hash.clone(),
            author: approval.author,
            also_authors: approval.also_authors.clone(),
            asked_at: approval.asked_at.map(Into::into),
            accept_by: approval.accept_by.map(Into::into),
            expires_at: approval.expires_at.map(Into::into),
            escalated_at: approval.escalated_at.map(Into::into),
            decided_by: approval.decided_by,
            decided_for: approval.decided_for,
            decided_at: approval.decided_at.map(Into::into),
            note: approval.decision_note.clone(),
            remarks: approval.remarks.iter().map(Into::into).collect(),
            waits_for: approval.question.as_ref().map(|one| one.to),
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
