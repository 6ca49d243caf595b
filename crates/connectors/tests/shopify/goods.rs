//! What products and stock levels tell.

use connectors::shopify::{examine, goods};
use domain::{Currency, Money, Time, sku::SkuFact};

use crate::{RECEIVED, body, with};

fn told(topic: &str, body: &[u8]) -> Vec<(SkuFact, Time)> {
    assert_eq!(examine(topic, body), Ok(()));
    goods(topic, body, RECEIVED).unwrap()
}

#[test]
fn a_product_tells_each_variant() {
    let said = told("products/update", &body("products-update.rest.json"));
    let codes: Vec<&str> = said.iter().map(|(fact, _)| fact.sku.as_str()).collect();
    assert_eq!(
        codes,
        [
            "IPOD2008PINK",
            "IPOD2008RED",
            "IPOD2008GREEN",
            "IPOD2008BLACK"
        ]
    );
    let (red, at) = &said[1];
    assert_eq!(at.to_string(), "2024-04-02T13:59:37.000Z");
    assert_eq!(
        *red,
        SkuFact {
            sku: "IPOD2008RED".to_owned(),
            item_ref: Some("49148385".to_owned()),
            title: Some("IPod Nano - 8GB, Red".to_owned()),
            price: Some(Money::new(19_900, Currency::USD)),
            bare_price: None,
            // 1234_red is no number of GS1
            gtin: None,
            stock: Some((None, 20)),
        }
    );
}

#[test]
fn what_a_sender_leaves_out_is_not_made_up() {
    let said = told("products/update", &body("products-update.json"));
    let (small, _) = &said[0];
    assert_eq!(small.sku, "example-shirt-s");
    assert_eq!((&small.item_ref, small.price), (&None, None));
    // no currency is named beside it
    assert_eq!(small.bare_price.as_deref(), Some("19.99"));
    assert_eq!(small.stock, Some((None, 75)));
    let nameless = with(&body("products-update.json"), "\"example-shirt-s\"", "null");
    assert_eq!(told("products/update", &nameless).len(), said.len() - 1);
}

#[test]
fn a_level_tells_how_many_at_one_place() {
    let said = told(
        "inventory_levels/update",
        &body("inventory_levels-update.rest.json"),
    );
    assert_eq!(said.len(), 1);
    let (fact, at) = &said[0];
    assert_eq!(at.to_string(), "2024-04-02T13:57:24.000Z");
    assert_eq!(fact.item_ref.as_deref(), Some("808950810"));
    assert_eq!(fact.stock, Some((Some("655441491".to_owned()), 42)));
    assert_eq!(fact.sku, "");
    // not counted by the shop is not none there
    let uncounted = body("inventory_levels-update.json");
    assert_eq!(told("inventory_levels/update", &uncounted), []);
    // sold beyond what is there
    let below = with(
        &body("inventory_levels-update.rest.json"),
        "\"available\": 42",
        "\"available\": -3",
    );
    let said = told("inventory_levels/update", &below);
    assert_eq!(said[0].0.stock, Some((Some("655441491".to_owned()), -3)));
}

#[test]
fn a_place_that_keeps_it_no_more_has_none() {
    let gone = br#"{"inventory_item_id": 808950810, "location_id": 655441491}"#;
    let said = told("inventory_levels/disconnect", gone);
    assert_eq!(said[0].0.stock, Some((Some("655441491".to_owned()), 0)));
    assert_eq!(
        said[0].1, RECEIVED,
        "it says no time, so that of its sending counts"
    );
}

#[test]
fn an_item_ties_a_code_to_its_levels() {
    let item = br#"{"id": 808950810, "sku": "IPOD2008PINK", "updated_at": "2024-04-02T08:59:37-05:00", "tracked": true}"#;
    let said = told("inventory_items/update", item);
    assert_eq!(said[0].0.sku, "IPOD2008PINK");
    assert_eq!(said[0].0.item_ref.as_deref(), Some("808950810"));
}

#[test]
fn a_time_to_come_is_not_believed() {
    let late = with(
        &body("inventory_levels-update.rest.json"),
        "2024-04-02",
        "2099-04-02",
    );
    assert_eq!(told("inventory_levels/update", &late)[0].1, RECEIVED);
}

#[test]
fn what_does_not_fit_is_said_with_its_place() {
    let paths = |topic: &str, body: &[u8]| -> Vec<String> {
        let faults = examine(topic, body).unwrap_err();
        faults.into_iter().map(|fault| fault.path).collect()
    };
    assert_eq!(
        paths("inventory_levels/update", b"{\"available\": 3}"),
        ["/inventory_item_id", "/location_id"]
    );
    assert_eq!(paths("products/update", b"{\"id\": 5}"), ["/variants"]);
    assert_eq!(
        paths("products/create", b"{\"id\": 5, \"variants\": [7]}"),
        ["/variants/0"]
    );
    assert_eq!(
        paths(
            "inventory_items/update",
            b"{\"id\": \"x\", \"updated_at\": \"soon\"}"
        ),
        ["/updated_at", "/id"]
    );
}
