//! The write path on Postgres: one transaction per operation, on a pooled connection.
//!
//! `READ COMMITTED`, as the server has it: what must not happen twice is a unique constraint, a row
//! lock or a fencing token, never an isolation level. A serialization failure or deadlock comes back
//! as [`Kind::Busy`](crate::Kind::Busy); trying again is the caller's decision.
//!
//! Whose rows a statement may see are settings of the transaction, so that they end with it, whatever
//! happens to the connection. They are sent in one text with the `BEGIN`, which waits for the first
//! statement: a write costs no round trip more than without, a read that is about a merchant costs
//! one. A read's transaction is ended by the pool, after the answer has gone out.

use futures::future::BoxFuture;
use sqlx::{
    AssertSqlSafe, PgConnection, PgPool, Postgres, SqlSafeStr, SqlStr, Transaction,
    pool::PoolConnection,
};

use super::{State, WriteTx, tx::ignored_failure};
use crate::{
    error::{Result, StoreError},
    sql::{Conn, Link, Scope},
};

pub(super) struct Backend {
    pub(super) pool: PgPool,
    pub(super) read_only: bool,
}

/// A connection for the time of one operation. Its transaction begins with the first statement.
pub(crate) struct Lease {
    pool: PgPool,
    writes: bool,
    state: Session,
}

enum Session {
    /// After a failure: the next statement takes a connection anew.
    Idle,
    /// Not begun. What is no merchant's is read like this, each statement by itself.
    Plain(PoolConnection<Postgres>),
    /// `None`: what it is set to is not known, because somebody went away while it was being said.
    Open(Transaction<'static, Postgres>, Option<Scope>),
}

impl Lease {
    pub(super) async fn reading(pool: &PgPool) -> Result<Self, sqlx::Error> {
        Ok(Self {
            state: Session::Plain(pool.acquire().await?),
            pool: pool.clone(),
            writes: false,
        })
    }

    pub(super) async fn writing(pool: &PgPool) -> Result<Self, sqlx::Error> {
        Ok(Self {
            writes: true,
            ..Self::reading(pool).await?
        })
    }

    /// The connection, set to this scope.
    pub(crate) async fn connection(
        &mut self,
        scope: &Scope,
    ) -> Result<&mut PgConnection, sqlx::Error> {
        let is_plain = !self.writes && *scope == Scope::NOBODY;
        match &mut self.state {
            Session::Open(transaction, current) => {
                if current.as_ref() != Some(scope) {
                    *current = None;
                    sqlx::raw_sql(AssertSqlSafe(scope.settings()))
                        .execute(&mut **transaction)
                        .await?;
                    *current = Some(scope.clone());
                }
            }
            Session::Plain(_) if is_plain => {}
            Session::Idle if is_plain => self.state = Session::Plain(self.pool.acquire().await?),
            Session::Idle | Session::Plain(_) => {
                let connection = match std::mem::replace(&mut self.state, Session::Idle) {
                    Session::Plain(connection) => connection,
                    _ => self.pool.acquire().await?,
                };
                let mode = if self.writes {
                    "BEGIN"
                } else {
                    "BEGIN READ ONLY"
                };
                let begin = AssertSqlSafe(scope.begin(mode));
                let transaction = begun(connection, begin.into_sql_str()).await?;
                self.state = Session::Open(transaction, Some(scope.clone()));
            }
        }
        match &mut self.state {
            Session::Open(transaction, _) => Ok(transaction),
            Session::Plain(connection) => Ok(connection),
            Session::Idle => Err(sqlx::Error::PoolClosed),
        }
    }

    /// After a failure: a reader goes on in a new transaction. False for a writer, whose operation is
    /// over.
    pub(crate) fn start_anew(&mut self) -> bool {
        if !self.writes {
            self.state = Session::Idle;
        }
        !self.writes
    }

    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        match self.state {
            Session::Open(transaction, _) => transaction.commit().await,
            // nothing was said that could be made to stay
            Session::Idle | Session::Plain(_) => Ok(()),
        }
    }
}

/// Begins in a task of its own, which goes on when nobody waits for it any more, and then rolls back. The
/// driver counts a transaction as begun only once it has seen the answer: given up before that, the
/// connection would go back to the pool inside of one, and the next writer would find itself in a read-only one.
async fn begun(
    connection: PoolConnection<Postgres>,
    begin: SqlStr,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    match tokio::spawn(Transaction::begin(connection, Some(begin))).await {
        Ok(begun) => begun,
        // the runtime is going down
        Err(_) => Err(sqlx::Error::PoolClosed),
    }
}

impl Backend {
    pub(super) async fn lend(&self) -> Result<Lease> {
        Lease::reading(&self.pool)
            .await
            .map_err(StoreError::from_driver)
    }

    pub(super) async fn write<T, E, F>(
        &self,
        conn: impl FnOnce(Link) -> Conn,
        operation: F,
        state: &State,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'c> FnOnce(&'c mut WriteTx) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
    {
        if self.read_only {
            return Err(StoreError::unavailable("the database was opened for reading only").into());
        }
        let lease = Lease::writing(&self.pool)
            .await
            .map_err(StoreError::from_driver)?;
        let mut tx = WriteTx::new(conn(Link::Postgres(lease)));
        // dropping the transaction on the way out rolls it back
        let value = tx.run(operation).await??;
        if tx.conn().has_failed() {
            return Err(ignored_failure().into());
        }
        tx.flush().await?;
        if let Link::Postgres(lease) = tx.into_conn().into_link() {
            lease.commit().await.map_err(StoreError::from_driver)?;
        }
        state.committed(1);
        Ok(value)
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}
