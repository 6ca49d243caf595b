//! The transaction as an operation sees it, and how an operation is run in one.

use std::{any::Any, panic::AssertUnwindSafe, time::Duration};

use domain::audit::PendingAudit;
use futures::{FutureExt, future::BoxFuture};

use crate::{
    error::{Result, StoreError},
    sql::Conn,
};

/// No operation may take longer: on SQLite it holds up everybody else's writes, on Postgres its
/// locks do.
const LIMIT: Duration = Duration::from_secs(20);

/// What an operation writes through: a connection inside a transaction, and the audit entries that
/// will be chained when the transaction ends.
pub struct WriteTx {
    conn: Conn,
    audit: Vec<PendingAudit>,
}

impl WriteTx {
    pub(super) fn new(conn: Conn) -> Self {
        Self {
            conn,
            audit: Vec::new(),
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

    /// How many entries are waiting. What comes behind this mark belongs to a later operation.
    pub(super) fn audit_mark(&self) -> usize {
        self.audit.len()
    }

    pub(super) fn forget_audit_behind(&mut self, mark: usize) {
        self.audit.truncate(mark);
    }

    /// Chains and stores what was recorded.
    pub(super) async fn flush_audit(&mut self) -> Result<()> {
        let pending = std::mem::take(&mut self.audit);
        crate::audit::append(&mut self.conn, pending).await
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
