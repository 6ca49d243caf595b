//! The edges: what Meshline needs to speak with other people's systems.
//!
//! A source reads what a system sends, a channel carries an export to a destination. Neither decides
//! anything: they translate, check and report, and the engine acts.

pub mod guard;
pub mod http_channel;
mod http_out;
pub mod shopify;
pub mod slack;
pub mod smtp;
pub mod standard_webhooks;
