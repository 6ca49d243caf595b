//! What people are told. While somebody has not read a notice, the same cannot be told them again: a
//! unique index says so.

use domain::{
    Time,
    approval::Approval,
    chat::Directly,
    notice::{LastAsked, LastTold, Notice},
};
use uuid::Uuid;

use crate::{
    doc,
    error::Result,
    params,
    sql::{Conn, Query, Row},
};

fn read(row: &Row) -> Result<Notice> {
    Ok(Notice {
        merchant_id: row.uuid(0)?,
        id: row.uuid(1)?,
        user_id: row.uuid(2)?,
        told_as: row.parsed(3)?,
        matter: row.text(4)?,
        about: (row.text(5)?, row.uuid(6)?),
        sentence: row.text(7)?,
        created_at: row.time(8)?,
    })
}

pub(crate) async fn unread(
    conn: &mut Conn,
    merchants: &[Uuid],
    user: Uuid,
    limit: i64,
) -> Result<Vec<Notice>> {
    let rows = Query::new(
        "SELECT merchant_id, id, user_id, told_as, matter, about_kind, about_id, sentence, created_at \
         FROM notices WHERE merchant_id IN ",
    )
    .list(merchants.to_vec())
    .push(" AND read_at IS NULL AND user_id = ")
    .bind(user)
    .push(" ORDER BY created_at DESC, id DESC LIMIT ")
    .bind(limit)
    .fetch_all(conn)
    .await?;
    doc::all(rows, read)
}

pub(crate) async fn last_told(conn: &mut Conn, merchant: Uuid) -> Result<Vec<LastTold>> {
    // of several at that moment any one is as good as the others
    let rows = conn
        .fetch_all(
            "SELECT n.told_as, n.matter, n.about_kind, n.about_id, n.created_at, n.id FROM notices n \
             JOIN (SELECT matter, told_as, MAX(created_at) AS newest FROM notices \
                   WHERE merchant_id = $1 AND matter <> '' GROUP BY matter, told_as) AS last \
             ON n.matter = last.matter AND n.told_as = last.told_as AND n.created_at = last.newest \
             WHERE n.merchant_id = $1 ORDER BY n.matter, n.told_as, n.id",
            params![merchant],
        )
        .await?;
    let mut all = doc::all(rows, |row| {
        Ok(LastTold {
            told_as: row.parsed(0)?,
            matter: row.text(1)?,
            about: (row.text(2)?, row.uuid(3)?),
            at: row.time(4)?,
        })
    })?;
    all.dedup_by(|next, kept| next.matter == kept.matter && next.told_as == kept.told_as);
    Ok(all)
}

/// Enough to have been asked once by everything that is in use.
const RECENT: i64 = 500;

pub(crate) async fn last_asked(conn: &mut Conn, merchant: Uuid) -> Result<Vec<LastAsked>> {
    let rows = conn
        .fetch_all(
            "SELECT a.doc, e.export_type FROM approvals a JOIN exports e ON e.id = a.export_id \
             WHERE a.merchant_id = $1 AND e.merchant_id = $1 ORDER BY a.id DESC LIMIT $2",
            params![merchant, RECENT],
        )
        .await?;
    let mut all: Vec<LastAsked> = Vec::new();
    for row in &rows {
        let (approval, export_type) = (row.json::<Approval>(0)?, row.text(1)?);
        let Some(at) = approval.asked_at else {
            continue; // its turn has not come
        };
        let known = all
            .iter_mut()
            .find(|one| one.asked == approval.owner && one.export_type == export_type);
        match known {
            Some(known) if known.at >= at => {}
            Some(known) => (known.at, known.approval) = (at, approval.id),
            None => all.push(LastAsked {
                asked: approval.owner,
                export_type,
                approval: approval.id,
                at,
            }),
        }
    }
    Ok(all)
}

pub(crate) async fn last_acts(conn: &mut Conn, merchant: Uuid) -> Result<Vec<(Uuid, Time)>> {
    let rows = conn
        .fetch_all(
            "SELECT actor, MAX(at) FROM audit_entries WHERE merchant_id = $1 \
             AND substr(actor, 1, 5) = 'user:' AND subject_kind <> 'person' GROUP BY actor",
            params![merchant],
        )
        .await?;
    let mut all = Vec::new();
    for row in &rows {
        if let Some(Ok(user)) = row.text(0)?.strip_prefix("user:").map(str::parse) {
            all.push((user, row.time(1)?));
        }
    }
    Ok(all)
}

pub(crate) async fn insert(conn: &mut Conn, notice: &Notice, dedup_key: &str) -> Result<bool> {
    let (kind, about) = &notice.about;
    let inserted = conn
        .execute(
            "INSERT INTO notices (merchant_id, id, user_id, told_as, matter, about_kind, about_id, sentence, \
             dedup_key, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
             ON CONFLICT (merchant_id, user_id, dedup_key) WHERE read_at IS NULL DO NOTHING",
            params![
                notice.merchant_id,
                notice.id,
                notice.user_id,
                notice.told_as.to_string(),
                &notice.matter,
                kind,
                *about,
                &notice.sentence,
                dedup_key,
                notice.created_at,
            ],
        )
        .await?;
    Ok(inserted == 1)
}

pub(crate) async fn mark_read(
    conn: &mut Conn,
    merchant: Uuid,
    user: Uuid,
    id: Option<Uuid>,
    now: Time,
) -> Result<u64> {
    match id {
        Some(id) => {
            conn.execute(
                "UPDATE notices SET read_at = $4 \
                 WHERE merchant_id = $1 AND user_id = $2 AND id = $3 AND read_at IS NULL",
                params![merchant, user, id, now],
            )
            .await
        }
        None => {
            conn.execute(
                "UPDATE notices SET read_at = $3 \
                 WHERE merchant_id = $1 AND user_id = $2 AND read_at IS NULL",
                params![merchant, user, now],
            )
            .await
        }
    }
}

pub(crate) async fn forget(
    conn: &mut Conn,
    merchant: Uuid,
    user: Uuid,
    before: Time,
) -> Result<u64> {
    conn.execute(
        "DELETE FROM notices WHERE merchant_id = $1 AND user_id = $2 AND read_at < $3",
        params![merchant, user, before],
    )
    .await
}

pub(crate) async fn mails(conn: &mut Conn, user: Uuid) -> Result<bool> {
    let row = conn
        .fetch_opt(
            "SELECT mail_notices FROM users WHERE id = $1",
            params![user],
        )
        .await?;
    Ok(doc::one(row, |row| row.bool(0))?.unwrap_or(false))
}

pub(crate) async fn set_mails(conn: &mut Conn, user: Uuid, mails: bool) -> Result<()> {
    conn.execute(
        "UPDATE users SET mail_notices = $2 WHERE id = $1",
        params![user, mails],
    )
    .await?;
    Ok(())
}

/// Of nobody: what holds where nothing was said.
pub(crate) async fn directly(conn: &mut Conn, user: Uuid) -> Result<Directly> {
    let row = conn
        .fetch_opt(
            "SELECT told_directly FROM users WHERE id = $1",
            params![user],
        )
        .await?;
    let said: Option<Option<Directly>> = doc::one(row, |row| row.json_opt(0))?;
    Ok(said.flatten().unwrap_or_default())
}

pub(crate) async fn set_directly(conn: &mut Conn, user: Uuid, directly: Directly) -> Result<()> {
    conn.execute(
        "UPDATE users SET told_directly = $2 WHERE id = $1",
        params![user, doc::text(&directly)?],
    )
    .await?;
    Ok(())
}
