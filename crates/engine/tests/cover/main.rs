//! Who answers when, under a clock that moves by hand, on the real store (SQLite in a temporary file, and
//! Postgres where `MESHLINE_TEST_POSTGRES_URL` names one).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answering;
#[path = "../spine/world.rs"]
mod world;
