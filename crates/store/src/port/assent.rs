//! Who stands in for whom, what was let go before, and people's keys.

use async_trait::async_trait;
use domain::{Time, approval::Delegation};
use engine::{
    Result,
    port::{AssentReads, AssentTx, PersonKeyRow},
};
use uuid::Uuid;

use super::{Connected, Ports, Writing};
use crate::assent;

#[async_trait]
impl<C: Connected> AssentReads for Ports<C> {
    async fn delegation(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Delegation>> {
        Ok(assent::delegation(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn delegations(&mut self, merchant: Uuid, after: Time) -> Result<Vec<Delegation>> {
        Ok(assent::delegations(self.0.of(merchant)?, merchant, after).await?)
    }

    async fn known_skus(
        &mut self,
        merchant: Uuid,
        export_type: &str,
        skus: &[String],
        but: &[Uuid],
    ) -> Result<Vec<String>> {
        Ok(assent::known_skus(self.0.of(merchant)?, merchant, export_type, skus, but).await?)
    }

    async fn person_key(&mut self, user: Uuid) -> Result<Option<PersonKeyRow>> {
        Ok(assent::person_key(self.0.conn()?, user).await?)
    }
}

#[async_trait]
impl AssentTx for Ports<Writing<'_>> {
    async fn insert_delegation(&mut self, delegation: &Delegation) -> Result<()> {
        Ok(assent::insert(self.0.of(delegation.merchant_id)?, delegation).await?)
    }

    async fn save_delegation(&mut self, delegation: &Delegation) -> Result<()> {
        Ok(assent::save(self.0.of(delegation.merchant_id)?, delegation).await?)
    }

    async fn insert_known_skus(
        &mut self,
        merchant: Uuid,
        export_type: &str,
        skus: &[String],
        because: (Uuid, Time),
    ) -> Result<()> {
        let conn = self.0.of(merchant)?;
        Ok(assent::insert_known_skus(conn, merchant, export_type, skus, because).await?)
    }

    async fn insert_person_key(&mut self, key: &PersonKeyRow) -> Result<bool> {
        Ok(assent::insert_person_key(self.0.conn()?, key).await?)
    }
}
