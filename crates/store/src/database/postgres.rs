//! The write path on Postgres: one transaction per operation, on a pooled connection.
//!
//! `READ COMMITTED`, as the server has it: what must not happen twice is a unique constraint, a row
//! lock or a fencing token, never an isolation level. A serialization failure or deadlock comes back
//! as [`Kind::Busy`](crate::Kind::Busy); trying again is the caller's decision.

use futures::future::BoxFuture;
use sqlx::{PgPool, Postgres, pool::PoolConnection};

use super::{State, WriteTx, tx::ignored_failure};
use crate::{
    error::{Result, StoreError},
    sql::{Conn, Link},
};

pub(super) struct Backend {
    pub(super) pool: PgPool,
    pub(super) read_only: bool,
}

impl Backend {
    pub(super) async fn acquire(&self) -> Result<PoolConnection<Postgres>> {
        self.pool.acquire().await.map_err(StoreError::from_driver)
    }

    pub(super) async fn write<T, E, F>(&self, operation: F, state: &State) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'c> FnOnce(&'c mut WriteTx) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
    {
        if self.read_only {
            return Err(StoreError::unavailable("the database was opened for reading only").into());
        }
        let transaction = self.pool.begin().await.map_err(StoreError::from_driver)?;
        let mut tx = WriteTx::new(Conn::new(Link::PostgresTx(transaction)));
        // dropping the transaction on the way out rolls it back
        let value = tx.run(operation).await??;
        if tx.conn().has_failed() {
            return Err(ignored_failure().into());
        }
        tx.flush_audit().await?;
        if let Link::PostgresTx(transaction) = tx.into_conn().into_link() {
            transaction
                .commit()
                .await
                .map_err(StoreError::from_driver)?;
        }
        state.committed(1);
        Ok(value)
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}
