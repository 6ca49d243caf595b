//! Keys of trails, the tree, checkpoints, witnesses, and who looked at a trail when.

use domain::{
    Time,
    audit::{
        AuditHash,
        merkle::Frontier,
        witness::{AuditKey, SignedCheckpoint, Witness},
    },
};
use uuid::Uuid;

use crate::{
    doc,
    error::{Result, StoreError},
    list::MOST,
    params,
    sql::{Conn, Query, Row},
};

fn array(bytes: Vec<u8>) -> Result<[u8; 32]> {
    bytes
        .try_into()
        .map_err(|_| StoreError::corrupt("32 bytes were expected"))
}

pub(crate) async fn keys(conn: &mut Conn, merchant: Uuid) -> Result<Vec<AuditKey>> {
    let rows = conn
        .fetch_all(
            "SELECT id, public_key, sealed_seed, created_at, retired_at FROM audit_keys WHERE merchant_id = $1 \
             ORDER BY created_at DESC, id DESC",
            params![merchant],
        )
        .await?;
    doc::all(rows, |row| {
        Ok(AuditKey {
            id: row.uuid(0)?,
            merchant_id: merchant,
            public: array(row.blob(1)?)?,
            sealed_seed: row.blob_opt(2)?,
            created_at: row.time(3)?,
            retired_at: row.time_opt(4)?,
        })
    })
}

pub(crate) async fn insert_key(conn: &mut Conn, key: &AuditKey) -> Result<()> {
    conn.execute(
        "INSERT INTO audit_keys (merchant_id, id, public_key, sealed_seed, created_at, retired_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![
            key.merchant_id,
            key.id,
            key.public,
            key.sealed_seed.clone(),
            key.created_at,
            key.retired_at,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn retire_key(conn: &mut Conn, merchant: Uuid, id: Uuid, now: Time) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE audit_keys SET retired_at = $3, sealed_seed = NULL \
             WHERE merchant_id = $1 AND id = $2 AND retired_at IS NULL",
            params![merchant, id, now],
        )
        .await?;
    doc::saved(changed)
}

pub(crate) async fn tree(conn: &mut Conn, merchant: Uuid) -> Result<Frontier> {
    let row = conn
        .fetch_opt(
            "SELECT size, peaks FROM audit_trees WHERE merchant_id = $1",
            params![merchant],
        )
        .await?;
    let Some(row) = row else {
        return Ok(Frontier::default());
    };
    u64::try_from(row.int(0)?)
        .ok()
        .and_then(|size| Frontier::of(size, &row.blob(1).ok()?))
        .ok_or_else(|| StoreError::corrupt("a tree does not fit its size"))
}

/// Compares and sets: who carried it on from somewhere else is told so.
pub(crate) async fn save_tree(
    conn: &mut Conn,
    merchant: Uuid,
    from: u64,
    tree: &Frontier,
) -> Result<()> {
    let size = |size: u64| i64::try_from(size).unwrap_or(i64::MAX);
    let changed = conn
        .execute(
            "INSERT INTO audit_trees (merchant_id, size, peaks) VALUES ($1, $2, $3) \
             ON CONFLICT (merchant_id) DO UPDATE SET size = excluded.size, peaks = excluded.peaks \
             WHERE audit_trees.size = $4",
            params![merchant, size(tree.size()), tree.peaks(), size(from)],
        )
        .await?;
    doc::saved(changed)
}

pub(crate) async fn hashes(
    conn: &mut Conn,
    merchant: Uuid,
    seq: i64,
    limit: i64,
) -> Result<Vec<AuditHash>> {
    let rows = conn
        .fetch_all(
            "SELECT hash FROM audit_entries WHERE merchant_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
            params![merchant, seq, limit],
        )
        .await?;
    doc::all(rows, |row| array(row.blob(0)?).map(AuditHash))
}

pub(crate) async fn checkpoints(
    conn: &mut Conn,
    merchant: Uuid,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<SignedCheckpoint>> {
    let mut query = Query::new(
        "SELECT size, key_id, made_at, note FROM audit_checkpoints WHERE merchant_id = ",
    )
    .bind(merchant);
    if let Some(before) = before {
        query = query.push(" AND size < ").bind(before);
    }
    let rows = query
        .push(" ORDER BY size DESC LIMIT ")
        .bind(limit.clamp(0, MOST))
        .fetch_all(conn)
        .await?;
    doc::all(rows, |row| {
        Ok(SignedCheckpoint {
            merchant_id: merchant,
            size: row.int(0)?,
            key_id: row.uuid(1)?,
            made_at: row.time(2)?,
            note: row.text(3)?,
        })
    })
}

pub(crate) async fn insert_checkpoint(
    conn: &mut Conn,
    checkpoint: &SignedCheckpoint,
) -> Result<bool> {
    let inserted = conn
        .execute(
            "INSERT INTO audit_checkpoints (merchant_id, size, key_id, made_at, note) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (merchant_id, size) DO NOTHING",
            params![
                checkpoint.merchant_id,
                checkpoint.size,
                checkpoint.key_id,
                checkpoint.made_at,
                &checkpoint.note,
            ],
        )
        .await?;
    Ok(inserted == 1)
}

fn read_witness(row: &Row) -> Result<Witness> {
    let mut witness: Witness = row.json(0)?;
    witness.rev = row.int(1)?;
    Ok(witness)
}

pub(crate) async fn witnesses(conn: &mut Conn, merchant: Uuid) -> Result<Vec<Witness>> {
    let rows = conn
        .fetch_all(
            "SELECT doc, rev FROM audit_witnesses WHERE merchant_id = $1 ORDER BY id",
            params![merchant],
        )
        .await?;
    let mut all = doc::all(rows, read_witness)?;
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

pub(crate) async fn witness(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<Option<Witness>> {
    let row = conn
        .fetch_opt(
            "SELECT doc, rev FROM audit_witnesses WHERE merchant_id = $1 AND id = $2",
            params![merchant, id],
        )
        .await?;
    doc::one(row, read_witness)
}

pub(crate) async fn witness_secret(
    conn: &mut Conn,
    merchant: Uuid,
    id: Uuid,
) -> Result<Option<Vec<u8>>> {
    let row = conn
        .fetch_opt(
            "SELECT sealed_secret FROM audit_witnesses WHERE merchant_id = $1 AND id = $2",
            params![merchant, id],
        )
        .await?;
    Ok(doc::one(row, |row| row.blob_opt(0))?.flatten())
}

pub(crate) async fn insert_witness(
    conn: &mut Conn,
    witness: &Witness,
    sealed_secret: Option<&[u8]>,
) -> Result<()> {
    conn.execute(
        "INSERT INTO audit_witnesses (merchant_id, id, rev, doc, sealed_secret) VALUES ($1, $2, $3, $4, $5)",
        params![
            witness.merchant_id,
            witness.id,
            witness.rev,
            doc::text(witness)?,
            sealed_secret,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save_witness(conn: &mut Conn, witness: &Witness) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE audit_witnesses SET doc = $4, rev = rev + 1 WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![
                witness.merchant_id,
                witness.id,
                witness.rev,
                doc::text(witness)?,
            ],
        )
        .await?;
    doc::saved(changed)
}

pub(crate) async fn delete_witness(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<()> {
    let deleted = conn
        .execute(
            "DELETE FROM audit_witnesses WHERE merchant_id = $1 AND id = $2",
            params![merchant, id],
        )
        .await?;
    doc::saved(deleted)
}

/// One statement decides, however many look at once.
pub(crate) async fn note_view(
    conn: &mut Conn,
    merchant: Uuid,
    (viewer, asked): (&str, &str),
    (since, now): (Time, Time),
) -> Result<bool> {
    let changed = conn
        .execute(
            "INSERT INTO audit_views (merchant_id, viewer, asked, at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (merchant_id, viewer, asked) DO UPDATE SET at = excluded.at \
             WHERE audit_views.at <= $5",
            params![merchant, viewer, asked, now, since],
        )
        .await?;
    Ok(changed == 1)
}

pub(crate) async fn forget_views(conn: &mut Conn, merchant: Uuid, before: Time) -> Result<u64> {
    conn.execute(
        "DELETE FROM audit_views WHERE merchant_id = $1 AND at < $2",
        params![merchant, before],
    )
    .await
}
