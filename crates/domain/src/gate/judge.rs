//! What a rule finds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{Currency, Money, approval::rule::rounded_up, export::Export, sku::Sku};

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
            Self::StockAtLeast { at, units, untold } => {
                stock(&places(payload, at), facts, *units, *untold)
            }
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
                    // not which: whoever sees that one has the link
                    says: "Another export of the same subject is under way".to_owned(),
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

/// What the lines of one SKU ask for together.
struct Asked<'p, 'v> {
    /// The first of them.
    place: &'p Place<'v>,
    lines: usize,
    units: i128,
}

/// Several lines of the same SKU take from the same shelf: there has to be enough for all of them.
fn stock(places: &[Place<'_>], facts: &Facts<'_>, units: i64, untold: Untold) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut all: Vec<Asked<'_, '_>> = Vec::new();
    let mut by_sku: BTreeMap<&str, usize> = BTreeMap::new();
    for place in places {
        let Some(units) = quantity(place) else {
            faults.push(unread(place));
            continue;
        };
        let sku = place.value.as_str();
        let known = sku.and_then(|sku| by_sku.get(sku)).copied();
        if let Some(asked) = known.and_then(|n| all.get_mut(n)) {
            asked.lines += 1;
            asked.units = asked.units.saturating_add(units);
            continue;
        }
        by_sku.extend(sku.map(|sku| (sku, all.len())));
        all.push(Asked {
            place,
            lines: 1,
            units,
        });
    }
    let short = all
        .iter()
        .filter_map(|asked| too_few(asked, facts, units, untold));
    faults.extend(short);
    faults
}

fn too_few(asked: &Asked<'_, '_>, facts: &Facts<'_>, units: i64, untold: Untold) -> Option<Fault> {
    // lines that ask for more than the threshold need as much as they ask for
    let needed = asked.units.max(units.into());
    let name = named(asked.place.value);
    let sku = asked.place.value.as_str();
    let sku = sku.and_then(|sku| facts.skus.get(sku));
    let says = match sku.and_then(Sku::available) {
        Some(told) if i128::from(told.is) >= needed => return None,
        Some(told) if asked.lines > 1 && asked.units > 0 => format!(
            "There are {} of {name}, and {} lines ask for {}",
            told.is, asked.lines, asked.units
        ),
        Some(told) => format!("There are {} of {name}", told.is),
        None if untold == Untold::Accepted => return None,
        None => format!("Nobody has said how many of {name} there are"),
    };
    Some(Fault {
        says,
        accepts: format!("a stock of {needed} or more"),
        ..at_place(asked.place)
    })
}

/// How many a line asks for: none, where it names no quantity. `None`: nobody can tell.
fn quantity(place: &Place<'_>) -> Option<i128> {
    let Some(value) = place.within.get("quantity") else {
        return Some(0);
    };
    let number = value.as_number()?;
    let whole = number
        .as_i64()
        .map(i128::from)
        .or_else(|| number.as_u64().map(i128::from));
    // 6.0 is an integer to a schema, and what fits into no other number is read as a fraction
    let whole = whole.or_else(|| {
        let read = number.as_f64().filter(|read| read.fract() == 0.0)?;
        format!("{read:.0}").parse().ok()
    });
    whole.filter(|units| *units >= 0)
}

fn unread(place: &Place<'_>) -> Fault {
    let value = place.within.get("quantity").unwrap_or(&Value::Null);
    let line = place.pointer.rsplit_once('/').map_or("", |(line, _)| line);
    Fault {
        field: format!("/payload{line}/quantity"),
        says: format!("{value} is not a number of units"),
        accepts: "a whole number of units, 0 or more".to_owned(),
        export: None,
    }
}

/// An amount with its currency, if it is one.
pub(crate) fn money(value: &Value) -> Option<Money> {
    let minor = value.get("amount_minor")?;
    // 900.0 is an integer to a schema, too
    let is_whole = minor.as_f64().is_some_and(|read| read.fract() == 0.0);
    let minor = rounded_up(minor).filter(|_| is_whole)?;
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
