//! Where a contract stands after it was published: in force, on its way out, or out of use.
//!
//! It is the contract as a whole that stands somewhere, not one of its versions: whoever is told that
//! `price_update` ends has to know until when, and what takes its place. A deprecated contract works as before
//! and warns; at the time that was named it is retired, if nothing needs it any more. What is retired makes
//! no exports; its versions stay, since exports carry them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::Time;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StandingState {
    Deprecated,
    Retired,
}

impl StandingState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deprecated => "deprecated",
            Self::Retired => "retired",
        }
    }
}

/// A contract without one is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    pub merchant_id: Uuid,
    pub export_type: String,
    pub state: StandingState,
    pub since: Time,
    pub by: Option<Uuid>,
    pub why: String,
    /// Deprecated: when it ends.
    #[serde(default)]
    pub until: Option<Time>,
    /// The export type that takes its place.
    #[serde(default)]
    pub replacement: Option<String>,
}

impl Standing {
    pub fn is_retired(&self) -> bool {
        self.state == StandingState::Retired
    }

    /// "deprecated until 1 Mar 2027; use price_change instead".
    pub fn words(&self) -> String {
        let mut words = self.state.as_str().to_owned();
        if let Some(until) = self.until.filter(|_| !self.is_retired()) {
            words.push_str(&until.format_utc(" until %-d %b %Y"));
        }
        if let Some(other) = &self.replacement {
            words.push_str(&format!("; use {other} instead"));
        }
        words
    }
}
