//! Jobs: durable rows that drive everything that happens later. Claimed in batches under a lease;
//! the fencing token (`fence`) is checked when a job's effects are committed, so a worker that lost
//! its lease cannot commit. The effects of a job and the jobs that follow are one transaction.

use std::str::FromStr;

use domain::Time;
use uuid::Uuid;

macro_rules! job_kinds {
    ($($(#[$doc:meta])* $variant:ident => $text:literal),+ $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum JobKind { $($(#[$doc])* $variant),+ }

        impl JobKind {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

job_kinds! {
    /// Subject: receipt. Turn what arrived into facts of an order, and set off what follows.
    ProcessReceipt => "process_receipt",
    /// Subject: export. One attempt at its destination.
    Deliver => "deliver",
    /// Subject: approval. `arg` = the deadline it was armed for.
    ApprovalDeadline => "approval_deadline",
    /// Subject: approval. `arg` = the expiry it was armed for.
    ApprovalExpiry => "approval_expiry",
    /// Subject: task. `arg` = the deadline it was armed for.
    TaskAcceptDeadline => "task_accept_deadline",
    /// Subject: task. `arg` = the deadline it was armed for.
    TaskResolveDeadline => "task_resolve_deadline",
    /// Subject: task. `arg` = the end of the snooze it was armed for.
    TaskWake => "task_wake",
    /// Subject: task. `arg` = the opening hour for which its next rung waits.
    TaskRung => "task_rung",
    /// Subject: task. `arg` = the end of the acknowledgement it was armed for.
    TaskClaimExpiry => "task_claim_expiry",
    /// Subject: merchant. `arg` = when somebody else comes on call; what was since is written down.
    HandOff => "hand_off",
    /// Subject: export. `arg` = rev-independent deadline it was armed for.
    AckDeadline => "ack_deadline",
    /// Subject: export. `arg` = the deadline it was armed for.
    CompletionDeadline => "completion_deadline",
    /// Subject: export. `arg` = its `accept_by` or `resolve_by`.
    ExportDeadline => "export_deadline",
    /// Subject: export. Something changed that its gates look at, or it is time to look again.
    Recheck => "recheck",
    /// Subject: brief. `arg` = the end of its window it was armed for.
    BriefEnd => "brief_end",
    /// Subject: run. `arg` = the deadline it was armed for.
    WaitDeadline => "wait_deadline",
    /// Subject: run that is over. The step of another run waits for it.
    RunEnded => "run_ended",
    /// Subject: a move of runs to another version. The next batch of it.
    MoveRuns => "move_runs",
    /// Subject: a contract's version. `arg` = the time of its schedule that it was armed for.
    ContractSchedule => "contract_schedule",
    /// Subject: a contract's version. `arg` = the last day it was armed for.
    ContractEnds => "contract_ends",
    /// Subject: the merchant. `arg` = when the month turned; nought: find out when it does.
    OwnershipReview => "ownership_review",
    /// Subject: task. Its owner is told of it where they are.
    TellOfTask => "tell_of_task",
    /// Subject: message in a chat. Brings it in line with what it is about.
    ShowPost => "show_post",
    /// Subject: click in a chat.
    AnswerClick => "answer_click",
    /// Subject: the merchant. What is new in its trail is signed.
    AuditCheckpoint => "audit_checkpoint",
    /// Subject: a witness. One try to bring it the newest checkpoint.
    SendCheckpoint => "send_checkpoint",
    /// Subject: the merchant. One step of taking out what its rules keep no longer.
    Retention => "retention",
    /// Subject: API token. `arg` = when its secret of then was to be warned about.
    TokenExpiring => "token_expiring",
}

impl JobKind {
    /// It talks to somebody outside, and takes as long as they take.
    pub fn goes_out(self) -> bool {
        matches!(
            self,
            Self::Deliver | Self::ShowPost | Self::AnswerClick | Self::SendCheckpoint
        )
    }
}

impl FromStr for JobKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not a kind of job"))
    }
}

impl Job {
    /// Names this claim of the job in a trace: eight bytes that no other claim has.
    pub fn span(&self) -> [u8; 8] {
        let [.., a, b, c, d, e, f, g, h] = *self.id.as_bytes();
        let id = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        // an odd factor keeps claims of one job apart, however many there are
        let claim = self
            .fence
            .unsigned_abs()
            .wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (id ^ claim).max(1).to_be_bytes()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub kind: JobKind,
    pub subject_id: Uuid,
    pub arg: i64,
    pub run_at: Time,
    /// How often it was claimed before.
    pub attempts: i64,
    pub fence: i64,
}
