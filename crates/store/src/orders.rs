//! Orders: the projection of what was said about each, saved by `rev`.

use engine::port::{ListFilter, OrderRow};
use uuid::Uuid;

use crate::{
    doc,
    error::Result,
    list::{Before, List, Marks, Within, searchable},
    params,
    sql::{Conn, Row},
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, merchant_id, source_id, trace_id, created_at, updated_at, rev, doc FROM orders WHERE ",
            $rest
        )
    };
}

static LIST: List = List {
    select: select!("merchant_id = "),
    state: " AND state = ",
    groups: &[],
    // an order has no kind: none is like this
    kind: " AND '' = ",
    search: " AND search LIKE ",
    due: Some(Within {
        open: " AND id IN (SELECT subject_id FROM runs WHERE merchant_id = $1 AND wait_until IS NOT NULL",
        after: " AND wait_until > ",
        until: " AND wait_until <= ",
        close: ")",
    }),
    since: None,
    holder: None,
    marks: Marks::None,
    before: Before::TimeAndId(" AND (updated_at, id) < ("),
    order: " ORDER BY updated_at DESC, id DESC LIMIT ",
};

fn read(row: &Row) -> Result<OrderRow> {
    Ok(OrderRow {
        id: row.uuid(0)?,
        merchant_id: row.uuid(1)?,
        source_id: row.uuid(2)?,
        trace_id: row.text(3)?,
        created_at: row.time(4)?,
        updated_at: row.time(5)?,
        rev: row.int(6)?,
        order: row.json(7)?,
    })
}

pub(crate) async fn by_id(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<Option<OrderRow>> {
    let row = conn
        .fetch_opt(
            select!("merchant_id = $1 AND id = $2"),
            params![merchant, id],
        )
        .await?;
    doc::one(row, read)
}

pub(crate) async fn by_ref(
    conn: &mut Conn,
    merchant: Uuid,
    source: Uuid,
    order_ref: &str,
) -> Result<Option<OrderRow>> {
    let row = conn
        .fetch_opt(
            select!("merchant_id = $1 AND source_id = $2 AND order_ref = $3"),
            params![merchant, source, order_ref],
        )
        .await?;
    doc::one(row, read)
}

pub(crate) async fn list(
    conn: &mut Conn,
    merchant: Uuid,
    filter: &ListFilter,
) -> Result<Vec<OrderRow>> {
    doc::all(LIST.fetch(conn, merchant, filter).await?, read)
}

pub(crate) async fn insert(conn: &mut Conn, row: &OrderRow) -> Result<()> {
    conn.execute(
        "INSERT INTO orders (merchant_id, id, source_id, order_ref, state, trace_id, created_at, updated_at, rev, \
         search, doc) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            row.merchant_id,
            row.id,
            row.source_id,
            &row.order.external_id,
            row.order.state().as_str(),
            &row.trace_id,
            row.created_at,
            row.updated_at,
            row.rev,
            search(row),
            doc::text(&row.order)?,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save(conn: &mut Conn, row: &OrderRow) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE orders SET state = $4, updated_at = $5, search = $6, doc = $7, rev = rev + 1 \
             WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![
                row.merchant_id,
                row.id,
                row.rev,
                row.order.state().as_str(),
                row.updated_at,
                search(row),
                doc::text(&row.order)?,
            ],
        )
        .await?;
    doc::saved(changed)
}

fn search(row: &OrderRow) -> String {
    let order = &row.order;
    let id = row.id.to_string();
    let customer = [&order.customer.name, &order.customer.email];
    let skus = order.items.iter().map(|item| &item.sku);
    searchable(
        [order.name.as_str(), &order.external_id, &id]
            .into_iter()
            .chain(
                customer
                    .into_iter()
                    .chain(skus)
                    .flatten()
                    .map(String::as_str),
            ),
    )
}
