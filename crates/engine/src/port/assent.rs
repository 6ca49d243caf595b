//! What deciding needs besides approvals: who stands in for whom, what was let go before, and people's keys.

use async_trait::async_trait;
use domain::{Time, approval::Delegation};
use uuid::Uuid;

use crate::error::Result;

/// The key that a person signs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonKeyRow {
    pub user_id: Uuid,
    pub public_key: Vec<u8>,
    pub sealed_private: Vec<u8>,
    pub created_at: Time,
}

#[async_trait]
pub trait AssentReads: Send {
    async fn delegation(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Delegation>>;
    /// Those that end after this, by their end.
    async fn delegations(&mut self, merchant: Uuid, after: Time) -> Result<Vec<Delegation>>;
    /// Of these SKUs, those that an export of this type was let go with, other than these.
    async fn known_skus(
        &mut self,
        merchant: Uuid,
        export_type: &str,
        skus: &[String],
        but: &[Uuid],
    ) -> Result<Vec<String>>;
    async fn person_key(&mut self, user: Uuid) -> Result<Option<PersonKeyRow>>;
}

#[async_trait]
pub trait AssentTx: AssentReads {
    async fn insert_delegation(&mut self, delegation: &Delegation) -> Result<()>;
    async fn save_delegation(&mut self, delegation: &Delegation) -> Result<()>;
    /// What is known already stays as it is.
    async fn insert_known_skus(
        &mut self,
        merchant: Uuid,
        export_type: &str,
        skus: &[String],
        because: (Uuid, Time),
    ) -> Result<()>;
    /// False when this person has one: a key is made once.
    async fn insert_person_key(&mut self, key: &PersonKeyRow) -> Result<bool>;
}
