//! The real clock and the real dice, behind the engine's ports.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use domain::Time;
use engine::port::{Clock, Ids};
use rand::RngCore;
use uuid::{Builder, Uuid};

use crate::{fleet::Skew, wall_clock};

/// How long an offset counts before its file is read again.
const OFFSET_FRESH_MS: i64 = 20;

/// The machine's clock, put right by the database's where several processes share one. Tests that run
/// the real program move it through a file.
pub struct SystemClock {
    offset: Option<Offset>,
    skew: Arc<Skew>,
}

struct Offset {
    file: PathBuf,
    ms: AtomicI64,
    read_at_ms: AtomicI64,
}

impl SystemClock {
    pub fn new(offset_file: Option<PathBuf>, skew: Arc<Skew>) -> Self {
        let offset = offset_file.map(|file| Offset {
            file,
            ms: AtomicI64::new(0),
            read_at_ms: AtomicI64::new(i64::MIN),
        });
        Self { offset, skew }
    }
}

impl Offset {
    /// A file that is missing or half written leaves the clock where it was.
    fn at(&self, now: Time) -> i64 {
        let read_at = self.read_at_ms.load(Ordering::Relaxed);
        if now.as_ms().saturating_sub(read_at) >= OFFSET_FRESH_MS {
            self.read_at_ms.store(now.as_ms(), Ordering::Relaxed);
            let written = std::fs::read_to_string(&self.file)
                .ok()
                .and_then(|text| text.trim().parse().ok());
            if let Some(ms) = written {
                self.ms.store(ms, Ordering::Relaxed);
            }
        }
        self.ms.load(Ordering::Relaxed)
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Time {
        let now = wall_clock::now().plus_ms(self.skew.ms());
        match &self.offset {
            Some(offset) => now.plus_ms(offset.at(now)),
            None => now,
        }
    }
}

/// UUIDv7, each greater than every one before it in this process: the twelve bits behind the
/// milliseconds count, and borrow from the next millisecond when they run over.
#[derive(Default)]
pub struct SystemIds {
    last: AtomicU64,
}

const COUNTER_BITS: u32 = 12;

impl Ids for SystemIds {
    fn uuid(&self, now: Time) -> Uuid {
        let earliest = u64::try_from(now.as_ms()).unwrap_or(0) << COUNTER_BITS;
        let after = |last: u64| earliest.max(last + 1);
        let last = self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
                Some(after(last))
            })
            .unwrap_or_else(|last| last);
        let mine = after(last);
        let mut random = [0_u8; 10];
        self.fill(&mut random);
        let [_, _, counter_high, counter_low] = u32::to_be_bytes((mine & 0xfff) as u32);
        random[0] = counter_high;
        random[1] = counter_low;
        Builder::from_unix_timestamp_millis(mine >> COUNTER_BITS, &random).into_uuid()
    }

    fn fill(&self, bytes: &mut [u8]) {
        // ChaCha, seeded by the operating system: fit for tokens and nonces
        rand::rng().fill_bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_carry_their_time_and_only_ever_grow() {
        let ids = SystemIds::default();
        let at = Time::from_ms(1_763_000_000_000);
        let first = ids.uuid(at);
        assert_eq!(first.get_version_num(), 7);
        assert_eq!(first.get_timestamp().unwrap().to_unix(), (1_763_000_000, 0));
        let mut last = first;
        for _ in 0..10_000 {
            let next = ids.uuid(at);
            assert!(next > last);
            last = next;
        }
        assert!(
            ids.uuid(at.plus_ms(-5_000)) > last,
            "a clock that goes back does not take ids back"
        );
    }

    #[test]
    fn the_clock_follows_its_file() {
        let file = std::env::temp_dir().join(format!("meshline-offset-{}", std::process::id()));
        let clock = SystemClock::new(Some(file.clone()), Arc::default());
        let ahead = |clock: &SystemClock| clock.now().since_ms(wall_clock::now());
        assert!(ahead(&clock).abs() < 5_000);
        std::fs::write(&file, "86400000\n").unwrap();
        let clock = SystemClock::new(Some(file.clone()), Arc::default());
        assert!((86_395_000..86_405_000).contains(&ahead(&clock)));
        std::fs::remove_file(&file).unwrap();
        assert!(
            ahead(&clock) > 86_000_000,
            "a file that vanished does not turn the clock back"
        );
    }
}
