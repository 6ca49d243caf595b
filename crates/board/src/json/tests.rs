use proptest::prelude::*;
use serde_json::json;

use super::*;

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|n| json!(n)),
        any::<u64>().prop_map(|n| json!(n)),
        prop::num::f64::NORMAL.prop_map(|n| json!(n)),
        any::<String>().prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|all| Value::Object(all.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_others_write_is_read(value in any_value(), pretty: bool) {
        let written = match pretty {
            true => serde_json::to_string_pretty(&value).unwrap(),
            false => serde_json::to_string(&value).unwrap(),
        };
        prop_assert_eq!(Json::parse(&written).unwrap().value(), value);
    }

    #[test]
    fn others_read_what_is_written(value in any_value()) {
        prop_assert_eq!(serde_json::from_str::<Value>(&text(&value)).unwrap(), value);
    }

    #[test]
    fn nonsense_is_refused_where_others_refuse_it(said in "[\\[\\]{}:,\"\\\\ut0-9.eE+\\- a-f]{0,12}") {
        let others = serde_json::from_str::<Value>(&said);
        // a number beyond every float is nothing here, and an error there
        if !said.contains(['e', 'E']) {
            prop_assert_eq!(Json::parse(&said).is_ok(), others.is_ok(), "{}", said);
        }
    }
}

#[test]
fn letters_are_unescaped() {
    let said = r#""a\n\t\"\\\/\u00e9\ud83d\ude00 – é""#;
    let read = Json::parse(said).unwrap();
    assert_eq!(read, Json::Text("a\n\t\"\\/é😀 – é".to_owned()));
    for broken in [
        r#""\ud83d""#,
        r#""\ud83d\u0041""#,
        r#""\x""#,
        "\"\n\"",
        "\"a",
    ] {
        assert!(Json::parse(broken).is_err(), "{broken}");
    }
}

#[test]
fn what_is_nested_without_end_is_refused() {
    let deep = "[".repeat(100_000);
    assert!(Json::parse(&deep).is_err());
}
