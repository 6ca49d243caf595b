//! Jobs: what happens later, as rows.
//!
//! `due_at` is the one column that says when a job may be taken: its own time, or the end of the lease
//! of whoever took it. So claiming and sleeping both look at the front of one index, however many
//! jobs wait behind.

use domain::Time;
use engine::{
    job::{Job, JobKind},
    port::Claim,
};

use crate::{
    doc,
    error::{Result, StoreError},
    params,
    sql::{Conn, Engine, InsertMany, Row},
};

static JOBS: InsertMany = InsertMany::new(
    "jobs",
    &[
        "merchant_id",
        "id",
        "kind",
        "subject_id",
        "arg",
        "run_at",
        "due_at",
    ],
    "ON CONFLICT (merchant_id, id) DO NOTHING",
);

/// Gives back what a worker held that is known to be gone; its fence keeps it from finishing anything.
pub(crate) async fn free_leases(conn: &mut Conn) -> Result<u64> {
    conn.execute(
        "UPDATE jobs SET due_at = run_at WHERE due_at > run_at",
        params![],
    )
    .await
}

/// A job that is there already stays as it is.
pub(crate) async fn enqueue(conn: &mut Conn, jobs: &[Job]) -> Result<()> {
    let rows = jobs
        .iter()
        .map(|job| {
            params![
                job.merchant_id,
                job.id,
                job.kind.as_str(),
                job.subject_id,
                job.arg,
                job.run_at,
                job.run_at
            ]
        })
        .collect();
    JOBS.execute(conn, rows).await?;
    Ok(())
}

macro_rules! returning {
    ($update:literal) => {
        concat!(
            $update,
            " RETURNING jobs.id, jobs.merchant_id, jobs.kind, jobs.subject_id, jobs.arg, jobs.run_at, \
             jobs.attempts - 1, jobs.fence"
        )
    };
}

/// There is one writer.
const CLAIM_ON_SQLITE: &str = returning!(
    "UPDATE jobs SET due_at = $1, fence = fence + 1, attempts = attempts + 1 \
     WHERE (merchant_id, id) IN (SELECT merchant_id, id FROM jobs WHERE due_at <= $2 ORDER BY due_at LIMIT $3)"
);

/// Workers claim side by side: what another one is claiming is skipped, not waited for. The CTE is
/// materialized, so that it is evaluated once, with its limit.
const CLAIM_ON_POSTGRES: &str = returning!(
    "WITH due AS MATERIALIZED (\
        SELECT merchant_id, id FROM jobs WHERE due_at <= $2 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED) \
     UPDATE jobs SET due_at = $1, fence = jobs.fence + 1, attempts = jobs.attempts + 1 \
     FROM due WHERE jobs.merchant_id = due.merchant_id AND jobs.id = due.id"
);

pub(crate) async fn claim(conn: &mut Conn, claim: Claim) -> Result<Vec<Job>> {
    let sql = match conn.engine() {
        Engine::Sqlite => CLAIM_ON_SQLITE,
        Engine::Postgres => CLAIM_ON_POSTGRES,
    };
    let rows = conn
        .fetch_all(
            sql,
            params![claim.now.plus_ms(claim.lease_ms), claim.now, claim.limit],
        )
        .await?;
    let mut jobs = doc::all(rows, read)?;
    // RETURNING comes in no particular order
    jobs.sort_by_key(|job| (job.run_at, job.id));
    Ok(jobs)
}

fn read(row: &Row) -> Result<Job> {
    Ok(Job {
        id: row.uuid(0)?,
        merchant_id: row.uuid(1)?,
        kind: row
            .text(2)?
            .parse::<JobKind>()
            .map_err(StoreError::corrupt)?,
        subject_id: row.uuid(3)?,
        arg: row.int(4)?,
        run_at: row.time(5)?,
        attempts: row.int(6)?,
        fence: row.int(7)?,
    })
}

/// False when somebody else has claimed it since.
pub(crate) async fn renew(conn: &mut Conn, job: &Job, until: Time) -> Result<bool> {
    let changed = conn
        .execute(
            "UPDATE jobs SET due_at = $4 WHERE merchant_id = $1 AND id = $2 AND fence = $3",
            params![job.merchant_id, job.id, job.fence, until],
        )
        .await?;
    Ok(changed == 1)
}

/// False when somebody else has claimed it since.
pub(crate) async fn finish(conn: &mut Conn, job: &Job) -> Result<bool> {
    let gone = conn
        .execute(
            "DELETE FROM jobs WHERE merchant_id = $1 AND id = $2 AND fence = $3",
            params![job.merchant_id, job.id, job.fence],
        )
        .await?;
    Ok(gone == 1)
}

/// False when somebody else has claimed it since.
pub(crate) async fn postpone(conn: &mut Conn, job: &Job, run_at: Time) -> Result<bool> {
    let changed = conn
        .execute(
            "UPDATE jobs SET run_at = $4, due_at = $4 WHERE merchant_id = $1 AND id = $2 AND fence = $3",
            params![job.merchant_id, job.id, job.fence, run_at],
        )
        .await?;
    Ok(changed == 1)
}

pub(crate) async fn next_at(conn: &mut Conn) -> Result<Option<Time>> {
    conn.fetch_one("SELECT MIN(due_at) FROM jobs", params![])
        .await?
        .time_opt(0)
}

/// (due now, all).
pub(crate) async fn counts(conn: &mut Conn, now: Time) -> Result<(i64, i64)> {
    let row = conn
        .fetch_one(
            "SELECT (SELECT COUNT(*) FROM jobs WHERE due_at <= $1), (SELECT COUNT(*) FROM jobs)",
            params![now],
        )
        .await?;
    Ok((row.int(0)?, row.int(1)?))
}
