//! A look into SQLite files, past the programs that own them: a promise is checked where it was to be kept.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use rusqlite::{Connection, OpenFlags};
use uuid::Uuid;

use crate::{
    bare,
    failure::{Result, Trying},
};

pub struct Database(Connection);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkLeft {
    pub to_process: u32,
    pub to_deliver: u32,
}

impl WorkLeft {
    pub fn is_none(self) -> bool {
        self.to_process == 0 && self.to_deliver == 0
    }

    /// In whole orders: processing one is half of its work, delivering it the other half.
    pub fn orders(self) -> f64 {
        f64::from(self.to_process) + f64::from(self.to_deliver) / 2.0
    }
}

impl Database {
    /// For reading. The program that owns the file may be running: it is the same SQLite as in there.
    pub fn open(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags(path, flags)
            .map(Self)
            .trying(format!("open {}", path.display()))
    }

    pub fn receipts(&self) -> Result<HashSet<Uuid>> {
        self.rows("SELECT id FROM receipts", |row| {
            row.get::<_, [u8; 16]>(0).map(Uuid::from_bytes)
        })
    }

    pub fn bare_receipts(&self) -> Result<HashSet<Uuid>> {
        self.rows("SELECT id FROM receipts", |row| {
            row.get(0).map(bare::receipt)
        })
    }

    /// Receipts that are still to be processed, and exports that are still to be delivered.
    pub fn work_left(&self) -> Result<WorkLeft> {
        self.0
            .query_row(
                "SELECT count(*) FILTER (WHERE kind = 'process_receipt'), count(*) FILTER (WHERE kind = 'deliver') FROM jobs",
                [],
                |row| {
                    Ok(WorkLeft {
                        to_process: row.get::<_, u32>(0)?,
                        to_deliver: row.get::<_, u32>(1)?,
                    })
                },
            )
            .trying("count the jobs")
    }

    /// The shop's reference of each order, by Meshline's id.
    pub fn orders(&self) -> Result<HashMap<String, String>> {
        self.rows("SELECT id, order_ref FROM orders", |row| {
            let id = Uuid::from_bytes(row.get::<_, [u8; 16]>(0)?);
            Ok((id.to_string(), row.get(1)?))
        })
    }

    fn rows<T, C: FromIterator<T>>(
        &self,
        sql: &str,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<C> {
        let mut statement = self.0.prepare(sql).trying("look into the database")?;
        let rows = statement
            .query_map([], read)
            .trying("look into the database")?;
        rows.collect::<rusqlite::Result<C>>()
            .trying("look into the database")
    }
}
