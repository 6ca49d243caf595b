//! What somebody is told: a sentence about something that goes on without them.
//!
//! Whoever *watches* is told and not asked: a notice has no deadline and no owner. It is addressed to an
//! owner and kept once for each person behind that owner at that moment, until they have read it. Telling
//! the same once more while it is unread adds nothing.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{owner::Owner, time::Time};

/// Longer sentences are cut: a notice is read in passing.
pub const MAX_SENTENCE: usize = 400;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub id: Uuid,
    pub merchant_id: Uuid,
    /// Who reads it.
    pub user_id: Uuid,
    /// As whom they were told.
    pub told_as: Owner,
    /// The rule that has them told: `contract:fulfillment_request`, `flow:order-to-ship`. Empty: none.
    pub matter: String,
    /// What it is about, by its noun and id.
    pub about: (String, Uuid),
    pub sentence: String,
    pub created_at: Time,
}

/// The last time that an owner was told, for one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastTold {
    pub told_as: Owner,
    pub matter: String,
    pub about: (String, Uuid),
    pub at: Time,
}

/// The last time that an owner was asked to approve exports of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastAsked {
    pub asked: Owner,
    pub export_type: String,
    pub approval: Uuid,
    pub at: Time,
}

/// A sentence on one line, not longer than a notice may be.
pub fn sentence(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    if line.chars().count() <= MAX_SENTENCE {
        return line;
    }
    let mut cut: String = line.chars().take(MAX_SENTENCE - 1).collect();
    cut.push('…');
    cut
}

/// The matter of a contract.
pub fn of_contract(export_type: &str) -> String {
    format!("contract:{export_type}")
}

/// The matter of a flow, whatever its version.
pub fn of_flow(key: &str) -> String {
    format!("flow:{key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_one_line_and_not_endless() {
        assert_eq!(sentence("  Sold\r\nout \t now "), "Sold out now");
        let long = sentence(&"é".repeat(MAX_SENTENCE + 9));
        assert_eq!(long.chars().count(), MAX_SENTENCE);
        assert!(long.ends_with('…'));
    }
}
