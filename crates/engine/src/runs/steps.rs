//! What each kind of step does when it begins, and how one sees how far it is.
//!
//! [`Work::start_step`] has the effect; [`Work::look`] only reads, so it may be asked at any time and by anybody.

use std::sync::Arc;

use domain::{
    event::EventKind,
    export::{Export, ExportState},
    flow::{Branch, DONE, ELSE, Flow, Parent, Run, RunState, Step, StepKind, Until, ways},
    owner::Owner,
    task::{TaskState, Unlock},
};
use serde_json::json;

use super::walk::{Now, Walk};
use crate::{error::Result, work::Work};

/// Flows within flows within flows.
const DEEPEST: usize = 8;

impl Work<'_> {
    /// The step's effect, once for each time it begins.
    pub(super) async fn start_step(&mut self, walk: &mut Walk, n: u32, step: &Step) -> Result<Now> {
        match &step.kind {
            StepKind::EmitExport { export_type, .. } => {
                let subject = self.subject_in(walk).await?;
                self.emit(&walk.run, step, export_type, subject).await?;
                Ok(Now::Wait)
            }
            StepKind::WaitForEvent { event } => {
                let now = self.look(walk, n, step).await?;
                if matches!(now, Now::Wait) {
                    self.note(
                        "run.waiting",
                        "run",
                        walk.run.id,
                        json!({ "step": step.key, "event": event }),
                    );
                }
                Ok(now)
            }
            StepKind::Decide {
                branches,
                otherwise,
            } => self.decide_branch(walk, branches, *otherwise).await,
            StepKind::HumanTask { .. } => {
                self.ask_person(walk, n, step).await?;
                Ok(Now::Wait)
            }
            StepKind::Notify { to, message } => self.notify(walk, to, message).await,
            StepKind::Compensate { .. } => self.compensate(walk, step).await,
            StepKind::SubFlow { flow } => self.start_within(walk, step, flow).await,
        }
    }

    /// How far a step is that has begun. What it did at once is done.
    pub(super) async fn look(&mut self, walk: &mut Walk, n: u32, step: &Step) -> Result<Now> {
        match &step.kind {
            StepKind::EmitExport { until, .. } => match self.export_at(&walk.run, &step.key).await?
            {
                Some(export) => self.how_far(&export, *until).await,
                None => Ok(Now::Wait),
            },
            StepKind::WaitForEvent { event } => {
                let seen = self.was_seen(&walk.run, &step.key, *event).await?;
                Ok(if seen { done() } else { Now::Wait })
            }
            StepKind::HumanTask { .. } => self.answered(walk, n, step).await,
            StepKind::SubFlow { flow } => self.within(&walk.run, step, flow).await,
            StepKind::Compensate { .. } => self.compensate(walk, step).await,
            StepKind::Decide { .. } | StepKind::Notify { .. } => Ok(Now::Wait),
        }
    }

    /// The export that this visit of a step has made, in its newest version.
    pub(super) async fn export_at(&mut self, run: &Run, key: &str) -> Result<Option<Export>> {
        let since = run.entered(key);
        let all = self.tx.exports_of_run(run.merchant_id, run.id).await?;
        Ok(all
            .into_iter()
            .filter(|export| {
                export.step_key == key
                    && export.superseded_by.is_none()
                    && since.is_none_or(|since| export.created_at >= since)
            })
            .max_by_key(|export| (export.created_at, export.id)))
    }

    pub(super) async fn how_far(&mut self, export: &Export, until: Until) -> Result<Now> {
        use ExportState as S;
        Ok(match export.state {
            S::Completed | S::Compensated => done(),
            S::Acknowledged if until == Until::Acknowledged => done(),
            S::Delivered if until == Until::Acknowledged => {
                let contract = self.contract_of(export).await?;
                match contract.ack.accepted_within_ms {
                    // nobody will say that it was taken: it arrived
                    None => done(),
                    Some(_) => Now::Wait,
                }
            }
            S::Declined => Now::failed(ways::DECLINED, format!("{} was declined", export.title)),
            S::Expired => Now::failed(
                ways::EXPIRED,
                format!("{} was not decided or sent in time", export.title),
            ),
            S::Rejected => {
                let code = export.ack.exception_code.as_deref().unwrap_or("no reason");
                Now::failed(
                    ways::REJECTED,
                    format!("{} was rejected: {}", export.title, code.replace('_', " ")),
                )
            }
            S::Failed => Now::failed(
                ways::FAILED,
                format!("{} did not get through", export.title),
            ),
            _ => Now::Wait,
        })
    }

    /// Whether the event counts for this visit: the first visit takes what was seen at any time, a later one and
    /// the run of one occasion only what is new.
    async fn was_seen(&mut self, run: &Run, key: &str, event: EventKind) -> Result<bool> {
        let seen = self.tx.events_of(run.merchant_id, run.subject_id).await?;
        let mut earlier = run
            .path
            .iter()
            .filter(|visit| visit.step == key)
            .filter_map(|visit| visit.left_at);
        let since = match earlier.next_back() {
            Some(left) => Some(left),
            None if run.occasion.is_empty() || run.parent.is_some() => None,
            None => Some(run.started_at),
        };
        // ids say when something became known here, which is not when it happened elsewhere
        let known_at = |id: uuid::Uuid| id.get_timestamp().map(|at| at.to_unix());
        Ok(seen.iter().any(|row| {
            row.kind == event
                && since.is_none_or(|since| {
                    known_at(row.id).is_none_or(|(seconds, nanos)| {
                        let ms = seconds.saturating_mul(1_000) + u64::from(nanos / 1_000_000);
                        i64::try_from(ms).unwrap_or(i64::MAX) > since.as_ms()
                    })
                })
        }))
    }

    /// The first branch that holds. One whose condition asks for something unknown stops the search: the answer
    /// might have been it.
    async fn decide_branch(
        &mut self,
        walk: &mut Walk,
        branches: &[Branch],
        otherwise: bool,
    ) -> Result<Now> {
        let known = self.known_in(walk).await?;
        for branch in branches {
            match branch.when.holds(&known) {
                Some(true) => return Ok(Now::Done(branch.key.clone())),
                Some(false) => {}
                None => {
                    let facts = branch.when.unknown(&known).join(", ");
                    return Ok(Now::failed(
                        ways::UNKNOWN,
                        format!("“{}” cannot be decided: nobody knows {facts}", branch.label),
                    ));
                }
            }
        }
        Ok(if otherwise {
            Now::Done(ELSE.to_owned())
        } else {
            Now::failed(ways::UNKNOWN, "No branch fits what is known")
        })
    }

    async fn notify(&mut self, walk: &mut Walk, to: &[Owner], message: &str) -> Result<Now> {
        let subject = self.subject_in(walk).await?;
        let sentence = format!("{}: {message}", subject.name());
        let reached = self.tell(to, ("run", walk.run.id), &sentence).await?;
        Ok(if reached == 0 {
            Now::failed(ways::UNREACHED, "Nobody could be told")
        } else {
            done()
        })
    }

    /// What the person did, once the task is resolved.
    async fn answered(&mut self, walk: &mut Walk, n: u32, step: &Step) -> Result<Now> {
        let tasks = self
            .tx
            .tasks_about(walk.run.merchant_id, walk.run.id)
            .await?;
        let asked = tasks.into_iter().rev().find(|task| {
            task.unlock == Unlock::FinishStep
                && task
                    .step
                    .as_ref()
                    .is_some_and(|at| at.key == step.key && at.token == n)
        });
        Ok(match asked {
            Some(task) if task.state == TaskState::Resolved => {
                let answers = task.step.map(|at| at.answers).unwrap_or_default();
                walk.run.answers.insert(step.key.clone(), answers);
                done()
            }
            _ => Now::Wait,
        })
    }

    /// Another flow for the same subject, which this step waits for.
    async fn start_within(&mut self, walk: &mut Walk, step: &Step, key: &str) -> Result<Now> {
        let rules = Arc::clone(&self.rules);
        let Some(flow) = rules.flows.iter().find(|flow| flow.key == key) else {
            return Ok(Now::failed(
                ways::FAILED,
                format!("There is no published flow “{key}”"),
            ));
        };
        if self.depth(&walk.run).await? >= DEEPEST {
            let why = format!("Flows run within each other more than {DEEPEST} deep");
            return Ok(Now::failed(ways::FAILED, why));
        }
        let subject = self.subject_in(walk).await?;
        let tries = walk.run.tokens.iter().find(|token| token.step == step.key);
        let occasion = format!(
            "{}/{}/{}.{}",
            walk.run.id,
            step.key,
            walk.run.visits_of(&step.key),
            tries.map_or(0, |token| token.tries),
        );
        let mut run = self.new_run(flow, &subject, walk.run.started_by);
        run.occasion = occasion;
        run.trace_id.clone_from(&walk.run.trace_id);
        run.answers.clone_from(&walk.run.answers);
        run.parent = Some(Parent {
            run_id: walk.run.id,
            step: step.key.clone(),
        });
        self.set_off_within(run, flow, subject).await?;
        Ok(Now::Wait)
    }

    async fn depth(&mut self, run: &Run) -> Result<usize> {
        let mut depth = 0;
        let mut parent = run.parent.clone();
        while let Some(up) = parent {
            depth += 1;
            if depth >= DEEPEST {
                break;
            }
            let run = self.tx.run(run.merchant_id, up.run_id).await?;
            parent = run.and_then(|run| run.parent);
        }
        Ok(depth)
    }

    async fn within(&mut self, run: &Run, step: &Step, key: &str) -> Result<Now> {
        Ok(match self.child_of(run, &step.key).await? {
            Some(child) if child.state == RunState::Completed => done(),
            Some(child) if child.state.is_over() => Now::failed(
                ways::FAILED,
                format!(
                    "The flow “{key}” is {}: {}",
                    child.state,
                    child.outcome.as_deref().unwrap_or("no reason given")
                ),
            ),
            _ => Now::Wait,
        })
    }

    /// The run that this visit of a step has started, at last.
    pub(super) async fn child_of(&mut self, run: &Run, key: &str) -> Result<Option<Run>> {
        let of_this_visit = format!("{}/{key}/{}.", run.id, run.visits_of(key));
        let mut all = self.tx.runs_of(run.merchant_id, run.subject_id).await?;
        all.retain(|one| one.occasion.starts_with(&of_this_visit));
        Ok(all.into_iter().max_by_key(|one| (one.started_at, one.id)))
    }

    /// A run that has not begun.
    pub(crate) fn new_run(
        &self,
        flow: &Flow,
        subject: &super::Subject,
        by: Option<uuid::Uuid>,
    ) -> Run {
        Run {
            started_by: by,
            trace_id: self.trace_id.clone(),
            ..Run::new(
                self.uuid(),
                (self.merchant_id(), flow.id, &flow.key),
                (subject.kind(), subject.id()),
                self.now,
            )
        }
    }
}

pub(super) fn done() -> Now {
    Now::Done(DONE.to_owned())
}
