//! Passwords, and the links by which forgotten ones are replaced.

use domain::Time;
use engine::port::PasswordResetRow;
use uuid::Uuid;

use crate::{doc, error::Result, params, sql::Conn};

pub(crate) async fn set_password(conn: &mut Conn, user: Uuid, hash: &str) -> Result<()> {
    conn.execute(
        "UPDATE users SET password_hash = $2 WHERE id = $1",
        params![user, hash],
    )
    .await?;
    Ok(())
}

pub(crate) async fn reset(conn: &mut Conn, token_hash: &[u8]) -> Result<Option<PasswordResetRow>> {
    let row = conn
        .fetch_opt(
            "SELECT token_hash, user_id, made_by, created_at, expires_at, used_at \
             FROM password_resets WHERE token_hash = $1",
            params![token_hash],
        )
        .await?;
    doc::one(row, |row| {
        Ok(PasswordResetRow {
            token_hash: row.blob(0)?,
            user_id: row.uuid(1)?,
            made_by: row.uuid_opt(2)?,
            created_at: row.time(3)?,
            expires_at: row.time(4)?,
            used_at: row.time_opt(5)?,
        })
    })
}

pub(crate) async fn insert_reset(conn: &mut Conn, reset: &PasswordResetRow) -> Result<()> {
    conn.execute(
        "INSERT INTO password_resets (token_hash, user_id, made_by, created_at, expires_at, used_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![
            reset.token_hash.as_slice(),
            reset.user_id,
            reset.made_by,
            reset.created_at,
            reset.expires_at,
            reset.used_at,
        ],
    )
    .await?;
    Ok(())
}

/// One statement, so that of two requests with the same link one finds it used.
pub(crate) async fn use_reset(conn: &mut Conn, token_hash: &[u8], now: Time) -> Result<bool> {
    let changed = conn
        .execute(
            "UPDATE password_resets SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL",
            params![token_hash, now],
        )
        .await?;
    Ok(changed == 1)
}

pub(crate) async fn spend_resets(conn: &mut Conn, user: Uuid, now: Time) -> Result<()> {
    conn.execute(
        "UPDATE password_resets SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL",
        params![user, now],
    )
    .await?;
    Ok(())
}

pub(crate) async fn forget_resets(conn: &mut Conn, before: Time) -> Result<u64> {
    conn.execute(
        "DELETE FROM password_resets WHERE expires_at < $1",
        params![before],
    )
    .await
}
