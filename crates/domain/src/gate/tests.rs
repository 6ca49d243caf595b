//! Tables of good and bad inputs. The GTINs are the worked examples of GS1's General Specifications and of
//! its check digit calculator, and packs from a kitchen shelf.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::{
    Currency, Money, Time,
    sku::{Sku, SkuFact},
};

#[test]
fn check_digits_are_those_of_gs1() {
    for good in [
        "6291041500213", // GS1: how to calculate a check digit manually
        "4006381333931", // Stabilo Point 88
        "9780306406157", // ISBN-13 of the ISBN manual's example
        "036000291452",  // UPC-A of the Wikipedia article's tissue pack
        "012345678905",
        "73513537", // EAN-8 of the Wikipedia article
        "96385074",
        "10614141000415", // GTIN-14 of the EPC Tag Data Standard
        "00012345678905",
        "00000000",
    ] {
        assert_eq!(gtin_fault(good), None, "{good}");
    }
    for (bad, part) in [
        ("6291041500214", "not its check digit"),
        ("6291041500231", "not its check digit"), // two digits changed places
        ("4006381333913", "not its check digit"),
        ("036000291453", "not its check digit"),
        ("73513538", "not its check digit"),
        ("10614141000416", "not its check digit"),
        ("", "not made of digits"),
        ("40063813339a1", "not made of digits"),
        ("4006 381333931", "not made of digits"),
        ("400638133393", "not its check digit"), // twelve digits, the last one lost
        ("40063813339", "11 digits"),
        ("400638133393100", "15 digits"),
    ] {
        let (says, accepts) = gtin_fault(bad).unwrap();
        assert!(says.contains(part), "{bad}: {says}");
        assert!(!accepts.is_empty());
    }
    let (_, accepts) = gtin_fault("6291041500214").unwrap();
    assert!(accepts.contains("6291041500213"), "{accepts}");
}

fn skus(list: &[(&str, Option<i64>, Option<i64>)]) -> BTreeMap<String, Sku> {
    list.iter()
        .map(|(code, stock, price)| {
            let mut sku = Sku::new(Uuid::nil(), Uuid::nil(), code);
            let fact = SkuFact {
                stock: stock.map(|units| (None, units)),
                price: price.map(|minor| Money::new(minor, Currency::USD)),
                ..SkuFact::default()
            };
            sku.hear(&fact, Time::from_ms(1));
            ((*code).to_owned(), sku)
        })
        .collect()
}

fn facts(list: &[(&str, Option<i64>, Option<i64>)]) -> Facts<'static> {
    Facts {
        skus: skus(list),
        ..Facts::default()
    }
}

fn usd(minor: i64) -> Value {
    json!({ "amount_minor": minor, "currency": "USD" })
}

/// `Err`: the field, a part of what it says, a part of what it accepts.
type Wanted = Result<(), (&'static str, &'static str, &'static str)>;

fn check(gate: &Gate, payload: &Value, facts: &Facts<'_>, wanted: Wanted) {
    let found = gate.judge(payload, facts);
    match wanted {
        Ok(()) => assert!(found.is_empty(), "{payload}: {found:?}"),
        Err((field, says, accepts)) => {
            let first = found.first().unwrap_or_else(|| panic!("{payload} passed"));
            assert_eq!(first.field, field, "{found:?}");
            assert!(first.says.contains(says), "{found:?}");
            assert!(first.accepts.contains(accepts), "{found:?}");
        }
    }
}

#[test]
fn prices_stay_within_bounds_of_the_last_one() {
    let gate = Gate::PriceWithin {
        at: "/lines/*/unit_price".to_owned(),
        below_percent: 20,
        above_percent: 10,
    };
    let line = |sku: &str, price: Value| json!({ "lines": [{ "sku": sku, "unit_price": price }] });
    let known = facts(&[("A", None, Some(10_000)), ("ODD", None, Some(999))]);
    let at = "/payload/lines/0/unit_price";
    for (price, wanted) in [
        (10_000, Ok(())),
        (8_000, Ok(())),
        (11_000, Ok(())),
        (7_999, Err((at, "too far", "from $80.00 to $110.00"))),
        (11_001, Err((at, "too far", "from $80.00 to $110.00"))),
        (0, Err((at, "too far", "$80.00"))),
        (-10_000, Err((at, "too far", "$80.00"))),
        (i64::MAX, Err((at, "too far", "$110.00"))),
    ] {
        check(&gate, &line("A", usd(price)), &known, wanted);
    }
    let written = json!({ "amount_minor": 9e3, "currency": "USD" });
    check(&gate, &line("A", written), &known, Ok(()));
    // 999 less a fifth is 799.2, and a tenth more is 1098.9: what is named is inside
    check(&gate, &line("ODD", usd(800)), &known, Ok(()));
    check(
        &gate,
        &line("ODD", usd(799)),
        &known,
        Err((at, "too far", "from $8.00 to $10.98")),
    );
    check(&gate, &line("ODD", usd(1_098)), &known, Ok(()));
    check(
        &gate,
        &line("ODD", usd(1_099)),
        &known,
        Err((at, "too far", "$10.98")),
    );
    // nobody has a price to compare with
    check(&gate, &line("NEW", usd(1)), &known, Ok(()));
    check(&gate, &json!({}), &known, Ok(()));
    check(
        &gate,
        &line("A", json!({ "amount_minor": 10_000, "currency": "EUR" })),
        &known,
        Err((at, "another currency", "USD")),
    );
    check(
        &gate,
        &line("A", json!("100.00")),
        &known,
        Err((at, "not an amount", "minor units")),
    );
    check(
        &gate,
        &line("A", json!({ "amount_minor": 10.5, "currency": "USD" })),
        &known,
        Err((at, "not an amount", "minor")),
    );
    let before = json!({ "lines": [{ "sku": "B", "unit_price": usd(500) }, { "sku": "NEW", "unit_price": usd(100) }] });
    let sent = Facts {
        last: Some(&before),
        ..Facts::default()
    };
    check(&gate, &line("NEW", usd(95)), &sent, Ok(()));
    check(
        &gate,
        &line("NEW", usd(50)),
        &sent,
        Err((at, "too far", "$0.80")),
    );
}

#[test]
fn stock_is_at_or_above_the_threshold_and_what_a_line_asks_for() {
    let gate = |units, untold| Gate::StockAtLeast {
        at: "/lines/*/sku".to_owned(),
        units,
        untold,
    };
    let line = |sku: &str, quantity: i64| json!({ "lines": [{ "sku": "FULL", "quantity": 1 }, { "sku": sku, "quantity": quantity }] });
    let known = facts(&[
        ("FULL", Some(99), None),
        ("FIVE", Some(5), None),
        ("DEBT", Some(-2), None),
        ("MUM", None, None),
    ]);
    let at = "/payload/lines/1/sku";
    use Untold::{Accepted, Refused};
    for (units, sku, quantity, untold, wanted) in [
        (5, "FIVE", 1, Refused, Ok(())),
        (6, "FIVE", 1, Refused, Err((at, "There are 5", "6 or more"))),
        (1, "FIVE", 5, Refused, Ok(())),
        (1, "FIVE", 6, Refused, Err((at, "There are 5", "6 or more"))),
        (
            0,
            "DEBT",
            1,
            Refused,
            Err((at, "There are -2", "1 or more")),
        ),
        (
            0,
            "DEBT",
            1,
            Accepted,
            Err((at, "There are -2", "1 or more")),
        ),
        (
            1,
            "MUM",
            1,
            Refused,
            Err((at, "Nobody has said", "1 or more")),
        ),
        (1, "MUM", 1, Accepted, Ok(())),
        (
            1,
            "GHOST",
            1,
            Refused,
            Err((at, "Nobody has said", "1 or more")),
        ),
        (1, "GHOST", 1, Accepted, Ok(())),
    ] {
        check(&gate(units, untold), &line(sku, quantity), &known, wanted);
    }
    let list = Gate::StockAtLeast {
        at: "/skus/*".to_owned(),
        units: 10,
        untold: Refused,
    };
    check(
        &list,
        &json!({ "skus": ["FULL", "FIVE"] }),
        &known,
        Err(("/payload/skus/1", "There are 5", "10 or more")),
    );
    check(&list, &json!({ "skus": ["FULL"] }), &known, Ok(()));
}

#[test]
fn lines_of_the_same_goods_are_counted_together() {
    let gate = |units, untold| Gate::StockAtLeast {
        at: "/lines/*/sku".to_owned(),
        units,
        untold,
    };
    let lines = |list: &[(&str, Value)]| {
        let line = |(sku, quantity): &(&str, Value)| json!({ "sku": sku, "quantity": quantity });
        json!({ "lines": list.iter().map(line).collect::<Vec<_>>() })
    };
    let known = facts(&[("FIVE", Some(5), None), ("FULL", Some(99), None)]);
    let first = "/payload/lines/0/sku";
    use Untold::{Accepted, Refused};
    for (list, untold, wanted) in [
        (
            vec![("FIVE", json!(3)), ("FULL", json!(9)), ("FIVE", json!(3))],
            Refused,
            Err((
                first,
                "There are 5 of “FIVE”, and 2 lines ask for 6",
                "6 or more",
            )),
        ),
        (
            vec![("FIVE", json!(3)), ("FIVE", json!(2))],
            Refused,
            Ok(()),
        ),
        (
            vec![("NEW", json!(3)), ("NEW", json!(3))],
            Refused,
            Err((first, "Nobody has said", "6 or more")),
        ),
        (vec![("NEW", json!(3)), ("NEW", json!(3))], Accepted, Ok(())),
        (
            vec![("FIVE", json!(i64::MAX)), ("FIVE", json!(i64::MAX))],
            Refused,
            Err((first, "2 lines ask for 18446744073709551614", "or more")),
        ),
    ] {
        check(&gate(2, untold), &lines(&list), &known, wanted);
    }
}

#[test]
fn a_quantity_that_nobody_can_read_is_not_none_at_all() {
    let gate = Gate::StockAtLeast {
        at: "/lines/*/sku".to_owned(),
        units: 2,
        untold: Untold::Accepted,
    };
    let known = facts(&[("FIVE", Some(5), None)]);
    let short = |accepts| Err(("/payload/lines/0/sku", "There are 5", accepts));
    let unread = || {
        Err((
            "/payload/lines/0/quantity",
            "not a number of units",
            "whole",
        ))
    };
    for (quantity, wanted) in [
        ("5", Ok(())),
        ("5.0", Ok(())),
        ("6.0", short("6 or more")),
        ("6e0", short("6 or more")),
        ("9223372036854775808", short("9223372036854775808 or more")),
        (
            "60000000000000000000",
            short("60000000000000000000 or more"),
        ),
        ("1e300", unread()),
        ("5.5", unread()),
        ("-1", unread()),
        ("\"5\"", unread()),
        ("null", unread()),
        ("[5]", unread()),
    ] {
        let text = format!(r#"{{"lines":[{{"sku":"FIVE","quantity":{quantity}}}]}}"#);
        let payload: Value = serde_json::from_str(&text).unwrap();
        check(&gate, &payload, &known, wanted);
    }
}

#[test]
fn skus_are_known_and_orders_not_held() {
    let gate = Gate::SkuKnown {
        at: "/lines/*/sku".to_owned(),
    };
    let known = facts(&[("A", None, None)]);
    let at = "/payload/lines/0/sku";
    for (sku, wanted) in [
        (json!("A"), Ok(())),
        (
            json!("a"),
            Err((at, "“a” is not in the catalogue", "storefront")),
        ),
        (json!(null), Err((at, "without a SKU", "storefront"))),
        (json!(7), Err((at, "“7”", "storefront"))),
    ] {
        check(&gate, &json!({ "lines": [{ "sku": sku }] }), &known, wanted);
    }
    let held = Facts {
        doubts: vec!["fraud-hold".to_owned()],
        ..Facts::default()
    };
    check(
        &Gate::NotOnHold,
        &json!({}),
        &held,
        Err(("/order_id", "fraud-hold", "without a tag")),
    );
    check(&Gate::NotOnHold, &json!({}), &Facts::default(), Ok(()));
}

#[test]
fn a_rule_that_could_not_be_kept_is_not_published() {
    let check = |value: Value, wanted: Option<&str>| {
        let gate: Gate = serde_json::from_value(value.clone()).unwrap();
        let found = gate.faults();
        assert_eq!(found.first().map(|(field, _)| *field), wanted, "{value}");
        assert!(RULES.contains(&gate.name()) && !gate.words().is_empty());
        assert_eq!(value["rule"], gate.name());
    };
    check(json!({ "rule": "not_on_hold" }), None);
    check(json!({ "rule": "gtin", "at": "/gtin" }), None);
    check(json!({ "rule": "gtin", "at": "gtin" }), Some("at"));
    check(
        json!({ "rule": "sku_known", "at": "/lines//sku" }),
        Some("at"),
    );
    check(
        json!({ "rule": "stock_at_least", "at": "/skus/*", "units": -1 }),
        Some("units"),
    );
    check(
        json!({ "rule": "price_within", "at": "/p", "below_percent": 101, "above_percent": 0 }),
        Some("below_percent"),
    );
    check(
        json!({ "rule": "only_one", "intents": [] }),
        Some("intents"),
    );
    check(json!({ "rule": "only_one", "intents": ["go"] }), None);
}

#[test]
fn what_is_too_old_is_named_with_its_age() {
    let refresh = BTreeMap::from([("price".to_owned(), 300_000), ("lines".to_owned(), 60_000)]);
    let payload = json!({ "lines": [{ "sku": "A" }], "skus": ["B"] });
    let mut known = skus(&[("A", None, Some(100)), ("B", None, Some(200))]);
    let at = |ms: i64| Time::from_ms(1 + ms);
    let (as_of, faults) = ages(&refresh, &payload, &known, at(300_000));
    assert!(faults.is_empty(), "exactly as old as it may be: {faults:?}");
    assert_eq!(as_of["price"], at(0));
    assert_eq!(as_of["lines"], at(300_000), "read anew just now");
    let (_, faults) = ages(&refresh, &payload, &known, at(300_001));
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert_eq!(faults[0].field, "/refresh/price");
    assert!(
        faults[0].says.contains('A') && faults[0].accepts.contains("5 min"),
        "{faults:?}"
    );
    let news = SkuFact {
        price: Some(Money::new(100, Currency::USD)),
        ..SkuFact::default()
    };
    known.get_mut("A").unwrap().hear(&news, at(250_000));
    let (as_of, faults) = ages(&refresh, &payload, &known, at(300_001));
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(as_of["price"], at(0), "as old as the oldest of them");
    known.remove("B");
    let (_, faults) = ages(&refresh, &payload, &known, at(300_001));
    assert!(faults[0].says.contains("Nobody has told"), "{faults:?}");
    assert_eq!(stale(&refresh, &as_of, at(300_000)), Vec::<String>::new());
    assert_eq!(stale(&refresh, &as_of, at(300_001)), ["price"]);
    assert_eq!(stale(&refresh, &as_of, at(360_001)), ["price"]);
    assert_eq!(stale(&refresh, &as_of, at(360_002)), ["lines", "price"]);
}

#[test]
fn a_place_leads_somewhere_where_it_has_values() {
    let payload = json!({
        "price": null, "lines": [{ "sku": "A" }, { "price": 1 }], "none": [], "a/b": { "~": 1 },
    });
    for at in [
        "/price",
        "/lines/*",
        "/lines/*/sku",
        "/lines/*/price",
        "/lines/1/price",
        "/lines/0/price",
        "/lines/2",
        "/lines/-1",
        "/none",
        "/none/*",
        "/other",
        "/price/x",
        "/a~1b/~0",
        "/a~1b/*",
    ] {
        assert_eq!(
            leads_anywhere(&payload, at),
            !places(&payload, at).is_empty(),
            "{at}"
        );
    }
}
