//! The words of Meshline and the rules that hold between them: pure values, no IO, no clock.
//!
//! One folder or file per noun. A transition takes the old value and the time and returns the new
//! value or an error that says why not. Everything here compiles to WASM.

pub mod access;
pub mod address;
pub mod agency;
pub mod approval;
pub mod audit;
pub mod brief;
pub mod canonical;
pub mod chat;
pub mod connection;
pub mod contract;
pub mod cover;
pub mod debt;
pub mod delivery;
pub mod depth;
pub mod escalation;
pub mod event;
pub mod export;
pub mod flow;
pub mod gate;
pub mod invitation;
pub mod json_text;
pub mod money;
pub mod notice;
pub mod order;
pub mod overriding;
pub mod owner;
pub mod password;
pub mod payload;
pub mod people;
pub mod raci;
pub mod receipt;
pub mod retention;
pub mod role;
pub mod schema;
pub mod sight;
pub mod sku;
pub mod task;
pub mod time;
pub mod token;

pub use money::{Currency, Money};
pub use time::Time;
