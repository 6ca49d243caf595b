//! The engine's `Store` on a database: its operations run in a [`WriteTx`], its reads on a lent
//! connection, and both through the same code, one module per noun.
//!
//! What a driver says stops here. A use-case gets an error with a kind and a sentence; the rest is in
//! the private context.

mod accounts;
mod agency;
mod assent;
mod briefs;
mod chat;
mod contracts;
mod cover;
mod debt;
mod drafts;
mod mails;
mod notices;
mod proof;
mod reads;
mod retention;
mod sessions;
mod skus;
mod tx;

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use domain::{Time, audit::PendingAudit};
use engine::{
    Error, Kind as ErrorKind,
    job::Job,
    port::{AuditNote, CommitHook, Priority as PortPriority, Reads, Store, WriteOp},
};
use tokio::{sync::watch, time::Instant};
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    database::{Database, Health, Lent, OpenError, Options, Priority, WriteTx},
    error::{Kind, Result, StoreError},
    jobs, migrate,
    notify::Fleet,
    sql::{Across, Conn, Engine, Scope},
    surroundings::{self, Surroundings},
};

/// The store that the engine works with.
pub struct SqlStore {
    db: Database,
    hook: OnceLock<Arc<dyn CommitHook>>,
    fleet: Arc<Fleet>,
}

impl SqlStore {
    /// Opens `sqlite://<path>` or `postgres://…` and brings its tables up to date.
    pub async fn open_and_migrate(url: &str, options: Options) -> Result<Arc<Self>, OpenError> {
        let db = Database::connect(url, options).await?;
        if db.engine() == Engine::Sqlite {
            // The file is ours alone: whoever held a lease is gone, and nobody has to wait for its end.
            let freed = db
                .write::<_, StoreError, _>(Priority::Normal, |tx| {
                    Box::pin(async move {
                        tx.conn().enter(Scope::across(Across::Jobs));
                        jobs::free_leases(tx.conn()).await
                    })
                })
                .await;
            match freed {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "jobs of an earlier process were taken back"),
                Err(error) => {
                    tracing::warn!(%error, "jobs of an earlier process wait for their leases")
                }
            }
        }
        Ok(Self::on(db))
    }

    /// Opens a database whose tables are up to date, for reading only; every write is refused.
    /// Another process may have it open.
    pub async fn open_read_only(url: &str, options: Options) -> Result<Arc<Self>, OpenError> {
        Database::connect_read_only(url, options)
            .await
            .map(Self::on)
    }

    /// Brings the tables up to date and lets go of the database again.
    pub async fn migrate(url: &str, options: Options) -> Result<(), OpenError> {
        Database::connect(url, options).await?.close().await;
        Ok(())
    }

    pub fn on(db: Database) -> Arc<Self> {
        Arc::new(Self {
            db,
            hook: OnceLock::new(),
            fleet: Arc::default(),
        })
    }

    pub fn database(&self) -> &Database {
        &self.db
    }

    /// This process among those that share the database.
    pub fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// Hears what other processes commit and tells the engine, until told to stop. Nothing to do on
    /// SQLite, which belongs to one process.
    pub async fn listen(&self, stop: watch::Receiver<bool>) {
        if let (Some(options), Some(hook)) = (self.db.postgres_options(), self.hook.get()) {
            self.fleet.listen(options, Arc::clone(hook), stop).await;
        }
    }

    /// A sign of life for the other processes, and what time the database has. `None` on SQLite.
    pub async fn tick(&self) -> engine::Result<Option<Time>> {
        if self.db.engine() == Engine::Sqlite {
            return Ok(None);
        }
        let mut lent = self.db.lend().await?;
        Ok(Some(self.fleet.tick(lent.conn()?).await?))
    }

    /// What is around on Postgres; nobody else is around on SQLite.
    pub async fn surroundings(&self) -> engine::Result<Option<Surroundings>> {
        if self.db.engine() == Engine::Sqlite {
            return Ok(None);
        }
        let mut lent = self.db.lend().await?;
        Ok(Some(surroundings::of(lent.conn()?).await?))
    }

    /// Finishes what is queued, closes every connection and lets go of the database.
    pub async fn close(&self) {
        self.db.clone().close().await;
    }
}

#[async_trait]
impl Store for SqlStore {
    async fn write_op(&self, priority: PortPriority, op: WriteOp) -> engine::Result<()> {
        let (db, hook) = (self.db.clone(), self.hook.get().cloned());
        let fleet = Arc::clone(&self.fleet);
        let priority = match priority {
            PortPriority::Intake => Priority::Intake,
            PortPriority::Normal => Priority::Normal,
        };
        let write = async move {
            let begun = Instant::now();
            let done = db
                .write(priority, move |tx| {
                    Box::pin(async move {
                        let mut ports = Ports(Writing {
                            tx,
                            done: Done::default(),
                        });
                        op(&mut ports).await?;
                        let Writing { tx, done } = ports.0;
                        fleet
                            .announce(tx.conn(), &done.notes, done.earliest_job)
                            .await?;
                        Ok::<_, Error>(done)
                    })
                })
                .await?;
            metrics::histogram!("meshline_database_write_seconds").record(begun.elapsed());
            if let Some(hook) = hook {
                hook.committed(&done.notes, done.earliest_job);
            }
            Ok(())
        };
        // a task of its own: what was committed is told even if the caller has gone away meanwhile
        tokio::spawn(write.in_current_span())
            .await
            .map_err(|error| Error::internal(format!("a write did not come to its end: {error}")))?
    }

    async fn reads(&self) -> engine::Result<Box<dyn Reads + '_>> {
        Ok(Box::new(Ports(self.db.lend().await?)))
    }

    fn on_commit(&self, hook: Arc<dyn CommitHook>) {
        if self.hook.set(hook).is_err() {
            tracing::error!("the commit hook was set twice; the first one stays");
        }
    }

    async fn health(&self) -> engine::Result<&'static str> {
        if let Health::RestartNeeded { why } = self.db.health() {
            return Err(StoreError::unavailable(why).into());
        }
        let mut lent = self.db.lend().await?;
        migrate::check(lent.conn()?)
            .await
            .map_err(|error| Error::from(StoreError::unavailable(error.to_string())))?;
        Ok(match self.db.engine() {
            Engine::Sqlite => "sqlite",
            Engine::Postgres => "postgres",
        })
    }
}

/// The ports, through one connection.
struct Ports<C>(C);

/// What has a connection. Who takes it says whose rows it is about.
trait Connected: Send {
    fn raw(&mut self) -> Result<&mut Conn>;

    fn scoped(&mut self, scope: Scope) -> Result<&mut Conn> {
        let conn = self.raw()?;
        conn.enter(scope);
        Ok(conn)
    }

    /// For what is no merchant's.
    fn conn(&mut self) -> Result<&mut Conn> {
        self.scoped(Scope::NOBODY)
    }

    fn of(&mut self, merchant: Uuid) -> Result<&mut Conn> {
        self.scoped(Scope::of(merchant))
    }

    fn of_all(&mut self, merchants: impl Iterator<Item = Uuid>) -> Result<&mut Conn> {
        self.scoped(Scope::of_all(merchants))
    }

    /// For the few questions that come before it is known whose rows they find.
    fn across(&mut self, reason: Across) -> Result<&mut Conn> {
        self.scoped(Scope::across(reason))
    }
}

impl Connected for Lent {
    fn raw(&mut self) -> Result<&mut Conn> {
        Lent::conn(self)
    }
}

/// An operation under way.
struct Writing<'t> {
    tx: &'t mut WriteTx,
    done: Done,
}

/// What an operation will have made durable, for the commit hook.
#[derive(Default)]
struct Done {
    notes: Vec<AuditNote>,
    earliest_job: Option<Time>,
}

impl Connected for Writing<'_> {
    fn raw(&mut self) -> Result<&mut Conn> {
        Ok(self.tx.conn())
    }
}

impl Writing<'_> {
    fn note(&mut self, note: AuditNote) {
        self.tx.audit(PendingAudit {
            merchant_id: note.merchant_id,
            at: note.at,
            actor: note.actor.clone(),
            action: note.action.clone(),
            subject_kind: note.subject_kind.to_owned(),
            subject_id: note.subject_id.to_string(),
            detail: note.detail.to_string(),
            trace_id: note.trace_id.clone(),
        });
        self.done.notes.push(note);
    }

    /// Jobs that follow from it.
    fn enqueue(&mut self, jobs: Vec<Job>) {
        self.will_run(jobs.iter().map(|job| job.run_at));
        self.tx.enqueue(jobs);
    }

    fn will_run(&mut self, times: impl IntoIterator<Item = Time>) {
        self.done.earliest_job = self.done.earliest_job.into_iter().chain(times).min();
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let raced = matches!(error.kind(), Kind::Stale | Kind::Busy);
        let (kind, sentence) = match error.kind() {
            Kind::Conflict(_) => (ErrorKind::Conflict, "This exists already."),
            Kind::Stale => (
                ErrorKind::Conflict,
                "Somebody changed this a moment ago; look again.",
            ),
            Kind::Busy => (
                ErrorKind::Conflict,
                "Somebody else was changing the same; try again.",
            ),
            Kind::Refused => (
                ErrorKind::Invalid,
                "A text contains a character that cannot be stored.",
            ),
            Kind::Unavailable => (
                ErrorKind::Unavailable,
                "The database cannot be reached right now; try again in a moment.",
            ),
            Kind::Corrupt | Kind::Internal => return Error::internal(format!("{error:?}")),
        };
        Error {
            raced,
            ..Error::new(kind, sentence).with_context(format!("{error:?}"))
        }
    }
}
