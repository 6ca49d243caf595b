//! Counters, in Prometheus' text form. Labels are closed sets: no merchant, no source, no address, so
//! that what is exported neither grows nor tells on anybody.

use std::{
    fmt::Write,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::delivery::Answer;
use engine::{
    IntakeStatus,
    port::{Channel, DeliveryRequest},
};
use http::StatusCode;

/// Why a delivery was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    UnknownSource,
    Signature,
    TooLarge,
    Broken,
    Overloaded,
    Unavailable,
}

const RECEIVED: [&str; 3] = ["accepted", "duplicate", "quarantined"];
const REJECTED: [&str; 6] = [
    "unknown_source",
    "signature",
    "too_large",
    "broken",
    "overloaded",
    "unavailable",
];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
/// `none`: not got through at all.
const ANSWERS: [&str; 5] = ["2xx", "3xx", "4xx", "5xx", "none"];
/// Upper bounds of the acknowledgement histogram.
const BUCKETS_MS: [u64; 9] = [1, 2, 5, 10, 25, 50, 100, 250, 1_000];

#[derive(Default)]
pub struct Metrics {
    received: [AtomicU64; RECEIVED.len()],
    rejected: [AtomicU64; REJECTED.len()],
    requests: [AtomicU64; CLASSES.len()],
    attempts: [AtomicU64; ANSWERS.len()],
    ack_buckets: [AtomicU64; BUCKETS_MS.len()],
    ack_count: AtomicU64,
    ack_micros: AtomicU64,
}

/// Looked up when somebody asks.
pub struct Gauges {
    pub database: &'static str,
    pub jobs_due: i64,
    pub jobs: i64,
}

fn count(counters: &[AtomicU64], index: usize) {
    if let Some(counter) = counters.get(index) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Metrics {
    pub fn received(&self, status: &IntakeStatus) {
        let index = match status {
            IntakeStatus::Accepted => 0,
            IntakeStatus::Duplicate => 1,
            IntakeStatus::Quarantined => 2,
        };
        count(&self.received, index);
    }

    pub fn rejected(&self, reason: Rejected) {
        count(&self.rejected, reason as usize);
    }

    /// From the first byte of the request to the answer being ready.
    pub fn acknowledged(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.ack_count.fetch_add(1, Ordering::Relaxed);
        self.ack_micros.fetch_add(micros, Ordering::Relaxed);
        if let Some(index) = BUCKETS_MS.iter().position(|bound| micros <= bound * 1_000) {
            count(&self.ack_buckets, index);
        }
    }

    pub fn answered(&self, status: StatusCode) {
        count(
            &self.requests,
            usize::from(status.as_u16() / 100).saturating_sub(1),
        );
    }

    fn attempted(&self, answer: &Answer) {
        let class = answer.status.map(|status| usize::from(status / 100));
        count(
            &self.attempts,
            class
                .and_then(|class| class.checked_sub(2))
                .unwrap_or(ANSWERS.len() - 1),
        );
    }

    pub fn text(&self, gauges: Option<&Gauges>) -> String {
        let mut page = Page::default();
        page.labelled(
            "meshline_receipts_total",
            "Deliveries acknowledged.",
            "status",
            &RECEIVED,
            &self.received,
        );
        page.labelled(
            "meshline_intake_rejected_total",
            "Deliveries refused.",
            "reason",
            &REJECTED,
            &self.rejected,
        );
        page.labelled(
            "meshline_delivery_attempts_total",
            "Attempts at destinations.",
            "answer",
            &ANSWERS,
            &self.attempts,
        );
        page.labelled(
            "meshline_http_requests_total",
            "Requests other than deliveries.",
            "class",
            &CLASSES,
            &self.requests,
        );
        page.histogram(self);
        page.gauge(
            "meshline_up",
            "Whether the database answers.",
            i64::from(gauges.is_some()),
        );
        if let Some(gauges) = gauges {
            page.gauge(
                "meshline_jobs_due",
                "Jobs that could run now.",
                gauges.jobs_due,
            );
            page.gauge(
                "meshline_jobs",
                "All jobs, those of later included.",
                gauges.jobs,
            );
        }
        page.text
    }
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, name: &str, label: Option<(&str, &str)>, value: impl std::fmt::Display) {
        // writing to a string does not fail
        let _ = match label {
            Some((key, label)) => writeln!(self.text, "{name}{{{key}=\"{label}\"}} {value}"),
            None => writeln!(self.text, "{name} {value}"),
        };
    }

    fn head(&mut self, name: &str, help: &str, kind: &str) {
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn labelled(
        &mut self,
        name: &str,
        help: &str,
        key: &str,
        labels: &[&str],
        counters: &[AtomicU64],
    ) {
        self.head(name, help, "counter");
        for (label, counter) in labels.iter().zip(counters) {
            self.line(name, Some((key, label)), counter.load(Ordering::Relaxed));
        }
    }

    fn gauge(&mut self, name: &str, help: &str, value: i64) {
        self.head(name, help, "gauge");
        self.line(name, None, value);
    }

    fn histogram(&mut self, metrics: &Metrics) {
        let name = "meshline_acknowledgement_seconds";
        self.head(
            name,
            "From a delivery's arrival to its durable acknowledgement.",
            "histogram",
        );
        let mut sum = 0;
        for (bound, bucket) in BUCKETS_MS.iter().zip(&metrics.ack_buckets) {
            sum += bucket.load(Ordering::Relaxed);
            let seconds = Duration::from_millis(*bound).as_secs_f64().to_string();
            self.line(&format!("{name}_bucket"), Some(("le", &seconds)), sum);
        }
        let total = metrics.ack_count.load(Ordering::Relaxed);
        let seconds =
            Duration::from_micros(metrics.ack_micros.load(Ordering::Relaxed)).as_secs_f64();
        self.line(&format!("{name}_bucket"), Some(("le", "+Inf")), total);
        self.line(&format!("{name}_sum"), None, seconds);
        self.line(&format!("{name}_count"), None, total);
    }
}

/// A channel that counts what it is answered.
pub struct CountingChannel<C> {
    pub inner: C,
    pub metrics: Arc<Metrics>,
}

impl<C: Channel> Channel for CountingChannel<C> {
    fn deliver(
        &self,
        request: DeliveryRequest,
    ) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        Box::pin(async move {
            let answer = self.inner.deliver(request).await;
            self.metrics.attempted(&answer);
            answer
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_what_is_exported() {
        let metrics = Metrics::default();
        metrics.received(&IntakeStatus::Duplicate);
        metrics.rejected(Rejected::Unavailable);
        metrics.answered(StatusCode::NOT_FOUND);
        metrics.attempted(&Answer {
            status: Some(503),
            ..Answer::default()
        });
        metrics.attempted(&Answer::default());
        metrics.acknowledged(Duration::from_micros(1_500));
        metrics.acknowledged(Duration::from_secs(3));
        let text = metrics.text(Some(&Gauges {
            database: "sqlite",
            jobs_due: 3,
            jobs: 5,
        }));
        for line in [
            "meshline_receipts_total{status=\"duplicate\"} 1",
            "meshline_intake_rejected_total{reason=\"unavailable\"} 1",
            "meshline_http_requests_total{class=\"4xx\"} 1",
            "meshline_delivery_attempts_total{answer=\"5xx\"} 1",
            "meshline_delivery_attempts_total{answer=\"none\"} 1",
            "meshline_acknowledgement_seconds_bucket{le=\"0.001\"} 0",
            "meshline_acknowledgement_seconds_bucket{le=\"0.002\"} 1",
            "meshline_acknowledgement_seconds_bucket{le=\"1\"} 1",
            "meshline_acknowledgement_seconds_bucket{le=\"+Inf\"} 2",
            "meshline_acknowledgement_seconds_count 2",
            "meshline_jobs_due 3",
            "meshline_up 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(metrics.text(None).contains("meshline_up 0"));
    }
}
