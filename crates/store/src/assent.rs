//! Who stands in for whom, what was let go before, and people's keys.

use domain::{Time, approval::Delegation};
use engine::port::PersonKeyRow;
use uuid::Uuid;

use crate::{
    doc,
    error::Result,
    params,
    sql::{Conn, InsertMany, Query, Row, Value},
};

fn read(row: &Row) -> Result<Delegation> {
    let mut delegation: Delegation = row.json(0)?;
    delegation.rev = row.int(1)?;
    Ok(delegation)
}

pub(crate) async fn delegation(
    conn: &mut Conn,
    merchant: Uuid,
    id: Uuid,
) -> Result<Option<Delegation>> {
    let row = conn
        .fetch_opt(
            "SELECT doc, rev FROM delegations WHERE merchant_id = $1 AND id = $2",
            params![merchant, id],
        )
        .await?;
    doc::one(row, read)
}

pub(crate) async fn delegations(
    conn: &mut Conn,
    merchant: Uuid,
    after: Time,
) -> Result<Vec<Delegation>> {
    let rows = conn
        .fetch_all(
            "SELECT doc, rev FROM delegations WHERE merchant_id = $1 AND ends_at > $2 ORDER BY ends_at, id",
            params![merchant, after],
        )
        .await?;
    doc::all(rows, read)
}

pub(crate) async fn insert(conn: &mut Conn, delegation: &Delegation) -> Result<()> {
    conn.execute(
        "INSERT INTO delegations (merchant_id, id, user_id, delegate_id, ends_at, rev, doc) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![
            delegation.merchant_id,
            delegation.id,
            delegation.user_id,
            delegation.delegate_id,
            delegation.ends_at,
            delegation.rev,
            doc::text(delegation)?,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save(conn: &mut Conn, delegation: &Delegation) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE delegations SET ends_at = $4, doc = $5, rev = rev + 1 \
             WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![
                delegation.merchant_id,
                delegation.id,
                delegation.rev,
                delegation.ends_at,
                doc::text(delegation)?,
            ],
        )
        .await?;
    doc::saved(changed)
}

pub(crate) async fn known_skus(
    conn: &mut Conn,
    merchant: Uuid,
    export_type: &str,
    skus: &[String],
    but: &[Uuid],
) -> Result<Vec<String>> {
    if skus.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = Query::new("SELECT sku FROM known_skus WHERE merchant_id = ")
        .bind(merchant)
        .push(" AND export_type = ")
        .bind(export_type)
        .push(" AND sku IN ")
        .list(skus.to_vec());
    if !but.is_empty() {
        query = query.push(" AND export_id NOT IN ").list(but.to_vec());
    }
    let rows = query.push(" ORDER BY sku").fetch_all(conn).await?;
    doc::all(rows, |row| row.text(0))
}

static SKUS: InsertMany = InsertMany::new(
    "known_skus",
    &["merchant_id", "export_type", "sku", "export_id", "since"],
    "ON CONFLICT (merchant_id, export_type, sku) DO NOTHING",
);

pub(crate) async fn insert_known_skus(
    conn: &mut Conn,
    merchant: Uuid,
    export_type: &str,
    skus: &[String],
    (export, since): (Uuid, Time),
) -> Result<()> {
    let rows: Vec<Vec<Value>> = skus
        .iter()
        .map(|sku| params![merchant, export_type, sku.as_str(), export, since])
        .collect();
    SKUS.execute(conn, rows).await?;
    Ok(())
}

pub(crate) async fn person_key(conn: &mut Conn, user: Uuid) -> Result<Option<PersonKeyRow>> {
    let row = conn
        .fetch_opt(
            "SELECT user_id, public_key, sealed_private, created_at FROM person_keys WHERE user_id = $1",
            params![user],
        )
        .await?;
    doc::one(row, |row| {
        Ok(PersonKeyRow {
            user_id: row.uuid(0)?,
            public_key: row.blob(1)?,
            sealed_private: row.blob(2)?,
            created_at: row.time(3)?,
        })
    })
}

pub(crate) async fn insert_person_key(conn: &mut Conn, key: &PersonKeyRow) -> Result<bool> {
    let changed = conn
        .execute(
            "INSERT INTO person_keys (user_id, public_key, sealed_private, created_at) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (user_id) DO NOTHING",
            params![
                key.user_id,
                key.public_key.as_slice(),
                key.sealed_private.as_slice(),
                key.created_at,
            ],
        )
        .await?;
    Ok(changed == 1)
}
