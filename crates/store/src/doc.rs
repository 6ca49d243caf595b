//! Nouns kept as JSON in a `doc` column, so that a noun can grow a field without a migration.
//!
//! What is looked up, filtered or sorted by stands beside it in columns of its own, and so does what
//! statements change by themselves (`rev`, a receipt's status): those columns count, whatever the
//! document says.

use serde::Serialize;

use crate::{
    error::{Result, StoreError},
    sql::Row,
};

pub(crate) fn text(noun: &impl Serialize) -> Result<String> {
    serde_json::to_string(noun)
        .map_err(|error| StoreError::internal(format!("not written as JSON: {error}")))
}

pub(crate) fn one<T>(row: Option<Row>, read: impl FnOnce(&Row) -> Result<T>) -> Result<Option<T>> {
    row.as_ref().map(read).transpose()
}

pub(crate) fn all<T>(rows: Vec<Row>, read: impl FnMut(&Row) -> Result<T>) -> Result<Vec<T>> {
    rows.iter().map(read).collect()
}

/// What a save by `rev` changed: one row, or none because somebody else saved it meanwhile.
pub(crate) fn saved(changed: u64) -> Result<()> {
    if changed == 0 {
        Err(StoreError::stale())
    } else {
        Ok(())
    }
}
