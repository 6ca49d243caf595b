//! The fast look at the door, while the sender waits for its answer.
//!
//! It answers exactly the question that [`facts`](super::facts) would answer, only sooner: an order
//! as it looks when it is fresh is checked in one pass that borrows everything and keeps almost
//! nothing. Whatever does not pass that way, because it is richer or because it is broken, is read
//! wholly, and then every fault has its place and its sentence.

use domain::{Currency, Money, Time, receipt::Fault};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

use super::{
    Shape,
    facts::{contradiction, payment_status, read},
    goods,
    reader::{Borrowed, Faults, Object, decimal, is_id},
};

/// Whether the body is what its topic needs. A topic nobody consumes only has to be a JSON object.
pub fn examine(topic: &str, body: &[u8]) -> Result<(), Vec<Fault>> {
    match Shape::of(topic) {
        Shape::Order if fits_at_a_glance(topic, body) => Ok(()),
        Shape::Other => {
            let mut faults = Faults::default();
            Object::body(body, &mut faults);
            if faults.0.is_empty() {
                Ok(())
            } else {
                Err(faults.0)
            }
        }
        // the time plays no part in whether it can be read
        shape @ (Shape::Product | Shape::Item | Shape::Level) => {
            goods::read(shape, topic, body, Time::from_ms(0)).map(drop)
        }
        shape => read(shape, topic, body).map(drop),
    }
}

/// What is demanded of an order that has no shipment and no refund yet.
#[derive(Deserialize)]
struct FreshOrder<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    currency: Borrowed<'a>,
    total_price: &'a RawValue,
    #[serde(default)]
    subtotal_price: Option<&'a RawValue>,
    #[serde(default)]
    total_tax: Option<&'a RawValue>,
    #[serde(default)]
    total_discounts: Option<&'a RawValue>,
    #[serde(default)]
    total_outstanding: Option<&'a RawValue>,
    #[serde(default)]
    current_total_price: Option<&'a RawValue>,
    #[serde(default)]
    financial_status: Option<Borrowed<'a>>,
    #[serde(default)]
    cancelled_at: Option<Borrowed<'a>>,
    line_items: Vec<FreshLine<'a>>,
    #[serde(default)]
    fulfillments: Option<Vec<IgnoredAny>>,
    #[serde(default)]
    refunds: Option<Vec<IgnoredAny>>,
}

#[derive(Deserialize)]
struct FreshLine<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    /// Only has to be one.
    #[serde(rename = "quantity")]
    _quantity: u32,
    price: &'a RawValue,
}

/// True only if a full reading would find no fault; false says nothing.
fn fits_at_a_glance(topic: &str, body: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(body) else {
        return false;
    };
    let Ok(order) = serde_json::from_str::<FreshOrder<'_>>(text) else {
        return false;
    };
    let Ok(currency) = order.currency.0.parse::<Currency>() else {
        return false;
    };
    let amount = |raw: &RawValue| {
        decimal(raw).is_some_and(|decimal| Money::parse(&decimal, currency).is_ok())
    };
    let totals = [
        order.subtotal_price,
        order.total_tax,
        order.total_discounts,
        order.total_outstanding,
        order.current_total_price,
    ];
    let cancelled_at = order.cancelled_at.as_ref().map(|at| at.0.parse::<Time>());
    let status = payment_status(order.financial_status.as_ref().map(|status| &*status.0));

    order.fulfillments.is_none_or(|list| list.is_empty())
        && order.refunds.is_none_or(|list| list.is_empty())
        && is_id(order.id.get())
        && amount(order.total_price)
        && totals.into_iter().flatten().all(amount)
        && order
            .line_items
            .iter()
            .all(|line| is_id(line.id.get()) && amount(line.price))
        && cancelled_at.as_ref().is_none_or(Result::is_ok)
        && contradiction(topic, cancelled_at.is_some(), status).is_none()
}
