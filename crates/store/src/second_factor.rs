//! Second factors, the places a person is known at, and the pace of guesses.

use domain::Time;
use engine::port::{Pace, SecondFactorRow, Turned};
use uuid::Uuid;

use crate::{
    doc,
    error::Result,
    params,
    sql::{Conn, InsertMany},
};

pub(crate) async fn by_user(conn: &mut Conn, user: Uuid) -> Result<Option<SecondFactorRow>> {
    let row = conn
        .fetch_opt(
            "SELECT user_id, sealed_seed, created_at, confirmed_at, last_step FROM second_factors WHERE user_id = $1",
            params![user],
        )
        .await?;
    doc::one(row, |row| {
        Ok(SecondFactorRow {
            user_id: row.uuid(0)?,
            sealed_seed: row.blob(1)?,
            created_at: row.time(2)?,
            confirmed_at: row.time_opt(3)?,
            last_step: row.int(4)?,
        })
    })
}

pub(crate) async fn save(conn: &mut Conn, factor: &SecondFactorRow) -> Result<()> {
    conn.execute(
        "INSERT INTO second_factors (user_id, sealed_seed, created_at, confirmed_at, last_step) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id) DO UPDATE \
         SET sealed_seed = excluded.sealed_seed, created_at = excluded.created_at, \
             confirmed_at = excluded.confirmed_at, last_step = excluded.last_step",
        params![
            factor.user_id,
            factor.sealed_seed.as_slice(),
            factor.created_at,
            factor.confirmed_at,
            factor.last_step,
        ],
    )
    .await?;
    Ok(())
}

/// One statement, so that of two requests with the same code one finds it used.
pub(crate) async fn use_step(conn: &mut Conn, user: Uuid, step: i64) -> Result<bool> {
    let changed = conn
        .execute(
            "UPDATE second_factors SET last_step = $2 WHERE user_id = $1 AND last_step < $2",
            params![user, step],
        )
        .await?;
    Ok(changed == 1)
}

pub(crate) async fn delete(conn: &mut Conn, user: Uuid) -> Result<()> {
    conn.execute(
        "DELETE FROM recovery_codes WHERE user_id = $1",
        params![user],
    )
    .await?;
    conn.execute(
        "DELETE FROM second_factors WHERE user_id = $1",
        params![user],
    )
    .await?;
    Ok(())
}

static CODES: InsertMany = InsertMany::new("recovery_codes", &["user_id", "code_hash"], "");

pub(crate) async fn replace_codes(conn: &mut Conn, user: Uuid, hashes: &[Vec<u8>]) -> Result<()> {
    conn.execute(
        "DELETE FROM recovery_codes WHERE user_id = $1",
        params![user],
    )
    .await?;
    let rows = hashes
        .iter()
        .map(|hash| params![user, hash.as_slice()])
        .collect();
    CODES.execute(conn, rows).await?;
    Ok(())
}

pub(crate) async fn unused_codes(conn: &mut Conn, user: Uuid) -> Result<i64> {
    conn.fetch_one(
        "SELECT count(*) FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL",
        params![user],
    )
    .await?
    .int(0)
}

pub(crate) async fn use_code(conn: &mut Conn, user: Uuid, hash: &[u8], now: Time) -> Result<bool> {
    let changed = conn
        .execute(
            "UPDATE recovery_codes SET used_at = $3 \
             WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL",
            params![user, hash, now],
        )
        .await?;
    Ok(changed == 1)
}

pub(crate) async fn knows_place(conn: &mut Conn, user: Uuid, place: &[u8]) -> Result<bool> {
    let row = conn
        .fetch_opt(
            "SELECT 1 FROM known_places WHERE user_id = $1 AND place_hash = $2",
            params![user, place],
        )
        .await?;
    Ok(row.is_some())
}

pub(crate) async fn remember_place(
    conn: &mut Conn,
    user: Uuid,
    place: &[u8],
    now: Time,
) -> Result<()> {
    conn.execute(
        "INSERT INTO known_places (user_id, place_hash, last_seen_at) VALUES ($1, $2, $3) \
         ON CONFLICT (user_id, place_hash) DO UPDATE SET last_seen_at = excluded.last_seen_at",
        params![user, place, now],
    )
    .await?;
    Ok(())
}

/// One row per key says until when its pace is booked; a turn moves that on by one `every_ms` and is
/// refused when it would be further ahead than the burst. One statement, so it holds however many
/// processes ask at once.
pub(crate) async fn take_turn(
    conn: &mut Conn,
    key: &[u8],
    now: Time,
    pace: Pace,
) -> Result<Turned> {
    let booked = conn
        .fetch_opt(
            "INSERT INTO guesses (key_hash, booked_until) VALUES ($1, $2 + $3) \
             ON CONFLICT (key_hash) DO UPDATE SET booked_until = \
               CASE WHEN guesses.booked_until > $2 THEN guesses.booked_until ELSE $2 END + $3 \
             WHERE guesses.booked_until + $3 <= $4 \
             RETURNING booked_until",
            params![key, now, pace.every_ms, now.plus_ms(pace.whole_ms())],
        )
        .await?;
    if let Some(row) = booked {
        let ahead = row.time(0)?.since_ms(now);
        return Ok(Turned::Taken((ahead + pace.every_ms - 1) / pace.every_ms));
    }
    let until = conn
        .fetch_one(
            "SELECT booked_until FROM guesses WHERE key_hash = $1",
            params![key],
        )
        .await?
        .time(0)?;
    let wait = until.since_ms(now) + pace.every_ms - pace.whole_ms();
    Ok(Turned::Wait(wait.max(1)))
}

pub(crate) async fn give_turn_back(conn: &mut Conn, key: &[u8], pace: Pace) -> Result<()> {
    conn.execute(
        "UPDATE guesses SET booked_until = booked_until - $2 WHERE key_hash = $1",
        params![key, pace.every_ms],
    )
    .await?;
    Ok(())
}

pub(crate) async fn forget(conn: &mut Conn, places: Time, turns: Time) -> Result<u64> {
    let gone = conn
        .execute(
            "DELETE FROM known_places WHERE last_seen_at < $1",
            params![places],
        )
        .await?;
    let over = conn
        .execute(
            "DELETE FROM guesses WHERE booked_until < $1",
            params![turns],
        )
        .await?;
    Ok(gone + over)
}
