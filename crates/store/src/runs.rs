//! Flow runs, and the campaigns and cases that some of them are for.

use domain::flow::{Campaign, Case, Run, upgrade};
use uuid::Uuid;

use crate::{
    doc,
    error::Result,
    params, rules,
    sql::{Conn, Engine, Row},
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

/// Runs from before flows had branches are read as what they mean, which their flow knows.
async fn of_any_age(conn: &mut Conn, mut runs: Vec<Run>) -> Result<Vec<Run>> {
    for run in runs.iter_mut().filter(|run| upgrade::is_old(run)) {
        if let Some(flow) = rules::flow(conn, run.merchant_id, run.flow_id).await? {
            upgrade::run(run, &flow);
        }
    }
    Ok(runs)
}

pub(crate) async fn by_id(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<Option<Run>> {
    let row = conn
        .fetch_opt(
            select!("merchant_id = $1 AND id = $2"),
            params![merchant, id],
        )
        .await?;
    let run = doc::one(row, read)?;
    Ok(of_any_age(conn, run.into_iter().collect()).await?.pop())
}

/// Oldest first.
pub(crate) async fn of_subject(conn: &mut Conn, merchant: Uuid, subject: Uuid) -> Result<Vec<Run>> {
    let rows = conn
        .fetch_all(
            select!("merchant_id = $1 AND subject_id = $2 ORDER BY started_at, id"),
            params![merchant, subject],
        )
        .await?;
    let runs = doc::all(rows, read)?;
    of_any_age(conn, runs).await
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
    let runs = doc::all(rows, read)?;
    of_any_age(conn, runs).await
}

/// False when there is a run of this flow for this subject and occasion.
pub(crate) async fn insert(conn: &mut Conn, run: &Run) -> Result<bool> {
    let inserted = conn
        .execute(
            "INSERT INTO runs (merchant_id, id, flow_key, subject_id, state, started_at, rev, doc, wait_until, \
             occasion, flow_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
             ON CONFLICT (merchant_id, subject_id, flow_key, occasion) DO NOTHING",
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
                &run.occasion,
                run.flow_id,
            ],
        )
        .await?;
    Ok(inserted == 1)
}

pub(crate) async fn save(conn: &mut Conn, run: &Run) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE runs SET state = $4, doc = $5, wait_until = $6, flow_id = $7, rev = rev + 1 \
             WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![
                run.merchant_id,
                run.id,
                run.rev,
                run.state.as_str(),
                doc::text(run)?,
                wait_until(run),
                run.flow_id,
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

pub(crate) async fn case(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<Option<Case>> {
    let row = conn
        .fetch_opt(
            "SELECT doc FROM cases WHERE merchant_id = $1 AND id = $2",
            params![merchant, id],
        )
        .await?;
    doc::one(row, |row| row.json(0))
}

pub(crate) async fn insert_case(conn: &mut Conn, case: &Case) -> Result<()> {
    conn.execute(
        "INSERT INTO cases (merchant_id, id, noun, reference, created_at, doc) VALUES ($1, $2, $3, $4, $5, $6)",
        params![
            case.merchant_id,
            case.id,
            &case.noun,
            &case.reference,
            case.created_at,
            doc::text(case)?
        ],
    )
    .await?;
    Ok(())
}

/// Takes the row of what a run is about. On SQLite whoever writes is alone anyway.
pub(crate) async fn hold_subject(
    conn: &mut Conn,
    merchant: Uuid,
    kind: &str,
    id: Uuid,
) -> Result<()> {
    if conn.engine() == Engine::Sqlite {
        return Ok(());
    }
    let sql = match kind {
        "order" => "SELECT 1 FROM orders WHERE merchant_id = $1 AND id = $2 FOR UPDATE",
        "case" => "SELECT 1 FROM cases WHERE merchant_id = $1 AND id = $2 FOR UPDATE",
        _ => "SELECT 1 FROM campaigns WHERE merchant_id = $1 AND id = $2 FOR UPDATE",
    };
    conn.fetch_opt(sql, params![merchant, id]).await?;
    Ok(())
}
