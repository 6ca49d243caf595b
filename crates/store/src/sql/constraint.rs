//! The name of a violated unique constraint on SQLite, which says only the columns.
//!
//! Asked after the fact, in the catalogue: it costs nothing until a conflict happens.

use sqlx::{Row as _, SqliteConnection};

use crate::error::{Kind, StoreError};

/// The indexes of a table with their columns: `c` made by `CREATE INDEX`, `u` by `UNIQUE`, `pk` by
/// `PRIMARY KEY`.
const INDEXES: &str = "SELECT list.name, list.origin, group_concat(info.name, ', ' ORDER BY info.seqno) \
     FROM pragma_index_list($1) AS list, pragma_index_info(list.name) AS info \
     WHERE list.\"unique\" GROUP BY list.name, list.origin";

pub(super) async fn named(connection: &mut SqliteConnection, error: StoreError) -> StoreError {
    let Some(violated) = Violated::read(error.context()) else {
        return error;
    };
    let name = match violated {
        Violated::Index(name) => name,
        Violated::Columns { table, columns } => {
            let rows = sqlx::query(INDEXES)
                .bind(&table)
                .fetch_all(connection)
                .await
                .unwrap_or_default();
            rows.iter()
                .filter(|row| {
                    row.try_get::<String, _>(2)
                        .is_ok_and(|indexed| indexed == columns.join(", "))
                })
                .find_map(|row| match row.try_get::<String, _>(1).ok()?.as_str() {
                    "c" => row.try_get(0).ok(),
                    "u" => Some(format!("{table}_{}_key", columns.join("_"))),
                    _ => None,
                })
                .unwrap_or_else(|| format!("{table}_pkey"))
        }
    };
    StoreError::new(Kind::Conflict(name), error.context())
}

#[derive(Debug, PartialEq)]
enum Violated {
    Columns { table: String, columns: Vec<String> },
    Index(String),
}

impl Violated {
    /// `UNIQUE constraint failed: receipts.source_id, receipts.key`, or for an index on expressions
    /// `UNIQUE constraint failed: index 'receipts_by_key'`.
    fn read(message: &str) -> Option<Self> {
        let (_, what) = message.split_once("UNIQUE constraint failed: ")?;
        if let Some(index) = what.strip_prefix("index '") {
            return Some(Self::Index(index.trim_end_matches('\'').to_owned()));
        }
        let mut table = None;
        let mut columns = Vec::new();
        for column in what.split(", ") {
            let (of, column) = column.split_once('.')?;
            table = Some(of.to_owned());
            columns.push(column.to_owned());
        }
        Some(Self::Columns {
            table: table?,
            columns,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_sqlite_says() {
        assert_eq!(
            Violated::read(
                "error returned from database: (code: 2067) UNIQUE constraint failed: a.x, a.y"
            ),
            Some(Violated::Columns {
                table: "a".to_owned(),
                columns: vec!["x".to_owned(), "y".to_owned()]
            })
        );
        assert_eq!(
            Violated::read("(code: 2067) UNIQUE constraint failed: index 'a_by_lower_x'"),
            Some(Violated::Index("a_by_lower_x".to_owned()))
        );
        assert_eq!(Violated::read("disk full"), None);
    }
}
