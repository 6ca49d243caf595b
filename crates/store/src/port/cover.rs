//! Who answers when.

use async_trait::async_trait;
use domain::{
    Time,
    cover::{Calendar, Cover, OnCallTurn, Rotation, Span},
    escalation::Policy,
    role::OwnRole,
};
use engine::{
    Result,
    port::{CoverReads, CoverTx},
};
use uuid::Uuid;

use super::{Connected, Ports, Writing};
use crate::cover;

#[async_trait]
impl<C: Connected> CoverReads for Ports<C> {
    async fn rotations(&mut self, merchant: Uuid) -> Result<Vec<Rotation>> {
        Ok(cover::rotations(self.0.of(merchant)?, merchant).await?)
    }

    async fn calendars(&mut self, merchant: Uuid) -> Result<Vec<Calendar>> {
        Ok(cover::calendars(self.0.of(merchant)?, merchant).await?)
    }

    async fn covers(&mut self, merchant: Uuid) -> Result<Vec<Cover>> {
        Ok(cover::covers(self.0.of(merchant)?, merchant).await?)
    }

    async fn own_roles(&mut self, merchant: Uuid) -> Result<Vec<OwnRole>> {
        Ok(cover::own_roles(self.0.of(merchant)?, merchant).await?)
    }

    async fn policies(&mut self, merchant: Uuid) -> Result<Vec<Policy>> {
        Ok(cover::policies(self.0.of(merchant)?, merchant).await?)
    }

    async fn policy_versions(&mut self, merchant: Uuid, key: &str) -> Result<Vec<Policy>> {
        Ok(cover::policy_versions(self.0.of(merchant)?, merchant, key).await?)
    }

    async fn on_call_turns(
        &mut self,
        merchant: Uuid,
        owner: Option<&str>,
        span: Span,
        limit: i64,
    ) -> Result<Vec<OnCallTurn>> {
        Ok(cover::turns(self.0.of(merchant)?, merchant, owner, (span, limit)).await?)
    }

    async fn open_turns(&mut self, merchant: Uuid) -> Result<Vec<OnCallTurn>> {
        Ok(cover::open_turns(self.0.of(merchant)?, merchant).await?)
    }
}

#[async_trait]
impl CoverTx for Ports<Writing<'_>> {
    async fn lock_cover(&mut self, merchant: Uuid) -> Result<()> {
        Ok(cover::lock(self.0.conn()?, merchant).await?)
    }

    async fn insert_rotation(&mut self, rotation: &Rotation) -> Result<()> {
        Ok(cover::insert_rotation(self.0.of(rotation.merchant_id)?, rotation).await?)
    }

    async fn save_rotation(&mut self, rotation: &Rotation) -> Result<()> {
        Ok(cover::save_rotation(self.0.of(rotation.merchant_id)?, rotation).await?)
    }

    async fn delete_rotation(&mut self, rotation: &Rotation) -> Result<()> {
        Ok(cover::delete_rotation(self.0.of(rotation.merchant_id)?, rotation).await?)
    }

    async fn insert_calendar(&mut self, calendar: &Calendar) -> Result<()> {
        Ok(cover::insert_calendar(self.0.of(calendar.merchant_id)?, calendar).await?)
    }

    async fn save_calendar(&mut self, calendar: &Calendar) -> Result<()> {
        Ok(cover::save_calendar(self.0.of(calendar.merchant_id)?, calendar).await?)
    }

    async fn delete_calendar(&mut self, calendar: &Calendar) -> Result<()> {
        Ok(cover::delete_calendar(self.0.of(calendar.merchant_id)?, calendar).await?)
    }

    async fn insert_cover(&mut self, one: &Cover) -> Result<()> {
        Ok(cover::insert_cover(self.0.of(one.merchant_id)?, one).await?)
    }

    async fn save_cover(&mut self, one: &Cover) -> Result<()> {
        Ok(cover::save_cover(self.0.of(one.merchant_id)?, one).await?)
    }

    async fn delete_cover(&mut self, one: &Cover) -> Result<()> {
        Ok(cover::delete_cover(self.0.of(one.merchant_id)?, one).await?)
    }

    async fn insert_own_role(&mut self, role: &OwnRole) -> Result<()> {
        Ok(cover::insert_own_role(self.0.of(role.merchant_id)?, role).await?)
    }

    async fn save_own_role(&mut self, role: &OwnRole) -> Result<()> {
        Ok(cover::save_own_role(self.0.of(role.merchant_id)?, role).await?)
    }

    async fn delete_own_role(&mut self, merchant: Uuid, id: Uuid) -> Result<()> {
        Ok(cover::delete_own_role(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn insert_policy(&mut self, policy: &Policy) -> Result<()> {
        Ok(cover::insert_policy(self.0.of(policy.merchant_id)?, policy).await?)
    }

    async fn insert_turn(&mut self, turn: &OnCallTurn) -> Result<()> {
        Ok(cover::insert_turn(self.0.of(turn.merchant_id)?, turn).await?)
    }

    async fn end_turn(&mut self, merchant: Uuid, id: Uuid, until: Time) -> Result<()> {
        Ok(cover::end_turn(self.0.of(merchant)?, merchant, id, until).await?)
    }
}
