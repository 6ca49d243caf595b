//! Deciding: one gate for every surface, by one conditional write.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Time,
    access::Action,
    approval::{Approval, ApprovalState, CannotDecide, Decision, Voice},
    contract::codes,
    export::{Export, ExportState},
    flow::RunState,
    people::Membership,
    sight::Sight,
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    approval_news::News,
    approval_talk::question_key,
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    exception::{Trouble, evidence},
    late::came_of,
    port::StoreExt,
    rules::lends,
    sight::must_see_export,
    work::Work,
};

/// How often a decision is made anew at once when somebody else changed the same rows.
const RACES: usize = 16;

impl Engine {
    /// Approves or declines the step of an export that waits on the caller.
    ///
    /// The one gate: pages, the API, chat and mail all come through here. Of decisions that are made at the same
    /// moment one counts, by one conditional write; whoever was a moment late is told who decided, and when.
    pub async fn decide(
        self: &Arc<Self>,
        ctx: &Ctx,
        export_id: Uuid,
        decision: Decision,
    ) -> Result<ExportState> {
        ctx.require(Action::Decide)?;
        ctx.member()?;
        for _ in 0..RACES {
            match self.decide_once(ctx, export_id, decision.clone()).await {
                Err(error) if error.raced => tokio::task::yield_now().await,
                done => return done,
            }
        }
        self.decide_once(ctx, export_id, decision).await
    }

    async fn decide_once(
        self: &Arc<Self>,
        ctx: &Ctx,
        export_id: Uuid,
        decision: Decision,
    ) -> Result<ExportState> {
        let user_id = ctx.member()?.0.id;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let sight = ctx.sight(&rules);
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    if !sight.is_whole() {
                        let export = work.export(export_id).await?;
                        must_see_export(&mut *work.tx, &sight, &export).await?;
                    }
                    let is_proved = ctx.is_freshly_proved();
                    let by = (user_id, &sight);
                    work.decide(export_id, by, &decision, is_proved).await
                })
            })
            .await
    }

    /// Takes an export back that has not left yet.
    pub async fn withdraw(self: &Arc<Self>, ctx: &Ctx, export_id: Uuid, why: &str) -> Result<()> {
        ctx.require(Action::Control)?;
        let why = why.trim().to_owned();
        if why.is_empty() {
            return Err(Error::invalid("reason", "Say why it is withdrawn."));
        }
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    let mut export = work.export(export_id).await?;
                    if !export.state.is_before_dispatch() {
                        return Err(Error::conflict(format!(
                            "It is {} and cannot be withdrawn any more.",
                            export.state.words()
                        )));
                    }
                    work.close_approvals(export.id, ApprovalState::Withdrawn)
                        .await?;
                    work.cancel_tasks_about(export.id, "it was withdrawn")
                        .await?;
                    export.become_state(ExportState::Withdrawn)?;
                    work.tx.save_export(&export).await?;
                    work.note(
                        "export.withdrawn",
                        "export",
                        export.id,
                        json!({ "why": why }),
                    );
                    work.stop_before(&export, &why).await?;
                    work.end_run(export.run_id, RunState::Cancelled, "withdrawn")
                        .await
                })
            })
            .await
    }
}

impl Work<'_> {
    pub async fn export(&mut self, id: Uuid) -> Result<Export> {
        self.tx
            .export(self.merchant_id(), id)
            .await?
            .ok_or_else(|| Error::not_found("export"))
    }

    /// Who stands behind a decision of this person. Read here and now: a role that was taken away a moment ago
    /// counts no more, whoever's it was.
    pub(crate) async fn voices(&mut self, user_id: Uuid) -> Result<(Membership, Vec<Membership>)> {
        let merchant = self.merchant_id();
        let own = self
            .tx
            .place(merchant, user_id)
            .await?
            .filter(|one| one.may(Action::Decide))
            .ok_or_else(|| Error::forbidden("You may not approve here any more."))?;
        let mut away = Vec::new();
        for one in self.tx.delegations(merchant, self.now).await? {
            if one.delegate_id != user_id || !one.is_active(self.now) {
                continue;
            }
            let user = self.tx.user(one.user_id).await?;
            let place = self.tx.place(merchant, one.user_id).await?;
            if let Some((user, place)) = user.zip(place)
                && lends(&user, &place, &own)
            {
                away.push(place);
            }
        }
        Ok((own, away))
    }

    /// Whoever sees an export need not see what is asked about it: for them there is only what they would find
    /// by its id. What was approved by whom counts all the same.
    async fn decide(
        &mut self,
        export_id: Uuid,
        (user_id, sight): (Uuid, &Sight),
        decision: &Decision,
        is_proved: bool,
    ) -> Result<ExportState> {
        let mut export = self.export(export_id).await?;
        let (own, away) = self.voices(user_id).await?;
        let voice = Voice {
            own: &own,
            away: away.iter().collect(),
        };
        let all = self.tx.approvals_of(export.merchant_id, export.id).await?;
        let mut seen = all.iter().filter(|one| sight.sees(&one.marks()));
        let open = match decision.step {
            Some(id) => seen.find(|one| one.id == id),
            None => seen
                .clone()
                .find(|one| one.state == ApprovalState::Pending)
                .or_else(|| seen.next_back()),
        };
        let open = open.ok_or_else(|| Error::conflict("No approval is asked for this export."))?;
        let decided = match open.clone().decide(decision, &voice, &all, self.now) {
            Err(CannotDecide::AlreadyDecided(_)) => {
                // where one said no, nobody else is asked any more
                let no = all.iter().rfind(|one| {
                    export.state == ExportState::Declined
                        && one.state == ApprovalState::Declined
                        && sight.sees(&one.marks())
                });
                let (about, at) = (no.unwrap_or(open), &self.engine.public_url);
                let said = came_of(&mut *self.tx, &self.rules, about, at).await?;
                return Err(Error::conflict(said));
            }
            decided => decided?,
        };
        // stopping something asks for less than letting it go
        if decision.approve && open.critical && !is_proved {
            return Err(Error::step_up());
        }
        self.keep_approval(&decided).await?;
        let vote = decided.votes.last().filter(|_| decision.approve);
        let on_behalf = vote.map_or(decided.decided_for, |vote| vote.on_behalf);
        self.note(
            match decided.state {
                ApprovalState::Pending => "approval.agreed",
                ApprovalState::Declined => "approval.declined",
                _ => "approval.approved",
            },
            "approval",
            decided.id,
            json!({
                "export_id": export.id, "step": decided.step, "of": decided.of,
                "content_hash": decided.content_hash, "note": decision.note,
                "for": on_behalf, "missing": decided.missing(),
                "was_escalated": decided.escalated_at.is_some(),
            }),
        );
        if decided.state == ApprovalState::Pending {
            let news = News::Agreed { by: user_id };
            self.tell_of_approval(&export, &decided, &news).await?;
            return Ok(export.state);
        }
        for key in [
            format!("{}:{}", codes::APPROVAL_TIMEOUT, export.id),
            question_key(decided.id),
        ] {
            self.cancel_task(&key, "it was decided").await?;
        }
        let news = News::Decided;
        self.tell_of_approval(&export, &decided, &news).await?;
        if decided.state == ApprovalState::Declined {
            self.declined(&mut export, &decided).await?;
            return Ok(export.state);
        }
        let next = all
            .iter()
            .find(|one| one.state == ApprovalState::Queued)
            .cloned();
        if let Some(next) = next {
            let next = next.ask(self.now);
            self.keep_approval(&next).await?;
            self.announce(&export, &next).await?;
            return Ok(export.state);
        }
        if !is_whole(&decided, &all) {
            return Err(Error::conflict(
                "A step of it is not asked any more: decline it, and have it asked again.",
            ));
        }
        export.become_state(ExportState::Ready)?;
        self.tx.save_export(&export).await?;
        let contract = self.contract_of(&export).await?;
        let approvals = self.tx.approvals_of(export.merchant_id, export.id).await?;
        self.release(&export, &contract, &approvals).await?;
        Ok(export.state)
    }

    async fn declined(&mut self, export: &mut Export, decided: &Approval) -> Result<()> {
        self.close_approvals(export.id, ApprovalState::Withdrawn)
            .await?;
        export.become_state(ExportState::Declined)?;
        self.tx.save_export(export).await?;
        self.note(
            "export.declined",
            "export",
            export.id,
            json!({ "why": decided.decision_note }),
        );
        let contract = self.contract_of(export).await?;
        let trouble = Trouble {
            code: codes::DECLINED.to_owned(),
            sentence: format!(
                "{} was declined: {}",
                export.title,
                decided
                    .decision_note
                    .as_deref()
                    .unwrap_or("no reason given")
            ),
            evidence: vec![evidence(
                "Step",
                format!("{} of {}", decided.step, decided.of),
            )],
        };
        self.raise(export, &contract, trouble).await?;
        self.export_moved(export).await
    }

    /// Job: nobody decided in time. The backup may now decide as well, and somebody gets a task.
    pub async fn approval_deadline(&mut self, id: Uuid, armed_for: Time) -> Result<()> {
        let Some(mut approval) = self.tx.approval(self.merchant_id(), id).await? else {
            return Ok(());
        };
        if approval.state != ApprovalState::Pending
            || approval.accept_by != Some(armed_for)
            || approval.escalated_at.is_some()
        {
            return Ok(());
        }
        approval.escalated_at = Some(self.now);
        self.keep_approval(&approval).await?;
        self.note(
            "approval.escalated",
            "approval",
            approval.id,
            json!({ "export_id": approval.export_id, "to": approval.backup }),
        );
        let export = self.export(approval.export_id).await?;
        self.tell_of_approval(&export, &approval, &News::Escalated)
            .await?;
        self.approval_trouble(
            &export,
            &approval,
            "was not decided in time; the backup may decide now",
        )
        .await
    }

    /// Job: the backup did not decide either. Expired is not declined.
    pub async fn approval_expiry(&mut self, id: Uuid, armed_for: Time) -> Result<()> {
        let Some(mut approval) = self.tx.approval(self.merchant_id(), id).await? else {
            return Ok(());
        };
        if approval.state != ApprovalState::Pending || approval.expires_at != Some(armed_for) {
            return Ok(());
        }
        approval.state = ApprovalState::Expired;
        self.keep_approval(&approval).await?;
        self.note(
            "approval.expired",
            "approval",
            approval.id,
            json!({ "export_id": approval.export_id, "votes": approval.votes.len() }),
        );
        self.cancel_task(&question_key(approval.id), "the approval expired")
            .await?;
        let mut export = self.export(approval.export_id).await?;
        export.become_state(ExportState::Expired)?;
        self.tx.save_export(&export).await?;
        self.note(
            "export.expired",
            "export",
            export.id,
            json!({ "step": approval.step }),
        );
        self.tell_of_approval(&export, &approval, &News::Decided)
            .await?;
        self.approval_trouble(&export, &approval, "expired without a decision")
            .await?;
        self.export_moved(&export).await
    }

    async fn approval_trouble(
        &mut self,
        export: &Export,
        approval: &Approval,
        what: &str,
    ) -> Result<()> {
        let contract = self.contract_of(export).await?;
        let trouble = Trouble {
            code: codes::APPROVAL_TIMEOUT.to_owned(),
            sentence: format!("The approval of “{}” {what}", export.title),
            evidence: vec![
                evidence("Asked", approval.owner.title()),
                evidence(
                    "Asked at",
                    approval
                        .asked_at
                        .map(|at| at.to_string())
                        .unwrap_or_default(),
                ),
                evidence(
                    "Accept by",
                    approval
                        .accept_by
                        .map(|at| at.to_string())
                        .unwrap_or_default(),
                ),
            ],
        };
        self.raise(export, &contract, trouble).await
    }

    /// A person resolved the timeout: the expired step is asked again, on the same content. Steps
    /// that were approved stay approved; still pending ones get a new clock.
    pub async fn ask_again(&mut self, export: &mut Export) -> Result<()> {
        let all = self.tx.approvals_of(export.merchant_id, export.id).await?;
        let last = all.iter().rev().find(|one| {
            matches!(
                one.state,
                ApprovalState::Expired | ApprovalState::Pending | ApprovalState::Declined
            )
        });
        let Some(last) = last.cloned() else {
            return Ok(());
        };
        if last.state == ApprovalState::Pending {
            self.cancel_task(&question_key(last.id), "it is asked again")
                .await?;
            let again = last.ask(self.now);
            self.keep_approval(&again).await?;
            return self.announce_as(export, &again, &News::AskedAgain).await;
        }
        if matches!(export.state, ExportState::Expired | ExportState::Declined) {
            if export.content_is_gone() {
                return self.cannot_go_on(export, "it cannot be asked again");
            }
            export.become_state(ExportState::AwaitingApproval)?;
            self.tx.save_export(export).await?;
            let fresh = last.anew(self.uuid()).ask(self.now);
            self.tx.insert_approval(&fresh).await?;
            self.queue_after(fresh.step, &all).await?;
            self.announce(export, &fresh).await?;
        }
        Ok(())
    }

    /// The steps after this one wait their turn again: whoever declined had taken them back with it.
    async fn queue_after(&mut self, step: i64, all: &[Approval]) -> Result<()> {
        let mut taken_back: BTreeMap<i64, Approval> = BTreeMap::new();
        for later in all.iter().filter(|one| one.step > step) {
            if later.state == ApprovalState::Withdrawn {
                taken_back.insert(later.step, later.clone());
            }
        }
        for later in all {
            if later.state.is_open() || later.state == ApprovalState::Approved {
                taken_back.remove(&later.step);
            }
        }
        for later in taken_back.into_values() {
            let queued = Approval {
                state: ApprovalState::Queued,
                ..later.anew(self.uuid())
            };
            self.tx.insert_approval(&queued).await?;
        }
        Ok(())
    }
}

/// Whether every step has somebody's whole yes, now that this one was decided.
fn is_whole(decided: &Approval, all: &[Approval]) -> bool {
    let approved = |step: i64| {
        let mut of_it = all.iter().filter(|one| one.step == step);
        step == decided.step || of_it.any(|one| one.state == ApprovalState::Approved)
    };
    (1..=decided.of).all(approved)
}
