//! What is kept of an agency's templates: the templates and their versions, what became of each push, and
//! which merchant is pinned to which version. All but the pins are the operator's; the pins are each
//! merchant's own.

use async_trait::async_trait;
use domain::agency::{Edition, Pin, Push, Template};
use uuid::Uuid;

use crate::error::Result;

#[async_trait]
pub trait AgencyReads: Send {
    /// Retired ones, too; oldest first.
    async fn templates(&mut self, operator: Uuid) -> Result<Vec<Template>>;
    async fn template(&mut self, operator: Uuid, id: Uuid) -> Result<Option<Template>>;
    /// Newest first.
    async fn editions(&mut self, operator: Uuid, template: Uuid) -> Result<Vec<Edition>>;
    async fn edition(
        &mut self,
        operator: Uuid,
        template: Uuid,
        version: i64,
    ) -> Result<Option<Edition>>;
    async fn push(&mut self, operator: Uuid, id: Uuid) -> Result<Option<Push>>;
    /// The newest few, newest first.
    async fn pushes(&mut self, operator: Uuid, template: Uuid) -> Result<Vec<Push>>;
    /// By the flow's key.
    async fn template_pins(&mut self, merchant: Uuid) -> Result<Vec<Pin>>;
    async fn template_pin(&mut self, merchant: Uuid, flow_key: &str) -> Result<Option<Pin>>;
}

#[async_trait]
pub trait AgencyTx: AgencyReads {
    /// A conflict when the operator has one of this flow that is in use.
    async fn insert_template(&mut self, template: &Template) -> Result<()>;
    /// A stale `rev` is a conflict, here and below.
    async fn save_template(&mut self, template: &Template) -> Result<()>;
    /// A version that is there already is a conflict; it never changes.
    async fn insert_edition(&mut self, edition: &Edition) -> Result<()>;
    async fn insert_push(&mut self, push: &Push) -> Result<()>;
    async fn save_push(&mut self, push: &Push) -> Result<()>;
    /// A merchant's flow has at most one pin; this one takes the place of any.
    async fn put_template_pin(&mut self, pin: &Pin) -> Result<()>;
    async fn delete_template_pin(&mut self, merchant: Uuid, flow_key: &str) -> Result<()>;
}
