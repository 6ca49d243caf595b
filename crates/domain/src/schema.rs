//! What a JSON Schema says plainly of a place in a value: where it says so through alternatives, or says nothing,
//! anything is taken to be possible there.

use serde_json::Value;

/// Keywords that say of a value what its other keywords do not.
const OTHERWISE: [&str; 7] = [
    "$dynamicRef",
    "allOf",
    "anyOf",
    "oneOf",
    "if",
    "patternProperties",
    "prefixItems",
];

/// How many references are followed.
const MOST_REFERENCES: usize = 32;

/// Whether the schema may let a value of that kind through at a place (a JSON Pointer, `*` for every element).
pub fn may_be(schema: &Value, at: &str, kind: &str) -> bool {
    let place: Vec<&str> = at.split('/').skip(1).collect();
    let Some(there) = plainly(schema, schema, &place, MOST_REFERENCES) else {
        return true;
    };
    match there {
        Value::Bool(any) => *any,
        Value::Object(fields) => {
            let never = fields
                .get("not")
                .is_some_and(|not| *not == Value::Bool(true) || *not == serde_json::json!({}));
            !never
                && match fields.get("type") {
                    Some(Value::String(one)) => is_one(one, kind),
                    Some(Value::Array(some)) => some
                        .iter()
                        .filter_map(Value::as_str)
                        .any(|one| is_one(one, kind)),
                    _ => true,
                }
        }
        _ => true,
    }
}

/// A whole number is a number.
fn is_one(one: &str, kind: &str) -> bool {
    one == kind || one == "number" && kind == "integer"
}

/// The schema of that place, if there is one that says all.
fn plainly<'s>(
    root: &'s Value,
    schema: &'s Value,
    place: &[&str],
    references: usize,
) -> Option<&'s Value> {
    let Value::Object(fields) = schema else {
        return place.is_empty().then_some(schema);
    };
    if OTHERWISE.iter().any(|one| fields.contains_key(*one)) {
        return None;
    }
    if let Some(to) = fields.get("$ref").and_then(Value::as_str) {
        let there = root.pointer(to.strip_prefix('#')?)?;
        return plainly(root, there, place, references.checked_sub(1)?);
    }
    let Some((word, rest)) = place.split_first() else {
        return Some(schema);
    };
    let key = word.replace("~1", "/").replace("~0", "~");
    let named = fields
        .get("properties")
        .and_then(|named| named.get(&key))
        .or_else(|| {
            let of_list = key == "*" || key.parse::<usize>().is_ok();
            fields.get("items").filter(|_| of_list)
        })?;
    plainly(root, named, rest, references)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_schema_says_plainly_is_believed_and_nothing_else() {
        let schema = json!({
            "type": "object",
            "properties": {
                "sku": { "type": "string" },
                "note": { "type": ["string", "null"] },
                "lines": { "type": "array", "items": { "properties": { "price": { "$ref": "#/$defs/money" } } } },
                "either": { "anyOf": [{ "type": "string" }] },
                "round": { "$ref": "#/properties/round" },
                "never": false,
                "none": { "not": {} },
                "a/b": { "type": "number" },
            },
            "$defs": { "money": { "type": "object", "properties": { "amount_minor": { "type": "integer" } } } },
        });
        for (at, kind, may) in [
            ("", "object", true),
            ("", "string", false),
            ("/sku", "string", true),
            ("/sku", "object", false),
            ("/note", "null", true),
            ("/note", "integer", false),
            ("/lines/*/price", "object", true),
            ("/lines/0/price", "string", false),
            ("/lines/*/price/amount_minor", "integer", true),
            ("/lines/*/price/amount_minor", "string", false),
            ("/lines/*/price/currency", "string", true),
            ("/either", "object", true),
            ("/round", "object", true),
            ("/never", "string", false),
            ("/none", "string", false),
            ("/a~1b", "integer", true),
            ("/elsewhere/at/all", "string", true),
        ] {
            assert_eq!(may_be(&schema, at, kind), may, "{at} {kind}");
        }
        for never in [
            json!(false),
            json!({ "type": "array" }),
            json!({ "not": true }),
        ] {
            assert!(!may_be(&never, "", "object"), "{never}");
        }
        assert!(may_be(&json!(true), "", "object") && may_be(&json!({}), "", "object"));
    }
}
