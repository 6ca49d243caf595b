//! Orders as Shopify would send them.

use serde_json::{Value, json};

#[derive(Clone, Debug)]
pub struct OrderBody {
    pub topic: &'static str,
    pub webhook_id: String,
    body: Value,
}

/// Order `#n`: paid, one kettle for $89.00, to Portland.
pub fn order(n: u64) -> OrderBody {
    let id = 5_500_000_000_000 + n;
    let at = "2026-11-20T08:59:00Z";
    let price = "89.00";
    OrderBody {
        topic: "orders/create",
        webhook_id: format!("hook-{n}-create"),
        body: json!({
            "id": id,
            "admin_graphql_api_id": format!("gid://shopify/Order/{id}"),
            "name": format!("#{n}"),
            "created_at": at, "updated_at": at, "processed_at": at,
            "currency": "USD",
            "financial_status": "paid", "fulfillment_status": null,
            "cancelled_at": null, "cancel_reason": null,
            "confirmed": true, "test": false, "tags": "", "note": null,
            "email": "ada@example.com",
            "payment_gateway_names": ["shopify_payments"],
            "subtotal_price": price, "total_tax": "0.00", "total_discounts": "0.00",
            "total_price": price, "current_total_price": price, "total_outstanding": "0.00",
            "total_shipping_price_set": {
                "shop_money": { "amount": "0.00", "currency_code": "USD" },
                "presentment_money": { "amount": "0.00", "currency_code": "USD" },
            },
            "customer": { "id": 1, "first_name": "Ada", "last_name": "Moreno", "email": "ada@example.com" },
            "shipping_address": {
                "name": "Ada Moreno", "address1": "2210 NW Raleigh St", "address2": null,
                "city": "Portland", "zip": "97210", "province": "Oregon", "province_code": "OR",
                "country": "United States", "country_code": "US", "phone": null, "company": null,
            },
            "line_items": [{
                "id": id * 10 + 1, "sku": "KET-01", "title": "Stovetop kettle", "variant_title": "Matte",
                "quantity": 1, "current_quantity": 1, "fulfillable_quantity": 1,
                "fulfillment_status": null, "price": price, "requires_shipping": true,
            }],
            "fulfillments": [], "refunds": [],
        }),
    }
}

impl OrderBody {
    #[must_use]
    pub fn set(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.body[field] = value.into();
        self
    }

    /// One unit at this price.
    #[must_use]
    pub fn total(mut self, amount: &str) -> Self {
        for field in ["subtotal_price", "total_price", "current_total_price"] {
            self.body[field] = amount.into();
        }
        self.body["line_items"][0]["price"] = amount.into();
        self
    }

    #[must_use]
    pub fn sku(mut self, sku: &str) -> Self {
        self.body["line_items"][0]["sku"] = sku.into();
        self
    }

    #[must_use]
    pub fn quantity(mut self, quantity: u64) -> Self {
        for field in ["quantity", "current_quantity", "fulfillable_quantity"] {
            self.body["line_items"][0][field] = quantity.into();
        }
        self
    }

    /// The same order, told again under another topic, later.
    #[must_use]
    pub fn told_again(mut self, topic: &'static str, updated_at: &str) -> Self {
        self.topic = topic;
        self.webhook_id = format!("{}-{topic}-{updated_at}", self.webhook_id);
        self.body["updated_at"] = updated_at.into();
        self
    }

    #[must_use]
    pub fn cancelled(self, at: &str) -> Self {
        self.told_again("orders/cancelled", at)
            .set("cancelled_at", at)
            .set("cancel_reason", "customer")
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.body.to_string().into_bytes()
    }
}
