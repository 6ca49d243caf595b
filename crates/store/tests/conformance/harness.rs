//! A database for one test, and the table that the cases write to.

use std::{
    io::Write,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use store::{Database, Options, Priority, StoreError, WriteTx, params, sql::Engine};

const POSTGRES: &str = "MESHLINE_TEST_POSTGRES_URL";

pub struct World {
    pub db: Database,
    pub url: String,
}

impl World {
    async fn open(url: String) -> Self {
        let db = Database::connect(&url, Options::default()).await.unwrap();
        let world = Self { db, url };
        world.script(things(world.db.engine())).await;
        world
    }

    /// Opens the same database once more; this one must have been closed.
    pub async fn reopened(&self) -> Database {
        Database::connect(&self.url, Options::default())
            .await
            .unwrap()
    }

    /// Beside the store, as the owner of the tables, whom neither policy nor check holds back.
    pub async fn script(&self, statements: &'static [&'static str]) {
        let sql = statements.join(";");
        match self.db.engine() {
            Engine::Postgres => administer(&self.url, sql).await,
            Engine::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
                sqlx::raw_sql(AssertSqlSafe(sql))
                    .execute(&mut connection)
                    .await
                    .unwrap();
                connection.close().await.unwrap();
            }
        }
    }

    /// Adds one thing in an operation of its own.
    pub async fn add(&self, id: i64, name: &str) -> Result<u64, StoreError> {
        let name = name.to_owned();
        self.db
            .write(Priority::Normal, move |tx| {
                Box::pin(async move { insert(tx, id, &name).await })
            })
            .await
    }

    pub async fn names(&self) -> Vec<String> {
        names(&self.db).await
    }
}

pub async fn insert(tx: &mut WriteTx, id: i64, name: &str) -> Result<u64, StoreError> {
    tx.conn()
        .execute(
            "INSERT INTO things (id, name) VALUES ($1, $2)",
            params![id, name],
        )
        .await
}

pub async fn names(db: &Database) -> Vec<String> {
    db.read::<_, StoreError, _>(|conn| {
        Box::pin(async move {
            let rows = conn
                .fetch_all("SELECT name FROM things ORDER BY id", params![])
                .await?;
            rows.iter().map(|row| row.text(0)).collect()
        })
    })
    .await
    .unwrap()
}

/// A column of every kind, and a constraint of every kind.
fn things(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &[
            "CREATE TABLE things (id INTEGER NOT NULL, name TEXT, number INTEGER, bytes BLOB, ref BLOB, \
             kind TEXT, code TEXT, PRIMARY KEY (id), UNIQUE (kind, code)) STRICT",
            "CREATE UNIQUE INDEX things_by_name ON things (name)",
            "CREATE UNIQUE INDEX things_by_code_in_lower_case ON things (lower(code)) WHERE kind <> 'k'",
            "CREATE TABLE pairs (a INTEGER NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (a, b)) STRICT, WITHOUT ROWID",
        ],
        Engine::Postgres => &[
            "CREATE TABLE things (id BIGINT NOT NULL, name TEXT, number BIGINT, bytes BYTEA, ref UUID, \
             kind TEXT, code TEXT, PRIMARY KEY (id), UNIQUE (kind, code))",
            "CREATE UNIQUE INDEX things_by_name ON things (name)",
            "CREATE UNIQUE INDEX things_by_code_in_lower_case ON things (lower(code)) WHERE kind <> 'k'",
            "CREATE TABLE pairs (a BIGINT NOT NULL, b BIGINT NOT NULL, PRIMARY KEY (a, b))",
        ],
    }
}

/// Differs between the tests of one process and between processes.
fn unique_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!(
        "meshline_store_{}_{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}

pub fn temporary_folder() -> PathBuf {
    let folder = std::env::temp_dir().join(unique_name());
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

pub async fn on_sqlite(case: impl AsyncFnOnce(&World)) {
    let folder = temporary_folder();
    let world = World::open(format!("sqlite://{}/test.db", folder.display())).await;
    case(&world).await;
    world.db.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

pub async fn on_postgres(case: impl AsyncFnOnce(&World)) {
    with_postgres_database(async |url| {
        let world = World::open(url).await;
        case(&world).await;
        world.db.close().await;
    })
    .await;
}

/// An empty database, gone afterwards.
pub async fn with_postgres_database(case: impl AsyncFnOnce(String)) {
    let Ok(server) = std::env::var(POSTGRES) else {
        // not the macro: the test runner would keep that for itself
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED, not tested on Postgres: {POSTGRES} is not set"
        );
        return;
    };
    let name = unique_name();
    administer(&server, format!("DROP DATABASE IF EXISTS {name}")).await;
    administer(&server, format!("CREATE DATABASE {name}")).await;
    let (base, _) = server.rsplit_once('/').unwrap();
    case(format!("{base}/{name}")).await;
    administer(&server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

pub async fn administer(server: &str, sql: String) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}
