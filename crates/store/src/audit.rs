//! The audit chain in the database: appending at the end of a transaction, reading it for a check.
//!
//! The head of a merchant's chain is one row. Moving it on is what puts concurrent transactions of
//! one merchant in order: on Postgres its lock is held from here to the commit, which comes next; on
//! SQLite there is one writer anyway.

use std::collections::{BTreeMap, HashMap};

use domain::audit::{AuditEntry, AuditHash, Head, PendingAudit};
use engine::port::AuditFilter;
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    list::{MOST, literally},
    params,
    sql::{Conn, InsertMany, Query, Row, Scope},
};

static ENTRIES: InsertMany = InsertMany::new(
    "audit_entries",
    &[
        "merchant_id",
        "seq",
        "at",
        "actor",
        "action",
        "subject_kind",
        "subject_id",
        "detail",
        "trace_id",
        "prev_hash",
        "hash",
    ],
    "",
);

/// Chains the entries behind their merchants' heads, in the order given.
pub(crate) async fn append(
    conn: &mut Conn,
    heads: &mut HashMap<Uuid, Head>,
    pending: Vec<PendingAudit>,
) -> Result<()> {
    // merchants in order of their ids, so that two transactions never wait for each other's head
    let mut by_merchant: BTreeMap<Uuid, Vec<PendingAudit>> = BTreeMap::new();
    for entry in pending {
        by_merchant
            .entry(entry.merchant_id)
            .or_default()
            .push(entry);
    }
    conn.enter(Scope::of_all(by_merchant.keys().copied()));
    let mut rows = Vec::new();
    for (merchant_id, pending) in by_merchant {
        let count = pending.len() as i64;
        let (known, mut head) = match heads.remove(&merchant_id) {
            Some(head) => (true, head),
            None => (false, reserve(conn, merchant_id, count).await?),
        };
        for entry in pending {
            let entry = head.append(entry);
            rows.push(params![
                entry.merchant_id,
                entry.seq,
                entry.at,
                entry.actor,
                entry.action,
                entry.subject_kind,
                entry.subject_id,
                entry.detail,
                entry.trace_id,
                entry.prev_hash.0,
                entry.hash.0,
            ]);
        }
        let moved = match known {
            true => {
                "UPDATE audit_heads SET hash = $2, seq = $3 WHERE merchant_id = $1 AND seq = $3 - $4"
            }
            false => "UPDATE audit_heads SET hash = $2 WHERE merchant_id = $1 AND seq = $3",
        };
        let mut values = params![merchant_id, head.hash.0, head.seq];
        if known {
            values.push(count.into());
        }
        if conn.execute(moved, values).await? != 1 {
            return Err(StoreError::internal("somebody else has moved a chain on"));
        }
        heads.insert(merchant_id, head);
    }
    ENTRIES.execute(conn, rows).await?;
    Ok(())
}

/// Moves a merchant's head on by `count` numbers and returns where it stood.
async fn reserve(conn: &mut Conn, merchant_id: Uuid, count: i64) -> Result<Head> {
    let row = conn
        .fetch_one(
            "INSERT INTO audit_heads (merchant_id, seq, hash) VALUES ($1, $2, $3) \
             ON CONFLICT (merchant_id) DO UPDATE SET seq = audit_heads.seq + $2 RETURNING seq, hash",
            params![merchant_id, count, AuditHash::GENESIS.0],
        )
        .await?;
    Ok(Head {
        merchant_id,
        seq: row.int(0)? - count,
        hash: hash(&row, 1)?,
    })
}

/// The head of a merchant's chain; the genesis head if nothing is recorded.
///
/// For a check read the head first and the entries up to it afterwards: the chain may be growing.
pub async fn head(conn: &mut Conn, merchant_id: Uuid) -> Result<Head> {
    let row = conn
        .fetch_opt(
            "SELECT seq, hash FROM audit_heads WHERE merchant_id = $1",
            params![merchant_id],
        )
        .await?;
    match row {
        Some(row) => Ok(Head {
            merchant_id,
            seq: row.int(0)?,
            hash: hash(&row, 1)?,
        }),
        None => Ok(Head::genesis(merchant_id)),
    }
}

/// At most `limit` entries with numbers above `after` and up to `up_to`, in order.
pub async fn entries(
    conn: &mut Conn,
    merchant_id: Uuid,
    after: i64,
    up_to: i64,
    limit: i64,
) -> Result<Vec<AuditEntry>> {
    let rows = conn
        .fetch_all(
            "SELECT merchant_id, seq, at, actor, action, subject_kind, subject_id, detail, trace_id, prev_hash, hash \
             FROM audit_entries WHERE merchant_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4",
            params![merchant_id, after, up_to, limit],
        )
        .await?;
    rows.iter().map(entry).collect()
}

/// Reads an entry from the columns of the table, in their order.
pub(crate) fn entry(row: &Row) -> Result<AuditEntry> {
    Ok(AuditEntry {
        merchant_id: row.uuid(0)?,
        seq: row.int(1)?,
        at: row.time(2)?,
        actor: row.text(3)?,
        action: row.text(4)?,
        subject_kind: row.text(5)?,
        subject_id: row.text(6)?,
        detail: row.text(7)?,
        trace_id: row.text_opt(8)?,
        prev_hash: hash(row, 9)?,
        hash: hash(row, 10)?,
    })
}

fn hash(row: &Row, index: usize) -> Result<AuditHash> {
    row.blob(index)?
        .try_into()
        .map(AuditHash)
        .map_err(|_| StoreError::corrupt(format!("column {index} is not a SHA-256")))
}

/// One page of a merchant's trail, newest first.
pub(crate) async fn list(
    conn: &mut Conn,
    merchant_id: Uuid,
    filter: &AuditFilter,
) -> Result<Vec<AuditEntry>> {
    let mut query = Query::new(concat!(
        "SELECT merchant_id, seq, at, actor, action, subject_kind, subject_id, detail, trace_id, ",
        "prev_hash, hash FROM audit_entries WHERE merchant_id = "
    ))
    .bind(merchant_id);
    if let Some(kind) = &filter.subject_kind {
        query = query.push(" AND subject_kind = ").bind(kind);
    }
    if let Some(id) = &filter.subject_id {
        query = query.push(" AND subject_id = ").bind(id);
    }
    if let Some(actor) = &filter.actor {
        query = query.push(" AND actor = ").bind(actor);
        if actor.starts_with("user:") {
            // people are few entries among very many, and have an index of their own
            query = query.push(" AND substr(actor, 1, 5) = 'user:'");
        }
    }
    if let Some(action) = filter.action.as_deref().filter(|one| !one.ends_with('.')) {
        query = query.push(" AND action = ").bind(action);
    } else if let Some(action) = &filter.action {
        // its beginning: `export.` finds everything that happened to exports
        let pattern = format!("{}%", literally(action));
        query = query
            .push(" AND action LIKE ")
            .bind(pattern)
            .push(r" ESCAPE '\'");
    }
    let by_time = filter.since.is_some() || filter.until.is_some();
    if let Some(since) = filter.since {
        query = query.push(" AND at >= ").bind(since);
    }
    if let Some(until) = filter.until {
        query = query.push(" AND at < ").bind(until);
    }
    let order = if by_time {
        // numbers follow the time but for a few that were written at once; a page goes on where the one
        // before ended, by both
        if let Some(before) = filter.before_seq {
            query = query
                .push(" AND (at, seq) < ((SELECT at FROM audit_entries WHERE merchant_id = ")
                .bind(merchant_id)
                .push(" AND seq = ")
                .bind(before)
                .push("), ")
                .bind(before)
                .push(")");
        }
        " ORDER BY at DESC, seq DESC LIMIT "
    } else {
        if let Some(before) = filter.before_seq {
            query = query.push(" AND seq < ").bind(before);
        }
        " ORDER BY seq DESC LIMIT "
    };
    let rows = query
        .push(order)
        .bind(filter.limit.clamp(0, MOST))
        .fetch_all(conn)
        .await?;
    rows.iter().map(entry).collect()
}
