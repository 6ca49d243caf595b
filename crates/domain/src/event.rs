//! The normalized facts of commerce: what happened, in one vocabulary, whoever reported it.
//!
//! A sender's own words (a topic, a status code, a file name) stop at the connector. From there on
//! everything speaks of these kinds, and their dotted names are the CloudEvents `type` that flows
//! trigger on, contracts complete on and pages show. The list is closed: a new kind is a new line
//! here, and the compiler names every place that has to decide what it means.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum EventKind {
    /// An order became known to us, once in its life.
    OrderAccepted,
    /// What the order asks for changed: items, totals, addressee, note, tags.
    OrderUpdated,
    OrderCancelled,
    /// Money is reserved, not taken. Enough to start work, not to count as revenue.
    PaymentAuthorized,
    /// Money was taken.
    PaymentCaptured,
    PaymentFailed,
    /// A reservation was given back; nothing may be shipped on it.
    PaymentVoided,
    InventoryChanged,
    PickStarted,
    /// A label exists. The parcel has not been handed over.
    ShipmentLabelCreated,
    /// The warehouse says the parcel left. Not yet that it arrived.
    ShipmentConfirmed,
    ShipmentDelivered,
    ShipmentCancelled,
    ShipmentException,
    ReturnRequested,
    ReturnProcessed,
    RefundIssued,
}

impl EventKind {
    pub const ALL: [Self; 17] = [
        Self::OrderAccepted,
        Self::OrderUpdated,
        Self::OrderCancelled,
        Self::PaymentAuthorized,
        Self::PaymentCaptured,
        Self::PaymentFailed,
        Self::PaymentVoided,
        Self::InventoryChanged,
        Self::PickStarted,
        Self::ShipmentLabelCreated,
        Self::ShipmentConfirmed,
        Self::ShipmentDelivered,
        Self::ShipmentCancelled,
        Self::ShipmentException,
        Self::ReturnRequested,
        Self::ReturnProcessed,
        Self::RefundIssued,
    ];

    /// The CloudEvents `type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrderAccepted => "order.accepted",
            Self::OrderUpdated => "order.updated",
            Self::OrderCancelled => "order.cancelled",
            Self::PaymentAuthorized => "payment.authorized",
            Self::PaymentCaptured => "payment.captured",
            Self::PaymentFailed => "payment.failed",
            Self::PaymentVoided => "payment.voided",
            Self::InventoryChanged => "inventory.changed",
            Self::PickStarted => "pick.started",
            Self::ShipmentLabelCreated => "shipment.label_created",
            Self::ShipmentConfirmed => "shipment.confirmed",
            Self::ShipmentDelivered => "shipment.delivered",
            Self::ShipmentCancelled => "shipment.cancelled",
            Self::ShipmentException => "shipment.exception",
            Self::ReturnRequested => "return.requested",
            Self::ReturnProcessed => "return.processed",
            Self::RefundIssued => "refund.issued",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for EventKind {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .ok_or_else(|| format!("{name:?} is not a kind of event"))
    }
}

impl TryFrom<String> for EventKind {
    type Error = String;
    fn try_from(name: String) -> Result<Self, String> {
        name.parse()
    }
}

impl From<EventKind> for String {
    fn from(kind: EventKind) -> Self {
        kind.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_name_and_reads_back() {
        let mut names: Vec<_> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
        for kind in EventKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("\"{kind}\""));
            assert_eq!(serde_json::from_str::<EventKind>(&json).unwrap(), kind);
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), EventKind::ALL.len());
        assert!("order.shipped".parse::<EventKind>().is_err());
    }
}
