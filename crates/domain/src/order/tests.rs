//! The fold, on small facts built by hand; what is derived from it in the files below.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

mod changes;
mod standing;

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

fn line(id: &str, quantity: u32) -> ItemFact {
    ItemFact {
        line_id: id.to_owned(),
        sku: Some(format!("SKU-{id}")),
        title: "Thing".to_owned(),
        variant: None,
        quantity,
        current_quantity: None,
        fulfilled: false,
        unit_price: usd(1_000),
        requires_shipping: true,
    }
}

fn snapshot(payment: PaymentStatus) -> OrderSnapshot {
    OrderSnapshot {
        name: "#1".to_owned(),
        placed_at: Some(Time::from_ms(0)),
        currency: Currency::USD,
        totals: Totals {
            subtotal: usd(2_000),
            shipping: usd(0),
            tax: usd(0),
            discounts: usd(0),
            total: usd(2_000),
            outstanding: usd(0),
            current_total: usd(2_000),
        },
        items: vec![line("1", 2)],
        payment,
        gateways: vec![],
        shipments: vec![],
        refunds: vec![],
        customer: Customer::default(),
        shipping_address: Some(Address {
            city: Some("Louisville".to_owned()),
            ..Address::default()
        }),
        note: None,
        tags: vec![],
        test: false,
        cancelled: None,
    }
}

fn shipment(id: &str, status: ShipmentStatus, at: i64, units: u32) -> ShipmentFact {
    ShipmentFact {
        id: id.to_owned(),
        name: None,
        status,
        carrier_status: None,
        carrier: Some("UPS".to_owned()),
        tracking_numbers: vec![],
        tracking_urls: vec![],
        at: Some(Time::from_ms(at)),
        lines: vec![LineQuantity {
            line_id: "1".to_owned(),
            sku: None,
            title: "Thing".to_owned(),
            quantity: units,
        }],
    }
}

fn refund(id: &str, units: u32, returned: bool) -> RefundFact {
    RefundFact {
        id: id.to_owned(),
        amount: Some(usd(1_000)),
        reason: None,
        at: None,
        lines: vec![RefundLine {
            line_id: "1".to_owned(),
            sku: None,
            title: "Thing".to_owned(),
            quantity: units,
            returned,
            subtotal: None,
        }],
    }
}

fn said(receipt: u128, at: i64, body: FactBody) -> OrderFact {
    OrderFact {
        receipt_id: Uuid::from_u128(receipt),
        topic: "orders/updated".to_owned(),
        occurred_at: Time::from_ms(at),
        order_ref: "7".to_owned(),
        body,
    }
}

fn whole(receipt: u128, at: i64, snapshot: OrderSnapshot) -> OrderFact {
    said(receipt, at, FactBody::Snapshot(Box::new(snapshot)))
}

fn order(snapshot: OrderSnapshot) -> Order {
    Order::project(&[whole(1, 0, snapshot)]).unwrap()
}

#[test]
fn the_latest_by_its_own_clock_holds_whatever_came_last() {
    let old = whole(2, 1_000, snapshot(PaymentStatus::Pending));
    let new = whole(1, 2_000, snapshot(PaymentStatus::Paid));
    for facts in [[old.clone(), new.clone()], [new, old]] {
        let order = Order::project(&facts).unwrap();
        assert_eq!(order.payment.status, PaymentStatus::Paid);
        assert_eq!(order.provenance.payment.receipt_id, Uuid::from_u128(1));
        // what both said alike is known since the older one
        assert_eq!(order.provenance.items.receipt_id, Uuid::from_u128(2));
        assert_eq!(order.provenance.items.at, Time::from_ms(1_000));
    }
}

#[test]
fn within_one_second_the_one_further_along_is_the_later() {
    let statuses = [
        PaymentStatus::Pending,
        PaymentStatus::Authorized,
        PaymentStatus::Paid,
        PaymentStatus::Refunded,
    ];
    for (i, earlier) in statuses.iter().enumerate() {
        for later in &statuses[i + 1..] {
            let facts = [
                whole(1, 0, snapshot(*later)),
                whole(2, 0, snapshot(*earlier)),
            ];
            assert_eq!(Order::project(&facts).unwrap().payment.status, *later);
        }
    }
}

#[test]
fn a_value_that_was_taken_back_and_said_again_comes_from_the_second_time() {
    let noted = |receipt, at, note: &str| {
        whole(
            receipt,
            at,
            OrderSnapshot {
                note: Some(note.to_owned()),
                ..snapshot(PaymentStatus::Paid)
            },
        )
    };
    let facts = [
        noted(1, 1, "a"),
        noted(2, 2, "b"),
        noted(4, 3, "a"),
        noted(3, 3, "a"),
        noted(5, 4, "a"),
    ];
    let order = Order::project(&facts).unwrap();
    // receipts 3 and 4 said it at the same time: the smaller id is named
    assert_eq!(order.provenance.description.receipt_id, Uuid::from_u128(3));
}

#[test]
fn a_cancellation_stays() {
    let cancellation = Cancellation {
        at: Time::from_ms(5),
        reason: Some("customer".to_owned()),
    };
    let cancelled = OrderSnapshot {
        cancelled: Some(cancellation.clone()),
        ..snapshot(PaymentStatus::Paid)
    };
    let facts = [
        whole(1, 5, cancelled),
        whole(2, 9, snapshot(PaymentStatus::Paid)),
    ];
    let order = Order::project(&facts).unwrap();
    assert_eq!(order.cancelled, Some(cancellation));
    assert_eq!(
        order.readiness(),
        Readiness::Closed(ClosedReason::Cancelled)
    );
    assert_eq!(
        order.provenance.cancellation.unwrap().receipt_id,
        Uuid::from_u128(1)
    );
}

#[test]
fn a_shipments_own_last_change_wins_over_an_old_copy_in_a_newer_snapshot() {
    let stale = OrderSnapshot {
        shipments: vec![shipment("9", ShipmentStatus::Pending, 10, 2)],
        ..snapshot(PaymentStatus::Paid)
    };
    let facts = [
        said(
            1,
            20,
            FactBody::Shipment(shipment("9", ShipmentStatus::Success, 20, 2)),
        ),
        whole(2, 30, stale),
    ];
    let order = Order::project(&facts).unwrap();
    assert_eq!(order.shipments.len(), 1);
    assert_eq!(order.shipments[0].status, ShipmentStatus::Success);
    assert_eq!(
        order.provenance.shipments["9"].receipt_id,
        Uuid::from_u128(1)
    );
    assert_eq!(order.state(), OrderState::Shipped);
}

#[test]
fn an_order_survives_storage() {
    let mut full = snapshot(PaymentStatus::Paid);
    full.shipments = vec![shipment("9", ShipmentStatus::Success, 1, 1)];
    full.refunds = vec![refund("3", 1, true)];
    full.cancelled = Some(Cancellation {
        at: Time::from_ms(1),
        reason: None,
    });
    let fact = whole(1, 7, full);
    let stored = serde_json::to_string(&fact).unwrap();
    assert_eq!(serde_json::from_str::<OrderFact>(&stored).unwrap(), fact);
    let order = Order::project(&[fact]).unwrap();
    let stored = serde_json::to_string(&order).unwrap();
    assert_eq!(serde_json::from_str::<Order>(&stored).unwrap(), order);
}

/// Facts with few distinct values and times, so that ties and contradictions are the rule.
fn any_fact() -> impl Strategy<Value = OrderFact> {
    let payment = prop::sample::select(vec![
        PaymentStatus::Pending,
        PaymentStatus::Paid,
        PaymentStatus::Voided,
    ]);
    let status = prop::sample::select(vec![
        ShipmentStatus::Pending,
        ShipmentStatus::Success,
        ShipmentStatus::Cancelled,
    ]);
    let shipments = (0..2_u8, status, 0..3_i64, 1..3_u32)
        .prop_map(|(id, status, at, units)| shipment(&id.to_string(), status, at, units));
    let refunds = (0..2_u8, 1..3_u32, any::<bool>())
        .prop_map(|(id, units, returned)| refund(&id.to_string(), units, returned));
    let wholes = (
        payment,
        prop::option::of(0..2_i64),
        0..3_u8,
        prop::collection::vec(shipments.clone(), 0..2),
    )
        .prop_map(|(payment, cancelled, note, shipments)| {
            let cancelled = cancelled.map(|at| Cancellation {
                at: Time::from_ms(at),
                reason: None,
            });
            let note = Some(note.to_string());
            let whole = OrderSnapshot {
                cancelled,
                note,
                shipments,
                ..snapshot(payment)
            };
            FactBody::Snapshot(Box::new(whole))
        });
    let body = prop_oneof![
        3 => wholes,
        1 => shipments.prop_map(FactBody::Shipment),
        1 => refunds.prop_map(FactBody::Refund),
    ];
    (0..4_u128, 0..3_i64, body).prop_map(|(receipt, at, body)| said(receipt, at, body))
}

proptest! {
    #[test]
    fn any_arrival_and_any_repetition_give_the_same_order(
        (facts, arrivals) in prop::collection::vec(any_fact(), 1..8).prop_flat_map(|facts| {
            let again = prop::collection::vec(prop::sample::select(facts.clone()), 0..5);
            (Just(facts), again)
        }).prop_flat_map(|(facts, again)| {
            let arrivals: Vec<_> = facts.iter().cloned().chain(again).collect();
            (Just(facts), Just(arrivals).prop_shuffle())
        })
    ) {
        prop_assert_eq!(Order::project(&facts), Order::project(&arrivals));
    }
}
