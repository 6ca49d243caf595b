//! Who was on call when, as it was recorded.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{owner::Owner, time::Time};

/// One person's turn for one owner. It is written when it begins, and gets its end when it is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnCallTurn {
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub owner: Owner,
    pub user_id: Uuid,
    pub from: Time,
    /// `None`: it goes on.
    pub until: Option<Time>,
    /// Why it was theirs: `rotation:night-desk`, `override:night-desk`.
    pub source: String,
}
