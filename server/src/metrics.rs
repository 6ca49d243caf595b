//! What is counted and timed, in Prometheus' text form. Labels are closed sets (a kind, an outcome, a
//! route as it is written in the program): never a merchant, an address or an id, so that what is
//! exported neither grows nor tells on anybody.
//!
//! Other crates record through the `metrics` facade ([`Metrics::hear_everybody`]); what this crate
//! counts goes to its own recorder, so that tests have one each. Intake's counters are looked up once.

use std::{pin::Pin, sync::Arc, time::Duration};

use domain::delivery::Answer;
use engine::{
    IntakeStatus, JobReport, Watch,
    port::{Channel, DeliveryRequest},
};
use http::StatusCode;
use metrics::{
    Counter, Histogram, Key, KeyName, Label, Level, Metadata, Recorder, SharedString, Unit,
};
use metrics_exporter_prometheus::{
    Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

use crate::telemetry::traces;

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

impl Rejected {
    const ALL: [Self; 6] = [
        Self::UnknownSource,
        Self::Signature,
        Self::TooLarge,
        Self::Broken,
        Self::Overloaded,
        Self::Unavailable,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::UnknownSource => "unknown_source",
            Self::Signature => "signature",
            Self::TooLarge => "too_large",
            Self::Broken => "broken",
            Self::Overloaded => "overloaded",
            Self::Unavailable => "unavailable",
        }
    }
}

const RECEIPTS: &str = "meshline_receipts_total";
const REJECTED: &str = "meshline_intake_rejected_total";
const ACKNOWLEDGED: &str = "meshline_acknowledgement_seconds";
const REQUESTS: &str = "meshline_http_request_seconds";
const JOBS: &str = "meshline_job_seconds";
const LAG: &str = "meshline_job_lag_seconds";
const ATTEMPTS: &str = "meshline_delivery_attempts_total";
const DELIVERIES: &str = "meshline_delivery_seconds";
const LIMITED: &str = "meshline_rate_limited_total";
const SIGN_INS: &str = "meshline_sign_ins_total";

/// Counters and histograms, and what they mean.
const MEANINGS: [(&str, &str); 11] = [
    (
        RECEIPTS,
        "Deliveries acknowledged, by what they were and the system they came from.",
    ),
    (REJECTED, "Deliveries refused, by reason."),
    (
        ACKNOWLEDGED,
        "From a delivery's arrival to its durable acknowledgement.",
    ),
    (
        REQUESTS,
        "Requests other than deliveries, by route as written in the program.",
    ),
    (JOBS, "Claims of jobs, from claim to commit."),
    (LAG, "How long a job had been due before it was taken."),
    (
        ATTEMPTS,
        "Attempts at destinations, by class of the answer; none: nothing came back.",
    ),
    (DELIVERIES, "How long destinations took to answer."),
    (
        LIMITED,
        "Requests turned away because there were too many, by limit.",
    ),
    (SIGN_INS, "Attempts to sign in, by outcome."),
    (
        "meshline_database_write_seconds",
        "Writes, from being asked for to being durable.",
    ),
];

/// Gauges, and what they mean.
const READINGS: [(&str, &str); 12] = [
    ("meshline_build_info", "Which program this is."),
    ("meshline_up", "Whether the database answers."),
    ("meshline_jobs_due", "Jobs that could run now."),
    ("meshline_jobs", "All jobs, those of later included."),
    (
        "meshline_live_streams",
        "Open pages that are told of changes.",
    ),
    (
        "meshline_database_connections",
        "Connections of the pool to Postgres, busy and idle.",
    ),
    ("meshline_database_operations", "Writes since the start."),
    (
        "meshline_database_commits",
        "Commits since the start; on SQLite several writes share one.",
    ),
    (
        "meshline_fleet_listening",
        "Whether what other processes commit is heard.",
    ),
    (
        "meshline_fleet_messages",
        "Messages of other processes heard since the start.",
    ),
    (
        "meshline_fleet_losses",
        "How often the listening connection was lost since the start.",
    ),
    (
        "meshline_clock_skew_seconds",
        "How far the database's clock is ahead of this machine's.",
    ),
];

/// From what a local disk takes to what nobody waits for.
const SECONDS: [f64; 14] = [
    0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0,
];

const HERE: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, None);

pub struct Metrics {
    recorder: Arc<PrometheusRecorder>,
    page: PrometheusHandle,
    rejected: [Counter; Rejected::ALL.len()],
    acknowledged: Histogram,
}

/// Looked up when somebody asks.
pub struct Gauges {
    pub database: &'static str,
    pub jobs_due: i64,
    pub jobs: i64,
}

impl Default for Metrics {
    fn default() -> Self {
        let builder = PrometheusBuilder::new();
        // only an empty list of bounds is refused
        let recorder = builder
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .unwrap_or_else(|_| PrometheusBuilder::new())
            .build_recorder();
        let described = |names: &[(&'static str, &'static str)],
                         describe: &dyn Fn(KeyName, SharedString)| {
            for (name, meaning) in names {
                describe(KeyName::from(*name), SharedString::const_str(meaning));
            }
        };
        let unit = |name: &KeyName| name.as_str().ends_with("_seconds").then_some(Unit::Seconds);
        described(&MEANINGS, &|name, text| {
            if name.as_str().ends_with("_total") {
                recorder.describe_counter(name, None, text);
            } else {
                recorder.describe_histogram(name.clone(), unit(&name), text);
            }
        });
        described(&READINGS, &|name, text| {
            recorder.describe_gauge(name, None, text)
        });
        recorder
            .register_gauge(
                &Key::from_parts(
                    "meshline_build_info",
                    vec![Label::new("version", env!("CARGO_PKG_VERSION"))],
                ),
                &HERE,
            )
            .set(1.0);
        Self {
            page: recorder.handle(),
            rejected: Rejected::ALL.map(|reason| {
                recorder.register_counter(&key(REJECTED, [("reason", reason.as_str())]), &HERE)
            }),
            acknowledged: recorder.register_histogram(&Key::from_static_name(ACKNOWLEDGED), &HERE),
            recorder: Arc::new(recorder),
        }
    }
}

fn key<const N: usize>(name: &'static str, labels: [(&'static str, &'static str); N]) -> Key {
    let labels: Vec<Label> = labels
        .into_iter()
        .map(|(key, value)| Label::from_static_parts(key, value))
        .collect();
    Key::from_parts(name, labels)
}

fn class_of(status: u16) -> &'static str {
    match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

impl Metrics {
    /// What the store and other crates record comes here from now on. Once per process.
    pub fn hear_everybody(&self) {
        if metrics::set_global_recorder(Arc::clone(&self.recorder)).is_err() {
            tracing::error!("metrics are recorded elsewhere already");
        }
    }

    fn count(&self, name: &'static str, labels: [(&'static str, &'static str); 1]) {
        self.recorder
            .register_counter(&key(name, labels), &HERE)
            .increment(1);
    }

    fn time<const N: usize>(
        &self,
        name: &'static str,
        labels: [(&'static str, &'static str); N],
        took: Duration,
    ) {
        self.recorder
            .register_histogram(&key(name, labels), &HERE)
            .record(took);
    }

    pub fn received(&self, status: &IntakeStatus, system: &'static str) {
        let labels = [("status", status.as_str()), ("system", system)];
        self.recorder
            .register_counter(&key(RECEIPTS, labels), &HERE)
            .increment(1);
    }

    pub fn rejected(&self, reason: Rejected) {
        if let Some(counter) = self.rejected.get(reason as usize) {
            counter.increment(1);
        }
    }

    /// From the first byte of the request to the answer being ready.
    pub fn acknowledged(&self, took: Duration) {
        self.acknowledged.record(took);
    }

    /// `route`: as it is written in the program, so that there are only so many.
    pub fn answered(&self, method: &http::Method, route: &str, status: StatusCode, took: Duration) {
        let method = match method.as_str() {
            "GET" => "GET",
            "HEAD" => "HEAD",
            "POST" => "POST",
            "PUT" => "PUT",
            "PATCH" => "PATCH",
            "DELETE" => "DELETE",
            _ => "other",
        };
        let labels = vec![
            Label::from_static_parts("method", method),
            Label::new("route", route.to_owned()),
            Label::from_static_parts("class", class_of(status.as_u16())),
        ];
        self.recorder
            .register_histogram(&Key::from_parts(REQUESTS, labels), &HERE)
            .record(took);
    }

    /// Somebody did too much of something.
    pub fn limited(&self, limit: &'static str) {
        self.count(LIMITED, [("limit", limit)]);
    }

    fn attempted(&self, answer: &Answer, took: Duration) {
        let class = answer.status.map_or("none", class_of);
        self.count(ATTEMPTS, [("answer", class)]);
        self.time(DELIVERIES, [("answer", class)], took);
    }

    /// A reading of this moment.
    pub fn reading(&self, name: &'static str, value: f64) {
        self.recorder
            .register_gauge(&Key::from_static_name(name), &HERE)
            .set(value);
    }

    pub fn labelled_reading(
        &self,
        name: &'static str,
        label: (&'static str, &'static str),
        value: f64,
    ) {
        self.recorder
            .register_gauge(&key(name, [label]), &HERE)
            .set(value);
    }

    /// Sorts in what was recorded. Without this the memory of samples grows until somebody asks.
    pub fn tidy(&self) {
        self.page.run_upkeep();
    }

    pub fn text(&self, gauges: Option<&Gauges>) -> String {
        self.reading("meshline_up", f64::from(u8::from(gauges.is_some())));
        if let Some(gauges) = gauges {
            self.reading("meshline_jobs_due", number(gauges.jobs_due));
            self.reading("meshline_jobs", number(gauges.jobs));
        }
        self.page.render()
    }
}

/// Prometheus knows floats only.
#[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 of anything")]
pub fn number(count: i64) -> f64 {
    count as f64
}

/// What the engine tells of its work is counted, traced and written down once.
impl Watch for Metrics {
    fn sign_in_ended(&self, outcome: &'static str) {
        self.count(SIGN_INS, [("outcome", outcome)]);
    }

    fn job_ended(&self, report: &JobReport<'_>) {
        let kind = report.job.kind.as_str();
        let (took, lag) = (
            traces::millis(report.took_ms),
            traces::millis(report.lag_ms),
        );
        self.time(
            JOBS,
            [("kind", kind), ("outcome", report.outcome.as_str())],
            took,
        );
        self.time(LAG, [("kind", kind)], lag);
        if let Some(traces) = traces::on() {
            traces.job(report);
        }
        tracing::info!(
            kind,
            attempt = report.job.attempts + 1,
            outcome = report.outcome.as_str(),
            ms = report.took_ms,
            lag_ms = report.lag_ms,
            trace_id = report.trace_id.unwrap_or_default(),
            merchant = %report.job.merchant_id,
            subject = %report.job.subject_id,
            "job"
        );
    }
}

/// A channel that counts and traces what it is answered.
pub struct CountingChannel<C> {
    pub inner: C,
    pub metrics: Arc<Metrics>,
}

impl<C: Channel> Channel for CountingChannel<C> {
    fn refuses(&self, url: &str) -> Option<String> {
        self.inner.refuses(url)
    }

    fn deliver(
        &self,
        request: DeliveryRequest,
    ) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        Box::pin(async move {
            let sent =
                traces::on().map(|traces| (traces, request.traceparent.clone(), request.now));
            let begun = tokio::time::Instant::now();
            let answer = self.inner.deliver(request).await;
            let took = begun.elapsed();
            self.metrics.attempted(&answer, took);
            if let Some((traces, traceparent, began_at)) = sent {
                traces.delivery(&traceparent, began_at, took, &answer);
            }
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
        metrics.received(&IntakeStatus::Duplicate, "shopify");
        metrics.rejected(Rejected::Unavailable);
        metrics.answered(
            &http::Method::GET,
            "/m/{merchant}/queue",
            StatusCode::NOT_FOUND,
            Duration::from_millis(3),
        );
        let busy = Answer {
            status: Some(503),
            ..Answer::default()
        };
        metrics.attempted(&busy, Duration::from_millis(300));
        metrics.attempted(&Answer::default(), Duration::from_secs(30));
        metrics.acknowledged(Duration::from_micros(1_500));
        metrics.acknowledged(Duration::from_secs(3));
        let text = metrics.text(Some(&Gauges {
            database: "sqlite",
            jobs_due: 3,
            jobs: 5,
        }));
        for line in [
            "meshline_receipts_total{status=\"duplicate\",system=\"shopify\"} 1",
            "meshline_intake_rejected_total{reason=\"unavailable\"} 1",
            "meshline_intake_rejected_total{reason=\"signature\"} 0",
            "meshline_http_request_seconds_count{method=\"GET\",route=\"/m/{merchant}/queue\",class=\"4xx\"} 1",
            "meshline_delivery_attempts_total{answer=\"5xx\"} 1",
            "meshline_delivery_attempts_total{answer=\"none\"} 1",
            "meshline_acknowledgement_seconds_bucket{le=\"0.001\"} 0",
            "meshline_acknowledgement_seconds_bucket{le=\"0.002\"} 1",
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
