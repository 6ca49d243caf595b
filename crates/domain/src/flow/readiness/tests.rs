//! Each rule, with an example that breaks it; put right, it says nothing.

mod standings;

use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::{
    event::EventKind,
    flow::{
        Branch, Checkpoint, Condition, DONE, Exit, Failure, Field, FieldKind, Flow, Op, Path, Test,
        Trigger, Undo, Until,
    },
    owner::{Owner, Party},
    task::Severity,
};

fn agency(role: &str) -> Owner {
    Owner::role(Party::Agency, role)
}

fn around() -> Surroundings {
    let fact = |role: &str, people: &[u128]| OwnerFact {
        owner: agency(role),
        title: agency(role).title(),
        people: people.iter().map(|n| Uuid::from_u128(*n)).collect(),
    };
    Surroundings {
        owners: vec![
            fact("logistics", &[1, 2]),
            fact("operations", &[3]),
            fact("finance", &[3]),
            fact("merchandising", &[]),
        ],
        contracts: vec![ContractFact {
            export_type: "fulfillment_request".to_owned(),
            title: "Fulfillment request".to_owned(),
            version: "1.0".to_owned(),
            destination: Some(Named {
                key: "3pl".to_owned(),
                title: "Harbor 3PL".to_owned(),
            }),
            routed: Vec::new(),
            accept_ms: 15 * 60_000,
            resolve_ms: 86_400_000,
            required: vec![
                Needed {
                    field: "lines".to_owned(),
                    from: Some(vec!["order.lines".to_owned()]),
                },
                Needed {
                    field: "kind".to_owned(),
                    from: None,
                },
            ],
        }],
        standings: Vec::new(),
        systems: vec![
            SystemFact {
                system: "shopify".to_owned(),
                title: "Shopify".to_owned(),
                sends: vec![EventKind::OrderAccepted],
                takes: false,
            },
            SystemFact {
                system: "3pl".to_owned(),
                title: "Harbor 3PL".to_owned(),
                sends: vec![EventKind::ShipmentConfirmed],
                takes: true,
            },
        ],
        connectable: vec!["stripe".to_owned()],
        calendars: vec![Named {
            key: "office".to_owned(),
            title: "Office".to_owned(),
        }],
        flows: vec![
            CalledFlow {
                key: "refund".to_owned(),
                name: "Refund".to_owned(),
                about: Some("order".to_owned()),
                calls: vec!["inner".to_owned()],
            },
            CalledFlow {
                key: "inner".to_owned(),
                name: "Inner".to_owned(),
                about: None,
                calls: vec!["order-to-ship".to_owned()],
            },
            CalledFlow {
                key: "launch".to_owned(),
                name: "Launch".to_owned(),
                about: Some("product".to_owned()),
                calls: Vec::new(),
            },
            CalledFlow {
                key: "plain".to_owned(),
                name: "Plain".to_owned(),
                about: None,
                calls: Vec::new(),
            },
        ],
        gaps: Vec::new(),
    }
}

fn holds() -> Condition {
    Condition::Test(Test {
        fact: "order.cancelled".to_owned(),
        op: Op::Equals,
        value: json!(false),
    })
}

/// With everything that a step of its kind has to have.
fn step(key: &str, kind: StepKind) -> Step<Option<Owner>> {
    let owners = (Some(agency("logistics")), Some(agency("operations")));
    let mut step = Step::new(key, key, owners, kind);
    step.source_system = "3pl".to_owned();
    step.destination_system = "3pl".to_owned();
    step.clock.accept_ms = 15 * 60_000;
    step.clock.resolve_ms = 86_400_000;
    step.report_as = format!("{key}_time");
    if checked_by(&step.kind).is_none() {
        step.checkpoint = Some(Checkpoint {
            what: "It still stands".to_owned(),
            when: holds(),
        });
    }
    for way in step.ways_to_fail() {
        step.failures.push(Failure {
            on: way.to_owned(),
            retries: 0,
            retry_after_ms: 0,
            path: Path::Task {
                owner: None,
                severity: Severity::Normal,
                remediation: Vec::new(),
            },
        });
    }
    step
}

fn emit() -> StepKind {
    StepKind::EmitExport {
        export_type: "fulfillment_request".to_owned(),
        until: Until::Acknowledged,
    }
}

fn task() -> StepKind {
    StepKind::HumanTask {
        instruction: "Look at it.".to_owned(),
        fields: vec![Field {
            key: "fine".to_owned(),
            label: "Is it fine?".to_owned(),
            help: String::new(),
            required: true,
            kind: FieldKind::YesNo,
        }],
    }
}

/// hand → wait → look, ready.
fn ready() -> Draft {
    let wait = StepKind::WaitForEvent {
        event: EventKind::ShipmentConfirmed,
    };
    Flow {
        trigger: Trigger::Order {
            event: EventKind::OrderAccepted,
            when: Condition::Always,
        },
        steps: vec![
            step("hand", emit()),
            step("wait", wait),
            step("look", task()),
        ],
        ..Flow::named(Uuid::nil(), Uuid::nil(), "order-to-ship", "Order to ship")
    }
    .in_a_row()
}

/// A decision after the last step, whose branches end.
fn deciding(branches: Vec<Branch>, otherwise: bool) -> Draft {
    let mut flow = ready();
    let keys: Vec<String> = branches.iter().map(|one| one.key.clone()).collect();
    let mut decide = step(
        "sort",
        StepKind::Decide {
            branches,
            otherwise,
        },
    );
    let exits = keys.into_iter().chain(otherwise.then(|| "else".to_owned()));
    decide.exits = exits.map(|on| Exit { on, to: Vec::new() }).collect();
    flow.steps[2].exits[0].to = vec!["sort".to_owned()];
    flow.steps.push(decide);
    flow
}

fn branch(key: &str, when: Condition) -> Branch {
    Branch {
        key: key.to_owned(),
        label: key.to_owned(),
        when,
    }
}

fn test(fact: &str, op: Op, value: serde_json::Value) -> Condition {
    Condition::Test(Test {
        fact: fact.to_owned(),
        op,
        value,
    })
}

fn paths(draft: &Draft, around: &Surroundings) -> Vec<String> {
    readiness(draft, around)
        .into_iter()
        .map(|fault| format!("{}{}", if fault.blocks() { "" } else { "~" }, fault.path))
        .collect()
}

#[track_caller]
fn check(change: impl FnOnce(&mut Draft), expected: &[&str]) {
    let mut draft = ready();
    change(&mut draft);
    assert_eq!(paths(&draft, &around()), expected);
}

#[test]
fn what_is_complete_is_ready() {
    check(|_| {}, &[]);
    assert!(is_ready(&readiness(&ready(), &around())));
}

#[test]
fn exactly_one_owner_who_answers_and_a_backup_who_is_somebody_else() {
    check(|f| f.steps[0].owner = None, &["/steps/0/owner"]);
    check(|f| f.steps[0].backup = None, &["/steps/0/backup"]);
    check(
        |f| f.steps[0].owner = Some(agency("merchandising")),
        &["/steps/0/owner"],
    );
    check(
        |f| f.steps[0].backup = Some(agency("logistics")),
        &["/steps/0/backup"],
    );
    // two roles, one person
    check(
        |f| {
            f.steps[0].owner = Some(agency("operations"));
            f.steps[0].backup = Some(agency("finance"));
        },
        &["/steps/0/backup"],
    );
    check(
        |f| f.steps[0].owner = Some(Owner::Rotation("night".to_owned())),
        &["/steps/0/owner"],
    );
    check(
        |f| f.steps[2].owner = Some(Owner::System("meshline".to_owned())),
        &["/steps/2/owner"],
    );
    check(
        |f| f.steps[1].watchers = vec![agency("merchandising")],
        &["/steps/1/watchers/0"],
    );
}

#[test]
fn somebody_who_is_alone_may_be_their_own_backup_and_is_told() {
    let mut alone = around();
    for owner in &mut alone.owners {
        owner.people = vec![Uuid::from_u128(1)];
    }
    let faults = readiness(&ready(), &alone);
    assert_eq!(faults.len(), 3);
    assert!(is_ready(&faults));
}

#[test]
fn clocks_that_count_and_agree_with_the_contract() {
    check(|f| f.steps[2].clock.resolve_ms = 0, &["/steps/2/clock"]);
    check(
        |f| f.steps[2].clock.accept_ms = 2 * 86_400_000,
        &["/steps/2/clock"],
    );
    check(
        |f| f.steps[2].clock.calendar = Some("moon".to_owned()),
        &["/steps/2/clock/calendar"],
    );
    check(
        |f| f.steps[2].clock.calendar = Some("office".to_owned()),
        &[],
    );
    check(|f| f.steps[0].clock.resolve_ms += 1, &["/steps/0/clock"]);
    check(
        |f| {
            f.steps[0].clock.accept_ms = 1;
            f.steps[0].clock.resolve_ms = 60_000;
        },
        &["/steps/0/clock"],
    );
    check(
        |f| {
            f.steps[0].kind = StepKind::EmitExport {
                export_type: "fulfillment_request".to_owned(),
                until: Until::Completed,
            };
            f.steps[0].clock.resolve_ms -= 1;
        },
        &["/steps/0/clock"],
    );
}

#[test]
fn a_path_for_every_way_to_fail_and_none_for_others() {
    check(
        |f| drop(f.steps[0].failures.remove(0)),
        &["/steps/0/failures"],
    );
    check(
        |f| f.steps[1].failures[0].on = "declined".to_owned(),
        &["/steps/1/failures", "/steps/1/failures/0/on"],
    );
    check(
        |f| {
            let twice = f.steps[1].failures[0].clone();
            f.steps[1].failures.push(twice);
        },
        &["/steps/1/failures/2/on"],
    );
    check(
        |f| {
            f.steps[1].failures[0].path = Path::Go {
                to: "gone".to_owned(),
            }
        },
        &["/steps/1/failures/0/to"],
    );
    check(
        |f| f.steps[1].failures[0].retries = 3,
        &["/steps/1/failures/0/retries"],
    );
}

#[test]
fn a_checkpoint_that_checks_something() {
    check(
        |f| {
            f.steps[1].checkpoint = None;
            f.steps[1].failures.retain(|one| one.on != "checkpoint");
        },
        &["/steps/1/checkpoint"],
    );
    check(
        |f| f.steps[1].checkpoint.as_mut().unwrap().when = Condition::Always,
        &["/steps/1/checkpoint/when"],
    );
    check(
        |f| f.steps[1].checkpoint.as_mut().unwrap().when = test("order.weight", Op::Over, json!(1)),
        &["/steps/1/checkpoint/when/fact"],
    );
    // a step's own answers are known when it is done, later ones are not
    check(
        |f| {
            f.steps[2].checkpoint.as_mut().unwrap().when =
                test("look.fine", Op::Equals, json!(true))
        },
        &[],
    );
    check(
        |f| {
            f.steps[1].checkpoint.as_mut().unwrap().when =
                test("look.fine", Op::Equals, json!(true))
        },
        &["/steps/1/checkpoint/when"],
    );
}

#[test]
fn names_in_reports_are_there_and_unlike_each_other() {
    check(|f| f.steps[0].report_as.clear(), &["/steps/0/report_as"]);
    check(
        |f| f.steps[1].report_as = "hand_time".to_owned(),
        &["/steps/1/report_as"],
    );
    check(|f| f.steps[0].runbook.clear(), &[]);
}

#[test]
fn systems_that_agree_with_what_is_connected() {
    check(
        |f| f.steps[0].destination_system = "oms".to_owned(),
        &["/steps/0/destination_system"],
    );
    check(
        |f| f.steps[0].source_system.clear(),
        &["/steps/0/source_system"],
    );
    check(
        |f| f.steps[0].source_system = "stripe".to_owned(),
        &["~/steps/0/source_system"],
    );
    check(
        |f| f.steps[1].source_system = "shopify".to_owned(),
        &["/steps/1/source_system"],
    );
    check(
        |f| {
            f.steps[0].kind = StepKind::EmitExport {
                export_type: "label".to_owned(),
                until: Until::Completed,
            };
        },
        &["/steps/0/export_type"],
    );
    // a campaign has no lines
    check(|f| f.trigger = Trigger::Manual, &[]);
    let mut campaign = ready();
    campaign.trigger = Trigger::Campaign;
    assert!(paths(&campaign, &around()).contains(&"/steps/0/export_type".to_owned()));
    let mut around = around();
    around.contracts[0].destination = None;
    assert_eq!(paths(&ready(), &around), ["/steps/0/export_type"]);
}

#[test]
fn everything_is_reached_and_nothing_turns_for_ever() {
    check(
        |f| f.start.clear(),
        &["/start", "/steps/0", "/steps/1", "/steps/2"],
    );
    check(
        |f| f.start = vec!["gone".to_owned(), "hand".to_owned()],
        &["/start/0"],
    );
    check(|f| f.steps[1].exits[0].to.clear(), &["/steps/2"]);
    check(
        |f| f.steps[2].exits[0].to = vec!["hand".to_owned()],
        &["/steps/0/exits"],
    );
    check(
        |f| f.steps[2].exits[0].to = vec!["gone".to_owned()],
        &["/steps/2/exits/0/to/0"],
    );
    check(|f| f.steps[2].exits.clear(), &["/steps/2/exits"]);
    check(
        |f| {
            f.steps[2].exits.push(Exit {
                on: "maybe".to_owned(),
                to: Vec::new(),
            });
        },
        &["/steps/2/exits/1/on"],
    );
}

#[test]
fn a_decision_says_what_happens_in_every_case() {
    let paid = || test("look.fine", Op::Equals, json!(true));
    let unpaid = || test("look.fine", Op::Equals, json!(false));
    let say = |branches: Vec<Branch>, otherwise| paths(&deciding(branches, otherwise), &around());
    assert_eq!(say(vec![branch("a", paid())], true), [""; 0]);
    assert_eq!(
        say(vec![branch("a", paid())], false),
        ["/steps/3/otherwise"]
    );
    assert_eq!(
        say(vec![branch("a", paid()), branch("b", unpaid())], false),
        [""; 0]
    );
    assert_eq!(
        say(
            vec![branch("a", Condition::Always), branch("b", paid())],
            false
        ),
        ["/steps/3/branches/1"]
    );
    assert_eq!(
        say(
            vec![branch("a", test("look.fine", Op::Over, json!(1)))],
            true
        )[0],
        "/steps/3/branches/0/when/op"
    );
}

#[test]
fn undoing_names_what_is_there() {
    check(
        |f| {
            f.steps[0].undo = Some(Undo::Export {
                export_type: "gone".to_owned(),
            })
        },
        &["/steps/0/undo/export_type"],
    );
    check(
        |f| {
            f.steps[0].undo = Some(Undo::Task {
                instruction: String::new(),
            })
        },
        &["/steps/0/undo/instruction"],
    );
    let compensate = |back_to: Option<&str>, has_undo: bool| {
        let mut flow = ready();
        let kind = StepKind::Compensate {
            back_to: back_to.map(str::to_owned),
        };
        let mut last = step("back", kind);
        last.exits = vec![Exit {
            on: DONE.to_owned(),
            to: Vec::new(),
        }];
        flow.steps[2].exits[0].to = vec!["back".to_owned()];
        if has_undo {
            flow.steps[0].undo = Some(Undo::Task {
                instruction: "Stop it".to_owned(),
            });
        }
        flow.steps.push(last);
        paths(&flow, &around())
    };
    assert_eq!(compensate(None, true), [""; 0]);
    assert_eq!(compensate(Some("hand"), true), [""; 0]);
    assert_eq!(compensate(None, false), ["/steps/3/back_to"]);
    assert_eq!(compensate(Some("gone"), true), ["/steps/3/back_to"]);
    assert_eq!(compensate(Some("back"), true), ["/steps/3/back_to"]);
}

#[test]
fn flows_within_flows_are_there_about_the_same_and_not_in_circles() {
    let running = |key: &str| {
        let mut flow = ready();
        let mut inner = step(
            "inner",
            StepKind::SubFlow {
                flow: key.to_owned(),
            },
        );
        inner.exits = vec![Exit {
            on: DONE.to_owned(),
            to: Vec::new(),
        }];
        flow.steps[2].exits[0].to = vec!["inner".to_owned()];
        flow.steps.push(inner);
        paths(&flow, &around())
    };
    assert_eq!(running("plain"), [""; 0]);
    for bad in ["gone", "order-to-ship", "refund", "launch"] {
        assert_eq!(running(bad), ["/steps/3/flow"], "{bad}");
    }
}

#[test]
fn an_hour_in_which_nobody_answers_is_told_where_it_is_used() {
    let mut around = around();
    let gap = |role: &str| GapFact {
        owner: agency(role),
        sentence: format!("Nobody answers for {role}"),
    };
    around.gaps = vec![gap("operations"), gap("returns_ops")];
    let faults = readiness(&ready(), &around);
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(
        (faults[0].path.as_str(), faults[0].field.as_str()),
        ("/steps/0/backup", "backup")
    );
}

#[test]
fn two_hundred_steps_are_looked_at_in_no_time() {
    let mut flow = ready();
    let one = flow.steps.remove(2);
    for n in 0..198 {
        let mut copy = one.clone();
        copy.key = format!("step_{n}");
        copy.report_as = format!("step_{n}_time");
        flow.steps.push(copy);
    }
    assert!(readiness(&flow.in_a_row(), &around()).is_empty());
}
