//! Campaign briefs and their versions.

use async_trait::async_trait;
use domain::{
    brief::{Brief, BriefVersion},
    flow::Campaign,
};
use uuid::Uuid;

use super::ListFilter;
use crate::error::Result;

#[async_trait]
pub trait BriefReads: Send {
    async fn brief(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Brief>>;
    /// Newest change first; `state` and `query` filter.
    async fn briefs(&mut self, merchant: Uuid, filter: &ListFilter) -> Result<Vec<Brief>>;
    /// Oldest first.
    async fn brief_versions(&mut self, merchant: Uuid, brief: Uuid) -> Result<Vec<BriefVersion>>;
}

#[async_trait]
pub trait BriefTx: BriefReads {
    /// A conflict when there is one with this campaign id.
    async fn insert_brief(&mut self, brief: &Brief) -> Result<()>;
    async fn save_brief(&mut self, brief: &Brief) -> Result<()>;
    async fn insert_brief_version(&mut self, version: &BriefVersion) -> Result<()>;
    /// What the exports of a ready brief are about, from now on.
    async fn save_campaign(&mut self, campaign: &Campaign) -> Result<()>;
}
