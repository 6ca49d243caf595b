//! Looking things up, on a lent connection or inside a transaction.

use std::collections::HashMap;

use async_trait::async_trait;
use domain::{
    Time,
    approval::Approval,
    audit::{AuditEntry, Head},
    connection::{Destination, Source},
    contract::Contract,
    export::{Attempt, Export},
    flow::{Campaign, Case, Flow, Run},
    invitation::Invitation,
    order::OrderFact,
    people::{Membership, Merchant, Operator, OperatorMember, User},
    receipt::Receipt,
    task::Task,
    token::{ApiToken, Shown},
};
use engine::{
    Result,
    port::{
        AuditFilter, Credentials, EventRow, Figures, IdempotencyRow, ListFilter, OrderRow, Parcel,
        Reads, SealRow, Span, Taken,
    },
};
use uuid::Uuid;

use super::{Connected, Ports};
use crate::{
    approvals, audit, connections, exports, idempotency, invitations, jobs, operators, orders,
    overview, people, receipts, rules, runs, seals, sql::Across, tasks, tokens,
};

#[async_trait]
impl<C: Connected> Reads for Ports<C> {
    async fn operator(&mut self, id: Uuid) -> Result<Option<Operator>> {
        Ok(operators::by_id(self.0.conn()?, id).await?)
    }

    async fn operator_by_slug(&mut self, slug: &str) -> Result<Option<Operator>> {
        Ok(operators::by_slug(self.0.conn()?, slug).await?)
    }

    async fn all_operators(&mut self) -> Result<Vec<Operator>> {
        Ok(operators::all(self.0.conn()?).await?)
    }

    async fn merchants_of(&mut self, operator: Uuid) -> Result<Vec<Merchant>> {
        Ok(operators::merchants(self.0.conn()?, operator).await?)
    }

    async fn operator_members(&mut self, operator: Uuid) -> Result<Vec<(User, OperatorMember)>> {
        Ok(operators::members(self.0.conn()?, operator).await?)
    }

    async fn operator_memberships_of(&mut self, user: Uuid) -> Result<Vec<OperatorMember>> {
        Ok(operators::memberships_of(self.0.conn()?, user).await?)
    }

    async fn places_of(&mut self, user: Uuid) -> Result<Vec<(Merchant, Membership)>> {
        Ok(operators::places_of(self.0.across(Across::PlacesOfPerson)?, user).await?)
    }

    async fn place(&mut self, merchant: Uuid, user: Uuid) -> Result<Option<Membership>> {
        Ok(operators::place(self.0.of(merchant)?, merchant, user).await?)
    }

    async fn merchant(&mut self, id: Uuid) -> Result<Option<Merchant>> {
        Ok(people::merchant(self.0.conn()?, id).await?)
    }

    async fn merchant_by_slug(&mut self, slug: &str) -> Result<Option<Merchant>> {
        Ok(people::merchant_by_slug(self.0.conn()?, slug).await?)
    }

    async fn all_merchants(&mut self) -> Result<Vec<Merchant>> {
        Ok(people::all_merchants(self.0.conn()?).await?)
    }

    async fn user(&mut self, id: Uuid) -> Result<Option<User>> {
        Ok(people::user(self.0.conn()?, id).await?)
    }

    async fn credentials(&mut self, email: &str) -> Result<Option<Credentials>> {
        Ok(people::credentials(self.0.conn()?, email).await?)
    }

    async fn memberships_of(&mut self, user: Uuid) -> Result<Vec<Membership>> {
        Ok(people::memberships_of(self.0.across(Across::PlacesOfPerson)?, user).await?)
    }

    async fn members(&mut self, merchant: Uuid) -> Result<Vec<(User, Membership)>> {
        Ok(people::members(self.0.of(merchant)?, merchant).await?)
    }

    async fn invitation(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Invitation>> {
        Ok(invitations::by_id(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn open_invitations(&mut self, merchant: Uuid) -> Result<Vec<Invitation>> {
        Ok(invitations::open(self.0.of(merchant)?, merchant).await?)
    }

    async fn invitation_by_token(&mut self, hash: &[u8]) -> Result<Option<Invitation>> {
        Ok(invitations::by_token(self.0.across(Across::InvitationByToken)?, hash).await?)
    }

    async fn token_by_hash(&mut self, hash: &[u8]) -> Result<Option<(ApiToken, Shown)>> {
        Ok(tokens::by_hash(self.0.across(Across::TokenByHash)?, hash).await?)
    }

    async fn token(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<ApiToken>> {
        Ok(tokens::by_id(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn tokens(&mut self, merchant: Uuid) -> Result<Vec<ApiToken>> {
        Ok(tokens::of_merchant(self.0.of(merchant)?, merchant).await?)
    }

    async fn source_by_path(&mut self, path: &str) -> Result<Option<Source>> {
        Ok(connections::source_by_path(self.0.across(Across::SourceByPath)?, path).await?)
    }

    async fn source(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Source>> {
        Ok(connections::source(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn sources(&mut self, merchant: Uuid) -> Result<Vec<Source>> {
        Ok(connections::sources(self.0.of(merchant)?, merchant).await?)
    }

    async fn destination(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Destination>> {
        Ok(connections::destination(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn destinations(&mut self, merchant: Uuid) -> Result<Vec<Destination>> {
        Ok(connections::destinations(self.0.of(merchant)?, merchant).await?)
    }

    async fn contract(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Contract>> {
        Ok(rules::contract(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn contracts(&mut self, merchant: Uuid) -> Result<Vec<Contract>> {
        Ok(rules::contracts(self.0.of(merchant)?, merchant).await?)
    }

    async fn contract_versions(
        &mut self,
        merchant: Uuid,
        export_type: &str,
    ) -> Result<Vec<Contract>> {
        Ok(rules::contract_versions(self.0.of(merchant)?, merchant, export_type).await?)
    }

    async fn flow(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Flow>> {
        Ok(rules::flow(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn flows(&mut self, merchant: Uuid) -> Result<Vec<Flow>> {
        Ok(rules::flows(self.0.of(merchant)?, merchant).await?)
    }

    async fn receipt(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Receipt>> {
        Ok(receipts::by_id(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn receipt_body(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Vec<u8>>> {
        Ok(receipts::body(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn whole_receipt(
        &mut self,
        merchant: Uuid,
        id: Uuid,
    ) -> Result<Option<(Receipt, Vec<u8>)>> {
        Ok(receipts::whole(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn receipts(&mut self, merchant: Uuid, filter: &ListFilter) -> Result<Vec<Receipt>> {
        Ok(receipts::list(self.0.of(merchant)?, merchant, filter).await?)
    }

    async fn receipts_of_order(&mut self, merchant: Uuid, order: Uuid) -> Result<Vec<Receipt>> {
        Ok(receipts::of_order(self.0.of(merchant)?, merchant, order).await?)
    }

    async fn facts(
        &mut self,
        merchant: Uuid,
        source: Uuid,
        order_ref: &str,
    ) -> Result<Vec<OrderFact>> {
        Ok(receipts::facts(self.0.of(merchant)?, merchant, source, order_ref).await?)
    }

    async fn order(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<OrderRow>> {
        Ok(orders::by_id(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn order_by_ref(
        &mut self,
        merchant: Uuid,
        source: Uuid,
        order_ref: &str,
    ) -> Result<Option<OrderRow>> {
        Ok(orders::by_ref(self.0.of(merchant)?, merchant, source, order_ref).await?)
    }

    async fn orders(&mut self, merchant: Uuid, filter: &ListFilter) -> Result<Vec<OrderRow>> {
        Ok(orders::list(self.0.of(merchant)?, merchant, filter).await?)
    }

    async fn events_of(&mut self, merchant: Uuid, subject: Uuid) -> Result<Vec<EventRow>> {
        Ok(receipts::events_of(self.0.of(merchant)?, merchant, subject).await?)
    }

    async fn run(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Run>> {
        Ok(runs::by_id(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn runs_of(&mut self, merchant: Uuid, subject: Uuid) -> Result<Vec<Run>> {
        Ok(runs::of_subject(self.0.of(merchant)?, merchant, subject).await?)
    }

    async fn runs_of_flow(
        &mut self,
        merchant: Uuid,
        flow_key: &str,
        limit: i64,
    ) -> Result<Vec<Run>> {
        Ok(runs::of_flow(self.0.of(merchant)?, merchant, flow_key, limit).await?)
    }

    async fn campaign(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Campaign>> {
        Ok(runs::campaign(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn case(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Case>> {
        Ok(runs::case(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn export(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Export>> {
        Ok(exports::by_id(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn exports(&mut self, merchant: Uuid, filter: &ListFilter) -> Result<Vec<Export>> {
        Ok(exports::list(self.0.of(merchant)?, merchant, filter).await?)
    }

    async fn parcel(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Parcel>> {
        Ok(exports::parcel(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn origin_of_export(&mut self, id: Uuid) -> Result<Option<(Uuid, Uuid)>> {
        Ok(exports::origin_of(self.0.across(Across::MerchantOfExport)?, id).await?)
    }

    async fn exports_of_run(&mut self, merchant: Uuid, run: Uuid) -> Result<Vec<Export>> {
        Ok(exports::of_run(self.0.of(merchant)?, merchant, run).await?)
    }

    async fn exports_of(&mut self, merchant: Uuid, subject: Uuid) -> Result<Vec<Export>> {
        Ok(exports::of_subject(self.0.of(merchant)?, merchant, subject).await?)
    }

    async fn export_wire(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Vec<u8>>> {
        Ok(exports::wire(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn attempts(&mut self, merchant: Uuid, export: Uuid) -> Result<Vec<Attempt>> {
        Ok(exports::attempts(self.0.of(merchant)?, merchant, export).await?)
    }

    async fn exports_naming(&mut self, merchant: Uuid, user: Uuid) -> Result<Vec<Export>> {
        Ok(exports::naming(self.0.of(merchant)?, merchant, user).await?)
    }

    async fn approval(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Approval>> {
        Ok(approvals::by_id(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn approvals_of(&mut self, merchant: Uuid, export: Uuid) -> Result<Vec<Approval>> {
        Ok(approvals::of_export(self.0.of(merchant)?, merchant, export).await?)
    }

    async fn approvals(&mut self, merchant: Uuid, filter: &ListFilter) -> Result<Vec<Approval>> {
        Ok(approvals::list(self.0.of(merchant)?, merchant, filter).await?)
    }

    async fn pending_approvals(&mut self, merchants: &[Uuid], limit: i64) -> Result<Vec<Approval>> {
        Ok(approvals::pending(self.0.of_all(merchants.iter().copied())?, merchants, limit).await?)
    }

    async fn task(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Task>> {
        Ok(tasks::by_id(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn tasks(&mut self, merchant: Uuid, filter: &ListFilter) -> Result<Vec<Task>> {
        Ok(tasks::list(self.0.of(merchant)?, merchant, filter).await?)
    }

    async fn live_tasks(&mut self, merchants: &[Uuid], limit: i64) -> Result<Vec<Task>> {
        Ok(tasks::live(self.0.of_all(merchants.iter().copied())?, merchants, limit).await?)
    }

    async fn figures(
        &mut self,
        merchants: &[Uuid],
        span: &Span,
    ) -> Result<(HashMap<Uuid, Figures>, Taken)> {
        Ok(overview::figures(self.0.of_all(merchants.iter().copied())?, merchants, span).await?)
    }

    async fn live_task_by_key(&mut self, merchant: Uuid, dedup_key: &str) -> Result<Option<Task>> {
        Ok(tasks::live_by_key(self.0.of(merchant)?, merchant, dedup_key).await?)
    }

    async fn tasks_about(&mut self, merchant: Uuid, subject: Uuid) -> Result<Vec<Task>> {
        Ok(tasks::about(self.0.of(merchant)?, merchant, subject).await?)
    }

    async fn audit(&mut self, merchant: Uuid, filter: &AuditFilter) -> Result<Vec<AuditEntry>> {
        Ok(audit::list(self.0.of(merchant)?, merchant, filter).await?)
    }

    async fn audit_from(
        &mut self,
        merchant: Uuid,
        seq: i64,
        limit: i64,
    ) -> Result<Vec<AuditEntry>> {
        Ok(audit::entries(
            self.0.of(merchant)?,
            merchant,
            seq.saturating_sub(1),
            i64::MAX,
            limit,
        )
        .await?)
    }

    async fn audit_head(&mut self, merchant: Uuid) -> Result<Option<Head>> {
        let head = audit::head(self.0.of(merchant)?, merchant).await?;
        Ok(Some(head).filter(|head| head.seq > 0))
    }

    async fn seals_not_under(
        &mut self,
        merchant: Uuid,
        prefix: &[u8],
        limit: i64,
    ) -> Result<Vec<SealRow>> {
        Ok(seals::of_merchant(self.0.of(merchant)?, merchant, prefix, limit).await?)
    }

    async fn seals_of_people_not_under(
        &mut self,
        prefix: &[u8],
        limit: i64,
    ) -> Result<Vec<SealRow>> {
        Ok(seals::of_people(self.0.conn()?, prefix, limit).await?)
    }

    async fn next_job_at(&mut self) -> Result<Option<Time>> {
        Ok(jobs::next_at(self.0.across(Across::Jobs)?).await?)
    }

    async fn job_counts(&mut self, now: Time) -> Result<(i64, i64)> {
        Ok(jobs::counts(self.0.across(Across::Jobs)?, now).await?)
    }

    async fn idempotency(&mut self, merchant: Uuid, key: &str) -> Result<Option<IdempotencyRow>> {
        Ok(idempotency::by_key(self.0.of(merchant)?, merchant, key).await?)
    }
}
