//! What is known when an export is made, as one document that a contract's payload mapping reads from: the
//! subject, what people answered in earlier steps, and under which name the destinations of earlier
//! exports know them. See [`domain::payload`] for how a fact is named.

use domain::{
    Money,
    export::Export,
    flow::{Campaign, Run},
    order::{Order, Shipment},
};
use serde_json::{Map, Value, json};

use crate::runs::Subject;

pub(crate) fn amount(money: Money) -> Value {
    json!({ "amount_minor": money.minor, "currency": money.currency })
}

/// `exports`: those of the subject.
pub(crate) fn known(subject: &Subject, run: &Run, exports: &[Export]) -> Value {
    let mut known = Map::new();
    for (step, answers) in &run.answers {
        known.insert(step.clone(), json!(answers));
    }
    for export in exports.iter().filter(|one| one.run_id == run.id) {
        if let Some(reference) = &export.ack.external_ref
            && let Some(step) = known
                .entry(export.step_key.clone())
                .or_insert_with(|| json!({}))
                .as_object_mut()
        {
            step.insert("external_ref".to_owned(), json!(reference));
        }
    }
    known.insert(
        "run".to_owned(),
        json!({ "id": run.id, "flow": run.flow_key }),
    );
    match subject {
        Subject::Order(row) => known.insert("order".to_owned(), order(&row.order)),
        Subject::Campaign(one) => known.insert("campaign".to_owned(), campaign(one)),
        Subject::Case(one) => {
            known.insert("input".to_owned(), json!(one.answers));
            let own = json!({ "reference": one.reference, "title": one.title });
            known.insert("case".to_owned(), own)
        }
    };
    Value::Object(known)
}

fn order(order: &Order) -> Value {
    let lines: Vec<Value> = order
        .ship_lines()
        .into_iter()
        .map(|line| {
            json!({
                "line_id": line.line_id, "sku": line.sku, "title": line.title,
                "variant": line.variant, "quantity": line.quantity,
                "unit_price": amount(line.unit_price),
            })
        })
        .collect();
    let items: Vec<Value> = order
        .items
        .iter()
        .map(|item| {
            json!({
                "line_id": item.line_id, "sku": item.sku, "title": item.title,
                "variant": item.variant, "quantity": item.quantity,
                "unit_price": amount(item.unit_price),
            })
        })
        .collect();
    let refunded = order
        .refunds
        .iter()
        .fold(0_i64, |sum, refund| sum.saturating_add(refund.amount.minor));
    let units: u64 = order
        .ship_lines()
        .iter()
        .map(|line| u64::from(line.quantity))
        .sum();
    json!({
        "ref": order.external_id,
        "name": order.name,
        "placed_at": order.placed_at,
        "ship_to": order.shipping_address,
        "lines": lines,
        "items": items,
        "total": amount(order.totals.current_total),
        "note": order.note,
        "currency": order.currency,
        "customer": order.customer,
        "tags": order.tags,
        "country": order.shipping_address.as_ref().and_then(|to| to.country_code.as_deref()),
        "units": units,
        "shipments": order.shipments.iter().map(shipment).collect::<Vec<_>>(),
        "refunded": amount(Money::new(refunded, order.currency)),
    })
}

fn shipment(one: &Shipment) -> Value {
    json!({
        "id": one.id, "status": one.status.as_str(), "carrier": one.carrier,
        "tracking_numbers": one.tracking_numbers,
    })
}

fn campaign(one: &Campaign) -> Value {
    json!({
        "campaign_id": one.campaign_id,
        "title": one.title,
        "offer": one.offer,
        "terms": Some(&one.terms).filter(|terms| !terms.is_empty()),
        "discount_percent": one.discount_percent,
        "skus": one.skus,
        "keywords": one.keywords,
        "keywords_owner": one.keywords_owner,
        "creative_ids": one.creative_ids,
        "landing_url": one.landing_url,
        "landing_urls": one.landing_urls,
        "starts_at": one.starts_at,
        "ends_at": one.ends_at,
        "note": one.note,
    })
}
