//! Whether a schema may be kept at all: one that takes long to compile or to apply, or that looks elsewhere, is
//! refused when it is saved, with the place and the reason.
//!
//! What is looked at: size, depth, how many schemas it has; references, which stay inside the document and lead
//! somewhere; how many schemas apply to one value at once (a chain of `allOf` doubles with each link), and
//! circles, which may go down into the value once each way and no more; patterns ([`pattern`]), which others who
//! validate with this schema check as well.

use std::collections::{BTreeMap, HashMap};

use domain::depth::MAX_DEPTH;
use serde_json::Value;

use super::pattern;
use crate::error::FieldError;

/// Longest schema, as JSON.
pub const MAX_SCHEMA_BYTES: usize = 128 * 1024;
/// Most lists and objects inside each other.
pub const MAX_SCHEMA_DEPTH: usize = 32;
/// Most schemas in a schema.
pub const MAX_SCHEMAS: usize = 2_000;
/// Most values of any kind in a schema: names of types, of enumerations.
const MAX_VALUES: usize = 20_000;
/// Most schemas that apply to one value at once.
const MAX_AT_ONCE: u64 = 500;
/// Most faults that are told at once.
const MOST_FAULTS: usize = 50;
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Keywords that lead out of the document or change what references mean.
const FOREIGN: [&str; 7] = [
    "$anchor",
    "$dynamicAnchor",
    "$dynamicRef",
    "$recursiveAnchor",
    "$recursiveRef",
    "$vocabulary",
    "$id",
];

/// A schema within the document, and what it leads to.
#[derive(Default)]
struct Place {
    pointer: String,
    /// Apply to the same value.
    here: Vec<usize>,
    /// Apply to a part of it, by kind of part.
    below: Vec<(&'static str, usize)>,
}

#[derive(Default)]
struct Guard {
    faults: Vec<FieldError>,
    places: Vec<Place>,
    by_pointer: HashMap<String, usize>,
    refs: Vec<(usize, String)>,
}

/// Everything that speaks against keeping it. `at` is the pointer of the schema in what is being saved.
pub fn faults(schema: &Value, at: &str) -> Vec<FieldError> {
    let mut guard = Guard::default();
    guard.look(schema);
    let mut faults = guard.faults;
    faults.truncate(MOST_FAULTS);
    for fault in &mut faults {
        fault.field = format!("{at}{}", fault.field);
    }
    faults
}

impl Guard {
    fn say(&mut self, pointer: &str, sentence: impl Into<String>) {
        self.faults.push(FieldError {
            field: pointer.to_owned(),
            sentence: sentence.into(),
        });
    }

    fn look(&mut self, schema: &Value) {
        let bytes = schema.to_string().len();
        if bytes > MAX_SCHEMA_BYTES {
            let (kb, most) = (bytes / 1024, MAX_SCHEMA_BYTES / 1024);
            self.say(
                "",
                format!("The schema has {kb} kB; {most} kB is the most."),
            );
            return;
        }
        if !schema.is_object() && !schema.is_boolean() {
            self.say(
                "",
                "A schema is an object: begin with { \"type\": \"object\" }.",
            );
            return;
        }
        if let Some(dialect) = schema.get("$schema")
            && dialect.as_str().map(|text| text.trim_end_matches('#')) != Some(DIALECT)
        {
            self.say(
                "/$schema",
                format!("Schemas here are of 2020-12: write {DIALECT}."),
            );
        }
        let mut values = 0;
        if let Some(place) = size(schema, "", 1, &mut values) {
            self.say(
                &place,
                format!("This is nested deeper than {MAX_SCHEMA_DEPTH} lists and objects."),
            );
            return;
        }
        if values > MAX_VALUES {
            self.say(
                "",
                format!("The schema has {values} values; {MAX_VALUES} are the most."),
            );
            return;
        }
        self.place(schema, String::new());
        if self.places.len() > MAX_SCHEMAS {
            let many = self.places.len();
            self.say(
                "",
                format!("There are {many} schemas in this one; {MAX_SCHEMAS} are the most."),
            );
            return;
        }
        self.follow();
        if self.faults.is_empty() {
            self.weigh();
        }
    }

    fn place(&mut self, schema: &Value, pointer: String) -> usize {
        let index = self.places.len();
        self.by_pointer.insert(pointer.clone(), index);
        self.places.push(Place {
            pointer: pointer.clone(),
            ..Place::default()
        });
        let Some(fields) = schema.as_object().filter(|_| index <= MAX_SCHEMAS) else {
            return index;
        };
        for (keyword, value) in fields {
            let at = format!("{pointer}/{}", escaped(keyword));
            match keyword.as_str() {
                "allOf" | "anyOf" | "oneOf" | "prefixItems" => {
                    for (n, one) in value.as_array().into_iter().flatten().enumerate() {
                        let inner = self.place(one, format!("{at}/{n}"));
                        if keyword == "prefixItems" {
                            self.lead(index, Some("item"), inner);
                        } else {
                            self.lead(index, None, inner);
                        }
                    }
                }
                "not" | "if" | "then" | "else" => {
                    let inner = self.place(value, at);
                    self.lead(index, None, inner);
                }
                "items" | "contains" | "unevaluatedItems" => {
                    let inner = self.place(value, at);
                    let part = if keyword == "contains" { "contained" } else { "item" };
                    self.lead(index, Some(part), inner);
                }
                "additionalProperties" | "unevaluatedProperties" | "propertyNames" => {
                    let inner = self.place(value, at);
                    self.lead(index, Some("field"), inner);
                }
                "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas" => {
                    for (name, one) in value.as_object().into_iter().flatten() {
                        let here = format!("{at}/{}", escaped(name));
                        if keyword == "patternProperties" {
                            self.pattern(name, &here);
                        }
                        let inner = self.place(one, here);
                        match keyword.as_str() {
                            "properties" => self.lead(index, Some("field"), inner),
                            "patternProperties" => self.lead(index, Some("matching"), inner),
                            "dependentSchemas" => self.lead(index, None, inner),
                            _ => {}
                        }
                    }
                }
                "pattern" => {
                    if let Some(text) = value.as_str() {
                        self.pattern(text, &at);
                    }
                }
                "$ref" => match value.as_str() {
                    Some(to) if to.starts_with('#') => self.refs.push((index, to.to_owned())),
                    _ => self.say(
                        &at,
                        "Nothing is fetched from elsewhere: copy it into $defs, and refer to it as #/$defs/its_name.",
                    ),
                },
                word if FOREIGN.contains(&word) && !(word == "$id" && pointer.is_empty()) => {
                    self.say(&at, format!("{word} is not used here: refer to #/$defs/its_name."));
                }
                _ => {}
            }
        }
        index
    }

    fn lead(&mut self, from: usize, part: Option<&'static str>, to: usize) {
        if let Some(place) = self.places.get_mut(from) {
            match part {
                None => place.here.push(to),
                Some(part) => place.below.push((part, to)),
            }
        }
    }

    fn follow(&mut self) {
        for (from, to) in std::mem::take(&mut self.refs) {
            let pointer = percent_decoded(to.get(1..).unwrap_or_default());
            match self.by_pointer.get(&pointer).copied() {
                Some(target) => self.lead(from, None, target),
                None => {
                    let at = self
                        .places
                        .get(from)
                        .map_or("", |place| place.pointer.as_str());
                    let at = format!("{at}/$ref");
                    self.say(&at, format!("There is no schema at {to}."));
                }
            }
        }
    }

    /// How many schemas apply to one value at once, and what circles there are.
    fn weigh(&mut self) {
        let mut weights: Vec<Option<u64>> = vec![None; self.places.len()];
        for index in 0..self.places.len() {
            if let Err(place) = self.weight(index, &mut weights, 0) {
                let at = self
                    .places
                    .get(place)
                    .map_or("", |one| one.pointer.as_str())
                    .to_owned();
                self.say(
                    &at,
                    "This leads back to itself without going into the value: it would never end.",
                );
                return;
            }
            if weights.get(index).copied().flatten() > Some(MAX_AT_ONCE) {
                let at = self
                    .places
                    .get(index)
                    .map_or("", |one| one.pointer.as_str())
                    .to_owned();
                self.say(
                    &at,
                    format!("More than {MAX_AT_ONCE} schemas apply to one value here: name fewer alternatives."),
                );
                return;
            }
        }
        for circle in self.circles() {
            // within a circle each step down must lead back in one way only, or the work doubles with each level
            for index in &circle {
                let Some(place) = self.places.get(*index) else {
                    continue;
                };
                let inside = |to: &usize| circle.contains(to);
                let here = place.here.iter().filter(|to| inside(to)).count();
                let mut parts: BTreeMap<&str, usize> = BTreeMap::new();
                for (part, to) in &place.below {
                    if inside(to) {
                        *parts.entry(*part).or_default() += 1;
                    }
                }
                let mixed = parts.contains_key("field") && parts.contains_key("matching")
                    || parts.contains_key("item") && parts.contains_key("contained")
                    || parts.get("matching").is_some_and(|many| *many > 1);
                if here > 1 || here == 1 && !parts.is_empty() || mixed {
                    let at = place.pointer.clone();
                    self.say(
                        &at,
                        "This refers to itself in two ways at once: the work would double with every level.",
                    );
                    return;
                }
            }
        }
    }

    fn weight(&self, index: usize, known: &mut [Option<u64>], depth: usize) -> Result<u64, usize> {
        if let Some(weight) = known.get(index).copied().flatten() {
            return Ok(weight);
        }
        // longer than there are schemas: somewhere it goes round
        if depth > MAX_DEPTH.max(MAX_SCHEMAS / 4) {
            return Err(index);
        }
        let mut weight = 1_u64;
        let here = self.places.get(index).map(|place| place.here.as_slice());
        for to in here.unwrap_or_default() {
            weight = weight.saturating_add(self.weight(*to, known, depth + 1)?);
        }
        if let Some(slot) = known.get_mut(index) {
            *slot = Some(weight);
        }
        Ok(weight)
    }

    /// The groups of schemas that lead to each other.
    fn circles(&self) -> Vec<Vec<usize>> {
        let next = |index: usize| {
            let place = self.places.get(index);
            let here = place
                .into_iter()
                .flat_map(|place| place.here.iter().copied());
            let below = place
                .into_iter()
                .flat_map(|place| place.below.iter().map(|(_, to)| *to));
            here.chain(below).collect::<Vec<usize>>()
        };
        let reach = |from: usize| {
            let mut seen = vec![false; self.places.len()];
            let mut open = next(from);
            while let Some(index) = open.pop() {
                if let Some(seen) = seen.get_mut(index)
                    && !std::mem::replace(seen, true)
                {
                    open.extend(next(index));
                }
            }
            seen
        };
        // only what something refers to can be part of a circle, and each circle has such a place
        let mut targets: Vec<usize> = (0..self.places.len())
            .filter(|index| {
                self.places.iter().any(|place| {
                    place.here.iter().any(|to| to == index)
                        && !self.is_inside(*index, &place.pointer)
                })
            })
            .collect();
        let mut circles = Vec::new();
        while let Some(target) = targets.pop() {
            let from_it = reach(target);
            if from_it.get(target) != Some(&true) {
                continue;
            }
            let circle: Vec<usize> = (0..self.places.len())
                .filter(|index| from_it.get(*index) == Some(&true))
                .filter(|index| reach(*index).get(target) == Some(&true))
                .collect();
            targets.retain(|one| !circle.contains(one));
            circles.push(circle);
        }
        circles
    }

    fn is_inside(&self, index: usize, pointer: &str) -> bool {
        self.places.get(index).is_some_and(|place| {
            place.pointer.len() > pointer.len()
                && place.pointer.starts_with(pointer)
                && place.pointer.as_bytes().get(pointer.len()) == Some(&b'/')
        })
    }

    fn pattern(&mut self, text: &str, at: &str) {
        if let Some(why) = pattern::fault(text) {
            self.say(at, why);
        }
    }
}

/// The place that is too deep, if any; counts the values on the way.
fn size(value: &Value, at: &str, depth: usize, count: &mut usize) -> Option<String> {
    *count += 1;
    if depth > MAX_SCHEMA_DEPTH {
        return Some(at.to_owned());
    }
    match value {
        Value::Object(fields) => fields
            .iter()
            .find_map(|(key, one)| size(one, &format!("{at}/{}", escaped(key)), depth + 1, count)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(n, one)| size(one, &format!("{at}/{n}"), depth + 1, count)),
        _ => None,
    }
}

fn escaped(word: &str) -> String {
    word.replace('~', "~0").replace('/', "~1")
}

/// References may be written as in a URL.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        let hex = text
            .get(at + 1..at + 3)
            .filter(|_| byte == b'%')
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        plain.push(hex.unwrap_or(byte));
        at += if hex.is_some() { 3 } else { 1 };
    }
    String::from_utf8(plain).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn places(schema: &Value) -> Vec<String> {
        faults(schema, "/schema")
            .into_iter()
            .map(|one| one.field)
            .collect()
    }

    #[test]
    fn what_would_blow_up_is_refused_at_its_place() {
        let deep = (0..40).fold(
            json!({ "type": "string" }),
            |inner, _| json!({ "items": inner }),
        );
        assert_eq!(places(&deep).len(), 1);
        let wide: Vec<Value> = (0..2_100).map(|n| json!({ "const": n })).collect();
        assert_eq!(places(&json!({ "anyOf": wide })), ["/schema"]);
        assert_eq!(
            places(&json!({ "description": "x".repeat(140_000) })),
            ["/schema"]
        );
        assert_eq!(places(&json!([1])), ["/schema"]);
        // each link applies the next one twice
        let mut defs = serde_json::Map::new();
        for n in 0..20 {
            let next = json!({ "$ref": format!("#/$defs/d{}", n + 1) });
            defs.insert(format!("d{n}"), json!({ "allOf": [next, next] }));
        }
        defs.insert("d20".to_owned(), json!({ "type": "string" }));
        let doubling = faults(&json!({ "$ref": "#/$defs/d0", "$defs": defs }), "");
        assert_eq!(doubling.len(), 1);
        assert!(
            doubling[0].sentence.contains("apply to one value"),
            "{doubling:?}"
        );
    }

    #[test]
    fn references_stay_here_lead_somewhere_and_come_to_an_end() {
        let at = |schema: Value| places(&schema);
        assert_eq!(
            at(json!({ "$ref": "https://evil.example/s.json" })),
            ["/schema/$ref"]
        );
        assert_eq!(
            at(json!({ "$ref": "file:///etc/passwd" })),
            ["/schema/$ref"]
        );
        assert_eq!(
            at(json!({ "properties": { "a": { "$ref": "#/$defs/b" } } })),
            ["/schema/properties/a/$ref"]
        );
        assert_eq!(
            at(json!({ "items": { "$id": "https://a.example/" } })),
            ["/schema/items/$id"]
        );
        assert_eq!(at(json!({ "$ref": "#" })), ["/schema"]);
        assert_eq!(
            at(json!({ "$schema": "http://json-schema.org/draft-07/schema#" })),
            ["/schema/$schema"]
        );
        // a tree is fine, a tree that is walked twice at each level is not
        let tree = |child: Value| {
            json!({ "$ref": "#/$defs/node", "$defs": { "node": { "properties": {
            "left": child, "right": { "$ref": "#/$defs/node" } } } } })
        };
        assert_eq!(
            at(tree(json!({ "$ref": "#/$defs/node" }))),
            Vec::<String>::new()
        );
        let or_null = json!({ "anyOf": [{ "$ref": "#/$defs/node" }, { "type": "null" }] });
        assert_eq!(at(tree(or_null)), Vec::<String>::new());
        let twice = json!({ "allOf": [{ "$ref": "#/$defs/node" }, { "$ref": "#/$defs/node" }] });
        assert_eq!(at(tree(twice)).len(), 1);
    }

    #[test]
    fn patterns_that_take_forever_are_refused_where_they_stand() {
        assert_eq!(
            places(&json!({ "pattern": "^(a|a)*$" })),
            ["/schema/pattern"]
        );
        assert_eq!(
            places(&json!({ "patternProperties": { "(a+)+": {} } })),
            ["/schema/patternProperties/(a+)+"]
        );
        assert_eq!(
            places(&json!({ "pattern": "^[A-Z]{2}$" })),
            Vec::<String>::new()
        );
    }
}
