//! What does not fit is said with its place, and the fast look and the full reading agree.

use connectors::shopify::{examine, facts};
use proptest::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use crate::{RECEIVED, body, with};

fn faults(topic: &str, body: &[u8]) -> Vec<(String, String)> {
    let faults = examine(topic, body).expect_err("should not fit");
    faults
        .into_iter()
        .map(|fault| (fault.path, fault.sentence))
        .collect()
}

fn check(topic: &str, body: &[u8], expected: &[(&str, &str)]) {
    let found = faults(topic, body);
    let found: Vec<_> = found
        .iter()
        .map(|(path, why)| (path.as_str(), why.as_str()))
        .collect();
    assert_eq!(found, expected);
    assert!(facts(topic, body, Uuid::nil(), RECEIVED, None).is_err());
}

#[test]
fn a_body_that_is_not_a_json_object() {
    for topic in ["orders/create", "refunds/create", "app/uninstalled"] {
        for broken in [
            "",
            "{",
            "{\"id\":1}}",
            "nothing",
            "{\"id\":1,}",
            "{\"id\":NaN}",
        ] {
            let found = faults(topic, broken.as_bytes());
            assert_eq!(found.len(), 1, "{topic} {broken:?}");
            assert_eq!(found[0].0, "");
            assert!(
                found[0].1.starts_with("The body is not JSON: "),
                "{:?}",
                found[0].1
            );
        }
        check(topic, b"[1]", &[("", "The body should be a JSON object.")]);
        check(
            topic,
            b"\"x\"",
            &[("", "The body should be a JSON object.")],
        );
        check(
            topic,
            b"{\"id\":\"\xff\"}",
            &[(
                "",
                "The body is not UTF-8: byte 7 is the first that is not.",
            )],
        );
    }
}

#[test]
fn every_fault_has_its_place() {
    check(
        "orders/create",
        br#"{"id":"12","currency":"US","line_items":{},"cancelled_at":"soon"}"#,
        &[
            ("/id", "\"12\" is not an id: a positive whole number."),
            ("/line_items", "This should be a list."),
            ("/cancelled_at", "\"soon\" is not a time."),
            ("/currency", "\"US\" is not an ISO 4217 code."),
        ],
    );
    check(
        "orders/create",
        br#"{"id":1.0,"currency":"USD","total_price":"10.005",
            "line_items":[{"id":-4,"quantity":2,"price":"5"},{"id":5,"quantity":"2","price":null}, 3]}"#,
        &[
            ("/id", "1.0 is not an id: a positive whole number."),
            ("/line_items/2", "This should be a JSON object."),
            ("/line_items/0/id", "-4 is not an id: a positive whole number."),
            ("/line_items/1/quantity", "\"2\" is not a number of units."),
            ("/line_items/1/price", "There is no price."),
            ("/total_price", "\"10.005\" is not an amount in USD."),
        ],
    );
    check(
        "fulfillments/update",
        br#"{"id":1,"order_id":null,"line_items":[{"id":1,"quantity":-1}]}"#,
        &[
            ("/status", "There is no status."),
            ("/order_id", "There is no order_id."),
            ("/line_items/0/quantity", "-1 is not a number of units."),
        ],
    );
}

#[test]
fn a_label_that_the_body_cannot_bear() {
    check(
        "orders/cancelled",
        &body("orders-paid.json"),
        &[(
            "/cancelled_at",
            "The topic says orders/cancelled, but the order in it is not cancelled.",
        )],
    );
    check(
        "orders/paid",
        &body("orders-pending.json"),
        &[(
            "/financial_status",
            "The topic says orders/paid, but the order in it is not paid: it is pending.",
        )],
    );
    // one resource under the name of another
    let all = [
        ("orders/create", "orders-paid.json"),
        ("fulfillments/create", "fulfillments-create.json"),
        ("refunds/create", "refunds-create.rest.json"),
        (
            "order_transactions/create",
            "order_transactions-create.json",
        ),
    ];
    for (topic, _) in all {
        for (right, file) in all
            .iter()
            .chain(&[("products/update", "products-update.json")])
        {
            let fits = examine(topic, &body(file)).is_ok();
            assert_eq!(fits, topic == *right, "{file} as {topic}");
        }
    }
}

#[test]
fn unknown_fields_and_unread_topics_are_no_fault() {
    let more = with(
        &body("orders-paid.json"),
        "{",
        "{\"new\\u0020field\":[{\"deep\":1e999}],",
    );
    assert_eq!(examine("orders/paid", &more), Ok(()));
    assert_eq!(
        examine(
            "inventory_levels/update",
            &body("inventory_levels-update.json")
        ),
        Ok(())
    );
    assert_eq!(
        examine("orders/edited", &body("orders-edited.json")),
        Ok(())
    );
    assert_eq!(examine("something/new", b"{}"), Ok(()));
    let none = facts("something/new", b"{}", Uuid::nil(), RECEIVED, None);
    assert_eq!(none, Ok(Vec::new()));
}

/// Every place in a document, as JSON pointers.
fn places(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                places(member, format!("{at}/{key}"), found);
            }
        }
        Value::Array(values) => {
            for (i, value) in values.iter().enumerate() {
                places(value, format!("{at}/{i}"), found);
            }
        }
        _ => {}
    }
    found.push(at);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// What the door accepts, the reader can read; what the door refuses, it cannot. Tried on
    /// fresh orders, where the door takes its short way, with one or two places spoiled.
    #[test]
    fn the_fast_look_and_the_full_reading_agree(
        file in prop::sample::select(vec![
            "orders-paid.json", "orders-pending.json", "orders-updated.sample.json",
            "orders-updated.json", "refunds-create.rest.json",
        ]),
        core in any::<bool>(),
        spoil in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::sample::select(vec![
                "null", "-1", "0", "1.5", "\"\"", "\"x\"", "[]", "{}", "true", "\"9.99\"",
                "12345678901234567890", "99999999999999999999",
            ])),
            1..3,
        ),
    ) {
        let mut document: Value = serde_json::from_slice(&body(file)).unwrap();
        let mut found = Vec::new();
        places(&document, String::new(), &mut found);
        if core {
            // most of an order is unread; half of the cases spoil what is read
            found.retain(|place| {
                let last = place.rsplit('/').next().unwrap();
                ["id", "quantity", "price", "currency", "line_items", "refunds", "fulfillments",
                 "cancelled_at", "total_tax", "order_id", "transactions"].contains(&last)
                    || (last.ends_with("_price") && place.matches('/').count() == 1)
            });
        }
        for (index, value) in spoil {
            let place = &found[index.index(found.len())];
            if let Some(spot) = document.pointer_mut(place) {
                *spot = serde_json::from_str(value).unwrap();
            }
        }
        let spoiled = serde_json::to_vec(&document).unwrap();
        for topic in ["orders/create", "orders/cancelled", "orders/paid", "refunds/create"] {
            let door = examine(topic, &spoiled);
            let read = facts(topic, &spoiled, Uuid::nil(), RECEIVED, None);
            prop_assert_eq!(door.clone().err(), read.err(), "{}", topic);
            if let Err(faults) = door {
                prop_assert!(!faults.is_empty(), "refused without a reason");
            }
        }
    }
}
