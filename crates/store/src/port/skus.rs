//! What is known of the goods.

use async_trait::async_trait;
use domain::{Time, sku::Sku};
use engine::{
    Result,
    port::{SkuReads, SkuTx},
};
use uuid::Uuid;

use super::{Connected, Ports, Writing};
use crate::skus;

#[async_trait]
impl<C: Connected> SkuReads for Ports<C> {
    async fn sku(&mut self, merchant: Uuid, sku: &str) -> Result<Option<Sku>> {
        Ok(skus::by_name(self.0.of(merchant)?, merchant, sku).await?)
    }

    async fn sku_by_item(&mut self, merchant: Uuid, item_ref: &str) -> Result<Option<Sku>> {
        Ok(skus::by_item(self.0.of(merchant)?, merchant, item_ref).await?)
    }

    async fn skus(&mut self, merchant: Uuid, after: &str, limit: i64) -> Result<Vec<Sku>> {
        Ok(skus::list(self.0.of(merchant)?, merchant, after, limit).await?)
    }
}

#[async_trait]
impl SkuTx for Ports<Writing<'_>> {
    async fn save_sku(&mut self, sku: &Sku, now: Time) -> Result<()> {
        Ok(skus::save(self.0.of(sku.merchant_id)?, sku, now).await?)
    }

    async fn lock_item(&mut self, merchant: Uuid, item_ref: &str) -> Result<()> {
        Ok(skus::lock_item(self.0.of(merchant)?, merchant, item_ref).await?)
    }
}
