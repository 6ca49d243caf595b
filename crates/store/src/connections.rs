//! Sources and destinations. Their sealed secrets are columns, never part of the document.

use domain::connection::{Destination, Source};
use uuid::Uuid;

use crate::{
    doc,
    error::Result,
    params,
    sql::{Conn, Row},
};

macro_rules! select_source {
    ($rest:literal) => {
        concat!(
            "SELECT doc, rev, sealed_secret, sealed_previous FROM sources WHERE ",
            $rest
        )
    };
}

pub(crate) async fn source_by_path(conn: &mut Conn, path: &str) -> Result<Option<Source>> {
    let row = conn
        .fetch_opt(select_source!("path = $1"), params![path])
        .await?;
    doc::one(row, read_source)
}

pub(crate) async fn source(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<Option<Source>> {
    let row = conn
        .fetch_opt(
            select_source!("merchant_id = $1 AND id = $2"),
            params![merchant, id],
        )
        .await?;
    doc::one(row, read_source)
}

/// Oldest first.
pub(crate) async fn sources(conn: &mut Conn, merchant: Uuid) -> Result<Vec<Source>> {
    let rows = conn
        .fetch_all(
            select_source!("merchant_id = $1 ORDER BY id"),
            params![merchant],
        )
        .await?;
    doc::all(rows, read_source)
}

fn read_source(row: &Row) -> Result<Source> {
    let mut source: Source = row.json(0)?;
    source.rev = row.int(1)?;
    source.sealed_secret = row.blob(2)?;
    source.sealed_previous = row.blob_opt(3)?;
    Ok(source)
}

pub(crate) async fn insert_source(conn: &mut Conn, source: &Source) -> Result<()> {
    conn.execute(
        "INSERT INTO sources (merchant_id, id, path, rev, doc, sealed_secret, sealed_previous) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![
            source.merchant_id,
            source.id,
            &source.path,
            source.rev,
            doc::text(source)?,
            source.sealed_secret.as_slice(),
            source.sealed_previous.as_deref(),
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save_source(conn: &mut Conn, source: &Source) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE sources SET path = $4, doc = $5, sealed_secret = $6, sealed_previous = $7, rev = rev + 1 \
             WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![
                source.merchant_id,
                source.id,
                source.rev,
                &source.path,
                doc::text(source)?,
                source.sealed_secret.as_slice(),
                source.sealed_previous.as_deref(),
            ],
        )
        .await?;
    doc::saved(changed)
}

pub(crate) async fn destination(
    conn: &mut Conn,
    merchant: Uuid,
    id: Uuid,
) -> Result<Option<Destination>> {
    let row = conn
        .fetch_opt(
            "SELECT doc, rev, sealed_secret, sealed_previous FROM destinations \
             WHERE merchant_id = $1 AND id = $2",
            params![merchant, id],
        )
        .await?;
    doc::one(row, read_destination)
}

/// Oldest first.
pub(crate) async fn destinations(conn: &mut Conn, merchant: Uuid) -> Result<Vec<Destination>> {
    let rows = conn
        .fetch_all(
            "SELECT doc, rev, sealed_secret, sealed_previous FROM destinations \
             WHERE merchant_id = $1 ORDER BY id",
            params![merchant],
        )
        .await?;
    doc::all(rows, read_destination)
}

fn read_destination(row: &Row) -> Result<Destination> {
    let mut destination: Destination = row.json(0)?;
    destination.rev = row.int(1)?;
    destination.sealed_secret = row.blob(2)?;
    destination.sealed_previous = row.blob_opt(3)?;
    Ok(destination)
}

pub(crate) async fn insert_destination(conn: &mut Conn, destination: &Destination) -> Result<()> {
    conn.execute(
        "INSERT INTO destinations (merchant_id, id, key, rev, doc, sealed_secret, sealed_previous) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![
            destination.merchant_id,
            destination.id,
            &destination.key,
            destination.rev,
            doc::text(destination)?,
            destination.sealed_secret.as_slice(),
            destination.sealed_previous.as_deref(),
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save_destination(conn: &mut Conn, destination: &Destination) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE destinations SET key = $4, doc = $5, sealed_secret = $6, sealed_previous = $7, rev = rev + 1 \
             WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![
                destination.merchant_id,
                destination.id,
                destination.rev,
                &destination.key,
                doc::text(destination)?,
                destination.sealed_secret.as_slice(),
                destination.sealed_previous.as_deref(),
            ],
        )
        .await?;
    doc::saved(changed)
}
