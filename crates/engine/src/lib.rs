//! The use-cases, and the ports they need. No SQL, no HTTP.
//!
//! Everything that changes anything goes through a method of [`Engine`]: pages, API, commands and
//! workers alike. One use-case is one transaction: its rows, its audit entries and the jobs that
//! follow become durable together.

mod account;
mod ack;
mod approvals;
mod bus;
mod chain;
mod connections;
mod ctx;
mod deliver;
mod draft;
mod engine;
mod error;
mod exception;
mod exports;
mod idempotency;
mod intake;
mod operators;
mod password;
mod people;
mod process;
mod publish;
mod qa;
mod queue;
mod rules;
mod runs;
mod tasks;
mod trail;
mod vault;
mod wire;
mod work;
mod worker;

pub mod job;
pub mod port;

pub use ack::Ack;
pub use bus::{Bus, Change};
pub use chain::{Chain, ExportChain, RunChain, UnderWay};
pub use connections::{DestinationInput, NewSource, SourceInput};
pub use ctx::{Actor, Ctx, PROOF_FRESH_MS};
pub use engine::{Engine, Parts};
pub use error::{Error, FieldError, Kind, Result};
pub use idempotency::{MAX_KEY_BYTES, Turn};
pub use intake::{Door, IntakeStatus};
pub use publish::CampaignInput;
pub use queue::{Queue, QueueItem, Waiting};
pub use rules::Rules;
pub use tasks::TaskAct;
pub use vault::{Place, Vault};
pub use wire::event_type;
