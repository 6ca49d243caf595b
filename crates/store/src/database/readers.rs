//! The reading connections on SQLite: a handful, opened when needed and kept.
//!
//! sqlx has a pool, which asks every connection whether it is alive each time it comes back, in a
//! task of its own. A connection to a file in the same process does not go away, and that question
//! costs as much as a small query, so this one does not ask.

use std::sync::{Arc, Mutex, PoisonError};

use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Result, StoreError};

pub(crate) struct Readers {
    options: SqliteConnectOptions,
    idle: Mutex<Vec<SqliteConnection>>,
    permits: Arc<Semaphore>,
}

/// A connection that is lent. One that is not given back, because its reader went away in the middle
/// of a query, is closed.
pub(crate) struct Reader {
    connection: SqliteConnection,
    _permit: OwnedSemaphorePermit,
}

impl Reader {
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

impl Readers {
    pub(super) fn new(options: SqliteConnectOptions, most: usize) -> Self {
        Self {
            options,
            idle: Mutex::default(),
            permits: Arc::new(Semaphore::new(most)),
        }
    }

    pub(super) async fn acquire(&self) -> Result<Reader> {
        let closed = |_| StoreError::unavailable("the database was closed");
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(closed)?;
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self
                .options
                .connect()
                .await
                .map_err(StoreError::from_driver)?,
        };
        Ok(Reader {
            connection,
            _permit: permit,
        })
    }

    pub(super) fn give_back(&self, reader: Reader) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(reader.connection);
    }

    pub(super) async fn close(&self) {
        self.permits.close();
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for connection in idle {
            if let Err(error) = connection.close().await {
                tracing::warn!(%error, "a reading connection did not close");
            }
        }
    }
}
