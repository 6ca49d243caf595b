//! The one place where this tool looks at a clock or waits: it drives real processes, so real time is its subject.

use std::thread;
use std::time::{Duration, Instant};

#[expect(
    clippy::disallowed_methods,
    reason = "how long a build took, and when to give up on a process, are about real time"
)]
pub fn now() -> Instant {
    Instant::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "there is no runtime to block: this tool has one thread and waits for processes"
)]
pub fn pause(duration: Duration) {
    thread::sleep(duration);
}
