//! A contract as a document: what the docs show is taken as it stands there, and a refusal points at what is wrong.

use domain::{
    Currency, Money,
    contract::{ApprovalCondition, Contract, DestinationRoute, RouteCondition},
};
use engine::{FieldError, contract_document, read_contract_document};
use serde_json::{Value, json};
use testkit::fulfillment_contract;
use uuid::Uuid;

const MERCHANT: Uuid = Uuid::from_u128(1);

/// What the howtos say, each with its name.
const HOWTOS: [(&str, &str); 4] = [
    (
        "approvals",
        include_str!("../../../../docs/howto/approvals.md"),
    ),
    ("gates", include_str!("../../../../docs/howto/gates.md")),
    (
        "use-templates",
        include_str!("../../../../docs/howto/use-templates.md"),
    ),
    (
        "write-a-contract",
        include_str!("../../../../docs/howto/write-a-contract.md"),
    ),
];

fn document() -> Value {
    contract_document(&fulfillment_contract(MERCHANT)).unwrap()
}

fn read(document: &Value) -> Result<Contract, Vec<FieldError>> {
    let bytes = serde_json::to_vec(document).unwrap();
    read_contract_document(&bytes, MERCHANT).map_err(|error| error.fields)
}

/// The fields of contracts that a page shows as JSON, and the rules in its tables.
fn shown(page: &str) -> Vec<(String, Value)> {
    let blocks = page.split("```json\n").skip(1).filter_map(|rest| {
        let (block, _) = rest.split_once("\n```")?;
        serde_json::from_str::<serde_json::Map<String, Value>>(&format!("{{{block}}}")).ok()
    });
    let known = document();
    let rules = page.lines().filter_map(|line| {
        let (rule, _) = line.strip_prefix("| `{\"rule\"")?.split_once("` |")?;
        let gate: Value = serde_json::from_str(&format!("{{\"rule\"{rule}")).unwrap();
        Some(("gates".to_owned(), json!([gate])))
    });
    blocks
        .flatten()
        .filter(|(field, _)| known.get(field).is_some() || field == "routes")
        .chain(rules)
        .collect()
}

#[test]
fn what_the_docs_show_is_taken_and_written_out_as_it_stands_there() {
    let mut fields = Vec::new();
    for (name, page) in HOWTOS {
        for (field, value) in shown(page) {
            let mut told = document();
            told[&field] = value.clone();
            let taken = read(&told).unwrap_or_else(|why| panic!("{name}, {field}: {why:?}"));
            assert_eq!(
                contract_document(&taken).unwrap()[&field],
                value,
                "{name}, {field}"
            );
            fields.push(field);
        }
    }
    fields.sort();
    fields.dedup();
    assert_eq!(
        fields,
        ["approval", "destination", "gates", "payload", "routes"]
    );
}

#[test]
fn an_amount_is_read_in_either_spelling_and_kept_in_one() {
    let over = |amount: Value| {
        let mut told = document();
        told["approval"][0]["when"]["amount"] = amount;
        read(&told).unwrap()
    };
    let outside = over(json!({ "amount_minor": 70_000, "currency": "USD" }));
    let inside = over(json!({ "minor": 70_000, "currency": "USD" }));
    assert_eq!(outside, inside);
    let amount = Money::new(70_000, Currency::USD);
    assert_eq!(
        outside.approval[0].when,
        ApprovalCondition::TotalOver { amount }
    );
    // what is kept, and hashed, is what it was
    let kept = serde_json::to_value(&outside).unwrap();
    assert_eq!(
        kept["approval"][0]["when"]["amount"],
        json!({ "minor": 70_000, "currency": "USD" })
    );
    let routed = Contract {
        routes: vec![DestinationRoute {
            when: RouteCondition::AmountOver {
                at: "/total".to_owned(),
                amount,
            },
            destination: "white-glove".to_owned(),
        }],
        ..outside
    };
    let written = contract_document(&routed).unwrap();
    assert_eq!(
        written["routes"][0]["when"]["amount"],
        json!({ "amount_minor": 70_000, "currency": "USD" })
    );
    assert_eq!(read(&written).unwrap().routes, routed.routes);
}

#[test]
fn what_may_be_left_out_may_be_said() {
    let mut told = document();
    let step = &mut told["approval"][0]["steps"][0];
    step["needs"] = json!(1);
    step["others"] = json!([]);
    told["routes"] = json!([]);
    told["escalation"]["key"] = json!("");
    told["escalation"]["ack_expires_ms"] = Value::Null;
    told["escalation"]["steps"][0]["only_within"] = Value::Null;
    let plain = read(&document()).unwrap();
    assert_eq!(read(&told).unwrap(), plain);
    // what is no field stays a fault
    told["approval"][0]["steps"][0]["need"] = json!(1);
    told["approval"][0]["when"]["amount"]["miner"] = json!(1);
    let fields: Vec<String> = read(&told)
        .unwrap_err()
        .into_iter()
        .map(|one| one.field)
        .collect();
    assert_eq!(
        fields,
        ["/approval/0/steps/0/need", "/approval/0/when/amount/miner"]
    );
}

#[test]
fn a_refusal_points_at_what_is_wrong() {
    let gate = |gate: Value| move |told: &mut Value| told["gates"] = json!([gate]);
    let check = |change: &dyn Fn(&mut Value), at: &str| {
        let mut told = document();
        change(&mut told);
        let said = read(&told).unwrap_err();
        assert_eq!(said[0].field, at, "{said:?}");
    };
    check(&gate(json!({ "rule": "no_such" })), "/gates/0/rule");
    check(&gate(json!({ "rule": "gtin" })), "/gates/0/at");
    check(
        &|told| told["approval"][0]["steps"][0]["owner"] = json!("nobody"),
        "/approval/0/steps/0/owner",
    );
    check(
        &|told| told["exceptions"]["a/b"] = json!({ "title": "It went wrong" }),
        "/exceptions/a~1b/owner",
    );
    check(
        &|told| drop(told["escalation"]["steps"][1]["target"].take()),
        "/escalation/steps/1/target",
    );
    check(
        &|told| drop(told.as_object_mut().unwrap().remove("title")),
        "/title",
    );
    check(
        &|told| told["approval"][0]["when"]["amount"] = json!({ "currency": "USD" }),
        "/approval/0/when/amount/amount_minor",
    );
    check(
        &|told| told["approval"][0]["when"] = json!({ "if": "total_over" }),
        "/approval/0/when/amount",
    );
}
