//! Time that stands still until it is moved, and ids that count.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use domain::Time;
use engine::port::{Clock, Ids};
use uuid::Uuid;

/// 2026-11-20T09:00:00Z, a Friday morning.
const MORNING_MS: i64 = 1_795_165_200_000;

#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl Default for ManualClock {
    fn default() -> Self {
        Self(AtomicI64::new(MORNING_MS))
    }
}

impl ManualClock {
    pub fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Time {
        Time::from_ms(self.0.load(Ordering::SeqCst))
    }
}

/// UUIDv7 by the given time with a counter for the rest; "random" bytes from the same counter.
#[derive(Debug, Default)]
pub struct CountedIds(AtomicU64);

impl Ids for CountedIds {
    fn uuid(&self, now: Time) -> Uuid {
        let n = self.0.fetch_add(1, Ordering::SeqCst);
        let ms = u128::from(now.as_ms().unsigned_abs()) & 0xffff_ffff_ffff;
        let count = u128::from(n);
        let head = ms << 80 | 0x7 << 76 | ((count >> 50) & 0xfff) << 64;
        Uuid::from_u128(head | 0b10 << 62 | (count & 0x0003_ffff_ffff_ffff))
    }

    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let n = self
                .0
                .fetch_add(1, Ordering::SeqCst)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15);
            chunk.copy_from_slice(&n.to_le_bytes()[..chunk.len()]);
        }
    }
}
