//! What is shown of a payload, and what of a change of it.

use serde_json::json;

use super::summary::Content;

fn order(quantity: u32, city: &str) -> serde_json::Value {
    json!({
        "order_ref": "5001", "order_name": "#1001",
        "ship_to": { "name": "Ada Moreau", "address1": "Rue du Port 4", "city": city, "country": "France" },
        "lines": [
            { "line_id": "1", "sku": "COAT-CML-L", "title": "Wool coat", "variant": "camel / L", "quantity": quantity,
              "unit_price": { "amount_minor": 42_000, "currency": "USD" } },
        ],
        "total": { "amount_minor": 42_000, "currency": "USD" },
        "note": null,
    })
}

#[test]
fn a_first_version_changes_nothing() {
    assert_eq!(Content::of(&order(1, "Nantes"), None).changes(), 0);
}

#[test]
fn a_newer_version_counts_what_is_different() {
    let (old, new) = (order(1, "Nantes"), order(2, "Brest"));
    assert_eq!(Content::of(&new, Some(&old)).changes(), 2);
    let empty = json!({ "order_ref": "5001", "lines": [] });
    // the line, the order's name, the address and the total are gone
    assert_eq!(Content::of(&empty, Some(&old)).changes(), 4);
}

#[test]
fn skus_that_come_and_go_are_told_apart() {
    let old = json!({ "skus": ["A", "B"], "discount_percent": 20 });
    let new = json!({ "skus": ["B", "C"], "discount_percent": 25 });
    assert_eq!(Content::of(&new, Some(&old)).changes(), 3);
}
