//! What fields of payloads look like, as JSON Schema 2020-12.

use serde_json::{Value, json};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    /// One or more, positive.
    Count,
    /// Any whole number, below nothing too.
    Number,
    Money,
    Address,
    Lines,
    Skus,
    /// Words or ids, as many as there are.
    Texts,
    Url,
    /// A moment.
    At,
    /// A date without a time.
    Day,
    Percent,
    Parcels,
    Person,
}

/// `optional`: it may also be null.
pub(super) fn shape(shape: Shape, optional: bool, what: &str) -> Value {
    let mut schema = match shape {
        Shape::Text => json!({ "type": "string", "minLength": 1 }),
        Shape::Count => json!({ "type": "integer", "minimum": 1 }),
        Shape::Number => json!({ "type": "integer" }),
        Shape::Money => json!({ "$ref": "#/$defs/money" }),
        Shape::Address => json!({ "$ref": "#/$defs/address" }),
        Shape::Lines => {
            json!({ "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/line" } })
        }
        Shape::Skus => json!({
            "type": "array", "minItems": 1, "maxItems": 500, "uniqueItems": true,
            "items": { "type": "string", "minLength": 1 },
        }),
        Shape::Texts => json!({ "type": "array", "items": { "type": "string", "minLength": 1 } }),
        Shape::Url => json!({ "type": "string", "format": "uri", "pattern": "^https://" }),
        Shape::At => json!({ "type": "string", "format": "date-time" }),
        Shape::Day => json!({ "type": "string", "format": "date" }),
        Shape::Percent => json!({ "type": "integer", "minimum": 1, "maximum": 90 }),
        Shape::Parcels => json!({ "type": "array", "items": { "type": "object" } }),
        Shape::Person => json!({ "type": "object" }),
    };
    if optional {
        schema = json!({ "anyOf": [schema, { "type": "null" }] });
    }
    schema["description"] = json!(what);
    schema
}

/// One that could have been sent; texts go by the name of their field.
pub(super) fn example(shape: Shape, field: &str) -> Value {
    let money = json!({ "amount_minor": 6_400, "currency": "USD" });
    match shape {
        Shape::Text => json!(text(field)),
        Shape::Count => json!(12),
        Shape::Number => json!(40),
        Shape::Money => money,
        Shape::Address => json!({
            "name": "Nora Lindqvist", "company": null, "address1": "118 Alder Street", "address2": "Apt 4",
            "city": "Portland", "province": "OR", "postal_code": "97205", "country": "United States",
            "country_code": "US", "phone": "+1 503 555 0134",
        }),
        Shape::Lines => json!([{
            "line_id": "13770211", "sku": "KIT-WINTER-01", "title": "Winter kit", "variant": "Pine",
            "quantity": 2, "unit_price": money,
        }]),
        Shape::Skus => json!(["KIT-WINTER-01", "KIT-WINTER-02"]),
        Shape::Texts => json!([text(field)]),
        Shape::Url => json!("https://shop.example/winter-kit"),
        Shape::At => json!("2026-11-27T15:00:00.000Z"),
        Shape::Day => json!("2026-11-27"),
        Shape::Percent => json!(20),
        Shape::Parcels => json!([{
            "id": "4412", "status": "in_transit", "carrier": "UPS", "tracking_numbers": ["1Z999AA10123456784"],
        }]),
        Shape::Person => json!({ "name": "Nora Lindqvist", "email": "nora@lindqvist.example" }),
    }
}

fn text(field: &str) -> &'static str {
    let known = [
        ("sku", "KIT-WINTER-01"),
        ("order_name", "#10482"),
        ("order", "5544332211"),
        ("campaign", "winter-kit-26"),
        ("reference", "WK-2026-11"),
        ("currency", "USD"),
        ("country", "US"),
        ("url", "https://shop.example/winter-kit"),
        ("carrier", "UPS"),
        ("label", "LBL-88213"),
        ("service", "ground"),
        ("warehouse", "portland"),
        ("document", "PO-4471"),
        ("offer", "20 % off winter kits"),
        ("terms", "While stocks last; not with other offers."),
        ("keywords_owner", "agency:marketing_ops"),
        ("keywords", "winter kit"),
        ("creative", "CR-8841"),
        ("title", "Winter kit"),
        (
            "reason",
            "The carrier’s service had no rate for this parcel.",
        ),
        ("note", "Checked by hand."),
    ];
    known
        .iter()
        .find(|(part, _)| field.contains(part))
        .map_or("As agreed", |(_, text)| text)
}

pub(super) fn defs() -> Value {
    let text = || json!({ "type": ["string", "null"] });
    let needed = || json!({ "type": "string", "minLength": 1 });
    json!({
        "line": {
            "type": "object",
            "required": ["line_id", "sku", "title", "quantity", "unit_price"],
            "properties": {
                "line_id": needed(),
                "sku": { "description": "What the warehouse picks by.", "type": "string", "minLength": 1 },
                "title": { "type": "string" },
                "variant": text(),
                "quantity": { "type": "integer", "minimum": 1 },
                "unit_price": { "$ref": "#/$defs/money" },
            },
        },
        "address": {
            "type": "object",
            "required": ["name", "address1", "city", "country_code"],
            "properties": {
                "name": needed(), "company": text(), "address1": needed(), "address2": text(),
                "city": needed(), "province": text(), "postal_code": text(), "country": text(),
                "country_code": {
                    "description": "ISO 3166-1 alpha-2.", "type": "string", "pattern": "^[A-Z]{2}$",
                },
                "phone": text(),
            },
        },
        "money": {
            "type": "object",
            "required": ["amount_minor", "currency"],
            "properties": {
                "amount_minor": { "description": "In the currency's smallest unit.", "type": "integer" },
                "currency": { "description": "ISO 4217.", "type": "string", "pattern": "^[A-Z]{3}$" },
            },
        },
    })
}
