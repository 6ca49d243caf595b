//! What can go wrong in the store, in words that may be shown. What the database itself said stays
//! in a private context that only `Debug` prints, for the log.

use std::fmt;

/// The kinds that callers tell apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A row with the same key exists: the name of the constraint or index, the same on both engines.
    Conflict(String),
    /// The row is not what it was when it was read: somebody saved it meanwhile.
    Stale,
    /// Somebody else was faster (serialization failure, deadlock, lock not had in time). The
    /// operation changed nothing and can be tried again as a whole.
    Busy,
    /// The database cannot be reached or does not accept writes.
    Unavailable,
    /// A stored value is not what the program expects there.
    Corrupt,
    /// The value given cannot be stored: a text with a NUL character.
    Refused,
    /// A mistake in the program: wrong SQL, a violated check, a panic.
    Internal,
}

#[derive(Clone, PartialEq, Eq)]
pub struct StoreError {
    kind: Kind,
    context: String,
    stops_writing: bool,
}

pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl StoreError {
    pub(crate) fn new(kind: Kind, context: impl Into<String>) -> Self {
        Self {
            kind,
            context: context.into(),
            stops_writing: false,
        }
    }

    pub(crate) fn unavailable(context: impl Into<String>) -> Self {
        Self::new(Kind::Unavailable, context)
    }

    pub(crate) fn corrupt(context: impl Into<String>) -> Self {
        Self::new(Kind::Corrupt, context)
    }

    pub(crate) fn internal(context: impl Into<String>) -> Self {
        Self::new(Kind::Internal, context)
    }

    pub(crate) fn stale() -> Self {
        Self::new(Kind::Stale, "no row with this id and rev")
    }

    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The constraint or index that a row conflicted with.
    pub fn conflict(&self) -> Option<&str> {
        match &self.kind {
            Kind::Conflict(name) => Some(name),
            _ => None,
        }
    }

    /// Whether the same operation may succeed when it is tried again.
    pub fn is_transient(&self) -> bool {
        matches!(self.kind, Kind::Busy | Kind::Unavailable)
    }

    /// What the database said. For the log only: it can contain names and values.
    pub fn context(&self) -> &str {
        &self.context
    }

    /// Whether the disk can no longer be trusted to hold what was written.
    pub(crate) fn stops_writing(&self) -> bool {
        self.stops_writing
    }

    /// Reads a driver's error. The name of a violated constraint is a second question on SQLite:
    /// see [`crate::sql::Conn`].
    pub(crate) fn from_driver(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        let context = error.to_string();
        match &error {
            E::Database(database) => {
                if let Some(postgres) =
                    database.try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
                {
                    Self::new(
                        postgres_kind(postgres.code(), postgres.constraint()),
                        context,
                    )
                } else {
                    let code = database
                        .code()
                        .and_then(|code| code.parse::<i32>().ok())
                        .unwrap_or_default();
                    let kind = sqlite_kind(code);
                    Self {
                        kind,
                        context,
                        stops_writing: sqlite_stops_writing(code),
                    }
                }
            }
            E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed => Self::unavailable(context),
            // SQLite's own thread is gone; it is the connection itself
            E::WorkerCrashed => Self {
                kind: Kind::Unavailable,
                context,
                stops_writing: true,
            },
            E::ColumnDecode { .. }
            | E::Decode(_)
            | E::ColumnNotFound(_)
            | E::ColumnIndexOutOfBounds { .. } => Self::corrupt(context),
            _ => Self::internal(context),
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.kind {
            Kind::Conflict(_) => "it exists already",
            Kind::Stale => "somebody changed this a moment ago",
            Kind::Busy => "somebody else was changing the same; try again",
            Kind::Unavailable => "the database is not available",
            Kind::Corrupt => "a stored value cannot be read",
            Kind::Refused => "a text contains a character that cannot be stored",
            Kind::Internal => "something went wrong in the store",
        })
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.context)
    }
}

impl std::error::Error for StoreError {}

/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn postgres_kind(code: &str, constraint: Option<&str>) -> Kind {
    match code {
        "23505" => Kind::Conflict(constraint.unwrap_or_default().to_owned()),
        // serialization failure, deadlock, lock not available, statement or lock timeout
        "40001" | "40P01" | "55P03" | "57014" => Kind::Busy,
        // untranslatable character, character not in repertoire
        "22021" | "22P05" => Kind::Refused,
        // connection exceptions, insufficient resources, operator intervention, read only
        _ if matches!(code.get(..2), Some("08" | "53" | "57" | "58")) || code == "25006" => {
            Kind::Unavailable
        }
        _ if code.starts_with("XX") => Kind::Corrupt,
        _ => Kind::Internal,
    }
}

/// <https://www.sqlite.org/rescode.html>; the lower byte is the primary code.
fn sqlite_kind(code: i32) -> Kind {
    match (code & 0xff, code) {
        (_, 1555 | 2067 | 2579) => Kind::Conflict(String::new()),
        (5 | 6, _) => Kind::Busy,
        // read only, I/O, full, cannot open
        (8 | 10 | 13 | 14, _) => Kind::Unavailable,
        // corrupt, not a database
        (11 | 26, _) => Kind::Corrupt,
        _ => Kind::Internal,
    }
}

/// After an I/O error nobody knows what is on the disk: a failed fsync may have dropped the very
/// pages that a second fsync would report as written. A full disk is different: SQLite rolls back
/// cleanly, and goes on when there is room again.
fn sqlite_stops_writing(code: i32) -> bool {
    matches!(code & 0xff, 10 | 11 | 26)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn driver_text_is_for_the_log_only() {
        let error = StoreError::new(
            Kind::Conflict("receipts_pkey".to_owned()),
            "Key (id)=(secret) already exists",
        );
        assert_eq!(error.to_string(), "it exists already");
        assert!(format!("{error:?}").contains("secret"));
        assert_eq!(error.conflict(), Some("receipts_pkey"));
    }

    #[test]
    fn codes_become_kinds() {
        assert_eq!(
            postgres_kind("23505", Some("a_pkey")),
            Kind::Conflict("a_pkey".to_owned())
        );
        assert_eq!(postgres_kind("40P01", None), Kind::Busy);
        assert_eq!(postgres_kind("57P01", None), Kind::Unavailable);
        assert_eq!(postgres_kind("42P01", None), Kind::Internal);
        assert_eq!(sqlite_kind(2067), Kind::Conflict(String::new()));
        assert_eq!(sqlite_kind(261), Kind::Busy);
        assert_eq!(sqlite_kind(13), Kind::Unavailable);
        assert_eq!(sqlite_kind(1), Kind::Internal);
    }

    #[test]
    fn a_failed_sync_stops_writing_and_a_full_disk_does_not() {
        assert!(sqlite_stops_writing(1034), "SQLITE_IOERR_FSYNC");
        assert!(sqlite_stops_writing(11));
        assert!(!sqlite_stops_writing(13));
        assert!(!sqlite_stops_writing(5));
    }
}
