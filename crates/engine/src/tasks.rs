//! Working tasks: claim, release, reassign, snooze, resolve; and what their clocks do.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Time,
    access::Action,
    chat::Handing,
    export::ExportState,
    owner::{Owner, Party},
    task::{Task, TaskState, Unlock},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    exports::{has_left, stands},
    job::{Job, JobKind},
    port::StoreExt,
    recheck::Because,
    runs::{Subject, read_answers},
    sight::{see, task_as_seen},
    work::Work,
};

/// The `arg` of a delivery that a person asked for again.
pub(crate) const REPLAY: i64 = -1;
const GIVEN: &str = "task.reassigned";

/// Something a person does with a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskAct {
    Claim,
    Release,
    Reassign {
        to: Owner,
    },
    Snooze {
        until: Time,
    },
    Resolve {
        note: String,
    },
    /// The same with what its form asks for, by field.
    Finish {
        answers: BTreeMap<String, Value>,
        note: String,
    },
}

impl Engine {
    pub async fn act_on_task(
        self: &Arc<Self>,
        ctx: &Ctx,
        task_id: Uuid,
        act: TaskAct,
    ) -> Result<Task> {
        ctx.require(Action::WorkTasks)?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        if let TaskAct::Reassign { to } = &act
            && !ctx.is_outside()
            && rules.people(to).is_empty()
        {
            return Err(Error::invalid(
                "to",
                format!("{} is nobody active here.", to.title()),
            ));
        }
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let (user, sight) = (ctx.user_id(), ctx.sight(&rules));
                    let merchant = ctx.merchant_id();
                    if !see(&mut *tx, &sight, merchant, "task", task_id).await? {
                        return Err(Error::not_found("task"));
                    }
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    if let TaskAct::Reassign { to } = &act
                        && let Some(side) = ctx.outside_party()
                    {
                        work.keeps_to_theirs(task_id, to, side).await?;
                    }
                    let task = work.act(task_id, user, act).await?;
                    task_as_seen(&mut *work.tx, &sight, task).await
                })
            })
            .await
    }
}

impl Work<'_> {
    async fn known_task(&mut self, id: Uuid) -> Result<Task> {
        let found = self.tx.task(self.merchant_id(), id).await?;
        found.ok_or_else(|| Error::not_found("task"))
    }

    /// Somebody from outside keeps it on their side, or gives it to those whom the task itself names. Of anybody
    /// else they are not told whether there is such a one.
    async fn keeps_to_theirs(&mut self, id: Uuid, to: &Owner, side: Party) -> Result<()> {
        let task = self.known_task(id).await?;
        if self.rules.is_of(side, to) || task.named().any(|owner| owner == to) {
            return Ok(());
        }
        let sentence = "Choose somebody on your own side, or whom the task names.";
        Err(Error::invalid("to", sentence))
    }

    async fn act(&mut self, id: Uuid, user: Option<Uuid>, act: TaskAct) -> Result<Task> {
        let task = self.known_task(id).await?;
        let person = || user.ok_or_else(|| Error::forbidden("Only a person can claim a task."));
        let now = self.now;
        let (next, action, detail) = match act {
            TaskAct::Claim => {
                let user = person()?;
                // read here and now: who was taken out a moment ago takes nothing on
                if !self.answers(&Owner::User(user)).await? {
                    return Err(Error::forbidden("You do not work here any more."));
                }
                (
                    task.claim(user, now)?,
                    "task.claimed",
                    json!({ "assignee": user }),
                )
            }
            TaskAct::Release => (task.release(person()?, now)?, "task.released", json!({})),
            TaskAct::Reassign { to } => {
                if !self.answers(&to).await? {
                    return Err(Error::invalid("to", "They do not work here any more."));
                }
                let from = task.owner.clone();
                (
                    task.reassign(to.clone(), now)?,
                    GIVEN,
                    json!({ "from": from, "to": to }),
                )
            }
            TaskAct::Snooze { until } => (
                task.snooze(until, now)?,
                "task.snoozed",
                json!({ "until": until }),
            ),
            TaskAct::Resolve { note } => resolved(task, user, BTreeMap::new(), &note, now)?,
            TaskAct::Finish { answers, note } => resolved(task, user, answers, &note, now)?,
        };
        self.keep_task(&next).await?;
        self.note(action, "task", next.id, detail);
        if action == GIVEN {
            self.tell_owner(&next, Handing::Given).await?;
        }
        match next.state {
            TaskState::Open => {
                self.arm(JobKind::TaskAcceptDeadline, next.id, next.accept_by)
                    .await?
            }
            TaskState::Snoozed => {
                if let Some(until) = next.snoozed_until {
                    self.arm(JobKind::TaskWake, next.id, until).await?;
                }
            }
            TaskState::Resolved => {
                self.tell_ended(&next).await?;
                self.unlock(&next).await?;
                self.task_moved(&next).await?;
            }
            TaskState::Claimed => {
                if let Some(until) = next.claim_expires_at {
                    self.arm(JobKind::TaskClaimExpiry, next.id, until).await?;
                }
            }
            TaskState::Cancelled => {}
        }
        Ok(Task {
            rev: next.rev + 1,
            ..next
        })
    }

    /// What resolving it sets going again.
    async fn unlock(&mut self, task: &Task) -> Result<()> {
        match task.unlock {
            Unlock::Nothing | Unlock::TryStep | Unlock::FinishStep | Unlock::FinishUndo => Ok(()),
            Unlock::ReprocessReceipt => self.reprocess(task).await,
            Unlock::AnswerQuestion => self.answer_by_task(task).await,
            Unlock::RetryJob => self.retry_job(task).await,
            // its run does it
            Unlock::WaitAgain if task.export_id.is_none() => Ok(()),
            Unlock::RedeliverExport
            | Unlock::RecheckExport
            | Unlock::AskAgain
            | Unlock::WaitAgain => {
                let Some(id) = task.export_id else {
                    return Ok(());
                };
                let mut export = self.export(id).await?;
                match task.unlock {
                    _ if export.state == ExportState::Quarantined => self.recheck(export).await,
                    Unlock::RecheckExport => self.recheck(export).await,
                    Unlock::AskAgain => self.ask_again(&mut export).await,
                    Unlock::WaitAgain => self.expect_again(export).await,
                    _ => self.redeliver(export).await,
                }
            }
        }
    }

    /// Same bytes, same idempotency key, a fresh schedule. Where what was refused or got nowhere is not true any
    /// more, a new version says what is.
    pub async fn redeliver(&mut self, mut export: domain::export::Export) -> Result<()> {
        if !matches!(
            export.state,
            ExportState::Rejected | ExportState::Failed | ExportState::Delivered
        ) {
            return Ok(());
        }
        if export.content_is_gone() {
            return self.cannot_go_on(&export, "it cannot be sent again");
        }
        if export.state != ExportState::Delivered
            && let Some(subject) = self.has_changed(&export).await?
        {
            return self.replace(export, &subject, Because::FactsChanged).await;
        }
        export.become_state(ExportState::Ready)?;
        self.tx.save_export(&export).await?;
        self.note(
            "export.replayed",
            "export",
            export.id,
            json!({ "idempotency_key": export.idempotency_key }),
        );
        // It was decided anew that this is still to happen, so its validity is not asked again.
        let job = Job {
            id: self.uuid(),
            merchant_id: export.merchant_id,
            kind: JobKind::Deliver,
            subject_id: export.id,
            arg: REPLAY,
            run_at: self.now,
            attempts: 0,
            fence: 0,
        };
        self.tx.enqueue(&[job]).await
    }

    /// What an export is about, where that is not any more what the export says.
    async fn has_changed(&mut self, export: &domain::export::Export) -> Result<Option<Subject>> {
        let Some(run) = self.tx.run(export.merchant_id, export.run_id).await? else {
            return Ok(None);
        };
        let subject = self.subject_of(&run).await?;
        let contract = self.contract_of(export).await?;
        let (draft, _) = self.draft(&contract, &subject, &run, None).await?;
        let holds =
            draft.payload == export.payload || stands(export, &draft.payload) || has_left(&subject);
        Ok((!holds).then_some(subject))
    }

    /// What a task would have unlocked needs what a retention rule took out; the task is resolved all the same.
    pub fn cannot_go_on(&mut self, export: &domain::export::Export, what: &str) -> Result<()> {
        let why = format!("{what}: its content was removed under a retention rule");
        self.note(
            "export.content_is_gone",
            "export",
            export.id,
            json!({ "why": why }),
        );
        Ok(())
    }

    async fn reprocess(&mut self, task: &Task) -> Result<()> {
        let Some(id) = task.receipt_id else {
            return Ok(());
        };
        self.arm(JobKind::ProcessReceipt, id, self.now).await
    }

    async fn retry_job(&mut self, task: &Task) -> Result<()> {
        let mut parts = task.dedup_key.split(':').skip(1);
        let kind = parts.next().and_then(|text| text.parse::<JobKind>().ok());
        let subject = parts.next().and_then(|text| text.parse::<Uuid>().ok());
        let arg = parts.next().and_then(|text| text.parse::<i64>().ok());
        let (Some(kind), Some(subject_id), Some(arg)) = (kind, subject, arg) else {
            return Err(Error::internal("a failed job's task does not name its job"));
        };
        let job = Job {
            id: self.uuid(),
            merchant_id: self.merchant_id(),
            kind,
            subject_id,
            arg,
            run_at: self.now,
            attempts: 0,
            fence: 0,
        };
        self.tx.enqueue(&[job]).await
    }

    /// The trouble went away by itself.
    pub async fn cancel_task(&mut self, dedup_key: &str, why: &str) -> Result<()> {
        if let Some(task) = self
            .tx
            .live_task_by_key(self.merchant_id(), dedup_key)
            .await?
        {
            let task = task.cancel(why, self.now);
            self.keep_task(&task).await?;
            self.note("task.cancelled", "task", task.id, json!({ "why": why }));
            self.tell_ended(&task).await?;
        }
        Ok(())
    }

    pub async fn cancel_tasks_about(&mut self, subject: Uuid, why: &str) -> Result<()> {
        for task in self.tx.tasks_about(self.merchant_id(), subject).await? {
            if !task.state.is_over() {
                self.cancel_task(&task.dedup_key, why).await?;
            }
        }
        Ok(())
    }

    /// A step of a run that somebody paused: its clocks run when the run does.
    async fn stands_still(&mut self, task: &Task) -> Result<bool> {
        if task.step.is_none() {
            return Ok(false);
        }
        self.is_paused(task.run_id).await
    }

    /// Job: nobody took it in time.
    pub async fn task_accept_deadline(&mut self, id: Uuid, armed_for: Time) -> Result<()> {
        let Some(task) = self.tx.task(self.merchant_id(), id).await? else {
            return Ok(());
        };
        if task.state != TaskState::Open
            || task.accept_by != armed_for
            || self.stands_still(&task).await?
        {
            return Ok(());
        }
        self.escalate(&task, "nobody took it in time").await
    }

    /// Job: it was not done in time, whoever has it.
    pub async fn task_resolve_deadline(&mut self, id: Uuid, armed_for: Time) -> Result<()> {
        let Some(task) = self.tx.task(self.merchant_id(), id).await? else {
            return Ok(());
        };
        if task.state.is_over() || task.resolve_by != armed_for || self.stands_still(&task).await? {
            return Ok(());
        }
        self.escalate(&task, "it was not done in time").await
    }

    /// Job: the snooze is over.
    pub async fn task_wake(&mut self, id: Uuid, armed_for: Time) -> Result<()> {
        let Some(task) = self.tx.task(self.merchant_id(), id).await? else {
            return Ok(());
        };
        if task.state != TaskState::Snoozed || task.snoozed_until != Some(armed_for) {
            return Ok(());
        }
        let task = task.wake(self.now);
        self.keep_task(&task).await?;
        self.note("task.woke", "task", task.id, json!({}));
        if let Some(until) = task.claim_expires_at {
            self.arm(JobKind::TaskClaimExpiry, task.id, until).await?;
        }
        if task.state == TaskState::Open && task.accept_by <= self.now {
            // Its time to be taken passed while it slept.
            let rev = task.rev + 1;
            return self
                .escalate(&Task { rev, ..task }, "nobody took it in time")
                .await;
        }
        Ok(())
    }

    /// Job: the working hours that its next rung waited for have begun.
    pub async fn task_rung(&mut self, id: Uuid, armed_for: Time) -> Result<()> {
        let Some(task) = self.tx.task(self.merchant_id(), id).await? else {
            return Ok(());
        };
        if task.state.is_over() || task.escalates_at != Some(armed_for) {
            return Ok(());
        }
        self.escalate(&task, "working hours began and it still waits")
            .await
    }

    /// Job: whoever took it has done nothing with it since.
    pub async fn task_claim_expiry(&mut self, id: Uuid, armed_for: Time) -> Result<()> {
        let Some(task) = self.tx.task(self.merchant_id(), id).await? else {
            return Ok(());
        };
        if task.state != TaskState::Claimed || task.claim_expires_at != Some(armed_for) {
            return Ok(());
        }
        let was = task.assignee;
        let open = task.claim_expired(self.now);
        self.keep_task(&open).await?;
        self.note(
            "task.claim_expired",
            "task",
            open.id,
            json!({ "assignee": was, "owner": open.owner }),
        );
        self.arm(JobKind::TaskAcceptDeadline, open.id, open.accept_by)
            .await?;
        let rev = open.rev + 1;
        self.escalate(&Task { rev, ..open }, "it was taken and then not touched")
            .await
    }

    /// To the next rung. Rungs on which nobody stands at this moment are passed over at once; one that is
    /// only for working hours waits for them.
    async fn escalate(&mut self, task: &Task, why: &str) -> Result<()> {
        let mut current = task.clone();
        let mut skipped = Vec::new();
        while let Some(next) = current.escalate(self.now) {
            if let Some(opens) = self.rung_opens(&current) {
                return self.wait_for_hours(current, opens, why).await;
            }
            if let Err(nobody) = self.stands(&next.owner) {
                skipped.push(json!({ "rung": next.rung, "to": next.owner, "why": nobody }));
                current.rung = next.rung;
                continue;
            }
            self.keep_task(&next).await?;
            self.note(
                "task.escalated",
                "task",
                next.id,
                json!({
                    "from": task.owner, "to": next.owner, "why": why, "rung": next.rung,
                    "skipped": skipped,
                }),
            );
            let handing = Handing::Escalated {
                why: why.to_owned(),
            };
            self.tell_owner(&next, handing).await?;
            self.tell_escalated(&next, why).await?;
            self.arm(JobKind::TaskAcceptDeadline, next.id, next.accept_by)
                .await?;
            if next.resolve_by > task.resolve_by {
                self.arm(JobKind::TaskResolveDeadline, next.id, next.resolve_by)
                    .await?;
            }
            return Ok(());
        }
        // what was passed over is tried again when the next clock runs out: somebody may stand there then
        if task.escalates_at.is_some() {
            let escalates_at = None;
            let waits_no_more = Task {
                escalates_at,
                ..task.clone()
            };
            self.keep_task(&waits_no_more).await?;
        }
        self.note(
            "task.overdue",
            "task",
            task.id,
            json!({ "owner": task.owner, "why": why, "skipped": skipped }),
        );
        let handing = Handing::Late {
            why: why.to_owned(),
        };
        self.tell_owner(task, handing).await
    }

    /// When the hours of the rung that comes next begin, if they have not.
    fn rung_opens(&self, task: &Task) -> Option<Time> {
        let within = task
            .escalation
            .rung(task.rung)
            .and_then(|step| step.only_within.as_deref());
        // a calendar that is gone keeps nobody from being asked
        let calendar = within.and_then(|key| self.rules.roster.calendar(key));
        calendar
            .filter(|calendar| !calendar.is_open(self.now))
            .and_then(|calendar| calendar.next_open(self.now))
    }

    /// Whether somebody stands on a rung at this moment, or why nobody does.
    fn stands(&self, owner: &Owner) -> std::result::Result<(), String> {
        match self.rules.answering_or_why(owner, self.now) {
            Ok(who) if who.is_empty() && !matches!(owner, Owner::System(_)) => {
                Err("nobody answers".to_owned())
            }
            Ok(_) => Ok(()),
            Err(why) => Err(why.to_string()),
        }
    }

    async fn wait_for_hours(&mut self, mut task: Task, opens: Time, why: &str) -> Result<()> {
        if task.escalates_at == Some(opens) {
            return Ok(());
        }
        task.escalates_at = Some(opens);
        self.keep_task(&task).await?;
        let rung = task.escalation.rung(task.rung);
        let detail = json!({
            "until": opens, "why": why, "to": rung.map(|step| &step.target),
            "within": rung.and_then(|step| step.only_within.as_deref()),
        });
        self.note("task.escalation_waits", "task", task.id, detail);
        self.arm(JobKind::TaskRung, task.id, opens).await
    }
}

/// With what was answered, checked against what was asked. Where a form says it all, a note need not.
fn resolved(
    mut task: Task,
    user: Option<Uuid>,
    answers: BTreeMap<String, Value>,
    note: &str,
    now: Time,
) -> Result<(Task, &'static str, Value)> {
    let answers = read_answers(&task, &answers)?;
    let unlock = task.unlock;
    let note = match note.trim() {
        "" if unlock == Unlock::FinishStep => "Done.",
        note => note,
    };
    if let Some(step) = &mut task.step {
        step.answers = answers;
    }
    let answered = task.step.as_ref().map(|step| step.answers.clone());
    let detail = json!({ "note": note, "unlock": unlock, "answers": answered });
    Ok((task.resolve(user, note, now)?, "task.resolved", detail))
}
