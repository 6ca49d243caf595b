//! What an order's facts mean to the people who work on it: where it stands, whether the warehouse
//! may have it, what is left to ship, and what somebody should look at before.

use serde::{Deserialize, Serialize};

use crate::Money;

use super::{Order, PaymentStatus, ShipmentStatus};

/// Where an order stands, for lists and filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    WaitingPayment,
    /// Paid or authorized, and something is to be shipped.
    Open,
    /// The warehouse has all or some of it; nothing has left yet.
    InFulfillment,
    PartiallyShipped,
    Shipped,
    /// Paid, and there was never anything to ship, or none of it is left.
    NothingToShip,
    Refunded,
    Voided,
    Cancelled,
}

impl OrderState {
    pub const ALL: [Self; 9] = [
        Self::WaitingPayment,
        Self::Open,
        Self::InFulfillment,
        Self::PartiallyShipped,
        Self::Shipped,
        Self::NothingToShip,
        Self::Refunded,
        Self::Voided,
        Self::Cancelled,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WaitingPayment => "waiting_payment",
            Self::Open => "open",
            Self::InFulfillment => "in_fulfillment",
            Self::PartiallyShipped => "partially_shipped",
            Self::Shipped => "shipped",
            Self::NothingToShip => "nothing_to_ship",
            Self::Refunded => "refunded",
            Self::Voided => "voided",
            Self::Cancelled => "cancelled",
        }
    }
}

/// May the warehouse have it?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", content = "why", rename_all = "snake_case")]
pub enum Readiness {
    Releasable,
    WaitingForPayment(PaymentStatus),
    Closed(ClosedReason),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedReason {
    Cancelled,
    Voided,
    Refunded,
    AlreadyFulfilled,
    NothingToShip,
}

impl ClosedReason {
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Cancelled => "The order is cancelled.",
            Self::Voided => "The payment was voided; nothing may be shipped on it.",
            Self::Refunded => "The order is fully refunded.",
            Self::AlreadyFulfilled => "Everything is already shipped or on its way out.",
            Self::NothingToShip => "Nothing in it needs shipping.",
        }
    }
}

impl Readiness {
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Releasable => "Ready to ship.",
            Self::WaitingForPayment(PaymentStatus::PartiallyPaid) => {
                "Only part of it is paid; it waits for the rest."
            }
            Self::WaitingForPayment(PaymentStatus::Expired) => {
                "The payment authorization has lapsed; it waits for a new one."
            }
            Self::WaitingForPayment(PaymentStatus::Other) => {
                "The storefront gives no payment status we know; it waits until one is clear."
            }
            Self::WaitingForPayment(_) => "It is not paid or authorized yet.",
            Self::Closed(reason) => reason.sentence(),
        }
    }
}

/// Something a person should see before the order is released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", content = "detail", rename_all = "snake_case")]
pub enum Flag {
    TestOrder,
    NoShippingAddress,
    /// A tag that says somebody doubts the order.
    HeldByTag(String),
    PartiallyRefunded,
    /// A shipment of it went wrong before; by the shipment's name or id.
    ShipmentTrouble(String),
}

impl Flag {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TestOrder => "test_order",
            Self::NoShippingAddress => "no_shipping_address",
            Self::HeldByTag(_) => "held_by_tag",
            Self::PartiallyRefunded => "partially_refunded",
            Self::ShipmentTrouble(_) => "shipment_trouble",
        }
    }

    pub fn sentence(&self) -> String {
        match self {
            Self::TestOrder => "The storefront marks this as a test order.".to_owned(),
            Self::NoShippingAddress => "It has items to ship, but no shipping address.".to_owned(),
            Self::HeldByTag(tag) => format!("It is tagged “{tag}”."),
            Self::PartiallyRefunded => {
                "Part of it was refunded; check what is still to be shipped.".to_owned()
            }
            Self::ShipmentTrouble(name) => format!("Shipment {name} of this order failed."),
        }
    }
}

/// Units of one line that are still to be shipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipLine {
    pub line_id: String,
    pub sku: Option<String>,
    pub title: String,
    pub variant: Option<String>,
    pub quantity: u32,
    pub unit_price: Money,
}

/// Words in a tag that mean "do not ship this without a look".
const DOUBTS: [&str; 4] = ["fraud", "hold", "review", "risk"];

impl Order {
    /// What is still to ship: ordered, less what was refunded before it left, less what is on a
    /// shipment that has not failed. Lines that need no shipping are left out.
    pub fn ship_lines(&self) -> Vec<ShipLine> {
        let open = self.items.iter().filter(|item| item.to_ship > 0);
        open.map(|item| ShipLine {
            line_id: item.line_id.clone(),
            sku: item.sku.clone(),
            title: item.title.clone(),
            variant: item.variant.clone(),
            quantity: item.to_ship,
            unit_price: item.unit_price,
        })
        .collect()
    }

    /// A cancelled, voided or refunded order is closed whatever else is true; then it must be paid
    /// or authorized; then there must be something left to ship.
    pub fn readiness(&self) -> Readiness {
        if self.cancelled.is_some() {
            return Readiness::Closed(ClosedReason::Cancelled);
        }
        let status = self.payment.status;
        match status {
            PaymentStatus::Voided => return Readiness::Closed(ClosedReason::Voided),
            PaymentStatus::Refunded => return Readiness::Closed(ClosedReason::Refunded),
            _ => {}
        }
        if self.to_ship() == 0 {
            return Readiness::Closed(if self.any_shipment() {
                ClosedReason::AlreadyFulfilled
            } else {
                ClosedReason::NothingToShip
            });
        }
        match status {
            PaymentStatus::Authorized | PaymentStatus::Paid | PaymentStatus::PartiallyRefunded => {
                Readiness::Releasable
            }
            _ => Readiness::WaitingForPayment(status),
        }
    }

    pub fn state(&self) -> OrderState {
        if self.cancelled.is_some() {
            return OrderState::Cancelled;
        }
        match self.payment.status {
            PaymentStatus::Voided => return OrderState::Voided,
            PaymentStatus::Refunded => return OrderState::Refunded,
            _ => {}
        }
        let left_the_house = self.items.iter().any(|item| item.shipped_quantity > 0)
            || self
                .shipments
                .iter()
                .any(|s| s.status == ShipmentStatus::Success);
        let under_way = self
            .shipments
            .iter()
            .any(|s| s.status.holds_units() && s.status != ShipmentStatus::Success);
        match (left_the_house, self.to_ship() > 0 || under_way) {
            (true, true) => OrderState::PartiallyShipped,
            (true, false) => OrderState::Shipped,
            (false, _) if under_way => OrderState::InFulfillment,
            (false, _) => match self.readiness() {
                Readiness::Releasable => OrderState::Open,
                Readiness::WaitingForPayment(_) => OrderState::WaitingPayment,
                Readiness::Closed(_) => OrderState::NothingToShip,
            },
        }
    }

    /// What a person should see first, most serious first. Empty for an ordinary order.
    pub fn flags(&self) -> Vec<Flag> {
        let mut flags = Vec::new();
        if self.test {
            flags.push(Flag::TestOrder);
        }
        flags.extend(
            self.tags
                .iter()
                .filter(|tag| doubts(tag))
                .cloned()
                .map(Flag::HeldByTag),
        );
        if self.shipping_address.is_none() && self.to_ship() > 0 {
            flags.push(Flag::NoShippingAddress);
        }
        let in_trouble = self
            .shipments
            .iter()
            .filter(|shipment| shipment.in_trouble());
        flags.extend(in_trouble.map(|shipment| {
            Flag::ShipmentTrouble(shipment.name.clone().unwrap_or_else(|| shipment.id.clone()))
        }));
        if self.payment.status == PaymentStatus::PartiallyRefunded {
            flags.push(Flag::PartiallyRefunded);
        }
        flags
    }

    /// Its tags that say that somebody doubts it.
    pub fn doubts(&self) -> Vec<String> {
        let tags = self.tags.iter();
        tags.filter(|tag| doubts(tag)).cloned().collect()
    }

    fn to_ship(&self) -> u32 {
        self.items
            .iter()
            .fold(0, |sum, item| sum.saturating_add(item.to_ship))
    }

    fn any_shipment(&self) -> bool {
        self.items.iter().any(|item| item.shipped_quantity > 0)
            || self
                .shipments
                .iter()
                .any(|shipment| shipment.status.holds_units())
    }
}

/// Whole words only: `hold-until-monday` is a doubt, `household` is not.
fn doubts(tag: &str) -> bool {
    tag.split(|c: char| !c.is_alphanumeric())
        .any(|word| DOUBTS.iter().any(|doubt| word.eq_ignore_ascii_case(doubt)))
}
