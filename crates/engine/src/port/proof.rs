//! What proves a trail outside: keys, the tree, checkpoints, witnesses; and who looked.

use async_trait::async_trait;
use domain::{
    Time,
    audit::{
        AuditHash,
        merkle::Frontier,
        witness::{AuditKey, SignedCheckpoint, Witness},
    },
};
use uuid::Uuid;

use crate::error::Result;

#[async_trait]
pub trait ProofReads: Send {
    /// The newest first; the one in use is among them.
    async fn audit_keys(&mut self, merchant: Uuid) -> Result<Vec<AuditKey>>;
    /// The tree, as far as it was carried.
    async fn audit_tree(&mut self, merchant: Uuid) -> Result<Frontier>;
    /// The hashes of the entries behind `seq`, in order.
    async fn audit_hashes(
        &mut self,
        merchant: Uuid,
        seq: i64,
        limit: i64,
    ) -> Result<Vec<AuditHash>>;
    /// The largest first, smaller than `before` where that is said.
    async fn audit_checkpoints(
        &mut self,
        merchant: Uuid,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<SignedCheckpoint>>;
    /// By name.
    async fn audit_witnesses(&mut self, merchant: Uuid) -> Result<Vec<Witness>>;
    async fn audit_witness(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Witness>>;
    /// What a webhook's messages are signed with, sealed.
    async fn witness_secret(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Vec<u8>>>;
}

#[async_trait]
pub trait ProofTx: ProofReads {
    /// A conflict when another one is in use.
    async fn insert_audit_key(&mut self, key: &AuditKey) -> Result<()>;
    /// From now on only its public half is kept.
    async fn retire_audit_key(&mut self, merchant: Uuid, id: Uuid, now: Time) -> Result<()>;
    /// A conflict when somebody else carried it on since it was `from` entries large.
    async fn save_audit_tree(&mut self, merchant: Uuid, from: u64, tree: &Frontier) -> Result<()>;
    /// False when there is one of this size.
    async fn insert_audit_checkpoint(&mut self, checkpoint: &SignedCheckpoint) -> Result<bool>;
    async fn insert_audit_witness(
        &mut self,
        witness: &Witness,
        sealed_secret: Option<&[u8]>,
    ) -> Result<()>;
    async fn save_audit_witness(&mut self, witness: &Witness) -> Result<()>;
    async fn delete_audit_witness(&mut self, merchant: Uuid, id: Uuid) -> Result<()>;
    /// Somebody looked at the trail. False when they did so with the same question since `since`.
    async fn note_audit_view(
        &mut self,
        merchant: Uuid,
        viewer: &str,
        asked: &str,
        (since, now): (Time, Time),
    ) -> Result<bool>;
    /// Forgets who looked before then.
    async fn forget_audit_views(&mut self, merchant: Uuid, before: Time) -> Result<u64>;
}
