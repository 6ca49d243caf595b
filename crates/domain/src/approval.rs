//! Approvals: a decision bound to the hash of (content, contract version, policy version).
//!
//! One row per step of the rule. Steps are asked in order: the first is `pending`, the rest `queued`.
//! Two-person means two distinct people, neither the author. At `accept_by` the backup may decide as
//! well and a task opens; at `expires_at` the step is `expired`, which is not `declined`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{owner::Owner, people::Membership, time::Time};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// An earlier step is still to be decided.
    Queued,
    Pending,
    Approved,
    Declined,
    Expired,
    Withdrawn,
    Superseded,
}

impl ApprovalState {
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Pending,
        Self::Approved,
        Self::Declined,
        Self::Expired,
        Self::Withdrawn,
        Self::Superseded,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
            Self::Superseded => "superseded",
        }
    }

    pub fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Pending)
    }
}

impl fmt::Display for ApprovalState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ApprovalState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not an approval state"))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub export_id: Uuid,
    /// 1-based; `of` is how many steps the rule has.
    pub step: i64,
    pub of: i64,
    pub owner: Owner,
    pub backup: Owner,
    /// Why anybody is asked at all: "over $500.00", "flagged: test order".
    pub reason: String,
    /// Whoever approves proves a moment before that it is them.
    #[serde(default)]
    pub critical: bool,
    pub content_hash: String,
    /// Who wrote what is being approved; may not approve it.
    pub author: Option<Uuid>,
    pub state: ApprovalState,
    /// How long the step may wait once it is asked.
    pub accept_ms: i64,
    pub asked_at: Option<Time>,
    pub accept_by: Option<Time>,
    pub expires_at: Option<Time>,
    /// Set when `accept_by` passed: the backup may decide now, too.
    pub escalated_at: Option<Time>,
    pub decided_by: Option<Uuid>,
    pub decided_at: Option<Time>,
    pub decision_note: Option<String>,
    pub rev: i64,
}

/// Why a decision does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotDecide {
    #[error("this was already {0}")]
    AlreadyDecided(ApprovalState),
    #[error("an earlier approval has to come first")]
    NotYetAsked,
    #[error("what you saw is not what would be sent: it changed in the meantime")]
    ContentChanged,
    #[error("you wrote this; somebody else has to approve it")]
    Author,
    #[error("you already approved an earlier step; a second person has to approve this one")]
    SamePerson,
    #[error("this waits on {0}, which is not one of your roles")]
    NotYourRole(String),
    #[error("say why you decline")]
    ReasonMissing,
}

/// What a person says about one pending step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub approve: bool,
    pub note: Option<String>,
    /// The hash the person was shown.
    pub seen_hash: String,
}

impl Approval {
    /// Whether this member could decide the step now, were it pending.
    pub fn may_be_decided_by(&self, member: &Membership) -> bool {
        member.answers_for(&self.owner)
            || (self.escalated_at.is_some() && member.answers_for(&self.backup))
    }

    /// The one gate, whatever the surface. `earlier` are the export's other approval rows.
    pub fn decide(
        mut self,
        decision: &Decision,
        member: &Membership,
        earlier: &[Self],
        now: Time,
    ) -> Result<Self, CannotDecide> {
        match self.state {
            ApprovalState::Pending => {}
            ApprovalState::Queued => return Err(CannotDecide::NotYetAsked),
            done => return Err(CannotDecide::AlreadyDecided(done)),
        }
        if decision.seen_hash != self.content_hash {
            return Err(CannotDecide::ContentChanged);
        }
        if !self.may_be_decided_by(member) {
            return Err(CannotDecide::NotYourRole(self.owner.title()));
        }
        if decision.approve {
            if self.author == Some(member.user_id) {
                return Err(CannotDecide::Author);
            }
            let decided_before = |other: &Self| {
                other.id != self.id
                    && other.state == ApprovalState::Approved
                    && other.decided_by == Some(member.user_id)
            };
            if earlier.iter().any(decided_before) {
                return Err(CannotDecide::SamePerson);
            }
        }
        let note = decision
            .note
            .as_deref()
            .map(str::trim)
            .filter(|note| !note.is_empty());
        if !decision.approve && note.is_none() {
            return Err(CannotDecide::ReasonMissing);
        }
        self.state = if decision.approve {
            ApprovalState::Approved
        } else {
            ApprovalState::Declined
        };
        self.decided_by = Some(member.user_id);
        self.decided_at = Some(now);
        self.decision_note = note.map(str::to_owned);
        Ok(self)
    }

    /// Starts this step's clock. It may wait as long again with the backup before it expires.
    #[must_use]
    pub fn ask(mut self, now: Time) -> Self {
        self.state = ApprovalState::Pending;
        self.asked_at = Some(now);
        self.accept_by = Some(now.plus_ms(self.accept_ms));
        self.expires_at = Some(now.plus_ms(self.accept_ms.saturating_mul(4)));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{access::Access, owner::Party};

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn member(user: u128, role: &str) -> Membership {
        Membership {
            merchant_id: id(1),
            user_id: id(user),
            access: Access::Approver,
            party: Party::Agency,
            functional_roles: vec![role.to_owned(), "operations".to_owned()],
            rotations: Vec::new(),
        }
    }

    fn step(n: i64) -> Approval {
        Approval {
            id: id(100 + n as u128),
            merchant_id: id(1),
            export_id: id(2),
            step: n,
            of: 2,
            owner: Owner::role(
                Party::Agency,
                if n == 1 {
                    "marketing_ops"
                } else {
                    "operations"
                },
            ),
            backup: Owner::role(Party::Agency, "finance"),
            reason: "always".into(),
            critical: false,
            content_hash: "sha256:aa".into(),
            author: Some(id(9)),
            state: ApprovalState::Queued,
            accept_ms: 1000,
            asked_at: None,
            accept_by: None,
            expires_at: None,
            escalated_at: None,
            decided_by: None,
            decided_at: None,
            decision_note: None,
            rev: 0,
        }
    }

    fn yes(hash: &str) -> Decision {
        Decision {
            approve: true,
            note: None,
            seen_hash: hash.into(),
        }
    }

    #[test]
    fn two_people_neither_the_author_on_the_content_they_saw() {
        let now = Time::from_ms(5);
        let first = step(1).ask(now);
        let mara = member(3, "marketing_ops");
        assert_eq!(
            first.clone().decide(&yes("sha256:bb"), &mara, &[], now),
            Err(CannotDecide::ContentChanged)
        );
        assert_eq!(
            first
                .clone()
                .decide(&yes("sha256:aa"), &member(9, "marketing_ops"), &[], now),
            Err(CannotDecide::Author)
        );
        assert_eq!(
            first
                .clone()
                .decide(&yes("sha256:aa"), &member(4, "finance"), &[], now),
            Err(CannotDecide::NotYourRole("Marketing ops".into()))
        );
        let first = first.decide(&yes("sha256:aa"), &mara, &[], now).unwrap();
        assert_eq!(first.state, ApprovalState::Approved);
        assert_eq!(
            first.clone().decide(&yes("sha256:aa"), &mara, &[], now),
            Err(CannotDecide::AlreadyDecided(ApprovalState::Approved))
        );
        let second = step(2);
        assert_eq!(
            second
                .clone()
                .decide(&yes("sha256:aa"), &mara, std::slice::from_ref(&first), now),
            Err(CannotDecide::NotYetAsked)
        );
        let second = second.ask(now);
        assert_eq!(
            second
                .clone()
                .decide(&yes("sha256:aa"), &mara, std::slice::from_ref(&first), now),
            Err(CannotDecide::SamePerson)
        );
        assert!(
            second
                .decide(&yes("sha256:aa"), &member(7, "x"), &[first], now)
                .is_ok()
        );
    }

    #[test]
    fn the_backup_decides_only_after_the_deadline_and_declining_needs_a_reason() {
        let now = Time::from_ms(5);
        let mut first = step(1).ask(now);
        let backup = Membership {
            functional_roles: vec!["finance".into()],
            ..member(4, "finance")
        };
        assert!(
            first
                .clone()
                .decide(&yes("sha256:aa"), &backup, &[], now)
                .is_err()
        );
        first.escalated_at = Some(Time::from_ms(1005));
        assert!(
            first
                .clone()
                .decide(&yes("sha256:aa"), &backup, &[], now)
                .is_ok()
        );
        let no = Decision {
            approve: false,
            note: Some("  ".into()),
            seen_hash: "sha256:aa".into(),
        };
        assert_eq!(
            first.decide(&no, &backup, &[], now),
            Err(CannotDecide::ReasonMissing)
        );
    }
}
