//! Escalation policies: what happens, rung by rung, when nobody takes a task or it is not done in time.
//!
//! A policy is the merchant's own and has versions, each written once. An item gets the newest one
//! *stamped* on it when it is made ([`Policy::stamp`]) and climbs that, whatever is edited later. A rung
//! that nobody stands on at that moment is passed over at once; one that is only for working hours waits
//! for them; after the last, all of them are climbed again as often as the policy repeats.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    cover::{Fault, key_fault},
    owner::{EscalationPolicy, EscalationStep},
    time::Time,
};

/// One version of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The same over all versions.
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub key: String,
    pub name: String,
    pub version: i64,
    pub steps: Vec<EscalationStep>,
    pub repeat: i64,
    pub ack_expires_ms: Option<i64>,
    pub published_at: Time,
    pub published_by: String,
    /// Nothing new is stamped with it from then on; its versions stay, and so does its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired_at: Option<Time>,
}

/// The most rungs.
pub const MAX_RUNGS: usize = 10;
/// The most rounds after the first.
pub const MAX_REPEAT: i64 = 9;
/// Longest time for one rung, and for an acknowledgement: 30 days.
pub const MAX_MS: i64 = 30 * 24 * 60 * 60 * 1000;
const MINUTE_MS: i64 = 60_000;

impl Policy {
    pub fn stamp(&self) -> EscalationPolicy {
        EscalationPolicy {
            id: self.id,
            key: self.key.clone(),
            version: self.version,
            steps: self.steps.clone(),
            repeat: self.repeat,
            ack_expires_ms: self.ack_expires_ms,
        }
    }

    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.name.trim().is_empty() {
            faults.push(Fault::at("name", "Give it a name."));
        }
        if let Some(sentence) = key_fault(&self.key) {
            faults.push(Fault::at("key", sentence));
        }
        if self.steps.is_empty() {
            faults.push(Fault::at(
                "target[0]",
                "Name at least one rung; without any, late work stays with whoever has it.",
            ));
        }
        if self.steps.len() > MAX_RUNGS {
            let sentence = format!("At most {MAX_RUNGS} rungs, please.");
            faults.push(Fault::at("target[0]", sentence));
        }
        for (index, step) in self.steps.iter().enumerate() {
            if !(MINUTE_MS..=MAX_MS).contains(&step.after_ms) {
                faults.push(Fault::at(
                    format!("minutes[{index}]"),
                    "Give a rung from 1 minute to 30 days.",
                ));
            }
        }
        if !(0..=MAX_REPEAT).contains(&self.repeat) {
            let sentence = format!("Repeat it 0 to {MAX_REPEAT} times.");
            faults.push(Fault::at("repeat", sentence));
        }
        if let Some(ms) = self.ack_expires_ms
            && !(MINUTE_MS..=MAX_MS).contains(&ms)
        {
            faults.push(Fault::at(
                "ack_expires",
                "From 1 minute to 30 days, or nothing for never.",
            ));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::owner::{Owner, Party};

    #[test]
    fn rungs_are_climbed_in_rounds_and_end() {
        let step = |role: &str| EscalationStep {
            after_ms: MINUTE_MS,
            target: Owner::role(Party::Agency, role),
            only_within: None,
        };
        let policy = EscalationPolicy {
            steps: vec![step("operations"), step("finance")],
            repeat: 1,
            ..EscalationPolicy::default()
        };
        let climbed: Vec<Option<String>> = (-1..6)
            .map(|taken| policy.rung(taken).map(|rung| rung.target.to_string()))
            .collect();
        let (a, b) = ("agency:operations", "agency:finance");
        let expected = [None, Some(a), Some(b), Some(a), Some(b), None, None];
        assert_eq!(climbed, expected.map(|one| one.map(str::to_owned)));
        assert!(EscalationPolicy::default().rung(0).is_none());
    }

    #[test]
    fn a_stamp_of_older_days_reads_as_it_was_meant() {
        let old = r#"{"id":"01890000-0000-7000-8000-000000000001","version":3,
            "steps":[{"after_ms":900000,"target":"agency:operations"}]}"#;
        let read: EscalationPolicy = serde_json::from_str(old).unwrap();
        assert_eq!((read.repeat, read.ack_expires_ms), (0, None));
        assert!(read.key.is_empty() && read.steps[0].only_within.is_none());
    }
}
