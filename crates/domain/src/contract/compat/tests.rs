//! What is told of known changes, and whether an independent validator agrees with what is called compatible.

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::json;

use super::*;

fn places(reasons: &[Reason]) -> Vec<&str> {
    reasons.iter().map(|one| one.pointer.as_str()).collect()
}

#[test]
fn each_change_is_told_to_whom_it_hurts() {
    let old = json!({
        "type": "object",
        "required": ["sku", "price"],
        "properties": {
            "sku": { "type": "string", "minLength": 1, "maxLength": 40 },
            "price": { "type": "integer", "minimum": 0 },
            "state": { "enum": ["live", "draft"] },
            "note": { "type": ["string", "null"] },
            "lines": { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/line" } },
        },
        "additionalProperties": false,
        "$defs": { "line": { "type": "object", "required": ["qty"], "properties": { "qty": { "type": "integer" } } } },
    });
    let check = |pointer: &str, value: Value, breaking: &[&str], narrower: &[&str]| {
        let mut new = old.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = new.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Value::Null => parent.remove(key),
            value => parent.insert(key.to_owned(), value),
        };
        let report = compare(&old, &new);
        assert_eq!(places(&report.breaking), breaking, "{pointer} {new}");
        assert_eq!(places(&report.narrower), narrower, "{pointer} {new}");
    };
    check("/title", json!("Prices"), &[], &[]);
    // required
    check("/required", json!(["sku"]), &["/required"], &[]);
    check(
        "/required",
        json!(["sku", "price", "state"]),
        &[],
        &["/required"],
    );
    // types
    check(
        "/properties/price/type",
        json!("number"),
        &["/properties/price/type"],
        &[],
    );
    check(
        "/properties/note/type",
        json!("string"),
        &[],
        &["/properties/note/type"],
    );
    check(
        "/properties/note/type",
        json!(["string", "null", "boolean"]),
        &["/properties/note/type"],
        &[],
    );
    // values
    check(
        "/properties/state",
        json!({ "enum": ["live", "draft", "gone"] }),
        &["/properties/state/enum"],
        &[],
    );
    check(
        "/properties/state",
        json!({ "const": "live" }),
        &[],
        &["/properties/state/const"],
    );
    // bounds
    check(
        "/properties/price/minimum",
        json!(-1),
        &["/properties/price/minimum"],
        &[],
    );
    check(
        "/properties/price/minimum",
        json!(5),
        &[],
        &["/properties/price/minimum"],
    );
    check(
        "/properties/price/minimum",
        Value::Null,
        &["/properties/price/minimum"],
        &[],
    );
    check(
        "/properties/sku/maxLength",
        json!(80),
        &["/properties/sku/maxLength"],
        &[],
    );
    check(
        "/properties/sku/pattern",
        json!("^[A-Z]+$"),
        &[],
        &["/properties/sku/pattern"],
    );
    check(
        "/properties/lines/minItems",
        json!(0),
        &["/properties/lines/minItems"],
        &[],
    );
    // fields
    check(
        "/properties/extra",
        json!({ "type": "string" }),
        &["/properties/extra"],
        &[],
    );
    check(
        "/properties/state",
        Value::Null,
        &[],
        &["/properties/state"],
    );
    check(
        "/additionalProperties",
        Value::Null,
        &["/additionalProperties"],
        &[],
    );
    // what a reference leads to
    check(
        "/$defs/line/required",
        json!([]),
        &["/properties/lines/items/required"],
        &[],
    );
    // what cannot be judged breaks
    check("/not", json!({ "required": ["note"] }), &[], &["/not"]);
}

#[test]
fn another_major_is_suggested_for_what_breaks() {
    let live: Version = "3.9".parse().unwrap();
    let old = json!({ "type": "object", "required": ["a"] });
    assert_eq!(
        compare(&old, &json!({ "type": "object" }))
            .suggests(live)
            .to_string(),
        "4.0"
    );
    let more = json!({ "type": "object", "required": ["a", "b"] });
    assert_eq!(compare(&old, &more).suggests(live).to_string(), "3.10");
    assert_eq!(compare(&old, &old), Report::default());
}

#[test]
fn schemas_that_lead_in_circles_come_to_an_end() {
    let tree = |extra: Value| {
        json!({ "$ref": "#/$defs/node", "$defs": { "node": {
            "type": "object", "required": ["name"],
            "properties": { "name": { "type": "string" }, "left": { "$ref": "#/$defs/node" }, "extra": extra },
        } } })
    };
    let (one, other) = (
        tree(json!({ "type": "integer" })),
        tree(json!({ "type": ["integer", "null"] })),
    );
    assert_eq!(compare(&other, &one).breaking, []);
    assert!(!compare(&one, &other).is_compatible());
    // what refers to itself and nothing else says nothing, and is not taken for proof
    let circle = |to: &str| json!({ "$ref": "#/$defs/a", "$defs": { "a": { "anyOf": [{ "$ref": to }, { "type": "null" }] } } });
    assert!(!compare(&circle("#/$defs/a"), &json!({ "type": "string" })).is_compatible());
    let _ = compare(&json!({ "type": "string" }), &circle("#/$defs/a"));
    let _ = compare(&circle("#"), &circle("#/$defs/a"));
    let nowhere = json!({ "$ref": "#/$defs/gone" });
    assert!(!compare(&nowhere, &json!({ "type": "string" })).is_compatible());
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        (-3_i64..4).prop_map(Value::from),
        prop_oneof![Just(json!(0.5)), Just(json!(1.0)), Just(json!(2.5))],
        "[ab]{0,3}".prop_map(Value::from),
    ]
}

const FIELDS: [&str; 3] = ["a", "b", "c"];

fn object<T: std::fmt::Debug>(
    inner: impl Strategy<Value = T> + Clone,
) -> impl Strategy<Value = Vec<(&'static str, T)>> {
    proptest::collection::vec((proptest::sample::select(&FIELDS[..]), inner), 0..3)
}

fn fields(list: Vec<(&'static str, Value)>) -> Value {
    Value::Object(
        list.into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
    )
}

/// Small instances, so that many of them fit.
fn instance() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(2, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            object(inner).prop_map(fields),
        ]
    })
}

fn merged(parts: Vec<Value>) -> Value {
    let fields = parts.into_iter().filter_map(|part| match part {
        Value::Object(fields) => Some(fields),
        _ => None,
    });
    Value::Object(fields.flatten().collect())
}

fn type_word() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(
        &[
            "null", "boolean", "integer", "number", "string", "array", "object", "object",
        ][..],
    )
}

fn plain() -> BoxedStrategy<Value> {
    let kinds = prop_oneof![
        type_word().prop_map(Value::from),
        (type_word(), type_word()).prop_map(|(a, b)| if a == b { json!(a) } else { json!([a, b]) }),
    ];
    let keyword = prop_oneof![
        kinds.prop_map(|kinds| json!({ "type": kinds })),
        (-2_i64..3).prop_map(|n| json!({ "minimum": n })),
        (-2_i64..3).prop_map(|n| json!({ "maximum": n })),
        (-2_i64..3).prop_map(|n| json!({ "exclusiveMinimum": n })),
        (-2_i64..3).prop_map(|n| json!({ "exclusiveMaximum": n })),
        (1_i64..4).prop_map(|n| json!({ "multipleOf": n })),
        (0_i64..3).prop_map(|n| json!({ "minLength": n })),
        (0_i64..3).prop_map(|n| json!({ "maxLength": n })),
        prop_oneof![Just("^a"), Just("b$")].prop_map(|p| json!({ "pattern": p })),
        leaf().prop_map(|value| json!({ "const": value })),
        proptest::collection::vec(leaf(), 1..4).prop_map(|values| json!({ "enum": values })),
    ];
    proptest::collection::vec(keyword, 0..3)
        .prop_map(merged)
        .boxed()
}

fn schema() -> BoxedStrategy<Value> {
    let bottom = prop_oneof![
        8 => plain(),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(json!({ "$ref": "#/$defs/d" })),
    ];
    bottom
        .prop_recursive(3, 24, 3, |inner| {
            let one = inner.clone();
            let many = proptest::collection::vec(inner.clone(), 1..3);
            let keyword = prop_oneof![
                3 => object(inner.clone()).prop_map(|list| json!({ "properties": fields(list) })),
                2 => proptest::sample::subsequence(&FIELDS[..], 0..3).prop_map(|list| json!({ "required": list })),
                2 => one.clone().prop_map(|one| json!({ "additionalProperties": one })),
                1 => Just(json!({ "additionalProperties": false })),
                1 => one.clone().prop_map(|one| json!({ "patternProperties": { "^[ab]$": one } })),
                1 => (0_i64..3).prop_map(|n| json!({ "minProperties": n })),
                1 => (0_i64..3).prop_map(|n| json!({ "maxProperties": n })),
                2 => one.clone().prop_map(|one| json!({ "items": one })),
                1 => many.clone().prop_map(|many| json!({ "prefixItems": many })),
                1 => one.clone().prop_map(|one| json!({ "contains": one })),
                1 => Just(json!({ "uniqueItems": true })),
                1 => (0_i64..3).prop_map(|n| json!({ "minItems": n })),
                1 => (0_i64..3).prop_map(|n| json!({ "maxItems": n })),
                1 => many.clone().prop_map(|many| json!({ "allOf": many })),
                2 => many.clone().prop_map(|many| json!({ "anyOf": many })),
                1 => many.prop_map(|many| json!({ "oneOf": many })),
                1 => one.clone().prop_map(|one| json!({ "not": one })),
                1 => (one.clone(), one.clone()).prop_map(|(a, b)| json!({ "if": a, "then": b })),
                1 => one.clone().prop_map(|one| json!({ "propertyNames": one })),
                1 => Just(json!({ "dependentRequired": { "a": ["b"] } })),
                1 => Just(json!({ "unevaluatedProperties": false })),
            ];
            (plain(), proptest::collection::vec(keyword, 1..3)).prop_map(|(plain, mut parts)| {
                parts.insert(0, plain);
                merged(parts)
            })
        })
        .boxed()
}

/// A keyword somewhere in the schema is taken out, or one is put in: most changes are small.
fn changed(mut schema: Value, at: usize, with: &Value) -> Value {
    let mut places = vec![String::new()];
    let mut next = 0;
    while let Some(place) = places.get(next).cloned() {
        if let Some(Value::Object(fields)) = schema.pointer(&place) {
            for key in fields
                .keys()
                .filter(|key| *key != "const" && *key != "enum")
            {
                places.push(node::below(&place, key));
            }
        } else if let Some(Value::Array(items)) = schema.pointer(&place) {
            places.extend((0..items.len()).map(|index| format!("{place}/{index}")));
        }
        next += 1;
    }
    let place = &places[at % places.len()];
    let is_schema =
        |text: &str| !text.ends_with("/properties") && !text.ends_with("/patternProperties");
    match (schema.pointer_mut(place), with) {
        (Some(Value::Object(fields)), Value::Object(more)) if is_schema(place) => {
            match fields.keys().nth(at % (fields.len() + 1)).cloned() {
                Some(key) => drop(fields.remove(&key)),
                None => fields.extend(more.clone()),
            }
        }
        (Some(Value::Object(fields)), _) => {
            let key = fields.keys().nth(at % fields.len().max(1)).cloned();
            key.map(|key| fields.remove(&key));
        }
        (Some(number @ Value::Number(_)), _) => *number = json!(at % 4),
        (Some(Value::Array(items)), _) if items.len() > 1 => drop(items.pop()),
        _ => {}
    }
    schema
}

fn with_defs(mut schema: Value, def: &Value) -> Value {
    if let Some(fields) = schema.as_object_mut() {
        fields.insert("$defs".to_owned(), json!({ "d": def }));
    }
    schema
}

fn judge(schema: &Value) -> Option<jsonschema::Validator> {
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(schema)
        .ok()
}

/// Whatever is called compatible: each instance that fits the new schema fits the old one. It must be called so
/// often enough, and instances must fit often enough, for that to mean anything.
#[test]
fn an_independent_validator_agrees_with_what_is_called_compatible() {
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 1_500,
        ..ProptestConfig::default()
    });
    let counts = std::cell::Cell::new((0_u32, 0_u32));
    let pair = (
        schema(),
        plain(),
        plain(),
        any::<usize>(),
        schema(),
        any::<u8>(),
    )
        .prop_map(|(old, def, more, at, other, which)| {
            let new = match which % 8 {
                0 => other,
                1 => changed(changed(old.clone(), at, &more), at / 7, &def),
                _ => changed(old.clone(), at, &more),
            };
            let def_now = if which % 5 == 0 {
                changed(def.clone(), at, &more)
            } else {
                def.clone()
            };
            (with_defs(old, &def), with_defs(new, &def_now))
        });
    let input = (pair, proptest::collection::vec(instance(), 60));
    runner
        .run(&input, |((old, new), instances)| {
            let (Some(reads), Some(writes)) = (judge(&old), judge(&new)) else {
                return Ok(());
            };
            let report = compare(&old, &new);
            let (called, fitted) = counts.get();
            if !report.is_compatible() {
                return Ok(());
            }
            let fitting: Vec<&Value> = instances
                .iter()
                .filter(|one| writes.is_valid(one))
                .collect();
            let meant = u32::from(old != new && !fitting.is_empty());
            counts.set((
                called + meant,
                fitted + u32::try_from(fitting.len()).unwrap(),
            ));
            for one in fitting {
                prop_assert!(reads.is_valid(one), "{one} fits\n{new}\nand not\n{old}");
            }
            Ok(())
        })
        .unwrap();
    let (called, fitted) = counts.get();
    assert!(
        called > 60 && fitted > 1_000,
        "{called} pairs, {fitted} instances"
    );
}
