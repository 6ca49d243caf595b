//! What is kept of sessions, second factors and guesses. None of it is a merchant's: a person has one
//! account, whatever merchants they work for.

use async_trait::async_trait;
use domain::Time;
use uuid::Uuid;

use crate::error::Result;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of the session id; the id itself is only in the cookie.
    pub id_hash: Vec<u8>,
    pub user_id: Option<Uuid>,
    /// The password was right, but the second factor is owed: this session opens nothing.
    pub is_half: bool,
    pub data: String,
    pub created_at: Time,
    pub expires_at: Time,
    pub last_seen_at: Time,
    /// The client's, when it was last seen.
    pub address: String,
    /// What its browser calls itself.
    pub agent: String,
}

/// A session that was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub at: Time,
    pub expires_at: Time,
    pub address: String,
    pub agent: String,
}

/// The seed from which a person's codes are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondFactorRow {
    pub user_id: Uuid,
    pub sealed_seed: Vec<u8>,
    pub created_at: Time,
    /// None while it was only shown: it counts once a code of it was typed in.
    pub confirmed_at: Option<Time>,
    /// The newest 30-second step of which a code was used; older ones are good no more.
    pub last_step: i64,
}

/// At which pace something may be repeated: `burst` at once, then one each `every_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    pub burst: i64,
    pub every_ms: i64,
}

impl Pace {
    /// How long after the last turn everything is as if nothing had been.
    pub const fn whole_ms(self) -> i64 {
        self.burst * self.every_ms
    }
}

/// Whether there is a turn now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// How many of the burst are used, this one included.
    Taken(i64),
    /// After so many milliseconds there is one.
    Wait(i64),
}

#[async_trait]
pub trait SessionReads: Send {
    async fn session(&mut self, id_hash: &[u8]) -> Result<Option<SessionRow>>;
    /// Wholly signed-in ones, ended or not, the one seen last first.
    async fn sessions_of(&mut self, user: Uuid) -> Result<Vec<SessionRow>>;
    /// Those that have not ended and whose sealed data does not begin like this.
    async fn sessions_not_under(&mut self, prefix: &str, now: Time) -> Result<Vec<SessionRow>>;
    async fn second_factor(&mut self, user: Uuid) -> Result<Option<SecondFactorRow>>;
    async fn unused_recovery_codes(&mut self, user: Uuid) -> Result<i64>;
    /// Whether the person signed in from there before.
    async fn knows_place(&mut self, user: Uuid, place_hash: &[u8]) -> Result<bool>;
}

#[async_trait]
pub trait SessionTx: SessionReads {
    /// Inserts or replaces.
    async fn save_session(&mut self, session: &SessionRow) -> Result<()>;
    /// Only if it is still there: what was ended stays ended.
    async fn update_session(&mut self, session: &SessionRow) -> Result<bool>;
    /// It was used: when, until when it lasts now, and from where.
    async fn touch_session(&mut self, id_hash: &[u8], seen: &Seen) -> Result<()>;
    /// The same data under another key. False when it is not the data that was read any more.
    async fn renew_session(&mut self, session: &SessionRow, renewed: &str) -> Result<bool>;
    async fn delete_session(&mut self, id_hash: &[u8]) -> Result<()>;
    /// The person's, except this one; how many.
    async fn delete_other_sessions(&mut self, user: Uuid, kept: &[u8]) -> Result<u64>;
    async fn delete_expired_sessions(&mut self, now: Time) -> Result<u64>;

    /// Inserts or replaces.
    async fn save_second_factor(&mut self, factor: &SecondFactorRow) -> Result<()>;
    /// Makes the step used; false when it or a newer one was used before.
    async fn use_step(&mut self, user: Uuid, step: i64) -> Result<bool>;
    /// With its recovery codes.
    async fn delete_second_factor(&mut self, user: Uuid) -> Result<()>;
    async fn replace_recovery_codes(&mut self, user: Uuid, hashes: &[Vec<u8>]) -> Result<()>;
    /// False when there is no such code, or it was used before.
    async fn use_recovery_code(&mut self, user: Uuid, hash: &[u8], now: Time) -> Result<bool>;

    async fn remember_place(&mut self, user: Uuid, place_hash: &[u8], now: Time) -> Result<()>;
    /// Books a turn, if there is one; however many ask at once, at this pace and not faster.
    async fn take_turn(&mut self, key_hash: &[u8], now: Time, pace: Pace) -> Result<Turned>;
    /// What was booked was not a guess after all.
    async fn give_turn_back(&mut self, key_hash: &[u8], pace: Pace) -> Result<()>;
    /// Places not seen since then, and turns that are long over.
    async fn forget_places_and_turns(&mut self, places: Time, turns: Time) -> Result<u64>;
}
