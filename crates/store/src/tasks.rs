//! Tasks. While one is live, the same trouble cannot open another: a unique index says so.

use domain::task::Task;
use engine::port::ListFilter;
use uuid::Uuid;

use crate::{
    doc,
    error::Result,
    list::{Before, List, Marks, Within, parties, searchable},
    params,
    sql::{Conn, Query, Row},
};

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT doc, state, rev FROM tasks WHERE ", $rest)
    };
}

static LIST: List = List {
    select: select!("merchant_id = "),
    state: " AND state = ",
    groups: &[("live", " AND state NOT IN ('resolved', 'cancelled')")],
    kind: " AND code = ",
    search: " AND search LIKE ",
    due: Some(Within {
        open: " AND state NOT IN ('resolved', 'cancelled')",
        after: " AND deadline > ",
        until: " AND deadline <= ",
        close: "",
    }),
    since: None,
    holder: Some(" AND holder = "),
    marks: Marks::Own,
    before: Before::TimeAndId(" AND (created_at, id) < ("),
    order: " ORDER BY created_at DESC, id DESC LIMIT ",
};

fn read(row: &Row) -> Result<Task> {
    read_from(row, 0)
}

pub(crate) fn read_from(row: &Row, from: usize) -> Result<Task> {
    let mut task: Task = row.json(from)?;
    task.state = row.parsed(from + 1)?;
    task.rev = row.int(from + 2)?;
    Ok(task)
}

pub(crate) async fn by_id(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<Option<Task>> {
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
) -> Result<Vec<Task>> {
    doc::all(LIST.fetch(conn, merchant, filter).await?, read)
}

/// Earliest deadline first.
pub(crate) async fn live(conn: &mut Conn, merchants: &[Uuid], limit: i64) -> Result<Vec<Task>> {
    let rows = Query::new(select!("merchant_id IN "))
        .list(merchants.to_vec())
        .push(" AND state NOT IN ('resolved', 'cancelled') ORDER BY deadline, id LIMIT ")
        .bind(limit)
        .fetch_all(conn)
        .await?;
    doc::all(rows, read)
}

pub(crate) async fn live_by_key(
    conn: &mut Conn,
    merchant: Uuid,
    dedup_key: &str,
) -> Result<Option<Task>> {
    let row = conn
        .fetch_opt(
            select!(
                "merchant_id = $1 AND dedup_key = $2 AND state NOT IN ('resolved', 'cancelled')"
            ),
            params![merchant, dedup_key],
        )
        .await?;
    doc::one(row, read)
}

/// Oldest first.
pub(crate) async fn about(conn: &mut Conn, merchant: Uuid, subject: Uuid) -> Result<Vec<Task>> {
    // each part has its index; one condition over all of them would have none
    let rows = conn
        .fetch_all(
            "SELECT doc, state, rev, created_at, id FROM tasks WHERE merchant_id = $1 AND receipt_id = $2 \
             UNION SELECT doc, state, rev, created_at, id FROM tasks WHERE merchant_id = $1 AND order_id = $2 \
             UNION SELECT doc, state, rev, created_at, id FROM tasks WHERE merchant_id = $1 AND run_id = $2 \
             UNION SELECT doc, state, rev, created_at, id FROM tasks WHERE merchant_id = $1 AND export_id = $2 \
             ORDER BY created_at, id",
            params![merchant, subject],
        )
        .await?;
    doc::all(rows, read)
}

/// False when there is a live task about the same.
pub(crate) async fn insert(conn: &mut Conn, task: &Task) -> Result<bool> {
    let inserted = conn
        .execute(
            "INSERT INTO tasks (merchant_id, id, dedup_key, code, state, deadline, receipt_id, order_id, run_id, \
             export_id, created_at, rev, search, doc, holder, ended_at, parties) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) \
             ON CONFLICT (merchant_id, dedup_key) WHERE state NOT IN ('resolved', 'cancelled') DO NOTHING",
            params![
                task.merchant_id,
                task.id,
                &task.dedup_key,
                &task.code,
                task.state.as_str(),
                task.deadline(),
                task.receipt_id,
                task.order_id,
                task.run_id,
                task.export_id,
                task.created_at,
                task.rev,
                search(task),
                doc::text(task)?,
                task.holder().to_string(),
                task.resolved_at,
                parties(&task.marks()),
            ],
        )
        .await?;
    Ok(inserted == 1)
}

pub(crate) async fn save(conn: &mut Conn, task: &Task) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE tasks SET state = $4, deadline = $5, search = $6, doc = $7, holder = $8, ended_at = $9, \
             parties = $10, rev = rev + 1 \
             WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![
                task.merchant_id,
                task.id,
                task.rev,
                task.state.as_str(),
                task.deadline(),
                search(task),
                doc::text(task)?,
                task.holder().to_string(),
                task.resolved_at,
                parties(&task.marks()),
            ],
        )
        .await?;
    doc::saved(changed)
}

fn search(task: &Task) -> String {
    searchable([
        task.title.as_str(),
        &task.code,
        &task.sentence,
        &task.id.to_string(),
    ])
}
