//! One SQL text for two engines: a thin layer over sqlx that knows values, rows and connections,
//! and nothing about nouns.
//!
//! A statement is a `&'static str` with `$1 … $n`, which both engines understand; a number may stand
//! twice. Where a text has to grow with its data there are two builders, and they are the only places
//! that assemble SQL: [`InsertMany`] and [`Query`]. Neither takes anything but static text and
//! parameters, so that no value can become SQL.
//!
//! What the engines do differently is made alike here:
//! - After a failed statement a transaction is over, on SQLite too: every further statement is
//!   refused and the operation is rolled back, even if it returns `Ok`. Write
//!   `ON CONFLICT … DO NOTHING` where a conflict is expected.
//! - A violated unique constraint has the name that Postgres gives it: the index's own, or
//!   `<table>_pkey`, or `<table>_<columns>_key`.
//! - A text with a NUL character is refused (Postgres cannot store it).
//!
//! Whose rows a statement may see is said beforehand, with [`Conn::enter`]; see [`Scope`].
//!
//! Sums are `NUMERIC` on Postgres: write `CAST(sum(x) AS BIGINT)`.

mod build;
mod constraint;
mod row;
mod scope;
#[cfg(feature = "testing")]
mod strip;
mod value;
#[cfg(debug_assertions)]
mod watch;

use futures::TryFutureExt;
use sqlx::{PgConnection, Postgres, SqlSafeStr, SqlStr, Sqlite, SqliteConnection};

pub use build::{InsertMany, Query};
pub use row::Row;
pub use scope::{Across, Scope};
pub use value::Value;

use crate::{
    database::{Lease, Reader},
    error::{Kind, Result, StoreError},
};

/// Which database is behind a connection, for the few operations that differ by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// One connection for the time of one operation.
pub struct Conn {
    link: Link,
    /// Why a statement failed: on Postgres the transaction is over then, and so it is made to be on
    /// SQLite.
    failure: Option<StoreError>,
    /// From a question to its answer; who goes away in between leaves it so.
    asking: bool,
    /// Whose rows the next statement is about.
    scope: Scope,
    #[cfg(feature = "testing")]
    stripped: bool,
}

pub(crate) enum Link {
    SqliteWriter(Box<SqliteConnection>),
    SqliteReader(Reader),
    Postgres(Lease),
}

enum Driver<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

impl Conn {
    pub(crate) fn new(link: Link) -> Self {
        Self {
            link,
            failure: None,
            asking: false,
            scope: Scope::NOBODY,
            #[cfg(feature = "testing")]
            stripped: false,
        }
    }

    /// Says whose rows the next statements are about. It holds until it is said anew.
    pub fn enter(&mut self, scope: Scope) {
        self.scope = scope;
    }

    /// From here on every statement runs without its tenant predicates, to see what else holds.
    #[cfg(feature = "testing")]
    pub(crate) fn strip(&mut self, stripped: bool) {
        self.stripped = stripped;
    }

    pub(crate) fn into_link(self) -> Link {
        self.link
    }

    pub fn engine(&self) -> Engine {
        match self.link {
            Link::SqliteWriter(_) | Link::SqliteReader(_) => Engine::Sqlite,
            Link::Postgres(_) => Engine::Postgres,
        }
    }

    /// The connection, in the scope that was said.
    async fn driver(&mut self) -> Result<Driver<'_>, sqlx::Error> {
        Ok(match &mut self.link {
            Link::SqliteWriter(connection) => Driver::Sqlite(connection),
            Link::SqliteReader(reader) => Driver::Sqlite(reader.connection()),
            Link::Postgres(lease) => Driver::Postgres(lease.connection(&self.scope).await?),
        })
    }

    /// Looks at a statement before it runs.
    #[cfg_attr(
        not(any(debug_assertions, feature = "testing")),
        expect(
            clippy::unused_self,
            clippy::unnecessary_wraps,
            reason = "there is something to look at in tests"
        )
    )]
    fn vetted(&self, sql: SqlStr, params: &[Value]) -> Result<SqlStr> {
        #[cfg(debug_assertions)]
        watch::check(sql.as_str(), params, &self.scope)?;
        #[cfg(not(debug_assertions))]
        let _ = params;
        #[cfg(feature = "testing")]
        if self.stripped {
            return Ok(strip::tenant_predicates(sql.as_str()));
        }
        Ok(sql)
    }

    /// Runs a statement and says how many rows it changed.
    pub async fn execute(&mut self, sql: &'static str, params: Vec<Value>) -> Result<u64> {
        self.run_execute(sql.into_sql_str(), params).await
    }

    pub async fn fetch_all(&mut self, sql: &'static str, params: Vec<Value>) -> Result<Vec<Row>> {
        self.run_fetch_all(sql.into_sql_str(), params).await
    }

    /// The first row, if there is one.
    pub async fn fetch_opt(
        &mut self,
        sql: &'static str,
        params: Vec<Value>,
    ) -> Result<Option<Row>> {
        self.run_fetch_opt(sql.into_sql_str(), params).await
    }

    /// The first row. None is a mistake of the program, as with `SELECT count(*)` or `RETURNING`.
    pub async fn fetch_one(&mut self, sql: &'static str, params: Vec<Value>) -> Result<Row> {
        self.fetch_opt(sql, params)
            .await?
            .ok_or_else(|| StoreError::internal(format!("no row came back: {sql}")))
    }

    pub(super) async fn run_execute(&mut self, sql: SqlStr, params: Vec<Value>) -> Result<u64> {
        self.still_good()?;
        let sql = self.vetted(sql, &params)?;
        let done = match self.driver().await {
            Err(error) => Err(error),
            Ok(Driver::Sqlite(connection)) => {
                sqlx::query_with::<Sqlite, _>(sql, value::sqlite(params)?)
                    .execute(connection)
                    .map_ok(|done| done.rows_affected())
                    .await
            }
            Ok(Driver::Postgres(connection)) => {
                sqlx::query_with::<Postgres, _>(sql, value::postgres(params)?)
                    .execute(connection)
                    .map_ok(|done| done.rows_affected())
                    .await
            }
        };
        self.settle(done).await
    }

    pub(super) async fn run_fetch_all(
        &mut self,
        sql: SqlStr,
        params: Vec<Value>,
    ) -> Result<Vec<Row>> {
        self.still_good()?;
        let sql = self.vetted(sql, &params)?;
        let rows = match self.driver().await {
            Err(error) => Err(error),
            Ok(Driver::Sqlite(connection)) => {
                sqlx::query_with::<Sqlite, _>(sql, value::sqlite(params)?)
                    .fetch_all(connection)
                    .await
                    .map(|rows| {
                        rows.into_iter()
                            .map(|row| Row(row::Inner::Sqlite(row)))
                            .collect()
                    })
            }
            Ok(Driver::Postgres(connection)) => {
                sqlx::query_with::<Postgres, _>(sql, value::postgres(params)?)
                    .fetch_all(connection)
                    .await
                    .map(|rows| {
                        rows.into_iter()
                            .map(|row| Row(row::Inner::Postgres(row)))
                            .collect()
                    })
            }
        };
        self.settle(rows).await
    }

    pub(super) async fn run_fetch_opt(
        &mut self,
        sql: SqlStr,
        params: Vec<Value>,
    ) -> Result<Option<Row>> {
        self.still_good()?;
        let sql = self.vetted(sql, &params)?;
        let row = match self.driver().await {
            Err(error) => Err(error),
            Ok(Driver::Sqlite(connection)) => {
                sqlx::query_with::<Sqlite, _>(sql, value::sqlite(params)?)
                    .fetch_optional(connection)
                    .await
                    .map(|row| row.map(|row| Row(row::Inner::Sqlite(row))))
            }
            Ok(Driver::Postgres(connection)) => {
                sqlx::query_with::<Postgres, _>(sql, value::postgres(params)?)
                    .fetch_optional(connection)
                    .await
                    .map(|row| row.map(|row| Row(row::Inner::Postgres(row))))
            }
        };
        self.settle(row).await
    }

    /// Runs a text of several statements, without parameters: a migration.
    pub(crate) async fn script(&mut self, sql: &'static str) -> Result<()> {
        let done = match self.driver().await {
            Err(error) => Err(error),
            Ok(Driver::Sqlite(connection)) => {
                sqlx::raw_sql(sql).execute(connection).map_ok(drop).await
            }
            Ok(Driver::Postgres(connection)) => {
                sqlx::raw_sql(sql).execute(connection).map_ok(drop).await
            }
        };
        self.settle(done).await
    }

    /// `BEGIN`, `SAVEPOINT` and their like, which are said also after a failure.
    pub(crate) async fn control(&mut self, sql: &'static str) -> Result<()> {
        let done = match self.driver().await {
            Err(error) => Err(error),
            Ok(Driver::Sqlite(connection)) => {
                sqlx::query(sql).execute(connection).map_ok(drop).await
            }
            Ok(Driver::Postgres(connection)) => {
                sqlx::query(sql).execute(connection).map_ok(drop).await
            }
        };
        done.map_err(StoreError::from_driver)
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Whether somebody else can go on with it.
    pub(crate) fn is_reusable(&self) -> bool {
        self.failure.is_none() && !self.asking
    }

    /// The operation that failed is being undone: the next one starts clean.
    pub(crate) fn take_failure(&mut self) -> Option<StoreError> {
        self.failure.take()
    }

    fn still_good(&mut self) -> Result<()> {
        match &self.failure {
            None => {
                self.asking = true;
                Ok(())
            }
            Some(first) => Err(StoreError::internal(format!(
                "a statement of this transaction has failed before, it can only be rolled back: {first:?}"
            ))),
        }
    }

    async fn settle<T>(&mut self, done: Result<T, sqlx::Error>) -> Result<T> {
        self.asking = false;
        let error = match done {
            Ok(value) => return Ok(value),
            Err(error) => StoreError::from_driver(error),
        };
        let error = match (&mut self.link, error.kind()) {
            (Link::SqliteWriter(connection), Kind::Conflict(_)) => {
                constraint::named(connection, error).await
            }
            _ => error,
        };
        // a reader has no transaction whose end would matter, only a connection that could be over
        let is_reader = match &mut self.link {
            Link::SqliteWriter(_) => false,
            Link::SqliteReader(_) => true,
            Link::Postgres(lease) => lease.start_anew(),
        };
        if !is_reader || error.is_transient() {
            self.failure = Some(error.clone());
        }
        Err(error)
    }
}
