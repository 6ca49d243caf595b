//! What came back: a line for each delivery, and figures over all of them.

use std::{collections::BTreeMap, fmt, time::Duration};

use reqwest::StatusCode;
use uuid::Uuid;

const QUOTE_CHARS: usize = 200;

/// What became of one delivery.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The receipt's status and id, or why there is none.
    pub outcome: Result<(String, Uuid), String>,
    pub took: Duration,
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.took.as_secs_f64() * 1000.0;
        match &self.outcome {
            Ok((status, id)) => write!(f, "{status} {id} {ms:.1} ms"),
            Err(why) => write!(f, "failed: {why}"),
        }
    }
}

#[derive(Debug, Default)]
pub struct Report {
    by_status: BTreeMap<String, usize>,
    failed: usize,
    /// Of the deliveries that were taken.
    times: Vec<Duration>,
    took: Duration,
}

impl Report {
    pub fn add(&mut self, receipt: Receipt) {
        match receipt.outcome {
            Ok((status, _)) => {
                *self.by_status.entry(status).or_default() += 1;
                self.times.push(receipt.took);
            }
            Err(_) => self.failed += 1,
        }
    }

    pub fn took(&mut self, took: Duration) {
        self.took = took;
    }

    pub fn failed(&self) -> usize {
        self.failed
    }

    pub fn sent(&self) -> usize {
        self.times.len() + self.failed
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.took.as_secs_f64();
        write!(f, "{} sent in {seconds:.2} s", self.sent())?;
        if self.sent() > 1 && seconds > 0.0 {
            write!(f, " ({:.0}/s)", self.sent() as f64 / seconds)?;
        }
        let mut counts: Vec<_> = self
            .by_status
            .iter()
            .map(|(status, n)| format!("{n} {status}"))
            .collect();
        if self.failed > 0 {
            counts.push(format!("{} failed", self.failed));
        }
        write!(f, ": {}", counts.join(", "))?;

        let mut times = self.times.clone();
        times.sort_unstable();
        if let (Some(p50), Some(p99), Some(slowest)) =
            (percentile(&times, 50), percentile(&times, 99), times.last())
        {
            let ms = |time: Duration| time.as_secs_f64() * 1000.0;
            let (p50, p99, slowest) = (ms(p50), ms(p99), ms(*slowest));
            write!(
                f,
                "\np50 {p50:.1} ms, p99 {p99:.1} ms, slowest {slowest:.1} ms"
            )?;
        }
        Ok(())
    }
}

/// The smallest value that so many percent do not exceed.
fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// Why no answer came.
pub fn plain_words(error: &reqwest::Error) -> String {
    if error.is_connect() {
        return "no connection; is Meshline running there?".to_owned();
    }
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    if error.is_builder() {
        return "the URL or a header cannot be used".to_owned();
    }
    "the connection broke off".to_owned()
}

/// An answer that is no receipt.
pub fn refusal(status: StatusCode, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let line: Vec<_> = text.split_whitespace().collect();
    let quoted: String = line.join(" ").chars().take(QUOTE_CHARS).collect();
    format!("{status} {quoted}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let times: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        for (n, percent, expected_ms) in [
            (200, 50, 100),
            (200, 99, 198),
            (1, 50, 1),
            (1, 99, 1),
            (3, 50, 2),
        ] {
            let found = percentile(&times[..n], percent);
            assert_eq!(
                found,
                Some(Duration::from_millis(expected_ms)),
                "p{percent} of {n}"
            );
        }
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn the_summary_counts_by_status() {
        let mut report = Report::default();
        for (status, ms) in [("accepted", 10), ("duplicate", 20), ("accepted", 30)] {
            report.add(Receipt {
                outcome: Ok((status.to_owned(), Uuid::nil())),
                took: Duration::from_millis(ms),
            });
        }
        report.add(Receipt {
            outcome: Err("no".to_owned()),
            took: Duration::ZERO,
        });
        report.took(Duration::from_secs(2));
        assert_eq!(
            report.to_string(),
            "4 sent in 2.00 s (2/s): 2 accepted, 1 duplicate, 1 failed\np50 20.0 ms, p99 30.0 ms, slowest 30.0 ms"
        );
    }
}
