//! Campaign briefs and their versions, which never change.

use domain::{
    brief::{Brief, BriefVersion},
    flow::Campaign,
};
use engine::port::ListFilter;
use uuid::Uuid;

use crate::{
    doc,
    error::Result,
    list::{Before, List, Marks, searchable},
    params,
    sql::{Conn, Row},
};

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT doc, state, rev FROM briefs WHERE ", $rest)
    };
}

static LIST: List = List {
    select: select!("merchant_id = "),
    state: " AND state = ",
    groups: &[],
    kind: " AND campaign_id = ",
    search: " AND search LIKE ",
    due: None,
    since: None,
    holder: None,
    marks: Marks::None,
    before: Before::TimeAndId(" AND (updated_at, id) < ("),
    order: " ORDER BY updated_at DESC, id DESC LIMIT ",
};

fn read(row: &Row) -> Result<Brief> {
    let mut brief: Brief = row.json(0)?;
    brief.state = row.parsed(1)?;
    brief.rev = row.int(2)?;
    Ok(brief)
}

fn search(brief: &Brief) -> String {
    searchable([
        brief.content.title.as_str(),
        &brief.campaign_id,
        &brief.content.skus.join(" "),
        &brief.id.to_string(),
    ])
}

pub(crate) async fn by_id(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<Option<Brief>> {
    let row = conn
        .fetch_opt(
            select!("merchant_id = $1 AND id = $2"),
            params![merchant, id],
        )
        .await?;
    doc::one(row, read)
}

pub(crate) async fn list(
    conn: &mut Conn,
    merchant: Uuid,
    filter: &ListFilter,
) -> Result<Vec<Brief>> {
    doc::all(LIST.fetch(conn, merchant, filter).await?, read)
}

/// Oldest first.
pub(crate) async fn versions(
    conn: &mut Conn,
    merchant: Uuid,
    brief: Uuid,
) -> Result<Vec<BriefVersion>> {
    let rows = conn
        .fetch_all(
            "SELECT doc FROM brief_versions WHERE merchant_id = $1 AND brief_id = $2 ORDER BY version",
            params![merchant, brief],
        )
        .await?;
    doc::all(rows, |row| row.json(0))
}

pub(crate) async fn insert(conn: &mut Conn, brief: &Brief) -> Result<()> {
    conn.execute(
        "INSERT INTO briefs (merchant_id, id, campaign_id, state, updated_at, rev, search, doc) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            brief.merchant_id,
            brief.id,
            &brief.campaign_id,
            brief.state.as_str(),
            brief.updated_at,
            brief.rev,
            search(brief),
            doc::text(brief)?
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save(conn: &mut Conn, brief: &Brief) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE briefs SET state = $4, updated_at = $5, search = $6, doc = $7, rev = rev + 1 \
             WHERE merchant_id = $1 AND id = $2 AND rev = $3",
            params![
                brief.merchant_id,
                brief.id,
                brief.rev,
                brief.state.as_str(),
                brief.updated_at,
                search(brief),
                doc::text(brief)?
            ],
        )
        .await?;
    doc::saved(changed)
}

pub(crate) async fn insert_version(conn: &mut Conn, version: &BriefVersion) -> Result<()> {
    conn.execute(
        "INSERT INTO brief_versions (merchant_id, brief_id, version, doc) VALUES ($1, $2, $3, $4)",
        params![
            version.merchant_id,
            version.brief_id,
            version.version,
            doc::text(version)?
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save_campaign(conn: &mut Conn, campaign: &Campaign) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE campaigns SET doc = $3 WHERE merchant_id = $1 AND id = $2",
            params![campaign.merchant_id, campaign.id, doc::text(campaign)?],
        )
        .await?;
    doc::saved(changed)
}
