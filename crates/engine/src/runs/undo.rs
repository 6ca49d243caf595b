//! Taking back what a run did: the steps that are done, last first, one after the other.
//!
//! Each is undone by an export of the run (with a key of its own, so that it is never mistaken for the step's) or by
//! a task for the step's owner. The next one begins when the one before is through. An undo that fails waits for
//! whoever repairs it: leaving it out would leave the world half undone.

use domain::{
    contract::codes::CANCELLED_AFTER_DISPATCH,
    delivery::AckStatus,
    export::{Export, ExportState},
    flow::{Run, RunState, Step, StepKind, Undo, Until, ways},
    task::{ExceptionClass, Severity, TaskState, Unlock},
};
use serde_json::json;

use super::{
    asking::Asked,
    codes,
    steps::done,
    walk::{Now, Walk},
};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    exception::{Trouble, linked},
    work::Work,
};

/// Of the step's undo: which step, and which visit of it.
pub(super) fn undo_key(step: &str, visit: usize) -> String {
    format!("undo:{step}:{visit}")
}

/// Whether a key is that of an undo.
pub(crate) fn is_undo(key: &str) -> bool {
    key.starts_with("undo:")
}

impl Work<'_> {
    /// The run has failed by this step: everything stops, and is taken back.
    pub(super) async fn start_undoing(
        &mut self,
        walk: &mut Walk,
        n: u32,
        way: &str,
        why: &str,
    ) -> Result<()> {
        let step = walk.at(n)?;
        self.drop_all(walk, "what the run did is being undone")
            .await?;
        walk.leave(n, way, self.now);
        let others: Vec<u32> = walk.run.tokens.iter().map(|token| token.n).collect();
        for other in others {
            walk.leave(other, "undone", self.now);
        }
        walk.run.state = RunState::Undoing;
        walk.run.outcome = Some(why.to_owned());
        self.note(
            "run.undoing",
            "run",
            walk.run.id,
            json!({ "step": step.key, "way": way, "why": why }),
        );
        self.go_on_undoing(walk).await
    }

    /// What the run did is not to stand any longer: it stops where it is, or opens once more, and takes back what
    /// it did. It has not failed by that.
    pub async fn recall_run(&mut self, id: Uuid, why: &str) -> Result<()> {
        let Some(mut walk) = self.walk_of(id).await? else {
            return Err(Error::not_found("run"));
        };
        match walk.run.state {
            // what it did before somebody stopped it still stands
            RunState::Running | RunState::Paused | RunState::Completed | RunState::Cancelled => {}
            // it is being taken back, or has been
            RunState::Undoing | RunState::Failed => return Ok(()),
        }
        self.drop_all(&mut walk, why).await?;
        let open: Vec<u32> = walk.run.tokens.iter().map(|token| token.n).collect();
        for n in open {
            walk.leave(n, "undone", self.now);
        }
        walk.run.state = RunState::Undoing;
        walk.run.recalled = true;
        walk.run.pause = None;
        walk.run.ended_at = None;
        walk.run.outcome = Some(why.to_owned());
        self.note("run.recalled", "run", walk.run.id, json!({ "why": why }));
        self.go_on_undoing(&mut walk).await?;
        self.keep_run(walk).await.map(drop)
    }

    /// As far as it goes. When nothing is left to take back, the run has failed; or has ended as it was to, where
    /// it was recalled.
    pub(super) async fn go_on_undoing(&mut self, walk: &mut Walk) -> Result<()> {
        // nobody can draw a path for what fails here: whoever has the task about it has it
        if let Now::Done(_) = self.take_back_since(walk, 0).await? {
            let why = walk.run.outcome.clone().unwrap_or_default();
            let state = match walk.run.recalled {
                true => RunState::Completed,
                false => RunState::Failed,
            };
            self.end(walk, state, &why).await?;
        }
        Ok(())
    }

    /// The step that takes back a part of the run, and goes on.
    pub(super) async fn compensate(&mut self, walk: &mut Walk, step: &Step) -> Result<Now> {
        let StepKind::Compensate { back_to } = &step.kind else {
            return Ok(Now::Wait);
        };
        let from = match back_to {
            None => 0,
            Some(key) => {
                let mut visits = walk.run.path.iter();
                visits
                    .rposition(|visit| visit.step == *key)
                    // it was never there: there is nothing to take back
                    .unwrap_or(walk.run.path.len())
            }
        };
        self.take_back_since(walk, from).await
    }

    async fn take_back_since(&mut self, walk: &mut Walk, from: usize) -> Result<Now> {
        while let Some(index) = self.next_to_undo(walk, from).await? {
            let key = walk.run.path[index].step.clone();
            let step = walk.step(&key)?;
            match self.undo_visit(walk, &step, index).await? {
                Now::Done(_) => {}
                now => return Ok(now),
            }
            walk.run.path[index].undone = true;
            self.note(
                "run.step_undone",
                "run",
                walk.run.id,
                json!({ "step": step.key }),
            );
            self.mark_compensated(&walk.run, index).await?;
        }
        Ok(done())
    }

    /// The visit that ended last, has an undo, and did something.
    async fn next_to_undo(&mut self, walk: &Walk, from: usize) -> Result<Option<usize>> {
        let mut open: Vec<usize> = (from..walk.run.path.len())
            .filter(|index| {
                let visit = &walk.run.path[*index];
                let step = walk.flow.step(&visit.step);
                let undo = step.is_some_and(|step| step.undo.is_some());
                undo && !visit.undone && visit.left_at.is_some()
            })
            .collect();
        open.sort_by_key(|index| (walk.run.path[*index].left_at, *index));
        while let Some(index) = open.pop() {
            let visit = &walk.run.path[index];
            let ended_well = walk
                .flow
                .step(&visit.step)
                .is_some_and(|step| step.kind.exits().contains(&visit.by.as_str()));
            if ended_well || self.has_left(&walk.run, index).await? {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// The export that a visit made.
    async fn export_of_visit(&mut self, run: &Run, index: usize) -> Result<Option<Export>> {
        let visit = &run.path[index];
        let next = run.path[index + 1..]
            .iter()
            .find(|later| later.step == visit.step)
            .map(|later| later.entered_at);
        let all = self.tx.exports_of_run(run.merchant_id, run.id).await?;
        Ok(all.into_iter().rfind(|export| {
            export.step_key == visit.step
                && export.superseded_by.is_none()
                && export.created_at >= visit.entered_at
                && next.is_none_or(|next| export.created_at < next)
        }))
    }

    /// The step failed, or was stopped, but its destination may have done it.
    async fn has_left(&mut self, run: &Run, index: usize) -> Result<bool> {
        let Some(export) = self.export_of_visit(run, index).await? else {
            return Ok(false);
        };
        let is_there = matches!(
            export.state,
            ExportState::Delivering
                | ExportState::Delivered
                | ExportState::Acknowledged
                | ExportState::Completed
        );
        Ok(is_there || self.left_before(&export).await?.is_some())
    }

    /// The newest version before this one that its destination may have done.
    pub(crate) async fn left_before(&mut self, export: &Export) -> Result<Option<Export>> {
        let mut before = export.supersedes;
        while let Some(id) = before {
            let old = self.export(id).await?;
            let attempts = self.tx.attempts(old.merchant_id, old.id).await?;
            let arrived = attempts.last().is_some_and(|last| {
                let taken = last
                    .http_status
                    .is_some_and(|code| (200..300).contains(&code));
                // it was still being tried when it was superseded
                taken || last.next_at.is_some()
            });
            let has_left = match old.ack.status {
                Some(AckStatus::Accepted | AckStatus::Completed) => true,
                Some(AckStatus::Rejected) => false,
                None => arrived,
            };
            if has_left {
                return Ok(Some(old));
            }
            before = old.supersedes;
        }
        Ok(None)
    }

    /// What is taken back was to replace a version that has left, and nobody tells its destination: somebody has to.
    pub(crate) async fn stop_before(
        &mut self,
        export: &Export,
        why: &str,
    ) -> Result<Option<Export>> {
        let Some(old) = self.left_before(export).await? else {
            return Ok(None);
        };
        let contract = self.contract_of(&old).await?;
        let trouble = Trouble {
            code: CANCELLED_AFTER_DISPATCH.to_owned(),
            sentence: format!(
                "Version {} of “{}” was already sent when version {} was taken back: {why}",
                old.version, old.title, export.version
            ),
            evidence: vec![linked("Taken back", &export.title, "export", export.id)],
        };
        self.raise(&old, &contract, trouble).await?;
        Ok(Some(old))
    }

    async fn mark_compensated(&mut self, run: &Run, index: usize) -> Result<()> {
        let Some(mut export) = self.export_of_visit(run, index).await? else {
            return Ok(());
        };
        if !export.state.may_become(ExportState::Compensated) {
            return Ok(());
        }
        export.become_state(ExportState::Compensated)?;
        self.tx.save_export(&export).await?;
        self.note(
            "export.compensated",
            "export",
            export.id,
            json!({ "run_id": run.id }),
        );
        self.cancel_tasks_about(export.id, "it was undone").await
    }

    /// Starts to take a visit back, or sees how far that is.
    async fn undo_visit(&mut self, walk: &mut Walk, step: &Step, index: usize) -> Result<Now> {
        let key = undo_key(&step.key, index);
        match &step.undo {
            None => Ok(done()),
            Some(Undo::Export { export_type }) => {
                self.undo_by_export(walk, step, &key, export_type).await
            }
            Some(Undo::Task { instruction }) => {
                self.undo_by_hand(walk, step, &key, instruction).await
            }
        }
    }

    async fn undo_by_export(
        &mut self,
        walk: &mut Walk,
        step: &Step,
        key: &str,
        export_type: &str,
    ) -> Result<Now> {
        let all = self
            .tx
            .exports_of_run(walk.run.merchant_id, walk.run.id)
            .await?;
        let made = all
            .into_iter()
            .rfind(|export| export.step_key == key && export.superseded_by.is_none());
        let Some(export) = made else {
            let subject = self.subject_in(walk).await?;
            let undoing = Step {
                key: key.to_owned(),
                ..step.clone()
            };
            self.emit(&walk.run, &undoing, export_type, subject).await?;
            return Ok(Now::Wait);
        };
        let contract = self.contract_of(&export).await?;
        let until = match contract.ack.completed_within_ms {
            Some(_) => Until::Completed,
            None => Until::Acknowledged,
        };
        match self.how_far(&export, until).await? {
            Now::Failed(_, why) => {
                let tasks = self.tx.tasks_about(export.merchant_id, export.id).await?;
                if tasks.is_empty() || tasks.iter().any(|task| !task.state.is_over()) {
                    Ok(Now::failed(ways::FAILED, why))
                } else {
                    // a person has dealt with it, and nothing was sent again
                    Ok(done())
                }
            }
            Now::Wait if export.state == ExportState::Withdrawn => Ok(done()),
            now => Ok(now),
        }
    }

    async fn undo_by_hand(
        &mut self,
        walk: &mut Walk,
        step: &Step,
        key: &str,
        instruction: &str,
    ) -> Result<Now> {
        let all = self
            .tx
            .tasks_about(walk.run.merchant_id, walk.run.id)
            .await?;
        let made = all
            .into_iter()
            .rfind(|task| task.step.as_ref().is_some_and(|at| at.key == key));
        match made {
            Some(task) if task.state == TaskState::Resolved => Ok(done()),
            Some(task) if task.state != TaskState::Cancelled => Ok(Now::Wait),
            _ => {
                let asked = Asked {
                    code: codes::UNDO_BY_HAND,
                    sentence: instruction.to_owned(),
                    owner: step.owner.clone(),
                    backup: step.backup.clone(),
                    class: ExceptionClass::Hard,
                    severity: Severity::High,
                    clocks: (0, 0),
                    evidence: Vec::new(),
                    remediation: Vec::new(),
                    unlock: Unlock::FinishUndo,
                    form: Vec::new(),
                };
                let undoing = Step {
                    key: key.to_owned(),
                    title: format!("Undo “{}”", step.title),
                    ..step.clone()
                };
                self.open_for(walk, 0, &undoing, asked).await?;
                Ok(Now::Wait)
            }
        }
    }
}
