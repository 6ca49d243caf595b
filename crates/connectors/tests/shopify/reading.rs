//! What the bodies say, against figures worked out by hand from them.

use std::fs;

use connectors::shopify::{self, Interest};
use domain::{
    Currency, Money, Time,
    order::{
        ClosedReason, FactBody, Flag, Order, OrderState, PaymentStatus, Readiness, ShipmentStatus,
    },
};
use uuid::Uuid;

use crate::{RECEIVED, body, collection, fact, with};

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

fn order(topic: &str, body: &[u8]) -> Order {
    Order::project(&[fact(topic, body, 1)]).unwrap()
}

#[test]
fn the_money_and_the_quantities_of_an_edited_order() {
    let order = order("orders/updated", &body("orders-updated.json"));

    assert_eq!(
        (order.external_id.as_str(), order.name.as_str()),
        ("450789469", "#1001")
    );
    assert_eq!(
        order.placed_at.unwrap().to_string(),
        "2008-01-10T16:00:00.000Z"
    );
    let totals = order.totals;
    assert_eq!(totals.subtotal, usd(59_700));
    assert_eq!(totals.shipping, usd(0));
    assert_eq!(totals.tax, usd(1_194));
    assert_eq!(totals.discounts, usd(1_000));
    // 597.00 + 11.94 − 10.00 = 598.94, and 199.65 of it is left after the refund
    assert_eq!(totals.total, usd(59_894));
    assert_eq!(totals.current_total, usd(19_965));
    assert_eq!(totals.outstanding, usd(0));

    let items: Vec<_> = order
        .items
        .iter()
        .map(|i| {
            let sku = i.sku.as_deref().unwrap();
            (
                i.line_id.as_str(),
                sku,
                i.quantity,
                i.current_quantity,
                i.shipped_quantity,
                i.to_ship,
            )
        })
        .collect();
    assert_eq!(
        items,
        [
            ("466157049", "IPOD2008GREEN", 1, 0, 0, 0),
            ("518995019", "IPOD2008RED", 1, 1, 0, 1),
            ("703073504", "IPOD2008BLACK", 1, 0, 0, 0),
        ]
    );
    assert!(
        order
            .items
            .iter()
            .all(|item| item.unit_price == usd(19_900))
    );
    assert_eq!(order.items[1].variant.as_deref(), Some("red"));

    assert_eq!(order.refunds.len(), 1);
    let refund = &order.refunds[0];
    assert_eq!(
        (refund.id.as_str(), refund.amount),
        ("509562969", usd(20_900))
    );
    assert_eq!(refund.reason.as_deref(), Some("it broke during shipping"));
    assert_eq!(refund.at.unwrap().to_string(), "2024-04-02T13:59:11.000Z");
    let lines: Vec<_> = refund
        .lines
        .iter()
        .map(|l| (l.line_id.as_str(), l.quantity, l.subtotal))
        .collect();
    // written as JSON numbers: 195.66 and 195.67
    assert_eq!(
        lines,
        [
            ("703073504", 1, Some(usd(19_566))),
            ("466157049", 1, Some(usd(19_567)))
        ]
    );

    assert_eq!(order.shipments.len(), 1);
    let shipment = &order.shipments[0];
    assert_eq!(shipment.status, ShipmentStatus::Failure);
    assert_eq!(shipment.tracking_numbers, ["1Z2345"]);

    assert_eq!(order.payment.status, PaymentStatus::PartiallyRefunded);
    assert_eq!(order.payment.gateways, ["bogus"]);
    assert_eq!(order.customer.name.as_deref(), Some("Bob Norman"));
    assert_eq!(
        order.customer.email.as_deref(),
        Some("bob.norman@mail.example.com")
    );
    let address = order.shipping_address.as_ref().unwrap();
    assert_eq!(address.address1.as_deref(), Some("Chestnut Street 92"));
    assert_eq!(address.address2, None, "an empty line is no line");
    assert_eq!(address.postal_code.as_deref(), Some("40202"));

    assert_eq!(order.readiness(), Readiness::Releasable);
    assert_eq!(order.state(), OrderState::Open);
    assert_eq!(
        order.flags(),
        [
            Flag::ShipmentTrouble("#1001.0".to_owned()),
            Flag::PartiallyRefunded
        ]
    );
    let to_ship: Vec<_> = order
        .ship_lines()
        .into_iter()
        .map(|l| (l.line_id, l.quantity))
        .collect();
    assert_eq!(to_ship, [("518995019".to_owned(), 1)]);
}

#[test]
fn a_refund_message_takes_the_last_line_away() {
    let snapshot = fact("orders/updated", &body("orders-updated.json"), 1);
    let refund = fact("refunds/create", &body("refunds-create.rest.json"), 2);
    let order = Order::project(&[refund, snapshot]).unwrap();
    let refunds: Vec<_> = order
        .refunds
        .iter()
        .map(|r| (r.id.as_str(), r.amount))
        .collect();
    assert_eq!(
        refunds,
        [("509562969", usd(20_900)), ("929361466", usd(4_194))]
    );
    assert!(order.ship_lines().is_empty());
    assert_eq!(
        order.readiness(),
        Readiness::Closed(ClosedReason::NothingToShip)
    );
}

#[test]
fn where_each_order_stands() {
    use PaymentStatus as P;
    let check = |file: &str, topic: &str, paid: P, readiness: Readiness, state: OrderState| {
        let order = order(topic, &body(file));
        assert_eq!(
            (order.payment.status, order.readiness(), order.state()),
            (paid, readiness, state),
            "{file}"
        );
    };
    let waiting = Readiness::WaitingForPayment;
    let closed = Readiness::Closed;
    check(
        "orders-paid.json",
        "orders/paid",
        P::Paid,
        Readiness::Releasable,
        OrderState::Open,
    );
    check(
        "orders-create.authorized.json",
        "orders/create",
        P::Authorized,
        Readiness::Releasable,
        OrderState::Open,
    );
    check(
        "orders-pending.json",
        "orders/create",
        P::Pending,
        waiting(P::Pending),
        OrderState::WaitingPayment,
    );
    check(
        "orders-partially_paid.json",
        "orders/updated",
        P::PartiallyPaid,
        waiting(P::PartiallyPaid),
        OrderState::WaitingPayment,
    );
    check(
        "orders-fulfilled.json",
        "orders/fulfilled",
        P::Paid,
        closed(ClosedReason::AlreadyFulfilled),
        OrderState::Shipped,
    );
    check(
        "orders-cancelled.json",
        "orders/cancelled",
        P::Refunded,
        closed(ClosedReason::Cancelled),
        OrderState::Cancelled,
    );
    check(
        "orders-updated.sample.json",
        "orders/updated",
        P::Voided,
        closed(ClosedReason::Cancelled),
        OrderState::Cancelled,
    );
}

#[test]
fn money_is_in_the_currency_of_the_order() {
    let order = order("orders/paid", &body("orders-paid.json"));
    let eur: Currency = "EUR".parse().unwrap();
    assert_eq!(order.totals.total, Money::new(23_847, eur));
    assert_eq!(order.totals.tax, Money::new(1_350, eur));
    assert_eq!(
        (order.items[0].quantity, order.items[0].unit_price.minor),
        (3, 7_499)
    );
    assert_eq!(order.flags(), [Flag::NoShippingAddress]);
}

#[test]
fn a_cancelled_order_with_its_refund() {
    let order = order("orders/cancelled", &body("orders-cancelled.json"));
    let cancelled = order.cancelled.as_ref().unwrap();
    assert_eq!(cancelled.at.to_string(), "2023-03-24T22:08:18.000Z");
    assert_eq!(cancelled.reason.as_deref(), Some("other"));
    assert_eq!(order.totals.shipping, usd(3_000));
    assert_eq!(order.refunds[0].amount, usd(180_638));
    assert_eq!(order.tags, ["Line Item Discount", "Order Discount"]);
    // no SKU at all, written as ""
    assert_eq!(order.items[0].sku, None);
}

#[test]
fn ids_above_two_to_the_53_stay_exact() {
    let sample = body("orders-updated.sample.json");
    let exact = with(
        &sample,
        "\"id\": 820982911946154500",
        "\"id\": 820982911946154509",
    );
    let order = order("orders/updated", &exact);
    assert_eq!(order.external_id, "820982911946154509");
    let stored = serde_json::to_string(&order).unwrap();
    assert_eq!(serde_json::from_str::<Order>(&stored).unwrap(), order);
    // one above i64, still a u64
    let huge = with(
        &sample,
        "\"id\": 820982911946154500",
        "\"id\": 9223372036854775809",
    );
    assert_eq!(
        fact("orders/updated", &huge, 1).order_ref,
        "9223372036854775809"
    );
}

#[test]
fn a_label_is_not_a_shipment_that_left() {
    let FactBody::Shipment(shipment) =
        fact("fulfillments/create", &body("fulfillments-create.json"), 1).body
    else {
        panic!("not a shipment")
    };
    assert_eq!(
        (shipment.id.as_str(), shipment.status),
        ("123456", ShipmentStatus::Pending)
    );
    assert_eq!(shipment.carrier.as_deref(), Some("UPS"));
    assert_eq!(shipment.lines.len(), 2);
}

#[test]
fn tracking_numbers_are_kept_as_they_came() {
    let fact = fact(
        "fulfillments/update",
        &body("fulfillments-update.cancelled.json"),
        1,
    );
    assert_eq!(fact.order_ref, "450789469");
    let FactBody::Shipment(shipment) = fact.body else {
        panic!("not a shipment")
    };
    assert_eq!(shipment.status, ShipmentStatus::Cancelled);
    assert_eq!(shipment.tracking_numbers, ["#☠1☢\n---\n4321\n"]);
}

#[test]
fn refunds_take_amounts_as_numbers_too_and_only_money_that_moved() {
    let FactBody::Refund(refund) = fact("refunds/create", &body("refunds-create.json"), 1).body
    else {
        panic!("not a refund")
    };
    assert_eq!(refund.amount, None, "no transaction, so no money went back");
    assert_eq!(refund.reason.as_deref(), Some("Things were damaged"));
    assert_eq!(refund.lines[0].subtotal, Some(usd(19_900)));
    assert!(!refund.lines[0].returned, "no_restock");

    let rest = body("refunds-create.rest.json");
    let pending = with(&rest, "\"status\": \"success\"", "\"status\": \"pending\"");
    let FactBody::Refund(refund) = fact("refunds/create", &pending, 1).body else {
        panic!("not a refund")
    };
    assert_eq!(refund.amount, None, "still pending");

    let number = with(&rest, "\"amount\": \"41.94\"", "\"amount\": 41.94");
    let FactBody::Refund(refund) = fact("refunds/create", &number, 1).body else {
        panic!("not a refund")
    };
    assert_eq!(refund.amount, Some(usd(4_194)));
}

#[test]
fn the_time_is_the_bodys_own_or_else_the_senders_or_else_ours() {
    let refund = body("refunds-create.json");
    let triggered: Time = "2026-01-01T00:00:00.5Z".parse().unwrap();
    let at = |body: &[u8], triggered| {
        shopify::facts("refunds/create", body, Uuid::nil(), RECEIVED, triggered).unwrap()[0]
            .occurred_at
    };
    let dated = with(
        &refund,
        "\"created_at\": null",
        "\"created_at\": \"2025-06-01T12:00:00+02:00\"",
    );
    assert_eq!(
        at(&dated, Some(triggered)).to_string(),
        "2025-06-01T10:00:00.000Z"
    );
    assert_eq!(at(&refund, Some(triggered)), triggered);
    assert_eq!(at(&refund, None), RECEIVED);
}

#[test]
fn payments_at_the_gateway() {
    let check = |file: &str, kind: &str, amount: i64| {
        let FactBody::Payment(payment) = fact("order_transactions/create", &body(file), 1).body
        else {
            panic!("not a payment")
        };
        assert_eq!(
            (payment.kind.as_str(), payment.amount),
            (kind, usd(amount)),
            "{file}"
        );
        assert!(!payment.failed());
    };
    check("order_transactions-create.json", "authorization", 40_300);
    check("order_transactions-create.capture.json", "capture", 1_000);
    check("order_transactions-create.void.json", "void", 0);
}

#[test]
fn only_the_total_is_demanded_of_the_totals() {
    let bare = br#"{"id":7,"currency":"JPY","total_price":1500,"financial_status":"paid",
        "line_items":[{"id":1,"quantity":2,"price":"700"}]}"#;
    assert_eq!(shopify::examine("orders/create", bare), Ok(()));
    let order = order("orders/create", bare);
    let jpy: Currency = "JPY".parse().unwrap();
    assert_eq!(order.totals.total, Money::new(1_500, jpy));
    assert_eq!(order.totals.subtotal, Money::new(1_400, jpy));
    assert_eq!(order.totals.outstanding.minor, 0);
    assert_eq!(order.name, "#7");
    assert!(order.items[0].requires_shipping, "unless said otherwise");
}

#[test]
fn every_shopify_body_of_the_collection_is_read_or_left_alone() {
    let test = "every_shopify_body_of_the_collection_is_read_or_left_alone";
    let Some(folder) = collection(test) else {
        return;
    };
    let mut read = 0;
    for entry in fs::read_dir(folder.join("shopify")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".resource") {
            continue; // the answer to a request, in an envelope: never delivered
        }
        let (noun, rest) = name.split_once('-').unwrap();
        let topic = match format!("{noun}/{}", rest.split('.').next().unwrap()).as_str() {
            "orders/partially_paid" | "orders/pending" => "orders/updated".to_owned(),
            topic => topic.to_owned(),
        };
        let body = fs::read(&path).unwrap();
        assert_eq!(shopify::examine(&topic, &body), Ok(()), "{name} as {topic}");
        let facts = shopify::facts(&topic, &body, Uuid::nil(), RECEIVED, None).unwrap();
        let expected = usize::from(shopify::interest(&topic) == Interest::Order);
        assert_eq!(facts.len(), expected, "{name} as {topic}");
        read += facts.len();
    }
    assert!(read >= 18, "only {read} bodies were about orders");

    let sample = fs::read(folder.join("shopify/orders-create.json")).unwrap();
    let order = order("orders/create", &sample);
    assert_eq!(order.external_id, "820982911946154508");
    assert_eq!(order.items[1].line_id, "141249953214522974");
    assert_eq!(order.payment.status, PaymentStatus::Voided);
    assert_eq!(
        order.readiness(),
        Readiness::Closed(ClosedReason::Cancelled)
    );
    assert_eq!(order.totals.total, usd(40_300));
    assert_eq!(order.totals.shipping, usd(1_000));
    assert!(order.flags().contains(&Flag::TestOrder));
}
