//! What is different, in sentences.

use super::*;
use crate::{flow::Flow, owner::Party, task::Severity};
use uuid::Uuid;

fn flow() -> Draft {
    let who = |role: &str| Some(Owner::role(Party::Agency, role));
    let step = |key: &str, title: &str| {
        Step::new(
            key,
            title,
            (who("logistics"), who("operations")),
            StepKind::HumanTask {
                instruction: "Do it".to_owned(),
                fields: Vec::new(),
            },
        )
    };
    Flow {
        steps: vec![step("hand", "Hand to 3PL"), step("check", "Check")],
        ..Flow::named(Uuid::nil(), Uuid::nil(), "order-to-ship", "Order to ship")
    }
    .in_a_row()
}

fn words(from: &Draft, to: &Draft) -> Vec<String> {
    diff(from, to, &Owner::title)
        .into_iter()
        .map(|one| one.sentence)
        .collect()
}

#[test]
fn nothing_is_different_from_itself() {
    assert!(diff(&flow(), &flow(), &Owner::title).is_empty());
}

#[test]
fn every_change_reads_as_a_sentence() {
    let check = |change: &dyn Fn(&mut Draft), expected: &[&str]| {
        let mut to = flow();
        change(&mut to);
        assert_eq!(words(&flow(), &to), expected);
    };
    check(
        &|to| to.steps[0].backup = Some(Owner::role(Party::Agency, "finance")),
        &["Hand to 3PL: backup was Operations, is now Finance"],
    );
    check(
        &|to| {
            to.steps[1].clock = Clock {
                accept_ms: 15 * 60_000,
                resolve_ms: 2 * 86_400_000,
                calendar: None,
            };
        },
        &["Check: SLA was none, is now 15 min to take, 2 days to do"],
    );
    check(
        &|to| {
            to.steps.remove(1);
            to.steps[0].exits[0].to.clear();
        },
        &[
            "Hand to 3PL: it led to Check, and leads now to the end",
            "Check was taken out",
        ],
    );
    check(
        &|to| {
            to.steps[0].failures.push(Failure {
                on: "late".to_owned(),
                retries: 2,
                retry_after_ms: 60_000,
                path: Path::Task {
                    owner: None,
                    severity: Severity::High,
                    remediation: Vec::new(),
                },
            });
        },
        &[
            "Hand to 3PL: when it is “late”: 2 retries, every 1 min, then a task (high) for its owner",
        ],
    );
    check(
        &|to| {
            to.outcome = "shipped".to_owned();
            to.trigger = Trigger::Campaign;
        },
        &[
            "It started by hand, for an order, and starts now by hand, with a campaign brief",
            "A finished run was called “done”, and is now called “shipped”",
        ],
    );
}

#[test]
fn the_map_marks_each_step_once() {
    let mut to = flow();
    to.steps[0].title = "Hand over".to_owned();
    to.steps[0].backup = None;
    let mut new = to.steps[0].clone();
    new.key = "told".to_owned();
    to.steps[1] = new;
    let marks = marks(&diff(&flow(), &to, &Owner::title));
    let said: Vec<_> = marks
        .iter()
        .map(|(key, mark)| (key.as_str(), *mark))
        .collect();
    assert_eq!(
        said,
        [
            ("check", Mark::Removed),
            ("hand", Mark::Changed),
            ("told", Mark::Added)
        ]
    );
}
