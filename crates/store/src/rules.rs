//! Contracts and flows. Every version is a row, written once.

use domain::{
    contract::Contract,
    flow::{Flow, upgrade},
};
use uuid::Uuid;

use crate::{
    doc,
    error::{Result, StoreError},
    params,
    sql::{Conn, Row},
};

pub(crate) async fn contract(
    conn: &mut Conn,
    merchant: Uuid,
    id: Uuid,
) -> Result<Option<Contract>> {
    let row = conn
        .fetch_opt(
            "SELECT doc FROM contracts WHERE merchant_id = $1 AND id = $2",
            params![merchant, id],
        )
        .await?;
    doc::one(row, |row| row.json(0))
}

/// The newest version of each type that is not retired, by type.
pub(crate) async fn contracts(conn: &mut Conn, merchant: Uuid) -> Result<Vec<Contract>> {
    let rows = conn
        .fetch_all(
            "SELECT c.doc FROM contracts c WHERE c.merchant_id = $1 AND NOT EXISTS (\
                SELECT 1 FROM contracts n WHERE n.merchant_id = c.merchant_id AND n.export_type = c.export_type \
                AND (n.major > c.major OR (n.major = c.major AND n.minor > c.minor))) \
             AND NOT EXISTS (SELECT 1 FROM contract_standings s WHERE s.merchant_id = c.merchant_id \
                AND s.export_type = c.export_type AND s.state = 'retired')",
            params![merchant],
        )
        .await?;
    let mut contracts: Vec<Contract> = doc::all(rows, |row| row.json(0))?;
    contracts.sort_by(|a, b| a.export_type.cmp(&b.export_type));
    Ok(contracts)
}

/// Newest first.
pub(crate) async fn contract_versions(
    conn: &mut Conn,
    merchant: Uuid,
    export_type: &str,
) -> Result<Vec<Contract>> {
    let rows = conn
        .fetch_all(
            "SELECT doc FROM contracts WHERE merchant_id = $1 AND export_type = $2 ORDER BY major DESC, minor DESC",
            params![merchant, export_type],
        )
        .await?;
    doc::all(rows, |row| row.json(0))
}

pub(crate) async fn insert_contract(conn: &mut Conn, contract: &Contract) -> Result<()> {
    let (major, minor) = version(&contract.version)?;
    conn.execute(
        "INSERT INTO contracts (merchant_id, id, export_type, major, minor, doc) VALUES ($1, $2, $3, $4, $5, $6)",
        params![
            contract.merchant_id,
            contract.id,
            &contract.export_type,
            major,
            minor,
            doc::text(contract)?,
        ],
    )
    .await?;
    Ok(())
}

/// `3.10` is newer than `3.9`.
fn version(text: &str) -> Result<(i64, i64)> {
    text.split_once('.')
        .and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)))
        .ok_or_else(|| {
            StoreError::internal(format!(
                "{text:?} is not a contract's version: write major.minor"
            ))
        })
}

pub(crate) async fn flow(conn: &mut Conn, merchant: Uuid, id: Uuid) -> Result<Option<Flow>> {
    let row = conn
        .fetch_opt(
            "SELECT doc FROM flows WHERE merchant_id = $1 AND id = $2",
            params![merchant, id],
        )
        .await?;
    doc::one(row, read_flow)
}

/// Of whatever age it is.
pub(crate) fn read_flow(row: &Row) -> Result<Flow> {
    upgrade::flow(&row.text(0)?).map_err(|error| StoreError::corrupt(error.to_string()))
}

/// The newest version of each flow that is in use, by key; not those that contracts bring along.
pub(crate) async fn flows(conn: &mut Conn, merchant: Uuid) -> Result<Vec<Flow>> {
    let rows = conn
        .fetch_all(
            "SELECT f.doc FROM flows f WHERE f.merchant_id = $1 AND f.key NOT LIKE 'contract:%' AND NOT EXISTS (\
                SELECT 1 FROM flows n WHERE n.merchant_id = f.merchant_id AND n.key = f.key AND n.version > f.version) \
             AND NOT EXISTS (SELECT 1 FROM retired_flows r WHERE r.merchant_id = f.merchant_id AND r.key = f.key)",
            params![merchant],
        )
        .await?;
    let mut flows: Vec<Flow> = doc::all(rows, read_flow)?;
    flows.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(flows)
}

pub(crate) async fn insert_flow(conn: &mut Conn, flow: &Flow) -> Result<()> {
    conn.execute(
        "INSERT INTO flows (merchant_id, id, key, version, doc) VALUES ($1, $2, $3, $4, $5)",
        params![
            flow.merchant_id,
            flow.id,
            &flow.key,
            flow.version,
            doc::text(flow)?
        ],
    )
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        assert!(version("3.10").unwrap() > version("3.9").unwrap());
        assert!(version("3").is_err());
        assert!(version("3.x").is_err());
    }
}
