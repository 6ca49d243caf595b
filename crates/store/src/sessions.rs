//! Sessions of the browser. The id is only in the cookie; its hash is the key here.

use domain::Time;
use engine::port::{Seen, SessionRow};
use uuid::Uuid;

use crate::{
    doc,
    error::Result,
    params,
    sql::{Conn, Row, Value},
};

fn read(row: &Row) -> Result<SessionRow> {
    Ok(SessionRow {
        id_hash: row.blob(0)?,
        user_id: row.uuid_opt(1)?,
        is_half: row.bool(2)?,
        data: row.text(3)?,
        created_at: row.time(4)?,
        expires_at: row.time(5)?,
        last_seen_at: row.time(6)?,
        address: row.text(7)?,
        agent: row.text(8)?,
    })
}

fn values(session: &SessionRow) -> Vec<Value> {
    params![
        session.id_hash.as_slice(),
        session.user_id,
        session.is_half,
        &session.data,
        session.created_at,
        session.expires_at,
        session.last_seen_at,
        &session.address,
        &session.agent,
    ]
}

pub(crate) async fn by_hash(conn: &mut Conn, id_hash: &[u8]) -> Result<Option<SessionRow>> {
    let row = conn
        .fetch_opt(
            "SELECT id_hash, user_id, is_half, data, created_at, expires_at, last_seen_at, address, agent \
             FROM sessions WHERE id_hash = $1",
            params![id_hash],
        )
        .await?;
    doc::one(row, read)
}

pub(crate) async fn of(conn: &mut Conn, user: Uuid) -> Result<Vec<SessionRow>> {
    let rows = conn
        .fetch_all(
            "SELECT id_hash, user_id, is_half, data, created_at, expires_at, last_seen_at, address, agent \
             FROM sessions WHERE user_id = $1 AND is_half = $2 ORDER BY last_seen_at DESC, id_hash",
            params![user, false],
        )
        .await?;
    doc::all(rows, read)
}

/// Sealed under another key than this prefix tells; the seal is text, its first nine bytes are twelve
/// characters.
pub(crate) async fn not_under(conn: &mut Conn, prefix: &str, now: Time) -> Result<Vec<SessionRow>> {
    let rows = conn
        .fetch_all(
            "SELECT id_hash, user_id, is_half, data, created_at, expires_at, last_seen_at, address, agent \
             FROM sessions WHERE expires_at > $2 AND substr(data, 1, 12) <> $1",
            params![prefix, now],
        )
        .await?;
    doc::all(rows, read)
}

pub(crate) async fn renew(conn: &mut Conn, session: &SessionRow, renewed: &str) -> Result<bool> {
    let changed = conn
        .execute(
            "UPDATE sessions SET data = $3 WHERE id_hash = $1 AND data = $2",
            params![session.id_hash.as_slice(), &session.data, renewed],
        )
        .await?;
    Ok(changed == 1)
}

pub(crate) async fn save(conn: &mut Conn, session: &SessionRow) -> Result<()> {
    conn.execute(
        "INSERT INTO sessions \
         (id_hash, user_id, is_half, data, created_at, expires_at, last_seen_at, address, agent) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id_hash) DO UPDATE \
         SET user_id = excluded.user_id, is_half = excluded.is_half, data = excluded.data, \
             created_at = excluded.created_at, expires_at = excluded.expires_at, \
             last_seen_at = excluded.last_seen_at, address = excluded.address, agent = excluded.agent",
        values(session),
    )
    .await?;
    Ok(())
}

pub(crate) async fn update(conn: &mut Conn, session: &SessionRow) -> Result<bool> {
    let changed = conn
        .execute(
            "UPDATE sessions SET user_id = $2, is_half = $3, data = $4, created_at = $5, expires_at = $6, \
             last_seen_at = $7, address = $8, agent = $9 WHERE id_hash = $1",
            values(session),
        )
        .await?;
    Ok(changed == 1)
}

pub(crate) async fn touch(conn: &mut Conn, id_hash: &[u8], seen: &Seen) -> Result<()> {
    conn.execute(
        "UPDATE sessions SET last_seen_at = $2, expires_at = $3, address = $4, agent = $5 WHERE id_hash = $1",
        params![
            id_hash,
            seen.at,
            seen.expires_at,
            &seen.address,
            &seen.agent
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn delete_others(conn: &mut Conn, user: Uuid, kept: &[u8]) -> Result<u64> {
    conn.execute(
        "DELETE FROM sessions WHERE user_id = $1 AND id_hash <> $2",
        params![user, kept],
    )
    .await
}

pub(crate) async fn delete(conn: &mut Conn, id_hash: &[u8]) -> Result<()> {
    conn.execute("DELETE FROM sessions WHERE id_hash = $1", params![id_hash])
        .await?;
    Ok(())
}

/// Of one person, all of them.
pub(crate) async fn delete_of(conn: &mut Conn, user: Uuid) -> Result<u64> {
    conn.execute("DELETE FROM sessions WHERE user_id = $1", params![user])
        .await
}

pub(crate) async fn delete_expired(conn: &mut Conn, now: Time) -> Result<u64> {
    conn.execute("DELETE FROM sessions WHERE expires_at <= $1", params![now])
        .await
}
