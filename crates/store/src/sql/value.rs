//! The values that go into a statement. A null keeps its type: SQLite does not care, Postgres must
//! know it.

use domain::Time;
use sqlx::{Arguments, postgres::PgArguments, sqlite::SqliteArguments};
use uuid::Uuid;

use crate::error::{Kind, Result, StoreError};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(Option<String>),
    /// Whole numbers, booleans as 0 and 1, times as milliseconds since the epoch.
    Int(Option<i64>),
    Blob(Option<Vec<u8>>),
    /// `BLOB` of 16 bytes on SQLite, `UUID` on Postgres.
    Uuid(Option<Uuid>),
}

/// `params![a, b, c]`: the parameters of one statement or the columns of one row.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { ::std::vec![$($crate::sql::Value::from($value)),*] };
}

/// Both for the plain and for the optional value.
macro_rules! from {
    ($($type:ty => $variant:ident, $convert:expr;)*) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                #[allow(clippy::redundant_closure_call, reason = "the conversion is an argument of the macro")]
                Self::$variant(Some(($convert)(value)))
            }
        }
        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value.map($convert))
            }
        }
    )*};
}

from! {
    String => Text, |text| text;
    &String => Text, |text: &String| text.clone();
    &str => Text, |text: &str| text.to_owned();
    i64 => Int, |int| int;
    i32 => Int, i64::from;
    u32 => Int, i64::from;
    bool => Int, i64::from;
    Time => Int, |time: Time| time.as_ms();
    Vec<u8> => Blob, |bytes| bytes;
    &[u8] => Blob, |bytes: &[u8]| bytes.to_vec();
    [u8; 32] => Blob, |bytes: [u8; 32]| bytes.to_vec();
    Uuid => Uuid, |id| id;
    &Uuid => Uuid, |id: &Uuid| *id;
}

fn checked(text: Option<String>) -> Result<Option<String>> {
    match text {
        Some(text) if text.as_bytes().contains(&0) => Err(StoreError::new(
            Kind::Refused,
            "a text parameter contains NUL",
        )),
        text => Ok(text),
    }
}

fn unencodable(error: impl std::fmt::Display) -> StoreError {
    StoreError::internal(format!("a parameter cannot be encoded: {error}"))
}

pub(super) fn sqlite(values: Vec<Value>) -> Result<SqliteArguments> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(values.len(), 0);
    for value in values {
        match value {
            Value::Text(text) => arguments.add(checked(text)?),
            Value::Int(int) => arguments.add(int),
            Value::Blob(blob) => arguments.add(blob),
            Value::Uuid(id) => arguments.add(id),
        }
        .map_err(unencodable)?;
    }
    Ok(arguments)
}

pub(super) fn postgres(values: Vec<Value>) -> Result<PgArguments> {
    let mut arguments = PgArguments::default();
    arguments.reserve(values.len(), 0);
    for value in values {
        match value {
            Value::Text(text) => arguments.add(checked(text)?),
            Value::Int(int) => arguments.add(int),
            Value::Blob(blob) => arguments.add(blob),
            Value::Uuid(id) => arguments.add(id),
        }
        .map_err(unencodable)?;
    }
    Ok(arguments)
}
