//! Drafts of contracts, and where contracts stand after they were published.

use domain::contract::{Sheet, Standing};
use uuid::Uuid;

use crate::{
    doc,
    error::Result,
    params,
    sql::{Conn, Row},
};

fn read(row: &Row) -> Result<Sheet> {
    let mut sheet: Sheet = row.json(0)?;
    sheet.rev = row.int(1)?;
    Ok(sheet)
}

pub(crate) async fn drafts(conn: &mut Conn, merchant: Uuid) -> Result<Vec<Sheet>> {
    let rows = conn
        .fetch_all(
            "SELECT doc, rev FROM contract_drafts WHERE merchant_id = $1 ORDER BY export_type",
            params![merchant],
        )
        .await?;
    doc::all(rows, read)
}

pub(crate) async fn draft(
    conn: &mut Conn,
    merchant: Uuid,
    export_type: &str,
) -> Result<Option<Sheet>> {
    let row = conn
        .fetch_opt(
            "SELECT doc, rev FROM contract_drafts WHERE merchant_id = $1 AND export_type = $2",
            params![merchant, export_type],
        )
        .await?;
    doc::one(row, read)
}

pub(crate) async fn insert(conn: &mut Conn, sheet: &Sheet) -> Result<bool> {
    let inserted = conn
        .execute(
            "INSERT INTO contract_drafts (merchant_id, export_type, edited_at, rev, doc) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (merchant_id, export_type) DO NOTHING",
            params![
                sheet.merchant_id,
                &sheet.export_type,
                sheet.edited_at,
                sheet.rev,
                doc::text(sheet)?,
            ],
        )
        .await?;
    Ok(inserted == 1)
}

pub(crate) async fn save(conn: &mut Conn, sheet: &Sheet) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE contract_drafts SET edited_at = $4, doc = $5, rev = rev + 1 \
             WHERE merchant_id = $1 AND export_type = $2 AND rev = $3",
            params![
                sheet.merchant_id,
                &sheet.export_type,
                sheet.rev,
                sheet.edited_at,
                doc::text(sheet)?,
            ],
        )
        .await?;
    doc::saved(changed)
}

pub(crate) async fn delete(
    conn: &mut Conn,
    merchant: Uuid,
    export_type: &str,
    rev: i64,
) -> Result<bool> {
    let deleted = conn
        .execute(
            "DELETE FROM contract_drafts WHERE merchant_id = $1 AND export_type = $2 AND rev = $3",
            params![merchant, export_type, rev],
        )
        .await?;
    Ok(deleted == 1)
}

pub(crate) async fn standings(conn: &mut Conn, merchant: Uuid) -> Result<Vec<Standing>> {
    let rows = conn
        .fetch_all(
            "SELECT doc FROM contract_standings WHERE merchant_id = $1 ORDER BY export_type",
            params![merchant],
        )
        .await?;
    doc::all(rows, |row| row.json(0))
}

pub(crate) async fn put_standing(conn: &mut Conn, standing: &Standing) -> Result<()> {
    conn.execute(
        "INSERT INTO contract_standings (merchant_id, export_type, state, doc) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (merchant_id, export_type) DO UPDATE SET state = excluded.state, doc = excluded.doc",
        params![
            standing.merchant_id,
            &standing.export_type,
            standing.state.as_str(),
            doc::text(standing)?,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn clear_standing(
    conn: &mut Conn,
    merchant: Uuid,
    export_type: &str,
) -> Result<bool> {
    let deleted = conn
        .execute(
            "DELETE FROM contract_standings WHERE merchant_id = $1 AND export_type = $2",
            params![merchant, export_type],
        )
        .await?;
    Ok(deleted == 1)
}
