//! Opening a database: which kind the URL names, how it is set up, who else has it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection, PgPool, SqliteConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{Backend, Database, Lease, State, postgres, readers::Readers, role, writer::Writer};
use crate::{
    error::StoreError,
    migrate::{self, MigrateError},
    sql::{Conn, Link, Scope},
};

/// Below this, two connections that write or checkpoint at the same moment can damage the file.
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// Prepared statements kept per connection.
const STATEMENTS: usize = 512;

/// Of a new file. A receipt of a few kilobytes fits into one page.
const PAGE_BYTES: u32 = 8192;
/// Pages in the write-ahead log that start a checkpoint, which the commit at hand waits for. Four
/// megabytes: with four times as much the rate was the same and the slowest commits took twice as
/// long.
const CHECKPOINT_PAGES: &str = "500";

#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Connections for reading on SQLite; all connections on Postgres.
    pub connections: u32,
    /// How long to wait for a connection to Postgres, or for a lock somebody else holds on the file.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connections: 8,
            patience: Duration::from_secs(5),
        }
    }
}

/// Why a database could not be opened, in words for whoever starts the program.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{0:?} is not a database URL: it begins with sqlite:// or postgres://")]
    UnknownUrl(String),
    #[error("another process has {path} open: stop it first, or use another file")]
    InUse { path: PathBuf },
    #[error("{path} cannot be created or opened: {source}")]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(
        "this program contains SQLite {found}, which can damage its files; it needs 3.51.3 or newer"
    )]
    OldSqlite { found: String },
    #[error(
        "Meshline works on Postgres as the role meshline_app, which cannot see one merchant's rows while it works for another. \
         {login} may not create that role or not become it ({why}). \
         Let somebody who may run this once, then start again: \
         CREATE ROLE meshline_app NOLOGIN NOSUPERUSER NOBYPASSRLS; GRANT meshline_app TO {login};"
    )]
    Role { login: String, why: String },
    #[error(
        "the role meshline_app is a superuser or bypasses row security, so that nothing would keep merchants apart. \
         Let somebody who may run this, then start again: ALTER ROLE meshline_app NOSUPERUSER NOBYPASSRLS;"
    )]
    RoleGoesRound,
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    #[error("the database cannot be opened: {}", .0.context())]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(StoreError::from_driver(error))
    }
}

/// What is behind a database on SQLite.
pub(super) struct SqliteBackend {
    pub(super) writer: Writer,
    pub(super) readers: Readers,
}

pub(super) async fn connect(url: &str, options: Options) -> Result<Database, OpenError> {
    let state = Arc::new(State::default());
    let backend = match Target::of(url)? {
        Target::Sqlite(path) => {
            let lock = lock(&path)?;
            let settings = sqlite_settings(&path, options);
            let writing = settings.clone().create_if_missing(true);
            let mut conn = Conn::new(Link::SqliteWriter(Box::new(open_sqlite(&writing).await?)));
            conn.control("BEGIN IMMEDIATE").await?;
            migrate::run(&mut conn).await?;
            conn.control("COMMIT").await?;
            Backend::Sqlite(SqliteBackend {
                writer: Writer::start(conn, lock, Arc::clone(&state)),
                readers: readers(settings, options),
            })
        }
        Target::Postgres => {
            migrate_postgres(url, options).await?;
            Backend::Postgres(postgres::Backend {
                pool: postgres_pool(url, options).await?,
                read_only: false,
            })
        }
    };
    Ok(Database {
        backend: Arc::new(backend),
        state,
    })
}

pub(super) async fn connect_read_only(url: &str, options: Options) -> Result<Database, OpenError> {
    let backend = match Target::of(url)? {
        Target::Sqlite(path) => {
            let settings = sqlite_settings(&path, options);
            open_sqlite(&settings).await?;
            Backend::Sqlite(SqliteBackend {
                writer: Writer::refusing(),
                readers: readers(settings, options),
            })
        }
        Target::Postgres => {
            let mut login = PgConnectOptions::from_str(url)?.connect().await?;
            // where there is no role yet, the tables are not up to date either, and that is said below
            let is_ready = role::check(&mut login).await?;
            login.close().await?;
            Backend::Postgres(postgres::Backend {
                pool: match is_ready {
                    true => postgres_pool(url, options).await?,
                    false => login_pool(url, options).await?,
                },
                read_only: true,
            })
        }
    };
    let database = Database {
        backend: Arc::new(backend),
        state: Arc::default(),
    };
    database.read(|conn| Box::pin(migrate::check(conn))).await?;
    Ok(database)
}

enum Target {
    Sqlite(PathBuf),
    Postgres,
}

impl Target {
    fn of(url: &str) -> Result<Self, OpenError> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            if !path.is_empty() {
                return Ok(Self::Sqlite(PathBuf::from(path)));
            }
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres);
        }
        // a password may stand behind the scheme
        let shown = url.split_once("://").map_or("", |(scheme, _)| scheme);
        Err(OpenError::UnknownUrl(shown.to_owned()))
    }
}

/// One process per file. The lock is on a file beside it and goes with the process, however it ends.
fn lock(path: &Path) -> Result<File, OpenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = |source| OpenError::File {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(file)?;
    }
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)
        .map_err(file)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(file(source)),
    }
}

fn sqlite_settings(path: &Path, options: Options) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .page_size(PAGE_BYTES)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(options.patience)
        .statement_cache_capacity(STATEMENTS)
        .pragma("cache_size", "-16384")
        .pragma("temp_store", "memory")
        // a log that has grown under load is cut back to this afterwards
        .pragma("journal_size_limit", "67108864")
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
}

async fn open_sqlite(options: &SqliteConnectOptions) -> Result<SqliteConnection, OpenError> {
    let mut connection = options.connect().await?;
    let found: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(&mut connection)
        .await?;
    if version(&found).is_none_or(|version| version < OLDEST_SQLITE) {
        return Err(OpenError::OldSqlite { found });
    }
    Ok(connection)
}

fn version(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next()??))
}

fn readers(settings: SqliteConnectOptions, options: Options) -> Readers {
    Readers::new(
        settings.pragma("query_only", "on"),
        options.connections as usize,
    )
}

/// As the login itself, which owns the tables, on a connection of its own.
async fn migrate_postgres(url: &str, options: Options) -> Result<(), OpenError> {
    let pool = login_pool(url, options).await?;
    role::prepare(&mut *pool.acquire().await?).await?;
    let mut lease = Lease::writing(&pool).await?;
    // a step that changes rows changes everybody's
    sqlx::raw_sql("SET LOCAL meshline.across = '*'")
        .execute(lease.connection(&Scope::NOBODY).await?)
        .await?;
    let mut conn = Conn::new(Link::Postgres(lease));
    migrate::run(&mut conn).await?;
    if let Link::Postgres(lease) = conn.into_link() {
        lease.commit().await?;
    }
    pool.close().await;
    Ok(())
}

fn postgres_settings(url: &str) -> Result<PgConnectOptions, OpenError> {
    Ok(PgConnectOptions::from_str(url)?
        .application_name("meshline")
        .options([
            // a process that fell asleep in the middle of a transaction lets go of its locks,
            ("idle_in_transaction_session_timeout", "15s"),
            // and one whose machine is gone is noticed
            ("tcp_keepalives_idle", "20"),
            ("tcp_keepalives_interval", "5"),
            ("tcp_keepalives_count", "4"),
        ])
        .statement_cache_capacity(STATEMENTS))
}

async fn login_pool(url: &str, options: Options) -> Result<PgPool, OpenError> {
    Ok(PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(options.patience)
        .connect_with(postgres_settings(url)?)
        .await?)
}

async fn postgres_pool(url: &str, options: Options) -> Result<PgPool, OpenError> {
    let pool = PgPoolOptions::new()
        .max_connections(options.connections)
        .acquire_timeout(options.patience)
        // asked when it comes back; asking again before each use would be one more round trip
        .test_before_acquire(false)
        .after_connect(|connection, _| {
            Box::pin(async move {
                sqlx::raw_sql(role::ASSUME)
                    .execute(connection)
                    .await
                    .map(drop)
            })
        })
        .connect_with(postgres_settings(url)?)
        .await?;
    Ok(pool)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        assert!(
            matches!(Target::of("sqlite:///var/lib/m.db"), Ok(Target::Sqlite(path)) if path == Path::new("/var/lib/m.db"))
        );
        assert!(
            matches!(Target::of("sqlite://m.db"), Ok(Target::Sqlite(path)) if path == Path::new("m.db"))
        );
        assert!(matches!(
            Target::of("postgres://u@h/d"),
            Ok(Target::Postgres)
        ));
        let refused = Target::of("mysql://root:secret@h/d")
            .err()
            .unwrap()
            .to_string();
        assert!(
            refused.contains("mysql") && !refused.contains("secret"),
            "{refused}"
        );
        assert!(Target::of("sqlite://").is_err());
    }

    #[test]
    fn versions() {
        assert!(version("3.51.3").unwrap() >= OLDEST_SQLITE);
        assert!(version("3.51.2").unwrap() < OLDEST_SQLITE);
        assert!(version("4.0.0").unwrap() > OLDEST_SQLITE);
        assert_eq!(version("3.51"), None);
    }
}
