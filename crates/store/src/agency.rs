//! An agency's templates with their versions and pushes, which are the operator's, and each merchant's pins.

use domain::agency::{Edition, Pin, Push, Template};
use uuid::Uuid;

use crate::{
    doc,
    error::Result,
    params,
    sql::{Conn, Row},
};

fn read_template(row: &Row) -> Result<Template> {
    let mut template: Template = row.json(0)?;
    template.rev = row.int(1)?;
    Ok(template)
}

pub(crate) async fn templates(conn: &mut Conn, operator: Uuid) -> Result<Vec<Template>> {
    let rows = conn
        .fetch_all(
            "SELECT doc, rev FROM agency_templates WHERE operator_id = $1 ORDER BY id",
            params![operator],
        )
        .await?;
    doc::all(rows, read_template)
}

pub(crate) async fn template(
    conn: &mut Conn,
    operator: Uuid,
    id: Uuid,
) -> Result<Option<Template>> {
    let row = conn
        .fetch_opt(
            "SELECT doc, rev FROM agency_templates WHERE operator_id = $1 AND id = $2",
            params![operator, id],
        )
        .await?;
    doc::one(row, read_template)
}

pub(crate) async fn insert_template(conn: &mut Conn, template: &Template) -> Result<()> {
    conn.execute(
        "INSERT INTO agency_templates (operator_id, id, flow_key, retired_at, rev, doc) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![
            template.operator_id,
            template.id,
            &template.flow_key,
            template.retired_at,
            template.rev,
            doc::text(template)?,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save_template(conn: &mut Conn, template: &Template) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE agency_templates SET retired_at = $4, doc = $5, rev = rev + 1 \
             WHERE operator_id = $1 AND id = $2 AND rev = $3",
            params![
                template.operator_id,
                template.id,
                template.rev,
                template.retired_at,
                doc::text(template)?,
            ],
        )
        .await?;
    doc::saved(changed)
}

pub(crate) async fn editions(
    conn: &mut Conn,
    operator: Uuid,
    template: Uuid,
) -> Result<Vec<Edition>> {
    let rows = conn
        .fetch_all(
            "SELECT doc FROM agency_editions WHERE operator_id = $1 AND template_id = $2 ORDER BY version DESC",
            params![operator, template],
        )
        .await?;
    doc::all(rows, |row| row.json(0))
}

pub(crate) async fn edition(
    conn: &mut Conn,
    operator: Uuid,
    template: Uuid,
    version: i64,
) -> Result<Option<Edition>> {
    let row = conn
        .fetch_opt(
            "SELECT doc FROM agency_editions WHERE operator_id = $1 AND template_id = $2 AND version = $3",
            params![operator, template, version],
        )
        .await?;
    doc::one(row, |row| row.json(0))
}

pub(crate) async fn insert_edition(conn: &mut Conn, edition: &Edition) -> Result<()> {
    conn.execute(
        "INSERT INTO agency_editions (operator_id, template_id, version, doc) VALUES ($1, $2, $3, $4)",
        params![
            edition.operator_id,
            edition.template_id,
            edition.version,
            doc::text(edition)?,
        ],
    )
    .await?;
    Ok(())
}

fn read_push(row: &Row) -> Result<Push> {
    let mut push: Push = row.json(0)?;
    push.rev = row.int(1)?;
    Ok(push)
}

pub(crate) async fn push(conn: &mut Conn, operator: Uuid, id: Uuid) -> Result<Option<Push>> {
    let row = conn
        .fetch_opt(
            "SELECT doc, rev FROM agency_pushes WHERE operator_id = $1 AND id = $2",
            params![operator, id],
        )
        .await?;
    doc::one(row, read_push)
}

pub(crate) async fn pushes(conn: &mut Conn, operator: Uuid, template: Uuid) -> Result<Vec<Push>> {
    let rows = conn
        .fetch_all(
            "SELECT doc, rev FROM agency_pushes WHERE operator_id = $1 AND template_id = $2 \
             ORDER BY pushed_at DESC, id DESC LIMIT 20",
            params![operator, template],
        )
        .await?;
    doc::all(rows, read_push)
}

pub(crate) async fn insert_push(conn: &mut Conn, push: &Push) -> Result<()> {
    conn.execute(
        "INSERT INTO agency_pushes (operator_id, id, template_id, pushed_at, rev, doc) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![
            push.operator_id,
            push.id,
            push.template_id,
            push.at,
            push.rev,
            doc::text(push)?,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save_push(conn: &mut Conn, push: &Push) -> Result<()> {
    let changed = conn
        .execute(
            "UPDATE agency_pushes SET doc = $4, rev = rev + 1 WHERE operator_id = $1 AND id = $2 AND rev = $3",
            params![push.operator_id, push.id, push.rev, doc::text(push)?],
        )
        .await?;
    doc::saved(changed)
}

pub(crate) async fn pins(conn: &mut Conn, merchant: Uuid) -> Result<Vec<Pin>> {
    let rows = conn
        .fetch_all(
            "SELECT doc FROM template_pins WHERE merchant_id = $1 ORDER BY flow_key",
            params![merchant],
        )
        .await?;
    doc::all(rows, |row| row.json(0))
}

pub(crate) async fn pin(conn: &mut Conn, merchant: Uuid, flow_key: &str) -> Result<Option<Pin>> {
    let row = conn
        .fetch_opt(
            "SELECT doc FROM template_pins WHERE merchant_id = $1 AND flow_key = $2",
            params![merchant, flow_key],
        )
        .await?;
    doc::one(row, |row| row.json(0))
}

pub(crate) async fn put_pin(conn: &mut Conn, pin: &Pin) -> Result<()> {
    conn.execute(
        "INSERT INTO template_pins (merchant_id, flow_key, template_id, doc) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (merchant_id, flow_key) DO UPDATE SET template_id = excluded.template_id, doc = excluded.doc",
        params![
            pin.merchant_id,
            &pin.flow_key,
            pin.template_id,
            doc::text(pin)?,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn delete_pin(conn: &mut Conn, merchant: Uuid, flow_key: &str) -> Result<()> {
    conn.execute(
        "DELETE FROM template_pins WHERE merchant_id = $1 AND flow_key = $2",
        params![merchant, flow_key],
    )
    .await?;
    Ok(())
}
