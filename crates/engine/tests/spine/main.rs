//! The spine under a clock that moves by hand, on the real store (SQLite in a temporary file, and
//! Postgres where `MESHLINE_TEST_POSTGRES_URL` names one) with the real Shopify connector.

mod approvals;
mod deliveries;
mod failures;
mod orders;
mod rules;
mod world;
