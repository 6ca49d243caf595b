//! What happens next: on approve, step by step, and on silence.

use domain::{
    Time,
    approval::{Approval, ApprovalState},
    export::Export,
};
use engine::{ExportChain, Rules};

use crate::{
    ui::{
        Station, Tone,
        time::{duration_text, stamp_text},
    },
    web::{owner_name, short_name},
};

/// The way from here, as an upright thread. `mine`: the pending step is the reader's to decide.
pub(super) fn what_happens_next(
    chain: &ExportChain,
    outcome: &str,
    mine: bool,
    rules: &Rules,
    now: Time,
) -> Vec<Station> {
    let step = |label: String, line: String, state| Station {
        label,
        lines: vec![line],
        state,
        ..Station::default()
    };
    let mut stations: Vec<Station> = chain
        .approvals
        .iter()
        .filter(|one| {
            !matches!(
                one.state,
                ApprovalState::Withdrawn | ApprovalState::Superseded | ApprovalState::Expired
            )
        })
        .map(|one| {
            let owner = owner_name(rules, &one.owner);
            match one.state {
                ApprovalState::Pending if mine => step(
                    format!("You approve as {owner}"),
                    "now".to_owned(),
                    Tone::Wait,
                ),
                ApprovalState::Pending => {
                    let by = one
                        .accept_by
                        .map(|at| format!("by {}", stamp_text(at, now)))
                        .unwrap_or_default();
                    step(format!("{owner} approves"), by, Tone::Wait)
                }
                ApprovalState::Approved => {
                    let who = one
                        .decided_by
                        .and_then(|user| rules.user_name(user))
                        .map_or(owner, short_name);
                    let at = one
                        .decided_at
                        .map(|at| stamp_text(at, now))
                        .unwrap_or_default();
                    step(format!("{who} approved"), at, Tone::Done)
                }
                ApprovalState::Declined => {
                    step(format!("{owner} declined"), String::new(), Tone::Late)
                }
                _ => step(
                    format!("{owner} approves"),
                    duration_text(one.accept_ms),
                    Tone::Idle,
                ),
            }
        })
        .collect();
    let to = chain
        .destination
        .as_ref()
        .map_or("the destination", |found| found.name.as_str());
    stations.push(step(
        format!("It is sent to {to}"),
        "at once".to_owned(),
        Tone::Idle,
    ));
    if let Some(ms) = chain.contract.ack.accepted_within_ms {
        stations.push(step(
            format!("{to} accepts it"),
            format!("within {}", duration_text(ms)),
            Tone::Idle,
        ));
    }
    if let Some(ms) = chain.contract.ack.completed_within_ms {
        stations.push(step(
            format!("{to} completes it"),
            format!("within {}", duration_text(ms)),
            Tone::Idle,
        ));
    }
    if !outcome.is_empty() {
        stations.push(step(
            format!("Outcome: {outcome}"),
            String::new(),
            Tone::Idle,
        ));
    }
    stations
}

/// The same in a few words, for the banner.
pub(super) fn next_on_silence(approval: &Approval, rules: &Rules) -> Option<String> {
    let backup = owner_name(rules, &approval.backup);
    match (approval.state, approval.escalated_at) {
        (ApprovalState::Pending, Some(_)) => Some(format!(
            "{backup} may decide as well; on silence it expires."
        )),
        (ApprovalState::Pending, None) => Some(format!("On silence it goes to {backup}, too.")),
        _ => None,
    }
}

/// Who gets it when nobody says anything, and when it ends.
pub(super) fn on_silence(approval: &Approval, rules: &Rules, now: Time) -> Option<String> {
    if approval.state != ApprovalState::Pending {
        return None;
    }
    let backup = owner_name(rules, &approval.backup);
    let ends = approval
        .expires_at
        .map(|at| {
            format!(
                " At {} it expires and nothing is sent.",
                stamp_text(at, now)
            )
        })
        .unwrap_or_default();
    Some(match (approval.escalated_at, approval.accept_by) {
        (Some(since), _) => {
            format!(
                "On silence: {backup} may decide as well since {}.{ends}",
                stamp_text(since, now)
            )
        }
        (None, Some(at)) => format!(
            "On silence: at {} {backup} may decide as well, and a task is opened.{ends}",
            stamp_text(at, now)
        ),
        (None, None) => format!("On silence it goes to {backup}.{ends}"),
    })
}

/// "then Operations approves, then it is sent to Harbor 3PL": what one press sets going.
pub(crate) fn then_sentence(approval: &Approval, export: &Export, rules: &Rules) -> String {
    let contract = rules
        .contracts
        .iter()
        .find(|contract| contract.id == export.contract_id);
    let here = usize::try_from(approval.step - 1).unwrap_or(0);
    let next = contract
        .into_iter()
        .flat_map(|contract| &contract.approval)
        .find(|rule| {
            i64::try_from(rule.steps.len()).is_ok_and(|steps| steps == approval.of)
                && rule
                    .steps
                    .get(here)
                    .is_some_and(|step| step.owner == approval.owner)
        })
        .and_then(|rule| rule.steps.get(here + 1))
        .map(|step| format!("then {} approves, ", owner_name(rules, &step.owner)))
        .unwrap_or_default();
    let to = rules
        .destinations
        .iter()
        .find(|one| one.id == export.destination_id)
        .map_or("its destination", |one| one.name.as_str());
    format!("{next}then it is sent to {to}")
}
