//! What hand-offs made by hand are reckoned with.

use domain::Money;
use uuid::Uuid;

use crate::{doc, error::Result, params, sql::Conn};

pub(crate) async fn hourly_cost(conn: &mut Conn, merchant: Uuid) -> Result<Option<Money>> {
    let row = conn
        .fetch_opt(
            "SELECT minor, currency FROM hourly_costs WHERE merchant_id = $1",
            params![merchant],
        )
        .await?;
    doc::one(row, |row| Ok(Money::new(row.int(0)?, row.parsed(1)?)))
}

pub(crate) async fn set_hourly_cost(conn: &mut Conn, merchant: Uuid, an_hour: Money) -> Result<()> {
    conn.execute(
        "INSERT INTO hourly_costs (merchant_id, minor, currency) VALUES ($1, $2, $3) \
         ON CONFLICT (merchant_id) DO UPDATE SET minor = excluded.minor, currency = excluded.currency",
        params![merchant, an_hour.minor, an_hour.currency.code()],
    )
    .await?;
    Ok(())
}
