//! What is known of the goods.

use domain::{Time, sku::Sku};
use uuid::Uuid;

use crate::{
    doc,
    error::Result,
    params,
    sql::{Conn, Engine, Row},
};

fn read(row: &Row) -> Result<Sku> {
    let mut sku: Sku = row.json(0)?;
    sku.rev = row.int(1)?;
    Ok(sku)
}

pub(crate) async fn by_name(conn: &mut Conn, merchant: Uuid, sku: &str) -> Result<Option<Sku>> {
    let row = conn
        .fetch_opt(
            "SELECT doc, rev FROM skus WHERE merchant_id = $1 AND sku = $2",
            params![merchant, sku],
        )
        .await?;
    doc::one(row, read)
}

pub(crate) async fn by_item(conn: &mut Conn, merchant: Uuid, item: &str) -> Result<Option<Sku>> {
    let row = conn
        .fetch_opt(
            "SELECT doc, rev FROM skus WHERE merchant_id = $1 AND item_ref = $2 ORDER BY sku LIMIT 1",
            params![merchant, item],
        )
        .await?;
    doc::one(row, read)
}

/// By name.
pub(crate) async fn list(
    conn: &mut Conn,
    merchant: Uuid,
    after: &str,
    limit: i64,
) -> Result<Vec<Sku>> {
    let rows = conn
        .fetch_all(
            "SELECT doc, rev FROM skus WHERE merchant_id = $1 AND sku > $2 ORDER BY sku LIMIT $3",
            params![merchant, after, limit],
        )
        .await?;
    doc::all(rows, read)
}

/// The first time it is made; whoever makes it beside another loses the race.
pub(crate) async fn save(conn: &mut Conn, sku: &Sku, now: Time) -> Result<()> {
    let changed = conn
        .execute(
            "INSERT INTO skus (merchant_id, sku, id, item_ref, updated_at, rev, doc) \
             VALUES ($1, $2, $3, $4, $5, $6 + 1, $7) \
             ON CONFLICT (merchant_id, sku) DO UPDATE SET item_ref = excluded.item_ref, \
             updated_at = excluded.updated_at, rev = excluded.rev, doc = excluded.doc \
             WHERE skus.rev = excluded.rev - 1",
            params![
                sku.merchant_id,
                &sku.sku,
                sku.id,
                sku.item_ref.as_deref(),
                now,
                sku.rev,
                doc::text(sku)?
            ],
        )
        .await?;
    doc::saved(changed)
}

/// There is no row to lock: the item is not known yet. On SQLite whoever writes is alone anyway.
pub(crate) async fn lock_item(conn: &mut Conn, merchant: Uuid, item: &str) -> Result<()> {
    if conn.engine() == Engine::Sqlite {
        return Ok(());
    }
    conn.fetch_opt(
        "SELECT CAST(pg_advisory_xact_lock(hashtextextended($2, 0)) AS TEXT) FROM merchants WHERE id = $1",
        params![merchant, format!("item {merchant} {item}")],
    )
    .await?;
    Ok(())
}
