//! Mail that waits, and what became of it. `due_at` says when one may be taken: its own time, or the end
//! of the lease of whoever took it; over is what has none.

use domain::Time;
use engine::port::{Claim, ClaimedMail, MailAbout, MailFate, MailState, NewMail};
use uuid::Uuid;

use crate::{
    doc,
    error::{Result, StoreError},
    params,
    sql::{Conn, Engine, Row},
};

pub(crate) async fn insert(conn: &mut Conn, mail: &NewMail) -> Result<()> {
    let (merchant, invitation, person) = match mail.about {
        None => (None, None, None),
        Some(MailAbout::Invitation { merchant, id }) => (Some(merchant), Some(id), None),
        Some(MailAbout::Person { merchant, id }) => (Some(merchant), None, Some(id)),
    };
    conn.execute(
        "INSERT INTO mails (id, sealed_body, state, due_at, noted_in, invitation_id, user_id, created_at) \
         VALUES ($1, $2, 'waiting', $3, $4, $5, $6, $3)",
        params![
            mail.id,
            mail.sealed_body.as_slice(),
            mail.created_at,
            merchant,
            invitation,
            person,
        ],
    )
    .await?;
    Ok(())
}

macro_rules! returning {
    ($update:literal) => {
        concat!(
            $update,
            " RETURNING mails.id, mails.sealed_body, mails.noted_in, mails.invitation_id, mails.user_id, \
             mails.attempts, mails.fence"
        )
    };
}

/// There is one writer.
const CLAIM_ON_SQLITE: &str = returning!(
    "UPDATE mails SET due_at = $1, fence = fence + 1, attempts = attempts + 1 \
     WHERE id IN (SELECT id FROM mails WHERE due_at <= $2 ORDER BY due_at LIMIT $3)"
);

/// What another process is claiming is skipped, not waited for.
const CLAIM_ON_POSTGRES: &str = returning!(
    "WITH due AS MATERIALIZED (\
        SELECT id FROM mails WHERE due_at <= $2 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED) \
     UPDATE mails SET due_at = $1, fence = mails.fence + 1, attempts = mails.attempts + 1 \
     FROM due WHERE mails.id = due.id"
);

pub(crate) async fn claim(conn: &mut Conn, claim: Claim) -> Result<Vec<ClaimedMail>> {
    let sql = match conn.engine() {
        Engine::Sqlite => CLAIM_ON_SQLITE,
        Engine::Postgres => CLAIM_ON_POSTGRES,
    };
    let until = claim.now.plus_ms(claim.lease_ms);
    let rows = conn
        .fetch_all(sql, params![until, claim.now, claim.limit])
        .await?;
    let mut mails = doc::all(rows, read)?;
    // RETURNING comes in no particular order
    mails.sort_by_key(|mail| mail.id);
    Ok(mails)
}

fn read(row: &Row) -> Result<ClaimedMail> {
    Ok(ClaimedMail {
        id: row.uuid(0)?,
        sealed_body: row.blob(1)?,
        about: match (row.uuid_opt(2)?, row.uuid_opt(3)?, row.uuid_opt(4)?) {
            (Some(merchant), Some(id), _) => Some(MailAbout::Invitation { merchant, id }),
            (Some(merchant), None, Some(id)) => Some(MailAbout::Person { merchant, id }),
            _ => None,
        },
        attempts: row.int(5)?,
        fence: row.int(6)?,
    })
}

pub(crate) async fn rewrite(conn: &mut Conn, mail: &ClaimedMail, sealed: &[u8]) -> Result<bool> {
    let changed = conn
        .execute(
            "UPDATE mails SET sealed_body = $3 WHERE id = $1 AND fence = $2",
            params![mail.id, mail.fence, sealed],
        )
        .await?;
    Ok(changed == 1)
}

pub(crate) async fn postpone(
    conn: &mut Conn,
    mail: &ClaimedMail,
    due: Time,
    why: &str,
) -> Result<bool> {
    let changed = conn
        .execute(
            "UPDATE mails SET due_at = $3, why = $4 WHERE id = $1 AND fence = $2",
            params![mail.id, mail.fence, due, why],
        )
        .await?;
    Ok(changed == 1)
}

pub(crate) async fn end(
    conn: &mut Conn,
    mail: &ClaimedMail,
    (state, why): (MailState, &str),
    now: Time,
) -> Result<bool> {
    let changed = conn
        .execute(
            "UPDATE mails SET state = $3, why = $4, ended_at = $5, due_at = NULL, sealed_body = NULL \
             WHERE id = $1 AND fence = $2",
            params![mail.id, mail.fence, state.as_str(), why, now],
        )
        .await?;
    Ok(changed == 1)
}

pub(crate) async fn delete(conn: &mut Conn, mail: &ClaimedMail) -> Result<bool> {
    let gone = conn
        .execute(
            "DELETE FROM mails WHERE id = $1 AND fence = $2",
            params![mail.id, mail.fence],
        )
        .await?;
    Ok(gone == 1)
}

pub(crate) async fn forget(conn: &mut Conn, before: Time) -> Result<u64> {
    conn.execute("DELETE FROM mails WHERE ended_at < $1", params![before])
        .await
}

pub(crate) async fn next_at(conn: &mut Conn) -> Result<Option<Time>> {
    conn.fetch_one("SELECT MIN(due_at) FROM mails", params![])
        .await?
        .time_opt(0)
}

pub(crate) async fn of_invitations(conn: &mut Conn, merchant: Uuid) -> Result<Vec<MailFate>> {
    let rows = conn
        .fetch_all(
            "SELECT invitation_id, created_at, state, attempts, why, ended_at FROM mails \
             WHERE noted_in = $1 AND invitation_id IS NOT NULL",
            params![merchant],
        )
        .await?;
    doc::all(rows, fate)
}

/// The latest; ids of one millisecond are in order, too.
pub(crate) async fn of_person(
    conn: &mut Conn,
    merchant: Uuid,
    user_id: Uuid,
) -> Result<Option<MailFate>> {
    let row = conn
        .fetch_opt(
            "SELECT user_id, created_at, state, attempts, why, ended_at FROM mails \
             WHERE noted_in = $1 AND invitation_id IS NULL AND user_id = $2 \
             ORDER BY created_at DESC, id DESC LIMIT 1",
            params![merchant, user_id],
        )
        .await?;
    doc::one(row, fate)
}

fn fate(row: &Row) -> Result<MailFate> {
    let state = row.text(2)?;
    Ok(MailFate {
        about: row.uuid(0)?,
        created_at: row.time(1)?,
        state: MailState::ALL
            .into_iter()
            .find(|one| one.as_str() == state)
            .ok_or_else(|| StoreError::corrupt(format!("{state:?} is no state of a mail")))?,
        attempts: row.int(3)?,
        why: row.text(4)?,
        ended_at: row.time_opt(5)?,
    })
}
