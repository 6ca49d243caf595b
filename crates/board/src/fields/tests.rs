use domain::{
    event::EventKind,
    flow::{Branch, Edit, Flow, Place},
    owner::Party,
    task::Severity,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

fn with(kind: &str) -> Draft {
    let empty: Draft = Flow::named(Uuid::nil(), Uuid::nil(), "f", "F");
    ["After", "Here"].iter().fold(empty, |draft, title| {
        draft
            .apply(&Edit::Add {
                kind: kind.into(),
                title: (*title).into(),
                place: Place::Start,
            })
            .unwrap()
    })
}

fn test(fact: &str, op: Op, value: Value) -> Condition {
    Condition::Test(Test {
        fact: fact.into(),
        op,
        value,
    })
}

fn money() -> Condition {
    test(
        "order.total",
        Op::Over,
        json!({"minor": 40000, "currency": "USD"}),
    )
}

/// A step of this kind of which everything is said that can be said.
fn full(kind: &str) -> (Draft, Sketch) {
    let draft = with(kind);
    let mut step = draft.step("here").unwrap().clone();
    let owner = Owner::role(Party::Agency, "operations");
    step.owner = Some(owner.clone());
    step.backup = Some(Owner::User(Uuid::nil()));
    step.watchers = vec![Owner::Rotation("night".into()), owner.clone()];
    step.source_system = "shopify".into();
    step.destination_system = "3pl".into();
    step.clock = Clock {
        accept_ms: 900_000,
        resolve_ms: 93_600_000,
        calendar: Some("office".into()),
    };
    step.checkpoint = Some(Checkpoint {
        what: "It is there".into(),
        when: Condition::Any {
            of: vec![money(), test("order.flagged", Op::Equals, json!(true))],
        },
    });
    step.undo = Some(Undo::Task {
        instruction: "Ring them".into(),
    });
    step.runbook = "# How\n\n1. Ring".into();
    step.report_as = "here_time".into();
    step.manual = Some(Manual {
        minutes_each: 4,
        times_a_week: 30,
        tool: "a sheet".into(),
    });
    match &mut step.kind {
        StepKind::EmitExport { export_type, until } => {
            *export_type = "fulfillment_request".into();
            *until = Until::Completed;
        }
        StepKind::Decide { branches, .. } => {
            branches[0].when = money();
            branches.push(Branch {
                key: "odd".into(),
                label: "Odd".into(),
                when: Condition::Not {
                    of: Box::new(Condition::All {
                        of: vec![money(), Condition::Always],
                    }),
                },
            });
            branches.push(Branch {
                key: "none".into(),
                label: "None".into(),
                when: Condition::Not {
                    of: Box::new(Condition::Any { of: vec![money()] }),
                },
            });
        }
        StepKind::HumanTask {
            instruction,
            fields,
        } => {
            *instruction = "Look at it".into();
            *fields = vec![
                Field {
                    key: "why".into(),
                    label: "Why".into(),
                    help: "In a word".into(),
                    required: true,
                    kind: FieldKind::Choice {
                        options: vec!["late".into(), "lost".into()],
                    },
                },
                Field {
                    key: "when".into(),
                    label: "When".into(),
                    help: String::new(),
                    required: false,
                    kind: FieldKind::Date,
                },
            ];
        }
        StepKind::Notify { to, message } => {
            *to = vec![owner];
            *message = "It\nhappened".into();
        }
        StepKind::Compensate { back_to } => *back_to = Some("after".into()),
        StepKind::SubFlow { flow } => *flow = "returns".into(),
        StepKind::WaitForEvent { event } => *event = EventKind::RefundIssued,
    }
    step.exits = step
        .kind
        .exits()
        .iter()
        .map(|on| Exit {
            on: (*on).to_owned(),
            to: vec!["after".into()],
        })
        .collect();
    let paths = [
        Path::Undo,
        Path::Go { to: "after".into() },
        Path::Task {
            owner: Some(Owner::role(Party::ThreePl, "desk")),
            severity: Severity::High,
            remediation: vec!["Look".into(), "Ring".into()],
        },
    ];
    step.failures = step
        .ways_to_fail()
        .into_iter()
        .zip(paths.iter().cycle())
        .map(|(on, path)| Failure {
            on: on.to_owned(),
            retries: 3,
            retry_after_ms: 60_000,
            path: path.clone(),
        })
        .collect();
    (draft, step)
}

#[test]
fn a_step_written_down_and_read_is_the_step() {
    for kind in StepKind::NAMES {
        let (draft, step) = full(kind);
        let facts = fact::of_flow(&draft);
        let fields = write(&step, &facts);
        assert_eq!(read(&fields, &step, &draft).unwrap(), step, "{fields:#?}");
        // a step of which nothing is said, too
        let bare = with(kind).step("here").unwrap().clone();
        assert_eq!(read(&write(&bare, &facts), &bare, &draft).unwrap(), bare);
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_its_field() {
    let (draft, step) = full("human_task");
    let mut fields = write(&step, &fact::of_flow(&draft));
    for (name, value) in [
        ("title", " "),
        ("owner", "nobody"),
        ("accept", "soon"),
        ("manual.minutes", "many"),
        ("fail.late.path", "go"),
        ("fail.late.to", ""),
        ("check.0.value", "a lot"),
        ("check.1.op", "over"),
        ("field.0.options", ","),
        ("field.1.key", "why"),
    ] {
        fields.insert(name.into(), value.into());
    }
    let wrong = read(&fields, &step, &draft).unwrap_err();
    let said: Vec<&str> = wrong.keys().collect();
    assert_eq!(
        said,
        [
            "accept",
            "check.0.value",
            "check.1.op",
            "fail.late.to",
            "field.0.options",
            "field.1.key",
            "manual.minutes",
            "owner",
            "title"
        ]
    );
}

#[test]
fn another_kind_begins_afresh_and_keeps_the_rest() {
    let (draft, step) = full("human_task");
    let mut fields = write(&step, &fact::of_flow(&draft));
    fields.insert("kind".into(), "decide".into());
    let read = read(&fields, &step, &draft).unwrap();
    assert_eq!(read.kind.name(), "decide");
    assert_eq!(read.owner, step.owner);
}

#[test]
fn lists_grow_at_their_end_and_shrink_where_they_are_emptied() {
    let (draft, step) = full("decide");
    let mut fields = write(&step, &fact::of_flow(&draft));
    fields.insert("branch.0.label".into(), String::new());
    fields.insert("branch.7.label".into(), "Odd".into());
    fields.insert("watch.0".into(), String::new());
    let read = read(&fields, &step, &draft).unwrap();
    assert_eq!(read.kind.exits(), ["odd", "none", "odd_2", "else"]);
    assert_eq!(read.watchers.len(), 1);
}
