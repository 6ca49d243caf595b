//! What is kept of who answers when: rotations, calendars, covers, own roles, escalation policies, and
//! the turns that were.

use async_trait::async_trait;
use domain::{
    Time,
    cover::{Calendar, Cover, OnCallTurn, Rotation, Span},
    escalation::Policy,
    role::OwnRole,
};
use uuid::Uuid;

use crate::error::Result;

#[async_trait]
pub trait CoverReads: Send {
    /// By key, as are the other lists here.
    async fn rotations(&mut self, merchant: Uuid) -> Result<Vec<Rotation>>;
    async fn calendars(&mut self, merchant: Uuid) -> Result<Vec<Calendar>>;
    async fn covers(&mut self, merchant: Uuid) -> Result<Vec<Cover>>;
    async fn own_roles(&mut self, merchant: Uuid) -> Result<Vec<OwnRole>>;
    /// The newest version of each.
    async fn policies(&mut self, merchant: Uuid) -> Result<Vec<Policy>>;
    /// Newest first.
    async fn policy_versions(&mut self, merchant: Uuid, key: &str) -> Result<Vec<Policy>>;
    /// Turns that touch the span, of one owner or of all; newest first.
    async fn on_call_turns(
        &mut self,
        merchant: Uuid,
        owner: Option<&str>,
        span: Span,
        limit: i64,
    ) -> Result<Vec<OnCallTurn>>;
    /// Turns that go on.
    async fn open_turns(&mut self, merchant: Uuid) -> Result<Vec<OnCallTurn>>;
}

#[async_trait]
pub trait CoverTx: CoverReads {
    /// Until the end of the transaction nobody else changes who answers here, or takes a role, a rotation
    /// or a calendar away: what one needs of the other is looked up under this.
    async fn lock_cover(&mut self, merchant: Uuid) -> Result<()>;
    async fn insert_rotation(&mut self, rotation: &Rotation) -> Result<()>;
    /// A stale `rev` is a conflict, here and below.
    async fn save_rotation(&mut self, rotation: &Rotation) -> Result<()>;
    async fn delete_rotation(&mut self, rotation: &Rotation) -> Result<()>;
    async fn insert_calendar(&mut self, calendar: &Calendar) -> Result<()>;
    async fn save_calendar(&mut self, calendar: &Calendar) -> Result<()>;
    async fn delete_calendar(&mut self, calendar: &Calendar) -> Result<()>;
    async fn insert_cover(&mut self, cover: &Cover) -> Result<()>;
    async fn save_cover(&mut self, cover: &Cover) -> Result<()>;
    async fn delete_cover(&mut self, cover: &Cover) -> Result<()>;
    async fn insert_own_role(&mut self, role: &OwnRole) -> Result<()>;
    /// Its title; the key never changes.
    async fn save_own_role(&mut self, role: &OwnRole) -> Result<()>;
    async fn delete_own_role(&mut self, merchant: Uuid, id: Uuid) -> Result<()>;
    /// A version that is there already is a conflict.
    async fn insert_policy(&mut self, policy: &Policy) -> Result<()>;
    async fn insert_turn(&mut self, turn: &OnCallTurn) -> Result<()>;
    async fn end_turn(&mut self, merchant: Uuid, id: Uuid, until: Time) -> Result<()>;
}
