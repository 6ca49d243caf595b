//! Merchants, people, memberships. A password's hash is a
//! column and never part of a noun.

use domain::people::{Membership, Merchant, User};
use engine::port::Credentials;
use uuid::Uuid;

use crate::{
    cover, doc,
    error::Result,
    params,
    sql::{Across, Conn, Engine, Row, Scope},
};

pub(crate) async fn merchant(conn: &mut Conn, id: Uuid) -> Result<Option<Merchant>> {
    let row = conn
        .fetch_opt(
            "SELECT id, operator_id, slug, name FROM merchants WHERE id = $1",
            params![id],
        )
        .await?;
    doc::one(row, read_merchant)
}

pub(crate) async fn merchant_by_slug(conn: &mut Conn, slug: &str) -> Result<Option<Merchant>> {
    let row = conn
        .fetch_opt(
            "SELECT id, operator_id, slug, name FROM merchants WHERE slug = $1",
            params![slug],
        )
        .await?;
    doc::one(row, read_merchant)
}

/// By name.
pub(crate) async fn all_merchants(conn: &mut Conn) -> Result<Vec<Merchant>> {
    let rows = conn
        .fetch_all(
            "SELECT id, operator_id, slug, name FROM merchants",
            params![],
        )
        .await?;
    let mut merchants = doc::all(rows, read_merchant)?;
    // here, since a database sorts text by the rules of its locale
    merchants.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Ok(merchants)
}

pub(crate) fn read_merchant(row: &Row) -> Result<Merchant> {
    Ok(Merchant {
        id: row.uuid(0)?,
        operator_id: row.uuid(1)?,
        slug: row.text(2)?,
        name: row.text(3)?,
    })
}

pub(crate) async fn insert_merchant(conn: &mut Conn, merchant: &Merchant) -> Result<()> {
    conn.execute(
        "INSERT INTO merchants (id, operator_id, slug, name) VALUES ($1, $2, $3, $4)",
        params![
            merchant.id,
            merchant.operator_id,
            &merchant.slug,
            &merchant.name
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save_merchant(conn: &mut Conn, merchant: &Merchant) -> Result<()> {
    conn.execute(
        "UPDATE merchants SET name = $2 WHERE id = $1",
        params![merchant.id, &merchant.name],
    )
    .await?;
    Ok(())
}

pub(crate) async fn user(conn: &mut Conn, id: Uuid) -> Result<Option<User>> {
    let row = conn
        .fetch_opt(
            "SELECT id, email, name, active FROM users WHERE id = $1",
            params![id],
        )
        .await?;
    doc::one(row, |row| read_user(row, 0))
}

pub(crate) fn read_user(row: &Row, from: usize) -> Result<User> {
    Ok(User {
        id: row.uuid(from)?,
        email: row.text(from + 1)?,
        name: row.text(from + 2)?,
        active: row.bool(from + 3)?,
    })
}

/// The address is compared as it was stored: in lower case, by the use-case that takes it in.
pub(crate) async fn credentials(conn: &mut Conn, email: &str) -> Result<Option<Credentials>> {
    let row = conn
        .fetch_opt(
            "SELECT id, email, name, active, password_hash \
             FROM users WHERE email = $1",
            params![email],
        )
        .await?;
    doc::one(row, |row| {
        Ok(Credentials {
            user: read_user(row, 0)?,
            password_hash: row.text(4)?,
        })
    })
}

pub(crate) async fn insert_user(conn: &mut Conn, user: &User, password_hash: &str) -> Result<()> {
    conn.execute(
        "INSERT INTO users (id, email, name, active, password_hash) VALUES ($1, $2, $3, $4, $5)",
        params![user.id, &user.email, &user.name, user.active, password_hash],
    )
    .await?;
    Ok(())
}

pub(crate) async fn memberships_of(conn: &mut Conn, user: Uuid) -> Result<Vec<Membership>> {
    let rows = conn
        .fetch_all(
            "SELECT merchant_id, user_id, access, party, functional_roles FROM memberships \
             WHERE user_id = $1 ORDER BY merchant_id",
            params![user],
        )
        .await?;
    let mut places = doc::all(rows, read_membership)?;
    with_rotations(conn, user, places.iter_mut()).await?;
    Ok(places)
}

/// Each of one person's places gets the rotations that they are in there.
pub(crate) async fn with_rotations(
    conn: &mut Conn,
    user: Uuid,
    places: impl Iterator<Item = &mut Membership>,
) -> Result<()> {
    let rows = conn
        .fetch_all(
            "SELECT merchant_id, rotation FROM rotation_people WHERE user_id = $1 ORDER BY merchant_id, rotation",
            params![user],
        )
        .await?;
    let of = doc::all(rows, |row| Ok((row.uuid(0)?, row.text(1)?)))?;
    for place in places {
        place.rotations = of
            .iter()
            .filter(|(merchant, _)| *merchant == place.merchant_id)
            .map(|(_, key)| key.clone())
            .collect();
    }
    Ok(())
}

/// By the person's name.
pub(crate) async fn members(conn: &mut Conn, merchant: Uuid) -> Result<Vec<(User, Membership)>> {
    let rows = conn
        .fetch_all(
            "SELECT m.merchant_id, m.user_id, m.access, m.party, m.functional_roles, u.id, u.email, u.name, u.active \
             FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.merchant_id = $1",
            params![merchant],
        )
        .await?;
    let mut members = doc::all(rows, |row| Ok((read_user(row, 5)?, read_membership(row)?)))?;
    for (user, key) in cover::people(conn, merchant).await? {
        if let Some((_, member)) = members.iter_mut().find(|(one, _)| one.id == user) {
            member.rotations.push(key);
        }
    }
    members.sort_by(|(a, _), (b, _)| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Ok(members)
}

pub(crate) fn read_membership(row: &Row) -> Result<Membership> {
    Ok(Membership {
        merchant_id: row.uuid(0)?,
        user_id: row.uuid(1)?,
        access: row.parsed(2)?,
        party: row.parsed(3)?,
        functional_roles: row.json(4)?,
        rotations: Vec::new(),
    })
}

pub(crate) async fn insert_membership(conn: &mut Conn, membership: &Membership) -> Result<()> {
    conn.execute(
        "INSERT INTO memberships (merchant_id, user_id, access, party, functional_roles) VALUES ($1, $2, $3, $4, $5)",
        params![
            membership.merchant_id,
            membership.user_id,
            membership.access.as_str(),
            membership.party.as_str(),
            doc::text(&membership.functional_roles)?,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save_membership(conn: &mut Conn, membership: &Membership) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE memberships SET access = $3, party = $4, functional_roles = $5 \
             WHERE merchant_id = $1 AND user_id = $2",
            params![
                membership.merchant_id,
                membership.user_id,
                membership.access.as_str(),
                membership.party.as_str(),
                doc::text(&membership.functional_roles)?,
            ],
        )
        .await?;
    doc::saved(changed)
}

pub(crate) async fn delete_membership(conn: &mut Conn, merchant: Uuid, user: Uuid) -> Result<()> {
    let changed = conn
        .execute(
            "DELETE FROM memberships WHERE merchant_id = $1 AND user_id = $2",
            params![merchant, user],
        )
        .await?;
    doc::saved(changed)
}

/// SQLite has one writer at a time; on Postgres the row is locked.
pub(crate) async fn hold_membership(conn: &mut Conn, merchant: Uuid, user: Uuid) -> Result<bool> {
    let sql = match conn.engine() {
        Engine::Sqlite => "SELECT 1 FROM memberships WHERE merchant_id = $1 AND user_id = $2",
        Engine::Postgres => {
            "SELECT 1 FROM memberships WHERE merchant_id = $1 AND user_id = $2 FOR UPDATE"
        }
    };
    Ok(conn
        .fetch_opt(sql, params![merchant, user])
        .await?
        .is_some())
}

pub(crate) async fn set_active(conn: &mut Conn, user: Uuid, active: bool) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE users SET active = $2 WHERE id = $1",
            params![user, active],
        )
        .await?;
    doc::saved(changed)
}

/// Takes out everything that belongs to an operator's merchants, then the merchants and the operator.
///
/// People go with it unless they have a place at somebody else's merchant.
pub(crate) async fn delete_operator(conn: &mut Conn, id: Uuid) -> Result<()> {
    let rows = conn
        .fetch_all(
            "SELECT id FROM merchants WHERE operator_id = $1",
            params![id],
        )
        .await?;
    let mut merchants = doc::all(rows, |row| row.uuid(0))?;
    // its own audit chain is kept beside those of its merchants, under its id
    merchants.push(id);
    conn.enter(Scope::of_all(merchants).and(Across::DeleteOperator));
    for statement in DELETE_OPERATOR {
        conn.execute(statement, params![id]).await?;
    }
    Ok(())
}

/// People of this operator who have no place anywhere else.
macro_rules! who_is_only_here {
    () => {
        "(\
         SELECT user_id FROM memberships WHERE merchant_id IN (SELECT id FROM merchants WHERE operator_id = $1) \
         UNION SELECT user_id FROM operator_members WHERE operator_id = $1 \
         EXCEPT \
         SELECT user_id FROM memberships WHERE merchant_id IN (SELECT id FROM merchants WHERE operator_id <> $1) \
         EXCEPT \
         SELECT user_id FROM operator_members WHERE operator_id <> $1)"
    };
}

macro_rules! of_merchants {
    ($($table:literal),* $(,)?) => {
        &[
            concat!("DELETE FROM sessions WHERE user_id IN ", who_is_only_here!()),
            concat!("DELETE FROM second_factors WHERE user_id IN ", who_is_only_here!()),
            concat!("DELETE FROM person_keys WHERE user_id IN ", who_is_only_here!()),
            concat!("DELETE FROM recovery_codes WHERE user_id IN ", who_is_only_here!()),
            concat!("DELETE FROM known_places WHERE user_id IN ", who_is_only_here!()),
            "DELETE FROM mails WHERE noted_in IN (SELECT id FROM merchants WHERE operator_id = $1)",
            "DELETE FROM mails WHERE noted_in = $1",
            concat!("DELETE FROM users WHERE id IN ", who_is_only_here!()),
            $(concat!(
                "DELETE FROM ", $table,
                " WHERE merchant_id IN (SELECT id FROM merchants WHERE operator_id = $1)"
            ),)*
            // the operator's own chain stands beside those of its merchants, and so do its invitations
            "DELETE FROM invitations WHERE merchant_id = $1",
            "DELETE FROM audit_entries WHERE merchant_id = $1",
            "DELETE FROM audit_heads WHERE merchant_id = $1",
            "DELETE FROM agency_templates WHERE operator_id = $1",
            "DELETE FROM agency_editions WHERE operator_id = $1",
            "DELETE FROM agency_pushes WHERE operator_id = $1",
            "DELETE FROM operator_members WHERE operator_id = $1",
            "DELETE FROM merchants WHERE operator_id = $1",
            "DELETE FROM operators WHERE id = $1",
        ]
    };
}

/// Every table with a `merchant_id`; a test compares this with the migrations.
const DELETE_OPERATOR: &[&str] = of_merchants![
    "memberships",
    "invitations",
    "api_tokens",
    "idempotency_keys",
    "sources",
    "destinations",
    "contracts",
    "contract_drafts",
    "contract_standings",
    "flows",
    "flow_drafts",
    "hourly_costs",
    "publishing",
    "retired_flows",
    "run_moves",
    "template_pins",
    "receipts",
    "order_facts",
    "events",
    "orders",
    "runs",
    "campaigns",
    "skus",
    "briefs",
    "brief_versions",
    "cases",
    "exports",
    "attempts",
    "approvals",
    "delegations",
    "known_skus",
    "chat_workspaces",
    "chat_routes",
    "chat_people",
    "chat_links",
    "chat_posts",
    "chat_clicks",
    "decision_links",
    "tasks",
    "notices",
    "jobs",
    "audit_entries",
    "audit_heads",
    "audit_keys",
    "audit_trees",
    "audit_checkpoints",
    "audit_witnesses",
    "audit_views",
    "retention",
    "legal_holds",
    "removals",
    "rotations",
    "calendars",
    "rotation_people",
    "covers",
    "own_roles",
    "escalation_policies",
    "on_call_turns",
];
