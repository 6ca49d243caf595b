//! What is kept of accounts besides signing in: the links by which a forgotten password is replaced. They
//! are a person's, and no merchant's.

use async_trait::async_trait;
use domain::Time;
use uuid::Uuid;

use crate::error::Result;

/// A link to choose another password. Its token is only in the link; here is the hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordResetRow {
    pub token_hash: Vec<u8>,
    pub user_id: Uuid,
    /// Who made it for them; nobody when the person asked for it.
    pub made_by: Option<Uuid>,
    pub created_at: Time,
    pub expires_at: Time,
    /// When it was used, or became worthless because the password was changed otherwise.
    pub used_at: Option<Time>,
}

#[async_trait]
pub trait AccountReads: Send {
    async fn password_reset(&mut self, token_hash: &[u8]) -> Result<Option<PasswordResetRow>>;
}

#[async_trait]
pub trait AccountTx: AccountReads {
    async fn set_password(&mut self, user: Uuid, password_hash: &str) -> Result<()>;
    async fn insert_password_reset(&mut self, reset: &PasswordResetRow) -> Result<()>;
    /// False when it was used before, however many ask at once.
    async fn use_password_reset(&mut self, token_hash: &[u8], now: Time) -> Result<bool>;
    /// Whatever links there are for this person, they are worth nothing from now on.
    async fn spend_password_resets(&mut self, user: Uuid, now: Time) -> Result<()>;
    /// Those that expired before then; how many.
    async fn forget_password_resets(&mut self, before: Time) -> Result<u64>;
}
