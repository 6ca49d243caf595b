//! The thread of one piece of work: from what arrived to what came of it, station by station.
//!
//! A chain holds everything that is known about a subject; the thread is one way through it: what set it
//! off, the order or brief it is about, the step of the flow, and the life of one export of that
//! step. `focus` names that export; without it, the newest that was not replaced counts. Live tasks hang
//! below the station at which the work broke.
//!
//! Pure: the chain, the rules for names, and the time of the request give the stations.

mod export;
#[cfg(test)]
mod tests;

use domain::{
    Time,
    flow::{RunState, StepKind},
    owner::Owner,
    receipt::{Receipt, ReceiptStatus},
    sight::Sight,
    task::Task,
};
use engine::{Chain, ExportChain, Rules, RunChain};
use uuid::Uuid;

use crate::{
    ui::{
        Branch, Station, Tone,
        time::{duration_text, stamp_text},
    },
    web::{noun_path, owner_name, short_name},
};

/// The stations of [`Thread`](crate::ui::Thread).
pub fn stations(
    chain: &Chain,
    focus: Option<Uuid>,
    rules: &Rules,
    slug: &str,
    now: Time,
) -> Vec<Station> {
    let draw = Draw {
        rules,
        slug,
        now,
        sight: &Sight::EVERYTHING,
    };
    let mut stations = Vec::new();
    if let Some(receipt) = chain.receipts.first() {
        stations.push(draw.receipt(chain, receipt));
    }
    if let Some(order) = &chain.order {
        stations.push(draw.order(chain, order));
    }
    if let Some(campaign) = &chain.campaign {
        stations.push(Station {
            owner_initials: rules.user_name(campaign.created_by).map(str::to_owned),
            ..draw.station(
                "Brief",
                Tone::Done,
                [
                    draw.person(campaign.created_by),
                    stamp_text(campaign.created_at, now),
                ],
            )
        });
    }
    match chosen(chain, focus) {
        Some((run, export)) => {
            stations.push(draw.step(run, export));
            if let Some(export) = export {
                stations.extend(draw.export(export));
            }
            stations.push(draw.outcome(run, export));
        }
        None if chain.order.is_some() => {
            stations.push(draw.station("Flow step", Tone::Idle, ["not started".to_owned()]));
            stations.push(draw.station("Outcome", Tone::Idle, []));
        }
        None if draw.still_open(chain) => {
            stations.push(draw.station("Order", Tone::Idle, ["not known yet".to_owned()]));
            stations.push(draw.station("Outcome", Tone::Idle, []));
        }
        None => {}
    }
    stations
}

/// The life of one export alone, as somebody sees it who was admitted for their own part: stations of what
/// is not theirs are no links, and what it is about is not shown.
pub fn own_stations(
    export: &ExportChain,
    sight: &Sight,
    rules: &Rules,
    slug: &str,
    now: Time,
) -> Vec<Station> {
    let draw = Draw {
        rules,
        slug,
        now,
        sight,
    };
    draw.export(export)
}

/// The run and the export that the thread leads through.
fn chosen(chain: &Chain, focus: Option<Uuid>) -> Option<(&RunChain, Option<&ExportChain>)> {
    let focused = focus.and_then(|id| {
        chain
            .runs
            .iter()
            .find_map(|run| Some((run, run.exports.iter().find(|one| one.export.id == id)?)))
    });
    if let Some((run, export)) = focused {
        return Some((run, Some(export)));
    }
    let run = chain.runs.last()?;
    let newest = run
        .exports
        .iter()
        .rev()
        .find(|one| one.export.superseded_by.is_none());
    Some((run, newest.or_else(|| run.exports.last())))
}

/// What every station needs to be drawn.
#[derive(Clone, Copy)]
struct Draw<'a> {
    rules: &'a Rules,
    slug: &'a str,
    now: Time,
    /// How far the reader sees.
    sight: &'a Sight,
}

impl Draw<'_> {
    fn station<const N: usize>(&self, label: &str, state: Tone, lines: [String; N]) -> Station {
        Station {
            label: label.to_owned(),
            lines: lines.into_iter().filter(|line| !line.is_empty()).collect(),
            state,
            ..Station::default()
        }
    }

    fn path(&self, noun: &str, id: Uuid) -> Option<String> {
        noun_path(self.slug, noun, &id.to_string())
    }

    fn person(&self, id: Uuid) -> String {
        self.rules
            .user_name(id)
            .map_or_else(|| "A former member".to_owned(), short_name)
    }

    /// "Mara K.", or the role that is asked.
    fn owner(&self, owner: &Owner) -> String {
        match owner {
            Owner::User(id) => self.person(*id),
            _ => owner_name(self.rules, owner),
        }
    }

    fn at(&self, at: Time) -> String {
        stamp_text(at, self.now)
    }

    /// "by 14:17:11", or how long ago that was.
    fn by(&self, due: Time) -> String {
        let left = due.since_ms(self.now);
        if left < 0 {
            format!("{} late", duration_text(left))
        } else {
            format!("by {}", self.at(due))
        }
    }

    fn waits_until(&self, due: Time) -> Tone {
        if due <= self.now {
            Tone::Late
        } else {
            Tone::Wait
        }
    }

    /// How much of the time from `since` to `due` is used, in percent.
    fn used(&self, since: Time, due: Time) -> Option<u8> {
        let whole = due.since_ms(since);
        let gone = self.now.since_ms(since).clamp(0, whole.max(0));
        u8::try_from(gone.saturating_mul(100).checked_div(whole)?).ok()
    }

    /// Hangs the first live task of these below a station, which is broken then.
    fn hang<'t>(&self, mut station: Station, mut tasks: impl Iterator<Item = &'t Task>) -> Station {
        if let Some(task) = tasks.find(|task| !task.state.is_over()) {
            let who = match task.assignee {
                Some(user) => format!("{} has it", self.person(user)),
                None => format!("waits for {}", self.owner(&task.owner)),
            };
            let due = task.deadline();
            station.branch = Some(Branch {
                label: task.code.clone(),
                lines: vec![format!("Task: {who}"), self.by(due)],
                tone: if due <= self.now {
                    Tone::Late
                } else {
                    Tone::Wait
                },
                href: self
                    .path("task", task.id)
                    .filter(|_| self.sight.sees(&task.marks())),
            });
        }
        station
    }

    fn receipt(&self, chain: &Chain, receipt: &Receipt) -> Station {
        let (state, what) = match receipt.status {
            ReceiptStatus::Accepted => (Tone::Moving, "to be read"),
            ReceiptStatus::Processed => (Tone::Done, ""),
            ReceiptStatus::Unmatched if receipt.waits_for_item().is_some() => {
                (Tone::Held, "its product is not known yet")
            }
            ReceiptStatus::Unmatched => (Tone::Held, "its order is not known yet"),
            ReceiptStatus::Ignored => (Tone::Idle, "nobody asked for it"),
            ReceiptStatus::Quarantined => (Tone::Late, "does not fit"),
        };
        let second = if what.is_empty() {
            self.at(receipt.received_at)
        } else {
            what.to_owned()
        };
        let station = Station {
            href: self.path("receipt", receipt.id),
            ..self.station("Receipt", state, [receipt.topic.clone(), second])
        };
        self.hang(station, chain.tasks.iter())
    }

    fn order(&self, chain: &Chain, order: &engine::port::OrderRow) -> Station {
        let event = chain
            .events
            .last()
            .map_or_else(String::new, |event| event.kind.to_string());
        Station {
            href: self.path("order", order.id),
            ..self.station(
                "Order",
                Tone::Done,
                [
                    format!(
                        "{} · {}",
                        order.order.name, order.order.totals.current_total
                    ),
                    event,
                ],
            )
        }
    }

    /// The receipt may still become an order's.
    fn still_open(&self, chain: &Chain) -> bool {
        chain.receipts.first().is_some_and(|receipt| {
            matches!(
                receipt.status,
                ReceiptStatus::Accepted | ReceiptStatus::Unmatched | ReceiptStatus::Quarantined
            )
        })
    }

    fn step(&self, run: &RunChain, export: Option<&ExportChain>) -> Station {
        let steps = &run.flow.steps;
        let of_export = export.and_then(|one| {
            steps
                .iter()
                .position(|step| step.key == one.export.step_key)
        });
        let stands = run
            .run
            .stands_at()
            .find_map(|key| steps.iter().position(|step| step.key == key));
        let at = of_export.or(stands).unwrap_or(steps.len());
        let shown = (at + 1).min(steps.len());
        // the step has done its part once its export is there
        let state = match (export, run.run.state) {
            (Some(_), _) | (None, RunState::Completed) => Tone::Done,
            (None, RunState::Running | RunState::Undoing) => Tone::Moving,
            (None, RunState::Paused) => Tone::Held,
            (None, RunState::Cancelled) => Tone::Idle,
            (None, RunState::Failed) => Tone::Late,
        };
        let station = Station {
            href: self.path("flow", run.flow.id),
            ..self.station(
                "Flow step",
                state,
                [
                    format!("{} v{}", run.flow.name, run.flow.version),
                    format!("step {shown} of {}", steps.len()),
                ],
            )
        };
        // without an export there is no later station for the run's trouble to hang at
        match export {
            None => self.hang(station, run.tasks.iter()),
            Some(_) => station,
        }
    }

    fn outcome(&self, run: &RunChain, export: Option<&ExportChain>) -> Station {
        let outcome = run.run.outcome.clone().unwrap_or_default();
        let ended = run.run.ended_at.map(|at| self.at(at)).unwrap_or_default();
        let station = match run.run.state {
            RunState::Completed => self.station("Outcome", Tone::Done, [outcome, ended]),
            state @ (RunState::Cancelled | RunState::Failed) => {
                let said = if outcome.is_empty() {
                    run.run.state.to_string()
                } else {
                    outcome
                };
                // taken back or declined is a decision, not a breakage
                let tone = if state == RunState::Failed {
                    Tone::Late
                } else {
                    Tone::Idle
                };
                self.station("Outcome", tone, [said, ended])
            }
            RunState::Running | RunState::Paused | RunState::Undoing => self.awaited(run, export),
        };
        let of_export = export
            .into_iter()
            .flat_map(|one| one.tasks.iter().filter(|task| export::at_outcome(task)));
        self.hang(station, of_export.chain(&run.tasks))
    }

    /// What the run still waits for, once its export is taken.
    fn awaited(&self, run: &RunChain, export: Option<&ExportChain>) -> Station {
        let goal = run.flow.outcome.clone();
        let waits = run.run.tokens.iter().find_map(|token| {
            match (&run.flow.step(&token.step)?.kind, token.wait_until?) {
                (StepKind::WaitForEvent { event }, until) => Some((token, event, until)),
                _ => None,
            }
        });
        if let Some((token, event, until)) = waits {
            return Station {
                progress: self.used(token.since, until),
                ..self.station(
                    "Outcome",
                    self.waits_until(until),
                    [format!("waits for {event}"), self.by(until)],
                )
            };
        }
        let completes = export.and_then(|one| {
            let within = one.contract.ack.completed_within_ms?;
            let since = one.export.ack.acknowledged_at?;
            Some((since, since.plus_ms(within)))
        });
        match completes {
            Some((since, due)) => Station {
                progress: self.used(since, due),
                ..self.station("Outcome", self.waits_until(due), [goal, self.by(due)])
            },
            None => self.station("Outcome", Tone::Idle, [goal]),
        }
    }
}
