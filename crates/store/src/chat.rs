//! The chat: a merchant's workspace, who is asked where, who is who there, messages, clicks and links. Links
//! are found by the digest of their secret, at the merchant that they name. The column `approval_id` of messages
//! holds the id of whatever a message is about; at first that were approvals alone.

use domain::{
    Time,
    chat::{Click, Linked, Post, Route, Workspace},
};
use engine::port::{ChatLinkRow, DecisionLinkRow};
use uuid::Uuid;

use crate::{
    doc,
    error::Result,
    params,
    sql::{Conn, Row},
};

pub(crate) async fn workspace(conn: &mut Conn, merchant: Uuid) -> Result<Option<Workspace>> {
    let row = conn
        .fetch_opt(
            "SELECT doc, rev, sealed_token, sealed_signing FROM chat_workspaces WHERE merchant_id = $1",
            params![merchant],
        )
        .await?;
    doc::one(row, |row| {
        let mut workspace: Workspace = row.json(0)?;
        workspace.rev = row.int(1)?;
        workspace.sealed_token = row.blob(2)?;
        workspace.sealed_signing = row.blob(3)?;
        Ok(workspace)
    })
}

pub(crate) async fn insert_workspace(conn: &mut Conn, workspace: &Workspace) -> Result<()> {
    conn.execute(
        "INSERT INTO chat_workspaces (merchant_id, id, rev, doc, sealed_token, sealed_signing) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![
            workspace.merchant_id,
            workspace.id,
            workspace.rev,
            doc::text(workspace)?,
            workspace.sealed_token.as_slice(),
            workspace.sealed_signing.as_slice(),
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save_workspace(conn: &mut Conn, workspace: &Workspace) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE chat_workspaces SET doc = $4, sealed_token = $5, sealed_signing = $6, rev = rev + 1 \
             WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![
                workspace.merchant_id,
                workspace.id,
                workspace.rev,
                doc::text(workspace)?,
                workspace.sealed_token.as_slice(),
                workspace.sealed_signing.as_slice(),
            ],
        )
        .await?;
    doc::saved(changed)
}

const FORGET_WORKSPACE: [&str; 4] = [
    "DELETE FROM chat_workspaces WHERE merchant_id = $1",
    "DELETE FROM chat_routes WHERE merchant_id = $1",
    "DELETE FROM chat_people WHERE merchant_id = $1",
    "DELETE FROM chat_links WHERE merchant_id = $1",
];

pub(crate) async fn delete_workspace(conn: &mut Conn, merchant: Uuid) -> Result<()> {
    for statement in FORGET_WORKSPACE {
        conn.execute(statement, params![merchant]).await?;
    }
    Ok(())
}

pub(crate) async fn routes(conn: &mut Conn, merchant: Uuid) -> Result<Vec<Route>> {
    let rows = conn
        .fetch_all(
            "SELECT owner, place FROM chat_routes WHERE merchant_id = $1 ORDER BY owner",
            params![merchant],
        )
        .await?;
    doc::all(rows, |row| {
        Ok(Route {
            owner: row.parsed(0)?,
            place: row.text(1)?,
        })
    })
}

pub(crate) async fn set_route(
    conn: &mut Conn,
    merchant: Uuid,
    owner: &str,
    place: Option<&str>,
) -> Result<()> {
    match place {
        Some(place) => {
            conn.execute(
                "INSERT INTO chat_routes (merchant_id, owner, place) VALUES ($1, $2, $3) \
                 ON CONFLICT (merchant_id, owner) DO UPDATE SET place = excluded.place",
                params![merchant, owner, place],
            )
            .await?
        }
        None => {
            conn.execute(
                "DELETE FROM chat_routes WHERE merchant_id = $1 AND owner = $2",
                params![merchant, owner],
            )
            .await?
        }
    };
    Ok(())
}

macro_rules! select_person {
    ($rest:literal) => {
        concat!(
            "SELECT merchant_id, chat_user, name, user_id, linked_at FROM chat_people WHERE ",
            $rest
        )
    };
}

fn read_person(row: &Row) -> Result<Linked> {
    Ok(Linked {
        merchant_id: row.uuid(0)?,
        chat_user: row.text(1)?,
        name: row.text(2)?,
        user_id: row.uuid(3)?,
        linked_at: row.time(4)?,
    })
}

pub(crate) async fn people(conn: &mut Conn, merchant: Uuid) -> Result<Vec<Linked>> {
    let rows = conn
        .fetch_all(
            select_person!("merchant_id = $1 ORDER BY name, chat_user"),
            params![merchant],
        )
        .await?;
    doc::all(rows, read_person)
}

pub(crate) async fn person(
    conn: &mut Conn,
    merchant: Uuid,
    chat_user: &str,
) -> Result<Option<Linked>> {
    let row = conn
        .fetch_opt(
            select_person!("merchant_id = $1 AND chat_user = $2"),
            params![merchant, chat_user],
        )
        .await?;
    doc::one(row, read_person)
}

pub(crate) async fn insert_person(conn: &mut Conn, person: &Linked) -> Result<()> {
    conn.execute(
        "INSERT INTO chat_people (merchant_id, chat_user, name, user_id, linked_at) \
         VALUES ($1, $2, $3, $4, $5)",
        params![
            person.merchant_id,
            &person.chat_user,
            &person.name,
            person.user_id,
            person.linked_at,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn delete_person(
    conn: &mut Conn,
    merchant: Uuid,
    chat_user: &str,
) -> Result<bool> {
    let gone = conn
        .execute(
            "DELETE FROM chat_people WHERE merchant_id = $1 AND chat_user = $2",
            params![merchant, chat_user],
        )
        .await?;
    Ok(gone == 1)
}

pub(crate) async fn link(
    conn: &mut Conn,
    merchant: Uuid,
    token_hash: &[u8],
) -> Result<Option<ChatLinkRow>> {
    let row = conn
        .fetch_opt(
            "SELECT merchant_id, token_hash, chat_user, name, expires_at, used_at FROM chat_links \
             WHERE merchant_id = $1 AND token_hash = $2",
            params![merchant, token_hash],
        )
        .await?;
    doc::one(row, |row| {
        Ok(ChatLinkRow {
            merchant_id: row.uuid(0)?,
            token_hash: row.blob(1)?,
            chat_user: row.text(2)?,
            name: row.text(3)?,
            expires_at: row.time(4)?,
            used_at: row.time_opt(5)?,
        })
    })
}

pub(crate) async fn insert_link(conn: &mut Conn, link: &ChatLinkRow) -> Result<()> {
    conn.execute(
        "INSERT INTO chat_links (merchant_id, token_hash, chat_user, name, expires_at, used_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![
            link.merchant_id,
            link.token_hash.as_slice(),
            &link.chat_user,
            &link.name,
            link.expires_at,
            link.used_at,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn use_link(
    conn: &mut Conn,
    merchant: Uuid,
    token_hash: &[u8],
    now: Time,
) -> Result<bool> {
    let used = conn
        .execute(
            "UPDATE chat_links SET used_at = $3 \
             WHERE merchant_id = $1 AND token_hash = $2 AND used_at IS NULL",
            params![merchant, token_hash, now],
        )
        .await?;
    Ok(used == 1)
}

fn read_post(row: &Row) -> Result<Post> {
    let mut post: Post = row.json(0)?;
    post.rev = row.int(1)?;
    Ok(post)
}

pub(crate) async fn post(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<Option<Post>> {
    let row = conn
        .fetch_opt(
            "SELECT doc, rev FROM chat_posts WHERE merchant_id = $1 AND id = $2",
            params![merchant, id],
        )
        .await?;
    doc::one(row, read_post)
}

pub(crate) async fn posts(conn: &mut Conn, merchant: Uuid, about: Uuid) -> Result<Vec<Post>> {
    let rows = conn
        .fetch_all(
            "SELECT doc, rev FROM chat_posts WHERE merchant_id = $1 AND approval_id = $2 ORDER BY id",
            params![merchant, about],
        )
        .await?;
    doc::all(rows, read_post)
}

pub(crate) async fn latest_posts(conn: &mut Conn, merchant: Uuid, limit: i64) -> Result<Vec<Post>> {
    let rows = conn
        .fetch_all(
            "SELECT doc, rev FROM chat_posts WHERE merchant_id = $1 ORDER BY id DESC LIMIT $2",
            params![merchant, limit],
        )
        .await?;
    doc::all(rows, read_post)
}

pub(crate) async fn insert_post(conn: &mut Conn, post: &Post) -> Result<()> {
    conn.execute(
        "INSERT INTO chat_posts (merchant_id, id, approval_id, rev, doc) VALUES ($1, $2, $3, $4, $5)",
        params![
            post.merchant_id,
            post.id,
            post.about(),
            post.rev,
            doc::text(post)?,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save_post(conn: &mut Conn, post: &Post) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE chat_posts SET doc = $4, rev = rev + 1 \
             WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![post.merchant_id, post.id, post.rev, doc::text(post)?],
        )
        .await?;
    doc::saved(changed)
}

pub(crate) async fn delete_post(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<()> {
    conn.execute(
        "DELETE FROM chat_posts WHERE merchant_id = $1 AND id = $2",
        params![merchant, id],
    )
    .await?;
    Ok(())
}

pub(crate) async fn click(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<Option<Click>> {
    let row = conn
        .fetch_opt(
            "SELECT doc FROM chat_clicks WHERE merchant_id = $1 AND id = $2",
            params![merchant, id],
        )
        .await?;
    doc::one(row, |row| row.json(0))
}

pub(crate) async fn insert_click(conn: &mut Conn, click: &Click, digest: &[u8]) -> Result<bool> {
    let inserted = conn
        .execute(
            "INSERT INTO chat_clicks (merchant_id, id, digest, doc, received_at) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (merchant_id, digest) DO NOTHING",
            params![
                click.merchant_id,
                click.id,
                digest,
                doc::text(click)?,
                click.received_at,
            ],
        )
        .await?;
    Ok(inserted == 1)
}

pub(crate) async fn save_click(conn: &mut Conn, click: &Click) -> Result<()> {
    conn.execute(
        "UPDATE chat_clicks SET doc = $3 WHERE merchant_id = $1 AND id = $2",
        params![click.merchant_id, click.id, doc::text(click)?],
    )
    .await?;
    Ok(())
}

pub(crate) async fn decision_link(
    conn: &mut Conn,
    merchant: Uuid,
    token_hash: &[u8],
) -> Result<Option<DecisionLinkRow>> {
    let row = conn
        .fetch_opt(
            "SELECT merchant_id, token_hash, approval_id, user_id, expires_at FROM decision_links \
             WHERE merchant_id = $1 AND token_hash = $2",
            params![merchant, token_hash],
        )
        .await?;
    doc::one(row, |row| {
        Ok(DecisionLinkRow {
            merchant_id: row.uuid(0)?,
            token_hash: row.blob(1)?,
            approval_id: row.uuid(2)?,
            user_id: row.uuid_opt(3)?,
            expires_at: row.time(4)?,
        })
    })
}

pub(crate) async fn mailed_about(
    conn: &mut Conn,
    merchant: Uuid,
    approval: Uuid,
) -> Result<Vec<Uuid>> {
    let rows = conn
        .fetch_all(
            "SELECT DISTINCT user_id FROM decision_links \
             WHERE merchant_id = $1 AND approval_id = $2 AND user_id IS NOT NULL ORDER BY user_id",
            params![merchant, approval],
        )
        .await?;
    doc::all(rows, |row| row.uuid(0))
}

pub(crate) async fn insert_decision_link(conn: &mut Conn, link: &DecisionLinkRow) -> Result<()> {
    conn.execute(
        "INSERT INTO decision_links (merchant_id, token_hash, approval_id, user_id, expires_at) \
         VALUES ($1, $2, $3, $4, $5)",
        params![
            link.merchant_id,
            link.token_hash.as_slice(),
            link.approval_id,
            link.user_id,
            link.expires_at,
        ],
    )
    .await?;
    Ok(())
}

const FORGET: [&str; 3] = [
    "DELETE FROM chat_clicks WHERE merchant_id = $1 AND received_at < $2",
    "DELETE FROM chat_links WHERE merchant_id = $1 AND expires_at < $2",
    "DELETE FROM decision_links WHERE merchant_id = $1 AND expires_at < $2",
];

pub(crate) async fn forget(conn: &mut Conn, merchant: Uuid, before: Time) -> Result<u64> {
    let mut gone = 0;
    for statement in FORGET {
        gone += conn.execute(statement, params![merchant, before]).await?;
    }
    Ok(gone)
}
