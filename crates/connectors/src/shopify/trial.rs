//! An order nobody placed, for trying a connection out: what Shopify sends for `orders/create`, paid,
//! with two lines and an address, and `test` set, as a storefront's test mode does.

use bytes::Bytes;
use domain::Time;
use engine::port::TestDelivery;
use serde_json::{Value, json};

/// Test orders are numbered from here, far from where a shop's own ids are.
const FIRST_ID: u64 = 5_990_000_000_000;
const IDS: u64 = 1_000_000_000;

pub(super) fn delivery(secret: &[u8], now: Time, n: u64) -> TestDelivery {
    let body = Bytes::from(order(now, FIRST_ID + n % IDS).to_string());
    let headers = super::headers(
        "orders/create",
        "meshline-test.myshopify.com",
        &format!("meshline-test-{n:016x}"),
        secret,
        &body,
    );
    let mut headers: Vec<(String, String)> = headers
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    headers.push(("x-shopify-triggered-at".to_owned(), now.to_string()));
    TestDelivery { headers, body }
}

fn order(now: Time, id: u64) -> Value {
    let at = now.format_utc("%Y-%m-%dT%H:%M:%S+00:00");
    let number = id % 1_000_000;
    let address = json!({
        "first_name": "Test", "last_name": "Customer", "name": "Test Customer", "company": null,
        "address1": "1 Trial Street", "address2": null, "city": "Portland", "zip": "97209",
        "province": "Oregon", "province_code": "OR", "country": "United States", "country_code": "US",
        "phone": null,
    });
    json!({
        "id": id,
        "admin_graphql_api_id": format!("gid://shopify/Order/{id}"),
        "name": format!("#TEST-{number:06}"),
        "order_number": number,
        "created_at": at, "processed_at": at, "updated_at": at,
        "cancelled_at": null, "cancel_reason": null, "closed_at": null,
        "currency": "USD", "presentment_currency": "USD",
        "financial_status": "paid", "fulfillment_status": null,
        "payment_gateway_names": ["bogus"],
        "subtotal_price": "62.00", "total_line_items_price": "62.00", "total_discounts": "0.00",
        "total_tax": "4.96", "total_price": "71.96", "total_outstanding": "0.00",
        "current_subtotal_price": "62.00", "current_total_tax": "4.96", "current_total_price": "71.96",
        "total_shipping_price_set": {
            "shop_money": { "amount": "5.00", "currency_code": "USD" },
            "presentment_money": { "amount": "5.00", "currency_code": "USD" },
        },
        "email": "test.customer@example.com", "contact_email": "test.customer@example.com",
        "customer": {
            "id": id + 1, "email": "test.customer@example.com", "first_name": "Test", "last_name": "Customer",
        },
        "billing_address": address.clone(),
        "shipping_address": address,
        "note": "A test event sent from Meshline. Nobody placed this order.",
        "tags": "", "test": true, "confirmed": true, "source_name": "web",
        "fulfillments": [], "refunds": [],
        "line_items": [
            line(id * 100, "TEST-MUG-01", "Test mug", "Slate", (1, "28.00")),
            line(id * 100 + 1, "TEST-CLOTH-02", "Test tea towel", "Oat", (2, "17.00")),
        ],
    })
}

fn line(id: u64, sku: &str, title: &str, variant: &str, (quantity, price): (u32, &str)) -> Value {
    json!({
        "id": id, "sku": sku, "title": title, "variant_title": variant, "name": format!("{title} - {variant}"),
        "quantity": quantity, "current_quantity": quantity, "fulfillable_quantity": quantity,
        "fulfillment_status": null, "price": price, "requires_shipping": true, "gift_card": false,
        "total_discount": "0.00", "taxable": true,
    })
}

#[cfg(test)]
mod tests {
    use domain::order::{Flag, Order, Readiness};
    use engine::port::Connector;
    use uuid::Uuid;

    use super::*;
    use crate::shopify::Shopify;

    #[test]
    fn it_is_taken_in_like_any_other_and_says_that_it_is_a_test() {
        let now = Time::from_ms(1_790_000_000_000);
        let sent = Shopify.test_delivery(b"hush", now, u64::MAX);
        let came = Shopify
            .verify(&[b"hush".to_vec()], &sent.headers, &sent.body)
            .unwrap();
        assert_eq!(came.triggered_at, Some(now));
        assert_eq!(Shopify.examine(&came.topic, &sent.body), Ok(()));
        let facts = Shopify
            .facts(&came.topic, &sent.body, Uuid::nil(), now)
            .unwrap()
            .unwrap();
        let order = Order::project(&facts).unwrap();
        assert_eq!(order.flags(), [Flag::TestOrder]);
        assert_eq!(order.readiness(), Readiness::Releasable);
        let lines: i64 = order
            .items
            .iter()
            .map(|item| item.unit_price.minor * i64::from(item.quantity))
            .sum();
        assert_eq!(lines, order.totals.subtotal.minor);
        let other = Shopify.test_delivery(b"hush", now, 7);
        assert_ne!(other.headers, sent.headers);
    }
}
