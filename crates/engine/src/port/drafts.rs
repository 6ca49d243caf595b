//! What is kept of publishing flows: drafts, versions, who has to agree, what was retired, and runs that
//! are being moved to another version.

use async_trait::async_trait;
use domain::{
    Time,
    flow::{Flow, RunMove, Sheet},
};
use uuid::Uuid;

use crate::error::Result;

#[async_trait]
pub trait DraftReads: Send {
    /// By key.
    async fn flow_drafts(&mut self, merchant: Uuid) -> Result<Vec<Sheet>>;
    async fn flow_draft(&mut self, merchant: Uuid, key: &str) -> Result<Option<Sheet>>;
    /// Of several merchants, those that wait for a second person.
    async fn drafts_asked_about(&mut self, merchants: &[Uuid]) -> Result<Vec<Sheet>>;
    /// Every published version, newest first; of a retired flow, too.
    async fn flow_versions(&mut self, merchant: Uuid, key: &str) -> Result<Vec<Flow>>;
    /// Whether publishing a flow takes two people.
    async fn publishes_by_two(&mut self, merchant: Uuid) -> Result<bool>;
    /// Keys of the flows that start nothing any more, and since when.
    async fn retired_flows(&mut self, merchant: Uuid) -> Result<Vec<(String, Time)>>;
    /// Runs under way, of each version of a flow (by its id).
    async fn open_run_counts(&mut self, merchant: Uuid, flow_key: &str)
    -> Result<Vec<(Uuid, i64)>>;
    /// The ids of runs under way on this version.
    async fn open_runs_on(
        &mut self,
        merchant: Uuid,
        flow_key: &str,
        flow_id: Uuid,
    ) -> Result<Vec<Uuid>>;
    async fn run_move(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<RunMove>>;
    /// Newest first.
    async fn run_moves(&mut self, merchant: Uuid, flow_key: &str) -> Result<Vec<RunMove>>;
}

#[async_trait]
pub trait DraftTx: DraftReads {
    /// False when there is a draft of this flow already.
    async fn insert_flow_draft(&mut self, sheet: &Sheet) -> Result<bool>;
    /// A stale `rev` is a conflict.
    async fn save_flow_draft(&mut self, sheet: &Sheet) -> Result<()>;
    /// False when there is none of this `rev` any more.
    async fn delete_flow_draft(&mut self, merchant: Uuid, key: &str, rev: i64) -> Result<bool>;
    async fn set_publishes_by_two(&mut self, merchant: Uuid, by_two: bool) -> Result<()>;
    /// Until the end of the transaction nobody else publishes or retires a flow here: what one needs of
    /// the other is looked up under this.
    async fn lock_publishing(&mut self, merchant: Uuid) -> Result<()>;
    async fn retire_flow(
        &mut self,
        merchant: Uuid,
        key: &str,
        at: Time,
        by: Option<Uuid>,
    ) -> Result<()>;
    /// False when it was not retired.
    async fn resume_flow(&mut self, merchant: Uuid, key: &str) -> Result<bool>;
    async fn insert_run_move(&mut self, one: &RunMove) -> Result<()>;
    /// A stale `rev` is a conflict.
    async fn save_run_move(&mut self, one: &RunMove) -> Result<()>;
}
