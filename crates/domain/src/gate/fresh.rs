//! How old what an export says may be. A contract's `refresh` names fields and how many milliseconds each may be
//! old when it leaves: a field of the payload is as old as its last reading; `price` and `stock`, where the
//! payload has no such field, are what the catalogue says of its SKUs, as old as the one told longest ago.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{Time, sku::Sku};

use super::Fault;

/// Every SKU that a payload names: under `sku`, and in lists under `skus`.
pub fn skus_in(payload: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(payload, &mut found);
    found.sort();
    found.dedup();
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("sku", Value::String(sku)) => found.push(sku.clone()),
                    ("skus", Value::Array(list)) => {
                        found.extend(list.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    _ => {}
                }
                collect(value, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

/// Since when each field that has a limit is true, and what is too old already.
pub fn ages(
    refresh: &BTreeMap<String, i64>,
    payload: &Value,
    skus: &BTreeMap<String, Sku>,
    now: Time,
) -> (BTreeMap<String, Time>, Vec<Fault>) {
    let mut as_of = BTreeMap::new();
    let mut faults = Vec::new();
    for (field, most) in refresh {
        if payload.get(field).is_some() || !["price", "stock"].contains(&field.as_str()) {
            as_of.insert(field.clone(), now);
            continue;
        }
        for code in skus_in(payload) {
            let sku = skus.get(&code);
            let told = match field.as_str() {
                "price" => sku.and_then(|sku| sku.price).map(|told| told.at),
                _ => sku.and_then(Sku::available).map(|told| told.at),
            };
            let says = match told {
                Some(at) => {
                    let oldest = as_of.entry(field.clone()).or_insert(at);
                    *oldest = (*oldest).min(at);
                    if now.since_ms(at) <= *most {
                        continue;
                    }
                    format!("The {field} of “{code}” is from {at}")
                }
                None => format!("Nobody has told a {field} of “{code}”"),
            };
            faults.push(Fault {
                field: format!("/refresh/{field}"),
                says,
                accepts: format!("a {field} told within the last {}", span_words(*most)),
                export: None,
            });
        }
    }
    (as_of, faults)
}

/// The fields that were read too long ago to be sent.
pub fn stale(
    refresh: &BTreeMap<String, i64>,
    as_of: &BTreeMap<String, Time>,
    now: Time,
) -> Vec<String> {
    let too_old = |(field, most): &(&String, &i64)| {
        let at = as_of.get(*field);
        at.is_some_and(|at| now.since_ms(*at) > **most)
    };
    refresh
        .iter()
        .filter(too_old)
        .map(|(field, _)| field.clone())
        .collect()
}

/// `5 min`, `36 h`, `90 s`.
fn span_words(ms: i64) -> String {
    const UNITS: [(i64, &str); 3] = [(86_400_000, "days"), (3_600_000, "h"), (60_000, "min")];
    UNITS
        .iter()
        .find(|(unit, _)| ms >= *unit && ms % unit == 0)
        .map_or_else(
            || format!("{} s", ms / 1_000),
            |(unit, word)| format!("{} {word}", ms / unit),
        )
}
