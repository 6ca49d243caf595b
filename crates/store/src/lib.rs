//! Where everything is kept: SQLite in one file, or Postgres. The only crate that names sqlx.
//!
//! [`sql`] is the thin driver under one SQL text for both engines. [`database`] opens a database,
//! reads through a pool, and writes on one path: an operation gets a [`WriteTx`], and what it did is
//! either committed with its audit entries or never happened. On SQLite one task owns the writing
//! connection and commits many operations with one sync to disk; on Postgres every operation is a
//! transaction of its own. [`migrate`] brings the tables up to date when a database is opened.
//!
//! [`SqlStore`] is the engine's `Store` port on top of it: one module per noun, with the statements that
//! keep it and find it again.
//!
//! Nothing here reads a clock to decide anything; times come in as values.

mod accounts;
mod agency;
mod approvals;
mod assent;
pub mod audit;
mod briefs;
mod chat;
mod connections;
mod contracts;
mod cover;
pub mod database;
mod debt;
mod doc;
mod drafts;
pub mod error;
mod exports;
mod idempotency;
mod invitations;
mod jobs;
mod list;
mod mails;
pub mod migrate;
mod notices;
mod notify;
mod operators;
mod orders;
mod overview;
mod people;
mod port;
mod proof;
mod receipts;
mod retention;
mod rules;
mod runs;
mod seals;
mod second_factor;
mod sessions;
mod skus;
pub mod sql;
mod surroundings;
mod tasks;
pub mod testing;
mod tokens;

pub use database::{Database, Health, OpenError, Options, Priority, Stats, WriteTx};
pub use error::{Kind, Result, StoreError};
pub use notify::Fleet;
pub use port::SqlStore;
pub use surroundings::Surroundings;
