//! When a step fails: tried again as often as it says, then the path that is drawn for this failure.
//!
//! The contract of an export has its own map of exceptions, which opens tasks for whoever repairs the export. The
//! path says what the *run* does meanwhile: wait for that repair, go elsewhere, or take back what it did.

use domain::{
    approval::ApprovalState,
    export::{Export, ExportState},
    flow::{Failure, Path, RunState, Step, StepKind, TokenState, ways},
    task::Severity,
};
use serde_json::json;

use super::{
    asking::Asked,
    codes,
    walk::{Now, Walk},
};
use crate::{error::Result, job::JobKind, recheck::Because, work::Work};

/// How a visit ends that somebody stopped.
pub(super) const fn abandoned(state: RunState) -> &'static str {
    match state {
        RunState::Undoing | RunState::Failed => "undone",
        _ => "stopped",
    }
}

impl Work<'_> {
    pub(super) async fn fail(
        &mut self,
        walk: &mut Walk,
        n: u32,
        way: &'static str,
        why: &str,
    ) -> Result<()> {
        let step = walk.at(n)?;
        let tries = walk.token(n)?.tries;
        self.note(
            "run.step_failed",
            "run",
            walk.run.id,
            json!({ "step": step.key, "way": way, "why": why, "tries": tries }),
        );
        let Some(failure) = self.path_of(walk, &step, way).await? else {
            return Ok(());
        };
        if tries < failure.retries {
            return self.wait_to_retry(walk, n, &failure).await;
        }
        if !step.watchers.is_empty() {
            let subject = self.subject_in(walk).await?;
            let sentence = format!("“{}” failed for {}: {why}.", step.title, subject.name());
            self.tell_watchers(
                (&step.watchers, &step.owner),
                ("run", walk.run.id),
                &sentence,
            )
            .await?;
        }
        match &failure.path {
            Path::Task {
                owner,
                severity,
                remediation,
            } => {
                let asked = (owner.as_ref(), *severity, remediation.as_slice());
                self.hold(walk, n, (way, why), asked).await
            }
            Path::Go { to } => {
                self.drop_work(walk, &step, "the flow goes on without it")
                    .await?;
                walk.leave(n, way, self.now);
                walk.arrive(std::slice::from_ref(to), self.now);
                self.note(
                    "run.advanced",
                    "run",
                    walk.run.id,
                    json!({ "from": step.key, "by": way, "step": to, "to": [to] }),
                );
                Ok(())
            }
            Path::Undo => self.start_undoing(walk, n, way, why).await,
        }
    }

    /// The path that is drawn; where none is, somebody has a task. `None`: the run is over by it.
    async fn path_of(
        &mut self,
        walk: &mut Walk,
        step: &Step,
        way: &str,
    ) -> Result<Option<Failure>> {
        if let Some(failure) = step.failure(way) {
            return Ok(Some(failure.clone()));
        }
        if way == ways::DECLINED {
            // flows from before failures had paths end when a person says no
            let others: Vec<String> = walk
                .run
                .stands_at()
                .filter(|key| *key != step.key)
                .map(str::to_owned)
                .collect();
            for key in others {
                let other = walk.step(&key)?;
                self.drop_work(walk, &other, "declined").await?;
            }
            self.end(walk, RunState::Cancelled, "declined").await?;
            return Ok(None);
        }
        Ok(Some(Failure {
            on: way.to_owned(),
            retries: 0,
            retry_after_ms: 0,
            path: Path::Task {
                owner: None,
                severity: Severity::Normal,
                remediation: Vec::new(),
            },
        }))
    }

    async fn wait_to_retry(&mut self, walk: &mut Walk, n: u32, failure: &Failure) -> Result<()> {
        let at = self.now.plus_ms(failure.retry_after_ms.max(0));
        if let Some(token) = walk.run.token_mut(n) {
            token.at = TokenState::Retrying;
            token.tries += 1;
            token.wait_until = Some(at);
            token.accept_by = None;
        }
        self.arm(JobKind::WaitDeadline, walk.run.id, at).await
    }

    /// The step once more: by itself, or because somebody put right what kept it.
    pub(super) async fn try_again(&mut self, walk: &mut Walk, n: u32) -> Result<()> {
        let step = walk.at(n)?;
        if let Some(token) = walk.run.token_mut(n) {
            token.at = TokenState::Waiting;
            token.wait_until = None;
        }
        let now = match &step.kind {
            StepKind::EmitExport { .. } => self.export_again(walk, &step).await?,
            StepKind::WaitForEvent { .. } => self.look(walk, n, &step).await?,
            StepKind::SubFlow { .. } => match self.look(walk, n, &step).await? {
                Now::Failed(..) => self.start_step(walk, n, &step).await?,
                now => now,
            },
            StepKind::HumanTask { .. } => {
                if self.task_at(walk, &step).await?.is_none() {
                    self.ask_person(walk, n, &step).await?;
                }
                Now::Wait
            }
            _ => self.start_step(walk, n, &step).await?,
        };
        self.settle_step(walk, n, now).await
    }

    /// The same bytes where they may be sent again, the facts of now where they are too old or were declined.
    async fn export_again(&mut self, walk: &mut Walk, step: &Step) -> Result<Now> {
        let StepKind::EmitExport { until, .. } = &step.kind else {
            return Ok(Now::Wait);
        };
        let subject = self.subject_in(walk).await?;
        let Some(export) = self.export_at(&walk.run, &step.key).await? else {
            return self.start_step(walk, 0, step).await;
        };
        match export.state {
            ExportState::Rejected | ExportState::Failed => {
                self.cancel_tasks_about(export.id, "it is tried again")
                    .await?;
                self.redeliver(export).await?;
                Ok(Now::Wait)
            }
            ExportState::Declined | ExportState::Expired => {
                self.replace(export, &subject, Because::FactsChanged)
                    .await?;
                Ok(Now::Wait)
            }
            ExportState::Withdrawn => self.start_step(walk, 0, step).await,
            _ => self.how_far(&export, *until).await,
        }
    }

    /// What the step has under way is of no use any more: what has not left is taken back, tasks are closed. What
    /// has left stays; it comes back.
    pub(super) async fn drop_work(
        &mut self,
        walk: &mut Walk,
        step: &Step,
        why: &str,
    ) -> Result<Option<Export>> {
        self.close_tasks(walk, step, TokenState::Held, why).await?;
        match &step.kind {
            StepKind::EmitExport { .. } => match self.export_at(&walk.run, &step.key).await? {
                Some(export) => self.take_back(export, why).await,
                None => Ok(None),
            },
            StepKind::SubFlow { .. } => {
                if let Some(child) = self.child_of(&walk.run, &step.key).await? {
                    self.end_within(child.id, why).await?;
                }
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// Withdraws what has not left; gives back what has, while its destination is still at it.
    async fn take_back(&mut self, mut export: Export, why: &str) -> Result<Option<Export>> {
        if matches!(
            export.state,
            ExportState::Quarantined
                | ExportState::AwaitingApproval
                | ExportState::Ready
                | ExportState::Paused
        ) {
            self.close_approvals(export.id, ApprovalState::Withdrawn)
                .await?;
            self.cancel_tasks_about(export.id, why).await?;
            export.become_state(ExportState::Withdrawn)?;
            self.tx.save_export(&export).await?;
            self.note(
                "export.withdrawn",
                "export",
                export.id,
                json!({ "why": why }),
            );
            return Ok(None);
        }
        Ok(matches!(
            export.state,
            ExportState::Delivering | ExportState::Delivered | ExportState::Acknowledged
        )
        .then_some(export))
    }

    /// The same for all branches; what has left.
    pub(super) async fn drop_all(&mut self, walk: &mut Walk, why: &str) -> Result<Vec<Export>> {
        let mut left = Vec::new();
        let keys: Vec<String> = walk
            .run
            .tokens
            .iter()
            .filter(|token| token.at != TokenState::Joining)
            .map(|token| token.step.clone())
            .collect();
        for key in keys {
            let step = walk.step(&key)?;
            left.extend(self.drop_work(walk, &step, why).await?);
        }
        Ok(left)
    }

    /// It cannot go on by itself, whatever is drawn.
    pub(super) async fn hold_for_good(&mut self, walk: &mut Walk, n: u32, why: &str) -> Result<()> {
        let step = walk.at(n)?;
        if let Some(token) = walk.run.token_mut(n) {
            token.at = TokenState::Held;
            token.wait_until = None;
            token.accept_by = None;
        }
        let asked = Asked {
            code: codes::STEP_FAILED,
            sentence: why.to_owned(),
            owner: step.owner.clone(),
            backup: step.backup.clone(),
            class: domain::task::ExceptionClass::Hard,
            severity: Severity::High,
            clocks: (0, 0),
            evidence: Vec::new(),
            remediation: vec![
                "See on the run's map which steps lead round to each other.".to_owned(),
                "Cancel the run, and give the flow's loop a way out.".to_owned(),
            ],
            unlock: domain::task::Unlock::Nothing,
            form: Vec::new(),
        };
        self.open_for(walk, n, &step, asked).await
    }
}
