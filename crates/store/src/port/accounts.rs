//! Passwords and the links that replace them.

use async_trait::async_trait;
use domain::Time;
use engine::{
    Result,
    port::{AccountReads, AccountTx, PasswordResetRow},
};
use uuid::Uuid;

use super::{Connected, Ports, Writing};
use crate::accounts;

#[async_trait]
impl<C: Connected> AccountReads for Ports<C> {
    async fn password_reset(&mut self, token_hash: &[u8]) -> Result<Option<PasswordResetRow>> {
        Ok(accounts::reset(self.0.conn()?, token_hash).await?)
    }
}

#[async_trait]
impl AccountTx for Ports<Writing<'_>> {
    async fn set_password(&mut self, user: Uuid, password_hash: &str) -> Result<()> {
        Ok(accounts::set_password(self.0.conn()?, user, password_hash).await?)
    }

    async fn insert_password_reset(&mut self, reset: &PasswordResetRow) -> Result<()> {
        Ok(accounts::insert_reset(self.0.conn()?, reset).await?)
    }

    async fn use_password_reset(&mut self, token_hash: &[u8], now: Time) -> Result<bool> {
        Ok(accounts::use_reset(self.0.conn()?, token_hash, now).await?)
    }

    async fn spend_password_resets(&mut self, user: Uuid, now: Time) -> Result<()> {
        Ok(accounts::spend_resets(self.0.conn()?, user, now).await?)
    }

    async fn forget_password_resets(&mut self, before: Time) -> Result<u64> {
        Ok(accounts::forget_resets(self.0.conn()?, before).await?)
    }
}
