//! Who answers when. Rotations, calendars and covers carry a `rev`; a policy's versions are written once;
//! a turn gets its end and nothing else.

use domain::{
    Time,
    cover::{Calendar, Cover, OnCallTurn, Rotation, Span},
    escalation::Policy,
    role::OwnRole,
};
use uuid::Uuid;

use crate::{
    doc,
    error::Result,
    params,
    sql::{Conn, Query, Row},
};

/// On both engines an update that changes nothing holds the row; SQLite has one writer anyway.
pub(crate) async fn lock(conn: &mut Conn, merchant: Uuid) -> Result<()> {
    conn.execute(
        "UPDATE merchants SET name = name WHERE id = $1",
        params![merchant],
    )
    .await?;
    Ok(())
}

pub(crate) async fn rotations(conn: &mut Conn, merchant: Uuid) -> Result<Vec<Rotation>> {
    let rows = conn
        .fetch_all(
            "SELECT doc, rev FROM rotations WHERE merchant_id = $1",
            params![merchant],
        )
        .await?;
    let mut found: Vec<Rotation> = doc::all(rows, |row| {
        let rotation: Rotation = row.json(0)?;
        let rev = row.int(1)?;
        Ok(Rotation { rev, ..rotation })
    })?;
    found.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(found)
}

pub(crate) async fn insert_rotation(conn: &mut Conn, rotation: &Rotation) -> Result<()> {
    conn.execute(
        "INSERT INTO rotations (merchant_id, id, key, rev, doc) VALUES ($1, $2, $3, $4, $5)",
        params![
            rotation.merchant_id,
            rotation.id,
            &rotation.key,
            rotation.rev,
            doc::text(rotation)?,
        ],
    )
    .await?;
    insert_people(conn, rotation).await
}

pub(crate) async fn save_rotation(conn: &mut Conn, rotation: &Rotation) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE rotations SET doc = $4, rev = rev + 1 WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![
                rotation.merchant_id,
                rotation.id,
                rotation.rev,
                doc::text(rotation)?,
            ],
        )
        .await?;
    doc::saved(changed)?;
    delete_people(conn, rotation).await?;
    insert_people(conn, rotation).await
}

pub(crate) async fn delete_rotation(conn: &mut Conn, rotation: &Rotation) -> Result<()> {
    let changed = conn
        .execute(
            "DELETE FROM rotations WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![rotation.merchant_id, rotation.id, rotation.rev],
        )
        .await?;
    doc::saved(changed)?;
    delete_people(conn, rotation).await
}

async fn insert_people(conn: &mut Conn, rotation: &Rotation) -> Result<()> {
    for user in rotation.people() {
        conn.execute(
            "INSERT INTO rotation_people (merchant_id, user_id, rotation) VALUES ($1, $2, $3)",
            params![rotation.merchant_id, user, &rotation.key],
        )
        .await?;
    }
    Ok(())
}

async fn delete_people(conn: &mut Conn, rotation: &Rotation) -> Result<()> {
    conn.execute(
        "DELETE FROM rotation_people WHERE merchant_id = $1 AND rotation = $2",
        params![rotation.merchant_id, &rotation.key],
    )
    .await?;
    Ok(())
}

/// Everybody who is in a rotation at this merchant, with its key.
pub(crate) async fn people(conn: &mut Conn, merchant: Uuid) -> Result<Vec<(Uuid, String)>> {
    let rows = conn
        .fetch_all(
            "SELECT user_id, rotation FROM rotation_people WHERE merchant_id = $1 ORDER BY user_id, rotation",
            params![merchant],
        )
        .await?;
    doc::all(rows, |row| Ok((row.uuid(0)?, row.text(1)?)))
}

pub(crate) async fn calendars(conn: &mut Conn, merchant: Uuid) -> Result<Vec<Calendar>> {
    let rows = conn
        .fetch_all(
            "SELECT doc, rev FROM calendars WHERE merchant_id = $1",
            params![merchant],
        )
        .await?;
    let mut found: Vec<Calendar> = doc::all(rows, |row| {
        let calendar: Calendar = row.json(0)?;
        let rev = row.int(1)?;
        Ok(Calendar { rev, ..calendar })
    })?;
    found.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(found)
}

pub(crate) async fn insert_calendar(conn: &mut Conn, calendar: &Calendar) -> Result<()> {
    conn.execute(
        "INSERT INTO calendars (merchant_id, id, key, rev, doc) VALUES ($1, $2, $3, $4, $5)",
        params![
            calendar.merchant_id,
            calendar.id,
            &calendar.key,
            calendar.rev,
            doc::text(calendar)?,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save_calendar(conn: &mut Conn, calendar: &Calendar) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE calendars SET doc = $4, rev = rev + 1 WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![
                calendar.merchant_id,
                calendar.id,
                calendar.rev,
                doc::text(calendar)?,
            ],
        )
        .await?;
    doc::saved(changed)
}

pub(crate) async fn delete_calendar(conn: &mut Conn, calendar: &Calendar) -> Result<()> {
    let changed = conn
        .execute(
            "DELETE FROM calendars WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![calendar.merchant_id, calendar.id, calendar.rev],
        )
        .await?;
    doc::saved(changed)
}

pub(crate) async fn covers(conn: &mut Conn, merchant: Uuid) -> Result<Vec<Cover>> {
    let rows = conn
        .fetch_all(
            "SELECT doc, rev FROM covers WHERE merchant_id = $1",
            params![merchant],
        )
        .await?;
    let mut found: Vec<Cover> = doc::all(rows, |row| {
        let cover: Cover = row.json(0)?;
        let rev = row.int(1)?;
        Ok(Cover { rev, ..cover })
    })?;
    found.sort_by_key(Cover::owner);
    Ok(found)
}

pub(crate) async fn insert_cover(conn: &mut Conn, cover: &Cover) -> Result<()> {
    conn.execute(
        "INSERT INTO covers (merchant_id, id, owner, rev, doc) VALUES ($1, $2, $3, $4, $5)",
        params![
            cover.merchant_id,
            cover.id,
            cover.owner().to_string(),
            cover.rev,
            doc::text(cover)?,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save_cover(conn: &mut Conn, cover: &Cover) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE covers SET doc = $4, rev = rev + 1 WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![cover.merchant_id, cover.id, cover.rev, doc::text(cover)?],
        )
        .await?;
    doc::saved(changed)
}

pub(crate) async fn delete_cover(conn: &mut Conn, cover: &Cover) -> Result<()> {
    let changed = conn
        .execute(
            "DELETE FROM covers WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![cover.merchant_id, cover.id, cover.rev],
        )
        .await?;
    doc::saved(changed)
}

pub(crate) async fn own_roles(conn: &mut Conn, merchant: Uuid) -> Result<Vec<OwnRole>> {
    let rows = conn
        .fetch_all(
            "SELECT id, merchant_id, key, title FROM own_roles WHERE merchant_id = $1",
            params![merchant],
        )
        .await?;
    let mut found = doc::all(rows, |row| {
        Ok(OwnRole {
            id: row.uuid(0)?,
            merchant_id: row.uuid(1)?,
            key: row.text(2)?,
            title: row.text(3)?,
        })
    })?;
    found.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(found)
}

pub(crate) async fn insert_own_role(conn: &mut Conn, role: &OwnRole) -> Result<()> {
    conn.execute(
        "INSERT INTO own_roles (merchant_id, id, key, title) VALUES ($1, $2, $3, $4)",
        params![role.merchant_id, role.id, &role.key, &role.title],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save_own_role(conn: &mut Conn, role: &OwnRole) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE own_roles SET title = $3 WHERE merchant_id = $1 AND id = $2",
            params![role.merchant_id, role.id, &role.title],
        )
        .await?;
    doc::saved(changed)
}

pub(crate) async fn delete_own_role(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<()> {
    let changed = conn
        .execute(
            "DELETE FROM own_roles WHERE merchant_id = $1 AND id = $2",
            params![merchant, id],
        )
        .await?;
    doc::saved(changed)
}

/// The newest version of each.
pub(crate) async fn policies(conn: &mut Conn, merchant: Uuid) -> Result<Vec<Policy>> {
    let rows = conn
        .fetch_all(
            "SELECT p.doc FROM escalation_policies p WHERE p.merchant_id = $1 AND NOT EXISTS (\
                SELECT 1 FROM escalation_policies n WHERE n.merchant_id = p.merchant_id AND n.id = p.id \
                AND n.version > p.version)",
            params![merchant],
        )
        .await?;
    let mut found: Vec<Policy> = doc::all(rows, |row| row.json(0))?;
    found.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(found)
}

pub(crate) async fn policy_versions(
    conn: &mut Conn,
    merchant: Uuid,
    key: &str,
) -> Result<Vec<Policy>> {
    let rows = conn
        .fetch_all(
            "SELECT doc FROM escalation_policies WHERE merchant_id = $1 AND key = $2 ORDER BY version DESC",
            params![merchant, key],
        )
        .await?;
    doc::all(rows, |row| row.json(0))
}

pub(crate) async fn insert_policy(conn: &mut Conn, policy: &Policy) -> Result<()> {
    conn.execute(
        "INSERT INTO escalation_policies (merchant_id, id, version, key, doc) VALUES ($1, $2, $3, $4, $5)",
        params![
            policy.merchant_id,
            policy.id,
            policy.version,
            &policy.key,
            doc::text(policy)?,
        ],
    )
    .await?;
    Ok(())
}

macro_rules! select_turns {
    ($rest:literal) => {
        concat!(
            "SELECT id, merchant_id, owner, user_id, from_at, until_at, source FROM on_call_turns \
             WHERE merchant_id = ",
            $rest
        )
    };
}

fn read_turn(row: &Row) -> Result<OnCallTurn> {
    Ok(OnCallTurn {
        id: row.uuid(0)?,
        merchant_id: row.uuid(1)?,
        owner: row.parsed(2)?,
        user_id: row.uuid(3)?,
        from: row.time(4)?,
        until: row.time_opt(5)?,
        source: row.text(6)?,
    })
}

/// Newest first.
pub(crate) async fn turns(
    conn: &mut Conn,
    merchant: Uuid,
    owner: Option<&str>,
    (span, limit): (Span, i64),
) -> Result<Vec<OnCallTurn>> {
    let mut query = Query::new(select_turns!(""))
        .bind(merchant)
        .push(" AND from_at < ")
        .bind(span.to)
        .push(" AND (until_at IS NULL OR until_at > ")
        .bind(span.from)
        .push(")");
    if let Some(owner) = owner {
        query = query.push(" AND owner = ").bind(owner);
    }
    let rows = query
        .push(" ORDER BY from_at DESC, id DESC LIMIT ")
        .bind(limit)
        .fetch_all(conn)
        .await?;
    doc::all(rows, read_turn)
}

pub(crate) async fn open_turns(conn: &mut Conn, merchant: Uuid) -> Result<Vec<OnCallTurn>> {
    let rows = conn
        .fetch_all(
            select_turns!("$1 AND until_at IS NULL ORDER BY from_at, id"),
            params![merchant],
        )
        .await?;
    doc::all(rows, read_turn)
}

pub(crate) async fn insert_turn(conn: &mut Conn, turn: &OnCallTurn) -> Result<()> {
    conn.execute(
        "INSERT INTO on_call_turns (merchant_id, id, owner, user_id, from_at, until_at, source) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![
            turn.merchant_id,
            turn.id,
            turn.owner.to_string(),
            turn.user_id,
            turn.from,
            turn.until,
            &turn.source,
        ],
    )
    .await?;
    Ok(())
}

/// Once: a turn that is over stays as it was.
pub(crate) async fn end_turn(conn: &mut Conn, merchant: Uuid, id: Uuid, until: Time) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE on_call_turns SET until_at = $3 WHERE merchant_id = $1 AND id = $2 AND until_at IS NULL",
            params![merchant, id, until],
        )
        .await?;
    doc::saved(changed)
}
