//! What a step leads to and what happens when it fails, in words.

use domain::flow::{DONE, ELSE, Flow, Path, Step, StepKind, ways};
use domain::owner::Owner;

use crate::ui::time::duration_text;

fn title_of(flow: &Flow, key: &str) -> String {
    flow.step(key)
        .map_or_else(|| key.to_owned(), |step| step.title.clone())
}

/// "then Hand over", "express: Call the carrier; otherwise: Hand over", "ends".
pub fn next_steps(flow: &Flow, step: &Step) -> String {
    let said: Vec<String> = step
        .kind
        .exits()
        .into_iter()
        .map(|on| {
            let titles: Vec<String> = step
                .exit(on)
                .iter()
                .map(|key| title_of(flow, key))
                .collect();
            let to = if titles.is_empty() {
                format!("ends: {}", flow.outcome)
            } else {
                titles.join(" and ")
            };
            match on {
                DONE => to,
                ELSE => format!("otherwise {to}"),
                branch => format!("{}: {to}", branch_label(step, branch)),
            }
        })
        .collect();
    said.join("; ")
}

fn branch_label(step: &Step, key: &str) -> String {
    match &step.kind {
        StepKind::Decide { branches, .. } => branches
            .iter()
            .find(|branch| branch.key == key)
            .map_or_else(|| key.to_owned(), |branch| branch.label.clone()),
        _ => key.to_owned(),
    }
}

fn way(on: &str) -> &str {
    match on {
        ways::DECLINED => "declined",
        ways::EXPIRED => "nobody decided in time",
        ways::REJECTED => "refused by the destination",
        ways::FAILED => "failed",
        ways::LATE => "late",
        ways::UNKNOWN => "a fact is not known",
        ways::UNREACHED => "nobody could be told",
        ways::CHECKPOINT => "the checkpoint does not hold",
        other => other,
    }
}

/// A line for each path that is taken when the step fails, with the ways that lead to it. `name` says what an
/// owner is called.
pub fn failures(flow: &Flow, step: &Step, name: impl Fn(&Owner) -> String) -> Vec<String> {
    let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
    for failure in &step.failures {
        let retried = match failure.retries {
            0 => String::new(),
            1 => format!(
                "once more after {}, then ",
                duration_text(failure.retry_after_ms)
            ),
            n => format!(
                "{n} times more, every {}, then ",
                duration_text(failure.retry_after_ms)
            ),
        };
        let path = match &failure.path {
            Path::Task { owner, .. } => {
                format!("a task for {}", name(owner.as_ref().unwrap_or(&step.owner)))
            }
            Path::Go { to } => format!("goes on at {}", title_of(flow, to)),
            Path::Undo => "everything is undone".to_owned(),
        };
        let line = format!("{retried}{path}");
        match lines.iter_mut().find(|(known, _)| *known == line) {
            Some((_, ways)) => ways.push(way(&failure.on)),
            None => lines.push((line, vec![way(&failure.on)])),
        }
    }
    lines
        .into_iter()
        .map(|(line, ways)| format!("{}: {line}", listed(&ways)))
        .collect()
}

/// "a", "a or b", "a, b or c"
fn listed(ways: &[&str]) -> String {
    match ways {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use domain::flow::{Branch, Condition, Exit, Failure};
    use domain::owner::Party;
    use domain::task::Severity;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_step_says_where_it_leads_and_how_it_fails() {
        let owner = |role: &str| Owner::role(Party::Agency, role);
        let pair = || (owner("logistics"), owner("operations"));
        let mut choose = Step::new(
            "choose",
            "Choose",
            pair(),
            StepKind::Decide {
                branches: vec![Branch {
                    key: "express".to_owned(),
                    label: "Express".to_owned(),
                    when: Condition::default(),
                }],
                otherwise: true,
            },
        );
        choose.exits = vec![
            Exit {
                on: "express".to_owned(),
                to: vec!["call".to_owned(), "note".to_owned()],
            },
            Exit {
                on: ELSE.to_owned(),
                to: Vec::new(),
            },
        ];
        let failure = |on: &str, retries, path| Failure {
            on: on.to_owned(),
            retries,
            retry_after_ms: 300_000,
            path,
        };
        choose.failures = vec![
            failure(
                ways::UNKNOWN,
                2,
                Path::Task {
                    owner: None,
                    severity: Severity::Normal,
                    remediation: Vec::new(),
                },
            ),
            failure(
                ways::CHECKPOINT,
                0,
                Path::Go {
                    to: "call".to_owned(),
                },
            ),
            failure(ways::LATE, 1, Path::Undo),
            failure(
                ways::FAILED,
                0,
                Path::Go {
                    to: "call".to_owned(),
                },
            ),
        ];
        let mut flow: Flow = Flow::named(Uuid::nil(), Uuid::nil(), "f", "F");
        let call = StepKind::HumanTask {
            instruction: "Call".to_owned(),
            fields: Vec::new(),
        };
        flow.steps = vec![
            choose.clone(),
            Step::new("call", "Call the carrier", pair(), call),
        ];
        assert_eq!(
            next_steps(&flow, &choose),
            "Express: Call the carrier and note; otherwise ends: done"
        );
        assert_eq!(
            failures(&flow, &choose, ToString::to_string),
            [
                "a fact is not known: 2 times more, every 5 min, then a task for agency:logistics",
                "the checkpoint does not hold or failed: goes on at Call the carrier",
                "late: once more after 5 min, then everything is undone",
            ]
        );
    }
}
