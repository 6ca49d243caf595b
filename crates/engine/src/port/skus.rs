//! What is known of the goods.

use async_trait::async_trait;
use domain::{Time, sku::Sku};
use uuid::Uuid;

use crate::error::Result;

#[async_trait]
pub trait SkuReads: Send {
    async fn sku(&mut self, merchant: Uuid, sku: &str) -> Result<Option<Sku>>;
    /// The one that the sender's stock levels name like this.
    async fn sku_by_item(&mut self, merchant: Uuid, item_ref: &str) -> Result<Option<Sku>>;
    /// By name, from the one after `after` on.
    async fn skus(&mut self, merchant: Uuid, after: &str, limit: i64) -> Result<Vec<Sku>>;
}

#[async_trait]
pub trait SkuTx: SkuReads {
    /// A conflict when somebody else saved it meanwhile, or made it.
    async fn save_sku(&mut self, sku: &Sku, now: Time) -> Result<()>;
    /// Until the end of the transaction nobody else who holds it says what this item is, or finds that nobody
    /// said it yet.
    async fn lock_item(&mut self, merchant: Uuid, item_ref: &str) -> Result<()>;
}
