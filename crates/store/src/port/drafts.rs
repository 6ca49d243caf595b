//! Drafts of flows, their versions, and what is decided about publishing.

use async_trait::async_trait;
use domain::{
    Time,
    flow::{Flow, RunMove, Sheet},
};
use engine::{
    Result,
    port::{DraftReads, DraftTx},
};
use uuid::Uuid;

use super::{Connected, Ports, Writing};
use crate::drafts;

#[async_trait]
impl<C: Connected> DraftReads for Ports<C> {
    async fn flow_drafts(&mut self, merchant: Uuid) -> Result<Vec<Sheet>> {
        Ok(drafts::all(self.0.of(merchant)?, merchant).await?)
    }

    async fn flow_draft(&mut self, merchant: Uuid, key: &str) -> Result<Option<Sheet>> {
        Ok(drafts::one(self.0.of(merchant)?, merchant, key).await?)
    }

    async fn drafts_asked_about(&mut self, merchants: &[Uuid]) -> Result<Vec<Sheet>> {
        Ok(drafts::asked(self.0.of_all(merchants.iter().copied())?, merchants).await?)
    }

    async fn flow_versions(&mut self, merchant: Uuid, key: &str) -> Result<Vec<Flow>> {
        Ok(drafts::versions(self.0.of(merchant)?, merchant, key).await?)
    }

    async fn publishes_by_two(&mut self, merchant: Uuid) -> Result<bool> {
        Ok(drafts::by_two(self.0.of(merchant)?, merchant).await?)
    }

    async fn retired_flows(&mut self, merchant: Uuid) -> Result<Vec<(String, Time)>> {
        Ok(drafts::retired(self.0.of(merchant)?, merchant).await?)
    }

    async fn open_run_counts(
        &mut self,
        merchant: Uuid,
        flow_key: &str,
    ) -> Result<Vec<(Uuid, i64)>> {
        Ok(drafts::run_counts(self.0.of(merchant)?, merchant, flow_key).await?)
    }

    async fn open_runs_on(
        &mut self,
        merchant: Uuid,
        flow_key: &str,
        flow_id: Uuid,
    ) -> Result<Vec<Uuid>> {
        Ok(drafts::runs_on(self.0.of(merchant)?, merchant, flow_key, flow_id).await?)
    }

    async fn run_move(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<RunMove>> {
        Ok(drafts::run_move(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn run_moves(&mut self, merchant: Uuid, flow_key: &str) -> Result<Vec<RunMove>> {
        Ok(drafts::run_moves(self.0.of(merchant)?, merchant, flow_key).await?)
    }
}

#[async_trait]
impl DraftTx for Ports<Writing<'_>> {
    async fn insert_flow_draft(&mut self, sheet: &Sheet) -> Result<bool> {
        Ok(drafts::insert(self.0.of(sheet.merchant_id)?, sheet).await?)
    }

    async fn save_flow_draft(&mut self, sheet: &Sheet) -> Result<()> {
        Ok(drafts::save(self.0.of(sheet.merchant_id)?, sheet).await?)
    }

    async fn delete_flow_draft(&mut self, merchant: Uuid, key: &str, rev: i64) -> Result<bool> {
        Ok(drafts::delete(self.0.of(merchant)?, merchant, key, rev).await?)
    }

    async fn set_publishes_by_two(&mut self, merchant: Uuid, by_two: bool) -> Result<()> {
        Ok(drafts::set_by_two(self.0.of(merchant)?, merchant, by_two).await?)
    }

    async fn lock_publishing(&mut self, merchant: Uuid) -> Result<()> {
        Ok(drafts::lock(self.0.of(merchant)?, merchant).await?)
    }

    async fn retire_flow(
        &mut self,
        merchant: Uuid,
        key: &str,
        at: Time,
        by: Option<Uuid>,
    ) -> Result<()> {
        Ok(drafts::retire(self.0.of(merchant)?, merchant, key, at, by).await?)
    }

    async fn resume_flow(&mut self, merchant: Uuid, key: &str) -> Result<bool> {
        Ok(drafts::resume(self.0.of(merchant)?, merchant, key).await?)
    }

    async fn insert_run_move(&mut self, one: &RunMove) -> Result<()> {
        Ok(drafts::insert_move(self.0.of(one.merchant_id)?, one).await?)
    }

    async fn save_run_move(&mut self, one: &RunMove) -> Result<()> {
        Ok(drafts::save_move(self.0.of(one.merchant_id)?, one).await?)
    }
}
