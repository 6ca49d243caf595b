//! What is kept of contracts beside their versions: drafts, and what was deprecated or retired.

use async_trait::async_trait;
use domain::{
    contract::{Sheet, Standing},
    export::Export,
};
use uuid::Uuid;

use crate::error::Result;

#[async_trait]
pub trait ContractReads: Send {
    /// By export type.
    async fn contract_drafts(&mut self, merchant: Uuid) -> Result<Vec<Sheet>>;
    async fn contract_draft(&mut self, merchant: Uuid, export_type: &str) -> Result<Option<Sheet>>;
    /// Of what is deprecated or retired, by export type.
    async fn contract_standings(&mut self, merchant: Uuid) -> Result<Vec<Standing>>;
    /// Exports of this type that are not at their end, oldest first. Those that were delivered or accepted, which is
    /// the end of some, come after all others, so that they leave none of those out.
    async fn unsettled_exports(
        &mut self,
        merchant: Uuid,
        export_type: &str,
        limit: i64,
    ) -> Result<Vec<Export>>;
}

#[async_trait]
pub trait ContractTx: ContractReads {
    /// False when there is a draft of this type already.
    async fn insert_contract_draft(&mut self, sheet: &Sheet) -> Result<bool>;
    /// A stale `rev` is a conflict.
    async fn save_contract_draft(&mut self, sheet: &Sheet) -> Result<()>;
    /// False when there is none of this `rev` any more.
    async fn delete_contract_draft(
        &mut self,
        merchant: Uuid,
        export_type: &str,
        rev: i64,
    ) -> Result<bool>;
    /// In the place of the one before.
    async fn put_contract_standing(&mut self, standing: &Standing) -> Result<()>;
    /// In force again. False when it was.
    async fn clear_contract_standing(&mut self, merchant: Uuid, export_type: &str) -> Result<bool>;
}
