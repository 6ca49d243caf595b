//! Deciding: one gate for every surface, by one conditional write.

use std::sync::Arc;

use domain::{
    Time,
    access::Action,
    approval::{Approval, ApprovalState, Decision},
    contract::codes,
    export::{Export, ExportState},
    flow::RunState,
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    exception::{Trouble, evidence},
    port::StoreExt,
    sight::must_see_export,
    work::Work,
};

impl Engine {
    /// Approves or declines the step of an export that waits on the caller.
    pub async fn decide(
        self: &Arc<Self>,
        ctx: &Ctx,
        export_id: Uuid,
        decision: Decision,
    ) -> Result<ExportState> {
        ctx.require(Action::Decide)?;
        let (user, _) = ctx.member()?;
        let user_id = user.id;
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
                    work.decide(export_id, user_id, &decision, is_proved).await
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

    async fn decide(
        &mut self,
        export_id: Uuid,
        user_id: Uuid,
        decision: &Decision,
        is_proved: bool,
    ) -> Result<ExportState> {
        let mut export = self.export(export_id).await?;
        // Read here and now: a role that was taken away a moment ago counts no more.
        let membership = self
            .tx
            .place(export.merchant_id, user_id)
            .await?
            .filter(|one| one.may(Action::Decide))
            .ok_or_else(|| Error::forbidden("You may not approve here any more."))?;
        let all = self.tx.approvals_of(export.merchant_id, export.id).await?;
        let open = all
            .iter()
            .find(|one| one.state == ApprovalState::Pending)
            .or_else(|| all.last())
            .ok_or_else(|| Error::conflict("No approval is asked for this export."))?;
        let decided = open.clone().decide(decision, &membership, &all, self.now)?;
        // stopping something asks for less than letting it go
        if decision.approve && open.critical && !is_proved {
            return Err(Error::step_up());
        }
        self.keep_approval(&decided).await?;
        self.note(
            &format!("approval.{}", decided.state),
            "approval",
            decided.id,
            json!({
                "export_id": export.id, "step": decided.step, "of": decided.of,
                "content_hash": decided.content_hash, "note": decided.decision_note,
                "was_escalated": decided.escalated_at.is_some(),
            }),
        );
        self.cancel_task(
            &format!("{}:{}", codes::APPROVAL_TIMEOUT, export.id),
            "it was decided",
        )
        .await?;
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
            self.announce(&next).await?;
            return Ok(export.state);
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
            json!({ "export_id": approval.export_id }),
        );
        let mut export = self.export(approval.export_id).await?;
        export.become_state(ExportState::Expired)?;
        self.tx.save_export(&export).await?;
        self.note(
            "export.expired",
            "export",
            export.id,
            json!({ "step": approval.step }),
        );
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
            let mut again = last.ask(self.now);
            again.escalated_at = None;
            self.keep_approval(&again).await?;
            return self.announce(&again).await;
        }
        if matches!(export.state, ExportState::Expired | ExportState::Declined) {
            export.become_state(ExportState::AwaitingApproval)?;
            self.tx.save_export(export).await?;
            let fresh = Approval {
                id: self.uuid(),
                decided_by: None,
                decided_at: None,
                decision_note: None,
                escalated_at: None,
                rev: 0,
                ..last
            }
            .ask(self.now);
            self.tx.insert_approval(&fresh).await?;
            self.announce(&fresh).await?;
        }
        Ok(())
    }
}
