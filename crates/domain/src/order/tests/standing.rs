//! Where an order stands and what is left of it.

use super::*;

#[test]
fn what_is_left_to_ship() {
    use ShipmentStatus as S;
    let check = |why: &str, shipments: &[(S, u32)], refunds: &[(u32, bool)], expected: [u32; 3]| {
        let mut snapshot = snapshot(PaymentStatus::Paid);
        snapshot.items = vec![line("1", 5)];
        for (i, (status, units)) in shipments.iter().enumerate() {
            snapshot
                .shipments
                .push(shipment(&i.to_string(), *status, 0, *units));
        }
        for (i, (units, returned)) in refunds.iter().enumerate() {
            snapshot
                .refunds
                .push(refund(&i.to_string(), *units, *returned));
        }
        let item = order(snapshot).items.remove(0);
        let found = [item.current_quantity, item.shipped_quantity, item.to_ship];
        assert_eq!(found, expected, "{why}");
    };
    //                                                             current, shipped, to ship
    check("nothing happened", &[], &[], [5, 0, 5]);
    check("some left", &[(S::Success, 2)], &[], [5, 2, 3]);
    check(
        "a label speaks for its units",
        &[(S::Pending, 2)],
        &[],
        [5, 0, 3],
    );
    check(
        "a status we do not know does too",
        &[(S::Other, 2)],
        &[],
        [5, 0, 3],
    );
    check(
        "failed ones go out again",
        &[(S::Failure, 2), (S::Cancelled, 3)],
        &[],
        [5, 0, 5],
    );
    check("refunded before leaving", &[], &[(2, false)], [3, 0, 3]);
    check(
        "two refunds",
        &[(S::Success, 1)],
        &[(1, false), (2, false)],
        [2, 1, 1],
    );
    check(
        "came back and refunded",
        &[(S::Success, 2)],
        &[(2, true)],
        [3, 2, 3],
    );
    check(
        "the return is told before the shipment",
        &[],
        &[(2, true)],
        [3, 0, 3],
    );
    check(
        "both kinds",
        &[(S::Success, 2)],
        &[(1, true), (2, false)],
        [2, 2, 1],
    );
    check("more refunded than ordered", &[], &[(9, false)], [0, 0, 0]);
    check(
        "more shipped than ordered",
        &[(S::Success, 9)],
        &[],
        [5, 9, 0],
    );
    check(
        "all of it, twice over",
        &[(S::Success, 5)],
        &[(5, true), (5, false)],
        [0, 5, 0],
    );
}

#[test]
fn an_edit_lowers_a_line_without_a_refund() {
    let mut edited = snapshot(PaymentStatus::Paid);
    edited.items = vec![ItemFact {
        current_quantity: Some(1),
        ..line("1", 3)
    }];
    let item = order(edited).items.remove(0);
    assert_eq!((item.current_quantity, item.to_ship), (1, 1));
}

#[test]
fn the_storefronts_fulfilled_counts_until_a_shipment_speaks_of_the_line() {
    let mut fulfilled = snapshot(PaymentStatus::Paid);
    fulfilled.items = vec![ItemFact {
        fulfilled: true,
        ..line("1", 2)
    }];
    let told = order(fulfilled.clone());
    assert_eq!(
        told.readiness(),
        Readiness::Closed(ClosedReason::AlreadyFulfilled)
    );
    assert_eq!(told.state(), OrderState::Shipped);

    fulfilled.shipments = vec![shipment("9", ShipmentStatus::Cancelled, 0, 2)];
    assert_eq!(order(fulfilled).items[0].to_ship, 2);
}

#[test]
fn nothing_to_ship_where_nothing_needs_shipping() {
    let mut digital = snapshot(PaymentStatus::Paid);
    digital.items = vec![ItemFact {
        requires_shipping: false,
        ..line("1", 2)
    }];
    digital.shipping_address = None;
    let order = order(digital);
    assert!(order.ship_lines().is_empty());
    assert_eq!(
        order.readiness(),
        Readiness::Closed(ClosedReason::NothingToShip)
    );
    assert_eq!(order.state(), OrderState::NothingToShip);
    assert_eq!(order.flags(), [], "no address is needed either");
}

#[test]
fn readiness_and_state_by_payment() {
    use PaymentStatus as P;
    let check = |status: P, readiness: Readiness, state: OrderState| {
        let order = order(snapshot(status));
        assert_eq!(
            (order.readiness(), order.state()),
            (readiness, state),
            "{status:?}"
        );
        assert!(order.readiness().sentence().ends_with('.'));
    };
    for status in [P::Paid, P::Authorized, P::PartiallyRefunded] {
        check(status, Readiness::Releasable, OrderState::Open);
    }
    for status in [P::Pending, P::PartiallyPaid, P::Expired, P::Other] {
        check(
            status,
            Readiness::WaitingForPayment(status),
            OrderState::WaitingPayment,
        );
    }
    check(
        P::Voided,
        Readiness::Closed(ClosedReason::Voided),
        OrderState::Voided,
    );
    check(
        P::Refunded,
        Readiness::Closed(ClosedReason::Refunded),
        OrderState::Refunded,
    );
}

#[test]
fn state_by_shipments() {
    use ShipmentStatus as S;
    let check = |shipments: &[(S, u32)], expected: OrderState| {
        let mut snapshot = snapshot(PaymentStatus::Paid);
        for (i, (status, units)) in shipments.iter().enumerate() {
            snapshot
                .shipments
                .push(shipment(&i.to_string(), *status, 0, *units));
        }
        assert_eq!(order(snapshot).state(), expected, "{shipments:?}");
    };
    check(&[(S::Failure, 2)], OrderState::Open);
    check(&[(S::Pending, 1)], OrderState::InFulfillment);
    check(&[(S::Open, 2)], OrderState::InFulfillment);
    check(&[(S::Success, 1)], OrderState::PartiallyShipped);
    check(
        &[(S::Success, 1), (S::Pending, 1)],
        OrderState::PartiallyShipped,
    );
    check(&[(S::Success, 2)], OrderState::Shipped);
    check(&[(S::Success, 2), (S::Cancelled, 2)], OrderState::Shipped);
}

#[test]
fn flags_say_what_to_look_at() {
    let mut doubtful = snapshot(PaymentStatus::PartiallyRefunded);
    doubtful.test = true;
    doubtful.shipping_address = None;
    doubtful.tags = ["vip", "Fraud-Check", "household", "hold until Monday"]
        .map(String::from)
        .to_vec();
    doubtful.shipments = vec![shipment("9", ShipmentStatus::Error, 0, 1)];
    let codes: Vec<_> = order(doubtful)
        .flags()
        .iter()
        .map(|f| (f.code(), f.sentence()))
        .collect();
    let codes: Vec<_> = codes
        .iter()
        .map(|(code, sentence)| (*code, sentence.as_str()))
        .collect();
    assert_eq!(
        codes,
        [
            ("test_order", "The storefront marks this as a test order."),
            ("held_by_tag", "It is tagged “Fraud-Check”."),
            ("held_by_tag", "It is tagged “hold until Monday”."),
            (
                "no_shipping_address",
                "It has items to ship, but no shipping address."
            ),
            ("shipment_trouble", "Shipment 9 of this order failed."),
            (
                "partially_refunded",
                "Part of it was refunded; check what is still to be shipped."
            ),
        ]
    );
    assert_eq!(order(snapshot(PaymentStatus::Paid)).flags(), []);
}
