//! Exports and the attempts to deliver them.
//!
//! What an export says (payload, content hash, idempotency key) is a column of its own that no
//! statement updates, and so are the bytes that are sent, once they are fixed. The document is the
//! rest, and leaves the content out.

use domain::export::{Attempt, Export};
use engine::port::{ListFilter, Parcel};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    doc,
    error::Result,
    list::{Before, List, Marks, Within, parties, searchable},
    params,
    sql::{Conn, Row},
};

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT doc, content, state, rev FROM exports WHERE ", $rest)
    };
}

static LIST: List = List {
    select: select!("merchant_id = "),
    state: " AND state = ",
    groups: &[],
    kind: " AND export_type = ",
    search: " AND search LIKE ",
    due: Some(Within {
        open: " AND deadline IS NOT NULL",
        after: " AND deadline > ",
        until: " AND deadline <= ",
        close: "",
    }),
    since: None,
    holder: None,
    marks: Marks::OwnOrAsked,
    before: Before::TimeAndId(" AND (created_at, id) < ("),
    order: " ORDER BY created_at DESC, id DESC LIMIT ",
};

/// The `content` column.
#[derive(Serialize, Deserialize)]
struct ContentRow {
    payload: Value,
    content_hash: String,
    idempotency_key: String,
}

/// The `doc` and the `content` column of an export.
pub(crate) fn split(export: &Export) -> Result<(String, String)> {
    let mut rest = export.clone();
    let content = ContentRow {
        payload: std::mem::take(&mut rest.payload),
        content_hash: std::mem::take(&mut rest.content_hash),
        idempotency_key: std::mem::take(&mut rest.idempotency_key),
    };
    Ok((doc::text(&rest)?, doc::text(&content)?))
}

fn read(row: &Row) -> Result<Export> {
    let mut export: Export = row.json(0)?;
    let content: ContentRow = row.json(1)?;
    export.payload = content.payload;
    export.content_hash = content.content_hash;
    export.idempotency_key = content.idempotency_key;
    export.state = row.parsed(2)?;
    export.rev = row.int(3)?;
    Ok(export)
}

pub(crate) async fn by_id(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<Option<Export>> {
    let row = conn
        .fetch_opt(
            select!("merchant_id = $1 AND id = $2"),
            params![merchant, id],
        )
        .await?;
    doc::one(row, read)
}

pub(crate) async fn list(
    conn: &mut Conn,
    merchant: Uuid,
    filter: &ListFilter,
) -> Result<Vec<Export>> {
    doc::all(LIST.fetch(conn, merchant, filter).await?, read)
}

/// The export with its bytes, and how its run stands.
pub(crate) async fn parcel(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<Option<Parcel>> {
    let row = conn
        .fetch_opt(
            "SELECT e.doc, e.content, e.state, e.rev, e.wire, r.state FROM exports e \
             LEFT JOIN runs r ON r.merchant_id = e.merchant_id AND r.id = e.run_id \
             WHERE e.merchant_id = $1 AND e.id = $2",
            params![merchant, id],
        )
        .await?;
    doc::one(row, |row| {
        Ok(Parcel {
            export: read(row)?,
            wire: row.blob_opt(4)?,
            run: row.parsed_opt(5)?,
        })
    })
}

/// Whose it is, and which destination it goes to.
pub(crate) async fn origin_of(conn: &mut Conn, id: Uuid) -> Result<Option<(Uuid, Uuid)>> {
    #[derive(Deserialize)]
    struct Goes {
        destination_id: Uuid,
    }
    let row = conn
        .fetch_opt(
            "SELECT merchant_id, doc FROM exports WHERE id = $1",
            params![id],
        )
        .await?;
    doc::one(row, |row| {
        let goes: Goes = row.json(1)?;
        Ok((row.uuid(0)?, goes.destination_id))
    })
}

/// Under way, with a document that names this person as an owner; oldest first.
pub(crate) async fn naming(conn: &mut Conn, merchant: Uuid, user: Uuid) -> Result<Vec<Export>> {
    let rows = conn
        .fetch_all(
            select!(
                "merchant_id = $1 AND state IN ('quarantined', 'awaiting_approval', 'ready', 'delivering', \
                 'delivered', 'paused') AND doc LIKE $2 ORDER BY created_at, id"
            ),
            params![merchant, format!("%\"user:{user}\"%")],
        )
        .await?;
    doc::all(rows, read)
}

/// Of one type, oldest first; what may be at its end with that, after what cannot.
pub(crate) async fn unsettled(
    conn: &mut Conn,
    merchant: Uuid,
    export_type: &str,
    limit: i64,
) -> Result<Vec<Export>> {
    let rows = conn
        .fetch_all(
            select!(
                "merchant_id = $1 AND state IN ('quarantined', 'awaiting_approval', 'ready', 'delivering', \
                 'delivered', 'acknowledged', 'paused') AND export_type = $2 ORDER BY CASE state \
                 WHEN 'acknowledged' THEN 2 WHEN 'delivered' THEN 1 ELSE 0 END, created_at, id LIMIT $3"
            ),
            params![merchant, export_type, limit],
        )
        .await?;
    doc::all(rows, read)
}

/// Oldest first.
pub(crate) async fn of_run(conn: &mut Conn, merchant: Uuid, run: Uuid) -> Result<Vec<Export>> {
    let rows = conn
        .fetch_all(
            select!("merchant_id = $1 AND run_id = $2 ORDER BY created_at, id"),
            params![merchant, run],
        )
        .await?;
    doc::all(rows, read)
}

/// Oldest first.
pub(crate) async fn of_subject(
    conn: &mut Conn,
    merchant: Uuid,
    subject: Uuid,
) -> Result<Vec<Export>> {
    let rows = conn
        .fetch_all(
            select!("merchant_id = $1 AND subject_id = $2 ORDER BY created_at, id"),
            params![merchant, subject],
        )
        .await?;
    doc::all(rows, read)
}

pub(crate) async fn insert(conn: &mut Conn, export: &Export) -> Result<()> {
    let (doc, content) = split(export)?;
    conn.execute(
        "INSERT INTO exports (merchant_id, id, export_type, run_id, subject_id, state, created_at, rev, search, \
         doc, content, deadline, parties) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        params![
            export.merchant_id,
            export.id,
            &export.export_type,
            export.run_id,
            export.subject_id,
            export.state.as_str(),
            export.created_at,
            export.rev,
            search(export),
            doc,
            content,
            export.deadline(),
            parties(&export.marks()),
        ],
    )
    .await?;
    Ok(())
}

/// Saves everything but the content.
pub(crate) async fn save(conn: &mut Conn, export: &Export) -> Result<()> {
    let (doc, _content) = split(export)?;
    let changed = conn
        .execute(
            "UPDATE exports SET state = $4, search = $5, doc = $6, deadline = $7, parties = $8, rev = rev + 1 \
             WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![
                export.merchant_id,
                export.id,
                export.rev,
                export.state.as_str(),
                search(export),
                doc,
                export.deadline(),
                parties(&export.marks()),
            ],
        )
        .await?;
    doc::saved(changed)
}

fn search(export: &Export) -> String {
    searchable([
        export.title.as_str(),
        &export.source_ref,
        &export.id.to_string(),
    ])
}

pub(crate) async fn wire(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<Option<Vec<u8>>> {
    let row = conn
        .fetch_opt(
            "SELECT wire FROM exports WHERE merchant_id = $1 AND id = $2",
            params![merchant, id],
        )
        .await?;
    Ok(doc::one(row, |row| row.blob_opt(0))?.flatten())
}

/// The first bytes stay; a second time is refused as a lost race.
pub(crate) async fn fix_wire(
    conn: &mut Conn,
    merchant: Uuid,
    export: Uuid,
    bytes: &[u8],
) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE exports SET wire = $3 WHERE merchant_id = $1 AND id = $2 AND wire IS NULL",
            params![merchant, export, bytes],
        )
        .await?;
    doc::saved(changed)
}

/// By number.
pub(crate) async fn attempts(
    conn: &mut Conn,
    merchant: Uuid,
    export: Uuid,
) -> Result<Vec<Attempt>> {
    let rows = conn
        .fetch_all(
            "SELECT doc FROM attempts WHERE merchant_id = $1 AND export_id = $2 ORDER BY n",
            params![merchant, export],
        )
        .await?;
    doc::all(rows, |row| row.json(0))
}

pub(crate) async fn insert_attempt(conn: &mut Conn, attempt: &Attempt) -> Result<()> {
    conn.execute(
        "INSERT INTO attempts (merchant_id, export_id, n, doc) VALUES ($1, $2, $3, $4)",
        params![
            attempt.merchant_id,
            attempt.export_id,
            attempt.n,
            doc::text(attempt)?
        ],
    )
    .await?;
    Ok(())
}
