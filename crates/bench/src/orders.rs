//! Orders as Shopify sends them, about 6 kB each and no two alike.
//!
//! All of a run's deliveries are one text with a few places that differ: the order's number, the delivery's id, the
//! signature. The signatures are made before the clock starts; at the moment of sending only these places are written, so
//! that a core can drive a server instead of doing cryptography.

use std::net::SocketAddr;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use uuid::{Builder, Uuid};

use crate::{
    clock,
    failure::{Failure, Result, Trying},
    http::find,
};

/// The order a newcomer sends is the one we measure with.
const SAMPLE: &str = include_str!("../../../server/src/send/order.json");
/// Stands in the text wherever the order's number goes. As long as the numbers themselves.
const NUMBER: &str = "7777777777777";
const FIRST_NUMBER: u64 = 5_000_000_000_000;
const MOST_OF_A_SERIES: u64 = 1_000_000_000_000;
const DELIVERY: &str = "dddddddd-dddd-4ddd-8ddd-dddddddddddd";
const SIGNATURE: &str = "SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS";

/// Orders whose numbers no other series has.
#[derive(Clone, Copy)]
pub struct Series {
    first: u64,
    /// So much that somebody has to look at them.
    is_dear: bool,
}

impl Series {
    pub const PLAIN: Self = Self {
        first: FIRST_NUMBER,
        is_dear: false,
    };
    pub const DEAR: Self = Self {
        first: FIRST_NUMBER + MOST_OF_A_SERIES,
        is_dear: true,
    };

    /// What the shop calls the order with this index.
    pub fn order_ref(self, index: usize) -> String {
        (self.first + index as u64).to_string()
    }

    pub fn has(self, order_ref: &str) -> bool {
        let number: Option<u64> = order_ref.parse().ok();
        number.is_some_and(|number| (self.first..self.first + MOST_OF_A_SERIES).contains(&number))
    }
}

pub struct Orders {
    series: Series,
    text: Vec<u8>,
    body_at: usize,
    numbers: Vec<usize>,
    delivery: usize,
    signature: usize,
    signatures: Vec<[u8; SIGNATURE.len()]>,
}

impl Orders {
    /// So many signed deliveries for one source.
    pub fn sign(address: SocketAddr, path: &str, secret: &[u8], count: usize) -> Result<Self> {
        Self::of(Series::PLAIN, address, (path, secret), count)
    }

    pub fn of(
        series: Series,
        address: SocketAddr,
        (path, secret): (&str, &[u8]),
        count: usize,
    ) -> Result<Self> {
        let body = body(series)?;
        let now = iso(clock::wall_ms());
        let text = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nuser-agent: Shopify-Captain-Hook\r\n\
             x-shopify-topic: orders/create\r\nx-shopify-hmac-sha256: {SIGNATURE}\r\n\
             x-shopify-shop-domain: bench.myshopify.com\r\nx-shopify-api-version: 2026-10\r\n\
             x-shopify-webhook-id: {DELIVERY}\r\nx-shopify-triggered-at: {now}\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes();
        let place = |what: &str| {
            find(&text, what.as_bytes()).ok_or_else(|| Failure::new(format!("no place for {what}")))
        };
        let mut orders = Self {
            series,
            body_at: text.len() - body.len(),
            numbers: all(&text, NUMBER.as_bytes()),
            delivery: place(DELIVERY)?,
            signature: place(SIGNATURE)?,
            text,
            signatures: Vec::with_capacity(count),
        };
        let key = Hmac::<Sha256>::new_from_slice(secret).trying("use the source's secret")?;
        let mut request = orders.blank();
        for index in 0..count {
            orders.number(&mut request, index);
            let mut mac = key.clone();
            mac.update(&request[orders.body_at..]);
            let mut signature = [0; SIGNATURE.len()];
            STANDARD
                .encode_slice(mac.finalize().into_bytes(), &mut signature)
                .trying("sign an order")?;
            orders.signatures.push(signature);
        }
        Ok(orders)
    }

    pub fn count(&self) -> usize {
        self.signatures.len()
    }

    pub fn body_bytes(&self) -> usize {
        self.text.len() - self.body_at
    }

    /// A request to be written into.
    pub fn blank(&self) -> Vec<u8> {
        self.text.clone()
    }

    /// Makes it the delivery with this index.
    pub fn write(&self, request: &mut [u8], index: usize) {
        self.number(request, index);
        let delivery = delivery_id(self.series.first + index as u64).hyphenated();
        delivery.encode_lower(&mut request[self.delivery..][..DELIVERY.len()]);
        if let Some(signature) = self.signatures.get(index) {
            request[self.signature..][..SIGNATURE.len()].copy_from_slice(signature);
        }
    }

    fn number(&self, request: &mut [u8], index: usize) {
        let number = self.series.order_ref(index);
        for &at in &self.numbers {
            request[at..][..NUMBER.len()].copy_from_slice(number.as_bytes());
        }
    }
}

/// Different for each delivery, and in no order, as a shop's are: an index over them is written to all over the place.
fn delivery_id(number: u64) -> Uuid {
    let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    Builder::from_random_bytes((u128::from(mixed) << 64 | u128::from(number)).to_be_bytes())
        .into_uuid()
}

/// Which order of a run this is.
pub fn index_of(order_ref: &str) -> Option<usize> {
    let number: u64 = order_ref.parse().ok()?;
    usize::try_from(number.checked_sub(FIRST_NUMBER)?).ok()
}

/// What the sample costs, and what it costs where somebody has to look at it: the lamp, the goods, the whole.
const DEARER: [(&str, &str); 3] = [
    ("\"128.00\"", "\"828.00\""),
    ("\"214.00\"", "\"914.00\""),
    ("\"240.12\"", "\"940.12\""),
];

fn body(series: Series) -> Result<String> {
    let mut sample = SAMPLE.to_owned();
    if series.is_dear {
        for (price, dearer) in DEARER {
            sample = sample.replace(price, dearer);
        }
    }
    let mut order: Value = serde_json::from_str(&sample).trying("read the sample order")?;
    let number: u64 = NUMBER.parse().trying("read a number")?;
    let now = Value::from(iso(clock::wall_ms()));
    for field in ["created_at", "processed_at", "updated_at"] {
        order[field] = now.clone();
    }
    order["id"] = number.into();
    order["order_number"] = number.into();
    order["name"] = format!("#{NUMBER}").into();
    order["admin_graphql_api_id"] = format!("gid://shopify/Order/{NUMBER}").into();
    let lines = order["line_items"].as_array_mut();
    for (line, n) in lines.into_iter().flatten().zip(1_u64..) {
        let id = number * 100 + n;
        line["id"] = id.into();
        line["admin_graphql_api_id"] = format!("gid://shopify/LineItem/{id}").into();
    }
    Ok(order.to_string())
}

fn iso(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map(|at| format!("{at:.3}"))
        .unwrap_or_default()
}

fn all(text: &[u8], what: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = find(&text[from..], what) {
        found.push(from + at);
        from += at + what.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_delivery_is_signed_and_its_own() {
        let address = "127.0.0.1:1".parse().unwrap();
        let orders = Orders::sign(address, "/in/x", b"hush", 3).unwrap();
        assert!((5_500..7_000).contains(&orders.body_bytes()));
        let mut seen = std::collections::HashSet::new();
        let mut request = orders.blank();
        for index in [2, 0, 1] {
            orders.write(&mut request, index);
            let text = String::from_utf8(request.clone()).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            let order: Value = serde_json::from_str(body).unwrap();
            let id = order["id"].as_u64().unwrap();
            assert_eq!(index_of(&id.to_string()), Some(index));
            assert_eq!(order["line_items"][0]["id"].as_u64(), Some(id * 100 + 1));
            let mut mac = Hmac::<Sha256>::new_from_slice(b"hush").unwrap();
            mac.update(body.as_bytes());
            let signature = STANDARD.encode(mac.finalize().into_bytes());
            assert!(head.contains(&format!("x-shopify-hmac-sha256: {signature}\r\n")));
            assert!(head.ends_with(&format!("content-length: {}", body.len())));
            let delivery = head.split("webhook-id: ").nth(1).unwrap()[..36].to_owned();
            assert!(seen.insert(delivery.parse::<uuid::Uuid>().unwrap()));
        }
    }

    #[test]
    fn dear_orders_are_others_and_cost_more() {
        let address = "127.0.0.1:1".parse().unwrap();
        let orders = Orders::of(Series::DEAR, address, ("/in/x", b"hush"), 1).unwrap();
        let mut request = orders.blank();
        orders.write(&mut request, 0);
        let text = String::from_utf8(request).unwrap();
        let (_, body) = text.split_once("\r\n\r\n").unwrap();
        let order: Value = serde_json::from_str(body).unwrap();
        assert_eq!(order["current_total_price"], "940.12");
        assert_eq!(order["total_price"], "940.12");
        assert_eq!(order["id"].to_string(), Series::DEAR.order_ref(0));
        let number = Series::DEAR.order_ref(0);
        assert!(Series::DEAR.has(&number) && !Series::PLAIN.has(&number));
        // those that the demo brings along belong to neither
        assert!(!Series::DEAR.has("7300000000000"));
    }
}
