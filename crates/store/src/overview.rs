//! What stands at many merchants at once: one statement per question, not one per merchant. Each reads
//! what is live, or the last day or week, by an index that begins with the merchant.

use std::collections::HashMap;

use domain::{Time, approval::Approval};
use engine::port::{AtRisk, Figures, Held, Next, Span, Taken};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    error::Result,
    sql::{Conn, Query, Row},
    tasks,
};

const HOUR_MS: i64 = 60 * 60 * 1000;

type All = HashMap<Uuid, Figures>;

pub(crate) async fn figures(
    conn: &mut Conn,
    merchants: &[Uuid],
    span: &Span,
) -> Result<(All, Taken)> {
    let hours = usize::try_from(span.now.since_ms(span.day) / HOUR_MS).unwrap_or_default();
    let fresh = |id: &Uuid| {
        let figures = Figures {
            opened: vec![0; hours],
            ended: vec![0; hours],
            ..Figures::default()
        };
        (*id, figures)
    };
    let mut all: All = merchants.iter().map(fresh).collect();
    if merchants.is_empty() {
        return Ok((all, Taken::default()));
    }
    tasks_by_holder(conn, &mut all, merchants, span).await?;
    at_risk(conn, &mut all, merchants, span).await?;
    history(conn, &mut all, merchants, span).await?;
    next(conn, &mut all, merchants).await?;
    let overall = decisions(conn, &mut all, merchants, span).await?;
    receipts(conn, &mut all, merchants, span).await?;
    sources(conn, &mut all, merchants, span).await?;
    Ok((all, overall))
}

/// Applies each row to the figures of the merchant in its first column.
fn each(
    rows: &[Row],
    all: &mut All,
    mut apply: impl FnMut(&mut Figures, &Row) -> Result<()>,
) -> Result<()> {
    for row in rows {
        if let Some(figures) = all.get_mut(&row.uuid(0)?) {
            apply(figures, row)?;
        }
    }
    Ok(())
}

async fn tasks_by_holder(
    conn: &mut Conn,
    all: &mut All,
    merchants: &[Uuid],
    span: &Span,
) -> Result<()> {
    let rows = Query::new("SELECT merchant_id, holder, COUNT(*), COUNT(CASE WHEN deadline <= ")
        .bind(span.now)
        .push(" THEN 1 END), COUNT(CASE WHEN deadline > ")
        .bind(span.now)
        .push(" AND deadline <= ")
        .bind(span.soon)
        .push(" THEN 1 END) FROM tasks WHERE merchant_id IN ")
        .list(merchants.to_vec())
        .push(" AND state NOT IN ('resolved', 'cancelled') GROUP BY merchant_id, holder")
        .fetch_all(conn)
        .await?;
    each(&rows, all, |figures, row| {
        let (count, late) = (row.int(2)?, row.int(3)?);
        figures.tasks.late += late;
        figures.tasks.soon += row.int(4)?;
        figures.held.push(Held {
            holder: row.text(1)?,
            count,
            late,
        });
        Ok(())
    })?;
    for figures in all.values_mut() {
        figures
            .held
            .sort_by(|a, b| (b.count, &a.holder).cmp(&(a.count, &b.holder)));
    }
    Ok(())
}

/// What else has a clock: approvals that wait, exports that have not left, orders whose flow waits.
async fn at_risk(conn: &mut Conn, all: &mut All, merchants: &[Uuid], span: &Span) -> Result<()> {
    fn read(row: &Row) -> Result<AtRisk> {
        Ok(AtRisk {
            late: row.int(1)?,
            soon: row.int(2)?,
        })
    }
    let rows = Query::new("SELECT merchant_id, COUNT(CASE WHEN accept_by <= ")
        .bind(span.now)
        .push(" THEN 1 END), COUNT(CASE WHEN accept_by > ")
        .bind(span.now)
        .push(" THEN 1 END) FROM approvals WHERE merchant_id IN ")
        .list(merchants.to_vec())
        .push(" AND state = 'pending' AND accept_by <= ")
        .bind(span.soon)
        .push(" GROUP BY merchant_id")
        .fetch_all(conn)
        .await?;
    each(&rows, all, |figures, row| {
        figures.approvals = read(row)?;
        Ok(())
    })?;
    let rows = Query::new("SELECT merchant_id, COUNT(CASE WHEN deadline <= ")
        .bind(span.now)
        .push(" THEN 1 END), COUNT(CASE WHEN deadline > ")
        .bind(span.now)
        .push(" THEN 1 END) FROM exports WHERE merchant_id IN ")
        .list(merchants.to_vec())
        .push(" AND deadline IS NOT NULL AND deadline <= ")
        .bind(span.soon)
        .push(" GROUP BY merchant_id")
        .fetch_all(conn)
        .await?;
    each(&rows, all, |figures, row| {
        figures.exports = read(row)?;
        Ok(())
    })?;
    // an order counts once, however many of its flows wait; a campaign's flow is no order's
    let rows = Query::new("SELECT r.merchant_id, COUNT(DISTINCT CASE WHEN r.wait_until <= ")
        .bind(span.now)
        .push(" THEN o.id END), COUNT(DISTINCT CASE WHEN r.wait_until > ")
        .bind(span.now)
        .push(
            " THEN o.id END) FROM runs r JOIN orders o ON o.merchant_id = r.merchant_id AND o.id = r.subject_id \
             WHERE r.merchant_id IN ",
        )
        .list(merchants.to_vec())
        .push(" AND r.wait_until IS NOT NULL AND r.wait_until <= ")
        .bind(span.soon)
        .push(" GROUP BY r.merchant_id")
        .fetch_all(conn)
        .await?;
    each(&rows, all, |figures, row| {
        figures.orders = read(row)?;
        Ok(())
    })
}

/// Tasks that were opened and that ended, by the hour.
async fn history(conn: &mut Conn, all: &mut All, merchants: &[Uuid], span: &Span) -> Result<()> {
    fn add(hours: &mut [i64], row: &Row) -> Result<()> {
        // what happens while this is read counts into the last hour
        let last = hours.len().saturating_sub(1);
        let hour = usize::try_from(row.int(1)?).unwrap_or_default().min(last);
        if let Some(count) = hours.get_mut(hour) {
            *count += row.int(2)?;
        }
        Ok(())
    }
    let opened = Query::new("SELECT merchant_id, (created_at - ")
        .bind(span.day)
        .push(" - 1) / 3600000, COUNT(*) FROM tasks WHERE merchant_id IN ")
        .list(merchants.to_vec())
        .push(" AND created_at > ")
        .bind(span.day)
        .push(" GROUP BY 1, 2")
        .fetch_all(conn)
        .await?;
    each(&opened, all, |figures, row| add(&mut figures.opened, row))?;
    let ended = Query::new("SELECT merchant_id, (ended_at - ")
        .bind(span.day)
        .push(" - 1) / 3600000, COUNT(*) FROM tasks WHERE merchant_id IN ")
        .list(merchants.to_vec())
        .push(" AND ended_at IS NOT NULL AND ended_at > ")
        .bind(span.day)
        .push(" GROUP BY 1, 2")
        .fetch_all(conn)
        .await?;
    each(&ended, all, |figures, row| add(&mut figures.ended, row))
}

/// The task and the approval with the earliest deadline, and of the two the earlier.
async fn next(conn: &mut Conn, all: &mut All, merchants: &[Uuid]) -> Result<()> {
    let rows = Query::new(
        "SELECT merchant_id, doc, state, rev FROM (SELECT merchant_id, doc, state, rev, \
         ROW_NUMBER() OVER (PARTITION BY merchant_id ORDER BY deadline, id) AS place \
         FROM tasks WHERE merchant_id IN ",
    )
    .list(merchants.to_vec())
    .push(" AND state NOT IN ('resolved', 'cancelled')) AS live WHERE place = 1")
    .fetch_all(conn)
    .await?;
    each(&rows, all, |figures, row| {
        figures.next = Some(Next::Task(Box::new(tasks::read_from(row, 1)?)));
        Ok(())
    })?;
    let rows = Query::new(
        "SELECT merchant_id, doc, of_export FROM (SELECT a.merchant_id AS merchant_id, a.doc AS doc, e.doc AS of_export, \
         ROW_NUMBER() OVER (PARTITION BY a.merchant_id ORDER BY a.accept_by, a.id) AS place FROM approvals a \
         JOIN exports e ON e.merchant_id = a.merchant_id AND e.id = a.export_id WHERE a.merchant_id IN ",
    )
    .list(merchants.to_vec())
    .push(" AND a.state = 'pending') AS pending WHERE place = 1")
    .fetch_all(conn)
    .await?;
    each(&rows, all, |figures, row| {
        let approval: Approval = row.json(1)?;
        let title: Titled = row.json(2)?;
        let earlier = match (&figures.next, approval.accept_by) {
            (Some(Next::Task(task)), Some(by)) => by < task.deadline(),
            (Some(_), None) => false,
            _ => true,
        };
        if earlier {
            figures.next = Some(Next::Approval(Box::new(approval), title.title));
        }
        Ok(())
    })
}

/// What of an export's document is shown here.
#[derive(Deserialize)]
struct Titled {
    title: String,
}

/// Half of the decisions took no longer than the one, nineteen of twenty no longer than the other.
async fn decisions(
    conn: &mut Conn,
    all: &mut All,
    merchants: &[Uuid],
    span: &Span,
) -> Result<Taken> {
    let rows = Query::new(
        "SELECT merchant_id, decided_at - asked_at FROM approvals WHERE merchant_id IN ",
    )
    .list(merchants.to_vec())
    .push(" AND decided_at IS NOT NULL AND decided_at > ")
    .bind(span.week)
    .push(" ORDER BY 2")
    .fetch_all(conn)
    .await?;
    let mut overall = Vec::with_capacity(rows.len());
    let mut by_merchant: HashMap<Uuid, Vec<i64>> = HashMap::new();
    for row in &rows {
        let took = row.int(1)?;
        overall.push(took);
        by_merchant.entry(row.uuid(0)?).or_default().push(took);
    }
    for (merchant, sorted) in by_merchant {
        if let Some(figures) = all.get_mut(&merchant) {
            figures.taken = Taken::of(&sorted);
        }
    }
    Ok(Taken::of(&overall))
}

async fn receipts(conn: &mut Conn, all: &mut All, merchants: &[Uuid], span: &Span) -> Result<()> {
    let rows = Query::new("SELECT merchant_id, COUNT(*) FROM receipts WHERE merchant_id IN ")
        .list(merchants.to_vec())
        .push(" AND received_at > ")
        .bind(span.day)
        .push(" GROUP BY merchant_id")
        .fetch_all(conn)
        .await?;
    each(&rows, all, |figures, row| {
        figures.receipts = row.int(1)?;
        Ok(())
    })
}

/// When something came last, and which sources were heard since yesterday: one look each at the end of an
/// index; grouped, it would read all of it. A source is looked for from the newest receipt backwards, by
/// time: it is compared through a function, or it would be looked up among all it ever sent.
async fn sources(conn: &mut Conn, all: &mut All, merchants: &[Uuid], span: &Span) -> Result<()> {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let rows = Query::new(
        "SELECT s.merchant_id, s.id, s.doc, (SELECT r.received_at FROM receipts r \
         WHERE r.merchant_id = s.merchant_id AND r.received_at > ",
    )
    .bind(span.day)
    .push(
        " AND COALESCE(r.source_id, r.merchant_id) = s.id ORDER BY r.received_at DESC LIMIT 1), \
         (SELECT MAX(r.received_at) FROM receipts r WHERE r.merchant_id = s.merchant_id) FROM sources s WHERE s.merchant_id IN ",
    )
    .list(merchants.to_vec())
    .push(" ORDER BY s.id")
    .fetch_all(conn)
    .await?;
    each(&rows, all, |figures, row| {
        figures.sources += 1;
        figures.last_receipt = row.time_opt(4)?;
        let heard: Option<Time> = row.time_opt(3)?;
        if heard.is_none() {
            let named: Named = row.json(2)?;
            figures.quiet.push((row.uuid(1)?, named.name));
        }
        Ok(())
    })
}
