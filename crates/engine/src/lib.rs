//! The use-cases, and the ports they need. No SQL, no HTTP.
//!
//! Everything that changes anything goes through a method of [`Engine`](crate::Engine): pages, API,
//! commands and workers alike. One use-case is one transaction: its rows, its audit entries and the
//! jobs that follow become durable together.

pub mod error;
pub mod job;
pub mod port;

pub use error::{Error, FieldError, Kind, Result};
