//! Sessions, kept by the engine's store.
//!
//! The cookie holds the id; the database holds its SHA-256, so that whoever reads the database cannot
//! sign in. A session ends twelve hours after it was last used and seven days after it began, by the
//! engine's clock. That it was used is written down every few minutes, not on every page.

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::Time;
use engine::{
    Engine,
    port::{Seen, SessionRow},
};
use tokio::sync::watch;
use tower_sessions::{
    Expiry, SessionManagerLayer, SessionStore,
    cookie::{SameSite, time},
    session::{Id, Record},
    session_store,
};
use uuid::Uuid;

use super::client;

const MINUTE_MS: i64 = 60_000;
const IDLE_MS: i64 = 12 * 60 * MINUTE_MS;
const LONGEST_MS: i64 = 7 * 24 * 60 * MINUTE_MS;
const NOTED_EVERY_MS: i64 = 5 * MINUTE_MS;
const SWEPT_EVERY: Duration = Duration::from_secs(60 * 60);

/// Who waits at the password for the second factor.
const HALF_IDLE_MS: i64 = 30 * MINUTE_MS;
const HALF_LONGEST_MS: i64 = 60 * MINUTE_MS;
/// Of somebody who is not signed in: a form that was refused, or waits for them to sign in again.
const NOBODYS_IDLE_MS: i64 = 2 * 60 * MINUTE_MS;

/// Whose session it is, in the session's data.
pub const USER_ID: &str = app::web::USER_KEY;
const HALF_USER_ID: &str = app::web::HALF_KEY;
const BEGUN_AT: &str = app::web::BEGUN_KEY;

type Data = HashMap<String, serde_json::Value>;

#[derive(Clone)]
pub struct EngineSessions {
    engine: Arc<Engine>,
}

impl fmt::Debug for EngineSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EngineSessions")
    }
}

pub fn layer(engine: Arc<Engine>, is_https: bool) -> SessionManagerLayer<EngineSessions> {
    // a browser accepts a __Host- cookie only over https, for the whole host and nobody below it
    let name = if is_https {
        "__Host-meshline"
    } else {
        "meshline_session"
    };
    SessionManagerLayer::new(EngineSessions { engine })
        .with_name(name)
        .with_secure(is_https)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        // how long the browser keeps the cookie; what it is good for is decided here
        .with_expiry(Expiry::OnInactivity(time::Duration::milliseconds(
            LONGEST_MS,
        )))
}

/// What the database knows a session by.
pub fn hash(id: Id) -> Vec<u8> {
    Engine::session_hash(id.0)
}

/// Whose a session is, and how far they are signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Nobodys,
    /// The second factor is owed.
    Half(Uuid),
    Persons(Uuid),
}

fn whose(data: &Data) -> Whose {
    let id = |key: &str| -> Option<Uuid> { data.get(key)?.as_str()?.parse().ok() };
    match (id(USER_ID), id(HALF_USER_ID)) {
        (Some(user), _) => Whose::Persons(user),
        (None, Some(user)) => Whose::Half(user),
        (None, None) => Whose::Nobodys,
    }
}

fn ends(whose: Whose, created_at: Time, now: Time) -> Time {
    let (longest, idle) = match whose {
        Whose::Persons(_) => (LONGEST_MS, IDLE_MS),
        Whose::Half(_) => (HALF_LONGEST_MS, HALF_IDLE_MS),
        Whose::Nobodys => (LONGEST_MS, NOBODYS_IDLE_MS),
    };
    created_at.plus_ms(longest).min(now.plus_ms(idle))
}

fn failed(error: engine::Error) -> session_store::Error {
    session_store::Error::Backend(error.to_string())
}

/// What a session remembers. Of one that owes a second factor the person stands under another key, so
/// that nothing that asks who is signed in finds them there.
fn data_of(row: &SessionRow) -> session_store::Result<Data> {
    let mut data: Data = serde_json::from_str(&row.data)
        .map_err(|error| session_store::Error::Decode(error.to_string()))?;
    if row.is_half
        && let Some(user) = data.remove(USER_ID)
    {
        data.insert(HALF_USER_ID.to_owned(), user);
    }
    Ok(data)
}

impl EngineSessions {
    /// As it is to be kept. When it began is in its data once somebody signed in, and survives the new
    /// id it gets with every proof.
    fn row(&self, record: &Record, created_at: Time) -> session_store::Result<SessionRow> {
        let data = serde_json::to_string(&record.data)
            .map_err(|error| session_store::Error::Encode(error.to_string()))?;
        let whose = whose(&record.data);
        let begun = record
            .data
            .get(BEGUN_AT)
            .and_then(|at| serde_json::from_value(at.clone()).ok());
        let created_at = begun.unwrap_or(created_at);
        let (address, agent) = client::current();
        let now = self.engine.now();
        Ok(SessionRow {
            id_hash: hash(record.id),
            user_id: match whose {
                Whose::Persons(user) | Whose::Half(user) => Some(user),
                Whose::Nobodys => None,
            },
            is_half: matches!(whose, Whose::Half(_)),
            data,
            created_at,
            expires_at: ends(whose, created_at, now),
            last_seen_at: now,
            address,
            agent,
        })
    }
}

#[async_trait]
impl SessionStore for EngineSessions {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        // 128 random bits do not meet by chance
        let row = self.row(record, self.engine.now())?;
        self.engine.begin_session(row).await.map_err(failed)
    }

    /// A page that looked for something in the session counts as having changed it; what is the same
    /// as before is not written again. What was ended while a request was under way is not, either.
    async fn save(&self, record: &Record) -> session_store::Result<()> {
        let Some(known) = self
            .engine
            .load_session(&hash(record.id))
            .await
            .map_err(failed)?
        else {
            return Ok(());
        };
        if data_of(&known).is_ok_and(|data| data == record.data) {
            return Ok(());
        }
        let row = self.row(record, known.created_at)?;
        self.engine.save_session(row).await.map_err(failed)
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let Some(row) = self.engine.load_session(&hash(*id)).await.map_err(failed)? else {
            return Ok(None);
        };
        let data = data_of(&row)?;
        let now = self.engine.now();
        let until = ends(whose(&data), row.created_at, now);
        let (address, agent) = client::current();
        if until.since_ms(row.expires_at) >= NOTED_EVERY_MS || address != row.address {
            let seen = Seen {
                at: now,
                expires_at: until,
                address,
                agent,
            };
            self.engine
                .touch_session(&row.id_hash, seen)
                .await
                .map_err(failed)?;
        }
        let seconds = row.expires_at.as_ms().div_euclid(1_000);
        let expiry_date = time::OffsetDateTime::from_unix_timestamp(seconds)
            .map_err(|error| session_store::Error::Decode(error.to_string()))?;
        Ok(Some(Record {
            id: *id,
            data,
            expiry_date,
        }))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        self.engine.delete_session(hash(*id)).await.map_err(failed)
    }
}

/// Throws away once an hour what has served its time, until told to stop.
pub async fn sweep(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(SWEPT_EVERY) => {}
            _ = stop.changed() => return,
        }
        match engine.sweep().await {
            Ok((0, 0)) => {}
            Ok((sessions, keys)) => {
                tracing::info!(
                    sessions,
                    keys,
                    "ended sessions and old idempotency keys were removed"
                );
            }
            Err(error) => tracing::warn!(%error, "old sessions and keys could not be removed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_in_use_lasts_a_week_and_an_idle_one_half_a_day() {
        let begun = Time::from_ms(1_000_000);
        let person = Whose::Persons(Uuid::nil());
        assert_eq!(ends(person, begun, begun), begun.plus_ms(IDLE_MS));
        let day_six = begun.plus_ms(LONGEST_MS - 1_000);
        assert_eq!(ends(person, begun, day_six), begun.plus_ms(LONGEST_MS));
        let half = Whose::Half(Uuid::nil());
        assert_eq!(ends(half, begun, begun), begun.plus_ms(HALF_IDLE_MS));
    }

    #[test]
    fn the_database_knows_only_a_hash() {
        let id = Id(42);
        assert_eq!(hash(id).len(), 32);
        assert_ne!(hash(id), hash(Id(43)));
        assert_ne!(&hash(id)[..16], id.0.to_le_bytes());
    }
}
