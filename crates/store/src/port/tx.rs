//! Changing things, inside one transaction.

use async_trait::async_trait;
use domain::{
    Time,
    approval::Approval,
    connection::{Destination, Source},
    contract::Contract,
    export::{Attempt, Export},
    flow::{Campaign, Case, Flow, Run},
    invitation::Invitation,
    order::OrderFact,
    people::{Membership, Merchant, Operator, OperatorMember, User},
    receipt::ReceiptStatus,
    task::Task,
    token::ApiToken,
};
use engine::{
    Error, Result,
    job::Job,
    port::{
        AuditNote, Claim, EventRow, IdempotencyRow, NewReceipt, OrderRow, ReceiptOutcome, SealRow,
        Tx,
    },
};
use uuid::Uuid;

use super::{Connected, Ports, Writing};
use crate::{
    approvals, connections, exports, idempotency, invitations, jobs, operators, orders, people,
    receipts, rules, runs, seals, sessions, sql::Across, tasks, tokens,
};

#[async_trait]
impl Tx for Ports<Writing<'_>> {
    async fn insert_operator(&mut self, operator: &Operator) -> Result<()> {
        Ok(operators::insert(self.0.conn()?, operator).await?)
    }

    async fn lock_operator(&mut self, id: Uuid) -> Result<()> {
        Ok(operators::lock(self.0.conn()?, id).await?)
    }

    async fn save_operator(&mut self, operator: &Operator) -> Result<()> {
        Ok(operators::save(self.0.conn()?, operator).await?)
    }

    async fn insert_operator_member(&mut self, member: &OperatorMember) -> Result<()> {
        Ok(operators::insert_member(self.0.conn()?, member).await?)
    }

    async fn save_operator_member(&mut self, member: &OperatorMember) -> Result<()> {
        Ok(operators::save_member(self.0.conn()?, member).await?)
    }

    async fn delete_operator_member(&mut self, operator: Uuid, user: Uuid) -> Result<()> {
        Ok(operators::delete_member(self.0.conn()?, operator, user).await?)
    }

    async fn insert_merchant(&mut self, merchant: &Merchant) -> Result<()> {
        Ok(people::insert_merchant(self.0.conn()?, merchant).await?)
    }

    async fn save_merchant(&mut self, merchant: &Merchant) -> Result<()> {
        Ok(people::save_merchant(self.0.conn()?, merchant).await?)
    }

    async fn insert_user(&mut self, user: &User, password_hash: &str) -> Result<()> {
        Ok(people::insert_user(self.0.conn()?, user, password_hash).await?)
    }

    async fn insert_membership(&mut self, membership: &Membership) -> Result<()> {
        Ok(people::insert_membership(self.0.of(membership.merchant_id)?, membership).await?)
    }

    async fn save_membership(&mut self, membership: &Membership) -> Result<()> {
        Ok(people::save_membership(self.0.of(membership.merchant_id)?, membership).await?)
    }

    async fn delete_membership(&mut self, merchant: Uuid, user: Uuid) -> Result<()> {
        Ok(people::delete_membership(self.0.of(merchant)?, merchant, user).await?)
    }

    async fn hold_membership(&mut self, merchant: Uuid, user: Uuid) -> Result<bool> {
        Ok(people::hold_membership(self.0.of(merchant)?, merchant, user).await?)
    }

    async fn insert_invitation(&mut self, invitation: &Invitation, hash: &[u8]) -> Result<()> {
        Ok(invitations::insert(self.0.of(invitation.merchant_id)?, invitation, hash).await?)
    }

    async fn save_invitation(&mut self, invitation: &Invitation) -> Result<()> {
        Ok(invitations::save(self.0.of(invitation.merchant_id)?, invitation).await?)
    }

    async fn set_active(&mut self, user: Uuid, active: bool) -> Result<()> {
        Ok(people::set_active(self.0.conn()?, user, active).await?)
    }

    async fn delete_sessions_of(&mut self, user: Uuid) -> Result<u64> {
        Ok(sessions::delete_of(self.0.conn()?, user).await?)
    }

    async fn insert_token(&mut self, token: &ApiToken, hash: &[u8]) -> Result<()> {
        Ok(tokens::insert(self.0.of(token.merchant_id)?, token, hash).await?)
    }

    async fn rotate_token(&mut self, token: &ApiToken, hash: &[u8]) -> Result<()> {
        Ok(tokens::rotate(self.0.of(token.merchant_id)?, token, hash).await?)
    }

    async fn revoke_token(&mut self, token: &ApiToken) -> Result<()> {
        Ok(tokens::revoke(self.0.of(token.merchant_id)?, token).await?)
    }

    async fn note_token_use(&mut self, merchant: Uuid, id: Uuid, at: Time) -> Result<()> {
        Ok(tokens::note_use(self.0.of(merchant)?, merchant, id, at).await?)
    }

    async fn delete_operator(&mut self, id: Uuid) -> Result<()> {
        self.0.tx.forget_heads();
        Ok(people::delete_operator(self.0.conn()?, id).await?)
    }

    async fn insert_source(&mut self, source: &Source) -> Result<()> {
        Ok(connections::insert_source(self.0.of(source.merchant_id)?, source).await?)
    }

    async fn save_source(&mut self, source: &Source) -> Result<()> {
        Ok(connections::save_source(self.0.of(source.merchant_id)?, source).await?)
    }

    async fn insert_destination(&mut self, destination: &Destination) -> Result<()> {
        Ok(
            connections::insert_destination(self.0.of(destination.merchant_id)?, destination)
                .await?,
        )
    }

    async fn save_destination(&mut self, destination: &Destination) -> Result<()> {
        Ok(connections::save_destination(self.0.of(destination.merchant_id)?, destination).await?)
    }

    async fn insert_contract(&mut self, contract: &Contract) -> Result<()> {
        Ok(rules::insert_contract(self.0.of(contract.merchant_id)?, contract).await?)
    }

    async fn insert_flow(&mut self, flow: &Flow) -> Result<()> {
        Ok(rules::insert_flow(self.0.of(flow.merchant_id)?, flow).await?)
    }

    async fn insert_receipts(&mut self, batch: &[NewReceipt]) -> Result<Vec<ReceiptOutcome>> {
        let (outcomes, jobs) = receipts::insert(
            self.0
                .of_all(batch.iter().map(|one| one.receipt.merchant_id))?,
            batch,
        )
        .await?;
        self.0.enqueue(jobs);
        Ok(outcomes)
    }

    async fn set_receipt_status(
        &mut self,
        merchant: Uuid,
        id: Uuid,
        status: ReceiptStatus,
        order_ref: Option<&str>,
        order: Option<Uuid>,
    ) -> Result<()> {
        match receipts::set_status(
            self.0.of(merchant)?,
            (merchant, id),
            status,
            order_ref,
            order,
        )
        .await?
        {
            0 => Err(Error::not_found("receipt")),
            _ => Ok(()),
        }
    }

    async fn match_receipts(
        &mut self,
        merchant: Uuid,
        source: Uuid,
        order_ref: &str,
        order: Uuid,
    ) -> Result<Vec<Uuid>> {
        Ok(
            receipts::match_waiting(self.0.of(merchant)?, (merchant, source), order_ref, order)
                .await?,
        )
    }

    async fn waiting_receipts(
        &mut self,
        merchant: Uuid,
        source: Uuid,
        order_ref: &str,
    ) -> Result<Vec<Uuid>> {
        Ok(receipts::waiting(self.0.of(merchant)?, (merchant, source), order_ref).await?)
    }

    async fn insert_facts(
        &mut self,
        merchant: Uuid,
        source: Uuid,
        facts: &[OrderFact],
    ) -> Result<()> {
        Ok(receipts::insert_facts(self.0.of(merchant)?, merchant, source, facts).await?)
    }

    async fn insert_events(&mut self, events: &[EventRow]) -> Result<()> {
        Ok(receipts::insert_events(
            self.0.of_all(events.iter().map(|one| one.merchant_id))?,
            events,
        )
        .await?)
    }

    async fn insert_order(&mut self, order: &OrderRow) -> Result<()> {
        Ok(orders::insert(self.0.of(order.merchant_id)?, order).await?)
    }

    async fn save_order(&mut self, order: &OrderRow) -> Result<()> {
        Ok(orders::save(self.0.of(order.merchant_id)?, order).await?)
    }

    async fn insert_run(&mut self, run: &Run) -> Result<bool> {
        Ok(runs::insert(self.0.of(run.merchant_id)?, run).await?)
    }

    async fn save_run(&mut self, run: &Run) -> Result<()> {
        Ok(runs::save(self.0.of(run.merchant_id)?, run).await?)
    }

    async fn insert_campaign(&mut self, campaign: &Campaign) -> Result<()> {
        Ok(runs::insert_campaign(self.0.of(campaign.merchant_id)?, campaign).await?)
    }

    async fn insert_case(&mut self, case: &Case) -> Result<()> {
        Ok(runs::insert_case(self.0.of(case.merchant_id)?, case).await?)
    }

    async fn hold_subject(&mut self, merchant: Uuid, kind: &str, id: Uuid) -> Result<()> {
        Ok(runs::hold_subject(self.0.of(merchant)?, merchant, kind, id).await?)
    }

    async fn insert_export(&mut self, export: &Export) -> Result<()> {
        Ok(exports::insert(self.0.of(export.merchant_id)?, export).await?)
    }

    async fn save_export(&mut self, export: &Export) -> Result<()> {
        Ok(exports::save(self.0.of(export.merchant_id)?, export).await?)
    }

    async fn fix_wire(&mut self, merchant: Uuid, export: Uuid, bytes: &[u8]) -> Result<()> {
        Ok(exports::fix_wire(self.0.of(merchant)?, merchant, export, bytes).await?)
    }

    async fn insert_attempt(&mut self, attempt: &Attempt) -> Result<()> {
        Ok(exports::insert_attempt(self.0.of(attempt.merchant_id)?, attempt).await?)
    }

    async fn insert_approval(&mut self, approval: &Approval) -> Result<()> {
        Ok(approvals::insert(self.0.of(approval.merchant_id)?, approval).await?)
    }

    async fn save_approval(&mut self, approval: &Approval) -> Result<()> {
        Ok(approvals::save(self.0.of(approval.merchant_id)?, approval).await?)
    }

    async fn insert_task(&mut self, task: &Task) -> Result<bool> {
        Ok(tasks::insert(self.0.of(task.merchant_id)?, task).await?)
    }

    async fn save_task(&mut self, task: &Task) -> Result<()> {
        Ok(tasks::save(self.0.of(task.merchant_id)?, task).await?)
    }

    async fn enqueue(&mut self, jobs: &[Job]) -> Result<()> {
        self.0.enqueue(jobs.to_vec());
        Ok(())
    }

    async fn claim_jobs(&mut self, claim: Claim) -> Result<Vec<Job>> {
        Ok(jobs::claim(self.0.across(Across::Jobs)?, claim).await?)
    }

    async fn renew_job(&mut self, job: &Job, until: Time) -> Result<bool> {
        Ok(jobs::renew(self.0.of(job.merchant_id)?, job, until).await?)
    }

    async fn finish_job(&mut self, job: &Job) -> Result<bool> {
        Ok(jobs::finish(self.0.of(job.merchant_id)?, job).await?)
    }

    async fn postpone_job(&mut self, job: &Job, run_at: Time) -> Result<bool> {
        let kept = jobs::postpone(self.0.of(job.merchant_id)?, job, run_at).await?;
        self.0.will_run(kept.then_some(run_at));
        Ok(kept)
    }

    fn note(&mut self, note: AuditNote) {
        self.0.note(note);
    }

    async fn save_idempotency(&mut self, row: &IdempotencyRow) -> Result<()> {
        Ok(idempotency::save(self.0.of(row.merchant_id)?, row).await?)
    }

    async fn reserve_idempotency(&mut self, row: &IdempotencyRow) -> Result<bool> {
        Ok(idempotency::reserve(self.0.of(row.merchant_id)?, row).await?)
    }

    async fn delete_old_idempotency(&mut self, before: Time) -> Result<u64> {
        Ok(idempotency::delete_older(self.0.across(Across::OldIdempotencyKeys)?, before).await?)
    }

    async fn release_idempotency(&mut self, merchant: Uuid, key: &str) -> Result<()> {
        Ok(idempotency::release(self.0.of(merchant)?, merchant, key).await?)
    }

    async fn renew_seal(&mut self, row: &SealRow, renewed: &[u8]) -> Result<bool> {
        let conn = match row.merchant_id {
            Some(merchant) => self.0.of(merchant)?,
            None => self.0.conn()?,
        };
        Ok(seals::renew(conn, row, renewed).await?)
    }
}
