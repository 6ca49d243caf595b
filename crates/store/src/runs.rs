//! Flow runs, and the campaigns that some of them are for.

use domain::flow::{Campaign, Run};
use uuid::Uuid;

use crate::{
    doc,
    error::Result,
    params,
    sql::{Conn, Row},
};

fn read(row: &Row) -> Result<Run> {
    let mut run: Run = row.json(0)?;
    run.state = row.parsed(1)?;
    run.rev = row.int(2)?;
    Ok(run)
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT doc, state, rev FROM runs WHERE ", $rest)
    };
}

pub(crate) async fn by_id(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<Option<Run>> {
    let row = conn
        .fetch_opt(
            select!("merchant_id = $1 AND id = $2"),
            params![merchant, id],
        )
        .await?;
    doc::one(row, read)
}

/// Oldest first.
pub(crate) async fn of_subject(conn: &mut Conn, merchant: Uuid, subject: Uuid) -> Result<Vec<Run>> {
    let rows = conn
        .fetch_all(
            select!("merchant_id = $1 AND subject_id = $2 ORDER BY started_at, id"),
            params![merchant, subject],
        )
        .await?;
    doc::all(rows, read)
}

/// Newest first.
pub(crate) async fn of_flow(
    conn: &mut Conn,
    merchant: Uuid,
    flow_key: &str,
    limit: i64,
) -> Result<Vec<Run>> {
    let rows = conn
        .fetch_all(
            select!(
                "merchant_id = $1 AND flow_key = $2 ORDER BY started_at DESC, id DESC LIMIT $3"
            ),
            params![merchant, flow_key, limit],
        )
        .await?;
    doc::all(rows, read)
}

/// False when there is a run of this flow for this subject.
pub(crate) async fn insert(conn: &mut Conn, run: &Run) -> Result<bool> {
    let inserted = conn
        .execute(
            "INSERT INTO runs (merchant_id, id, flow_key, subject_id, state, started_at, rev, doc, wait_until) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (merchant_id, subject_id, flow_key) DO NOTHING",
            params![
                run.merchant_id,
                run.id,
                &run.flow_key,
                run.subject_id,
                run.state.as_str(),
                run.started_at,
                run.rev,
                doc::text(run)?,
                wait_until(run),
            ],
        )
        .await?;
    Ok(inserted == 1)
}

pub(crate) async fn save(conn: &mut Conn, run: &Run) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE runs SET state = $4, doc = $5, wait_until = $6, rev = rev + 1 \
             WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![
                run.merchant_id,
                run.id,
                run.rev,
                run.state.as_str(),
                doc::text(run)?,
                wait_until(run),
            ],
        )
        .await?;
    doc::saved(changed)
}

/// What is over waits for nothing.
fn wait_until(run: &Run) -> Option<domain::Time> {
    run.wait_until()
        .filter(|_| run.state == domain::flow::RunState::Running)
}

pub(crate) async fn campaign(
    conn: &mut Conn,
    merchant: Uuid,
    id: Uuid,
) -> Result<Option<Campaign>> {
    let row = conn
        .fetch_opt(
            "SELECT doc FROM campaigns WHERE merchant_id = $1 AND id = $2",
            params![merchant, id],
        )
        .await?;
    doc::one(row, |row| row.json(0))
}

pub(crate) async fn insert_campaign(conn: &mut Conn, campaign: &Campaign) -> Result<()> {
    conn.execute(
        "INSERT INTO campaigns (merchant_id, id, campaign_id, doc) VALUES ($1, $2, $3, $4)",
        params![
            campaign.merchant_id,
            campaign.id,
            &campaign.campaign_id,
            doc::text(campaign)?
        ],
    )
    .await?;
    Ok(())
}
