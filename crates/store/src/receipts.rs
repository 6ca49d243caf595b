//! Receipts, the facts they state and the events that follow.
//!
//! This is the hot path: a batch of deliveries is two statements per 32 of them, one for the receipts
//! and one for the jobs that will process them. Only deliveries that were here before cost another.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{
    order::OrderFact,
    receipt::{Receipt, ReceiptStatus},
};
use engine::{
    job::{Job, JobKind},
    port::{EventRow, ListFilter, NewReceipt, ReceiptOutcome},
};
use uuid::Uuid;

use crate::{
    doc,
    error::{Kind, Result, StoreError},
    list::{Before, List, Marks, searchable},
    params,
    sql::{Conn, InsertMany, Query, Row, Value},
};

macro_rules! columns {
    () => {
        "id, merchant_id, source_id, topic, dedup_key, received_at, triggered_at, headers, body_bytes, \
         body_sha256, status, faults, order_ref, order_id, repeats, trace_id"
    };
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT ", columns!(), " FROM receipts WHERE ", $rest)
    };
}

const WHOLE: &str = concat!(
    "SELECT ",
    columns!(),
    ", body FROM receipts WHERE merchant_id = $1 AND id = $2"
);

static RECEIPTS: InsertMany = InsertMany::new(
    "receipts",
    &[
        "merchant_id",
        "id",
        "source_id",
        "topic",
        "dedup_key",
        "received_at",
        "triggered_at",
        "status",
        "order_ref",
        "order_id",
        "repeats",
        "trace_id",
        "headers",
        "faults",
        "search",
        "body_bytes",
        "body_sha256",
        "body",
    ],
    "ON CONFLICT (merchant_id, source_id, dedup_key) DO NOTHING",
);

static FACTS: InsertMany = InsertMany::new(
    "order_facts",
    &[
        "merchant_id",
        "source_id",
        "order_ref",
        "receipt_id",
        "n",
        "doc",
    ],
    "ON CONFLICT DO NOTHING",
);

static EVENTS: InsertMany = InsertMany::new(
    "events",
    &[
        "merchant_id",
        "id",
        "kind",
        "subject_kind",
        "subject_id",
        "receipt_id",
        "occurred_at",
        "data",
    ],
    "",
);

static LIST: List = List {
    select: select!("merchant_id = "),
    state: " AND status = ",
    // the second condition is the one of the index that has only these
    groups: &[
        (
            "ignored",
            " AND status = 'ignored' AND status IN ('ignored', 'quarantined', 'unmatched')",
        ),
        (
            "quarantined",
            " AND status = 'quarantined' AND status IN ('ignored', 'quarantined', 'unmatched')",
        ),
        (
            "unmatched",
            " AND status = 'unmatched' AND status IN ('ignored', 'quarantined', 'unmatched')",
        ),
    ],
    kind: " AND topic = ",
    search: " AND search || ' ' || COALESCE(LOWER(order_ref), '') LIKE ",
    due: None,
    since: Some(" AND received_at > "),
    holder: None,
    marks: Marks::None,
    before: Before::TimeAndId(" AND (received_at, id) < ("),
    order: " ORDER BY received_at DESC, id DESC LIMIT ",
};

/// What makes two deliveries the same one.
type Key<'r> = (Uuid, Uuid, &'r str);

fn key(new: &NewReceipt) -> Key<'_> {
    (
        new.receipt.merchant_id,
        new.receipt.source_id,
        &new.receipt.dedup_key,
    )
}

/// Inserts what is new, and counts what is not; the jobs that follow come back.
pub(crate) async fn insert(
    conn: &mut Conn,
    batch: &[NewReceipt],
) -> Result<(Vec<ReceiptOutcome>, Vec<Job>)> {
    // in order of their keys, so that two batches with the same deliveries never wait for each other
    let mut sorted: Vec<&NewReceipt> = batch.iter().collect();
    sorted.sort_by_key(|new| key(new));
    let rows = sorted.into_iter().map(row).collect::<Result<_>>()?;
    let inserted = RECEIPTS.execute(conn, rows).await?;
    let ids = batch
        .iter()
        .map(|new| (new.receipt.merchant_id, new.receipt.id));
    let inserted: HashSet<Uuid> = if inserted == batch.len() as u64 {
        ids.map(|(_, id)| id).collect()
    } else {
        present(conn, ids).await?
    };
    let jobs: Vec<Job> = batch
        .iter()
        .map(|new| &new.receipt)
        .filter(|receipt| {
            inserted.contains(&receipt.id) && receipt.status != ReceiptStatus::Quarantined
        })
        .map(processing)
        .collect();
    let again: Vec<Key<'_>> = batch
        .iter()
        .filter(|new| !inserted.contains(&new.receipt.id))
        .map(key)
        .collect();
    let first = if again.is_empty() {
        HashMap::new()
    } else {
        count_repeats(conn, again).await?
    };
    let outcomes = batch
        .iter()
        .map(|new| match inserted.contains(&new.receipt.id) {
            true => Ok(ReceiptOutcome::Inserted),
            false => first
                .get(&key(new))
                .copied()
                .map(ReceiptOutcome::Duplicate)
                .ok_or_else(|| {
                    StoreError::new(
                        Kind::Busy,
                        "a receipt that was in the way was gone when it was looked for",
                    )
                }),
        })
        .collect::<Result<_>>()?;
    Ok((outcomes, jobs))
}

/// Which of these ids are there. Asked only when something was in the way: having every row told back costs as much as writing
/// it to the log.
async fn present(
    conn: &mut Conn,
    ids: impl Iterator<Item = (Uuid, Uuid)>,
) -> Result<HashSet<Uuid>> {
    let mut by_merchant: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for (merchant, id) in ids {
        by_merchant.entry(merchant).or_default().push(id);
    }
    let mut found = HashSet::new();
    for (merchant, ids) in by_merchant {
        let rows = Query::new("SELECT id FROM receipts WHERE merchant_id = ")
            .bind(merchant)
            .push(" AND id IN ")
            .list(ids)
            .fetch_all(conn)
            .await?;
        for row in &rows {
            found.insert(row.uuid(0)?);
        }
    }
    Ok(found)
}

/// One more repeat of each; a delivery that stands in the batch twice counts twice.
async fn count_repeats<'r>(
    conn: &mut Conn,
    mut again: Vec<Key<'r>>,
) -> Result<HashMap<Key<'r>, Uuid>> {
    let mut first = HashMap::new();
    while !again.is_empty() {
        let mut round: BTreeMap<(Uuid, Uuid), Vec<&str>> = BTreeMap::new();
        let mut seen = HashSet::new();
        again.retain(|key| {
            let new = seen.insert(*key);
            if new {
                round.entry((key.0, key.1)).or_default().push(key.2);
            }
            !new
        });
        for ((merchant, source), keys) in round {
            let rows = Query::new("UPDATE receipts SET repeats = repeats + 1 WHERE merchant_id = ")
                .bind(merchant)
                .push(" AND source_id = ")
                .bind(source)
                .push(" AND dedup_key IN ")
                .list(keys.clone())
                .push(" RETURNING dedup_key, id")
                .fetch_all(conn)
                .await?;
            let found: HashMap<String, Uuid> = rows
                .iter()
                .map(|row| Ok((row.text(0)?, row.uuid(1)?)))
                .collect::<Result<_>>()?;
            for key in keys {
                if let Some(id) = found.get(key) {
                    first.insert((merchant, source, key), *id);
                }
            }
        }
    }
    Ok(first)
}

fn processing(receipt: &Receipt) -> Job {
    Job {
        id: receipt.id,
        merchant_id: receipt.merchant_id,
        kind: JobKind::ProcessReceipt,
        subject_id: receipt.id,
        arg: 0,
        run_at: receipt.received_at,
        attempts: 0,
        fence: 0,
    }
}

fn row(new: &NewReceipt) -> Result<Vec<Value>> {
    let receipt = &new.receipt;
    let search = searchable([
        receipt.topic.as_str(),
        &receipt.id.to_string(),
        &receipt.dedup_key,
    ]);
    Ok(params![
        receipt.merchant_id,
        receipt.id,
        receipt.source_id,
        &receipt.topic,
        &receipt.dedup_key,
        receipt.received_at,
        receipt.triggered_at,
        receipt.status.as_str(),
        receipt.order_ref.as_deref(),
        receipt.order_id,
        receipt.repeats,
        &receipt.trace_id,
        doc::text(&receipt.headers)?,
        doc::text(&receipt.faults)?,
        search,
        receipt.body_bytes,
        &receipt.body_sha256,
        &new.body[..],
    ])
}

fn read(row: &Row) -> Result<Receipt> {
    Ok(Receipt {
        id: row.uuid(0)?,
        merchant_id: row.uuid(1)?,
        source_id: row.uuid(2)?,
        topic: row.text(3)?,
        dedup_key: row.text(4)?,
        received_at: row.time(5)?,
        triggered_at: row.time_opt(6)?,
        headers: row.json(7)?,
        body_bytes: row.int(8)?,
        body_sha256: row.text(9)?,
        status: row.parsed(10)?,
        faults: row.json(11)?,
        order_ref: row.text_opt(12)?,
        order_id: row.uuid_opt(13)?,
        repeats: row.int(14)?,
        trace_id: row.text(15)?,
    })
}

pub(crate) async fn by_id(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<Option<Receipt>> {
    let row = conn
        .fetch_opt(
            select!("merchant_id = $1 AND id = $2"),
            params![merchant, id],
        )
        .await?;
    doc::one(row, read)
}

pub(crate) async fn body(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<Option<Vec<u8>>> {
    let row = conn
        .fetch_opt(
            "SELECT body FROM receipts WHERE merchant_id = $1 AND id = $2",
            params![merchant, id],
        )
        .await?;
    doc::one(row, |row| row.blob(0))
}

pub(crate) async fn whole(
    conn: &mut Conn,
    merchant: Uuid,
    id: Uuid,
) -> Result<Option<(Receipt, Vec<u8>)>> {
    let row = conn.fetch_opt(WHOLE, params![merchant, id]).await?;
    doc::one(row, |row| Ok((read(row)?, row.blob(16)?)))
}

pub(crate) async fn list(
    conn: &mut Conn,
    merchant: Uuid,
    filter: &ListFilter,
) -> Result<Vec<Receipt>> {
    doc::all(LIST.fetch(conn, merchant, filter).await?, read)
}

/// Oldest first.
pub(crate) async fn of_order(conn: &mut Conn, merchant: Uuid, order: Uuid) -> Result<Vec<Receipt>> {
    let rows = conn
        .fetch_all(
            select!("merchant_id = $1 AND order_id = $2 ORDER BY received_at, id"),
            params![merchant, order],
        )
        .await?;
    doc::all(rows, read)
}

/// How many rows there were to change.
pub(crate) async fn set_status(
    conn: &mut Conn,
    (merchant, id): (Uuid, Uuid),
    status: ReceiptStatus,
    order_ref: Option<&str>,
    order: Option<Uuid>,
) -> Result<u64> {
    conn.execute(
        "UPDATE receipts SET status = $3, order_ref = $4, order_id = $5 WHERE merchant_id = $1 AND id = $2",
        params![merchant, id, status.as_str(), order_ref, order],
    )
    .await
}

pub(crate) async fn match_waiting(
    conn: &mut Conn,
    (merchant, source): (Uuid, Uuid),
    order_ref: &str,
    order: Uuid,
) -> Result<Vec<Uuid>> {
    let rows = conn
        .fetch_all(
            "UPDATE receipts SET status = 'processed', order_id = $4 \
             WHERE merchant_id = $1 AND source_id = $2 AND order_ref = $3 AND status = 'unmatched' RETURNING id",
            params![merchant, source, order_ref, order],
        )
        .await?;
    doc::all(rows, |row| row.uuid(0))
}

pub(crate) async fn waiting(
    conn: &mut Conn,
    (merchant, source): (Uuid, Uuid),
    order_ref: &str,
) -> Result<Vec<Uuid>> {
    let rows = conn
        .fetch_all(
            "SELECT id FROM receipts \
             WHERE merchant_id = $1 AND source_id = $2 AND order_ref = $3 AND status = 'unmatched'",
            params![merchant, source, order_ref],
        )
        .await?;
    // an order that is asked for in SQL makes SQLite go through all of a merchant's receipts in that order
    let mut waiting: Vec<Uuid> = doc::all(rows, |row| row.uuid(0))?;
    waiting.sort_unstable();
    Ok(waiting)
}

pub(crate) async fn facts(
    conn: &mut Conn,
    merchant: Uuid,
    source: Uuid,
    order_ref: &str,
) -> Result<Vec<OrderFact>> {
    let rows = conn
        .fetch_all(
            "SELECT doc FROM order_facts WHERE merchant_id = $1 AND source_id = $2 AND order_ref = $3",
            params![merchant, source, order_ref],
        )
        .await?;
    doc::all(rows, |row| row.json(0))
}

/// A receipt's facts are numbered as they stand in it; writing them again changes nothing.
pub(crate) async fn insert_facts(
    conn: &mut Conn,
    merchant: Uuid,
    source: Uuid,
    facts: &[OrderFact],
) -> Result<()> {
    let rows = (0_i64..)
        .zip(facts)
        .map(|(n, fact)| {
            Ok(params![
                merchant,
                source,
                &fact.order_ref,
                fact.receipt_id,
                n,
                doc::text(fact)?
            ])
        })
        .collect::<Result<_>>()?;
    FACTS.execute(conn, rows).await?;
    Ok(())
}

/// In the order in which they happened.
pub(crate) async fn events_of(
    conn: &mut Conn,
    merchant: Uuid,
    subject: Uuid,
) -> Result<Vec<EventRow>> {
    let rows = conn
        .fetch_all(
            "SELECT id, merchant_id, kind, subject_kind, subject_id, receipt_id, occurred_at, data FROM events \
             WHERE merchant_id = $1 AND subject_id = $2 ORDER BY occurred_at, id",
            params![merchant, subject],
        )
        .await?;
    doc::all(rows, |row| {
        Ok(EventRow {
            id: row.uuid(0)?,
            merchant_id: row.uuid(1)?,
            kind: row.parsed(2)?,
            subject_kind: row.text(3)?,
            subject_id: row.uuid(4)?,
            receipt_id: row.uuid_opt(5)?,
            occurred_at: row.time(6)?,
            data: row.json(7)?,
        })
    })
}

pub(crate) async fn insert_events(conn: &mut Conn, events: &[EventRow]) -> Result<()> {
    let rows = events
        .iter()
        .map(|event| {
            Ok(params![
                event.merchant_id,
                event.id,
                event.kind.as_str(),
                &event.subject_kind,
                event.subject_id,
                event.receipt_id,
                event.occurred_at,
                doc::text(&event.data)?,
            ])
        })
        .collect::<Result<_>>()?;
    EVENTS.execute(conn, rows).await?;
    Ok(())
}
