//! Real messages about one order, in every sequence: the order comes out the same.

use std::sync::LazyLock;

use domain::{
    event::EventKind,
    order::{Order, OrderFact, OrderState, PaymentStatus, ShipmentStatus},
};
use proptest::prelude::*;

use crate::{body, fact, with};

/// What could reach us about order 450789469: the bodies as they are, and a few made from them, so
/// that some share a second and some contradict each other. Two receipts repeat what others said.
static TOLD: LazyLock<Vec<OrderFact>> = LazyLock::new(|| {
    let updated = body("orders-updated.json");
    let authorized = body("orders-create.authorized.json");
    let same_second = with(
        &authorized,
        "\"updated_at\": \"2024-04-02T09:04:19-05:00\"",
        "\"updated_at\": \"2024-04-02T09:03:40-05:00\"",
    );
    let cancelled = with(
        &updated,
        "\"cancelled_at\": null",
        "\"cancelled_at\": \"2024-04-02T09:03:00-05:00\"",
    );
    let cancelled = with(
        &cancelled,
        "\"cancel_reason\": null",
        "\"cancel_reason\": \"fraud\"",
    );
    let noted = with(
        &updated,
        "\"note\": null",
        "\"note\": \"leave at the door\"",
    );
    let shipment = body("fulfillments-update.json");
    let label = with(
        &shipment,
        "\"status\": \"success\"",
        "\"status\": \"pending\"",
    );
    let earlier = with(
        &label,
        "\"updated_at\": \"2024-04-02T09:01:43-05:00\"",
        "\"updated_at\": \"2024-04-02T08:59:11-05:00\"",
    );
    let moved = with(
        &shipment,
        "\"shipment_status\": null",
        "\"shipment_status\": \"in_transit\"",
    );
    let refund = body("refunds-create.rest.json");
    let pending = with(
        &refund,
        "\"status\": \"success\"",
        "\"status\": \"pending\"",
    );
    let capture = body("order_transactions-create.capture.json");
    vec![
        fact("orders/create", &authorized, 1),
        fact("orders/updated", &updated, 2),
        fact("orders/create", &same_second, 3),
        fact("orders/cancelled", &cancelled, 4),
        fact("orders/updated", &noted, 5),
        fact("fulfillments/create", &earlier, 6),
        fact("fulfillments/update", &label, 7),
        fact("fulfillments/update", &shipment, 8),
        fact("fulfillments/update", &moved, 9),
        fact(
            "fulfillments/update",
            &body("fulfillments-update.cancelled.json"),
            10,
        ),
        fact("refunds/create", &refund, 11),
        fact("refunds/create", &pending, 12),
        fact("order_transactions/create", &capture, 13),
        fact(
            "order_transactions/create",
            &body("order_transactions-create.void.json"),
            14,
        ),
        fact("orders/updated", &updated, 15),
        fact("refunds/create", &refund, 16),
    ]
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_arrival_and_any_repetition_give_the_same_order(
        (some, arrivals) in prop::sample::subsequence((0..TOLD.len()).collect::<Vec<_>>(), 1..=TOLD.len())
            .prop_flat_map(|some| {
                let again = prop::collection::vec(prop::sample::select(some.clone()), 0..8);
                (Just(some), again)
            })
            .prop_flat_map(|(some, again)| {
                let arrivals: Vec<_> = some.iter().copied().chain(again).collect();
                (Just(some), Just(arrivals).prop_shuffle())
            }),
    ) {
        let pick = |which: &[usize]| which.iter().map(|i| TOLD[*i].clone()).collect::<Vec<_>>();
        let once = Order::project(&pick(&some));
        let shuffled = Order::project(&pick(&arrivals));
        prop_assert_eq!(&once, &shuffled);
        // and an order that did not change means nothing new
        if let (Some(once), Some(shuffled)) = (once, shuffled) {
            prop_assert_eq!(shuffled.events_since(Some(&once)), vec![]);
        }
    }

    /// Told one by one in any sequence, the order is accepted once, cancelled once, and each
    /// refund is issued once; a shipment is confirmed at most once.
    #[test]
    fn each_event_happens_once(arrivals in Just((0..TOLD.len()).collect::<Vec<_>>()).prop_shuffle()) {
        let mut known = Vec::new();
        let mut before: Option<Order> = None;
        let mut events = Vec::new();
        for i in arrivals {
            known.push(TOLD[i].clone());
            if let Some(now) = Order::project(&known) {
                events.extend(now.events_since(before.as_ref()));
                before = Some(now);
            }
        }
        let count = |kind: EventKind| events.iter().filter(|event| event.kind == kind).count();
        prop_assert_eq!(events[0].kind, EventKind::OrderAccepted);
        prop_assert_eq!(count(EventKind::OrderAccepted), 1);
        prop_assert_eq!(count(EventKind::OrderCancelled), 1);
        prop_assert_eq!(count(EventKind::RefundIssued), 2);
        prop_assert_eq!(count(EventKind::ShipmentConfirmed), 1);
        prop_assert_eq!(count(EventKind::ShipmentException), 1);
    }
}

#[test]
fn what_holds_in_the_end_and_who_said_so() {
    let order = Order::project(&TOLD).unwrap();
    // the authorized listing is the latest by its own clock, and the cancellation still stands
    assert_eq!(order.payment.status, PaymentStatus::Authorized);
    assert_eq!(
        order.cancelled.as_ref().unwrap().reason.as_deref(),
        Some("fraud")
    );
    assert_eq!(order.state(), OrderState::Cancelled);

    let from = |source: &domain::order::Source| source.receipt_id.as_u128();
    let provenance = &order.provenance;
    assert_eq!(from(&provenance.payment), 1);
    assert_eq!(provenance.payment.topic, "orders/create");
    assert_eq!(from(provenance.cancellation.as_ref().unwrap()), 4);
    // receipts 11 and 16 both told this refund: the smaller id is named
    assert_eq!(from(&provenance.refunds["929361466"]), 11);
    assert_eq!(provenance.transactions.len(), 2);

    let shipment = |id: &str| order.shipments.iter().find(|s| s.id == id).unwrap();
    assert_eq!(shipment("1069019869").status, ShipmentStatus::Success);
    assert_eq!(shipment("1069019871").status, ShipmentStatus::Cancelled);
    assert_eq!(shipment("255858046").status, ShipmentStatus::Failure);
}

#[test]
fn a_shipment_alone_is_no_order_yet() {
    let shipment = fact("fulfillments/update", &body("fulfillments-update.json"), 1);
    assert_eq!(Order::project(std::slice::from_ref(&shipment)), None);
    assert_eq!(Order::project(&[]), None);

    let snapshot = fact("orders/updated", &body("orders-updated.json"), 2);
    let order = Order::project(&[shipment, snapshot]).unwrap();
    let kinds: Vec<_> = order
        .events_since(None)
        .into_iter()
        .map(|event| event.kind)
        .collect();
    assert_eq!(
        kinds,
        [
            EventKind::OrderAccepted,
            EventKind::PaymentCaptured,
            EventKind::ShipmentException,
            EventKind::ShipmentConfirmed,
            EventKind::RefundIssued,
        ]
    );
}
