//! Brings the tables up to date when a database is opened.
//!
//! The migrations are part of the program: one file per engine and step, with the same names. All
//! that are missing run in one transaction, under a lock, so that several processes may start at
//! once. What has run is remembered with the checksum of its text; a file that was changed
//! afterwards is refused, and so is a database that a newer program has been at.

use sha2::{Digest, Sha256};

use crate::{
    error::{Result, StoreError},
    params,
    sql::{Conn, Engine},
};

struct Migration {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! migration {
    ($version:literal, $name:literal) => {
        Migration {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("../../../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../../../migrations/postgres/", $name, ".sql")),
        }
    };
}

/// Every step, in order. A step that has been released is never changed; what is wrong with it is put
/// right by the next one.
static MIGRATIONS: &[Migration] = &[
    migration!(1, "0001_foundation"),
    migration!(2, "0002_spine"),
    migration!(3, "0003_members"),
    migration!(4, "0004_access"),
    migration!(5, "0005_accounts"),
    migration!(6, "0006_second_factor"),
    migration!(7, "0007_operators"),
    migration!(8, "0008_destinations"),
    migration!(9, "0009_overview"),
    migration!(10, "0010_row_security"),
    migration!(11, "0011_mails"),
    migration!(12, "0012_ownership"),
    migration!(13, "0013_runs"),
    migration!(14, "0014_drafts"),
    migration!(15, "0015_debt"),
    migration!(16, "0016_trust"),
    migration!(17, "0017_notices"),
    migration!(18, "0018_agency"),
    migration!(19, "0019_contracts"),
    migration!(20, "0020_approvals"),
    migration!(21, "0021_chat"),
    migration!(22, "0022_checkpoints"),
    migration!(23, "0023_briefs"),
    migration!(24, "0024_gaps"),
    migration!(25, "0025_retention"),
    migration!(26, "0026_directly"),
];

#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error(
        "the database is newer than this program: it is at step {found}, this program knows {known}. Start the newer program"
    )]
    Newer { found: i64, known: i64 },
    #[error(
        "the database is older than this program: it is at step {found} of {known}. Start `meshline serve` once to bring it up to date"
    )]
    Older { found: i64, known: i64 },
    #[error(
        "migration {name} is not the one that this database was set up with: its text was changed afterwards"
    )]
    Changed { name: String },
    #[error("migration {name} failed: {}", .source.context())]
    Failed {
        name: &'static str,
        source: StoreError,
    },
    #[error("the migrations cannot be read: {}", .0.context())]
    Store(#[from] StoreError),
}

impl Migration {
    fn text(&self, engine: Engine) -> &'static str {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }

    fn checksum(&self, engine: Engine) -> String {
        hex::encode(Sha256::digest(self.text(engine).as_bytes()))
    }
}

/// Runs what is missing, in the transaction that `conn` is in.
pub(crate) async fn run(conn: &mut Conn) -> Result<(), MigrateError> {
    let engine = conn.engine();
    if engine == Engine::Postgres {
        // any fixed number: it names this lock among others in the same database
        conn.fetch_one(
            "SELECT CAST(pg_advisory_xact_lock(7304211650) AS TEXT)",
            params![],
        )
        .await?;
    }
    conn.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations \
         (version BIGINT PRIMARY KEY NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL)",
        params![],
    )
    .await?;
    for migration in missing(conn).await? {
        tracing::info!(migration = migration.name, "migrating the database");
        conn.script(migration.text(engine))
            .await
            .map_err(|source| MigrateError::Failed {
                name: migration.name,
                source,
            })?;
        conn.execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)",
            params![
                migration.version,
                migration.name,
                migration.checksum(engine)
            ],
        )
        .await?;
    }
    Ok(())
}

/// Whether the tables are exactly those that this program knows.
pub(crate) async fn check(conn: &mut Conn) -> Result<(), MigrateError> {
    let missing = missing(conn).await?.len() as i64;
    let known = MIGRATIONS.len() as i64;
    if missing > 0 {
        return Err(MigrateError::Older {
            found: known - missing,
            known,
        });
    }
    Ok(())
}

/// The steps that have not run, after a look at those that have.
async fn missing(conn: &mut Conn) -> Result<&'static [Migration], MigrateError> {
    let engine = conn.engine();
    let rows = conn
        .fetch_all(
            "SELECT version, name, checksum FROM schema_migrations ORDER BY version",
            params![],
        )
        .await?;
    let known = MIGRATIONS.last().map_or(0, |last| last.version);
    for (index, row) in rows.iter().enumerate() {
        let (found, name, checksum) = (row.int(0)?, row.text(1)?, row.text(2)?);
        if found > known {
            return Err(MigrateError::Newer { found, known });
        }
        let expected = MIGRATIONS.get(index);
        if expected.is_none_or(|step| step.version != found || step.checksum(engine) != checksum) {
            return Err(MigrateError::Changed { name });
        }
    }
    Ok(&MIGRATIONS[rows.len()..])
}

/// The tables that have a `merchant_id`, as the texts create them.
#[cfg(debug_assertions)]
pub(crate) fn merchants_tables() -> Vec<&'static str> {
    MIGRATIONS
        .iter()
        .flat_map(|step| step.sqlite.split("CREATE TABLE ").skip(1))
        .filter_map(|text| {
            let (name, rest) = text.split_once('(')?;
            let (body, _) = rest.split_once(';')?;
            body.split_whitespace()
                .any(|word| word == "merchant_id")
                .then(|| name.trim())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn both_engines_have_the_same_steps_and_all_of_them_are_listed() {
        let listed: Vec<String> = MIGRATIONS
            .iter()
            .map(|step| format!("{}.sql", step.name))
            .collect();
        for engine in ["sqlite", "postgres"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../../migrations")
                .join(engine);
            let mut files: Vec<String> = std::fs::read_dir(folder)
                .unwrap()
                .map(|file| file.unwrap().file_name().into_string().unwrap())
                .collect();
            files.sort();
            assert_eq!(files, listed, "{engine}");
        }
        for (index, step) in MIGRATIONS.iter().enumerate() {
            assert_eq!(
                step.version,
                index as i64 + 1,
                "{}: steps are numbered without gaps",
                step.name
            );
            assert!(
                step.name.starts_with(&format!("{:04}_", step.version)),
                "{}",
                step.name
            );
        }
    }
}
