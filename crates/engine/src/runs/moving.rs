//! What moves a run from outside: events, exports, tasks, and people who put it on another version of its flow.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    event::EventKind,
    export::Export,
    flow::{Flow, RunState, StepKind, TokenState},
    task::{Task, Unlock},
};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{clocks::end_of, undo::is_undo, walk::Walk};
use crate::{error::Result, job::JobKind, work::Work};

impl Work<'_> {
    /// Events were seen for a subject: runs that wait for one of them go on.
    pub async fn events_seen(&mut self, subject_id: Uuid, kinds: &[EventKind]) -> Result<()> {
        if kinds.is_empty() {
            return Ok(());
        }
        for run in self.tx.runs_of(self.merchant_id(), subject_id).await? {
            if run.state != RunState::Running {
                continue;
            }
            let flow = self.flow_of(&run).await?;
            let waits: Vec<String> = run
                .stands_at()
                .filter(|key| {
                    flow.step(key).is_some_and(|step| {
                        matches!(&step.kind, StepKind::WaitForEvent { event } if kinds.contains(event))
                    })
                })
                .map(str::to_owned)
                .collect();
            for key in waits {
                self.stir(run.id, Some(&key)).await?;
            }
        }
        Ok(())
    }

    /// An export became another: whatever waited for it looks.
    pub async fn export_moved(&mut self, export: &Export) -> Result<()> {
        let trace = self.trace_id.clone();
        self.stir(export.run_id, Some(&export.step_key)).await?;
        self.look_again_beside(export).await?;
        self.trace_id = trace;
        Ok(())
    }

    /// A task about a run, or about an export of one, was resolved.
    pub async fn task_moved(&mut self, task: &Task) -> Result<()> {
        let Some(run_id) = task.run_id else {
            return Ok(());
        };
        let key = match (&task.step, task.export_id) {
            (Some(at), _) => at.key.clone(),
            (None, Some(id)) => self.export(id).await?.step_key,
            // from before tasks knew their step
            (None, None) => match task.dedup_key.split(':').nth(2) {
                Some(key) => key.to_owned(),
                None => return Ok(()),
            },
        };
        let Some(mut walk) = self.walk_of(run_id).await? else {
            return Ok(());
        };
        if walk.run.state != RunState::Running || is_undo(&key) {
            return self.stir(run_id, Some(&key)).await;
        }
        self.put_right(&mut walk, &key, task).await?;
        self.go(walk).await.map(drop)
    }

    async fn put_right(&mut self, walk: &mut Walk, key: &str, task: &Task) -> Result<()> {
        for n in walk.tokens_at(key) {
            let is_meant = task.step.as_ref().is_none_or(|at| at.token == n);
            let is_held = walk.token(n)?.at == TokenState::Held
                || (task.unlock == Unlock::WaitAgain
                    && task.step.is_none()
                    && task.export_id.is_none());
            if is_meant && is_held && task.unlock != Unlock::FinishStep {
                if let Some(token) = walk.run.token_mut(n) {
                    token.tries = 0;
                }
                self.try_again(walk, n).await?;
                if task.unlock == Unlock::WaitAgain {
                    let until = walk.run.token(n).and_then(|token| token.wait_until);
                    self.note("run.waiting", "run", walk.run.id, json!({ "until": until }));
                }
            } else if is_meant {
                self.look_around(walk, Some(key)).await?;
            }
        }
        Ok(())
    }

    /// The same for a flow within the flow.
    pub(super) fn end_within<'w>(
        &'w mut self,
        run: Uuid,
        why: &'w str,
    ) -> BoxFuture<'w, Result<()>> {
        Box::pin(self.end_run(run, RunState::Cancelled, why))
    }

    /// Ends a run before its outcome: what has not left is taken back.
    pub async fn end_run(&mut self, run_id: Uuid, state: RunState, why: &str) -> Result<()> {
        let Some(mut walk) = self.walk_of(run_id).await? else {
            return Ok(());
        };
        if walk.run.state.is_over() {
            return Ok(());
        }
        self.drop_all(&mut walk, why).await?;
        self.end(&mut walk, state, why).await?;
        self.keep_run(walk).await.map(drop)
    }

    /// Puts a run on another version of its flow. `Some`: why it stays where it is. Its clocks run on from when its
    /// steps began, as the other version sets them.
    pub async fn move_run(&mut self, run_id: Uuid, to: &Arc<Flow>) -> Result<Option<String>> {
        let Some(walk) = self.walk_of(run_id).await? else {
            return Ok(Some("it is not there any more".to_owned()));
        };
        let (from, mut run) = (Arc::clone(&walk.flow), walk.run);
        if let Err(why) = run.fits(&from, to) {
            return Ok(Some(why));
        }
        let (rules, now) = (Arc::clone(&self.rules), self.now);
        let mut armed = Vec::new();
        for token in &mut run.tokens {
            let (Some(was), Some(step)) = (from.step(&token.step), to.step(&token.step)) else {
                continue;
            };
            if token.at != TokenState::Waiting || was.clock == step.clock {
                continue;
            }
            let until =
                |ms: i64| (ms > 0).then(|| end_of(&rules, &step.clock, token.since, ms).max(now));
            token.wait_until = until(step.clock.resolve_ms);
            token.accept_by = token
                .accept_by
                .and_then(|_| until(step.clock.accept_ms))
                .filter(|at| token.wait_until.is_none_or(|late| *at < late));
            armed.extend([token.wait_until, token.accept_by].into_iter().flatten());
        }
        run.flow_id = to.id;
        self.tx.save_run(&run).await?;
        self.note(
            "run.moved",
            "run",
            run.id,
            json!({
                "flow": to.key, "from": from.version, "to": to.version, "at": run.stands_at().collect::<Vec<_>>(),
            }),
        );
        if run.state == RunState::Running {
            for at in armed {
                self.arm(JobKind::WaitDeadline, run.id, at).await?;
            }
        }
        Ok(None)
    }
}

/// Reads answers against the form of a task.
pub(crate) fn read_answers(
    task: &Task,
    given: &BTreeMap<String, Value>,
) -> Result<BTreeMap<String, Value>> {
    let fields = task.step.as_ref().map_or(&[][..], |at| &at.form);
    domain::flow::form::read(fields, given).map_err(|faults| {
        crate::Error::invalid_fields(
            faults
                .into_iter()
                .map(|(field, sentence)| crate::error::FieldError { field, sentence })
                .collect(),
        )
    })
}
