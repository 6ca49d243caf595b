//! The keys of API calls that must not be made twice, with the first answer.

use domain::Time;
use engine::port::IdempotencyRow;
use uuid::Uuid;

use crate::{
    doc,
    error::Result,
    params,
    sql::{Conn, Value},
};

pub(crate) async fn by_key(
    conn: &mut Conn,
    merchant: Uuid,
    key: &str,
) -> Result<Option<IdempotencyRow>> {
    let row = conn
        .fetch_opt(
            "SELECT merchant_id, key, request_hash, status, body, created_at FROM idempotency_keys \
             WHERE merchant_id = $1 AND key = $2",
            params![merchant, key],
        )
        .await?;
    doc::one(row, |row| {
        Ok(IdempotencyRow {
            merchant_id: row.uuid(0)?,
            key: row.text(1)?,
            request_hash: row.text(2)?,
            status: row.int_opt(3)?,
            body: row.text(4)?,
            created_at: row.time(5)?,
        })
    })
}

/// False when somebody has the key already.
pub(crate) async fn reserve(conn: &mut Conn, row: &IdempotencyRow) -> Result<bool> {
    let inserted = conn
        .execute(
            "INSERT INTO idempotency_keys (merchant_id, key, request_hash, status, body, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (merchant_id, key) DO NOTHING",
            columns(row),
        )
        .await?;
    Ok(inserted == 1)
}

pub(crate) async fn save(conn: &mut Conn, row: &IdempotencyRow) -> Result<()> {
    conn.execute(
        "INSERT INTO idempotency_keys (merchant_id, key, request_hash, status, body, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (merchant_id, key) DO UPDATE \
         SET request_hash = excluded.request_hash, status = excluded.status, body = excluded.body, \
             created_at = excluded.created_at",
        columns(row),
    )
    .await?;
    Ok(())
}

pub(crate) async fn release(conn: &mut Conn, merchant: Uuid, key: &str) -> Result<()> {
    conn.execute(
        "DELETE FROM idempotency_keys WHERE merchant_id = $1 AND key = $2",
        params![merchant, key],
    )
    .await?;
    Ok(())
}

/// Keys of every merchant that nobody can expect to be remembered any more.
pub(crate) async fn delete_older(conn: &mut Conn, before: Time) -> Result<u64> {
    conn.execute(
        "DELETE FROM idempotency_keys WHERE created_at < $1",
        params![before],
    )
    .await
}

fn columns(row: &IdempotencyRow) -> Vec<Value> {
    params![
        row.merchant_id,
        &row.key,
        &row.request_hash,
        row.status,
        &row.body,
        row.created_at
    ]
}
