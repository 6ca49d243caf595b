//! A Shopify shop: orders, and deliveries signed with its secret.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::{clock, hmac_sha256};

pub const SKU: &str = "LAMP-ARC-BRS";
const CURRENCY: &str = "USD";

/// One delivery, before it is signed.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub topic: String,
    pub webhook_id: String,
    pub body: Vec<u8>,
}

impl Delivery {
    pub fn new(topic: &str, webhook_id: &str, body: &Value) -> Self {
        Self {
            topic: topic.to_owned(),
            webhook_id: webhook_id.to_owned(),
            body: body.to_string().into_bytes(),
        }
    }

    pub fn raw(topic: &str, webhook_id: &str, body: &[u8]) -> Self {
        Self {
            topic: topic.to_owned(),
            webhook_id: webhook_id.to_owned(),
            body: body.to_vec(),
        }
    }
}

pub fn signature(secret: &str, body: &[u8]) -> String {
    STANDARD.encode(hmac_sha256(secret.as_bytes(), &[body]))
}

/// The request a shop makes.
pub fn post(http: &Client, url: &str, secret: &str, delivery: &Delivery) -> RequestBuilder {
    http.post(url)
        .header("content-type", "application/json")
        .header("x-shopify-topic", &delivery.topic)
        .header("x-shopify-hmac-sha256", signature(secret, &delivery.body))
        .header("x-shopify-shop-domain", "tests.myshopify.com")
        .header("x-shopify-api-version", "2025-10")
        .header("x-shopify-webhook-id", &delivery.webhook_id)
        .header("x-shopify-triggered-at", clock::iso(clock::now_ms()))
        .body(delivery.body.clone())
}

/// What a source answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub code: StatusCode,
    pub body: Value,
}

impl Answer {
    pub fn receipt_id(&self) -> String {
        self.body["receipt_id"]
            .as_str()
            .unwrap_or_else(|| panic!("no receipt: {self:?}"))
            .to_owned()
    }

    pub fn status(&self) -> &str {
        self.body["status"].as_str().unwrap_or_default()
    }
}

/// `12345` as `"123.45"`.
fn decimal(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

fn both(minor: i64) -> Value {
    let money = json!({ "amount": decimal(minor), "currency_code": CURRENCY });
    json!({ "shop_money": money, "presentment_money": money })
}

/// An order of the shop, as its webhooks carry it: one line, paid, to an address.
#[derive(Clone, Debug)]
pub struct Order {
    /// Also above 2^53, where a float would lose it.
    pub id: u64,
    pub name: String,
    pub sku: String,
    pub quantity: i64,
    pub unit_minor: i64,
    pub financial_status: &'static str,
    pub tags: String,
}

impl Order {
    pub fn numbered(id: u64) -> Self {
        Self {
            id,
            name: format!("#{}", id % 100_000_000),
            sku: SKU.to_owned(),
            quantity: 1,
            unit_minor: 6_400,
            financial_status: "paid",
            tags: String::new(),
        }
    }

    pub fn of(self, sku: &str) -> Self {
        Self {
            sku: sku.to_owned(),
            ..self
        }
    }

    pub fn total_minor(&self) -> i64 {
        self.quantity * self.unit_minor + 600
    }

    pub fn line_id(&self) -> u64 {
        self.id + 17
    }

    pub fn json(&self) -> Value {
        let now = clock::iso(clock::now_ms());
        let (subtotal, total) = (self.quantity * self.unit_minor, self.total_minor());
        let address = json!({
            "first_name": "Ines", "last_name": "Marchetti", "name": "Ines Marchetti", "company": null,
            "address1": "48 Mercer Street", "address2": null, "city": "New York", "zip": "10013",
            "province": "New York", "province_code": "NY", "country": "United States",
            "country_code": "US", "phone": null,
        });
        let mut order = json!({
            "id": self.id, "admin_graphql_api_id": format!("gid://shopify/Order/{}", self.id),
            "name": self.name, "order_number": self.id % 100_000_000, "number": self.id % 1_000_000,
            "confirmed": true, "test": false, "created_at": now, "updated_at": now, "processed_at": now,
            "cancelled_at": null, "cancel_reason": null, "closed_at": null,
            "currency": CURRENCY, "presentment_currency": CURRENCY,
            "email": "ines.marchetti@example.com", "contact_email": "ines.marchetti@example.com",
            "financial_status": self.financial_status, "fulfillment_status": null,
            "payment_gateway_names": ["shopify_payments"], "source_name": "web",
            "tags": self.tags, "note": null, "billing_address": address, "shipping_address": address,
        });
        for (name, amount) in [
            ("subtotal_price", subtotal),
            ("current_subtotal_price", subtotal),
            ("total_line_items_price", subtotal),
            ("total_discounts", 0),
            ("total_tax", 0),
            ("total_price", total),
            ("current_total_price", total),
        ] {
            order[name] = json!(decimal(amount));
            order[format!("{name}_set")] = both(amount);
        }
        order["total_shipping_price_set"] = both(600);
        for list in [
            "discount_codes",
            "discount_applications",
            "fulfillments",
            "refunds",
            "tax_lines",
        ] {
            order[list] = json!([]);
        }
        order["shipping_lines"] = json!([{
            "id": self.id + 2, "title": "Standard", "code": "standard", "price": "6.00",
            "source": "shopify",
        }]);
        order["line_items"] = json!([{
            "id": self.line_id(), "product_id": 8_000_000_000_u64, "variant_id": 9_000_000_000_u64,
            "sku": self.sku, "title": "Arc lamp, brass", "name": "Arc lamp, brass",
            "quantity": self.quantity, "current_quantity": self.quantity,
            "fulfillable_quantity": self.quantity, "fulfillment_status": null,
            "fulfillment_service": "manual", "requires_shipping": true, "taxable": true,
            "gift_card": false, "grams": 4200, "price": decimal(self.unit_minor),
            "price_set": both(self.unit_minor), "total_discount": "0.00", "tax_lines": [],
            "discount_allocations": [],
        }]);
        order
    }

    /// The shop's own word that all of it has left.
    pub fn shipped_json(&self) -> Value {
        let now = clock::iso(clock::now_ms());
        let id = self.id + 5_000_000;
        json!({
            "id": id, "admin_graphql_api_id": format!("gid://shopify/Fulfillment/{id}"),
            "order_id": self.id, "name": format!("{}.1", self.name), "status": "success",
            "created_at": now, "updated_at": now, "service": "manual",
            "shipment_status": null, "location_id": 1, "receipt": {},
            "tracking_company": "UPS", "tracking_number": "1Z999AA10123456784",
            "tracking_numbers": ["1Z999AA10123456784"], "tracking_url": null, "tracking_urls": [],
            "line_items": [{
                "id": self.line_id(), "sku": self.sku, "title": "Arc lamp, brass",
                "quantity": self.quantity, "price": decimal(self.unit_minor), "fulfillable_quantity": 0,
                "fulfillment_status": "fulfilled", "requires_shipping": true,
            }],
        })
    }
}
