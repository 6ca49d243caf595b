//! What proves a trail outside, and who looked at it.

use async_trait::async_trait;
use domain::{
    Time,
    audit::{
        AuditHash,
        merkle::Frontier,
        witness::{AuditKey, SignedCheckpoint, Witness},
    },
};
use engine::{
    Result,
    port::{ProofReads, ProofTx},
};
use uuid::Uuid;

use super::{Connected, Ports, Writing};
use crate::proof;

#[async_trait]
impl<C: Connected> ProofReads for Ports<C> {
    async fn audit_keys(&mut self, merchant: Uuid) -> Result<Vec<AuditKey>> {
        Ok(proof::keys(self.0.of(merchant)?, merchant).await?)
    }

    async fn audit_tree(&mut self, merchant: Uuid) -> Result<Frontier> {
        Ok(proof::tree(self.0.of(merchant)?, merchant).await?)
    }

    async fn audit_hashes(
        &mut self,
        merchant: Uuid,
        seq: i64,
        limit: i64,
    ) -> Result<Vec<AuditHash>> {
        Ok(proof::hashes(self.0.of(merchant)?, merchant, seq, limit).await?)
    }

    async fn audit_checkpoints(
        &mut self,
        merchant: Uuid,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<SignedCheckpoint>> {
        Ok(proof::checkpoints(self.0.of(merchant)?, merchant, before, limit).await?)
    }

    async fn audit_witnesses(&mut self, merchant: Uuid) -> Result<Vec<Witness>> {
        Ok(proof::witnesses(self.0.of(merchant)?, merchant).await?)
    }

    async fn audit_witness(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Witness>> {
        Ok(proof::witness(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn witness_secret(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Vec<u8>>> {
        Ok(proof::witness_secret(self.0.of(merchant)?, merchant, id).await?)
    }
}

#[async_trait]
impl ProofTx for Ports<Writing<'_>> {
    async fn insert_audit_key(&mut self, key: &AuditKey) -> Result<()> {
        Ok(proof::insert_key(self.0.of(key.merchant_id)?, key).await?)
    }

    async fn retire_audit_key(&mut self, merchant: Uuid, id: Uuid, now: Time) -> Result<()> {
        Ok(proof::retire_key(self.0.of(merchant)?, merchant, id, now).await?)
    }

    async fn save_audit_tree(&mut self, merchant: Uuid, from: u64, tree: &Frontier) -> Result<()> {
        Ok(proof::save_tree(self.0.of(merchant)?, merchant, from, tree).await?)
    }

    async fn insert_audit_checkpoint(&mut self, checkpoint: &SignedCheckpoint) -> Result<bool> {
        let conn = self.0.of(checkpoint.merchant_id)?;
        Ok(proof::insert_checkpoint(conn, checkpoint).await?)
    }

    async fn insert_audit_witness(
        &mut self,
        witness: &Witness,
        sealed_secret: Option<&[u8]>,
    ) -> Result<()> {
        let conn = self.0.of(witness.merchant_id)?;
        Ok(proof::insert_witness(conn, witness, sealed_secret).await?)
    }

    async fn save_audit_witness(&mut self, witness: &Witness) -> Result<()> {
        Ok(proof::save_witness(self.0.of(witness.merchant_id)?, witness).await?)
    }

    async fn delete_audit_witness(&mut self, merchant: Uuid, id: Uuid) -> Result<()> {
        Ok(proof::delete_witness(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn note_audit_view(
        &mut self,
        merchant: Uuid,
        viewer: &str,
        asked: &str,
        (since, now): (Time, Time),
    ) -> Result<bool> {
        let conn = self.0.of(merchant)?;
        Ok(proof::note_view(conn, merchant, (viewer, asked), (since, now)).await?)
    }

    async fn forget_audit_views(&mut self, merchant: Uuid, before: Time) -> Result<u64> {
        Ok(proof::forget_views(self.0.of(merchant)?, merchant, before).await?)
    }
}
