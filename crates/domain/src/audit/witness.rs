//! What is kept beside the chain so that it convinces somebody outside: the keys that signed, the checkpoints,
//! and the witnesses that are sent them.
//!
//! A witness is a mailbox or a program somewhere else. What it was sent it keeps, and what it keeps nobody here
//! can take back: a trail that later has fewer entries, or others, does not fit it any more.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Time;

/// A key of a merchant's trail. Of one that was replaced only the public half is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditKey {
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub public: [u8; 32],
    pub sealed_seed: Option<Vec<u8>>,
    pub created_at: Time,
    pub retired_at: Option<Time>,
}

/// A checkpoint that was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    pub merchant_id: Uuid,
    /// How many entries it vouches for.
    pub size: i64,
    pub key_id: Uuid,
    pub made_at: Time,
    /// The signed note, as it is handed out.
    pub note: String,
}

/// Where checkpoints are sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WitnessAt {
    Mail { address: String },
    Webhook { url: String },
}

impl WitnessAt {
    pub fn address(&self) -> &str {
        match self {
            Self::Mail { address } => address,
            Self::Webhook { url } => url,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub name: String,
    pub at: WitnessAt,
    /// It is sent a checkpoint at most this often.
    pub every_ms: i64,
    pub created_at: Time,
    /// The size of the last checkpoint it took; nought before the first.
    #[serde(default)]
    pub sent_size: i64,
    #[serde(default)]
    pub sent_at: Option<Time>,
    /// Why it did not take the last one, as long as it has not taken another.
    #[serde(default)]
    pub trouble: Option<String>,
    /// Something is on its way to it; there is no second try beside it.
    #[serde(default)]
    pub is_being_tried: bool,
    #[serde(skip)]
    pub rev: i64,
}

/// The terms there are: hourly, daily, weekly; and each one that is made.
pub const WITNESS_TERMS_MS: [i64; 4] = [0, 3_600_000, 86_400_000, 604_800_000];

impl Witness {
    /// Whether it is to be sent a checkpoint of this size now. What it has it is not sent again.
    pub fn wants(&self, size: i64, now: Time) -> bool {
        let is_time = self
            .sent_at
            .is_none_or(|sent| now.since_ms(sent) >= self.every_ms);
        size > self.sent_size && is_time
    }

    pub fn took(&mut self, size: i64, now: Time) {
        self.sent_size = self.sent_size.max(size);
        self.sent_at = Some(now);
        self.trouble = None;
        self.is_being_tried = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_witness_is_sent_what_it_has_not_and_not_too_often() {
        let at = Time::from_ms;
        let mut witness = Witness {
            id: Uuid::nil(),
            merchant_id: Uuid::nil(),
            name: "Auditor".to_owned(),
            at: WitnessAt::Mail {
                address: "a@b.example".to_owned(),
            },
            every_ms: 1_000,
            created_at: at(0),
            sent_size: 0,
            sent_at: None,
            trouble: Some("no answer".to_owned()),
            is_being_tried: true,
            rev: 0,
        };
        assert!(!witness.wants(0, at(5)) && witness.wants(7, at(5)));
        witness.took(7, at(5));
        assert_eq!(witness.trouble, None);
        assert!(!witness.wants(7, at(9_999)), "it has it");
        assert!(!witness.wants(8, at(1_004)), "too soon");
        assert!(witness.wants(8, at(1_005)));
        witness.took(6, at(2_000));
        assert_eq!(witness.sent_size, 7, "an older one that came late");
    }
}
