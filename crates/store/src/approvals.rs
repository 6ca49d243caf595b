//! Approvals: one row per step, decided by one conditional write.

use domain::approval::{Approval, ApprovalState};
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
        concat!("SELECT doc, state, rev FROM approvals WHERE ", $rest)
    };
}

static LIST: List = List {
    select: select!("merchant_id = "),
    state: " AND state = ",
    groups: &[
        ("open", " AND state IN ('pending', 'queued')"),
        ("decided", " AND decided_at IS NOT NULL"),
    ],
    // an approval has no kind: none is like this
    kind: " AND '' = ",
    search: " AND search LIKE ",
    due: Some(Within {
        open: " AND state = 'pending'",
        after: " AND accept_by > ",
        until: " AND accept_by <= ",
        close: "",
    }),
    since: Some(" AND decided_at > "),
    holder: None,
    marks: Marks::Own,
    before: Before::Id(" AND id < "),
    order: " ORDER BY id DESC LIMIT ",
};

fn read(row: &Row) -> Result<Approval> {
    let mut approval: Approval = row.json(0)?;
    approval.state = row.parsed(1)?;
    approval.rev = row.int(2)?;
    Ok(approval)
}

pub(crate) async fn by_id(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<Option<Approval>> {
    let row = conn
        .fetch_opt(
            select!("merchant_id = $1 AND id = $2"),
            params![merchant, id],
        )
        .await?;
    doc::one(row, read)
}

/// By step, and within a step in the order in which they were asked.
pub(crate) async fn of_export(
    conn: &mut Conn,
    merchant: Uuid,
    export: Uuid,
) -> Result<Vec<Approval>> {
    let rows = conn
        .fetch_all(
            select!("merchant_id = $1 AND export_id = $2 ORDER BY step, id"),
            params![merchant, export],
        )
        .await?;
    doc::all(rows, read)
}

pub(crate) async fn list(
    conn: &mut Conn,
    merchant: Uuid,
    filter: &ListFilter,
) -> Result<Vec<Approval>> {
    doc::all(LIST.fetch(conn, merchant, filter).await?, read)
}

/// Earliest deadline first.
pub(crate) async fn pending(
    conn: &mut Conn,
    merchants: &[Uuid],
    limit: i64,
) -> Result<Vec<Approval>> {
    let rows = Query::new(select!("merchant_id IN "))
        .list(merchants.to_vec())
        .push(" AND state = 'pending' ORDER BY accept_by, id LIMIT ")
        .bind(limit)
        .fetch_all(conn)
        .await?;
    doc::all(rows, read)
}

pub(crate) async fn insert(conn: &mut Conn, approval: &Approval) -> Result<()> {
    conn.execute(
        "INSERT INTO approvals (merchant_id, id, export_id, step, state, accept_by, rev, search, doc, asked_at, \
         decided_at, parties) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        params![
            approval.merchant_id,
            approval.id,
            approval.export_id,
            approval.step,
            approval.state.as_str(),
            approval.accept_by,
            approval.rev,
            search(approval),
            doc::text(approval)?,
            approval.asked_at,
            decided_at(approval),
            parties(&approval.marks()),
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save(conn: &mut Conn, approval: &Approval) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE approvals SET state = $4, accept_by = $5, doc = $6, asked_at = $7, decided_at = $8, \
             parties = $9, rev = rev + 1 \
             WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![
                approval.merchant_id,
                approval.id,
                approval.rev,
                approval.state.as_str(),
                approval.accept_by,
                doc::text(approval)?,
                approval.asked_at,
                decided_at(approval),
                parties(&approval.marks()),
            ],
        )
        .await?;
    doc::saved(changed)
}

/// Only what somebody decided; an approval may end in other ways.
fn decided_at(approval: &Approval) -> Option<domain::Time> {
    let decided = matches!(
        approval.state,
        ApprovalState::Approved | ApprovalState::Declined
    );
    approval.decided_at.filter(|_| decided)
}

fn search(approval: &Approval) -> String {
    searchable([
        approval.reason.as_str(),
        &approval.owner.title(),
        &approval.id.to_string(),
        &approval.export_id.to_string(),
    ])
}
