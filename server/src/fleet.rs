//! This process among others on one Postgres: what time it is for all of them, and signs of life.
//!
//! Leases, deadlines and locks are compared by whichever process looks at them, so all have to mean the
//! same by *now*. The clock that counts is the database's: each process measures how far the machine's
//! clock is from it and adds the difference to its own. Differences that good time keeping leaves
//! (a tenth of a second) are left alone, so that on machines that keep time nothing is ever corrected.
//! A machine whose clock jumps is brought back within seconds; until then the fences of jobs keep it
//! from doing harm.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use domain::Time;
use store::SqlStore;
use tokio::sync::watch;

use crate::{compose::Installation, metrics::number, wall_clock};

/// Also how often the listening connection is proved to be alive.
const EVERY: Duration = Duration::from_secs(5);
/// What is not worth a correction.
const TOLERANCE_MS: i64 = 100;
/// An answer that took longer than this says too little about when it was given.
const PROMPT_MS: i64 = 1_000;

/// How far the database's clock is ahead of this machine's; 0 on SQLite.
#[derive(Default)]
pub struct Skew {
    ms: AtomicI64,
}

impl Skew {
    pub fn ms(&self) -> i64 {
        self.ms.load(Ordering::Relaxed)
    }

    /// The database said `there` to a question that was asked and answered at these times.
    fn measured(&self, asked: Time, there: Time, answered: Time) {
        let Some(ahead_ms) = difference(asked, there, answered) else {
            return;
        };
        let took_ms = answered.since_ms(asked);
        let changed_by = ahead_ms.saturating_sub(self.ms()).abs();
        if changed_by > TOLERANCE_MS.max(took_ms) {
            self.ms.store(ahead_ms, Ordering::Relaxed);
            tracing::warn!(
                ahead_ms,
                "the database's clock differs from this machine's; the database's counts"
            );
        }
    }
}

/// How far ahead the other clock is, if the answer came promptly enough to tell.
pub fn difference(asked: Time, there: Time, answered: Time) -> Option<i64> {
    let took_ms = answered.since_ms(asked);
    (0..=PROMPT_MS)
        .contains(&took_ms)
        .then(|| there.since_ms(asked.plus_ms(took_ms / 2)))
}

/// Asks the database for its time, and tells the other processes that this one is there.
pub async fn measure(store: &SqlStore, skew: &Skew) {
    let asked = wall_clock::now();
    match store.tick().await {
        Ok(Some(there)) => skew.measured(asked, there, wall_clock::now()),
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "the database was not asked for its time"),
    }
}

/// Measures until told to stop, and takes the readings of this process.
pub async fn keep_time(here: Installation, mut stop: watch::Receiver<bool>) {
    loop {
        read(&here);
        if tokio::time::timeout(EVERY, stop.wait_for(|stop| *stop))
            .await
            .is_ok()
        {
            return;
        }
        measure(&here.store, &here.skew).await;
    }
}

fn read(here: &Installation) {
    let (metrics, database) = (&here.metrics, here.store.database());
    let stats = database.stats();
    metrics.reading("meshline_database_operations", counted(stats.operations));
    metrics.reading("meshline_database_commits", counted(stats.commits));
    let streams = here.engine.bus().listeners();
    metrics.reading(
        "meshline_live_streams",
        counted(u64::try_from(streams).unwrap_or(u64::MAX)),
    );
    if let Some((open, idle)) = database.connections() {
        let idle = u64::try_from(idle).unwrap_or(0);
        let busy = u64::from(open).saturating_sub(idle);
        for (state, count) in [("busy", busy), ("idle", idle)] {
            let label = ("state", state);
            metrics.labelled_reading("meshline_database_connections", label, counted(count));
        }
        let fleet = here.store.fleet();
        let is_listening = u64::from(fleet.is_listening());
        metrics.reading("meshline_fleet_listening", counted(is_listening));
        metrics.reading("meshline_fleet_messages", counted(fleet.heard()));
        metrics.reading("meshline_fleet_losses", counted(fleet.losses()));
        let skew = number(here.skew.ms()) / 1_000.0;
        metrics.reading("meshline_clock_skew_seconds", skew);
    }
    metrics.tidy();
}

fn counted(count: u64) -> f64 {
    number(i64::try_from(count).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Time {
        Time::from_ms(1_763_000_000_000 + ms)
    }

    #[test]
    fn a_wrong_clock_is_corrected_and_a_good_one_left_alone() {
        let skew = Skew::default();
        skew.measured(at(0), at(90), at(20));
        assert_eq!(skew.ms(), 0, "within what time keeping leaves");
        skew.measured(at(0), at(95_010), at(20));
        assert_eq!(skew.ms(), 95_000);
        skew.measured(at(0), at(95_060), at(20));
        assert_eq!(skew.ms(), 95_000, "no jitter");
        skew.measured(at(0), at(-70_000), at(5_000));
        assert_eq!(skew.ms(), 95_000, "too slow an answer says nothing");
        skew.measured(at(0), at(10), at(20));
        assert_eq!(skew.ms(), 0, "the machine's clock was put right");
    }
}
