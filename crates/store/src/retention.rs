//! How long content is kept, what holds it, and what stays of content that was removed.
//!
//! What may be removed is asked in one place for each noun: it is over, nothing about it is open, nobody holds
//! it, and it is still there. These are the only statements that change the content of a receipt, an export or
//! a fact, and each leaves a row in `removals` beside it.

use domain::{
    Time,
    access::Noun,
    export::{Attempt, Export},
    order::OrderFact,
    retention::{ContentKind, LegalHold, Lifted, Removal, Retention},
};
use engine::port::OrderRow;
use uuid::Uuid;

use crate::{
    doc,
    error::{Result, StoreError},
    exports, orders, params,
    sql::{Conn, InsertMany, Query, Row},
};

static REMOVALS: InsertMany = InsertMany::new(
    "removals",
    &[
        "merchant_id",
        "noun",
        "subject_id",
        "at",
        "days",
        "bytes",
        "sha256",
    ],
    "ON CONFLICT (merchant_id, noun, subject_id) DO UPDATE SET at = excluded.at, days = excluded.days, \
     bytes = excluded.bytes, sha256 = excluded.sha256",
);

fn read(row: &Row) -> Result<Retention> {
    let mut retention: Retention = row.json(0)?;
    retention.rev = row.int(1)?;
    Ok(retention)
}

pub(crate) async fn of(conn: &mut Conn, merchant: Uuid) -> Result<Retention> {
    let row = conn
        .fetch_opt(
            "SELECT doc, rev FROM retention WHERE merchant_id = $1",
            params![merchant],
        )
        .await?;
    Ok(doc::one(row, read)?.unwrap_or_else(|| Retention::unset(merchant)))
}

/// Writes the row as it is, which nobody else can do beside it.
pub(crate) async fn lock(conn: &mut Conn, merchant: Uuid) -> Result<Retention> {
    let unset = Retention::unset(merchant);
    let row = conn
        .fetch_opt(
            "INSERT INTO retention (merchant_id, rev, doc) VALUES ($1, $2, $3) \
             ON CONFLICT (merchant_id) DO UPDATE SET rev = retention.rev RETURNING doc, rev",
            params![merchant, unset.rev, doc::text(&unset)?],
        )
        .await?;
    doc::one(row, read)?.ok_or_else(|| StoreError::corrupt("a row that was written is not there"))
}

pub(crate) async fn save(conn: &mut Conn, retention: &Retention) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE retention SET doc = $3, rev = rev + 1 WHERE merchant_id = $1 AND rev = $2",
            params![retention.merchant_id, retention.rev, doc::text(retention)?],
        )
        .await?;
    doc::saved(changed)
}

fn read_hold(row: &Row) -> Result<LegalHold> {
    row.json(0)
}

pub(crate) async fn holds(conn: &mut Conn, merchant: Uuid) -> Result<Vec<LegalHold>> {
    let rows = conn
        .fetch_all(
            "SELECT doc FROM legal_holds WHERE merchant_id = $1 ORDER BY placed_at DESC, id DESC",
            params![merchant],
        )
        .await?;
    doc::all(rows, read_hold)
}

pub(crate) async fn hold(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<Option<LegalHold>> {
    let row = conn
        .fetch_opt(
            "SELECT doc FROM legal_holds WHERE merchant_id = $1 AND id = $2",
            params![merchant, id],
        )
        .await?;
    doc::one(row, read_hold)
}

pub(crate) async fn insert_hold(conn: &mut Conn, hold: &LegalHold) -> Result<()> {
    conn.execute(
        "INSERT INTO legal_holds (merchant_id, id, order_id, placed_at, lifted_at, doc) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![
            hold.merchant_id,
            hold.id,
            hold.order_id,
            hold.placed_at,
            lifted_at(hold),
            doc::text(hold)?,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn lift_hold(conn: &mut Conn, hold: &LegalHold) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE legal_holds SET lifted_at = $3, doc = $4 \
             WHERE merchant_id = $1 AND id = $2 AND lifted_at IS NULL",
            params![hold.merchant_id, hold.id, lifted_at(hold), doc::text(hold)?],
        )
        .await?;
    doc::saved(changed)
}

fn lifted_at(hold: &LegalHold) -> Option<Time> {
    hold.lifted.as_ref().map(|Lifted { at, .. }| *at)
}

pub(crate) async fn removal(
    conn: &mut Conn,
    merchant: Uuid,
    noun: Noun,
    id: Uuid,
) -> Result<Option<Removal>> {
    let row = conn
        .fetch_opt(
            "SELECT at, days, bytes, sha256 FROM removals WHERE merchant_id = $1 AND noun = $2 AND subject_id = $3",
            params![merchant, noun.word(), id],
        )
        .await?;
    doc::one(row, |row| {
        Ok(Removal {
            merchant_id: merchant,
            noun,
            subject_id: id,
            at: row.time(0)?,
            days: row.int(1)?,
            bytes: row.int(2)?,
            sha256: row.text(3)?,
        })
    })
}

pub(crate) async fn insert_removals(conn: &mut Conn, removals: &[Removal]) -> Result<()> {
    let rows = removals
        .iter()
        .map(|one| {
            params![
                one.merchant_id,
                one.noun.word(),
                one.subject_id,
                one.at,
                one.days,
                one.bytes,
                &one.sha256,
            ]
        })
        .collect();
    REMOVALS.execute(conn, rows).await?;
    Ok(())
}

/// An order by which something is known is still worked on: a task, a run or an export about it is open.
macro_rules! order_is_quiet {
    ($table:literal, $order:literal) => {
        concat!(
            " AND NOT EXISTS (SELECT 1 FROM legal_holds WHERE legal_holds.merchant_id = ", $table,
            ".merchant_id AND legal_holds.lifted_at IS NULL AND (legal_holds.order_id IS NULL OR legal_holds.order_id = ",
            $order, "))",
            " AND NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.merchant_id = ", $table,
            ".merchant_id AND tasks.order_id = ", $order,
            " AND tasks.state NOT IN ('resolved', 'cancelled'))",
            " AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.merchant_id = ", $table,
            ".merchant_id AND runs.subject_id = ", $order,
            " AND runs.state IN ('running', 'paused', 'undoing'))",
        )
    };
}

/// The same of exports that are not over, for what is not an export itself.
macro_rules! nothing_goes_out {
    ($table:literal, $order:literal) => {
        concat!(
            " AND NOT EXISTS (SELECT 1 FROM exports WHERE exports.merchant_id = ", $table,
            ".merchant_id AND exports.subject_id = ", $order,
            " AND exports.state IN ('quarantined', 'awaiting_approval', 'ready', 'delivering', 'delivered', 'paused'))",
        )
    };
}

macro_rules! of_receipts {
    ($state:literal, $over:literal) => {
        concat!(
            $state,
            " AND NOT EXISTS (SELECT 1 FROM removals WHERE removals.merchant_id = receipts.merchant_id \
             AND removals.noun = 'receipt' AND removals.subject_id = receipts.id) \
             AND NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.merchant_id = receipts.merchant_id \
             AND tasks.receipt_id = receipts.id AND tasks.state NOT IN ",
            $over,
            ")",
            order_is_quiet!("receipts", "receipts.order_id"),
            nothing_goes_out!("receipts", "receipts.order_id"),
        )
    };
}

/// Whose rows, by which time, and which of them.
struct Which {
    rows: &'static str,
    count: &'static str,
    from: &'static str,
    until: &'static str,
    only: &'static str,
    order: &'static str,
}

macro_rules! which {
    ($table:literal, $time:literal, $only:expr) => {
        Which {
            rows: concat!(
                "SELECT ",
                $time,
                ", id FROM ",
                $table,
                " WHERE merchant_id = "
            ),
            count: concat!(
                "SELECT COUNT(*), MIN(",
                $time,
                ") FROM ",
                $table,
                " WHERE merchant_id = "
            ),
            from: concat!(" AND ", $time, " >= "),
            until: concat!(" AND ", $time, " < "),
            only: $only,
            order: concat!(" ORDER BY ", $time, ", id LIMIT "),
        }
    };
}

fn which(kind: ContentKind) -> Which {
    match kind {
        ContentKind::Receipts => which!(
            "receipts",
            "received_at",
            of_receipts!(
                " AND status IN ('processed', 'ignored')",
                "('resolved', 'cancelled')"
            )
        ),
        // The second condition is the one of the index that has only these. Each has a task until it can be read,
        // which may be never: it stays for as long as somebody has taken that.
        ContentKind::Quarantined => which!(
            "receipts",
            "received_at",
            of_receipts!(
                " AND status = 'quarantined' AND status IN ('ignored', 'quarantined', 'unmatched')",
                "('resolved', 'cancelled', 'open')"
            )
        ),
        // what was said after it was stripped may go again
        ContentKind::Orders => which!(
            "orders",
            "updated_at",
            concat!(
                " AND state IN ('shipped', 'nothing_to_ship', 'refunded', 'voided', 'cancelled') \
                 AND NOT EXISTS (SELECT 1 FROM removals WHERE removals.merchant_id = orders.merchant_id \
                 AND removals.noun = 'order' AND removals.subject_id = orders.id AND removals.at > orders.updated_at)",
                order_is_quiet!("orders", "orders.id"),
                nothing_goes_out!("orders", "orders.id"),
            )
        ),
        ContentKind::Exports => which!(
            "exports",
            "created_at",
            concat!(
                " AND state IN ('acknowledged', 'completed', 'rejected', 'declined', 'expired', 'withdrawn', \
                 'superseded', 'failed', 'compensated') \
                 AND NOT EXISTS (SELECT 1 FROM removals WHERE removals.merchant_id = exports.merchant_id \
                 AND removals.noun = 'export' AND removals.subject_id = exports.id) \
                 AND NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.merchant_id = exports.merchant_id \
                 AND tasks.export_id = exports.id AND tasks.state NOT IN ('resolved', 'cancelled')) \
                 AND NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.merchant_id = exports.merchant_id \
                 AND tasks.run_id = exports.run_id AND tasks.state NOT IN ('resolved', 'cancelled')) \
                 AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.merchant_id = exports.merchant_id \
                 AND runs.id = exports.run_id AND runs.state IN ('running', 'paused', 'undoing'))",
                order_is_quiet!("exports", "exports.subject_id"),
            )
        ),
    }
}

pub(crate) async fn removable(
    conn: &mut Conn,
    merchant: Uuid,
    kind: ContentKind,
    (from, until): (Time, Time),
    limit: i64,
) -> Result<Vec<(Time, Uuid)>> {
    let which = which(kind);
    let rows = Query::new(which.rows)
        .bind(merchant)
        .push(which.from)
        .bind(from)
        .push(which.until)
        .bind(until)
        .push(which.only)
        .push(which.order)
        .bind(limit)
        .fetch_all(conn)
        .await?;
    doc::all(rows, |row| Ok((row.time(0)?, row.uuid(1)?)))
}

pub(crate) async fn removable_count(
    conn: &mut Conn,
    merchant: Uuid,
    kind: ContentKind,
    until: Time,
) -> Result<(i64, Option<Time>)> {
    let which = which(kind);
    let row = Query::new(which.count)
        .bind(merchant)
        .push(which.until)
        .bind(until)
        .push(which.only)
        .fetch_opt(conn)
        .await?;
    Ok(doc::one(row, |row| Ok((row.int(0)?, row.time_opt(1)?)))?.unwrap_or((0, None)))
}

pub(crate) async fn strip_receipts(conn: &mut Conn, merchant: Uuid, ids: &[Uuid]) -> Result<()> {
    Query::new("UPDATE receipts SET body = ")
        .bind(Vec::<u8>::new())
        .push(" WHERE merchant_id = ")
        .bind(merchant)
        .push(" AND id IN ")
        .list(ids.to_vec())
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn strip_export(
    conn: &mut Conn,
    export: &Export,
    attempts: &[Attempt],
) -> Result<()> {
    let (rest, content) = exports::split(export)?;
    let changed = conn
        .execute(
            "UPDATE exports SET doc = $4, content = $5, wire = NULL, rev = rev + 1 \
             WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![export.merchant_id, export.id, export.rev, rest, content],
        )
        .await?;
    doc::saved(changed)?;
    for attempt in attempts {
        conn.execute(
            "UPDATE attempts SET doc = $4 WHERE merchant_id = $1 AND export_id = $2 AND n = $3",
            params![
                export.merchant_id,
                export.id,
                attempt.n,
                doc::text(attempt)?
            ],
        )
        .await?;
    }
    Ok(())
}

pub(crate) async fn strip_order(conn: &mut Conn, row: &OrderRow) -> Result<()> {
    // `updated_at` stays: nothing happened to the order
    orders::save(conn, row).await?;
    let facts = conn
        .fetch_all(
            "SELECT receipt_id, n, doc FROM order_facts \
             WHERE merchant_id = $1 AND source_id = $2 AND order_ref = $3",
            params![row.merchant_id, row.source_id, &row.order.external_id],
        )
        .await?;
    for fact in &facts {
        let (receipt, n) = (fact.uuid(0)?, fact.int(1)?);
        let mut said: OrderFact = fact.json(2)?;
        said.strip();
        conn.execute(
            "UPDATE order_facts SET doc = $6 WHERE merchant_id = $1 AND source_id = $2 AND order_ref = $3 \
             AND receipt_id = $4 AND n = $5",
            params![
                row.merchant_id,
                row.source_id,
                &row.order.external_id,
                receipt,
                n,
                doc::text(&said)?
            ],
        )
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::{export::ExportState, flow::RunState, order::OrderState};

    use super::*;

    /// The states in the list that stands behind `column IN`, in the text that has `mark` in it.
    fn listed(text: &str, column: &str) -> Vec<String> {
        let (_, list) = text.split_once(&format!("{column} IN (")).unwrap();
        let (list, _) = list.split_once(')').unwrap();
        list.split(',')
            .map(|word| word.trim().trim_matches('\'').to_owned())
            .collect()
    }

    #[test]
    fn what_is_over_is_what_the_domain_says() {
        let sorted = |mut words: Vec<String>| {
            words.sort();
            words
        };
        let of = |words: Vec<&str>| sorted(words.into_iter().map(str::to_owned).collect());
        let exports = which(ContentKind::Exports).only;
        let settled = ExportState::ALL.iter().filter(|one| one.is_settled());
        assert_eq!(
            sorted(listed(exports, " state")),
            of(settled.map(|one| one.as_str()).collect())
        );
        let open = ExportState::ALL.iter().filter(|one| !one.is_settled());
        let orders = which(ContentKind::Orders).only;
        assert_eq!(
            sorted(listed(orders, "exports.state")),
            of(open.map(|one| one.as_str()).collect())
        );
        let going = RunState::ALL.into_iter().filter(|one| !one.is_over());
        assert_eq!(
            sorted(listed(orders, "runs.state")),
            of(going.map(RunState::as_str).collect())
        );
        let worked_on = [
            OrderState::WaitingPayment,
            OrderState::Open,
            OrderState::InFulfillment,
            OrderState::PartiallyShipped,
        ];
        let closed = OrderState::ALL
            .into_iter()
            .filter(|one| !worked_on.contains(one));
        assert_eq!(
            sorted(listed(orders, " state")),
            of(closed.map(OrderState::as_str).collect())
        );
    }
}
