//! The machine's clock. These tests talk to a process that has one of its own, so here it is read.

use std::time::{SystemTime, UNIX_EPOCH};

#[expect(
    clippy::disallowed_methods,
    reason = "signatures carry the real time, and the process under test checks it"
)]
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// As the API writes times.
pub fn iso(ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(ms).unwrap();
    format!("{at:.3}")
}
