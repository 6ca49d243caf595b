//! What one receipt states about one order.
//!
//! A fact is what the sender said, put into our words and nothing more: no fact is corrected by
//! another one here. Facts are kept for ever (a retention rule may take the person out of one), and
//! the order is folded from them again whenever one arrives, so it does not matter which came first
//! or how often.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Currency, Money, Time};

use super::{Address, Cancellation, Customer, PaymentStatus, ShipmentStatus, Totals};

/// One normalized statement about an order, made by one receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFact {
    pub receipt_id: Uuid,
    pub topic: String,
    /// The time the body itself gives; else when the sender says it sent it; else when we got it.
    pub occurred_at: Time,
    /// The sender's id of the order, as it wrote it. Ids pass 2^53, so this is text, never a float.
    pub order_ref: String,
    pub body: FactBody,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum FactBody {
    Snapshot(Box<OrderSnapshot>),
    Shipment(ShipmentFact),
    Refund(RefundFact),
    Payment(Transaction),
}

/// The whole order, as the storefront saw it at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSnapshot {
    pub name: String,
    pub placed_at: Option<Time>,
    pub currency: Currency,
    pub totals: Totals,
    pub items: Vec<ItemFact>,
    pub payment: PaymentStatus,
    pub gateways: Vec<String>,
    pub shipments: Vec<ShipmentFact>,
    pub refunds: Vec<RefundFact>,
    pub customer: Customer,
    pub shipping_address: Option<Address>,
    pub note: Option<String>,
    pub tags: Vec<String>,
    pub test: bool,
    pub cancelled: Option<Cancellation>,
}

/// One line of the order as ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemFact {
    pub line_id: String,
    pub sku: Option<String>,
    pub title: String,
    pub variant: Option<String>,
    pub quantity: u32,
    /// What the storefront itself says is left of the line after refunds and edits, if it says so.
    pub current_quantity: Option<u32>,
    /// The storefront calls the whole line fulfilled.
    pub fulfilled: bool,
    pub unit_price: Money,
    pub requires_shipping: bool,
}

/// So many units of one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineQuantity {
    pub line_id: String,
    pub sku: Option<String>,
    pub title: String,
    pub quantity: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentFact {
    pub id: String,
    pub name: Option<String>,
    pub status: ShipmentStatus,
    /// What the carrier last reported (`in_transit`, `delivered`...), in its own word.
    pub carrier_status: Option<String>,
    pub carrier: Option<String>,
    pub tracking_numbers: Vec<String>,
    pub tracking_urls: Vec<String>,
    /// When the shipment itself last changed, which is not when somebody repeated it.
    pub at: Option<Time>,
    pub lines: Vec<LineQuantity>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundFact {
    pub id: String,
    /// Money that really went back: the successful transactions. `None` when none did, as when an
    /// unpaid line is taken off an order.
    pub amount: Option<Money>,
    pub reason: Option<String>,
    pub at: Option<Time>,
    pub lines: Vec<RefundLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundLine {
    pub line_id: String,
    pub sku: Option<String>,
    pub title: String,
    pub quantity: u32,
    /// The units came back after having been shipped, so they do not reduce what is left to ship.
    pub returned: bool,
    pub subtotal: Option<Money>,
}

/// One movement of money at the gateway. Shown, and reported when it fails; it never changes the
/// order's payment status, which only the storefront's own account of the order does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    pub id: String,
    /// `authorization`, `capture`, `sale`, `void` or `refund`.
    pub kind: String,
    /// `pending`, `success`, `failure` or `error`.
    pub status: String,
    pub amount: Money,
    pub gateway: Option<String>,
    pub at: Option<Time>,
}

impl Transaction {
    pub fn failed(&self) -> bool {
        matches!(self.status.as_str(), "failure" | "error")
    }
}
