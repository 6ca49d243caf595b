//! What an overview counts: promises at risk, who has what, how long decisions took, at many merchants
//! in a few statements.

use domain::{Time, approval::Approval, task::Task};
use uuid::Uuid;

/// A span of deadlines: later than `after`, and not later than `until`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    pub after: Option<Time>,
    pub until: Option<Time>,
}

const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;

impl Due {
    /// What stands in a list's URL: `overdue`, or `hour` for what follows within the next one. Another word
    /// means no deadline at all: nothing fits, rather than everything.
    pub fn named(word: &str, now: Time) -> Self {
        match word {
            "overdue" => Self {
                after: None,
                until: Some(now),
            },
            "hour" => Self {
                after: Some(now),
                until: Some(now.plus_ms(HOUR_MS)),
            },
            _ => Self {
                after: Some(now),
                until: Some(now),
            },
        }
    }
}

/// `24h` or `7d` ago; never, for another word.
pub fn since_named(word: &str, now: Time) -> Time {
    match word {
        "24h" => now.plus_ms(-DAY_MS),
        "7d" => now.plus_ms(-7 * DAY_MS),
        _ => Time::from_ms(i64::MAX),
    }
}

/// How many promises are past their clock, and how many end within the next hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AtRisk {
    pub late: i64,
    pub soon: i64,
}

/// The moments between which an overview counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub now: Time,
    /// A deadline up to then is soon.
    pub soon: Time,
    /// Receipts and the history of open tasks begin here.
    pub day: Time,
    /// Decisions count from here.
    pub week: Time,
}

/// The live tasks of one owner or person at a merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// As in [`ListFilter::holder`].
    pub holder: String,
    pub count: i64,
    pub late: i64,
}

/// How long it took from being asked to having decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub n: i64,
    pub p50_ms: i64,
    pub p95_ms: i64,
}

impl Taken {
    /// Of times in ascending order, by nearest rank: each figure is a time that somebody took.
    pub fn of(sorted: &[i64]) -> Self {
        let rank = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100).max(1);
            sorted.get(rank - 1).copied().unwrap_or_default()
        };
        Self {
            n: i64::try_from(sorted.len()).unwrap_or(i64::MAX),
            p50_ms: rank(50),
            p95_ms: rank(95),
        }
    }
}

/// The next thing that somebody has to do at a merchant.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    Task(Box<Task>),
    Approval(Box<Approval>, String),
}

/// What an overview says about one merchant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    pub tasks: AtRisk,
    pub approvals: AtRisk,
    pub exports: AtRisk,
    /// Orders whose flow waits for an event.
    pub orders: AtRisk,
    /// Most first.
    pub held: Vec<Held>,
    pub next: Option<Next>,
    /// Tasks that were opened, and that ended, in each hour since [`Span::day`].
    pub opened: Vec<i64>,
    pub ended: Vec<i64>,
    pub taken: Taken,
    pub receipts: i64,
    pub last_receipt: Option<Time>,
    /// Sources that were not heard since [`Span::day`]: id and name.
    pub quiet: Vec<(Uuid, String)>,
    pub sources: i64,
}

#[cfg(test)]
mod tests {
    use super::Taken;

    #[test]
    fn ranks_are_times_that_somebody_took() {
        let times: Vec<i64> = (1..=20).collect();
        let of = |n: usize| {
            let taken = Taken::of(&times[..n]);
            (taken.n, taken.p50_ms, taken.p95_ms)
        };
        assert_eq!(of(0), (0, 0, 0));
        assert_eq!(of(1), (1, 1, 1));
        assert_eq!(of(4), (4, 2, 4));
        assert_eq!(of(20), (20, 10, 19));
    }
}
