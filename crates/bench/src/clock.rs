//! The one place where this program looks at a clock: real time is what it measures.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::failure::{Result, Trying};

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

/// User and system time that this process has used so far.
pub fn cpu_ms() -> Result<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat").trying("read /proc/self/stat")?;
    // the name in brackets may contain anything
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |index: usize| -> u64 {
        let field = fields.get(index).copied().unwrap_or("0");
        field.parse().unwrap_or(0)
    };
    // a hundred ticks a second
    Ok((ticks(11) + ticks(12)) * 10)
}
