//! The machine's clock, for the tools at the edge that stand for somebody else's system.
//!
//! Meshline itself takes the time from the engine's Clock port; `meshline sandbox` and
//! `meshline send` are not part of it, they play the other side.

use domain::Time;

#[expect(
    clippy::disallowed_methods,
    reason = "a stand-in for a foreign system has a clock of its own"
)]
pub fn now() -> Time {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let ms = since_epoch.map_or(0, |elapsed| elapsed.as_millis());
    Time::from_ms(i64::try_from(ms).unwrap_or(i64::MAX))
}
