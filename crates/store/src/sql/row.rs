//! One row that came back. Columns are read by their position in the `SELECT`, next to which the
//! reading stands; a column of another type than asked for is an error, never a conversion.

use domain::Time;
use sqlx::{
    Decode, Postgres, Row as _, Sqlite, Type, TypeInfo, ValueRef, postgres::PgRow,
    sqlite::SqliteRow,
};
use uuid::Uuid;

use crate::error::{Result, StoreError};

pub struct Row(pub(super) Inner);

pub(super) enum Inner {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    pub fn text(&self, index: usize) -> Result<String> {
        present(index, self.text_opt(index)?)
    }

    pub fn text_opt(&self, index: usize) -> Result<Option<String>> {
        self.get(index)
    }

    pub fn int(&self, index: usize) -> Result<i64> {
        present(index, self.int_opt(index)?)
    }

    /// On Postgres an expression can be narrower than a column (`SELECT 1` is an `INT4`) or a truth
    /// value (`SELECT EXISTS (…)`); both are whole numbers here, as they are on SQLite.
    pub fn int_opt(&self, index: usize) -> Result<Option<i64>> {
        let Inner::Postgres(row) = &self.0 else {
            return self.get(index);
        };
        let kind = row
            .try_get_raw(index)
            .map_err(StoreError::from_driver)?
            .type_info()
            .name()
            .to_owned();
        let get = match kind.as_str() {
            "INT4" => row
                .try_get::<Option<i32>, _>(index)
                .map(|int| int.map(i64::from)),
            "INT2" => row
                .try_get::<Option<i16>, _>(index)
                .map(|int| int.map(i64::from)),
            "BOOL" => row
                .try_get::<Option<bool>, _>(index)
                .map(|truth| truth.map(i64::from)),
            _ => row.try_get::<Option<i64>, _>(index),
        };
        get.map_err(StoreError::from_driver)
    }

    pub fn bool(&self, index: usize) -> Result<bool> {
        match self.int(index)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(StoreError::corrupt(format!(
                "column {index} is {other}, not a truth value"
            ))),
        }
    }

    pub fn time(&self, index: usize) -> Result<Time> {
        self.int(index).map(Time::from_ms)
    }

    pub fn time_opt(&self, index: usize) -> Result<Option<Time>> {
        Ok(self.int_opt(index)?.map(Time::from_ms))
    }

    pub fn uuid(&self, index: usize) -> Result<Uuid> {
        present(index, self.uuid_opt(index)?)
    }

    pub fn uuid_opt(&self, index: usize) -> Result<Option<Uuid>> {
        self.get(index)
    }

    pub fn blob(&self, index: usize) -> Result<Vec<u8>> {
        present(index, self.blob_opt(index)?)
    }

    pub fn blob_opt(&self, index: usize) -> Result<Option<Vec<u8>>> {
        self.get(index)
    }

    /// A text that stands for something: read it with the type's own parser.
    pub fn parsed<T: std::str::FromStr>(&self, index: usize) -> Result<T> {
        parse(index, &self.text(index)?)
    }

    pub fn parsed_opt<T: std::str::FromStr>(&self, index: usize) -> Result<Option<T>> {
        self.text_opt(index)?
            .map(|text| parse(index, &text))
            .transpose()
    }

    /// A JSON text, read into its type.
    pub fn json<T: serde::de::DeserializeOwned>(&self, index: usize) -> Result<T> {
        from_json(index, &self.text(index)?)
    }

    pub fn json_opt<T: serde::de::DeserializeOwned>(&self, index: usize) -> Result<Option<T>> {
        self.text_opt(index)?
            .map(|text| from_json(index, &text))
            .transpose()
    }

    fn get<'r, T>(&'r self, index: usize) -> Result<Option<T>>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>,
    {
        match &self.0 {
            Inner::Sqlite(row) => row.try_get(index),
            Inner::Postgres(row) => row.try_get(index),
        }
        .map_err(StoreError::from_driver)
    }
}

fn present<T>(index: usize, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| StoreError::corrupt(format!("column {index} is null")))
}

fn parse<T: std::str::FromStr>(index: usize, text: &str) -> Result<T> {
    text.parse().map_err(|_| {
        StoreError::corrupt(format!(
            "column {index}: {text:?} is not a {}",
            std::any::type_name::<T>()
        ))
    })
}

fn from_json<T: serde::de::DeserializeOwned>(index: usize, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        StoreError::corrupt(format!(
            "column {index} is not a {}: {error}",
            std::any::type_name::<T>()
        ))
    })
}
