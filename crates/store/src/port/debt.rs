//! What hand-offs made by hand are reckoned with.

use async_trait::async_trait;
use domain::Money;
use engine::{
    Result,
    port::{DebtReads, DebtTx},
};
use uuid::Uuid;

use super::{Connected, Ports, Writing};
use crate::debt;

#[async_trait]
impl<C: Connected> DebtReads for Ports<C> {
    async fn hourly_cost(&mut self, merchant: Uuid) -> Result<Option<Money>> {
        Ok(debt::hourly_cost(self.0.of(merchant)?, merchant).await?)
    }
}

#[async_trait]
impl DebtTx for Ports<Writing<'_>> {
    async fn set_hourly_cost(&mut self, merchant: Uuid, an_hour: Money) -> Result<()> {
        Ok(debt::set_hourly_cost(self.0.of(merchant)?, merchant, an_hour).await?)
    }
}
