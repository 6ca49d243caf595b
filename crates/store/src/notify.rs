//! What one process commits, told to the others on the same Postgres.
//!
//! The message is part of the transaction (`pg_notify`), so it is sent exactly when the commit is, and
//! never for something that was rolled back. A process that listens has one connection for nothing else.
//! It does not hear itself: what it committed it told itself, at once.
//!
//! Messages are hints. One that gets lost costs time, never correctness: workers look for due jobs
//! twice a second, rules are read again every two seconds. So when the connection broke, everything is
//! presumed to have changed, and nothing has to be replayed. Every process sends a tick now and then
//! and hears it itself; who hears nothing for a while has a connection that only looks alive, and makes
//! a new one.
//!
//! Nothing of this exists on SQLite, where there is one process.

use std::{
    collections::BTreeSet,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::Time;
use engine::port::{AuditNote, CommitHook, News};
use serde::{Deserialize, Serialize};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    params,
    sql::{Conn, Engine},
};

const CHANNEL: &str = "meshline";
/// How a listening process is called among the connections of the database.
pub(crate) const LISTENER: &str = "meshline listener";
/// Postgres takes up to 7999 bytes.
const MOST_BYTES: usize = 7_900;
/// More changes than this are told by kind. A page that hears of many asks for itself once anyway.
const MOST_NAMED: usize = 24;
/// A job due later than this is found by whoever looks then.
const SOON_MS: i64 = 1_000;
/// Ticks come every few seconds; without any for this long the connection is given up.
const SILENCE: Duration = Duration::from_secs(20);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// This process among those that share the database.
pub struct Fleet {
    /// Tells our own messages from those of others.
    origin: u64,
    is_listening: AtomicBool,
    connects: AtomicU64,
    heard: AtomicU64,
    ticks_sent: AtomicU64,
    ticks_heard: AtomicU64,
}

impl Default for Fleet {
    fn default() -> Self {
        Self {
            // the standard library seeds this one from the operating system
            origin: RandomState::new().hash_one(std::process::id()),
            is_listening: AtomicBool::new(false),
            connects: AtomicU64::new(0),
            heard: AtomicU64::new(0),
            ticks_sent: AtomicU64::new(0),
            ticks_heard: AtomicU64::new(0),
        }
    }
}

/// One message on the wire; short names, since there is little room.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Message {
    #[serde(rename = "o")]
    origin: u64,
    #[serde(rename = "c", default, skip_serializing_if = "Vec::is_empty")]
    changes: Vec<(Short, String, String, Short)>,
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    several: Vec<(Short, String)>,
    #[serde(rename = "j", default, skip_serializing_if = "is_false")]
    jobs_due: bool,
    #[serde(rename = "a", default, skip_serializing_if = "is_false")]
    anything: bool,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    tick: Option<u64>,
}

/// An id without its hyphens.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
struct Short(#[serde(with = "uuid::serde::simple")] Uuid);

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks like this")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Message {
    fn of(origin: u64, notes: &[AuditNote], earliest_job: Option<Time>) -> Option<Self> {
        let now = notes.iter().map(|note| note.at).max();
        let jobs_due = earliest_job
            .zip(now)
            .is_some_and(|(job, now)| job.since_ms(now) <= SOON_MS);
        let mut message = Self {
            origin,
            jobs_due,
            ..Self::default()
        };
        if notes.len() <= MOST_NAMED {
            message.changes = notes
                .iter()
                .map(|note| {
                    (
                        Short(note.merchant_id),
                        note.action.clone(),
                        note.subject_kind.to_owned(),
                        Short(note.subject_id),
                    )
                })
                .collect();
        } else {
            let kinds: BTreeSet<_> = notes
                .iter()
                .map(|note| (Short(note.merchant_id), note.subject_kind.to_owned()))
                .collect();
            message.several = kinds.into_iter().collect();
        }
        (jobs_due || !notes.is_empty()).then_some(message)
    }

    fn text(mut self) -> Result<String> {
        let text = encode(&self)?;
        if text.len() <= MOST_BYTES {
            return Ok(text);
        }
        self.changes.clear();
        self.several.clear();
        self.anything = true;
        encode(&self)
    }

    fn news(self) -> impl Iterator<Item = News> {
        let changes = self
            .changes
            .into_iter()
            .map(|(merchant, action, subject_kind, subject)| News::Change {
                merchant_id: merchant.0,
                action,
                subject_kind,
                subject_id: subject.0,
            });
        let several = self
            .several
            .into_iter()
            .map(|(merchant, subject_kind)| News::Several {
                merchant_id: merchant.0,
                subject_kind,
            });
        changes
            .chain(several)
            .chain(self.jobs_due.then_some(News::JobsDue))
            .chain(self.anything.then_some(News::Anything))
    }
}

fn encode(message: &Message) -> Result<String> {
    serde_json::to_string(message).map_err(|error| StoreError::internal(error.to_string()))
}

impl Fleet {
    /// Whether what other processes commit is heard at this moment.
    pub fn is_listening(&self) -> bool {
        let unheard = self
            .ticks_sent
            .load(Ordering::Relaxed)
            .saturating_sub(self.ticks_heard.load(Ordering::Relaxed));
        self.is_listening.load(Ordering::Relaxed) && unheard <= 2
    }

    /// Messages of other processes, since the start.
    pub fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// How often the listening connection was lost.
    pub fn losses(&self) -> u64 {
        self.connects.load(Ordering::Relaxed).saturating_sub(1)
    }

    /// Says what this transaction will have changed, if it is committed.
    pub(crate) async fn announce(
        &self,
        conn: &mut Conn,
        notes: &[AuditNote],
        earliest_job: Option<Time>,
    ) -> Result<()> {
        if conn.engine() != Engine::Postgres {
            return Ok(());
        }
        if let Some(message) = Message::of(self.origin, notes, earliest_job) {
            conn.execute(
                "SELECT pg_notify($1, $2)",
                params![CHANNEL, message.text()?],
            )
            .await?;
        }
        Ok(())
    }

    /// A sign of life for everybody who listens, this process first; the database's time comes back.
    pub(crate) async fn tick(&self, conn: &mut Conn) -> Result<Time> {
        let tick = self.ticks_sent.fetch_add(1, Ordering::Relaxed) + 1;
        let message = Message {
            origin: self.origin,
            tick: Some(tick),
            ..Message::default()
        };
        conn.fetch_one(
            "SELECT CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT) FROM pg_notify($1, $2)",
            params![CHANNEL, encode(&message)?],
        )
        .await?
        .time(0)
    }

    /// Listens until told to stop, over as many connections as it takes.
    pub(crate) async fn listen(
        &self,
        options: PgConnectOptions,
        hook: Arc<dyn CommitHook>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut pause = FIRST_PAUSE;
        while !*stop.borrow() {
            let why = tokio::select! {
                why = self.follow(&options, &hook, &mut pause) => why,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            self.is_listening.store(false, Ordering::Relaxed);
            tracing::warn!(
                error = why.context(),
                "news of other processes are not heard; connecting again"
            );
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        self.is_listening.store(false, Ordering::Relaxed);
    }

    /// Returns why it could not go on.
    async fn follow(
        &self,
        options: &PgConnectOptions,
        hook: &Arc<dyn CommitHook>,
        pause: &mut Duration,
    ) -> StoreError {
        let mut listener = match connect(options).await {
            Ok(listener) => listener,
            Err(error) => return StoreError::from_driver(error),
        };
        *pause = FIRST_PAUSE;
        self.connects.fetch_add(1, Ordering::Relaxed);
        self.ticks_heard
            .store(self.ticks_sent.load(Ordering::Relaxed), Ordering::Relaxed);
        self.is_listening.store(true, Ordering::Relaxed);
        // from here on nothing is missed; until here something may have been
        hook.heard(News::Anything);
        loop {
            match tokio::time::timeout(SILENCE, listener.try_recv()).await {
                Ok(Ok(Some(message))) => self.take(message.payload(), hook),
                Ok(Ok(None)) => return StoreError::unavailable("the connection was lost"),
                Ok(Err(error)) => return StoreError::from_driver(error),
                Err(_) => {
                    return StoreError::unavailable(
                        "nothing was heard for a while, not even ticks",
                    );
                }
            }
        }
    }

    fn take(&self, payload: &str, hook: &Arc<dyn CommitHook>) {
        let Ok(message) = serde_json::from_str::<Message>(payload) else {
            // a newer program's, during an upgrade
            hook.heard(News::Anything);
            return;
        };
        if message.origin == self.origin {
            if let Some(tick) = message.tick {
                self.ticks_heard.store(tick, Ordering::Relaxed);
            }
            return;
        }
        if message.tick.is_none() {
            self.heard.fetch_add(1, Ordering::Relaxed);
        }
        for news in message.news() {
            hook.heard(news);
        }
    }
}

/// A pool of one, which is how the driver keeps a listener's connection.
async fn connect(options: &PgConnectOptions) -> Result<PgListener, sqlx::Error> {
    let pool: PgPool = PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .acquire_timeout(Duration::from_secs(5))
        .connect_with(options.clone().application_name(LISTENER))
        .await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn note(merchant: u128, kind: &'static str) -> AuditNote {
        AuditNote {
            merchant_id: Uuid::from_u128(merchant),
            at: Time::from_ms(10_000),
            actor: "system".to_owned(),
            action: "export.ready".to_owned(),
            subject_kind: kind,
            subject_id: Uuid::from_u128(merchant + 1),
            detail: json!({}),
            trace_id: None,
        }
    }

    fn round_trip(notes: &[AuditNote], job: Option<i64>) -> (usize, Vec<News>) {
        let text = Message::of(1, notes, job.map(Time::from_ms))
            .unwrap()
            .text()
            .unwrap();
        let message: Message = serde_json::from_str(&text).unwrap();
        (text.len(), message.news().collect())
    }

    #[test]
    fn what_is_sent_is_what_is_heard() {
        let (_, news) = round_trip(&[note(1, "export")], Some(10_000));
        let change = News::Change {
            merchant_id: Uuid::from_u128(1),
            action: "export.ready".to_owned(),
            subject_kind: "export".to_owned(),
            subject_id: Uuid::from_u128(2),
        };
        assert_eq!(news, [change, News::JobsDue]);
        // a deadline of tomorrow wakes nobody now
        let (_, news) = round_trip(&[note(1, "export")], Some(86_400_000));
        assert_eq!(news.len(), 1);
        assert!(Message::of(1, &[], None).is_none());
    }

    #[test]
    fn a_message_always_fits() {
        let (bytes, news) = round_trip(&vec![note(1, "receipt"); 128], Some(10_000));
        let several = News::Several {
            merchant_id: Uuid::from_u128(1),
            subject_kind: "receipt".to_owned(),
        };
        assert_eq!((bytes < 200, news), (true, vec![several, News::JobsDue]));
        let longest: Vec<_> = (0..MOST_NAMED as u128)
            .map(|n| note(n, "destination"))
            .collect();
        assert!(round_trip(&longest, None).0 < MOST_BYTES);
        let everywhere: Vec<_> = (0..1_000).map(|n| note(n, "receipt")).collect();
        let (bytes, news) = round_trip(&everywhere, None);
        assert_eq!((bytes < 100, news), (true, vec![News::Anything]));
    }
}
