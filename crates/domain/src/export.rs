//! An export: one command under a contract. Its content is immutable; a change makes a new version
//! that supersedes it. Job state (how often we tried) and business outcome (this state) are apart.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    canonical,
    delivery::AckStatus,
    gate::Fault,
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
                    S::Delivering
                        | S::Superseded
                        | S::Withdrawn
                        | S::Expired
                        | S::Paused
                        // its staging side did not take a trial of it
                        | S::Quarantined
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
    /// What failed, in a sentence; or that there was nothing to look at.
    pub detail: Option<String>,
    /// Where it failed, what is wrong there, and what would be accepted.
    #[serde(default)]
    pub faults: Vec<Fault>,
}

/// Made anew before it was sent, since what it said may have been true no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reevaluation {
    pub why: String,
    /// What is not as in the version before. Empty: it still holds, word for word.
    pub changed: Vec<Difference>,
    /// Versions in a row that were made anew like this.
    pub times: u32,
}

/// One place where two payloads differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// A JSON Pointer into the payload.
    pub field: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// What the staging side of its destination answered to a trial of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    pub url: String,
    pub at: Time,
    pub http_status: Option<i64>,
    pub answer: String,
    pub error: Option<String>,
    pub accepted: bool,
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
    /// Until when it is to accept what was delivered last: the clocks of earlier deliveries say nothing any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptance_due: Option<Time>,
    /// Until when it is to complete what it accepted last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_due: Option<Time>,
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
    /// Who else wrote part of it; may not approve it either.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_authors: Vec<Uuid>,
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
    /// Since when each field with a limit of its own is true; see [`crate::gate::ages`].
    #[serde(default)]
    pub fresh: BTreeMap<String, Time>,
    #[serde(default)]
    pub reevaluated: Option<Reevaluation>,
    /// What a staging side said, where the destination has one.
    #[serde(default)]
    pub trial: Option<Trial>,
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

    /// Whether this person wrote any of it.
    pub fn is_written_by(&self, user: Uuid) -> bool {
        self.author == Some(user) || self.also_authors.contains(&user)
    }

    /// One of its checks does not hold.
    pub fn is_held(&self) -> bool {
        self.qa.iter().any(|one| one.status == QaStatus::Failed)
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

/// Where two payloads differ, by the deepest place that both have. At most a hundred.
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    differ(String::new(), Some(before), Some(after), &mut found);
    found
}

fn differ(at: String, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    if before == after || found.len() >= 100 {
        return;
    }
    match (before, after) {
        (Some(Value::Object(one)), Some(Value::Object(other))) => {
            let keys: std::collections::BTreeSet<&String> =
                one.keys().chain(other.keys()).collect();
            for key in keys {
                let word = key.replace('~', "~0").replace('/', "~1");
                differ(format!("{at}/{word}"), one.get(key), other.get(key), found);
            }
        }
        (Some(Value::Array(one)), Some(Value::Array(other))) => {
            for n in 0..one.len().max(other.len()) {
                differ(format!("{at}/{n}"), one.get(n), other.get(n), found);
            }
        }
        _ => found.push(Difference {
            field: at,
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

/// The hash an approval binds to: canonical JSON (RFC 8785) of what would be sent and under which rules.
pub fn content_hash(
    payload: &Value,
    contract_id: Uuid,
    contract_version: &str,
    policy_version: Option<&str>,
) -> String {
    let contract = json!({ "id": contract_id, "version": contract_version });
    let policy = json!(policy_version);
    let bound = [
        ("contract", &contract),
        ("payload", payload),
        ("policy", &policy),
    ];
    let canonical = canonical::object(&bound);
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

    /// Approvals bind to it, and whoever has the document can compute it: what another language's JSON with
    /// sorted names and no blanks has as its SHA-256.
    #[test]
    fn the_hash_is_of_canonical_json() {
        let payload = serde_json::json!({"b": ["x", null, -3], "a": {"z": true, "k": "é"}});
        for (policy, hash) in [
            (
                None,
                "988e11490854e5fcfc535d6f345bcc9c5cf406fe8e311ba393319972ad2b24e8",
            ),
            (
                Some("two \"people\" 3"),
                "1c67c2c92d8049dfcd108dd9003b15f13489d103331a67751e36ac16bb5401c1",
            ),
        ] {
            let is = content_hash(&payload, Uuid::from_u128(7), "1.0", policy);
            assert_eq!(is, format!("sha256:{hash}"));
        }
    }

    #[test]
    fn differences_are_named_by_the_deepest_place() {
        let one = serde_json::json!({"a": {"x": 1, "y": [1, 2]}, "gone": true, "a/b": 1});
        let two = serde_json::json!({"a": {"x": 1, "y": [1, 3, 4]}, "new": null, "a/b": 2});
        let found = differences(&one, &two);
        let fields: Vec<&str> = found.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["/a/y/1", "/a/y/2", "/a~1b", "/gone", "/new"]);
        assert_eq!(found[0].before, Some(serde_json::json!(2)));
        assert_eq!(found[1].before, None);
        assert!(differences(&one, &one.clone()).is_empty());
    }
}
