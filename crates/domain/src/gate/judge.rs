//! What a rule finds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{Currency, Money, export::Export, sku::Sku};

use super::{Gate, Place, Untold, gtin_fault, places};

/// One thing that is wrong: where, what, and what would be accepted there instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// A JSON Pointer into the message's `data`: `/payload/lines/0/sku`, `/owner_id`.
    pub field: String,
    pub says: String,
    pub accepts: String,
    /// The other export that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export: Option<Uuid>,
}

/// What is known besides the payload.
#[derive(Clone, Debug, Default)]
pub struct Facts<'a> {
    pub skus: BTreeMap<String, Sku>,
    /// What was last completed of the same kind for the same subject.
    pub last: Option<&'a Value>,
    /// Tags that say that somebody doubts the order.
    pub doubts: Vec<String>,
    /// Other exports of the same subject that are under way.
    pub under_way: Vec<&'a Export>,
}

impl Gate {
    pub fn judge(&self, payload: &Value, facts: &Facts<'_>) -> Vec<Fault> {
        match self {
            Self::PriceWithin {
                at,
                below_percent,
                above_percent,
            } => places(payload, at)
                .iter()
                .filter_map(|place| price(place, facts, *below_percent, *above_percent))
                .collect(),
            Self::StockAtLeast { at, units, untold } => places(payload, at)
                .iter()
                .filter_map(|place| stock(place, facts, *units, *untold))
                .collect(),
            Self::SkuKnown { at } => places(payload, at)
                .iter()
                .filter(|place| !known(place, facts))
                .map(|place| Fault {
                    says: format!("{} is not in the catalogue", named(place.value)),
                    accepts: "a SKU that the storefront or the API has told".to_owned(),
                    ..at_place(place)
                })
                .collect(),
            Self::NotOnHold => facts
                .doubts
                .iter()
                .map(|tag| Fault {
                    field: "/order_id".to_owned(),
                    says: format!("The order is tagged “{tag}”"),
                    accepts: "an order without a tag that says fraud, risk, review or hold"
                        .to_owned(),
                    export: None,
                })
                .collect(),
            Self::Gtin { at } => places(payload, at)
                .iter()
                .filter_map(|place| {
                    let text = text_of(place.value);
                    let (says, accepts) = gtin_fault(&text)?;
                    Some(Fault {
                        says,
                        accepts,
                        ..at_place(place)
                    })
                })
                .collect(),
            Self::OnlyOne { intents } => facts
                .under_way
                .iter()
                .filter(|other| intents.contains(&other.intent))
                .map(|other| Fault {
                    field: "/intent".to_owned(),
                    says: format!("“{}” is {}", other.title, other.state.words()),
                    accepts:
                        "nothing else under way for the same thing: wait for it, or withdraw it"
                            .to_owned(),
                    export: Some(other.id),
                })
                .collect(),
        }
    }
}

fn at_place(place: &Place<'_>) -> Fault {
    Fault {
        field: format!("/payload{}", place.pointer),
        says: String::new(),
        accepts: String::new(),
        export: None,
    }
}

/// A value as people write it.
pub(crate) fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn named(value: &Value) -> String {
    match value {
        Value::Null => "A line without a SKU".to_owned(),
        other => format!("“{}”", text_of(other)),
    }
}

fn known(place: &Place<'_>, facts: &Facts<'_>) -> bool {
    place
        .value
        .as_str()
        .is_some_and(|sku| facts.skus.contains_key(sku))
}

fn stock(place: &Place<'_>, facts: &Facts<'_>, units: i64, untold: Untold) -> Option<Fault> {
    // a line that asks for more than the threshold needs as much as it asks for
    let asked = place.within.get("quantity").and_then(Value::as_i64);
    let needed = units.max(asked.unwrap_or(0));
    let sku = place.value.as_str().and_then(|sku| facts.skus.get(sku));
    let says = match sku.and_then(Sku::available) {
        Some(told) if told.is >= needed => return None,
        Some(told) => format!("There are {} of {}", told.is, named(place.value)),
        None if untold == Untold::Accepted => return None,
        None => format!(
            "Nobody has said how many of {} there are",
            named(place.value)
        ),
    };
    Some(Fault {
        says,
        accepts: format!("a stock of {needed} or more"),
        ..at_place(place)
    })
}

/// An amount with its currency, if it is one.
pub(crate) fn money(value: &Value) -> Option<Money> {
    let minor = value.get("amount_minor")?.as_i64()?;
    let currency = value.get("currency")?.as_str()?.parse::<Currency>().ok()?;
    Some(Money::new(minor, currency))
}

fn price(place: &Place<'_>, facts: &Facts<'_>, below: u32, above: u32) -> Option<Fault> {
    let Some(new) = money(place.value) else {
        return Some(Fault {
            says: format!("{} is not an amount", place.value),
            accepts: "an amount in minor units with its currency".to_owned(),
            ..at_place(place)
        });
    };
    let sku = place.within.get("sku").and_then(Value::as_str);
    let listed = sku.and_then(|sku| facts.skus.get(sku)?.price);
    let last = listed
        .map(|told| told.is)
        .or_else(|| sent_before(place, facts.last?, sku))?;
    if last.currency != new.currency {
        return Some(Fault {
            says: format!("{new} is in another currency than the last price, {last}"),
            accepts: format!("an amount in {}", last.currency),
            ..at_place(place)
        });
    }
    let part = |percent: i128| i128::from(last.minor) * percent;
    let (least, most) = (part(100 - i128::from(below)), part(100 + i128::from(above)));
    let is = i128::from(new.minor) * 100;
    if (least..=most).contains(&is) {
        return None;
    }
    // rounded towards the inside: what is named would be accepted
    let inside = |value: i128| i64::try_from(value).unwrap_or(i64::MAX);
    let (low, high) = (
        inside(-(-least).div_euclid(100)),
        inside(most.div_euclid(100)),
    );
    let amount = |minor| Money::new(minor, last.currency);
    Some(Fault {
        says: format!("{new} is too far from the last price, {last}"),
        accepts: format!("from {} to {}", amount(low), amount(high)),
        ..at_place(place)
    })
}

/// The price at the same place in what was last completed: of the same SKU where lines have one.
fn sent_before(place: &Place<'_>, last: &Value, sku: Option<&str>) -> Option<Money> {
    let Some(sku) = sku else {
        return money(last.pointer(&place.pointer)?);
    };
    let (list, _) = place.pointer.rsplit_once('/')?;
    let (list, _) = list.rsplit_once('/')?;
    let field = place.pointer.rsplit('/').next()?;
    let lines = last.pointer(list)?.as_array()?;
    let line = lines
        .iter()
        .find(|line| line.get("sku").and_then(Value::as_str) == Some(sku))?;
    money(line.get(field)?)
}
