//! Invitations. The link is a column, as a hash; the noun never has it.

use domain::invitation::Invitation;
use uuid::Uuid;

use crate::{
    doc,
    error::Result,
    params,
    sql::{Conn, Row},
};

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT doc, rev FROM invitations WHERE ", $rest)
    };
}

fn read(row: &Row) -> Result<Invitation> {
    let mut invitation: Invitation = row.json(0)?;
    invitation.rev = row.int(1)?;
    Ok(invitation)
}

pub(crate) async fn by_id(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<Option<Invitation>> {
    let row = conn
        .fetch_opt(
            select!("merchant_id = $1 AND id = $2"),
            params![merchant, id],
        )
        .await?;
    doc::one(row, read)
}

pub(crate) async fn by_token(conn: &mut Conn, hash: &[u8]) -> Result<Option<Invitation>> {
    let row = conn
        .fetch_opt(select!("token_hash = $1"), params![hash])
        .await?;
    doc::one(row, read)
}

/// Newest first.
pub(crate) async fn open(conn: &mut Conn, merchant: Uuid) -> Result<Vec<Invitation>> {
    let rows = conn
        .fetch_all(
            select!("merchant_id = $1 AND state = 'open' ORDER BY created_at DESC, id DESC"),
            params![merchant],
        )
        .await?;
    doc::all(rows, read)
}

pub(crate) async fn insert(conn: &mut Conn, invitation: &Invitation, hash: &[u8]) -> Result<()> {
    conn.execute(
        "INSERT INTO invitations (merchant_id, id, token_hash, email, state, created_at, expires_at, rev, doc) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            invitation.merchant_id,
            invitation.id,
            hash,
            &invitation.email,
            invitation.state.as_str(),
            invitation.created_at,
            invitation.expires_at,
            invitation.rev,
            doc::text(invitation)?,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save(conn: &mut Conn, invitation: &Invitation) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE invitations SET state = $4, doc = $5, rev = rev + 1 \
             WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![
                invitation.merchant_id,
                invitation.id,
                invitation.rev,
                invitation.state.as_str(),
                doc::text(invitation)?,
            ],
        )
        .await?;
    doc::saved(changed)
}
