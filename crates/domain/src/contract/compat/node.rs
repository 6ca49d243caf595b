//! Schemas as they are looked at: references followed, `allOf` taken apart, types as sets.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

/// Most schemas that are looked at as holding of one instance at once.
const MOST_TOGETHER: usize = 128;

/// A schema and the document whose definitions it refers to.
#[derive(Clone, Copy)]
pub(super) struct Node<'v> {
    pub schema: &'v Value,
    pub root: &'v Value,
    /// Its alternatives were taken one by one already.
    pub split: bool,
}

impl<'v> Node<'v> {
    pub fn of(root: &'v Value) -> Self {
        Self {
            schema: root,
            root,
            split: false,
        }
    }

    pub fn at(self, schema: &'v Value) -> Self {
        Self {
            schema,
            split: false,
            ..self
        }
    }

    pub fn get(self, keyword: &str) -> Option<&'v Value> {
        self.schema.get(keyword)
    }

    pub fn map(self, keyword: &str) -> Option<&'v Map<String, Value>> {
        self.get(keyword)?.as_object()
    }

    pub fn list(self, keyword: &str) -> Option<&'v Vec<Value>> {
        self.get(keyword)?.as_array()
    }

    /// What a reference of this document leads to.
    pub fn follow(self, reference: &Value) -> Option<Self> {
        let pointer = reference.as_str()?.strip_prefix('#')?;
        self.root.pointer(pointer).map(|schema| self.at(schema))
    }

    /// The alternatives that are still to be taken one by one.
    pub fn alternatives(self) -> Option<&'v Vec<Value>> {
        if self.split {
            return None;
        }
        self.list("anyOf").or_else(|| self.list("oneOf"))
    }
}

/// Everything that holds of an instance at once: the schema, what it refers to, the parts of its `allOf`. What
/// cannot be followed is left out, which only makes less known.
pub(super) fn together<'v>(nodes: &[Node<'v>]) -> Vec<Node<'v>> {
    let mut all: Vec<Node<'v>> = nodes.to_vec();
    let mut next = 0;
    while let Some(node) = all.get(next).copied() {
        next += 1;
        let referred = node.get("$ref").and_then(|to| node.follow(to));
        let parts = node.list("allOf").into_iter().flatten();
        for part in parts.map(|part| node.at(part)).chain(referred) {
            // the same schema once: what holds twice holds once
            let known = all.iter().any(|one| std::ptr::eq(one.schema, part.schema));
            if !known && all.len() < MOST_TOGETHER {
                all.push(part);
            }
        }
    }
    all
}

const NULL: u8 = 1;
const BOOLEAN: u8 = 2;
pub(super) const OBJECT: u8 = 4;
pub(super) const ARRAY: u8 = 8;
const INTEGER: u8 = 16;
const FRACTION: u8 = 32;
pub(super) const STRING: u8 = 64;
pub(super) const NUMBER: u8 = INTEGER | FRACTION;
const ALL: u8 = 127;

const NAMES: [(&str, u8); 7] = [
    ("null", NULL),
    ("boolean", BOOLEAN),
    ("object", OBJECT),
    ("array", ARRAY),
    ("number", NUMBER),
    ("integer", INTEGER),
    ("string", STRING),
];

fn named(name: &str) -> u8 {
    NAMES
        .iter()
        .find(|(known, _)| *known == name)
        .map_or(0, |(_, bits)| *bits)
}

/// The types that `type` says.
pub(super) fn types_said(value: &Value) -> u8 {
    match value {
        Value::String(name) => named(name),
        Value::Array(names) => names
            .iter()
            .filter_map(Value::as_str)
            .fold(0, |bits, name| bits | named(name)),
        _ => ALL,
    }
}

fn type_of(value: &Value) -> u8 {
    match value {
        Value::Null => NULL,
        Value::Bool(_) => BOOLEAN,
        Value::Object(_) => OBJECT,
        Value::Array(_) => ARRAY,
        Value::String(_) => STRING,
        Value::Number(number) => {
            if number.is_i64() || number.is_u64() {
                return INTEGER;
            }
            // 1.0 is an integer as well
            match number.as_f64() {
                Some(float) if float.fract() != 0.0 => FRACTION,
                _ => NUMBER,
            }
        }
    }
}

/// The types that an instance can have of which all of these hold.
pub(super) fn types(nodes: &[Node<'_>]) -> u8 {
    nodes.iter().fold(ALL, |bits, node| bits & of_one(*node, 0))
}

fn of_one(node: Node<'_>, depth: usize) -> u8 {
    if node.schema == &Value::Bool(false) {
        return 0;
    }
    let mut bits = node.get("type").map_or(ALL, types_said);
    if let Some(value) = node.get("const") {
        bits &= type_of(value);
    }
    if let Some(values) = node.list("enum") {
        bits &= values.iter().fold(0, |all, value| all | type_of(value));
    }
    if depth < 4
        && let Some(branches) = node.alternatives()
    {
        bits &= branches.iter().fold(0, |all, branch| {
            let parts = together(&[node.at(branch)]);
            all | parts
                .iter()
                .fold(ALL, |bits, part| bits & of_one(*part, depth + 1))
        });
    }
    bits
}

/// "string or null".
pub(super) fn type_words(bits: u8) -> String {
    let mut names: Vec<&str> = NAMES
        .iter()
        .filter(|(name, one)| {
            bits & one == *one && !(*name == "integer" && bits & NUMBER == NUMBER)
        })
        .map(|(name, _)| *name)
        .collect();
    if bits & NUMBER == FRACTION {
        names.push("number with a fraction");
    }
    names.join(" or ")
}

/// The values that an instance can have, where they are listed.
pub(super) fn values<'v>(nodes: &[Node<'v>]) -> Option<Vec<&'v Value>> {
    nodes.iter().find_map(|node| {
        node.get("const")
            .map(|one| vec![one])
            .or_else(|| node.list("enum").map(|many| many.iter().collect()))
    })
}

/// None where neither form can be compared with the other exactly.
pub(super) fn order(a: &Number, b: &Number) -> Option<Ordering> {
    let whole = |number: &Number| {
        number
            .as_i64()
            .map(i128::from)
            .or_else(|| number.as_u64().map(i128::from))
    };
    if let (Some(a), Some(b)) = (whole(a), whole(b)) {
        return Some(a.cmp(&b));
    }
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let (a, b) = (a.as_f64()?, b.as_f64()?);
    (a.abs() <= EXACT && b.abs() <= EXACT)
        .then(|| a.partial_cmp(&b))
        .flatten()
}

/// One step further in a JSON Pointer.
pub(super) fn below(pointer: &str, word: &str) -> String {
    format!("{pointer}/{}", word.replace('~', "~0").replace('/', "~1"))
}

/// Something in it refers to somewhere else.
pub(super) fn refers(value: &Value) -> bool {
    match value {
        Value::Object(fields) => {
            fields.contains_key("$ref")
                || fields.contains_key("$dynamicRef")
                || fields.values().any(refers)
        }
        Value::Array(items) => items.iter().any(refers),
        _ => false,
    }
}
