//! What a change of the projection means, in normalized events.
//!
//! Compared are two whole orders, before and after, so an event is a difference and not a message:
//! a repeated or late message that changes nothing means nothing. The subject tells two events of
//! one kind apart (which shipment, which refund).

use serde::{Deserialize, Serialize};

use crate::event::EventKind;

use super::{Item, Order, PaymentStatus, Shipment, ShipmentStatus};

/// Everything that [`Order::events_since`] can say.
pub const TOLD_BY_ORDERS: [EventKind; 13] = [
    EventKind::OrderAccepted,
    EventKind::OrderUpdated,
    EventKind::OrderCancelled,
    EventKind::PaymentAuthorized,
    EventKind::PaymentCaptured,
    EventKind::PaymentFailed,
    EventKind::PaymentVoided,
    EventKind::ShipmentLabelCreated,
    EventKind::ShipmentConfirmed,
    EventKind::ShipmentDelivered,
    EventKind::ShipmentCancelled,
    EventKind::ShipmentException,
    EventKind::RefundIssued,
];

/// One thing that happened to an order, and which part of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OrderEvent {
    pub kind: EventKind,
    /// The shipment's, refund's or transaction's id; `None` for the order as a whole.
    pub part: Option<String>,
}

impl Order {
    /// The events that lead from `before` to this order, in the order in which flows should see
    /// them: the order itself, its money, its parcels, its refunds, its end.
    pub fn events_since(&self, before: Option<&Self>) -> Vec<OrderEvent> {
        let mut events = Vec::new();
        match before {
            None => events.push(whole(EventKind::OrderAccepted)),
            Some(before) if self.description_differs(before) => {
                events.push(whole(EventKind::OrderUpdated));
            }
            Some(_) => {}
        }
        events.extend(self.payment_events(before));
        for shipment in &self.shipments {
            let known = before.and_then(|b| b.shipments.iter().find(|s| s.id == shipment.id));
            let kinds = shipment_events(shipment, known);
            events.extend(kinds.into_iter().map(|kind| part(kind, &shipment.id)));
        }
        for refund in &self.refunds {
            if !before.is_some_and(|b| b.refunds.iter().any(|known| known.id == refund.id)) {
                events.push(part(EventKind::RefundIssued, &refund.id));
            }
        }
        if self.cancelled.is_some() && before.is_none_or(|b| b.cancelled.is_none()) {
            events.push(whole(EventKind::OrderCancelled));
        }
        events
    }

    fn payment_events(&self, before: Option<&Self>) -> Vec<OrderEvent> {
        let mut events = Vec::new();
        let now = self.payment.status;
        let was = before.map(|b| b.payment.status);
        if now == PaymentStatus::Authorized && was != Some(now) {
            events.push(whole(EventKind::PaymentAuthorized));
        }
        if now.was_captured() && was.is_none_or(|was| !was.was_captured()) {
            events.push(whole(EventKind::PaymentCaptured));
        }
        if now == PaymentStatus::Voided && was != Some(now) {
            events.push(whole(EventKind::PaymentVoided));
        }
        for transaction in self.payment.transactions.iter().filter(|t| t.failed()) {
            let known = before.is_some_and(|b| {
                let mut known = b.payment.transactions.iter();
                known.any(|t| t.id == transaction.id && t.failed())
            });
            if !known {
                events.push(part(EventKind::PaymentFailed, &transaction.id));
            }
        }
        events
    }

    /// What was asked for changed, as against how far it has come.
    fn description_differs(&self, before: &Self) -> bool {
        let asked = |item: &Item| {
            (
                item.line_id.clone(),
                item.sku.clone(),
                item.quantity,
                item.unit_price,
            )
        };
        !self
            .items
            .iter()
            .map(asked)
            .eq(before.items.iter().map(asked))
            || self.totals != before.totals
            || self.customer != before.customer
            || self.shipping_address != before.shipping_address
            || self.note != before.note
            || self.tags != before.tags
            || self.test != before.test
            || self.name != before.name
    }
}

/// What became true of a shipment. A shipment first seen when it has already left was never
/// announced as a label: only what holds now is told.
fn shipment_events(now: &Shipment, before: Option<&Shipment>) -> Vec<EventKind> {
    let mut kinds = Vec::new();
    if before.map(|b| b.status) != Some(now.status) {
        match now.status {
            ShipmentStatus::Pending | ShipmentStatus::Open if before.is_none() => {
                kinds.push(EventKind::ShipmentLabelCreated);
            }
            ShipmentStatus::Success => kinds.push(EventKind::ShipmentConfirmed),
            ShipmentStatus::Cancelled => kinds.push(EventKind::ShipmentCancelled),
            _ => {}
        }
    }
    if now.in_trouble() && !before.is_some_and(Shipment::in_trouble) {
        kinds.push(EventKind::ShipmentException);
    }
    if now.delivered() && !before.is_some_and(Shipment::delivered) {
        kinds.push(EventKind::ShipmentDelivered);
    }
    kinds
}

const fn whole(kind: EventKind) -> OrderEvent {
    OrderEvent { kind, part: None }
}

fn part(kind: EventKind, id: &str) -> OrderEvent {
    OrderEvent {
        kind,
        part: Some(id.to_owned()),
    }
}
