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
