//! The role as which the program works on Postgres.
//!
//! The login in `DATABASE_URL` owns the tables and changes them when it migrates. Everything else is
//! done as `meshline_app`, which every pooled connection becomes as its first act: a role that owns
//! nothing, cannot log in and is subject to every row policy, even if the login is a superuser.

use sqlx::PgConnection;

use super::OpenError;

/// One per server, shared by all databases on it.
pub(super) const ASSUME: &str = "SET ROLE meshline_app";

const EXISTS: &str = "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'meshline_app')";
const GOES_ROUND: &str =
    "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = 'meshline_app'";
const LOGIN: &str = "SELECT CAST(session_user AS TEXT)";
/// Several processes may start at once, also on different databases of one server.
const CREATE: &str = "DO $$ BEGIN \
     CREATE ROLE meshline_app NOLOGIN NOSUPERUSER NOBYPASSRLS; \
     EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$";
const GRANT: &str = "DO $$ BEGIN EXECUTE format('GRANT meshline_app TO %I', session_user); END $$";

/// Makes sure that the role is there and that this login may become it.
pub(super) async fn prepare(login: &mut PgConnection) -> Result<(), OpenError> {
    if !exists(login).await? {
        // what went wrong shows in the next question
        let created = sqlx::raw_sql(CREATE).execute(&mut *login).await;
        if !exists(login).await? {
            return Err(missing(login, created.err().map(|why| why.to_string())).await);
        }
    }
    if sqlx::raw_sql(ASSUME).execute(&mut *login).await.is_err() {
        let granted = sqlx::raw_sql(GRANT).execute(&mut *login).await;
        if let Err(why) = sqlx::raw_sql(ASSUME).execute(&mut *login).await {
            let why = granted.err().unwrap_or(why);
            return Err(missing(login, Some(why.to_string())).await);
        }
    }
    sqlx::raw_sql("RESET ROLE").execute(&mut *login).await?;
    stays_inside(login).await
}

/// The same for somebody who only looks: nothing is created. False when the role is not there yet.
pub(super) async fn check(login: &mut PgConnection) -> Result<bool, OpenError> {
    if !exists(login).await? {
        return Ok(false);
    }
    if let Err(why) = sqlx::raw_sql(ASSUME).execute(&mut *login).await {
        return Err(missing(login, Some(why.to_string())).await);
    }
    sqlx::raw_sql("RESET ROLE").execute(&mut *login).await?;
    stays_inside(login).await?;
    Ok(true)
}

async fn exists(login: &mut PgConnection) -> Result<bool, OpenError> {
    Ok(sqlx::query_scalar(EXISTS).fetch_one(login).await?)
}

async fn stays_inside(login: &mut PgConnection) -> Result<(), OpenError> {
    if sqlx::query_scalar(GOES_ROUND).fetch_one(login).await? {
        return Err(OpenError::RoleGoesRound);
    }
    Ok(())
}

async fn missing(login: &mut PgConnection, why: Option<String>) -> OpenError {
    let name = sqlx::query_scalar(LOGIN).fetch_one(login).await;
    OpenError::Role {
        // quoted as an identifier, to be pasted
        login: format!(
            "\"{}\"",
            name.unwrap_or_else(|_| "the login".to_owned())
                .replace('"', "\"\"")
        ),
        why: why.unwrap_or_else(|| "it did not appear".to_owned()),
    }
}
