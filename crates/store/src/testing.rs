//! For tests of other crates, which must not name sqlx: a Postgres database of one's own.

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

async fn administer(server: &str, sql: String) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(server).await?;
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut connection)
        .await?;
    connection.close().await
}

/// Creates the database `name` on the server and returns its URL. `name` is an identifier made by the test.
pub async fn fresh_database(server: &str, name: &str) -> Result<String, String> {
    let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    administer(server, drop)
        .await
        .map_err(|why| why.to_string())?;
    administer(server, format!("CREATE DATABASE {name}"))
        .await
        .map_err(|why| why.to_string())?;
    let base = server.rsplit_once('/').map_or(server, |(base, _)| base);
    Ok(format!("{base}/{name}"))
}

/// Removes it again.
pub async fn drop_database(server: &str, name: &str) -> Result<(), String> {
    let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    administer(server, drop)
        .await
        .map_err(|why| why.to_string())
}

/// One statement as the owner of the tables, past everything that keeps the program in its place. On
/// SQLite nobody else may have the file open.
pub async fn execute(url: &str, statement: String) -> Result<(), String> {
    let done = match url.starts_with("sqlite:") {
        true => change_file(url, statement).await,
        false => administer(url, statement).await,
    };
    done.map_err(|why| why.to_string())
}

async fn change_file(url: &str, statement: String) -> Result<(), sqlx::Error> {
    let mut connection = SqliteConnection::connect(url).await?;
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(&mut connection)
        .await?;
    connection.close().await
}
