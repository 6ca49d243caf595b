//! An export: one command under a contract. Its content is immutable; a change makes a new version
//! that supersedes it. Job state (how often we tried) and business outcome (this state) are apart.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    delivery::AckStatus,
    overriding::Overridden,
    owner::{EscalationPolicy, Owner},
    time::Time,
};

macro_rules! export_states {
    ($($variant:ident => $text:literal),+ $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ExportState { $($variant),+ }

        impl ExportState {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

export_states! {
    Quarantined => "quarantined",
    AwaitingApproval => "awaiting_approval",
    Ready => "ready",
    Delivering => "delivering",
    Delivered => "delivered",
    Acknowledged => "acknowledged",
    Completed => "completed",
    Paused => "paused",
    Rejected => "rejected",
    Declined => "declined",
    Expired => "expired",
    Withdrawn => "withdrawn",
    Superseded => "superseded",
    Failed => "failed",
    Compensated => "compensated",
}

impl ExportState {
    /// The state machine. What is not listed cannot happen.
    pub fn may_become(self, next: Self) -> bool {
        use ExportState as S;
        match self {
            S::Quarantined => matches!(
                next,
                S::AwaitingApproval | S::Ready | S::Quarantined | S::Superseded | S::Withdrawn
            ),
            S::AwaitingApproval => matches!(
                next,
                S::Ready | S::Declined | S::Expired | S::Superseded | S::Withdrawn | S::Quarantined
            ),
            S::Ready => {
                matches!(
                    next,
                    S::Delivering | S::Superseded | S::Withdrawn | S::Expired | S::Paused
                )
            }
            S::Delivering => matches!(
                next,
                S::Delivered
                    | S::Acknowledged
                    | S::Completed
                    | S::Rejected
                    | S::Failed
                    | S::Paused
                    | S::Superseded
            ),
            S::Delivered => {
                matches!(
                    next,
                    S::Acknowledged
                        | S::Completed
                        | S::Rejected
                        | S::Ready
                        | S::Paused
                        | S::Superseded
                )
            }
            S::Acknowledged => matches!(
                next,
                S::Completed | S::Rejected | S::Compensated | S::Superseded
            ),
            S::Paused => matches!(next, S::Ready | S::Delivered | S::Withdrawn | S::Superseded),
            S::Rejected | S::Failed => matches!(
                next,
                S::Ready | S::Withdrawn | S::Superseded | S::Acknowledged | S::Completed
            ),
            S::Declined | S::Expired => {
                matches!(next, S::AwaitingApproval | S::Withdrawn | S::Superseded)
            }
            S::Completed => matches!(next, S::Compensated),
            S::Withdrawn | S::Superseded | S::Compensated => false,
        }
    }

    /// Nothing left our hands yet: a change of the facts may still replace it.
    pub fn is_before_dispatch(self) -> bool {
        matches!(
            self,
            Self::Quarantined
                | Self::AwaitingApproval
                | Self::Ready
                | Self::Declined
                | Self::Expired
        )
    }

    /// Somebody may still change what it says: it is not over, and nobody said no to it.
    pub fn is_live(self) -> bool {
        !matches!(
            self,
            Self::Completed
                | Self::Declined
                | Self::Expired
                | Self::Withdrawn
                | Self::Superseded
                | Self::Compensated
        )
    }

    /// It is over; only an explicit act of a person starts it again.
    pub fn is_settled(self) -> bool {
        !matches!(
            self,
            Self::Quarantined
                | Self::AwaitingApproval
                | Self::Ready
                | Self::Delivering
                | Self::Delivered
                | Self::Paused
        )
    }

    /// Counts as "in flight" for the duplicate and conflict gate.
    pub fn is_in_flight(self) -> bool {
        matches!(
            self,
            Self::Quarantined
                | Self::AwaitingApproval
                | Self::Ready
                | Self::Delivering
                | Self::Delivered
                | Self::Acknowledged
                | Self::Completed
                | Self::Paused
        )
    }

    /// "awaiting approval"
    pub fn words(self) -> String {
        self.as_str().replace('_', " ")
    }
}

impl fmt::Display for ExportState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ExportState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not an export state"))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an export that is {from} cannot become {to}")]
pub struct BadTransition {
    pub from: ExportState,
    pub to: ExportState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QaStatus {
    Passed,
    Failed,
}

/// One gate's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QaResult {
    pub check: String,
    pub status: QaStatus,
    pub detail: Option<String>,
}

/// What the destination said, whenever it said it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AckRecord {
    pub status: Option<AckStatus>,
    pub exception_code: Option<String>,
    pub exception_metadata: Option<Value>,
    pub external_ref: Option<String>,
    pub acknowledged_at: Option<Time>,
    pub completed_at: Option<Time>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Export {
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub export_type: String,
    /// Counts up over the versions of one command; each version is its own row.
    pub version: i64,
    pub supersedes: Option<Uuid>,
    pub superseded_by: Option<Uuid>,
    pub contract_id: Uuid,
    pub contract_version: String,
    pub run_id: Uuid,
    pub step_key: String,
    /// `order` or `campaign`.
    pub subject_kind: String,
    pub subject_id: Uuid,
    pub title: String,
    pub intent: String,
    pub intended_action: String,
    pub state: ExportState,
    pub owner: Owner,
    pub backup: Owner,
    pub watchers: Vec<Owner>,
    pub escalation: EscalationPolicy,
    /// Who wrote it, if a person did: may not approve it.
    pub author: Option<Uuid>,
    pub payload: Value,
    /// `sha256:…` over the canonical form of payload, contract version and policy version.
    pub content_hash: String,
    pub idempotency_key: String,
    pub source_system: String,
    pub source_ref: String,
    /// When the facts behind the payload were true.
    pub as_of: Time,
    pub qa: Vec<QaResult>,
    pub rationale: String,
    pub trace_id: String,
    pub created_at: Time,
    pub accept_by: Time,
    pub resolve_by: Time,
    pub valid_until: Time,
    pub destination_id: Uuid,
    pub ack: AckRecord,
    /// A person changed what the facts say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<Overridden>,
    pub rev: i64,
}

impl Export {
    /// The clock that runs now, until it has left for good: `None` then, since what is awaited from a
    /// destination has clocks of its own.
    pub fn deadline(&self) -> Option<Time> {
        use ExportState as S;
        match self.state {
            S::Ready | S::Delivering | S::Paused => Some(self.accept_by),
            S::AwaitingApproval | S::Quarantined => Some(self.resolve_by),
            _ => None,
        }
    }

    /// Takes the one step, or says why not.
    pub fn become_state(&mut self, next: ExportState) -> Result<(), BadTransition> {
        if !self.state.may_become(next) {
            return Err(BadTransition {
                from: self.state,
                to: next,
            });
        }
        self.state = next;
        Ok(())
    }
}

/// The hash an approval binds to: canonical JSON (RFC 8785) of what would be sent and under which rules.
pub fn content_hash(
    payload: &Value,
    contract_id: Uuid,
    contract_version: &str,
    policy_version: Option<&str>,
) -> String {
    let bound = serde_json::json!({
        "payload": payload,
        "contract": { "id": contract_id, "version": contract_version },
        "policy": policy_version,
    });
    let canonical = serde_json_canonicalizer::to_vec(&bound).unwrap_or_default();
    format!("sha256:{}", hex::encode(Sha256::digest(canonical)))
}

/// One try of one delivery, with what was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub export_id: Uuid,
    pub merchant_id: Uuid,
    /// 1-based over the life of the export, replays included.
    pub n: i64,
    pub started_at: Time,
    pub duration_ms: i64,
    pub http_status: Option<i64>,
    /// Up to 64 KiB of the answer, as it came.
    pub answer: String,
    pub error: Option<String>,
    /// What it was taken to mean, in words.
    pub verdict: String,
    pub next_at: Option<Time>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_stays_over() {
        for end in [
            ExportState::Withdrawn,
            ExportState::Superseded,
            ExportState::Compensated,
        ] {
            assert!(
                ExportState::ALL.iter().all(|next| !end.may_become(*next)),
                "{end}"
            );
        }
        assert!(!ExportState::AwaitingApproval.may_become(ExportState::Delivering));
        assert!(!ExportState::Completed.may_become(ExportState::Ready));
        for state in ExportState::ALL {
            assert_eq!(state.as_str().parse::<ExportState>().unwrap(), *state);
        }
    }

    #[test]
    fn the_hash_binds_content_and_rules_but_not_key_order() {
        let id = Uuid::from_u128(1);
        let one = serde_json::json!({"a": 1, "b": [1, 2]});
        let two: Value = serde_json::from_str(r#"{"b":[1,2],"a":1}"#).unwrap();
        assert_eq!(
            content_hash(&one, id, "1.0", None),
            content_hash(&two, id, "1.0", None)
        );
        assert_ne!(
            content_hash(&one, id, "1.0", None),
            content_hash(&one, id, "1.1", None)
        );
        assert_ne!(
            content_hash(&one, id, "1.0", None),
            content_hash(&serde_json::json!({"a": 2, "b": [1, 2]}), id, "1.0", None)
        );
    }
}
