//! What hand-offs made by hand are reckoned with.

use async_trait::async_trait;
use domain::Money;
use uuid::Uuid;

use crate::error::Result;

#[async_trait]
pub trait DebtReads: Send {
    /// What an hour of people's time costs here, if somebody said so.
    async fn hourly_cost(&mut self, merchant: Uuid) -> Result<Option<Money>>;
}

#[async_trait]
pub trait DebtTx: DebtReads {
    async fn set_hourly_cost(&mut self, merchant: Uuid, an_hour: Money) -> Result<()>;
}
