//! One database, opened: reads through a pool, writes on one path.
//!
//! `read` lends a connection for a few queries. `write` takes an operation and runs it to its end, in
//! a transaction, on whichever engine is behind; it answers after the commit, so that what has been
//! answered is on the disk. The operation must not wait for anything but the database: on SQLite
//! everybody else's writes wait behind it.
//!
//! Deliberately absent: nested transactions, and transactions held open by a caller.

mod open;
mod postgres;
mod readers;
mod role;
mod tx;
mod writer;

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};

use futures::future::BoxFuture;

pub use open::{OpenError, Options};
pub(crate) use postgres::Lease;
pub(crate) use readers::Reader;
pub use tx::WriteTx;

use crate::{
    error::{Result, StoreError},
    sql::{Conn, Engine, Link},
};

/// Whose writes go first when several wait. It matters on SQLite only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Somebody outside waits for an acknowledgement.
    Intake,
    Normal,
}

/// Whether writes are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    Serving,
    /// The disk failed while writing. Nothing was acknowledged that may be lost, and nothing more is
    /// accepted until the process starts anew and reads what the disk really holds.
    RestartNeeded {
        why: String,
    },
}

/// How many operations shared how many commits since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub operations: u64,
    pub commits: u64,
}

#[derive(Default)]
struct State {
    operations: AtomicU64,
    commits: AtomicU64,
    stopped: OnceLock<String>,
    #[cfg(feature = "testing")]
    stripped: std::sync::atomic::AtomicBool,
}

impl State {
    fn committed(&self, operations: u64) {
        self.operations.fetch_add(operations, Ordering::Relaxed);
        self.commits.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection under the conditions of this database.
    fn conn(&self, link: Link) -> Conn {
        #[cfg(feature = "testing")]
        {
            let mut conn = Conn::new(link);
            conn.strip(self.stripped.load(Ordering::Relaxed));
            conn
        }
        #[cfg(not(feature = "testing"))]
        Conn::new(link)
    }

    fn accepting(&self) -> Result<()> {
        match self.stopped.get() {
            None => Ok(()),
            Some(why) => Err(StoreError::unavailable(format!(
                "writing has stopped, a restart is needed: {why}"
            ))),
        }
    }
}

/// A connection for reading that goes back when this is dropped, unless it was in the middle of a
/// query.
pub(crate) struct Lent {
    conn: Option<Conn>,
    backend: Arc<Backend>,
}

impl Lent {
    pub(crate) fn conn(&mut self) -> Result<&mut Conn> {
        self.conn
            .as_mut()
            .ok_or_else(|| StoreError::internal("the connection went back already"))
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // Postgres' pool takes back its own
        if let Backend::Sqlite(sqlite) = &*self.backend
            && let Some(conn) = self.conn.take().filter(Conn::is_reusable)
            && let Link::SqliteReader(reader) = conn.into_link()
        {
            sqlite.readers.give_back(reader);
        }
    }
}

/// A handle that is cheap to clone. The last one that is dropped lets go of the database.
#[derive(Clone)]
pub struct Database {
    backend: Arc<Backend>,
    state: Arc<State>,
}

#[expect(
    clippy::large_enum_variant,
    reason = "there is one, and it lives behind an Arc"
)]
enum Backend {
    Sqlite(open::SqliteBackend),
    Postgres(postgres::Backend),
}

impl Database {
    /// Opens `sqlite://<path>` or `postgres://…` for this process and brings its tables up to date.
    pub async fn connect(url: &str, options: Options) -> Result<Self, OpenError> {
        open::connect(url, options).await
    }

    /// Opens a database that another process may be using, for reading: no lock, no migration, and
    /// every write is refused.
    pub async fn connect_read_only(url: &str, options: Options) -> Result<Self, OpenError> {
        open::connect_read_only(url, options).await
    }

    pub fn engine(&self) -> Engine {
        match &*self.backend {
            Backend::Sqlite(_) => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
        }
    }

    /// Connections to Postgres: open, and of these idle.
    pub fn connections(&self) -> Option<(u32, usize)> {
        match &*self.backend {
            Backend::Sqlite(_) => None,
            Backend::Postgres(postgres) => Some((postgres.pool.size(), postgres.pool.num_idle())),
        }
    }

    /// For a connection beside the pool.
    pub(crate) fn postgres_options(&self) -> Option<sqlx::postgres::PgConnectOptions> {
        match &*self.backend {
            Backend::Sqlite(_) => None,
            Backend::Postgres(postgres) => Some((*postgres.pool.connect_options()).clone()),
        }
    }

    pub fn health(&self) -> Health {
        match self.state.stopped.get() {
            None => Health::Serving,
            Some(why) => Health::RestartNeeded { why: why.clone() },
        }
    }

    pub fn stats(&self) -> Stats {
        Stats {
            operations: self.state.operations.load(Ordering::Relaxed),
            commits: self.state.commits.load(Ordering::Relaxed),
        }
    }

    /// Lends a connection. Every query sees what was committed before it began; two queries can see
    /// different moments.
    pub async fn read<T, E, F>(&self, query: F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T, E>> + Send,
    {
        query(self.lend().await?.conn()?).await
    }

    /// Lends a connection for as long as the answer is kept. Whoever keeps it while waiting for
    /// something else keeps it from everybody else.
    pub(crate) async fn lend(&self) -> Result<Lent> {
        let conn = self.state.conn(match &*self.backend {
            Backend::Sqlite(sqlite) => Link::SqliteReader(sqlite.readers.acquire().await?),
            Backend::Postgres(postgres) => Link::Postgres(postgres.lend().await?),
        });
        Ok(Lent {
            conn: Some(conn),
            backend: Arc::clone(&self.backend),
        })
    }

    /// Runs an operation in a transaction: `Ok` commits, `Err` undoes everything it did.
    ///
    /// When this returns `Ok`, what was written is on the disk. When the caller goes away meanwhile,
    /// the operation is done as a whole or not at all.
    pub async fn write<T, E, F>(&self, priority: Priority, operation: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'c> FnOnce(&'c mut WriteTx) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
    {
        self.state.accepting()?;
        match &*self.backend {
            Backend::Sqlite(sqlite) => sqlite.writer.submit(priority, operation).await,
            Backend::Postgres(postgres) => {
                let conn = |link| self.state.conn(link);
                postgres.write(conn, operation, &self.state).await
            }
        }
    }

    /// From here on statements of new operations run without their tenant predicates: what still keeps
    /// merchants apart then is the database.
    #[cfg(feature = "testing")]
    pub fn strip_tenant_predicates(&self) {
        self.state.stripped.store(true, Ordering::Relaxed);
    }

    /// Finishes what is queued, closes every connection and lets go of the lock.
    pub async fn close(self) {
        match &*self.backend {
            Backend::Sqlite(sqlite) => {
                sqlite.writer.close().await;
                sqlite.readers.close().await;
            }
            Backend::Postgres(postgres) => postgres.close().await,
        }
    }
}
