//! Spans: what a piece of work went through, from the sender's request to the destination's answer.
//!
//! A piece of work keeps its trace id in its rows, so its spans come from several processes, minutes or
//! days apart. That is why a span is recorded when it is over, as a value ([`Piece`]), and why nothing
//! is carried along in between but the id. Everything in a trace hangs below its *beginning*: the
//! request that brought the work in, whose span id can be read off the trace id.
//!
//! Where nothing is exported, [`on`] is `None`, and nobody makes a piece.

use std::{
    borrow::Cow,
    cell::Cell,
    sync::OnceLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use domain::{Time, delivery::Answer};
use engine::JobReport;
use opentelemetry::{
    Context, InstrumentationScope, KeyValue,
    trace::{
        Span, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId,
        TraceState, Tracer, TracerProvider,
    },
};
use opentelemetry_sdk::trace::{IdGenerator, SdkTracer, SdkTracerProvider};
use uuid::Uuid;

use super::export;
use crate::http::edge::Line;

static TRACES: OnceLock<Traces> = OnceLock::new();

pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

/// `None`: nothing is exported.
pub fn on() -> Option<&'static Traces> {
    TRACES.get()
}

pub(super) fn start() {
    let Some(exporter) = export::spans() else {
        return;
    };
    let provider = SdkTracerProvider::builder()
        .with_resource(export::resource())
        .with_id_generator(Given)
        .with_batch_exporter(exporter)
        .build();
    let scope = InstrumentationScope::builder("meshline")
        .with_version(env!("CARGO_PKG_VERSION"))
        .build();
    let tracer = provider.tracer_with_scope(scope);
    // started once
    let _ = TRACES.set(Traces { provider, tracer });
}

pub(super) fn end() {
    if let Some(traces) = on()
        && let Err(error) = traces.provider.shutdown()
    {
        tracing::warn!(%error, "the last spans were not sent");
    }
}

/// The span that everything else in a trace hangs below.
pub fn beginning(trace_id: &str) -> Option<SpanId> {
    SpanId::from_hex(trace_id.get(..16)?)
        .ok()
        .filter(|id| *id != SpanId::INVALID)
}

/// A delivery that was acknowledged.
pub struct Arrival<'a> {
    pub trace_id: &'a str,
    /// The sender's span, if it gave one.
    pub sender: Option<&'a str>,
    pub receipt_id: Uuid,
    pub status: &'static str,
    pub began_at: Time,
}

/// One span, when it is over.
pub struct Piece<'p> {
    pub name: Cow<'static, str>,
    pub kind: SpanKind,
    pub trace_id: &'p str,
    pub span: SpanId,
    /// `None`: it is where the trace begins.
    pub parent: Option<SpanId>,
    pub began_at: Time,
    pub took: Duration,
    pub attributes: Vec<KeyValue>,
    pub failed: Option<String>,
}

impl Traces {
    pub fn record(&self, piece: Piece<'_>) {
        let Ok(trace) = TraceId::from_hex(piece.trace_id) else {
            return;
        };
        let context = match piece.parent {
            Some(parent) => Context::new().with_remote_span_context(SpanContext::new(
                trace,
                parent,
                TraceFlags::SAMPLED,
                true,
                TraceState::default(),
            )),
            None => Context::new(),
        };
        let began = moment(piece.began_at);
        NEXT.set(Some((trace, piece.span)));
        let mut span = self
            .tracer
            .span_builder(piece.name)
            .with_kind(piece.kind)
            .with_start_time(began)
            .with_attributes(piece.attributes)
            .start_with_context(&self.tracer, &context);
        NEXT.set(None);
        if let Some(why) = piece.failed {
            span.set_status(Status::error(why));
        }
        span.end_with_timestamp(began + piece.took);
    }

    pub fn job(&self, report: &JobReport<'_>) {
        let Some(trace_id) = report.trace_id else {
            return;
        };
        let failed = match report.outcome {
            engine::JobOutcome::Done => None,
            other => Some(other.as_str().to_owned()),
        };
        self.record(Piece {
            name: Cow::Borrowed(report.job.kind.as_str()),
            kind: SpanKind::Consumer,
            trace_id,
            span: SpanId::from_bytes(report.job.span()),
            parent: beginning(trace_id),
            began_at: report.began_at,
            took: millis(report.took_ms),
            attributes: vec![
                KeyValue::new("meshline.job.attempt", report.job.attempts + 1),
                KeyValue::new("meshline.job.lag_ms", report.lag_ms),
                KeyValue::new("meshline.merchant_id", report.job.merchant_id.to_string()),
                KeyValue::new("meshline.subject_id", report.job.subject_id.to_string()),
            ],
            failed,
        });
    }
}

impl Traces {
    /// A request. It is where its trace begins, or the trace's first span here.
    pub fn request(&self, line: &Line<'_>, sender: Option<&str>, began_at: Time, took: Duration) {
        // a sender may ask many things in one trace: each of them is a span of its own
        let span = match sender {
            Some(_) => SpanId::from_hex(&line.request_id).ok(),
            None => beginning(line.trace_id),
        };
        let Some(span) = span else {
            return;
        };
        let mut attributes = vec![
            KeyValue::new("http.request.method", line.method.to_string()),
            KeyValue::new("http.route", line.route.to_owned()),
            KeyValue::new("http.response.status_code", i64::from(line.status)),
            KeyValue::new("meshline.request_id", line.request_id.clone()),
        ];
        if let Some(asked) = line.noted.asked {
            attributes.push(KeyValue::new("meshline.actor", asked.actor));
            attributes.push(KeyValue::new(
                "meshline.merchant_id",
                asked.merchant_id.to_string(),
            ));
        }
        self.record(Piece {
            name: Cow::Owned(format!("{} {}", line.method, line.route)),
            kind: SpanKind::Server,
            trace_id: line.trace_id,
            span,
            parent: sender.and_then(|span| SpanId::from_hex(span).ok()),
            began_at,
            took,
            attributes,
            failed: (line.status >= 500).then(|| line.status.to_string()),
        });
    }

    /// A delivery that was taken.
    pub fn intake(&self, arrival: &Arrival<'_>, took: Duration) {
        let Some(span) = beginning(arrival.trace_id) else {
            return;
        };
        let attributes = vec![
            KeyValue::new("http.request.method", "POST"),
            KeyValue::new("http.route", "/in/{source}"),
            KeyValue::new("http.response.status_code", 200),
            KeyValue::new("meshline.receipt_id", arrival.receipt_id.to_string()),
            KeyValue::new("meshline.receipt_status", arrival.status),
        ];
        self.record(Piece {
            name: Cow::Borrowed("POST /in/{source}"),
            kind: SpanKind::Server,
            trace_id: arrival.trace_id,
            span,
            parent: arrival.sender.and_then(|span| SpanId::from_hex(span).ok()),
            began_at: arrival.began_at,
            took,
            attributes,
            failed: None,
        });
    }

    /// One attempt at a destination, under the name it had on the wire.
    pub fn delivery(&self, traceparent: &str, began_at: Time, took: Duration, answer: &Answer) {
        let mut parts = traceparent.split('-').skip(1);
        let (Some(trace_id), Some(span)) = (parts.next(), parts.next()) else {
            return;
        };
        let Ok(span) = SpanId::from_hex(span) else {
            return;
        };
        let attributes = answer
            .status
            .map(|status| KeyValue::new("http.response.status_code", i64::from(status)));
        self.record(Piece {
            name: Cow::Borrowed("POST"),
            kind: SpanKind::Client,
            trace_id,
            span,
            parent: beginning(trace_id),
            began_at,
            took,
            attributes: attributes.into_iter().collect(),
            failed: answer.error.clone(),
        });
    }
}

pub fn millis(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

fn moment(at: Time) -> SystemTime {
    UNIX_EPOCH + millis(at.as_ms())
}

thread_local! {
    /// What the next span on this thread is called: it is made and named in one go.
    static NEXT: Cell<Option<(TraceId, SpanId)>> = const { Cell::new(None) };
}

/// Spans get the ids that the work has in the database and on the wire.
#[derive(Debug)]
struct Given;

impl IdGenerator for Given {
    fn new_trace_id(&self) -> TraceId {
        NEXT.get().map_or(TraceId::INVALID, |(trace, _)| trace)
    }

    fn new_span_id(&self) -> SpanId {
        NEXT.get().map_or(SpanId::INVALID, |(_, span)| span)
    }
}
