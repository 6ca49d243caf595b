//! API tokens. A secret's hash is a column and never part of the noun; so is the hash of the secret
//! before it, which is good for a while after a rotation.

use domain::{
    Time,
    token::{ApiToken, Shown},
};
use uuid::Uuid;

use crate::{
    doc,
    error::Result,
    params,
    sql::{Conn, Row},
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT merchant_id, id, name, prefix, capabilities, created_by, created_at, issued_at, expires_at, \
             no_expiry_reason, last_used_at, previous_until, revoked_at, rev FROM api_tokens WHERE ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<ApiToken> {
    Ok(ApiToken {
        merchant_id: row.uuid(0)?,
        id: row.uuid(1)?,
        name: row.text(2)?,
        prefix: row.text(3)?,
        capabilities: row.json(4)?,
        created_by: row.uuid_opt(5)?,
        created_at: row.time(6)?,
        issued_at: row.time(7)?,
        expires_at: row.time_opt(8)?,
        no_expiry_reason: row.text_opt(9)?,
        last_used_at: row.time_opt(10)?,
        previous_until: row.time_opt(11)?,
        revoked_at: row.time_opt(12)?,
        rev: row.int(13)?,
    })
}

/// The token with this secret, and which of its two it is.
pub(crate) async fn by_hash(conn: &mut Conn, hash: &[u8]) -> Result<Option<(ApiToken, Shown)>> {
    let row = conn.fetch_opt(select!("hash = $1"), params![hash]).await?;
    if let Some(token) = doc::one(row, read)? {
        return Ok(Some((token, Shown::Current)));
    }
    let row = conn
        .fetch_opt(select!("previous_hash = $1"), params![hash])
        .await?;
    Ok(doc::one(row, read)?.map(|token| (token, Shown::Previous)))
}

pub(crate) async fn by_id(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<Option<ApiToken>> {
    let row = conn
        .fetch_opt(
            select!("merchant_id = $1 AND id = $2"),
            params![merchant, id],
        )
        .await?;
    doc::one(row, read)
}

/// Newest first.
pub(crate) async fn of_merchant(conn: &mut Conn, merchant: Uuid) -> Result<Vec<ApiToken>> {
    let rows = conn
        .fetch_all(
            select!("merchant_id = $1 ORDER BY id DESC"),
            params![merchant],
        )
        .await?;
    doc::all(rows, read)
}

pub(crate) async fn insert(conn: &mut Conn, token: &ApiToken, hash: &[u8]) -> Result<()> {
    conn.execute(
        "INSERT INTO api_tokens (merchant_id, id, name, prefix, capabilities, created_by, created_at, issued_at, \
         expires_at, no_expiry_reason, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            token.merchant_id,
            token.id,
            &token.name,
            &token.prefix,
            doc::text(&token.capabilities)?,
            token.created_by,
            token.created_at,
            token.issued_at,
            token.expires_at,
            token.no_expiry_reason.clone(),
            hash,
        ],
    )
    .await?;
    Ok(())
}

/// Gives it another secret; the one it has becomes the previous one.
pub(crate) async fn rotate(conn: &mut Conn, token: &ApiToken, hash: &[u8]) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE api_tokens SET previous_hash = hash, hash = $4, prefix = $5, issued_at = $6, expires_at = $7, \
             previous_until = $8, rev = rev + 1 WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![
                token.merchant_id,
                token.id,
                token.rev,
                hash,
                &token.prefix,
                token.issued_at,
                token.expires_at,
                token.previous_until,
            ],
        )
        .await?;
    doc::saved(changed)
}

pub(crate) async fn revoke(conn: &mut Conn, token: &ApiToken) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE api_tokens SET revoked_at = $4, rev = rev + 1 WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![token.merchant_id, token.id, token.rev, token.revoked_at],
        )
        .await?;
    doc::saved(changed)
}

/// Only forward; it is no change that another one could miss, so `rev` stays.
pub(crate) async fn note_use(conn: &mut Conn, merchant: Uuid, id: Uuid, at: Time) -> Result<()> {
    conn.execute(
        "UPDATE api_tokens SET last_used_at = $3 WHERE merchant_id = $1 AND id = $2 \
         AND (last_used_at IS NULL OR last_used_at < $3)",
        params![merchant, id, at],
    )
    .await?;
    Ok(())
}
