//! The stations of one export: checks, approvals, delivery, acknowledgement.

use domain::{
    approval::{Approval, ApprovalState},
    contract::codes,
    delivery::AckStatus,
    export::{ExportState, QaStatus},
    task::Task,
};
use engine::ExportChain;

use super::Draw;
use crate::ui::{Station, Tone, time::duration_text};

/// The station a task about an export hangs at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Checks,
    Approval,
    Delivery,
    Acknowledgement,
    Outcome,
}

fn place(task: &Task, answered: bool) -> Place {
    match task.code.as_str() {
        codes::QA_FAILED => Place::Checks,
        codes::APPROVAL_TIMEOUT | codes::DECLINED => Place::Approval,
        codes::RETRIES_EXHAUSTED
        | codes::DESTINATION_GONE
        | codes::VALIDITY_EXPIRED
        | codes::FORBIDDEN_ADDRESS => Place::Delivery,
        codes::ACK_TIMEOUT => Place::Acknowledgement,
        code if is_late_outcome(code) => Place::Outcome,
        // a destination's own word for why not
        _ if answered => Place::Acknowledgement,
        _ => Place::Delivery,
    }
}

fn is_late_outcome(code: &str) -> bool {
    matches!(
        code,
        codes::COMPLETION_TIMEOUT
            | codes::EVENT_NOT_SEEN
            | codes::CANCELLED_AFTER_DISPATCH
            | codes::CHANGED_AFTER_DISPATCH
    )
}

pub(super) fn at_outcome(task: &Task) -> bool {
    is_late_outcome(&task.code)
}

impl Draw<'_> {
    pub(super) fn export(&self, chain: &ExportChain) -> Vec<Station> {
        let answered = chain.export.ack.status.is_some();
        let hang = |station, at: Place| {
            self.hang(
                station,
                chain
                    .tasks
                    .iter()
                    .filter(move |task| place(task, answered) == at),
            )
        };
        let mut stations = vec![hang(self.checks(chain), Place::Checks)];
        let asked = latest_by_step(&chain.approvals);
        // trouble hangs at the step that is or was last asked
        let troubled = asked
            .iter()
            .rposition(|one| one.state != ApprovalState::Queued);
        for (index, approval) in asked.into_iter().enumerate() {
            let station = self.approval(approval);
            stations.push(if Some(index) == troubled {
                hang(station, Place::Approval)
            } else {
                station
            });
        }
        stations.push(hang(self.delivery(chain), Place::Delivery));
        if chain.contract.ack.accepted_within_ms.is_some() || answered {
            stations.push(hang(self.acknowledgement(chain), Place::Acknowledgement));
        }
        stations
    }

    fn checks(&self, chain: &ExportChain) -> Station {
        let export = &chain.export;
        let passed = export
            .qa
            .iter()
            .filter(|one| one.status == QaStatus::Passed)
            .count();
        let failed = export.qa.iter().find(|one| one.status == QaStatus::Failed);
        let said = failed.map_or_else(String::new, |one| one.check.clone());
        Station {
            href: self.path("export", export.id),
            ..self.station(
                "Checks",
                if failed.is_some() {
                    Tone::Late
                } else {
                    Tone::Done
                },
                [format!("{passed} of {} passed", export.qa.len()), said],
            )
        }
    }

    fn approval(&self, approval: &Approval) -> Station {
        let label = match approval.of {
            1 => "Approval".to_owned(),
            of => format!("Approval {} of {of}", approval.step),
        };
        let owner = self.owner(&approval.owner);
        let took = || {
            let from = approval.asked_at?;
            Some(duration_text(approval.decided_at?.since_ms(from)))
        };
        let who = approval.decided_by.map(|user| self.person(user));
        let (state, lines) = match approval.state {
            ApprovalState::Queued => (
                Tone::Idle,
                [
                    owner.clone(),
                    format!("has {}", duration_text(approval.accept_ms)),
                ],
            ),
            ApprovalState::Pending => {
                let due = approval.accept_by.unwrap_or(self.now);
                (self.waits_until(due), [owner.clone(), self.by(due)])
            }
            ApprovalState::Approved => {
                let took = took()
                    .map(|took| format!("after {took}"))
                    .unwrap_or_default();
                (
                    Tone::Done,
                    [who.clone().unwrap_or_else(|| owner.clone()), took],
                )
            }
            ApprovalState::Declined => (
                Tone::Late,
                [
                    "declined".to_owned(),
                    who.clone().unwrap_or_else(|| owner.clone()),
                ],
            ),
            ApprovalState::Expired => (Tone::Late, [owner.clone(), "nobody decided".to_owned()]),
            ApprovalState::Withdrawn | ApprovalState::Superseded => {
                (Tone::Idle, [owner.clone(), approval.state.to_string()])
            }
        };
        let progress = match (approval.state, approval.asked_at, approval.accept_by) {
            (ApprovalState::Pending, Some(asked), Some(due)) => self.used(asked, due),
            _ => None,
        };
        Station {
            href: self
                .path("approval", approval.id)
                .filter(|_| self.sight.sees(&approval.marks())),
            owner_initials: Some(who.unwrap_or(owner)),
            progress,
            ..self.station(&label, state, lines)
        }
    }

    fn delivery(&self, chain: &ExportChain) -> Station {
        let to = chain
            .destination
            .as_ref()
            .map_or("its destination", |found| found.name.as_str())
            .to_owned();
        let last = chain.attempts.last();
        let tries = match chain.attempts.len() {
            0 => String::new(),
            n => {
                let status = last
                    .and_then(|one| one.http_status)
                    .map(|code| format!(" · {code}"));
                format!("attempt {n}{}", status.unwrap_or_default())
            }
        };
        let again = last
            .and_then(|one| one.next_at)
            .map(|at| format!("again {}", self.by(at)));
        let (state, second) = match chain.export.state {
            ExportState::Quarantined | ExportState::AwaitingApproval => (Tone::Idle, String::new()),
            ExportState::Ready => (
                Tone::Moving,
                again.unwrap_or_else(|| "goes out now".to_owned()),
            ),
            ExportState::Delivering => (Tone::Moving, again.unwrap_or(tries)),
            ExportState::Paused => (Tone::Held, "paused".to_owned()),
            ExportState::Delivered
            | ExportState::Acknowledged
            | ExportState::Completed
            | ExportState::Compensated => (Tone::Done, tries),
            // an answer that refuses arrived all the same
            ExportState::Rejected if !chain.attempts.is_empty() => (Tone::Done, tries),
            ExportState::Rejected | ExportState::Failed => (Tone::Late, tries),
            ExportState::Declined
            | ExportState::Expired
            | ExportState::Withdrawn
            | ExportState::Superseded => (Tone::Idle, "not sent".to_owned()),
        };
        Station {
            href: self.path("export", chain.export.id),
            ..self.station("Delivery", state, [to, second])
        }
    }

    fn acknowledgement(&self, chain: &ExportChain) -> Station {
        let export = &chain.export;
        let delivered = chain
            .attempts
            .last()
            .map(|one| one.started_at.plus_ms(one.duration_ms));
        let took = || {
            let from = delivered?;
            let after = export
                .ack
                .acknowledged_at
                .or(export.ack.completed_at)?
                .since_ms(from);
            (after > 0).then(|| format!("after {}", duration_text(after)))
        };
        let reference = export.ack.external_ref.clone().unwrap_or_default();
        let due = delivered
            .zip(chain.contract.ack.accepted_within_ms)
            .map(|(at, ms)| (at, at.plus_ms(ms)));
        let (state, lines, progress) = match (export.ack.status, export.state) {
            (Some(AckStatus::Rejected), _) | (None, ExportState::Rejected) => {
                let code = export.ack.exception_code.clone().unwrap_or_default();
                (Tone::Late, ["refused".to_owned(), code], None)
            }
            (Some(status), _) => {
                let word = if status == AckStatus::Completed {
                    "completed"
                } else {
                    "accepted"
                };
                let second = if reference.is_empty() {
                    took().unwrap_or_default()
                } else {
                    reference
                };
                (Tone::Done, [word.to_owned(), second], None)
            }
            (None, ExportState::Delivered) => match due {
                Some((since, due)) => (
                    self.waits_until(due),
                    ["awaited".to_owned(), self.by(due)],
                    self.used(since, due),
                ),
                None => (Tone::Wait, ["awaited".to_owned(), String::new()], None),
            },
            (None, _) => {
                let within = chain
                    .contract
                    .ack
                    .accepted_within_ms
                    .map(|ms| format!("within {}", duration_text(ms)));
                (
                    Tone::Idle,
                    [within.unwrap_or_default(), String::new()],
                    None,
                )
            }
        };
        Station {
            href: self.path("export", export.id),
            progress,
            ..self.station("Acknowledgement", state, lines)
        }
    }
}

/// A step that was asked again stands there once, as it is now.
fn latest_by_step(approvals: &[Approval]) -> Vec<&Approval> {
    let mut latest: Vec<&Approval> = Vec::new();
    for approval in approvals {
        match latest.iter_mut().find(|one| one.step == approval.step) {
            Some(one) => {
                if (one.asked_at, one.id) < (approval.asked_at, approval.id) {
                    *one = approval;
                }
            }
            None => latest.push(approval),
        }
    }
    latest.sort_by_key(|one| one.step);
    latest
}
