//! An agency's templates, and which merchant is pinned to which.

use async_trait::async_trait;
use domain::agency::{Edition, Pin, Push, Template};
use engine::{
    Result,
    port::{AgencyReads, AgencyTx},
};
use uuid::Uuid;

use super::{Connected, Ports, Writing};
use crate::agency;

#[async_trait]
impl<C: Connected> AgencyReads for Ports<C> {
    async fn templates(&mut self, operator: Uuid) -> Result<Vec<Template>> {
        Ok(agency::templates(self.0.conn()?, operator).await?)
    }

    async fn template(&mut self, operator: Uuid, id: Uuid) -> Result<Option<Template>> {
        Ok(agency::template(self.0.conn()?, operator, id).await?)
    }

    async fn editions(&mut self, operator: Uuid, template: Uuid) -> Result<Vec<Edition>> {
        Ok(agency::editions(self.0.conn()?, operator, template).await?)
    }

    async fn edition(
        &mut self,
        operator: Uuid,
        template: Uuid,
        version: i64,
    ) -> Result<Option<Edition>> {
        Ok(agency::edition(self.0.conn()?, operator, template, version).await?)
    }

    async fn push(&mut self, operator: Uuid, id: Uuid) -> Result<Option<Push>> {
        Ok(agency::push(self.0.conn()?, operator, id).await?)
    }

    async fn pushes(&mut self, operator: Uuid, template: Uuid) -> Result<Vec<Push>> {
        Ok(agency::pushes(self.0.conn()?, operator, template).await?)
    }

    async fn template_pins(&mut self, merchant: Uuid) -> Result<Vec<Pin>> {
        Ok(agency::pins(self.0.of(merchant)?, merchant).await?)
    }

    async fn template_pin(&mut self, merchant: Uuid, flow_key: &str) -> Result<Option<Pin>> {
        Ok(agency::pin(self.0.of(merchant)?, merchant, flow_key).await?)
    }
}

#[async_trait]
impl AgencyTx for Ports<Writing<'_>> {
    async fn insert_template(&mut self, template: &Template) -> Result<()> {
        Ok(agency::insert_template(self.0.conn()?, template).await?)
    }

    async fn save_template(&mut self, template: &Template) -> Result<()> {
        Ok(agency::save_template(self.0.conn()?, template).await?)
    }

    async fn insert_edition(&mut self, edition: &Edition) -> Result<()> {
        Ok(agency::insert_edition(self.0.conn()?, edition).await?)
    }

    async fn insert_push(&mut self, push: &Push) -> Result<()> {
        Ok(agency::insert_push(self.0.conn()?, push).await?)
    }

    async fn save_push(&mut self, push: &Push) -> Result<()> {
        Ok(agency::save_push(self.0.conn()?, push).await?)
    }

    async fn put_template_pin(&mut self, pin: &Pin) -> Result<()> {
        Ok(agency::put_pin(self.0.of(pin.merchant_id)?, pin).await?)
    }

    async fn delete_template_pin(&mut self, merchant: Uuid, flow_key: &str) -> Result<()> {
        Ok(agency::delete_pin(self.0.of(merchant)?, merchant, flow_key).await?)
    }
}
