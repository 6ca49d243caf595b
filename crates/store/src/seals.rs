//! The sealed columns, wherever they are: found by the key they are sealed under, and exchanged for the
//! same secret under another. A test compares the list with the migrations.

use engine::port::SealRow;
use uuid::Uuid;

use crate::{doc, error::Result, params, sql::Conn};

struct Column {
    table: &'static str,
    /// As the vault knows it.
    place: &'static str,
    find: &'static str,
    renew: &'static str,
}

/// `$1` is the merchant, `$2` the prefix that is not looked for.
macro_rules! of_a_merchant {
    ($table:literal, $column:literal, $place:literal) => {
        Column {
            table: $table,
            place: $place,
            find: concat!(
                "SELECT id, ",
                $column,
                " FROM ",
                $table,
                " WHERE merchant_id = $1 AND ",
                $column,
                " IS NOT NULL AND substr(",
                $column,
                ", 1, 9) <> $2 ORDER BY id LIMIT $3"
            ),
            renew: concat!(
                "UPDATE ",
                $table,
                " SET ",
                $column,
                " = $4 WHERE merchant_id = $1 AND id = $2 AND ",
                $column,
                " = $3"
            ),
        }
    };
}

/// `$1` is the prefix that is not looked for.
macro_rules! of_nobody {
    ($table:literal, $id:literal, $column:literal, $place:literal) => {
        Column {
            table: $table,
            place: $place,
            find: concat!(
                "SELECT ",
                $id,
                ", ",
                $column,
                " FROM ",
                $table,
                " WHERE ",
                $column,
                " IS NOT NULL AND substr(",
                $column,
                ", 1, 9) <> $1 ORDER BY ",
                $id,
                " LIMIT $2"
            ),
            renew: concat!(
                "UPDATE ",
                $table,
                " SET ",
                $column,
                " = $3 WHERE ",
                $id,
                " = $1 AND ",
                $column,
                " = $2"
            ),
        }
    };
}

const OF_MERCHANTS: &[Column] = &[
    of_a_merchant!("sources", "sealed_secret", "secret"),
    of_a_merchant!("sources", "sealed_previous", "previous"),
    of_a_merchant!("destinations", "sealed_secret", "secret"),
    of_a_merchant!("destinations", "sealed_previous", "previous"),
    of_a_merchant!("chat_workspaces", "sealed_token", "token"),
    of_a_merchant!("chat_workspaces", "sealed_signing", "signing"),
    of_a_merchant!("audit_keys", "sealed_seed", "seed"),
    of_a_merchant!("audit_witnesses", "sealed_secret", "secret"),
];

const OF_PEOPLE: &[Column] = &[
    of_nobody!("second_factors", "user_id", "sealed_seed", "seed"),
    of_nobody!("person_keys", "user_id", "sealed_private", "private"),
    of_nobody!("mails", "id", "sealed_body", "body"),
];

pub(crate) async fn of_merchant(
    conn: &mut Conn,
    merchant: Uuid,
    prefix: &[u8],
    limit: i64,
) -> Result<Vec<SealRow>> {
    let mut found = Vec::new();
    for column in OF_MERCHANTS {
        let rows = conn
            .fetch_all(column.find, params![merchant, prefix, limit])
            .await?;
        found.extend(doc::all(rows, |row| {
            Ok(SealRow {
                merchant_id: Some(merchant),
                table: column.table,
                row_id: row.uuid(0)?,
                column: column.place,
                sealed: row.blob(1)?,
            })
        })?);
    }
    Ok(found)
}

pub(crate) async fn of_people(conn: &mut Conn, prefix: &[u8], limit: i64) -> Result<Vec<SealRow>> {
    let mut found = Vec::new();
    for column in OF_PEOPLE {
        let rows = conn.fetch_all(column.find, params![prefix, limit]).await?;
        found.extend(doc::all(rows, |row| {
            Ok(SealRow {
                merchant_id: None,
                table: column.table,
                row_id: row.uuid(0)?,
                column: column.place,
                sealed: row.blob(1)?,
            })
        })?);
    }
    Ok(found)
}

/// False when the seal is not the one that was read any more.
pub(crate) async fn renew(conn: &mut Conn, row: &SealRow, renewed: &[u8]) -> Result<bool> {
    let is_this = |column: &&Column| column.table == row.table && column.place == row.column;
    let sealed = row.sealed.as_slice();
    let (columns, values) = match row.merchant_id {
        Some(merchant) => (OF_MERCHANTS, params![merchant, row.row_id, sealed, renewed]),
        None => (OF_PEOPLE, params![row.row_id, sealed, renewed]),
    };
    match columns.iter().find(is_this) {
        Some(column) => Ok(conn.execute(column.renew, values).await? == 1),
        None => Ok(false),
    }
}
