//! What a process can learn about where it works: for `meshline doctor`.

use domain::Time;

use crate::{error::Result, notify::LISTENER, params, sql::Conn};

/// A Postgres, as one connection of the program sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// The role in `DATABASE_URL`.
    pub login: String,
    /// The role that the work is done as.
    pub role: String,
    /// Row policies do not hold for this role.
    pub goes_round_policies: bool,
    /// Tables whose rows are kept apart by a policy.
    pub tables_with_policies: i64,
    /// Processes that listen on this database.
    pub listeners: i64,
    pub connections: i64,
    pub max_connections: i64,
    pub time: Time,
}

pub(crate) async fn of(conn: &mut Conn) -> Result<Surroundings> {
    let row = conn
        .fetch_one(
            "SELECT CAST(session_user AS TEXT), CAST(current_user AS TEXT), \
             CAST(CASE WHEN r.rolsuper OR r.rolbypassrls THEN 1 ELSE 0 END AS BIGINT), \
             (SELECT COUNT(*) FROM pg_class c WHERE c.relrowsecurity AND c.relnamespace = \
                (SELECT n.oid FROM pg_namespace n WHERE n.nspname = current_schema())), \
             (SELECT COUNT(*) FROM pg_stat_activity a \
                WHERE a.datname = current_database() AND a.application_name = $1), \
             (SELECT COUNT(*) FROM pg_stat_activity), \
             CAST(current_setting('max_connections') AS BIGINT), \
             CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT) \
             FROM pg_roles r WHERE r.rolname = current_user",
            params![LISTENER],
        )
        .await?;
    Ok(Surroundings {
        login: row.text(0)?,
        role: row.text(1)?,
        goes_round_policies: row.int(2)? == 1,
        tables_with_policies: row.int(3)?,
        listeners: row.int(4)?,
        connections: row.int(5)?,
        max_connections: row.int(6)?,
        time: row.time(7)?,
    })
}
