//! Canonical JSON (RFC 8785): one form for each content, whoever writes it. What people approve and sign is
//! named by the hash of it.
//!
//! A library knows how; it also takes fifteen times as long as writing the same JSON plainly, because it sorts
//! every name and writes every whole number as a floating one. An export is hashed each time it is made, edited
//! or checked, so the plain cases are written here: names that stand in order as they are, whole numbers that a
//! double holds exactly. The library has the others, and the tests hold both against each other.

use std::{cmp::Ordering, io::Write};

use serde_json::{Error, Number, Result, Value};

/// Up to here each whole number has a double of its own.
const EXACT: u64 = 1 << 53;

pub fn to_vec(value: &Value) -> Vec<u8> {
    written(|out| write(out, value), || value.to_string())
}

/// An object of these members, none of which is copied for it.
pub fn object(members: &[(&str, &Value)]) -> Vec<u8> {
    written(
        |out| write_members(out, members.to_vec()),
        || format!("{members:?}"),
    )
}

/// Writing to memory does not fail, and no number of a [`Value`] is infinite. Should it all the same, what is hashed
/// is at least not the same for everything.
fn written(
    write: impl FnOnce(&mut Vec<u8>) -> Result<()>,
    otherwise: impl FnOnce() -> String,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    match write(&mut out) {
        Ok(()) => out,
        Err(_) => otherwise().into_bytes(),
    }
}

/// Where a whole number stands that shares its double with others, and so its hash: whoever agreed to one of them
/// would have agreed to all. Its JSON pointer, and what to say.
pub fn ambiguous(value: &Value) -> Option<(String, &'static str)> {
    let below = |name: &str, value| {
        let (pointer, sentence) = ambiguous(value)?;
        let name = name.replace('~', "~0").replace('/', "~1");
        Some((format!("/{name}{pointer}"), sentence))
    };
    match value {
        Value::Number(number) if is_ambiguous(number) => Some((String::new(), TOO_LONG)),
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(at, item)| below(&at.to_string(), item))
        }
        Value::Object(members) => members.iter().find_map(|(name, value)| below(name, value)),
        _ => None,
    }
}

const TOO_LONG: &str = "A whole number is at most 9007199254740992 here, beyond which several have the same hash. \
                        Send a longer one as a text.";

fn is_ambiguous(number: &Number) -> bool {
    let size = number
        .as_u64()
        .or_else(|| number.as_i64().map(i64::unsigned_abs));
    size.is_some_and(|size| size > EXACT)
}

fn write(out: &mut Vec<u8>, value: &Value) -> Result<()> {
    match value {
        Value::Number(number) => write_number(out, number),
        Value::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write(out, item)?;
            }
            out.push(b']');
            Ok(())
        }
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.as_str(), value));
            write_members(out, members.collect())
        }
        Value::Null | Value::Bool(_) | Value::String(_) => serde_json::to_writer(out, value),
    }
}

fn write_members(out: &mut Vec<u8>, mut members: Vec<(&str, &Value)>) -> Result<()> {
    if !members.is_sorted_by(|one, next| order(one.0, next.0).is_le()) {
        members.sort_by(|one, other| order(one.0, other.0));
    }
    out.push(b'{');
    for (at, (name, value)) in members.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        serde_json::to_writer(&mut *out, name)?;
        out.push(b':');
        write(out, value)?;
    }
    out.push(b'}');
    Ok(())
}

fn write_number(out: &mut Vec<u8>, number: &Number) -> Result<()> {
    match number.as_i64() {
        Some(whole) if whole.unsigned_abs() <= EXACT => write!(out, "{whole}").map_err(Error::io),
        _ => serde_json_canonicalizer::to_writer(number, out),
    }
}

/// As UTF-16 sorts, which is the order of the bytes up to where one code point takes two units.
fn order(one: &str, other: &str) -> Ordering {
    if one.is_ascii() && other.is_ascii() {
        one.cmp(other)
    } else {
        one.encode_utf16().cmp(other.encode_utf16())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn text(value: &Value) -> String {
        String::from_utf8(to_vec(value)).unwrap()
    }

    #[test]
    fn what_is_agreed_to_is_one_content() {
        let (one, other) = (json!({ "n": EXACT }), json!({ "n": EXACT + 1 }));
        assert_eq!(text(&one), text(&other));
        assert_eq!(ambiguous(&one), None);
        assert_eq!(ambiguous(&other).unwrap().0, "/n");
        let found = ambiguous(&json!({ "a/b": [0, 1.5e300, -9_007_199_254_740_993_i64] }));
        assert_eq!(found.unwrap().0, "/a~1b/2");
        assert_eq!(
            ambiguous(&json!(["9007199254740993", -9_007_199_254_740_992_i64])),
            None
        );
    }

    /// RFC 8785, 3.2.2 and 3.2.3: the examples, with what they must become.
    #[test]
    fn what_the_standard_shows() {
        let given: Value = serde_json::from_str(
            r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
                "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#,
        )
        .unwrap();
        assert_eq!(
            text(&given),
            r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
        );
        let names: Value = serde_json::from_str(
            r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",
                "\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#,
        )
        .unwrap();
        let places: Vec<usize> = [
            "Carriage Return",
            "One",
            "Control",
            "Latin Small",
            "Euro Sign",
            "Emoji",
            "Hebrew",
        ]
        .iter()
        .map(|name| text(&names).find(name).unwrap())
        .collect();
        assert!(places.is_sorted(), "{}", text(&names));
    }

    #[test]
    fn an_object_of_members_is_that_object() {
        let (a, b) = (json!([1, "x"]), json!({"é": null}));
        let made = object(&[("b", &b), ("a", &a)]);
        assert_eq!(made, to_vec(&json!({"a": a, "b": b})));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-20_i64..20).prop_map(|near| json!((1_i64 << 53) + near)),
            (-20_i64..20).prop_map(|near| json!(-(1_i64 << 53) + near)),
            any::<f64>().prop_map(Value::from),
            (-1000_i32..1000).prop_map(|n| json!(f64::from(n) / 8.0)),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 48, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_is_what_the_library_writes(value in any_json()) {
            prop_assert_eq!(to_vec(&value), serde_json_canonicalizer::to_vec(&value).unwrap());
        }
    }
}
