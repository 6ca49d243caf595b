//! The spine under a clock that moves by hand, on the real store (SQLite in a temporary file, and
//! Postgres where `MESHLINE_TEST_POSTGRES_URL` names one) with the real Shopify connector.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod agency_templates;
mod approvals;
mod briefs;
mod chat;
mod chat_tells;
mod contracts;
mod deliveries;
mod destined;
mod documents;
mod failures;
mod gates;
mod goods;
mod operators;
mod orders;
mod outside;
mod proof;
mod reports;
mod retention;
mod rules;
mod setup;
mod step_up;
mod tokens;
mod world;
