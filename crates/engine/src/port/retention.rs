//! How long content is kept, what holds it, and taking it out.

use async_trait::async_trait;
use domain::{
    Time,
    access::Noun,
    export::{Attempt, Export},
    retention::{ContentKind, LegalHold, Removal, Retention},
};
use uuid::Uuid;

use super::OrderRow;
use crate::error::Result;

#[async_trait]
pub trait RetentionReads: Send {
    /// As it was set; of a merchant that set nothing, that.
    async fn retention(&mut self, merchant: Uuid) -> Result<Retention>;
    /// Lifted ones, too; newest first.
    async fn legal_holds(&mut self, merchant: Uuid) -> Result<Vec<LegalHold>>;
    async fn legal_hold(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<LegalHold>>;
    /// What stays of removed content of a receipt, an order or an export.
    async fn removal(&mut self, merchant: Uuid, noun: Noun, id: Uuid) -> Result<Option<Removal>>;
    /// Content from `from` on and before `until` that is over, not held, and still there: oldest first.
    async fn removable(
        &mut self,
        merchant: Uuid,
        kind: ContentKind,
        (from, until): (Time, Time),
        limit: i64,
    ) -> Result<Vec<(Time, Uuid)>>;
    /// How much of it there is before then, and since when the oldest.
    async fn removable_count(
        &mut self,
        merchant: Uuid,
        kind: ContentKind,
        until: Time,
    ) -> Result<(i64, Option<Time>)>;
}

#[async_trait]
pub trait RetentionTx: RetentionReads {
    /// Until the end of the transaction nobody else gets past this: whoever removes must not do so beside
    /// somebody who puts a hold on it.
    async fn lock_retention(&mut self, merchant: Uuid) -> Result<Retention>;
    /// A conflict when somebody else saved it meanwhile.
    async fn save_retention(&mut self, retention: &Retention) -> Result<()>;
    async fn insert_legal_hold(&mut self, hold: &LegalHold) -> Result<()>;
    /// A conflict when it was lifted before.
    async fn lift_legal_hold(&mut self, hold: &LegalHold) -> Result<()>;
    /// Empties the raw bodies; hash and size stay.
    async fn strip_receipts(&mut self, merchant: Uuid, ids: &[Uuid]) -> Result<()>;
    /// Saves it without its content and its bytes, by `rev`, and what was answered to each attempt.
    async fn strip_export(&mut self, export: &Export, attempts: &[Attempt]) -> Result<()>;
    /// Saves it without personal data, by `rev`, and takes the same out of the facts it is folded from.
    async fn strip_order(&mut self, row: &OrderRow) -> Result<()>;
    /// What stays of each; of one that was stripped before, the newer counts.
    async fn insert_removals(&mut self, removals: &[Removal]) -> Result<()>;
}
