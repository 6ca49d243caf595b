//! The two places that assemble SQL: rows to insert, and conditions that depend on what is asked for.

use std::{
    fmt::Write,
    sync::{Arc, OnceLock},
};

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use super::{Conn, Engine, Row, Value};
use crate::error::{Result, StoreError};

/// Rows go out in chunks of these sizes, so that there are twelve texts per statement at most, each
/// prepared once and found again in the connection's cache. What one operation writes is a few rows, and
/// fits into one.
const CHUNKS: [usize; 12] = [32, 24, 16, 12, 8, 7, 6, 5, 4, 3, 2, 1];

/// An `INSERT` of any number of rows. It is a `static`, and keeps its texts:
///
/// ```
/// # use store::sql::InsertMany;
/// static ITEMS: InsertMany = InsertMany::new("items", &["order_id", "line", "sku"], "ON CONFLICT DO NOTHING");
/// ```
///
/// On SQLite every statement costs a trip to the connection's own thread, on Postgres a trip over
/// the network; many rows in one statement share it.
pub struct InsertMany {
    table: &'static str,
    columns: &'static [&'static str],
    suffix: &'static str,
    texts: [[OnceLock<Arc<str>>; CHUNKS.len()]; 2],
}

impl InsertMany {
    /// `suffix` is what stands behind the values: `ON CONFLICT …`, `RETURNING …`, or nothing.
    pub const fn new(
        table: &'static str,
        columns: &'static [&'static str],
        suffix: &'static str,
    ) -> Self {
        Self {
            table,
            columns,
            suffix,
            texts: [const { [const { OnceLock::new() }; CHUNKS.len()] }; 2],
        }
    }

    /// Inserts the rows and says how many there were after conflicts.
    pub async fn execute(&self, conn: &mut Conn, rows: Vec<Vec<Value>>) -> Result<u64> {
        let mut inserted = 0;
        let mut chunks = Chunks::new(self, conn.engine(), rows)?;
        while let Some((sql, params)) = chunks.next() {
            inserted += conn.run_execute(sql, params).await?;
        }
        Ok(inserted)
    }

    /// Inserts the rows and returns what `RETURNING` says of each, in no particular order.
    pub async fn fetch(&self, conn: &mut Conn, rows: Vec<Vec<Value>>) -> Result<Vec<Row>> {
        let mut returned = Vec::with_capacity(rows.len());
        let mut chunks = Chunks::new(self, conn.engine(), rows)?;
        while let Some((sql, params)) = chunks.next() {
            returned.append(&mut conn.run_fetch_all(sql, params).await?);
        }
        Ok(returned)
    }

    /// The one text that differs between the engines. SQLite looks up a numbered parameter in a list,
    /// from its beginning each time; with hundreds of them that was a sixth of what a receipt cost.
    fn text(&self, engine: Engine, chunk: usize) -> SqlStr {
        let numbered = engine == Engine::Postgres;
        let text = self.texts[usize::from(numbered)][chunk].get_or_init(|| {
            let mut text = format!(
                "INSERT INTO {} ({}) VALUES ",
                self.table,
                self.columns.join(", ")
            );
            let width = self.columns.len();
            for row in 0..CHUNKS[chunk] {
                text.push_str(if row == 0 { "(" } else { ", (" });
                for column in 0..width {
                    let comma = if column == 0 { "" } else { ", " };
                    // writing to a String cannot fail
                    let _ = match numbered {
                        true => write!(text, "{comma}${}", row * width + column + 1),
                        false => write!(text, "{comma}?"),
                    };
                }
                text.push(')');
            }
            if !self.suffix.is_empty() {
                text.push(' ');
                text.push_str(self.suffix);
            }
            text.into()
        });
        AssertSqlSafe(Arc::clone(text)).into_sql_str()
    }
}

/// Cuts rows into statements.
struct Chunks<'i> {
    insert: &'i InsertMany,
    engine: Engine,
    rows: std::vec::IntoIter<Vec<Value>>,
}

impl<'i> Chunks<'i> {
    fn new(insert: &'i InsertMany, engine: Engine, rows: Vec<Vec<Value>>) -> Result<Self> {
        if rows.iter().any(|row| row.len() != insert.columns.len()) {
            return Err(StoreError::internal(format!(
                "a row for {} does not have {} columns",
                insert.table,
                insert.columns.len()
            )));
        }
        Ok(Self {
            insert,
            engine,
            rows: rows.into_iter(),
        })
    }

    fn next(&mut self) -> Option<(SqlStr, Vec<Value>)> {
        let left = self.rows.len();
        let chunk = CHUNKS.iter().position(|&size| size <= left)?;
        let mut params = Vec::with_capacity(CHUNKS[chunk] * self.insert.columns.len());
        for row in self.rows.by_ref().take(CHUNKS[chunk]) {
            params.extend(row);
        }
        Some((self.insert.text(self.engine, chunk), params))
    }
}

/// A statement whose conditions depend on what is asked for: a list with filters, a set of ids.
///
/// ```
/// # use store::sql::Query;
/// let mut query = Query::new("SELECT id FROM orders WHERE merchant_id = ").bind("m1");
/// for state in ["open"] {
///     query = query.push(" AND state = ").bind(state);
/// }
/// query = query.push(" AND number IN ").list(vec![1_i64, 2, 3]).push(" ORDER BY id");
/// ```
#[derive(Debug, Default)]
pub struct Query {
    text: String,
    params: Vec<Value>,
}

impl Query {
    pub fn new(text: &'static str) -> Self {
        Self {
            text: text.to_owned(),
            params: Vec::new(),
        }
    }

    #[must_use]
    pub fn push(mut self, text: &'static str) -> Self {
        self.text.push_str(text);
        self
    }

    /// A parameter, as the next `$n`.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.params.push(value.into());
        // writing to a String cannot fail
        let _ = write!(self.text, "${}", self.params.len());
        self
    }

    /// A list in parentheses, for `IN`. It is filled up with its last value to a power of two, so
    /// that few texts have to be prepared; an empty one matches nothing.
    #[must_use]
    pub fn list<T: Into<Value>>(mut self, values: Vec<T>) -> Self {
        let mut values: Vec<Value> = values.into_iter().map(Into::into).collect();
        let Some(last) = values.last().cloned() else {
            self.text.push_str("(NULL)");
            return self;
        };
        values.resize(values.len().next_power_of_two(), last);
        for (index, value) in values.into_iter().enumerate() {
            self.text.push_str(if index == 0 { "(" } else { ", " });
            self = self.bind(value);
        }
        self.text.push(')');
        self
    }

    pub async fn execute(self, conn: &mut Conn) -> Result<u64> {
        conn.run_execute(AssertSqlSafe(self.text).into_sql_str(), self.params)
            .await
    }

    pub async fn fetch_all(self, conn: &mut Conn) -> Result<Vec<Row>> {
        conn.run_fetch_all(AssertSqlSafe(self.text).into_sql_str(), self.params)
            .await
    }

    pub async fn fetch_opt(self, conn: &mut Conn) -> Result<Option<Row>> {
        conn.run_fetch_opt(AssertSqlSafe(self.text).into_sql_str(), self.params)
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params;

    static PAIRS: InsertMany = InsertMany::new("pairs", &["a", "b"], "ON CONFLICT DO NOTHING");

    #[test]
    fn rows_are_cut_into_few_statements() {
        for (engine, expected) in [
            (
                Engine::Postgres,
                "INSERT INTO pairs (a, b) VALUES ($1, $2), ($3, $4), ($5, $6) ON CONFLICT DO NOTHING",
            ),
            (
                Engine::Sqlite,
                "INSERT INTO pairs (a, b) VALUES (?, ?), (?, ?), (?, ?) ON CONFLICT DO NOTHING",
            ),
        ] {
            let rows = (0..47_i64).map(|n| params![n, "x"]).collect();
            let mut chunks = Chunks::new(&PAIRS, engine, rows).unwrap();
            let mut sizes = Vec::new();
            let mut last = String::new();
            while let Some((sql, params)) = chunks.next() {
                sizes.push(params.len() / 2);
                last = sql.as_str().to_owned();
            }
            assert_eq!(sizes, [32, 12, 3]);
            assert_eq!(last, expected);
            assert!(Chunks::new(&PAIRS, engine, vec![params![1]]).is_err());
        }
    }

    #[test]
    fn lists_have_few_lengths() {
        let query = Query::new("SELECT 1 WHERE x = ")
            .bind(7)
            .push(" AND y IN ")
            .list(vec!["a", "b", "c"]);
        assert_eq!(
            query.text,
            "SELECT 1 WHERE x = $1 AND y IN ($2, $3, $4, $5)"
        );
        assert_eq!(query.params, params![7, "a", "b", "c", "c"]);
        assert_eq!(
            Query::new("y IN ").list(Vec::<i64>::new()).text,
            "y IN (NULL)"
        );
    }
}
