//! Notices: what people are told.

use async_trait::async_trait;
use domain::{
    Time,
    chat::Directly,
    notice::{LastAsked, LastTold, Notice},
};
use uuid::Uuid;

use crate::error::Result;

#[async_trait]
pub trait NoticeReads: Send {
    /// What this person has not read yet at these merchants, newest first.
    async fn unread_notices(
        &mut self,
        merchants: &[Uuid],
        user: Uuid,
        limit: i64,
    ) -> Result<Vec<Notice>>;
    /// For each rule and owner, the last time that they were told.
    async fn last_told(&mut self, merchant: Uuid) -> Result<Vec<LastTold>>;
    /// Of the approvals that were asked for most recently: for each export type and owner, the last.
    async fn last_asked(&mut self, merchant: Uuid) -> Result<Vec<LastAsked>>;
    /// When each person last did something here, their own account aside.
    async fn last_acts(&mut self, merchant: Uuid) -> Result<Vec<(Uuid, Time)>>;
    /// Whether this person's notices go by mail as well.
    async fn mails_notices(&mut self, user: Uuid) -> Result<bool>;
    /// What this person wants told to them directly in a chat.
    async fn told_directly(&mut self, user: Uuid) -> Result<Directly>;
}

#[async_trait]
pub trait NoticeTx: NoticeReads {
    /// False when this person has the same unread already.
    async fn insert_notice(&mut self, notice: &Notice, dedup_key: &str) -> Result<bool>;
    /// One of them, or all; how many were unread.
    async fn read_notices(
        &mut self,
        merchant: Uuid,
        user: Uuid,
        id: Option<Uuid>,
        now: Time,
    ) -> Result<u64>;
    /// What this person read before then.
    async fn forget_notices(&mut self, merchant: Uuid, user: Uuid, before: Time) -> Result<u64>;
    async fn set_mails_notices(&mut self, user: Uuid, mails: bool) -> Result<()>;
    async fn set_told_directly(&mut self, user: Uuid, directly: Directly) -> Result<()>;
}
