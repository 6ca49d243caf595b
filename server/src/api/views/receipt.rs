//! Receipts: what arrived, byte for byte.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::receipt::{Fault, Receipt};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::words::{At, ReceiptStatus};

/// Evidence that something arrived, and what became of it.
#[derive(Serialize, ToSchema)]
#[schema(as = Receipt)]
pub struct ReceiptView {
    id: Uuid,
    source_id: Uuid,
    #[schema(example = "orders/create")]
    topic: String,
    status: ReceiptStatus,
    received_at: At,
    /// When the sender says that it happened.
    triggered_at: Option<At>,
    body_bytes: i64,
    /// SHA-256 of the body, in hexadecimal.
    body_sha256: String,
    /// The sender's own id of the order it speaks of, as exact text.
    order_ref: Option<String>,
    order_id: Option<Uuid>,
    /// How often the same delivery came again.
    repeats: i64,
    /// What did not fit, if it was quarantined.
    faults: Vec<FaultView>,
    trace_id: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ReceiptFault)]
pub struct FaultView {
    /// JSON pointer into the receipt's body; empty for the whole of it.
    pointer: String,
    detail: String,
}

/// A header as it came.
#[derive(Serialize, ToSchema)]
#[schema(as = ReceiptHeader)]
pub struct HeaderView {
    name: String,
    value: String,
}

/// The raw bytes.
#[derive(Serialize, ToSchema)]
#[schema(as = ReceiptBody)]
#[serde(tag = "encoding", content = "content", rename_all = "snake_case")]
pub enum BodyView {
    /// The text itself: the bytes are valid UTF-8.
    Utf8(String),
    Base64(String),
}

impl From<&Receipt> for ReceiptView {
    fn from(receipt: &Receipt) -> Self {
        Self {
            id: receipt.id,
            source_id: receipt.source_id,
            topic: receipt.topic.clone(),
            status: receipt.status.into(),
            received_at: receipt.received_at.into(),
            triggered_at: receipt.triggered_at.map(Into::into),
            body_bytes: receipt.body_bytes,
            body_sha256: receipt.body_sha256.clone(),
            order_ref: receipt.order_ref.clone(),
            order_id: receipt.order_id,
            repeats: receipt.repeats,
            faults: receipt.faults.iter().map(Into::into).collect(),
            trace_id: receipt.trace_id.clone(),
        }
    }
}

impl From<&Fault> for FaultView {
    fn from(fault: &Fault) -> Self {
        Self {
            pointer: fault.path.clone(),
            detail: fault.sentence.clone(),
        }
    }
}

impl From<&(String, String)> for HeaderView {
    fn from((name, value): &(String, String)) -> Self {
        Self {
            name: name.clone(),
            value: value.clone(),
        }
    }
}

impl From<Vec<u8>> for BodyView {
    fn from(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::Utf8(text),
            Err(not_text) => Self::Base64(STANDARD.encode(not_text.as_bytes())),
        }
    }
}
