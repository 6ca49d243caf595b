//! Campaign briefs and their versions.

use async_trait::async_trait;
use domain::{
    brief::{Brief, BriefVersion},
    flow::Campaign,
};
use engine::{
    Result,
    port::{BriefReads, BriefTx, ListFilter},
};
use uuid::Uuid;

use super::{Connected, Ports, Writing};
use crate::briefs;

#[async_trait]
impl<C: Connected> BriefReads for Ports<C> {
    async fn brief(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Brief>> {
        Ok(briefs::by_id(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn briefs(&mut self, merchant: Uuid, filter: &ListFilter) -> Result<Vec<Brief>> {
        Ok(briefs::list(self.0.of(merchant)?, merchant, filter).await?)
    }

    async fn brief_versions(&mut self, merchant: Uuid, brief: Uuid) -> Result<Vec<BriefVersion>> {
        Ok(briefs::versions(self.0.of(merchant)?, merchant, brief).await?)
    }
}

#[async_trait]
impl BriefTx for Ports<Writing<'_>> {
    async fn insert_brief(&mut self, brief: &Brief) -> Result<()> {
        Ok(briefs::insert(self.0.of(brief.merchant_id)?, brief).await?)
    }

    async fn save_brief(&mut self, brief: &Brief) -> Result<()> {
        Ok(briefs::save(self.0.of(brief.merchant_id)?, brief).await?)
    }

    async fn insert_brief_version(&mut self, version: &BriefVersion) -> Result<()> {
        Ok(briefs::insert_version(self.0.of(version.merchant_id)?, version).await?)
    }

    async fn save_campaign(&mut self, campaign: &Campaign) -> Result<()> {
        Ok(briefs::save_campaign(self.0.of(campaign.merchant_id)?, campaign).await?)
    }
}
