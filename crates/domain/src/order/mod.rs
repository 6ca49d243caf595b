//! An order: the one operational object, folded from everything anybody ever said about it.
//!
//! Who takes part: the storefront describes the order whole (a snapshot) each time it changes, and
//! sends shipments, refunds and payment movements on their own as well. Messages come late, twice
//! and out of order, so nothing is patched in place: the facts are kept ([`OrderFact`]) and
//! [`Order::project`] folds them into an order that is the same for every order of arrival.
//!
//! The life of an order is derived, never stored by hand: [`Order::state`] for lists,
//! [`Order::readiness`] for "may the warehouse have it", [`Order::flags`] for what a person should
//! look at first, and [`Order::events_since`] for what a change means to the flows.
//!
//! Deliberately not done: an order never exists before a snapshot has described it. A shipment
//! alone has no items, no currency and no addressee; its fact waits until the order is told.

mod changes;
mod fact;
mod project;
mod standing;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Currency, Money, Time};

pub use changes::{OrderEvent, TOLD_BY_ORDERS};
pub use fact::{
    FactBody, ItemFact, LineQuantity, OrderFact, OrderSnapshot, RefundFact, RefundLine,
    ShipmentFact, Transaction,
};
pub use standing::{ClosedReason, Flag, OrderState, Readiness, ShipLine};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The storefront's id, as exact text.
    pub external_id: String,
    /// What people call it: `#1001`.
    pub name: String,
    pub placed_at: Option<Time>,
    pub currency: Currency,
    pub totals: Totals,
    pub items: Vec<Item>,
    pub payment: Payment,
    pub shipments: Vec<Shipment>,
    pub refunds: Vec<Refund>,
    pub customer: Customer,
    pub shipping_address: Option<Address>,
    pub note: Option<String>,
    pub tags: Vec<String>,
    /// The storefront marks it as a test. It may be looked at, never shipped unseen.
    pub test: bool,
    pub cancelled: Option<Cancellation>,
    pub provenance: Provenance,
}

/// The order's money as placed. Refunds are listed beside it and do not rewrite it, except
/// `current_total`, which is what the storefront says the order is worth now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub subtotal: Money,
    pub shipping: Money,
    pub tax: Money,
    pub discounts: Money,
    pub total: Money,
    pub outstanding: Money,
    pub current_total: Money,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub line_id: String,
    pub sku: Option<String>,
    pub title: String,
    pub variant: Option<String>,
    /// As ordered.
    pub quantity: u32,
    /// Ordered − refunded: what the customer still expects to have.
    pub current_quantity: u32,
    /// Confirmed shipped.
    pub shipped_quantity: u32,
    /// Still to ship: neither refunded nor on a living shipment.
    pub to_ship: u32,
    pub unit_price: Money,
    pub requires_shipping: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub status: PaymentStatus,
    pub gateways: Vec<String>,
    pub transactions: Vec<Transaction>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// The storefront used a word we do not know, or none.
    Other,
    Pending,
    /// The authorization lapsed before anybody captured it.
    Expired,
    Authorized,
    PartiallyPaid,
    Paid,
    PartiallyRefunded,
    Refunded,
    Voided,
}

impl PaymentStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::Pending => "pending",
            Self::Expired => "expired",
            Self::Authorized => "authorized",
            Self::PartiallyPaid => "partially_paid",
            Self::Paid => "paid",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Voided => "voided",
        }
    }

    /// The whole amount was taken at some point, even if some or all of it went back since.
    pub const fn was_captured(self) -> bool {
        matches!(self, Self::Paid | Self::PartiallyRefunded | Self::Refunded)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    pub id: String,
    pub name: Option<String>,
    pub status: ShipmentStatus,
    pub carrier_status: Option<String>,
    pub carrier: Option<String>,
    pub tracking_numbers: Vec<String>,
    pub tracking_urls: Vec<String>,
    pub updated_at: Option<Time>,
    pub items: Vec<LineQuantity>,
}

impl Shipment {
    /// The carrier says the parcel arrived.
    pub fn delivered(&self) -> bool {
        self.carrier_status.as_deref() == Some("delivered")
    }

    /// Somebody has to look: the warehouse or the carrier reports that it went wrong.
    pub fn in_trouble(&self) -> bool {
        matches!(self.status, ShipmentStatus::Error | ShipmentStatus::Failure)
            || (self.status.holds_units() && self.carrier_status.as_deref() == Some("failure"))
    }
}

/// How far a shipment is, by the word of whoever ships it. Declared in the order in which a
/// shipment passes through them, which settles two statements with the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShipmentStatus {
    Other,
    /// A label is known; nothing was handed over.
    Pending,
    /// The warehouse took it on.
    Open,
    /// The warehouse says it left.
    Success,
    Error,
    Failure,
    Cancelled,
}

impl ShipmentStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::Pending => "pending",
            Self::Open => "open",
            Self::Success => "success",
            Self::Error => "error",
            Self::Failure => "failure",
            Self::Cancelled => "cancelled",
        }
    }

    /// Its units are spoken for: shipping them again would send them twice. A status we do not
    /// know counts too, for the same reason.
    pub const fn holds_units(self) -> bool {
        matches!(
            self,
            Self::Other | Self::Pending | Self::Open | Self::Success
        )
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    pub id: String,
    /// Zero when the refund only took lines off the order.
    pub amount: Money,
    pub reason: Option<String>,
    pub at: Option<Time>,
    pub lines: Vec<RefundLine>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    pub name: Option<String>,
    pub email: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    pub name: Option<String>,
    pub company: Option<String>,
    pub address1: Option<String>,
    pub address2: Option<String>,
    pub city: Option<String>,
    pub province: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<String>,
    pub country_code: Option<String>,
    pub phone: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    pub at: Time,
    pub reason: Option<String>,
}

/// Which receipt a group of facts came from, and when it was said to be so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub receipt_id: Uuid,
    pub topic: String,
    pub at: Time,
}

/// Where each fact came from. For every group: the statement that first gave the value that holds
/// now and was not contradicted since. Several receipts may have repeated it; the earliest
/// `occurred_at` counts, then the smallest receipt id, so arrival order does not show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Name, time placed, test mark, note, tags.
    pub description: Source,
    pub items: Source,
    pub money: Source,
    pub payment: Source,
    /// Customer and shipping address.
    pub address: Source,
    pub cancellation: Option<Source>,
    /// By shipment id.
    pub shipments: BTreeMap<String, Source>,
    /// By refund id.
    pub refunds: BTreeMap<String, Source>,
    /// By transaction id.
    pub transactions: BTreeMap<String, Source>,
}
