//! Drafts of contracts, and where contracts stand.

use async_trait::async_trait;
use domain::{
    contract::{Sheet, Standing},
    export::Export,
};
use engine::{
    Result,
    port::{ContractReads, ContractTx},
};
use uuid::Uuid;

use super::{Connected, Ports, Writing};
use crate::{contracts, exports};

#[async_trait]
impl<C: Connected> ContractReads for Ports<C> {
    async fn contract_drafts(&mut self, merchant: Uuid) -> Result<Vec<Sheet>> {
        Ok(contracts::drafts(self.0.of(merchant)?, merchant).await?)
    }

    async fn contract_draft(&mut self, merchant: Uuid, export_type: &str) -> Result<Option<Sheet>> {
        Ok(contracts::draft(self.0.of(merchant)?, merchant, export_type).await?)
    }

    async fn contract_standings(&mut self, merchant: Uuid) -> Result<Vec<Standing>> {
        Ok(contracts::standings(self.0.of(merchant)?, merchant).await?)
    }

    async fn unsettled_exports(
        &mut self,
        merchant: Uuid,
        export_type: &str,
        limit: i64,
    ) -> Result<Vec<Export>> {
        Ok(exports::unsettled(self.0.of(merchant)?, merchant, export_type, limit).await?)
    }
}

#[async_trait]
impl ContractTx for Ports<Writing<'_>> {
    async fn insert_contract_draft(&mut self, sheet: &Sheet) -> Result<bool> {
        Ok(contracts::insert(self.0.of(sheet.merchant_id)?, sheet).await?)
    }

    async fn save_contract_draft(&mut self, sheet: &Sheet) -> Result<()> {
        Ok(contracts::save(self.0.of(sheet.merchant_id)?, sheet).await?)
    }

    async fn delete_contract_draft(
        &mut self,
        merchant: Uuid,
        export_type: &str,
        rev: i64,
    ) -> Result<bool> {
        Ok(contracts::delete(self.0.of(merchant)?, merchant, export_type, rev).await?)
    }

    async fn put_contract_standing(&mut self, standing: &Standing) -> Result<()> {
        Ok(contracts::put_standing(self.0.of(standing.merchant_id)?, standing).await?)
    }

    async fn clear_contract_standing(&mut self, merchant: Uuid, export_type: &str) -> Result<bool> {
        Ok(contracts::clear_standing(self.0.of(merchant)?, merchant, export_type).await?)
    }
}
