//! The bytes of each delivery.
//!
//! A file is sent byte for byte, as the system would, unless something in it is to be rewritten; then
//! it is read and written again. Ids and amounts never pass through a float. The built-in samples
//! get a fresh order id and the present time, so that each is an order nobody has seen before.

use std::path::PathBuf;

use bytes::Bytes;
use domain::{Currency, Money, Time};
use serde_json::{Value, json};

use super::SendArgs;
use crate::wall_clock;

const ORDER: &str = include_str!("order.json");
const FULFILLMENT: &str = include_str!("fulfillment.json");

#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    #[error("{path} cannot be read: {why}")]
    File { path: PathBuf, why: std::io::Error },
    #[error("to rewrite it, the payload has to be JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("there is no sample for {0}: give a FILE")]
    NoSample(String),
    #[error("a sample for {0} needs the --order-id of an order sent before")]
    NoOrder(String),
    #[error("--{0} cannot be written into this payload: it has no {1}")]
    NoPlace(&'static str, &'static str),
    #[error("--total: {0}")]
    Total(String),
}

/// What all deliveries of a run have in common.
#[derive(Debug)]
pub enum Payload {
    Fixed(Bytes),
    Rewritten {
        template: Value,
        about_order: bool,
        /// The first delivery's; the following ones count up.
        order_id: Option<u64>,
        sku: Option<String>,
        total: Option<String>,
    },
}

impl Payload {
    pub fn new(args: &SendArgs) -> Result<Self, PayloadError> {
        let about_order = args.topic.starts_with("orders/");
        let Some(path) = &args.file else {
            let now = wall_clock::now();
            let order_id = match args.order_id {
                None if about_order => Some(fresh_order_id(now)),
                None => return Err(PayloadError::NoOrder(args.topic.clone())),
                given => given,
            };
            let template = sample(&args.topic, now)?;
            return Self::rewritten(args, template, order_id);
        };
        let bytes = std::fs::read(path).map_err(|why| PayloadError::File {
            path: path.clone(),
            why,
        })?;
        if args.order_id.is_none() && args.sku.is_none() && args.total.is_none() {
            return Ok(Self::Fixed(bytes.into()));
        }
        Self::rewritten(args, serde_json::from_slice(&bytes)?, args.order_id)
    }

    fn rewritten(
        args: &SendArgs,
        template: Value,
        order_id: Option<u64>,
    ) -> Result<Self, PayloadError> {
        let payload = Self::Rewritten {
            template,
            about_order: args.topic.starts_with("orders/"),
            order_id,
            sku: args.sku.clone(),
            total: args.total.clone(),
        };
        // what cannot be written is said before anything is sent
        payload.body(0)?;
        Ok(payload)
    }

    /// The body of delivery number `index`, counted from 0.
    pub fn body(&self, index: u32) -> Result<Bytes, PayloadError> {
        let (template, about_order, order_id, sku, total) = match self {
            Self::Fixed(bytes) => return Ok(bytes.clone()),
            Self::Rewritten {
                template,
                about_order,
                order_id,
                sku,
                total,
            } => (template, *about_order, order_id, sku, total),
        };
        let mut body = template.clone();
        if let Some(first) = order_id {
            let id = first.saturating_add(u64::from(index));
            if about_order {
                renumber_order(&mut body, id);
            } else {
                refer_to_order(&mut body, id)?;
            }
        }
        if let Some(sku) = sku {
            let place = body.pointer_mut("/line_items/0/sku");
            *place.ok_or(PayloadError::NoPlace("sku", "line_items"))? = json!(sku);
        }
        if let Some(total) = total {
            retotal(&mut body, total)?;
        }
        Ok(body.to_string().into())
    }
}

/// Ids that grow with every millisecond, so that two calls never mean the same order, and leave room
/// to count up; below 2^53, as real ones mostly are.
fn fresh_order_id(now: Time) -> u64 {
    now.as_ms().unsigned_abs() * 1_000
}

/// A person's number for the order: a small id is its own; a made-up one becomes five digits that
/// differ within a run.
fn order_number(id: u64) -> u64 {
    if id < 10_000_000 {
        return id;
    }
    10_000 + (id / 1_000 + id % 1_000) % 90_000
}

fn sample(topic: &str, now: Time) -> Result<Value, PayloadError> {
    let text = match topic {
        "orders/create" | "orders/updated" | "orders/paid" | "orders/cancelled" => ORDER,
        "fulfillments/create" | "fulfillments/update" => FULFILLMENT,
        _ => return Err(PayloadError::NoSample(topic.to_owned())),
    };
    let mut body: Value = serde_json::from_str(text)?;
    let now = json!(now.format_utc("%Y-%m-%dT%H:%M:%S+00:00"));
    for name in ["created_at", "processed_at", "updated_at"] {
        set(&mut body, name, now.clone());
    }
    if topic == "orders/cancelled" {
        set(&mut body, "cancelled_at", now);
        set(&mut body, "cancel_reason", json!("customer"));
    }
    Ok(body)
}

/// Sets a field that is there; does not add one.
fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(place) = object.get_mut(name) {
        *place = value;
    }
}

fn renumber_order(body: &mut Value, id: u64) {
    set(body, "id", json!(id));
    set(
        body,
        "admin_graphql_api_id",
        json!(format!("gid://shopify/Order/{id}")),
    );
    set(body, "name", json!(format!("#{}", order_number(id))));
    set(body, "order_number", json!(order_number(id)));
    renumber_lines(body, id);
}

fn refer_to_order(body: &mut Value, id: u64) -> Result<(), PayloadError> {
    if body.get("order_id").is_none() {
        return Err(PayloadError::NoPlace("order-id", "order_id"));
    }
    set(body, "order_id", json!(id));
    set(body, "id", json!(id));
    set(
        body,
        "admin_graphql_api_id",
        json!(format!("gid://shopify/Fulfillment/{id}")),
    );
    set(body, "name", json!(format!("#{}.1", order_number(id))));
    renumber_lines(body, id);
    Ok(())
}

/// Lines are numbered after their order, so that an order and its shipment agree.
fn renumber_lines(body: &mut Value, order_id: u64) {
    let lines = body.get_mut("line_items").and_then(Value::as_array_mut);
    for (line, index) in lines.into_iter().flatten().zip(0_u64..) {
        let id = order_id.wrapping_mul(100).wrapping_add(index);
        set(line, "id", json!(id));
        set(
            line,
            "admin_graphql_api_id",
            json!(format!("gid://shopify/LineItem/{id}")),
        );
    }
}

/// Writes the total, and moves the difference to the first line, so that the sums still agree.
fn retotal(body: &mut Value, total: &str) -> Result<(), PayloadError> {
    let no_place = || PayloadError::NoPlace("total", "total_price");
    let currency: Currency = body
        .get("currency")
        .and_then(Value::as_str)
        .and_then(|code| code.parse().ok())
        .ok_or(PayloadError::NoPlace("total", "currency"))?;
    let wanted = Money::parse(total, currency).map_err(PayloadError::Total)?;
    let old = money(body, "total_price", currency).ok_or_else(no_place)?;
    let difference = wanted.minor - old.minor;
    for name in ["total_price", "current_total_price"] {
        add(body, name, difference, currency);
    }

    let line = body.pointer_mut("/line_items/0");
    let Some(line) = line.filter(|line| line.get("quantity") == Some(&json!(1))) else {
        return Ok(());
    };
    let price = money(line, "price", currency).map_or(0, |price| price.minor);
    if price + difference < 0 {
        let least = Money::new(old.minor - price, currency);
        let why =
            format!("the least for this order, with its other lines, shipping and tax, is {least}");
        return Err(PayloadError::Total(why));
    }
    add(line, "price", difference, currency);
    for name in [
        "subtotal_price",
        "current_subtotal_price",
        "total_line_items_price",
    ] {
        add(body, name, difference, currency);
    }
    Ok(())
}

fn money(object: &Value, name: &str, currency: Currency) -> Option<Money> {
    Money::parse(object.get(name)?.as_str()?, currency).ok()
}

/// Adds to an amount, in both its forms: the string, and the pair beside it.
fn add(object: &mut Value, name: &str, minor: i64, currency: Currency) {
    let Some(old) = money(object, name, currency) else {
        return;
    };
    let amount = json!(decimal(old.minor + minor, currency.exponent()));
    if let Some(pair) = object.get_mut(format!("{name}_set")) {
        for side in ["shop_money", "presentment_money"] {
            if let Some(place) = pair.get_mut(side).and_then(|money| money.get_mut("amount")) {
                *place = amount.clone();
            }
        }
    }
    set(object, name, amount);
}

/// `12345` cents as `"123.45"`.
fn decimal(minor: i64, places: u32) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let scale = 10_u64.pow(places);
    let (whole, rest) = (minor.unsigned_abs() / scale, minor.unsigned_abs() % scale);
    match places {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{rest:0width$}", width = places as usize),
    }
}
