//! The one place where this program looks at a clock: real time is what it measures.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

#[expect(
    clippy::disallowed_methods,
    reason = "measuring real processes is about real time"
)]
pub fn now() -> Instant {
    Instant::now()
}

/// Milliseconds since 1970: the scale on which other processes write down when they did something.
#[expect(
    clippy::disallowed_methods,
    reason = "compared with the times that other processes write down"
)]
pub fn wall_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or_default()
}
