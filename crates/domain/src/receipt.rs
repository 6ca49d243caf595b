//! A receipt: durable evidence that something arrived, and what became of it.
//!
//! Life: `accepted` (durable, its work row beside it) → `processed` (its facts are in an order),
//! `unmatched` (authentic and well formed, but it names nothing we know yet) or `ignored` (a topic
//! nobody asked for). `quarantined` is decided at the door: authentic, but it does not fit.
//! Bytes and headers never change; a repeat of the same delivery is the same receipt.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::Time;

/// How the reference of a receipt begins that waits for the product which its stock is of, and not for an order.
pub const WAITS_FOR_ITEM: &str = "item:";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptStatus {
    Accepted,
    Processed,
    Unmatched,
    Ignored,
    Quarantined,
}

impl ReceiptStatus {
    pub const ALL: [Self; 5] = [
        Self::Accepted,
        Self::Processed,
        Self::Unmatched,
        Self::Ignored,
        Self::Quarantined,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Processed => "processed",
            Self::Unmatched => "unmatched",
            Self::Ignored => "ignored",
            Self::Quarantined => "quarantined",
        }
    }
}

impl fmt::Display for ReceiptStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ReceiptStatus {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not a receipt status"))
    }
}

/// A place in the sender's message that does not fit, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// JSON pointer into the body; empty for the whole of it.
    pub path: String,
    pub sentence: String,
}

/// What the store keeps of one delivery, without its raw bytes (those are read on their own).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub source_id: Uuid,
    pub topic: String,
    pub dedup_key: String,
    pub received_at: Time,
    /// When the sender says it happened, if it says so.
    pub triggered_at: Option<Time>,
    pub headers: Vec<(String, String)>,
    pub body_bytes: i64,
    pub body_sha256: String,
    pub status: ReceiptStatus,
    pub faults: Vec<Fault>,
    /// The sender's id of the order it speaks of, once known; or the item whose product it waits for.
    pub order_ref: Option<String>,
    pub order_id: Option<Uuid>,
    /// How often the same delivery came again.
    pub repeats: i64,
    pub trace_id: String,
}

impl Receipt {
    /// The item whose product it waits for.
    pub fn waits_for_item(&self) -> Option<&str> {
        self.order_ref.as_deref()?.strip_prefix(WAITS_FOR_ITEM)
    }
}
