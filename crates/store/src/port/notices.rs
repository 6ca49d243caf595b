//! What people are told.

use async_trait::async_trait;
use domain::{
    Time,
    chat::Directly,
    notice::{LastAsked, LastTold, Notice},
};
use engine::{
    Result,
    port::{NoticeReads, NoticeTx},
};
use uuid::Uuid;

use super::{Connected, Ports, Writing};
use crate::notices;

#[async_trait]
impl<C: Connected> NoticeReads for Ports<C> {
    async fn unread_notices(
        &mut self,
        merchants: &[Uuid],
        user: Uuid,
        limit: i64,
    ) -> Result<Vec<Notice>> {
        Ok(notices::unread(
            self.0.of_all(merchants.iter().copied())?,
            merchants,
            user,
            limit,
        )
        .await?)
    }

    async fn last_told(&mut self, merchant: Uuid) -> Result<Vec<LastTold>> {
        Ok(notices::last_told(self.0.of(merchant)?, merchant).await?)
    }

    async fn last_asked(&mut self, merchant: Uuid) -> Result<Vec<LastAsked>> {
        Ok(notices::last_asked(self.0.of(merchant)?, merchant).await?)
    }

    async fn last_acts(&mut self, merchant: Uuid) -> Result<Vec<(Uuid, Time)>> {
        Ok(notices::last_acts(self.0.of(merchant)?, merchant).await?)
    }

    async fn mails_notices(&mut self, user: Uuid) -> Result<bool> {
        Ok(notices::mails(self.0.conn()?, user).await?)
    }

    async fn told_directly(&mut self, user: Uuid) -> Result<Directly> {
        Ok(notices::directly(self.0.conn()?, user).await?)
    }
}

#[async_trait]
impl NoticeTx for Ports<Writing<'_>> {
    async fn insert_notice(&mut self, notice: &Notice, dedup_key: &str) -> Result<bool> {
        Ok(notices::insert(self.0.of(notice.merchant_id)?, notice, dedup_key).await?)
    }

    async fn read_notices(
        &mut self,
        merchant: Uuid,
        user: Uuid,
        id: Option<Uuid>,
        now: Time,
    ) -> Result<u64> {
        Ok(notices::mark_read(self.0.of(merchant)?, merchant, user, id, now).await?)
    }

    async fn forget_notices(&mut self, merchant: Uuid, user: Uuid, before: Time) -> Result<u64> {
        Ok(notices::forget(self.0.of(merchant)?, merchant, user, before).await?)
    }

    async fn set_mails_notices(&mut self, user: Uuid, mails: bool) -> Result<()> {
        Ok(notices::set_mails(self.0.conn()?, user, mails).await?)
    }

    async fn set_told_directly(&mut self, user: Uuid, directly: Directly) -> Result<()> {
        Ok(notices::set_directly(self.0.conn()?, user, directly).await?)
    }
}
