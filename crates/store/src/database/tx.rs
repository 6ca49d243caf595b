//! The transaction as an operation sees it, and how an operation is run in one.

use std::{any::Any, collections::HashMap, panic::AssertUnwindSafe, time::Duration};

use domain::audit::{Head, PendingAudit};
use engine::job::Job;
use futures::{FutureExt, future::BoxFuture};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    sql::{Conn, Scope},
};

/// No operation may take longer: on SQLite it holds up everybody else's writes, on Postgres its
/// locks do.
const LIMIT: Duration = Duration::from_secs(20);

/// What an operation writes through: a connection inside a transaction, and what is written when the
/// transaction ends, for all of its operations together: audit entries, which are chained then, and the
/// jobs that follow. A statement costs a trip to the database, and both are many rows of one table.
pub struct WriteTx {
    conn: Conn,
    audit: Vec<PendingAudit>,
    jobs: Vec<Job>,
    /// Where the chains stand that this connection has moved on. Nobody else moves them on SQLite, where one
    /// connection writes; on Postgres this lives as long as its transaction.
    heads: HashMap<Uuid, Head>,
}

/// Where one operation's part begins of what waits for the end of the transaction.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    audit: usize,
    jobs: usize,
}

impl Mark {
    pub const BEGINNING: Self = Self { audit: 0, jobs: 0 };
}

impl WriteTx {
    pub(super) fn new(conn: Conn) -> Self {
        Self {
            conn,
            audit: Vec::new(),
            jobs: Vec::new(),
            heads: HashMap::new(),
        }
    }

    pub fn conn(&mut self) -> &mut Conn {
        &mut self.conn
    }

    /// Records what happened. The entry gets its number and hash at the end of the transaction, in
    /// the order of these calls; if the operation fails there is none.
    pub fn audit(&mut self, entry: PendingAudit) {
        self.audit.push(entry);
    }

    /// Jobs that follow. They are stored at the end of the transaction: nobody can claim them before.
    pub(crate) fn enqueue(&mut self, jobs: impl IntoIterator<Item = Job>) {
        self.jobs.extend(jobs);
    }

    /// What waits so far. What comes behind this mark belongs to a later operation.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            audit: self.audit.len(),
            jobs: self.jobs.len(),
        }
    }

    pub(super) fn forget_behind(&mut self, mark: Mark) {
        self.audit.truncate(mark.audit);
        self.jobs.truncate(mark.jobs);
    }

    /// The transaction came to nothing, or took whole merchants out: what it knew of chains is not so.
    pub(crate) fn forget_heads(&mut self) {
        self.heads.clear();
    }

    /// Stores what waits.
    pub(super) async fn flush(&mut self) -> Result<()> {
        self.flush_jobs().await?;
        let pending = std::mem::take(&mut self.audit);
        crate::audit::append(&mut self.conn, &mut self.heads, pending).await
    }

    async fn flush_jobs(&mut self) -> Result<()> {
        if self.jobs.is_empty() {
            return Ok(());
        }
        let jobs = std::mem::take(&mut self.jobs);
        let merchants = jobs.iter().map(|job| job.merchant_id);
        self.conn.enter(Scope::of_all(merchants));
        crate::jobs::enqueue(&mut self.conn, &jobs).await
    }

    pub(super) fn into_conn(self) -> Conn {
        self.conn
    }

    /// Runs an operation and says what it returned, unless it panicked or took too long.
    pub(super) async fn run<R, F>(&mut self, operation: F) -> Result<R>
    where
        F: for<'c> FnOnce(&'c mut Self) -> BoxFuture<'c, R>,
    {
        // the call itself is inside as well: an operation may panic before its first await
        let guarded = AssertUnwindSafe(async { operation(self).await }).catch_unwind();
        match tokio::time::timeout(LIMIT, guarded).await {
            Ok(Ok(returned)) => Ok(returned),
            Ok(Err(panic)) => Err(StoreError::internal(format!(
                "an operation panicked: {}",
                panic_text(&*panic)
            ))),
            Err(_) => Err(StoreError::internal(format!(
                "an operation took longer than {LIMIT:?}"
            ))),
        }
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// An operation returned `Ok` although one of its statements had failed.
pub(super) fn ignored_failure() -> StoreError {
    StoreError::internal("an operation returned Ok after one of its statements had failed")
}
