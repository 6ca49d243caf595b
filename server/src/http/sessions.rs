//! Sessions, kept by the engine's store.
//!
//! The cookie holds the id; the database holds its SHA-256, so that whoever reads the database cannot
//! sign in. A session ends twelve hours after it was last used and seven days after it began, by the
//! engine's clock. That it was used is written down every few minutes, not on every page.

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::Time;
use engine::{Engine, port::SessionRow};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tower_sessions::{
    Expiry, SessionManagerLayer, SessionStore,
    cookie::{SameSite, time},
    session::{Id, Record},
    session_store,
};
use uuid::Uuid;

const MINUTE_MS: i64 = 60_000;
const IDLE_MS: i64 = 12 * 60 * MINUTE_MS;
const LONGEST_MS: i64 = 7 * 24 * 60 * MINUTE_MS;
const NOTED_EVERY_MS: i64 = 5 * MINUTE_MS;
const SWEPT_EVERY: Duration = Duration::from_secs(60 * 60);

/// Whose session it is, in the session's data.
pub const USER_ID: &str = "user_id";

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
    Sha256::digest(id.0.to_le_bytes()).to_vec()
}

fn ends(created_at: Time, now: Time) -> Time {
    created_at.plus_ms(LONGEST_MS).min(now.plus_ms(IDLE_MS))
}

fn failed(error: engine::Error) -> session_store::Error {
    session_store::Error::Backend(error.to_string())
}

impl EngineSessions {
    async fn write(&self, record: &Record, created_at: Time) -> session_store::Result<()> {
        let data = serde_json::to_string(&record.data)
            .map_err(|error| session_store::Error::Encode(error.to_string()))?;
        let row = SessionRow {
            id_hash: hash(record.id),
            user_id: record
                .data
                .get(USER_ID)
                .and_then(|id| id.as_str()?.parse::<Uuid>().ok()),
            data,
            created_at,
            expires_at: ends(created_at, self.engine.now()),
        };
        self.engine.save_session(row).await.map_err(failed)
    }
}

#[async_trait]
impl SessionStore for EngineSessions {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        // 128 random bits do not meet by chance
        self.write(record, self.engine.now()).await
    }

    /// A page that looked for something in the session counts as having changed it; what is the same
    /// as before is not written again.
    async fn save(&self, record: &Record) -> session_store::Result<()> {
        let Some(known) = self
            .engine
            .load_session(&hash(record.id))
            .await
            .map_err(failed)?
        else {
            return self.write(record, self.engine.now()).await;
        };
        let is_same = serde_json::from_str(&known.data).is_ok_and(|data: Data| data == record.data);
        if is_same {
            Ok(())
        } else {
            self.write(record, known.created_at).await
        }
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let Some(row) = self.engine.load_session(&hash(*id)).await.map_err(failed)? else {
            return Ok(None);
        };
        let until = ends(row.created_at, self.engine.now());
        if until.since_ms(row.expires_at) >= NOTED_EVERY_MS {
            self.engine
                .extend_session(&row.id_hash, until)
                .await
                .map_err(failed)?;
        }
        let data = serde_json::from_str(&row.data)
            .map_err(|error| session_store::Error::Decode(error.to_string()))?;
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
        assert_eq!(ends(begun, begun), begun.plus_ms(IDLE_MS));
        let day_six = begun.plus_ms(LONGEST_MS - 1_000);
        assert_eq!(ends(begun, day_six), begun.plus_ms(LONGEST_MS));
    }

    #[test]
    fn the_database_knows_only_a_hash() {
        let id = Id(42);
        assert_eq!(hash(id).len(), 32);
        assert_ne!(hash(id), hash(Id(43)));
        assert_ne!(&hash(id)[..16], id.0.to_le_bytes());
    }
}
