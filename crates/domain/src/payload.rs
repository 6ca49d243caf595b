//! Where the fields of a payload come from: a mapping that stands in the contract, so that whoever writes
//! a contract says so in data, and nobody has to write code for it.
//!
//! A fact is named by its path, `order.ship_to.city`; its first word says whose it is: the `order`, the
//! `campaign`, the `case` (its handle and title), the `input` of the form that started the flow, the
//! `run`, what set it off (`trigger`), or a step, by its key (what somebody answered there, or `external_ref`, under which the
//! destination of that step knows it). A fact that nobody knows leaves its field out: if the schema asks
//! for it, the export stops at the gates and says so.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::contract::TRIGGER_FACTS;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Fact(String),
    /// The first of these that is known.
    FirstOf(Vec<String>),
    /// The same in every payload: the contract itself is the source.
    Value(Value),
}

/// By field of the payload. Empty: the subject as a whole, as the engine tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mapping(pub BTreeMap<String, Origin>);

/// What is known of an order, below `order.`.
pub const ORDER_FACTS: [&str; 15] = [
    "ref",
    "name",
    "placed_at",
    "ship_to",
    "lines",
    "items",
    "total",
    "note",
    "currency",
    "customer",
    "tags",
    "country",
    "units",
    "shipments",
    "refunded",
];

/// What is known of a campaign, below `campaign.`.
pub const CAMPAIGN_FACTS: [&str; 14] = [
    "campaign_id",
    "title",
    "offer",
    "terms",
    "discount_percent",
    "skus",
    "keywords",
    "keywords_owner",
    "creative_ids",
    "landing_url",
    "landing_urls",
    "starts_at",
    "ends_at",
    "note",
];

impl Origin {
    /// The facts it may be, the first that is known.
    fn facts(&self) -> &[String] {
        match self {
            Self::Fact(path) => std::slice::from_ref(path),
            Self::FirstOf(paths) => paths,
            Self::Value(_) => &[],
        }
    }
}

impl Mapping {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Something of it comes from an earlier step.
    pub fn asks_steps(&self) -> bool {
        self.0.values().flat_map(Origin::facts).any(|path| {
            let whose = path.split('.').next().unwrap_or_default();
            !["order", "campaign", "case", "input", "run", "trigger"].contains(&whose)
        })
    }

    /// The payload, from what is known.
    pub fn build(&self, known: &Value) -> Value {
        let mut payload = Map::new();
        for (field, origin) in &self.0 {
            let value = match origin {
                Origin::Value(value) => Some(value),
                Origin::Fact(path) => look_up(known, path),
                Origin::FirstOf(paths) => paths.iter().find_map(|path| look_up(known, path)),
            };
            if let Some(value) = value {
                payload.insert(field.clone(), value.clone());
            }
        }
        Value::Object(payload)
    }

    /// What is wrong with it, each with the field: facts that nobody can know, and fields that the schema
    /// asks for and nothing is said about.
    pub fn faults(&self, schema: &Value) -> Vec<(String, String)> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut faults = Vec::new();
        for (field, origin) in &self.0 {
            let faulty = origin.facts().iter().filter_map(|path| unknowable(path));
            faults.extend(faulty.map(|why| (field.clone(), why)));
            let known = schema.get("properties").and_then(Value::as_object);
            if known.is_some_and(|known| !known.contains_key(field)) {
                faults.push((
                    field.clone(),
                    format!("The schema does not know {field:?}."),
                ));
            }
        }
        let required = schema.get("required").and_then(Value::as_array);
        for field in required.into_iter().flatten().filter_map(Value::as_str) {
            if !self.0.contains_key(field) {
                faults.push((
                    field.to_owned(),
                    format!("The schema requires {field:?}, and nothing says where it comes from."),
                ));
            }
        }
        faults
    }
}

fn look_up<'v>(known: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.')
        .try_fold(known, |value, word| value.get(word))
}

fn unknowable(path: &str) -> Option<String> {
    let mut words = path.split('.');
    let (Some(whose), Some(which)) = (words.next(), words.next()) else {
        return Some(format!(
            "{path:?} names no fact: write whose it is, a point, and which, such as order.total."
        ));
    };
    let listed: &[&str] = match whose {
        "order" => &ORDER_FACTS,
        "campaign" => &CAMPAIGN_FACTS,
        "case" => &["reference", "title"],
        "run" => &["id", "flow"],
        "trigger" => &TRIGGER_FACTS,
        _ => {
            return path
                .split('.')
                .any(str::is_empty)
                .then(|| format!("{path:?} names no fact: a word is missing."));
        }
    };
    (!listed.contains(&which)).then(|| {
        format!(
            "Nobody knows {path:?}. Known are {}.",
            listed
                .iter()
                .map(|one| format!("{whose}.{one}"))
                .collect::<Vec<_>>()
                .join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mapping(value: Value) -> Mapping {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn every_field_comes_from_where_the_contract_says() {
        let one = mapping(json!({
            "city": { "fact": "order.ship_to.city" },
            "reason": { "first_of": ["open.reason", "inspect.reason", "sort.reason"] },
            "kind": { "value": "hold" },
            "nobody_knows": { "fact": "inspect.colour" },
        }));
        let known = json!({
            "order": { "ship_to": { "city": "Portland" } },
            "inspect": { "reason": "worn" },
        });
        assert_eq!(
            one.build(&known),
            json!({ "city": "Portland", "reason": "worn", "kind": "hold" })
        );
    }

    #[test]
    fn what_nobody_can_know_is_said_before_anything_is_published() {
        let schema = json!({ "required": ["a", "b"], "properties": { "a": {}, "b": {} } });
        let check = |value: Value, expected: &[(&str, &str)]| {
            let faults = mapping(value).faults(&schema);
            assert_eq!(faults.len(), expected.len(), "{faults:?}");
            for ((field, why), (wanted, part)) in faults.iter().zip(expected) {
                assert!(field == wanted && why.contains(part), "{field}: {why}");
            }
        };
        check(json!({}), &[]);
        check(
            json!({ "a": { "fact": "order.ref" }, "b": { "fact": "inspect.b" } }),
            &[],
        );
        check(
            json!({ "a": { "fact": "order.colour" } }),
            &[("a", "order.colour"), ("b", "nothing says")],
        );
        check(
            json!({ "a": { "fact": "order" }, "b": { "value": 1 }, "c": { "value": 1 } }),
            &[("a", "names no fact"), ("c", "does not know")],
        );
        check(
            json!({ "a": { "fact": "inspect..x" }, "b": { "value": 1 } }),
            &[("a", "a word is missing")],
        );
    }
}
