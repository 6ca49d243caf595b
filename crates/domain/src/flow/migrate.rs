//! Moving running items to another version of their flow: a person's choice, looked at before, executed
//! batch by batch.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::Time;

/// Runs of one flow on their way to another version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunMove {
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub flow_key: String,
    /// The id of the version they go to, and its number.
    pub to: Uuid,
    pub to_version: i64,
    pub why: String,
    pub begun_by: Option<Uuid>,
    pub begun_at: Time,
    /// How many there were when it was begun.
    pub total: i64,
    pub moved: i64,
    /// Runs that stay where they are, each with the reason; the first hundred.
    pub stayed: Vec<(Uuid, String)>,
    pub stayed_count: i64,
    /// Runs that are still to be looked at.
    pub left: Vec<Uuid>,
    #[serde(default)]
    pub cancelled_by: Option<Uuid>,
    #[serde(default)]
    pub ended_at: Option<Time>,
    pub rev: i64,
}

/// Longest list of reasons that is kept.
const MOST_REASONS: usize = 100;

impl RunMove {
    pub fn is_over(&self) -> bool {
        self.ended_at.is_some()
    }

    pub fn done(&self) -> i64 {
        self.moved + self.stayed_count
    }

    pub fn stays(&mut self, run: Uuid, why: String) {
        self.stayed_count += 1;
        if self.stayed.len() < MOST_REASONS {
            self.stayed.push((run, why));
        }
    }
}
