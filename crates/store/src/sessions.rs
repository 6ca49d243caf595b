//! Sessions of the browser. The id is only in the cookie; its hash is the key here.

use domain::Time;
use engine::port::SessionRow;

use crate::{doc, error::Result, params, sql::Conn};

pub(crate) async fn by_hash(conn: &mut Conn, id_hash: &[u8]) -> Result<Option<SessionRow>> {
    let row = conn
        .fetch_opt(
            "SELECT id_hash, user_id, data, created_at, expires_at FROM sessions WHERE id_hash = $1",
            params![id_hash],
        )
        .await?;
    doc::one(row, |row| {
        Ok(SessionRow {
            id_hash: row.blob(0)?,
            user_id: row.uuid_opt(1)?,
            data: row.text(2)?,
            created_at: row.time(3)?,
            expires_at: row.time(4)?,
        })
    })
}

pub(crate) async fn save(conn: &mut Conn, session: &SessionRow) -> Result<()> {
    conn.execute(
        "INSERT INTO sessions (id_hash, user_id, data, created_at, expires_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (id_hash) DO UPDATE \
         SET user_id = excluded.user_id, data = excluded.data, expires_at = excluded.expires_at",
        params![
            session.id_hash.as_slice(),
            session.user_id,
            &session.data,
            session.created_at,
            session.expires_at,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn delete(conn: &mut Conn, id_hash: &[u8]) -> Result<()> {
    conn.execute("DELETE FROM sessions WHERE id_hash = $1", params![id_hash])
        .await?;
    Ok(())
}

pub(crate) async fn delete_expired(conn: &mut Conn, now: Time) -> Result<u64> {
    conn.execute("DELETE FROM sessions WHERE expires_at <= $1", params![now])
        .await
}
