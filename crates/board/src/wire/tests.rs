use domain::{flow::Flow, owner::Party, time::Time};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::json;

use super::*;

fn word() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-z_]{1,6}", any::<String>()]
}

fn words() -> impl Strategy<Value = Vec<String>> {
    vec(word(), 0..3)
}

/// `system:…` is a system, never a role on its side.
const SIDES: [Party; 4] = [
    Party::Agency,
    Party::Merchant,
    Party::ThreePl,
    Party::Carrier,
];

fn an_owner() -> impl Strategy<Value = Owner> {
    prop_oneof![
        any::<u128>().prop_map(|id| Owner::User(Uuid::from_u128(id))),
        (select(&SIDES[..]), "[a-z_]{1,6}").prop_map(|(party, role)| Owner::Role { party, role }),
        "[a-z-]{1,6}".prop_map(Owner::Rotation),
        "[a-z]{1,6}".prop_map(Owner::System),
    ]
}

fn a_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(|minor| json!({"minor": minor, "currency": "USD"})),
        any::<i64>().prop_map(|n| json!(n)),
        prop::num::f64::NORMAL.prop_map(|n| json!(n)),
        any::<bool>().prop_map(|yes| json!(yes)),
        words().prop_map(|all| json!(all)),
        Just(Value::Null),
    ]
}

fn a_condition() -> impl Strategy<Value = Condition> {
    let one = (word(), select(&Op::ALL[..]), a_value()).prop_map(|(fact, op, value)| Test {
        fact,
        op,
        value,
    });
    prop_oneof![Just(Condition::Always), one.prop_map(Condition::Test)].prop_recursive(
        3,
        8,
        3,
        |inner| {
            prop_oneof![
                vec(inner.clone(), 0..3).prop_map(|of| Condition::All { of }),
                vec(inner.clone(), 0..3).prop_map(|of| Condition::Any { of }),
                inner.prop_map(|of| Condition::Not { of: Box::new(of) }),
            ]
        },
    )
}

fn a_field() -> impl Strategy<Value = Field> {
    let kind = prop_oneof![
        select(vec![
            FieldKind::Text,
            FieldKind::LongText,
            FieldKind::Number,
            FieldKind::Date,
            FieldKind::YesNo
        ]),
        words().prop_map(|options| FieldKind::Choice { options }),
    ];
    (word(), word(), word(), any::<bool>(), kind).prop_map(|(key, label, help, required, kind)| {
        Field {
            key,
            label,
            help,
            required,
            kind,
        }
    })
}

fn a_kind() -> impl Strategy<Value = StepKind> {
    let branch =
        (word(), word(), a_condition()).prop_map(|(key, label, when)| Branch { key, label, when });
    prop_oneof![
        (word(), select(vec![Until::Acknowledged, Until::Completed]))
            .prop_map(|(export_type, until)| StepKind::EmitExport { export_type, until }),
        select(&EventKind::ALL[..]).prop_map(|event| StepKind::WaitForEvent { event }),
        (vec(branch, 0..3), any::<bool>()).prop_map(|(branches, otherwise)| StepKind::Decide {
            branches,
            otherwise
        }),
        (word(), vec(a_field(), 0..3)).prop_map(|(instruction, fields)| StepKind::HumanTask {
            instruction,
            fields
        }),
        (vec(an_owner(), 0..3), word()).prop_map(|(to, message)| StepKind::Notify { to, message }),
        option::of(word()).prop_map(|back_to| StepKind::Compensate { back_to }),
        word().prop_map(|flow| StepKind::SubFlow { flow }),
    ]
}

fn a_failure() -> impl Strategy<Value = Failure> {
    let severity = select(vec![Severity::Low, Severity::Normal, Severity::High]);
    let path = prop_oneof![
        (option::of(an_owner()), severity, words()).prop_map(|(owner, severity, remediation)| {
            Path::Task {
                owner,
                severity,
                remediation,
            }
        }),
        word().prop_map(|to| Path::Go { to }),
        Just(Path::Undo),
    ];
    (word(), any::<u32>(), any::<i64>(), path).prop_map(|(on, retries, retry_after_ms, path)| {
        Failure {
            on,
            retries,
            retry_after_ms,
            path,
        }
    })
}

fn a_step() -> impl Strategy<Value = Sketch> {
    let who = (
        option::of(an_owner()),
        option::of(an_owner()),
        vec(an_owner(), 0..3),
    );
    let clock = (any::<i64>(), any::<i64>(), option::of(word())).prop_map(
        |(accept_ms, resolve_ms, calendar)| Clock {
            accept_ms,
            resolve_ms,
            calendar,
        },
    );
    let checkpoint = (word(), a_condition()).prop_map(|(what, when)| Checkpoint { what, when });
    let exit = (word(), words()).prop_map(|(on, to)| Exit { on, to });
    let undo = prop_oneof![
        word().prop_map(|export_type| Undo::Export { export_type }),
        word().prop_map(|instruction| Undo::Task { instruction }),
    ];
    let manual =
        (any::<u32>(), any::<u32>(), word()).prop_map(|(minutes_each, times_a_week, tool)| {
            Manual {
                minutes_each,
                times_a_week,
                tool,
            }
        });
    let ways = (vec(exit, 0..3), vec(a_failure(), 0..3), option::of(undo));
    let said = (word(), word(), word(), word(), word(), word());
    (
        said,
        who,
        (clock, option::of(checkpoint), option::of(manual)),
        ways,
        a_kind(),
    )
        .prop_map(
            |(
                said,
                (owner, backup, watchers),
                (clock, checkpoint, manual),
                (exits, failures, undo),
                kind,
            )| {
                let (key, title, source_system, destination_system, runbook, report_as) = said;
                Sketch {
                    key,
                    title,
                    owner,
                    backup,
                    watchers,
                    source_system,
                    destination_system,
                    clock,
                    checkpoint,
                    exits,
                    failures,
                    undo,
                    runbook,
                    report_as,
                    manual,
                    kind,
                }
            },
        )
}

fn a_draft() -> impl Strategy<Value = Draft> {
    let trigger = prop_oneof![
        (select(&EventKind::ALL[..]), a_condition())
            .prop_map(|(event, when)| Trigger::Order { event, when }),
        Just(Trigger::Campaign),
        (word(), vec(a_field(), 0..3)).prop_map(|(noun, fields)| Trigger::Form { noun, fields }),
        Just(Trigger::Manual),
        Just(Trigger::SubFlow),
    ];
    let ids = (
        any::<u128>(),
        any::<u128>(),
        option::of(any::<u128>()),
        option::of(any::<u128>()),
    );
    let said = (word(), word(), word(), word(), word());
    (
        ids,
        said,
        any::<i64>(),
        0..253_402_207_200_999_i64,
        trigger,
        words(),
        vec(a_step(), 0..4),
    )
        .prop_map(
            |(
                (id, merchant, by, and),
                (key, name, summary, outcome, note),
                version,
                at,
                trigger,
                start,
                steps,
            )| Flow {
                id: Uuid::from_u128(id),
                merchant_id: Uuid::from_u128(merchant),
                key,
                name,
                version,
                summary,
                trigger,
                start,
                steps,
                outcome,
                published_at: Time::from_ms(at),
                published_by: by.map(Uuid::from_u128),
                approved_by: and.map(Uuid::from_u128),
                note,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_browser_reads_what_the_server_writes(draft in a_draft()) {
        let written = serde_json::to_string(&draft).unwrap();
        let read = read(&written);
        prop_assert_eq!(read, Ok(draft));
    }

    #[test]
    fn the_server_reads_what_the_browser_writes(draft in a_draft()) {
        let read = serde_json::from_str::<Draft>(&text(&draft)).unwrap();
        prop_assert_eq!(read, draft);
    }
}

/// What an older version left out is as absent for one reader as for the other.
#[test]
fn a_draft_of_which_little_is_said_is_read_alike() {
    let little = json!({
        "id": Uuid::nil(), "merchant_id": Uuid::nil(), "key": "f", "name": "F", "version": 1, "summary": "",
        "trigger": {"on": "order", "event": "order.accepted"}, "outcome": "done", "published_at": "1970-01-01T00:00:00.000Z",
        "steps": [
            {"key": "a", "title": "A", "kind": "human_task", "instruction": "",
             "failures": [{"on": "late", "path": "task", "severity": "low"}]},
            {"key": "b", "title": "B", "owner": null, "backup": null, "kind": "decide", "branches": []},
            {"key": "c", "title": "C", "owner": "agency:ops", "backup": null, "kind": "compensate"},
        ],
    });
    let by_serde: Draft = serde_json::from_value(little.clone()).unwrap();
    let by_hand = read(&little.to_string());
    assert_eq!(by_hand, Ok(by_serde));
    for (missing, at) in [
        ("/steps/0/title", "title"),
        ("/trigger/event", "event"),
        ("/steps/1/branches", "branches"),
    ] {
        let mut less = little.clone();
        let (parent, name) = missing.rsplit_once('/').unwrap();
        less.pointer_mut(parent)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove(name);
        assert!(
            serde_json::from_value::<Draft>(less.clone()).is_err(),
            "{at}"
        );
        assert_eq!(read::<Draft>(&less.to_string()), Err(at), "{at}");
    }
}

#[test]
fn what_stands_around_a_draft_is_read_too() {
    let fault = Fault {
        step: Some("a".into()),
        field: "owner".into(),
        path: "/steps/0/owner".into(),
        sentence: "“A” has no owner".into(),
        fix: "Choose one".into(),
        weight: Weight::Advises,
    };
    let names = Names {
        owners: vec![("agency:ops".into(), "Ops · agency".into())],
        events: vec![("order.accepted".into(), "order.accepted".into())],
        ..Names::default()
    };
    let mut ranks = Ranks::default();
    ranks.put("a".to_owned(), (3, 37.5));
    ranks.put("@end".to_owned(), (4, -0.25));
    let by_serde = serde_json::to_string(&ranks).unwrap();
    assert_eq!(super::ranks(Json::parse(&by_serde).unwrap()), Ok(ranks));
    let by_serde = serde_json::to_string(&fault).unwrap();
    assert_eq!(read(&by_serde), Ok(fault));
    let by_serde = serde_json::to_string(&names).unwrap();
    assert_eq!(read(&by_serde), Ok(names));
}

#[test]
fn of_a_condition_written_by_hand_it_is_said_where_it_is_wrong() {
    for (text, at) in [
        ("{", "JSON"),
        ("[]", ""),
        (r#"{"is":"maybe"}"#, "is"),
        (r#"{"is":"all"}"#, "of"),
        (r#"{"is":"test","fact":"a","op":"near","value":1}"#, "op"),
    ] {
        assert_eq!(read::<Condition>(text), Err(at), "{text}");
    }
    assert_eq!(read(r#" {"is":"always"} "#), Ok(Condition::Always));
}
