//! People at the controls: pausing a run, letting it go on, and ending it. Each with a reason.
//!
//! While a run is paused its clocks stand still: nothing is late, nothing is sent, and what arrives waits. Going on
//! moves every deadline by as long as the pause was, and what waited to be sent says what is true by then; the run of
//! an order that is cancelled meanwhile is over at once.

use std::sync::Arc;

use domain::{
    access::Action,
    contract::codes::CANCELLED_AFTER_DISPATCH,
    export::{Export, ExportState},
    flow::{Pause, Run, RunState},
    order::{ClosedReason, Readiness},
    task::TaskState,
};
use futures::future::BoxFuture;
use serde_json::json;
use uuid::Uuid;

use crate::{
    ctx::{Actor, Ctx},
    engine::Engine,
    error::{Error, Result},
    exception::{Trouble, evidence},
    job::JobKind,
    port::StoreExt,
    runs::Subject,
    work::Work,
};

/// What became of a run that was cancelled.
#[derive(Clone, Debug)]
pub struct Cancelled {
    pub run: Run,
    /// Left before, and cannot be taken back.
    pub left: Vec<Export>,
}

fn reason(why: &str) -> Result<String> {
    let why = why.trim();
    if why.is_empty() {
        return Err(Error::invalid("reason", "Say why."));
    }
    if why.chars().count() > 1_000 {
        return Err(Error::invalid("reason", "At most 1000 characters, please."));
    }
    Ok(why.to_owned())
}

macro_rules! by_a_person {
    ($self:ident, $ctx:ident, $id:ident, $why:ident, $method:ident) => {{
        $ctx.require(Action::Control)?;
        let why = reason($why)?;
        let rules = $self.rules_of($ctx.merchant_id()).await?;
        let (engine, ctx) = (Arc::clone($self), $ctx.clone());
        $self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let by = match ctx.actor() {
                        Actor::User { user, .. } => Some(user.id),
                        _ => None,
                    };
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    work.$method($id, by, &why).await
                })
            })
            .await
    }};
}

impl Engine {
    /// The run stands still until somebody lets it go on.
    pub async fn pause_run(self: &Arc<Self>, ctx: &Ctx, id: Uuid, why: &str) -> Result<Run> {
        by_a_person!(self, ctx, id, why, pause_run)
    }

    pub async fn resume_run(self: &Arc<Self>, ctx: &Ctx, id: Uuid, why: &str) -> Result<Run> {
        by_a_person!(self, ctx, id, why, resume_run)
    }

    /// Ends it. What has not left is taken back; what has left is named.
    pub async fn cancel_run(self: &Arc<Self>, ctx: &Ctx, id: Uuid, why: &str) -> Result<Cancelled> {
        by_a_person!(self, ctx, id, why, cancel_run)
    }
}

impl Work<'_> {
    async fn run_called(&mut self, id: Uuid) -> Result<Run> {
        self.tx
            .run(self.merchant_id(), id)
            .await?
            .ok_or_else(|| Error::not_found("run"))
    }

    /// Flows within the flow, under way.
    async fn children(&mut self, run: &Run) -> Result<Vec<Run>> {
        let mut all = self.tx.runs_of(run.merchant_id, run.subject_id).await?;
        all.retain(|one| {
            !one.state.is_over() && one.parent.as_ref().is_some_and(|up| up.run_id == run.id)
        });
        Ok(all)
    }

    fn pause_within<'w>(
        &'w mut self,
        id: Uuid,
        by: Option<Uuid>,
        why: &'w str,
    ) -> BoxFuture<'w, Result<Run>> {
        Box::pin(self.pause_run(id, by, why))
    }

    fn resume_within<'w>(
        &'w mut self,
        id: Uuid,
        by: Option<Uuid>,
        why: &'w str,
    ) -> BoxFuture<'w, Result<Run>> {
        Box::pin(self.resume_run(id, by, why))
    }

    async fn pause_run(&mut self, id: Uuid, by: Option<Uuid>, why: &str) -> Result<Run> {
        let mut run = self.run_called(id).await?;
        if run.state != RunState::Running {
            return Err(Error::conflict(format!(
                "This run is {} and cannot be paused.",
                run.state
            )));
        }
        run.state = RunState::Paused;
        run.pause = Some(Pause {
            by: by.unwrap_or_else(Uuid::nil),
            at: self.now,
            why: why.to_owned(),
        });
        self.tx.save_run(&run).await?;
        run.rev += 1;
        self.note("run.paused", "run", run.id, json!({ "why": why }));
        for mut export in self.tx.exports_of_run(run.merchant_id, run.id).await? {
            if export.state == ExportState::Ready {
                self.hold_back(&mut export).await?;
            }
        }
        for child in self.children(&run).await? {
            if child.state == RunState::Running {
                self.pause_within(child.id, by, why).await?;
            }
        }
        Ok(run)
    }

    /// It is ready, and waits for its run.
    pub async fn hold_back(&mut self, export: &mut Export) -> Result<()> {
        export.become_state(ExportState::Paused)?;
        self.tx.save_export(export).await?;
        self.note(
            "export.paused",
            "export",
            export.id,
            json!({ "run_id": export.run_id }),
        );
        Ok(())
    }

    async fn resume_run(&mut self, id: Uuid, by: Option<Uuid>, why: &str) -> Result<Run> {
        let mut run = self.run_called(id).await?;
        let Some(pause) = run.pause.take().filter(|_| run.state == RunState::Paused) else {
            return Err(Error::conflict(format!(
                "This run is {} and not paused.",
                run.state
            )));
        };
        let stood_ms = self.now.since_ms(pause.at);
        run.state = RunState::Running;
        let mut armed = Vec::new();
        for token in &mut run.tokens {
            for clock in [&mut token.wait_until, &mut token.accept_by] {
                *clock = clock.map(|at| at.plus_ms(stood_ms));
                armed.extend(*clock);
            }
        }
        self.tx.save_run(&run).await?;
        self.note(
            "run.resumed",
            "run",
            run.id,
            json!({ "why": why, "paused_ms": stood_ms }),
        );
        for at in armed {
            self.arm(JobKind::WaitDeadline, run.id, at).await?;
        }
        self.shift_tasks(&run, stood_ms).await?;
        for mut export in self.tx.exports_of_run(run.merchant_id, run.id).await? {
            if export.state == ExportState::Paused {
                export.become_state(ExportState::Ready)?;
                self.tx.save_export(&export).await?;
                self.note("export.resumed", "export", export.id, json!({}));
                self.arm(JobKind::Deliver, export.id, self.now).await?;
            }
        }
        self.catch_up(&run).await?;
        for child in self.children(&run).await? {
            if child.state == RunState::Paused {
                self.resume_within(child.id, by, why).await?;
            }
        }
        // what happened meanwhile
        self.stir(run.id, None).await?;
        self.run_called(id).await
    }

    /// What changed while the run stood still, for what has not left: nothing goes out as it was.
    async fn catch_up(&mut self, run: &Run) -> Result<()> {
        let mut exports = self.tx.exports_of_run(run.merchant_id, run.id).await?;
        exports.retain(|export| export.state.is_before_dispatch());
        if exports.is_empty() {
            return Ok(());
        }
        let subject = self.subject_of(run).await?;
        let readiness = match &subject {
            Subject::Order(row) => Some(row.order.readiness()),
            Subject::Campaign(_) | Subject::Case(_) => None,
        };
        match readiness {
            Some(
                over @ Readiness::Closed(
                    ClosedReason::Cancelled | ClosedReason::Voided | ClosedReason::Refunded,
                ),
            ) => self.subject_closed(&subject, over.sentence()).await,
            Some(Readiness::Closed(_)) => Ok(()),
            Some(Readiness::Releasable | Readiness::WaitingForPayment(_)) | None => {
                for export in exports {
                    self.facts_changed_for(export, &subject).await?;
                }
                Ok(())
            }
        }
    }

    /// The clocks of what the run asks people stood still too.
    async fn shift_tasks(&mut self, run: &Run, ms: i64) -> Result<()> {
        for mut task in self.tx.tasks_about(run.merchant_id, run.id).await? {
            if task.state.is_over() || task.step.is_none() {
                continue;
            }
            task.asked_at = Some(task.asked_since().plus_ms(ms));
            task.accept_by = task.accept_by.plus_ms(ms);
            task.resolve_by = task.resolve_by.plus_ms(ms);
            task.escalates_at = task.escalates_at.map(|at| at.plus_ms(ms));
            task.claim_expires_at = task.claim_expires_at.map(|at| at.plus_ms(ms));
            self.keep_task(&task).await?;
            self.arm(JobKind::TaskResolveDeadline, task.id, task.resolve_by)
                .await?;
            if task.state == TaskState::Open {
                self.arm(JobKind::TaskAcceptDeadline, task.id, task.accept_by)
                    .await?;
            }
        }
        Ok(())
    }

    /// Whether the task belongs to a run that stands still.
    pub async fn is_paused(&mut self, run: Option<Uuid>) -> Result<bool> {
        let Some(id) = run else {
            return Ok(false);
        };
        let run = self.tx.run(self.merchant_id(), id).await?;
        Ok(run.is_some_and(|run| run.state == RunState::Paused))
    }

    async fn cancel_run(&mut self, id: Uuid, _by: Option<Uuid>, why: &str) -> Result<Cancelled> {
        let Some(mut walk) = self.walk_of(id).await? else {
            return Err(Error::not_found("run"));
        };
        if walk.run.state.is_over() {
            return Err(Error::conflict(format!(
                "This run is {} already.",
                walk.run.state
            )));
        }
        self.drop_all(&mut walk, why).await?;
        self.end(&mut walk, RunState::Cancelled, why).await?;
        for child in self.children(&walk.run).await? {
            self.end_run(child.id, RunState::Cancelled, why).await?;
        }
        let mut left = Vec::new();
        let all = self
            .tx
            .exports_of_run(walk.run.merchant_id, walk.run.id)
            .await?;
        for export in all {
            if export.state == ExportState::Withdrawn {
                left.extend(self.stop_before(&export, why).await?);
            }
            if !matches!(
                export.state,
                ExportState::Delivering | ExportState::Delivered | ExportState::Acknowledged
            ) {
                continue;
            }
            let contract = self.contract_of(&export).await?;
            let trouble = Trouble {
                code: CANCELLED_AFTER_DISPATCH.to_owned(),
                sentence: format!(
                    "“{}” was already sent when its run was cancelled: {why}",
                    export.title
                ),
                evidence: vec![evidence("Export is", export.state.words())],
            };
            self.raise(&export, &contract, trouble).await?;
            left.push(export);
        }
        let run = self.keep_run(walk).await?;
        Ok(Cancelled { run, left })
    }
}
