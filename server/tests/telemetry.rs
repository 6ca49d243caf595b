//! What Meshline says about itself: spans and logs to a collector, metrics to whoever may read them, one
//! line for each request and each job. And what it never says: a secret, or whose it was.
//!
//! The collector here decodes what arrives with OpenTelemetry's own message types. To see it red: let
//! `telemetry::traces::beginning` return something else, or leave the span of `traceparent` out in
//! `engine::deliver`.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on may stop where it stands"
)]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, extract::State, http::Uri};
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    trace::v1::{Span, span::SpanKind},
};
use prost::Message;
use reqwest::StatusCode;
use serde_json::Value;
use support::{
    SANDBOX_SECRET,
    database::Engine,
    installation::{Installation, eventually, free_addr},
    shop::{self, Delivery, Order},
    sink::{Reply, Sink},
};
use tokio::net::TcpListener;

#[derive(Default)]
struct Collector {
    spans: Mutex<Vec<Span>>,
    lines: Mutex<Vec<String>>,
    raw: Mutex<Vec<u8>>,
}

async fn collect(State(collector): State<Arc<Collector>>, uri: Uri, body: Bytes) -> &'static str {
    collector.raw.lock().unwrap().extend_from_slice(&body);
    match uri.path() {
        "/v1/traces" => {
            let request = ExportTraceServiceRequest::decode(body).unwrap();
            let mut spans = collector.spans.lock().unwrap();
            for scope in request
                .resource_spans
                .into_iter()
                .flat_map(|one| one.scope_spans)
            {
                spans.extend(scope.spans);
            }
        }
        "/v1/logs" => {
            let request = ExportLogsServiceRequest::decode(body).unwrap();
            let mut lines = collector.lines.lock().unwrap();
            for scope in request
                .resource_logs
                .into_iter()
                .flat_map(|one| one.scope_logs)
            {
                lines.extend(scope.log_records.iter().map(|one| format!("{one:?}")));
            }
        }
        other => panic!("nobody collects {other}"),
    }
    ""
}

impl Collector {
    async fn start() -> (Arc<Self>, SocketAddr) {
        let collector = Arc::new(Self::default());
        let listener = TcpListener::bind(free_addr()).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let router = Router::new()
            .fallback(collect)
            .with_state(Arc::clone(&collector));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (collector, addr)
    }

    /// The spans of one trace by name, once these are there.
    async fn trace(&self, trace_id: &str, names: &[&str]) -> BTreeMap<String, Span> {
        eventually(&format!("the spans of {trace_id}"), async || {
            let spans = self.spans.lock().unwrap();
            let mine: BTreeMap<_, _> = spans
                .iter()
                .filter(|span| hex::encode(&span.trace_id) == trace_id)
                .map(|span| (span.name.clone(), span.clone()))
                .collect();
            let all = names.iter().all(|name| mine.contains_key(*name));
            all.then_some(mine)
        })
        .await
    }
}

async fn start(environment: &[&str]) -> Installation {
    let mut meshline = Installation::prepare(Engine::Sqlite).await;
    let wrapper = [&["env"], environment].concat();
    meshline.server = Some(meshline.spawn(&wrapper, &["serve"]));
    meshline.ready().await;
    meshline
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_order_is_one_trace_from_the_sender_to_the_destination() {
    let (collector, addr) = Collector::start().await;
    let endpoint = format!("OTEL_EXPORTER_OTLP_ENDPOINT=http://{addr}");
    let mut meshline = start(&[
        &endpoint,
        "OTEL_BSP_SCHEDULE_DELAY=100",
        "OTEL_BLRP_SCHEDULE_DELAY=100",
        "MESHLINE_LOG_FORMAT=json",
    ])
    .await;
    let sink = Sink::start(meshline.sandbox_addr, |_| Reply::accepted()).await;
    let order = Order::numbered(7_200_000_000_100);
    let sent = meshline
        .send(&Delivery::new("orders/create", "trace-1", &order.json()))
        .await;
    assert_eq!(sent.code, StatusCode::OK);
    let receipt = eventually("the receipt is processed", async || {
        let chain = meshline
            .get(&format!("/receipts/{}", sent.receipt_id()))
            .await;
        let exports = chain["exports"].as_array()?;
        (!exports.is_empty()).then_some(chain)
    })
    .await;
    let trace_id = receipt["trace_id"].as_str().unwrap().to_owned();
    let sent_out = eventually("it is delivered", async || sink.all().into_iter().next()).await;
    assert_eq!(sent_out.data()["trace_id"], trace_id.as_str());

    let names = ["POST /in/{source}", "process_receipt", "deliver", "POST"];
    let spans = collector.trace(&trace_id, &names).await;
    let beginning = &spans["POST /in/{source}"];
    assert!(beginning.parent_span_id.is_empty());
    assert_eq!(beginning.kind, SpanKind::Server as i32);
    for name in &names[1..] {
        let span = &spans[*name];
        assert_eq!(span.parent_span_id, beginning.span_id, "{name}");
        assert!(span.start_time_unix_nano >= beginning.start_time_unix_nano);
        assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
    }
    // the destination can hang its own spans below the request that it got
    let wire = format!("00-{trace_id}-{}-01", hex::encode(&spans["POST"].span_id));
    assert_eq!(sent_out.header("traceparent"), wire);

    // a sender that traces is taken at its word
    let theirs = "4bf92f3577b34da6a3ce929d0e0e4736";
    let second = Delivery::new(
        "orders/create",
        "trace-2",
        &Order::numbered(7_200_000_000_200).json(),
    );
    let post = shop::post(
        &meshline.http,
        &meshline.source_url(),
        &meshline.shop().1.secret,
        &second,
    );
    let traceparent = format!("00-{theirs}-00f067aa0ba902b7-01");
    let answer = post.header("traceparent", traceparent).send().await;
    assert_eq!(answer.unwrap().status(), StatusCode::OK);
    let spans = collector.trace(theirs, &names).await;
    let above = hex::encode(&spans["POST /in/{source}"].parent_span_id);
    assert_eq!(above, "00f067aa0ba902b7");

    // logs go the same way, and what was recorded last is sent before the end
    eventually("lines of the log", async || {
        let lines = collector.lines.lock().unwrap();
        lines
            .iter()
            .any(|line| line.contains("process_receipt"))
            .then_some(())
    })
    .await;
    meshline.server.take().unwrap().stop().await;
    let lines = collector.lines.lock().unwrap().clone();
    assert!(lines.iter().any(|line| line.contains("stopping")));

    let collected = String::from_utf8_lossy(&collector.raw.lock().unwrap()).into_owned();
    for text in [&collected, &meshline.said("serve")] {
        says_no_secret(&meshline, text);
    }
    lines_are_whole(&meshline.said("serve"));
    meshline.end().await;
}

fn says_no_secret(meshline: &Installation, text: &str) {
    let demo = &meshline.demo;
    let tokens = demo.merchants.iter().map(|one| one.api_token.as_str());
    let paths = demo.sources.iter().map(|one| one.url_path.as_str());
    let secrets = demo.sources.iter().map(|one| one.secret.as_str());
    let passwords = demo.users.iter().map(|one| one.password.as_str());
    let shared = ["ines.marchetti@example.com", SANDBOX_SECRET];
    for secret in tokens
        .chain(paths)
        .chain(secrets)
        .chain(passwords)
        .chain(shared)
    {
        assert!(!text.contains(secret), "{secret} was said");
    }
}

/// The one line of each request and each job has all that is looked for later.
fn lines_are_whole(log: &str) {
    let lines: Vec<Value> = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let with = |message: &str| {
        lines
            .iter()
            .filter(|line| line["message"] == message)
            .collect::<Vec<_>>()
    };
    let asked = with("request");
    let asked = asked
        .iter()
        .find(|line| line["route"] == "/api/v1/receipts/{id}")
        .unwrap();
    assert_eq!(
        (&asked["method"], &asked["actor"]),
        (&"GET".into(), &"token".into())
    );
    assert_eq!(asked["status"], 200);
    for field in ["ms", "bytes", "trace_id", "request_id", "merchant"] {
        assert!(!asked[field].is_null(), "{field} is missing: {asked}");
    }
    let jobs = with("job");
    let kinds: BTreeSet<_> = jobs
        .iter()
        .map(|line| line["kind"].as_str().unwrap())
        .collect();
    assert!(
        kinds.contains("process_receipt") && kinds.contains("deliver"),
        "{kinds:?}"
    );
    for job in jobs {
        for field in ["attempt", "outcome", "ms", "lag_ms", "trace_id", "merchant"] {
            assert!(!job[field].is_null(), "{field} is missing: {job}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_well_formed_bounded_and_not_for_everybody() {
    let meshline = start(&[]).await;
    let sink = Sink::start(meshline.sandbox_addr, |_| Reply::accepted()).await;
    let order = Order::numbered(7_300_000_000_100);
    meshline
        .send(&Delivery::new("orders/create", "metrics-1", &order.json()))
        .await;
    eventually("it is delivered", async || sink.all().into_iter().next()).await;
    let url = meshline.url("/metrics");
    let read = async |token: Option<&str>, forwarded: bool| {
        let mut request = meshline.http.get(&url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if forwarded {
            request = request.header("x-forwarded-for", "203.0.113.7");
        }
        let answer = request.send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    };
    let text = eventually("the delivery is counted", async || {
        let (status, text) = read(None, false).await;
        assert_eq!(status, StatusCode::OK);
        text.contains("meshline_delivery_attempts_total{answer=\"2xx\"} 1")
            .then_some(text)
    })
    .await;
    let samples = parse(&text);
    for expected in [
        "meshline_build_info",
        "meshline_receipts_total",
        "meshline_intake_rejected_total",
        "meshline_acknowledgement_seconds_bucket",
        "meshline_http_request_seconds_bucket",
        "meshline_job_seconds_count",
        "meshline_job_lag_seconds_count",
        "meshline_delivery_seconds_sum",
        "meshline_database_write_seconds_count",
        "meshline_live_streams",
        "meshline_jobs_due",
    ] {
        assert!(
            samples.contains_key(expected),
            "{expected} is missing:\n{text}"
        );
    }
    let (merchant, source) = meshline.shop();
    for tell in [&merchant.id, &merchant.slug, &source.url_path] {
        assert!(
            !text.contains(tell.as_str()),
            "{tell} stands in the metrics"
        );
    }
    says_no_secret(&meshline, &text);

    // what came through a proxy did not come from this machine
    assert_eq!(read(None, true).await.0, StatusCode::UNAUTHORIZED);
    meshline.end().await;

    let meshline = start(&["MESHLINE_METRICS_TOKEN=a-token-of-some-length"]).await;
    let url = meshline.url("/metrics");
    for (token, expected) in [
        (None, StatusCode::UNAUTHORIZED),
        (Some("a-token-of-some-lengthy"), StatusCode::UNAUTHORIZED),
        (Some("a-token-of-some-length"), StatusCode::OK),
    ] {
        let request = meshline
            .http
            .get(&url)
            .header("x-forwarded-for", "203.0.113.7");
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        assert_eq!(
            request.send().await.unwrap().status(),
            expected,
            "{token:?}"
        );
    }
    meshline.end().await;
}

/// By the letter of the text format: every sample belongs to a metric whose type was said before, once,
/// and in one group; names and labels are spelled as they may be; buckets grow, and the last one is the
/// count. By name, with what is in the braces.
fn parse(text: &str) -> BTreeMap<String, Vec<(String, f64)>> {
    let is_name = |name: &str| {
        name.chars().enumerate().all(|(n, c)| {
            c == '_' || c == ':' || c.is_ascii_alphabetic() || (n > 0 && c.is_ascii_digit())
        }) && !name.is_empty()
    };
    let mut samples: BTreeMap<String, Vec<(String, f64)>> = BTreeMap::new();
    let mut types: BTreeMap<String, String> = BTreeMap::new();
    let mut current = String::new();
    assert!(text.ends_with('\n'));
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (what, name) = (words.next().unwrap(), words.next().unwrap().to_owned());
            assert!(is_name(&name), "{line}");
            if what == "TYPE" {
                let kind = words.next().unwrap().to_owned();
                assert!(
                    ["counter", "gauge", "histogram"].contains(&kind.as_str()),
                    "{line}"
                );
                assert!(types.insert(name.clone(), kind).is_none(), "twice: {line}");
                current = name;
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let value: f64 = value.parse().unwrap();
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix('}').unwrap()),
            None => (series, ""),
        };
        assert!(is_name(name), "{line}");
        for label in labels.split("\",").filter(|label| !label.is_empty()) {
            let (key, value) = label.split_once("=\"").unwrap();
            assert!(is_name(key) && !value.contains('\n'), "{line}");
        }
        let base = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| name.strip_suffix(end))
            .filter(|base| types.get(*base).is_some_and(|kind| kind == "histogram"))
            .unwrap_or(name);
        assert_eq!(base, current, "out of its group: {line}");
        samples
            .entry(name.to_owned())
            .or_default()
            .push((labels.to_owned(), value));
    }
    for (name, buckets) in &samples {
        let Some(base) = name.strip_suffix("_bucket") else {
            continue;
        };
        let mut last: BTreeMap<String, f64> = BTreeMap::new();
        for (labels, value) in buckets {
            let (others, _le) = labels.rsplit_once("le=\"").unwrap();
            let before = last.insert(others.to_owned(), *value);
            assert!(
                before.is_none_or(|before| before <= *value),
                "{name} {labels}"
            );
        }
        let total: f64 = samples[&format!("{base}_count")]
            .iter()
            .map(|(_, n)| n)
            .sum();
        assert!((last.values().sum::<f64>() - total).abs() < 0.5, "{name}");
    }
    samples
}
