//! What a change means in events.

use super::*;

fn kinds(events: &[OrderEvent]) -> Vec<(&'static str, Option<&str>)> {
    events
        .iter()
        .map(|event| (event.kind.as_str(), event.part.as_deref()))
        .collect()
}

#[test]
fn events_are_differences() {
    let authorized = order(snapshot(PaymentStatus::Authorized));
    assert_eq!(
        kinds(&authorized.events_since(None)),
        [("order.accepted", None), ("payment.authorized", None)]
    );
    assert_eq!(kinds(&authorized.events_since(Some(&authorized))), []);

    let paid = order(snapshot(PaymentStatus::Paid));
    assert_eq!(
        kinds(&paid.events_since(Some(&authorized))),
        [("payment.captured", None)]
    );

    let label = order(OrderSnapshot {
        shipments: vec![shipment("9", ShipmentStatus::Pending, 0, 1)],
        ..snapshot(PaymentStatus::Paid)
    });
    assert_eq!(
        kinds(&label.events_since(Some(&paid))),
        [("shipment.label_created", Some("9"))]
    );

    let mut gone = shipment("9", ShipmentStatus::Success, 1, 1);
    let left = order(OrderSnapshot {
        shipments: vec![gone.clone()],
        ..snapshot(PaymentStatus::Paid)
    });
    assert_eq!(
        kinds(&left.events_since(Some(&label))),
        [("shipment.confirmed", Some("9"))]
    );

    gone.carrier_status = Some("delivered".to_owned());
    let arrived = order(OrderSnapshot {
        shipments: vec![gone.clone()],
        ..snapshot(PaymentStatus::Paid)
    });
    assert_eq!(
        kinds(&arrived.events_since(Some(&left))),
        [("shipment.delivered", Some("9"))]
    );

    gone.carrier_status = Some("failure".to_owned());
    let lost = order(OrderSnapshot {
        shipments: vec![gone],
        ..snapshot(PaymentStatus::Paid)
    });
    assert_eq!(
        kinds(&lost.events_since(Some(&left))),
        [("shipment.exception", Some("9"))]
    );

    let failed = order(OrderSnapshot {
        shipments: vec![shipment("9", ShipmentStatus::Failure, 1, 1)],
        ..snapshot(PaymentStatus::Paid)
    });
    assert_eq!(
        kinds(&failed.events_since(Some(&label))),
        [("shipment.exception", Some("9"))]
    );

    let refunded = order(OrderSnapshot {
        refunds: vec![refund("3", 1, false)],
        ..snapshot(PaymentStatus::PartiallyRefunded)
    });
    assert_eq!(
        kinds(&refunded.events_since(Some(&paid))),
        [("refund.issued", Some("3"))]
    );

    let moved = order(OrderSnapshot {
        shipping_address: None,
        ..snapshot(PaymentStatus::Paid)
    });
    assert_eq!(
        kinds(&moved.events_since(Some(&paid))),
        [("order.updated", None)]
    );

    let voided = order(OrderSnapshot {
        cancelled: Some(Cancellation {
            at: Time::from_ms(1),
            reason: None,
        }),
        ..snapshot(PaymentStatus::Voided)
    });
    assert_eq!(
        kinds(&voided.events_since(Some(&authorized))),
        [("payment.voided", None), ("order.cancelled", None)]
    );
}

#[test]
fn a_failed_payment_is_told_once() {
    let transaction = |status: &str| Transaction {
        id: "5".to_owned(),
        kind: "capture".to_owned(),
        status: status.to_owned(),
        amount: usd(2_000),
        gateway: None,
        at: Some(Time::from_ms(3)),
    };
    let known = whole(1, 0, snapshot(PaymentStatus::Authorized));
    let before = Order::project(std::slice::from_ref(&known)).unwrap();
    let pending = said(2, 3, FactBody::Payment(transaction("pending")));
    let failed = said(3, 3, FactBody::Payment(transaction("failure")));
    let facts = [failed.clone(), known, pending];
    let after = Order::project(&facts).unwrap();
    assert_eq!(after.payment.transactions, [transaction("failure")]);
    assert_eq!(after.payment.status, PaymentStatus::Authorized);
    assert_eq!(
        kinds(&after.events_since(Some(&before))),
        [("payment.failed", Some("5"))]
    );
    assert_eq!(kinds(&after.events_since(Some(&after))), []);
}
