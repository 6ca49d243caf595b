use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::{
    flow::{DONE, Flow, History, Op, Test, ways},
    task::Severity,
};

fn empty() -> Draft {
    Flow::named(Uuid::nil(), Uuid::nil(), "order-to-ship", "Order to ship")
}

fn add(title: &str, kind: &str, place: Place) -> Edit {
    Edit::Add {
        kind: kind.to_owned(),
        title: title.to_owned(),
        place,
    }
}

fn after(step: &str, exit: &str) -> Place {
    Place::After {
        step: step.to_owned(),
        exit: exit.to_owned(),
    }
}

fn drawn(edits: &[Edit]) -> Draft {
    edits
        .iter()
        .fold(empty(), |draft, edit| draft.apply(edit).unwrap())
}

fn three() -> Draft {
    drawn(&[
        add("Ask", "human_task", Place::Start),
        add("Ship", "wait_for_event", after("ask", DONE)),
        add("Choose", "decide", after("ask", DONE)),
    ])
}

/// Every reference from step to step that leads nowhere.
fn dangling(draft: &Draft) -> Vec<String> {
    let mut all: Vec<String> = draft.start.clone();
    for step in &draft.steps {
        all.extend(step.leads_to().into_iter().map(str::to_owned));
        if let StepKind::Compensate { back_to } = &step.kind {
            all.extend(back_to.clone());
        }
    }
    all.retain(|key| draft.step(key).is_none());
    all
}

fn unlike(draft: &Draft) -> bool {
    let mut keys: Vec<&str> = draft.steps.iter().map(|step| step.key.as_str()).collect();
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    keys.len() == all
}

#[test]
fn a_step_is_put_between_two_others() {
    let draft = three();
    assert_eq!(draft.start, ["ask"]);
    assert_eq!(draft.step("ask").unwrap().exit(DONE), ["choose"]);
    assert_eq!(draft.step("choose").unwrap().exit("yes"), ["ship"]);
    assert_eq!(
        draft.step("choose").unwrap().exit(ELSE),
        [] as [String; 0],
        "only one way leads on: the other branch is drawn by a person"
    );
}

#[test]
fn without_a_step_what_led_to_it_leads_on() {
    let draft = three()
        .apply(&Edit::Remove {
            step: "choose".into(),
        })
        .unwrap();
    assert_eq!(draft.step("ask").unwrap().exit(DONE), ["ship"]);
    let draft = draft.apply(&Edit::Remove { step: "ask".into() }).unwrap();
    assert_eq!(draft.start, ["ship"]);
    let draft = draft
        .apply(&Edit::Remove {
            step: "ship".into(),
        })
        .unwrap();
    assert!(draft.start.is_empty() && draft.steps.is_empty());
}

#[test]
fn a_renamed_step_is_followed_by_answers_too() {
    let when = Condition::All {
        of: vec![Condition::Test(Test {
            fact: "ask.reason".into(),
            op: Op::Equals,
            value: json!("late"),
        })],
    };
    let draft = three()
        .apply(&Edit::AddBranch {
            step: "choose".into(),
            label: "It is late".into(),
            when,
        })
        .unwrap()
        .apply(&Edit::Rename {
            step: "ask".into(),
            to: "ask_why".into(),
        })
        .unwrap();
    assert_eq!(draft.start, ["ask_why"]);
    let told = serde_json::to_string(&draft.step("choose").unwrap().kind).unwrap();
    assert!(told.contains("ask_why.reason"), "{told}");
    assert_eq!(
        draft.step("choose").unwrap().kind.exits(),
        ["yes", "it_is_late", ELSE]
    );
}

#[test]
fn a_shifted_step_keeps_its_words_and_leaves_no_gap() {
    let draft = three()
        .apply(&Edit::Shift {
            step: "choose".into(),
            place: Place::Start,
        })
        .unwrap();
    assert_eq!(draft.start, ["choose"]);
    assert_eq!(draft.step("choose").unwrap().exit("yes"), ["ask"]);
    assert_eq!(draft.step("ask").unwrap().exit(DONE), ["ship"]);
}

#[test]
fn a_failure_needs_a_way_to_happen_and_a_place_to_go() {
    let go = |on: &str, to: &str| Edit::SetFailure {
        step: "ship".into(),
        failure: Failure {
            on: on.into(),
            retries: 0,
            retry_after_ms: 0,
            path: Path::Go { to: to.into() },
        },
    };
    let draft = three();
    assert_eq!(
        draft.apply(&go(ways::DECLINED, "ask")).unwrap_err().field,
        "failures"
    );
    assert_eq!(
        draft.apply(&go(ways::LATE, "nobody")).unwrap_err().field,
        "step"
    );
    let draft = draft.apply(&go(ways::LATE, "ask")).unwrap();
    assert_eq!(draft.step("ship").unwrap().failures.len(), 1);
    // what follows takes the place of what it led to
    let draft = draft.apply(&Edit::Remove { step: "ask".into() }).unwrap();
    assert_eq!(
        draft
            .step("ship")
            .unwrap()
            .failure(ways::LATE)
            .unwrap()
            .path,
        Path::Go {
            to: "choose".into()
        }
    );
}

#[test]
fn what_cannot_be_is_refused_in_words() {
    let draft = three();
    let refused = |edit: Edit| draft.apply(&edit).unwrap_err();
    let rename = |to: &str| Edit::Rename {
        step: "ask".into(),
        to: to.into(),
    };
    assert_eq!(refused(rename("ship")).field, "key");
    assert_eq!(refused(rename("Hand to")).field, "key");
    assert_eq!(refused(rename("3pl")).field, "key");
    assert_eq!(key_of("3PL: hand over!"), "step_3pl_hand_over");
    assert_eq!(refused(rename("")).field, "key");
    let mut sketch = draft.step("ask").unwrap().clone();
    sketch.title = "  ".into();
    let put = Edit::Put {
        step: "ask".into(),
        sketch: Box::new(sketch),
    };
    assert_eq!(refused(put).field, "title");
    let connect = Edit::Connect {
        step: "ask".into(),
        exit: "yes".into(),
        to: "ship".into(),
    };
    assert_eq!(refused(connect).field, "exit");
    assert_eq!(refused(add("X", "teleport", Place::Start)).field, "kind");
}

#[test]
fn another_kind_has_other_exits_and_other_failures() {
    let draft = three()
        .apply(&Edit::SetFailure {
            step: "ship".into(),
            failure: Failure {
                on: ways::LATE.into(),
                retries: 1,
                retry_after_ms: 1000,
                path: Path::Task {
                    owner: None,
                    severity: Severity::Normal,
                    remediation: vec![],
                },
            },
        })
        .unwrap();
    let mut sketch = draft.step("ship").unwrap().clone();
    sketch.kind = StepKind::fresh("notify").unwrap();
    let draft = draft
        .apply(&Edit::Put {
            step: "ship".into(),
            sketch: Box::new(sketch),
        })
        .unwrap();
    assert!(draft.step("ship").unwrap().failures.is_empty());
}

/// An edit about steps that may or may not be there; `n` and `m` choose which.
fn some_edit() -> impl Strategy<Value = (u8, usize, usize, String)> {
    (0u8..14, 0usize..8, 0usize..8, "[a-z]{1,3}")
}

fn edit_of(draft: &Draft, (what, n, m, word): (u8, usize, usize, String)) -> Edit {
    let pick = |n: usize| {
        draft
            .steps
            .get(n % draft.steps.len().max(1))
            .map_or_else(|| "nobody".to_owned(), |step| step.key.clone())
    };
    let (step, other) = (pick(n), pick(m));
    let exit = draft
        .step(&step)
        .and_then(|step| step.exits.get(m % step.exits.len().max(1)))
        .map_or_else(|| DONE.to_owned(), |exit| exit.on.clone());
    let kind = StepKind::NAMES[(n + m) % 7];
    match what {
        0 => add(&word, kind, Place::Start),
        1 => add(&word, kind, after(&step, &exit)),
        2 => add(&word, kind, Place::Beside { step, exit }),
        3 => Edit::Remove { step },
        4 => Edit::Move { step, to: m },
        5 => Edit::Shift {
            step,
            place: after(&other, DONE),
        },
        6 => Edit::Rename { step, to: word },
        7 => Edit::Connect {
            step,
            exit,
            to: other,
        },
        8 => Edit::Disconnect {
            step,
            exit,
            to: other,
        },
        9 => Edit::AddBranch {
            step,
            label: word,
            when: Condition::Always,
        },
        10 => Edit::RemoveBranch { step, branch: exit },
        11 => Edit::SetFailure {
            failure: Failure {
                on: draft
                    .step(&step)
                    .and_then(|step| step.ways_to_fail().first().copied())
                    .unwrap_or(ways::LATE)
                    .to_owned(),
                retries: 0,
                retry_after_ms: 0,
                path: Path::Go { to: other },
            },
            step,
        },
        12 => Edit::SetTrigger {
            trigger: Trigger::Campaign,
            start: vec![step, other],
        },
        _ => {
            let mut sketch = draft.step(&step).cloned().unwrap_or_else(|| {
                Step::new(
                    &step,
                    "x",
                    (None, None),
                    StepKind::Compensate { back_to: None },
                )
            });
            sketch.kind = StepKind::Compensate {
                back_to: Some(other),
            };
            Edit::Put {
                step,
                sketch: Box::new(sketch),
            }
        }
    }
}

proptest! {
    #[test]
    fn no_edit_leaves_a_reference_to_nowhere(asked in prop::collection::vec(some_edit(), 1..60)) {
        let mut draft = empty();
        for one in asked {
            let edit = edit_of(&draft, one);
            if let Ok(next) = draft.apply(&edit) {
                prop_assert!(dangling(&next).is_empty(), "{edit:?} left {:?}", dangling(&next));
                prop_assert!(unlike(&next), "{edit:?} made a key twice");
                for step in &next.steps {
                    let exits: Vec<&str> = step.exits.iter().map(|exit| exit.on.as_str()).collect();
                    prop_assert_eq!(exits, step.kind.exits());
                }
                draft = next;
            }
        }
    }

    #[test]
    fn what_is_taken_back_was_never_there(asked in prop::collection::vec(some_edit(), 1..40)) {
        let mut history = History::new(empty());
        let mut was = vec![empty()];
        for one in asked {
            let edit = edit_of(history.now(), one);
            let before = history.now().clone();
            if history.apply(&edit).is_ok() {
                if *history.now() != before {
                    was.push(history.now().clone());
                }
            } else {
                prop_assert_eq!(history.now(), &before, "a refused edit changes nothing");
            }
        }
        for expected in was.iter().rev().skip(1) {
            prop_assert!(history.undo());
            prop_assert_eq!(history.now(), expected);
        }
        prop_assert!(!history.undo());
        for expected in was.iter().skip(1) {
            prop_assert!(history.redo());
            prop_assert_eq!(history.now(), expected);
        }
        prop_assert!(!history.redo());
    }

    #[test]
    fn edits_survive_being_written_down(asked in some_edit()) {
        let edit = edit_of(&three(), asked);
        let text = serde_json::to_string(&edit).unwrap();
        prop_assert_eq!(serde_json::from_str::<Edit>(&text).unwrap(), edit);
    }
}

#[test]
fn what_is_typed_in_one_go_is_one_edit() {
    let named = |name: &str| {
        let mut draft = empty();
        draft.name = name.to_owned();
        draft
    };
    let mut history = History::new(named("F"));
    history.become_of(named("R"));
    for letters in ["Re", "Ret"] {
        history.go_on(named(letters));
    }
    assert_eq!(history.now().name, "Ret");
    assert!(history.undo());
    assert_eq!(history.now().name, "F");
    assert!(!history.undo() && history.redo());
    assert_eq!(history.now().name, "Ret");
}
