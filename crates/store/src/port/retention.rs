//! How long content is kept, and taking it out.

use async_trait::async_trait;
use domain::{
    Time,
    access::Noun,
    export::{Attempt, Export},
    retention::{ContentKind, LegalHold, Removal, Retention},
};
use engine::{
    Result,
    port::{OrderRow, RetentionReads, RetentionTx},
};
use uuid::Uuid;

use super::{Connected, Ports, Writing};
use crate::retention;

#[async_trait]
impl<C: Connected> RetentionReads for Ports<C> {
    async fn retention(&mut self, merchant: Uuid) -> Result<Retention> {
        Ok(retention::of(self.0.of(merchant)?, merchant).await?)
    }

    async fn legal_holds(&mut self, merchant: Uuid) -> Result<Vec<LegalHold>> {
        Ok(retention::holds(self.0.of(merchant)?, merchant).await?)
    }

    async fn legal_hold(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<LegalHold>> {
        Ok(retention::hold(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn removal(&mut self, merchant: Uuid, noun: Noun, id: Uuid) -> Result<Option<Removal>> {
        Ok(retention::removal(self.0.of(merchant)?, merchant, noun, id).await?)
    }

    async fn removable(
        &mut self,
        merchant: Uuid,
        kind: ContentKind,
        span: (Time, Time),
        limit: i64,
    ) -> Result<Vec<(Time, Uuid)>> {
        let conn = self.0.of(merchant)?;
        Ok(retention::removable(conn, merchant, kind, span, limit).await?)
    }

    async fn removable_count(
        &mut self,
        merchant: Uuid,
        kind: ContentKind,
        until: Time,
    ) -> Result<(i64, Option<Time>)> {
        let conn = self.0.of(merchant)?;
        Ok(retention::removable_count(conn, merchant, kind, until).await?)
    }
}

#[async_trait]
impl RetentionTx for Ports<Writing<'_>> {
    async fn lock_retention(&mut self, merchant: Uuid) -> Result<Retention> {
        Ok(retention::lock(self.0.of(merchant)?, merchant).await?)
    }

    async fn save_retention(&mut self, row: &Retention) -> Result<()> {
        Ok(retention::save(self.0.of(row.merchant_id)?, row).await?)
    }

    async fn insert_legal_hold(&mut self, hold: &LegalHold) -> Result<()> {
        Ok(retention::insert_hold(self.0.of(hold.merchant_id)?, hold).await?)
    }

    async fn lift_legal_hold(&mut self, hold: &LegalHold) -> Result<()> {
        Ok(retention::lift_hold(self.0.of(hold.merchant_id)?, hold).await?)
    }

    async fn strip_receipts(&mut self, merchant: Uuid, ids: &[Uuid]) -> Result<()> {
        Ok(retention::strip_receipts(self.0.of(merchant)?, merchant, ids).await?)
    }

    async fn strip_export(&mut self, export: &Export, attempts: &[Attempt]) -> Result<()> {
        let conn = self.0.of(export.merchant_id)?;
        Ok(retention::strip_export(conn, export, attempts).await?)
    }

    async fn strip_order(&mut self, row: &OrderRow) -> Result<()> {
        Ok(retention::strip_order(self.0.of(row.merchant_id)?, row).await?)
    }

    async fn insert_removals(&mut self, removals: &[Removal]) -> Result<()> {
        let Some(first) = removals.first() else {
            return Ok(());
        };
        let conn = self.0.of(first.merchant_id)?;
        Ok(retention::insert_removals(conn, removals).await?)
    }
}
