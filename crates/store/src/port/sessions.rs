//! Sessions, second factors and guesses.

use async_trait::async_trait;
use domain::Time;
use engine::{
    Result,
    port::{Pace, SecondFactorRow, Seen, SessionReads, SessionRow, SessionTx, Turned},
};
use uuid::Uuid;

use super::{Connected, Ports, Writing};
use crate::{second_factor, sessions};

#[async_trait]
impl<C: Connected> SessionReads for Ports<C> {
    async fn session(&mut self, id_hash: &[u8]) -> Result<Option<SessionRow>> {
        Ok(sessions::by_hash(self.0.conn()?, id_hash).await?)
    }

    async fn sessions_of(&mut self, user: Uuid) -> Result<Vec<SessionRow>> {
        Ok(sessions::of(self.0.conn()?, user).await?)
    }

    async fn sessions_not_under(&mut self, prefix: &str, now: Time) -> Result<Vec<SessionRow>> {
        Ok(sessions::not_under(self.0.conn()?, prefix, now).await?)
    }

    async fn second_factor(&mut self, user: Uuid) -> Result<Option<SecondFactorRow>> {
        Ok(second_factor::by_user(self.0.conn()?, user).await?)
    }

    async fn unused_recovery_codes(&mut self, user: Uuid) -> Result<i64> {
        Ok(second_factor::unused_codes(self.0.conn()?, user).await?)
    }

    async fn knows_place(&mut self, user: Uuid, place_hash: &[u8]) -> Result<bool> {
        Ok(second_factor::knows_place(self.0.conn()?, user, place_hash).await?)
    }
}

#[async_trait]
impl SessionTx for Ports<Writing<'_>> {
    async fn save_session(&mut self, session: &SessionRow) -> Result<()> {
        Ok(sessions::save(self.0.conn()?, session).await?)
    }

    async fn update_session(&mut self, session: &SessionRow) -> Result<bool> {
        Ok(sessions::update(self.0.conn()?, session).await?)
    }

    async fn touch_session(&mut self, id_hash: &[u8], seen: &Seen) -> Result<()> {
        Ok(sessions::touch(self.0.conn()?, id_hash, seen).await?)
    }

    async fn renew_session(&mut self, session: &SessionRow, renewed: &str) -> Result<bool> {
        Ok(sessions::renew(self.0.conn()?, session, renewed).await?)
    }

    async fn delete_session(&mut self, id_hash: &[u8]) -> Result<()> {
        Ok(sessions::delete(self.0.conn()?, id_hash).await?)
    }

    async fn delete_other_sessions(&mut self, user: Uuid, kept: &[u8]) -> Result<u64> {
        Ok(sessions::delete_others(self.0.conn()?, user, kept).await?)
    }

    async fn delete_expired_sessions(&mut self, now: Time) -> Result<u64> {
        Ok(sessions::delete_expired(self.0.conn()?, now).await?)
    }

    async fn save_second_factor(&mut self, factor: &SecondFactorRow) -> Result<()> {
        Ok(second_factor::save(self.0.conn()?, factor).await?)
    }

    async fn use_step(&mut self, user: Uuid, step: i64) -> Result<bool> {
        Ok(second_factor::use_step(self.0.conn()?, user, step).await?)
    }

    async fn delete_second_factor(&mut self, user: Uuid) -> Result<()> {
        Ok(second_factor::delete(self.0.conn()?, user).await?)
    }

    async fn replace_recovery_codes(&mut self, user: Uuid, hashes: &[Vec<u8>]) -> Result<()> {
        Ok(second_factor::replace_codes(self.0.conn()?, user, hashes).await?)
    }

    async fn use_recovery_code(&mut self, user: Uuid, hash: &[u8], now: Time) -> Result<bool> {
        Ok(second_factor::use_code(self.0.conn()?, user, hash, now).await?)
    }

    async fn remember_place(&mut self, user: Uuid, place_hash: &[u8], now: Time) -> Result<()> {
        Ok(second_factor::remember_place(self.0.conn()?, user, place_hash, now).await?)
    }

    async fn take_turn(&mut self, key_hash: &[u8], now: Time, pace: Pace) -> Result<Turned> {
        Ok(second_factor::take_turn(self.0.conn()?, key_hash, now, pace).await?)
    }

    async fn give_turn_back(&mut self, key_hash: &[u8], pace: Pace) -> Result<()> {
        Ok(second_factor::give_turn_back(self.0.conn()?, key_hash, pace).await?)
    }

    async fn forget_places_and_turns(&mut self, places: Time, turns: Time) -> Result<u64> {
        Ok(second_factor::forget(self.0.conn()?, places, turns).await?)
    }
}
