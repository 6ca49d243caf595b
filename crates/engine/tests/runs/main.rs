//! Runs of flows with branches, under a clock that moves by hand, on the real store (SQLite in a temporary file,
//! and Postgres where `MESHLINE_TEST_POSTGRES_URL` names one).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod controls;
mod drawn;
mod kinds;
mod meeting;
mod restarts;
mod starting;
mod undoing;
#[path = "../spine/world.rs"]
mod world;
