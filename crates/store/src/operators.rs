//! Operators and their people, and what follows from both: where a person may go. A place of one's own
//! at a merchant counts; where there is none, being a member of the merchant's operator does.

use domain::people::{Membership, Merchant, Operator, OperatorMember, User};
use uuid::Uuid;

use crate::{
    doc,
    error::Result,
    params,
    people::{read_membership, read_merchant, read_user, with_rotations},
    sql::{Conn, Row},
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, slug, require_second_factor FROM operators",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<Operator> {
    Ok(Operator {
        id: row.uuid(0)?,
        name: row.text(1)?,
        // empty until the program has given it one
        slug: row.text_opt(2)?.unwrap_or_default(),
        require_second_factor: row.bool(3)?,
    })
}

pub(crate) async fn by_id(conn: &mut Conn, id: Uuid) -> Result<Option<Operator>> {
    let row = conn
        .fetch_opt(select!(" WHERE id = $1"), params![id])
        .await?;
    doc::one(row, read)
}

pub(crate) async fn by_slug(conn: &mut Conn, slug: &str) -> Result<Option<Operator>> {
    let row = conn
        .fetch_opt(select!(" WHERE slug = $1"), params![slug])
        .await?;
    doc::one(row, read)
}

/// Oldest first: ids carry their time.
pub(crate) async fn all(conn: &mut Conn) -> Result<Vec<Operator>> {
    let rows = conn.fetch_all(select!(" ORDER BY id"), params![]).await?;
    doc::all(rows, read)
}

pub(crate) async fn insert(conn: &mut Conn, operator: &Operator) -> Result<()> {
    conn.execute(
        "INSERT INTO operators (id, name, slug, require_second_factor) VALUES ($1, $2, $3, $4)",
        params![
            operator.id,
            &operator.name,
            &operator.slug,
            operator.require_second_factor
        ],
    )
    .await?;
    Ok(())
}

/// On both engines an update that changes nothing holds the row; SQLite has one writer anyway.
pub(crate) async fn lock(conn: &mut Conn, id: Uuid) -> Result<()> {
    conn.execute(
        "UPDATE operators SET name = name WHERE id = $1",
        params![id],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save(conn: &mut Conn, operator: &Operator) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE operators SET name = $2, slug = $3, require_second_factor = $4 WHERE id = $1",
            params![
                operator.id,
                &operator.name,
                &operator.slug,
                operator.require_second_factor
            ],
        )
        .await?;
    doc::saved(changed)
}

/// By name.
pub(crate) async fn merchants(conn: &mut Conn, operator: Uuid) -> Result<Vec<Merchant>> {
    let rows = conn
        .fetch_all(
            "SELECT id, operator_id, slug, name FROM merchants WHERE operator_id = $1",
            params![operator],
        )
        .await?;
    let mut merchants = doc::all(rows, read_merchant)?;
    merchants.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Ok(merchants)
}

fn read_member(row: &Row, from: usize) -> Result<OperatorMember> {
    Ok(OperatorMember {
        operator_id: row.uuid(from)?,
        user_id: row.uuid(from + 1)?,
        access: row.parsed(from + 2)?,
    })
}

/// By the person's name.
pub(crate) async fn members(
    conn: &mut Conn,
    operator: Uuid,
) -> Result<Vec<(User, OperatorMember)>> {
    let rows = conn
        .fetch_all(
            "SELECT m.operator_id, m.user_id, m.access, u.id, u.email, u.name, u.active \
             FROM operator_members m JOIN users u ON u.id = m.user_id WHERE m.operator_id = $1",
            params![operator],
        )
        .await?;
    let mut members = doc::all(rows, |row| Ok((read_user(row, 3)?, read_member(row, 0)?)))?;
    members.sort_by(|(a, _), (b, _)| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Ok(members)
}

pub(crate) async fn memberships_of(conn: &mut Conn, user: Uuid) -> Result<Vec<OperatorMember>> {
    let rows = conn
        .fetch_all(
            "SELECT operator_id, user_id, access FROM operator_members WHERE user_id = $1 ORDER BY operator_id",
            params![user],
        )
        .await?;
    doc::all(rows, |row| read_member(row, 0))
}

pub(crate) async fn insert_member(conn: &mut Conn, member: &OperatorMember) -> Result<()> {
    conn.execute(
        "INSERT INTO operator_members (operator_id, user_id, access) VALUES ($1, $2, $3)",
        params![member.operator_id, member.user_id, member.access.as_str()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save_member(conn: &mut Conn, member: &OperatorMember) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE operator_members SET access = $3 WHERE operator_id = $1 AND user_id = $2",
            params![member.operator_id, member.user_id, member.access.as_str()],
        )
        .await?;
    doc::saved(changed)
}

pub(crate) async fn delete_member(conn: &mut Conn, operator: Uuid, user: Uuid) -> Result<()> {
    let changed = conn
        .execute(
            "DELETE FROM operator_members WHERE operator_id = $1 AND user_id = $2",
            params![operator, user],
        )
        .await?;
    doc::saved(changed)
}

/// Every merchant a person may enter, by name, with their own place there or the one that their
/// operator gives them.
pub(crate) async fn places_of(conn: &mut Conn, user: Uuid) -> Result<Vec<(Merchant, Membership)>> {
    let own = conn
        .fetch_all(
            "SELECT p.merchant_id, p.user_id, p.access, p.party, p.functional_roles, m.id, m.operator_id, m.slug, m.name \
             FROM memberships p JOIN merchants m ON m.id = p.merchant_id WHERE p.user_id = $1",
            params![user],
        )
        .await?;
    let mut places = doc::all(own, |row| {
        Ok((read_merchant_from(row, 5)?, read_membership(row)?))
    })?;
    let through = conn
        .fetch_all(
            "SELECT o.operator_id, o.user_id, o.access, m.id, m.operator_id, m.slug, m.name \
             FROM operator_members o JOIN merchants m ON m.operator_id = o.operator_id WHERE o.user_id = $1",
            params![user],
        )
        .await?;
    let through = doc::all(through, |row| {
        let merchant = read_merchant_from(row, 3)?;
        let place = read_member(row, 0)?.at(merchant.id);
        Ok((merchant, place))
    })?;
    let own: std::collections::HashSet<Uuid> =
        places.iter().map(|(merchant, _)| merchant.id).collect();
    places.extend(
        through
            .into_iter()
            .filter(|(merchant, _)| !own.contains(&merchant.id)),
    );
    with_rotations(conn, user, places.iter_mut().map(|(_, place)| place)).await?;
    places.sort_by(|(a, _), (b, _)| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Ok(places)
}

fn read_merchant_from(row: &Row, from: usize) -> Result<Merchant> {
    Ok(Merchant {
        id: row.uuid(from)?,
        operator_id: row.uuid(from + 1)?,
        slug: row.text(from + 2)?,
        name: row.text(from + 3)?,
    })
}

/// A person's place at one merchant, as in [`places_of`].
pub(crate) async fn place(
    conn: &mut Conn,
    merchant: Uuid,
    user: Uuid,
) -> Result<Option<Membership>> {
    let own = conn
        .fetch_opt(
            "SELECT merchant_id, user_id, access, party, functional_roles FROM memberships \
             WHERE merchant_id = $1 AND user_id = $2",
            params![merchant, user],
        )
        .await?;
    if let Some(mut own) = doc::one(own, read_membership)? {
        own.rotations = rotations(conn, merchant, user).await?;
        return Ok(Some(own));
    }
    let through = conn
        .fetch_opt(
            "SELECT o.operator_id, o.user_id, o.access FROM merchants m \
             JOIN operator_members o ON o.operator_id = m.operator_id WHERE m.id = $1 AND o.user_id = $2",
            params![merchant, user],
        )
        .await?;
    let Some(through) = doc::one(through, |row| read_member(row, 0))? else {
        return Ok(None);
    };
    let mut place = through.at(merchant);
    place.rotations = rotations(conn, merchant, user).await?;
    Ok(Some(place))
}

async fn rotations(conn: &mut Conn, merchant: Uuid, user: Uuid) -> Result<Vec<String>> {
    let rows = conn
        .fetch_all(
            "SELECT rotation FROM rotation_people WHERE merchant_id = $1 AND user_id = $2 ORDER BY rotation",
            params![merchant, user],
        )
        .await?;
    doc::all(rows, |row| row.text(0))
}
