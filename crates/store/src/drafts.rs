//! Drafts of flows, the versions they became, and what is decided about publishing.

use domain::{
    Time,
    flow::{Flow, RunMove, Sheet},
};
use uuid::Uuid;

use crate::{
    doc,
    error::Result,
    params,
    sql::{Conn, Query, Row},
};

fn read(row: &Row) -> Result<Sheet> {
    let mut sheet: Sheet = row.json(0)?;
    sheet.rev = row.int(1)?;
    Ok(sheet)
}

pub(crate) async fn all(conn: &mut Conn, merchant: Uuid) -> Result<Vec<Sheet>> {
    let rows = conn
        .fetch_all(
            "SELECT doc, rev FROM flow_drafts WHERE merchant_id = $1 ORDER BY key",
            params![merchant],
        )
        .await?;
    doc::all(rows, read)
}

pub(crate) async fn one(conn: &mut Conn, merchant: Uuid, key: &str) -> Result<Option<Sheet>> {
    let row = conn
        .fetch_opt(
            "SELECT doc, rev FROM flow_drafts WHERE merchant_id = $1 AND key = $2",
            params![merchant, key],
        )
        .await?;
    doc::one(row, read)
}

/// Those of several merchants that somebody was asked about.
pub(crate) async fn asked(conn: &mut Conn, merchants: &[Uuid]) -> Result<Vec<Sheet>> {
    let rows = Query::new("SELECT doc, rev FROM flow_drafts WHERE merchant_id IN ")
        .list(merchants.to_vec())
        .push(" AND is_asked = 1 ORDER BY merchant_id, key")
        .fetch_all(conn)
        .await?;
    doc::all(rows, read)
}

pub(crate) async fn insert(conn: &mut Conn, sheet: &Sheet) -> Result<bool> {
    let inserted = conn
        .execute(
            "INSERT INTO flow_drafts (merchant_id, key, edited_at, rev, doc, is_asked) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (merchant_id, key) DO NOTHING",
            params![
                sheet.merchant_id,
                &sheet.key,
                sheet.edited_at,
                sheet.rev,
                doc::text(sheet)?,
                sheet.open_request().is_some(),
            ],
        )
        .await?;
    Ok(inserted == 1)
}

pub(crate) async fn save(conn: &mut Conn, sheet: &Sheet) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE flow_drafts SET edited_at = $4, doc = $5, is_asked = $6, rev = rev + 1 \
             WHERE merchant_id = $1 AND key = $2 AND rev = $3",
            params![
                sheet.merchant_id,
                &sheet.key,
                sheet.rev,
                sheet.edited_at,
                doc::text(sheet)?,
                sheet.open_request().is_some(),
            ],
        )
        .await?;
    doc::saved(changed)
}

pub(crate) async fn delete(conn: &mut Conn, merchant: Uuid, key: &str, rev: i64) -> Result<bool> {
    let deleted = conn
        .execute(
            "DELETE FROM flow_drafts WHERE merchant_id = $1 AND key = $2 AND rev = $3",
            params![merchant, key, rev],
        )
        .await?;
    Ok(deleted == 1)
}

pub(crate) async fn versions(conn: &mut Conn, merchant: Uuid, key: &str) -> Result<Vec<Flow>> {
    let rows = conn
        .fetch_all(
            "SELECT doc FROM flows WHERE merchant_id = $1 AND key = $2 ORDER BY version DESC",
            params![merchant, key],
        )
        .await?;
    doc::all(rows, crate::rules::read_flow)
}

pub(crate) async fn by_two(conn: &mut Conn, merchant: Uuid) -> Result<bool> {
    let row = conn
        .fetch_opt(
            "SELECT by_two FROM publishing WHERE merchant_id = $1",
            params![merchant],
        )
        .await?;
    Ok(doc::one(row, |row| row.bool(0))?.unwrap_or_default())
}

pub(crate) async fn set_by_two(conn: &mut Conn, merchant: Uuid, by_two: bool) -> Result<()> {
    conn.execute(
        "INSERT INTO publishing (merchant_id, by_two) VALUES ($1, $2) \
         ON CONFLICT (merchant_id) DO UPDATE SET by_two = excluded.by_two",
        params![merchant, by_two],
    )
    .await?;
    Ok(())
}

/// By writing the merchant's row: on Postgres it is locked from then on, on SQLite there is one writer.
pub(crate) async fn lock(conn: &mut Conn, merchant: Uuid) -> Result<()> {
    conn.execute(
        "INSERT INTO publishing (merchant_id, by_two) VALUES ($1, $2) \
         ON CONFLICT (merchant_id) DO UPDATE SET by_two = publishing.by_two",
        params![merchant, false],
    )
    .await?;
    Ok(())
}

pub(crate) async fn retired(conn: &mut Conn, merchant: Uuid) -> Result<Vec<(String, Time)>> {
    let rows = conn
        .fetch_all(
            "SELECT key, retired_at FROM retired_flows WHERE merchant_id = $1 ORDER BY key",
            params![merchant],
        )
        .await?;
    doc::all(rows, |row| Ok((row.text(0)?, row.time(1)?)))
}

pub(crate) async fn retire(
    conn: &mut Conn,
    merchant: Uuid,
    key: &str,
    at: Time,
    by: Option<Uuid>,
) -> Result<()> {
    conn.execute(
        "INSERT INTO retired_flows (merchant_id, key, retired_at, retired_by) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (merchant_id, key) DO NOTHING",
        params![merchant, key, at, by],
    )
    .await?;
    Ok(())
}

pub(crate) async fn resume(conn: &mut Conn, merchant: Uuid, key: &str) -> Result<bool> {
    let deleted = conn
        .execute(
            "DELETE FROM retired_flows WHERE merchant_id = $1 AND key = $2",
            params![merchant, key],
        )
        .await?;
    Ok(deleted == 1)
}

pub(crate) async fn run_counts(
    conn: &mut Conn,
    merchant: Uuid,
    flow_key: &str,
) -> Result<Vec<(Uuid, i64)>> {
    let rows = conn
        .fetch_all(
            "SELECT flow_id, COUNT(*) FROM runs WHERE merchant_id = $1 AND flow_key = $2 \
             AND state IN ('running', 'paused', 'undoing') GROUP BY flow_id ORDER BY flow_id",
            params![merchant, flow_key],
        )
        .await?;
    doc::all(rows, |row| Ok((row.uuid(0)?, row.int(1)?)))
}

pub(crate) async fn runs_on(
    conn: &mut Conn,
    merchant: Uuid,
    flow_key: &str,
    flow_id: Uuid,
) -> Result<Vec<Uuid>> {
    let rows = conn
        .fetch_all(
            "SELECT id FROM runs WHERE merchant_id = $1 AND flow_key = $2 AND flow_id = $3 \
             AND state IN ('running', 'paused', 'undoing') ORDER BY id",
            params![merchant, flow_key, flow_id],
        )
        .await?;
    doc::all(rows, |row| row.uuid(0))
}

fn read_move(row: &Row) -> Result<RunMove> {
    let mut one: RunMove = row.json(0)?;
    one.rev = row.int(1)?;
    Ok(one)
}

pub(crate) async fn run_move(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<Option<RunMove>> {
    let row = conn
        .fetch_opt(
            "SELECT doc, rev FROM run_moves WHERE merchant_id = $1 AND id = $2",
            params![merchant, id],
        )
        .await?;
    doc::one(row, read_move)
}

pub(crate) async fn run_moves(
    conn: &mut Conn,
    merchant: Uuid,
    flow_key: &str,
) -> Result<Vec<RunMove>> {
    let rows = conn
        .fetch_all(
            "SELECT doc, rev FROM run_moves WHERE merchant_id = $1 AND flow_key = $2 \
             ORDER BY begun_at DESC, id DESC LIMIT 20",
            params![merchant, flow_key],
        )
        .await?;
    doc::all(rows, read_move)
}

pub(crate) async fn insert_move(conn: &mut Conn, one: &RunMove) -> Result<()> {
    conn.execute(
        "INSERT INTO run_moves (merchant_id, id, flow_key, begun_at, rev, doc) VALUES ($1, $2, $3, $4, $5, $6)",
        params![
            one.merchant_id,
            one.id,
            &one.flow_key,
            one.begun_at,
            one.rev,
            doc::text(one)?,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save_move(conn: &mut Conn, one: &RunMove) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE run_moves SET doc = $4, rev = rev + 1 WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![one.merchant_id, one.id, one.rev, doc::text(one)?],
        )
        .await?;
    doc::saved(changed)
}
