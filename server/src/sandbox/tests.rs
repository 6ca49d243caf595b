//! The sandbox as a black box: over HTTP, on a free port, with its journal in a directory of its own.
//! A restart is a runtime that is dropped in the middle of everything, like a killed process.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use connectors::{
    guard::Guard,
    http_channel::{DeliveryRequest, HttpChannel},
    standard_webhooks::{self as webhooks, Secret},
};
use domain::delivery::{AckStatus, Answer, Verdict, judge};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::{DEMO_SECRET, SandboxArgs, http, open};
use crate::wall_clock;

static DIRECTORIES: AtomicUsize = AtomicUsize::new(0);

fn guard() -> Guard {
    Guard::new("127.0.0.0/8".parse().unwrap())
}

struct World {
    directory: PathBuf,
    /// Long unless a test is about completion.
    complete_after_ms: u32,
    running: Option<(Runtime, SocketAddr)>,
    client: Runtime,
}

impl World {
    fn new() -> Self {
        // a second installation in the same process is refused, and that is fine
        let _ = rustls::crypto::ring::default_provider().install_default();
        let n = DIRECTORIES.fetch_add(1, Ordering::Relaxed);
        let name = format!("meshline-sandbox-{}-{n}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&directory);
        let mut world = Self {
            directory,
            complete_after_ms: 3_600_000,
            running: None,
            client: Runtime::new().unwrap(),
        };
        world.start();
        world
    }

    fn start(&mut self) {
        let args = SandboxArgs {
            addr: ([127, 0, 0, 1], 0).into(),
            secret: vec![DEMO_SECRET.to_owned()],
            data: self.directory.clone(),
            callback_url: None,
            callback_token: None,
            complete_after_ms: self.complete_after_ms,
            rules: None,
            refuse: Vec::new(),
        };
        let runtime = Runtime::new().unwrap();
        let addr = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind(args.addr).await.unwrap();
            let addr = listener.local_addr().unwrap();
            let sandbox = open(&args).await.unwrap();
            tokio::spawn(async move { axum::serve(listener, http::router(sandbox)).await });
            addr
        });
        self.running = Some((runtime, addr));
    }

    fn killed_and_restarted(&mut self) {
        let (runtime, _) = self.running.take().unwrap();
        runtime.shutdown_background();
        self.start();
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.as_ref().unwrap().1)
    }

    fn send_signed(&self, message: &Value, secret: Secret) -> Answer {
        let request = DeliveryRequest {
            url: self.url("/oms"),
            webhook_id: format!("wh-{}", message["id"].as_str().unwrap()),
            secrets: vec![secret],
            body: message.to_string().into(),
            traceparent: None,
            now: wall_clock::now(),
            is_trial: false,
        };
        let channel = HttpChannel::new(guard()).unwrap();
        self.client.block_on(channel.deliver(request))
    }

    fn send(&self, message: &Value) -> Answer {
        self.send_signed(message, Secret::parse(DEMO_SECRET).unwrap())
    }

    fn get(&self, path: &str) -> String {
        let get = async {
            reqwest::get(self.url(path))
                .await?
                .error_for_status()?
                .text()
                .await
        };
        self.client.block_on(get).unwrap()
    }

    fn log(&self) -> Value {
        serde_json::from_str(&self.get("/_log")).unwrap()
    }

    fn control(&self, method: reqwest::Method, body: &Value) -> (u16, String) {
        let client = reqwest::Client::new();
        let request = client
            .request(method, self.url("/_control"))
            .body(body.to_string());
        self.client.block_on(async {
            let response = request.send().await.unwrap();
            (response.status().as_u16(), response.text().await.unwrap())
        })
    }

    fn rules(&self, rules: &Value) {
        let (status, body) = self.control(reqwest::Method::PUT, &json!({"rules": rules}));
        assert_eq!(status, 200, "{body}");
    }

    fn cleared(&self) {
        assert_eq!(self.control(reqwest::Method::DELETE, &Value::Null).0, 204);
    }

    fn executed(&self) -> usize {
        self.log()["executed"].as_array().unwrap().len()
    }

    fn outcomes(&self) -> Vec<String> {
        let log = self.log();
        let received = log["received"].as_array().unwrap();
        received
            .iter()
            .map(|r| r["outcome"].as_str().unwrap().to_owned())
            .collect()
    }

    fn eventually(&self, what: &str, holds: impl Fn(&Value) -> bool) {
        for _ in 0..200 {
            if holds(&self.log()) {
                return;
            }
            self.client
                .block_on(async { tokio::time::sleep(Duration::from_millis(25)).await });
        }
        panic!("{what} did not happen: {:#}", self.log());
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some((runtime, _)) = self.running.take() {
            runtime.shutdown_background();
        }
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn export(key: &str, sku: &str) -> Value {
    json!({
        "specversion": "1.0", "id": key, "source": "http://127.0.0.1:3000/m/acme",
        "type": "com.meshline.export.fulfillment_request",
        "data": {
            "export_id": Uuid::nil(), "export_type": "fulfillment_request",
            "idempotency_key": key, "order_id": format!("order-{key}"),
            "payload": {"lines": [{"sku": sku, "quantity": 1}]}
        }
    })
}

fn accepted(answer: &Answer) -> String {
    match judge(answer) {
        Verdict::Acknowledged {
            status: AckStatus::Accepted,
            external_ref: Some(reference),
            ..
        } => reference,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_message_that_is_not_signed_by_us_is_refused() {
    let world = World::new();
    let answer = world.send_signed(&export("k", "LAMP"), Secret::generate([7; 32]));
    assert_eq!(answer.status, Some(401));
    let broken = json!({"id": "k", "specversion": "1.0"});
    let answer = world.send(&broken);
    assert_eq!(answer.status, Some(400));
    assert_eq!(world.outcomes(), ["bad_signature", "malformed"]);
    assert_eq!(world.executed(), 0);
}

#[test]
fn one_key_is_executed_once_also_at_the_same_moment() {
    let world = World::new();
    let message = export("k", "LAMP");
    let first = world.send(&message);
    let reference = accepted(&first);
    assert!(reference.starts_with("SBX-"));

    let again = world.send(&message);
    assert_eq!(accepted(&again), reference);
    let body: Value = serde_json::from_slice(&again.body).unwrap();
    assert_eq!(body["duplicate"], true);

    let rush = export("rush", "LAMP");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let runtime = Runtime::new().unwrap();
                let request = DeliveryRequest {
                    url: world.url("/oms"),
                    webhook_id: "wh-rush".into(),
                    secrets: vec![Secret::parse(DEMO_SECRET).unwrap()],
                    body: rush.to_string().into(),
                    traceparent: None,
                    now: wall_clock::now(),
                    is_trial: false,
                };
                accepted(&runtime.block_on(HttpChannel::new(guard()).unwrap().deliver(request)));
            });
        }
    });
    assert_eq!(world.executed(), 2);
    let duplicates = world
        .outcomes()
        .iter()
        .filter(|o| *o == "duplicate")
        .count();
    assert_eq!(duplicates, 8);
}

#[test]
fn other_bytes_under_an_executed_key_are_noticed() {
    let world = World::new();
    world.send(&export("k", "LAMP"));
    world.send(&export("k", "CHAIR"));
    let log = world.log();
    assert_eq!(log["received"][0]["body_changed"], false);
    assert_eq!(log["received"][1]["body_changed"], true);
    assert_eq!(world.executed(), 1);
}

#[test]
fn what_was_executed_is_known_after_a_kill() {
    let mut world = World::new();
    let reference = accepted(&world.send(&export("k", "LAMP")));
    world.rules(&json!([{"when": {}, "then": {"gone": true, "times": 2}}]));
    assert_eq!(world.send(&export("k2", "LAMP")).status, Some(410));

    // a kill in the middle of a write leaves a line without an end
    let journal = world.directory.join("journal.jsonl");
    let mut bytes = std::fs::read(&journal).unwrap();
    let whole = bytes.len();
    bytes.extend_from_slice(b"{\"entry\":\"execution\",\"at\":\"20");
    std::fs::write(&journal, bytes).unwrap();

    world.killed_and_restarted();
    assert_eq!(std::fs::metadata(&journal).unwrap().len(), whole as u64);
    assert_eq!(accepted(&world.send(&export("k", "LAMP"))), reference);
    assert_eq!(world.executed(), 1);
    // rules and how often they were used are remembered as well
    assert_eq!(world.send(&export("k2", "LAMP")).status, Some(410));
    accepted(&world.send(&export("k2", "LAMP")));
    assert_eq!(
        world.outcomes(),
        ["accepted", "gone", "duplicate", "gone", "accepted"]
    );
}

#[test]
fn a_rejected_key_can_be_executed_later() {
    let world = World::new();
    world.rules(&json!([{
        "when": {"sku": "LAMP", "destination": "oms"},
        "then": {"reject": "insufficient_inventory", "metadata": {"left": 0}}
    }]));
    let rejected = Verdict::Rejected {
        code: "insufficient_inventory".into(),
        metadata: Some(json!({"left": 0})),
        detail: r#"{"exception_code":"insufficient_inventory","exception_metadata":{"left":0},"status":"rejected"}"#.into(),
    };
    assert_eq!(judge(&world.send(&export("k", "LAMP"))), rejected);
    accepted(&world.send(&export("k2", "CHAIR")));
    world.cleared();
    accepted(&world.send(&export("k", "LAMP")));
    assert_eq!(world.executed(), 2);
}

#[test]
fn failing_so_many_times_asks_to_wait_and_ends() {
    let world = World::new();
    world.rules(&json!([{"then": {"fail": 503, "times": 2, "retry_after": 1}}]));
    for _ in 0..2 {
        let answer = world.send(&export("k", "LAMP"));
        let Verdict::Retry { after_ms, .. } = judge(&answer) else {
            panic!("{answer:?}");
        };
        assert_eq!(after_ms, Some(1_000));
    }
    accepted(&world.send(&export("k", "LAMP")));
    assert_eq!(world.outcomes(), ["failed", "failed", "accepted"]);
    assert_eq!(world.executed(), 1);
}

#[test]
fn the_other_ways_to_misbehave() {
    let world = World::new();
    world.rules(&json!([
        {"when": {"order_ref": "order-silent"}, "then": {"silent": true}},
        {"when": {"order_ref": "order-rubbish"}, "then": {"rubbish": true}},
        {"when": {"order_ref": "order-only"}, "then": {"accept_only": true}},
        {"when": {"order_ref": "order-slow"}, "then": {"stall_ms": 300}},
    ]));
    let silent = world.send(&export("silent", "LAMP"));
    assert_eq!((silent.body.len(), judge(&silent)), (0, Verdict::Delivered));
    let rubbish = world.send(&export("rubbish", "LAMP"));
    assert!(!rubbish.body.is_empty());
    assert_eq!(judge(&rubbish), Verdict::Delivered);
    accepted(&world.send(&export("only", "LAMP")));
    let slow = world.send(&export("slow", "LAMP"));
    accepted(&slow);
    assert!(slow.duration_ms >= 300);
    // executed before the wait: the next one is a repeat
    accepted(&world.send(&export("slow", "LAMP")));
    assert_eq!(world.executed(), 2);
    assert_eq!(world.log()["executed"][0]["completes_at"], Value::Null);

    let (status, why) = world.control(reqwest::Method::PUT, &json!({"rules": [{"then": {}}]}));
    assert_eq!(status, 400);
    assert!(why.contains("exactly one"), "{why}");
}

#[test]
fn well_known_skus_misbehave_until_cleared() {
    let world = World::new();
    let message = export("k", "LAMP-OUT-OF-STOCK");
    assert!(matches!(
        judge(&world.send(&message)),
        Verdict::Rejected { .. }
    ));
    assert!(matches!(
        judge(&world.send(&message)),
        Verdict::Rejected { .. }
    ));
    assert!(matches!(
        judge(&world.send(&export("f", "FAIL-503"))),
        Verdict::Retry { .. }
    ));
    world.cleared();
    accepted(&world.send(&message));
    // another order with such a SKU is another matter
    assert!(matches!(
        judge(&world.send(&export("k2", "OUT-OF-STOCK"))),
        Verdict::Rejected { .. }
    ));
}

#[test]
fn people_can_look_at_it() {
    let world = World::new();
    accepted(&world.send(&export("k", "LAMP")));
    let page = world.get("/");
    assert!(
        page.contains("1 received, 1 executed") && page.contains("SBX-"),
        "{page}"
    );
    assert_eq!(world.get("/healthz"), "ok\n");
}

/// What takes completions: refuses the first so many, then notes what it is told.
#[derive(Clone)]
struct Meshline {
    refusals: Arc<AtomicU32>,
    told: Arc<Mutex<Vec<Value>>>,
}

async fn take(State(meshline): State<Meshline>, headers: HeaderMap, body: String) -> StatusCode {
    let knows = [Secret::parse(DEMO_SECRET).unwrap()];
    webhooks::verify(&knows, &headers, body.as_bytes(), wall_clock::now(), 300).unwrap();
    let refuse = |left: u32| left.checked_sub(1);
    if meshline
        .refusals
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, refuse)
        .is_ok()
    {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let body = serde_json::from_str(&body).unwrap();
    meshline.told.lock().unwrap().push(body);
    StatusCode::OK
}

#[test]
fn completion_is_reported_until_taken_also_after_a_restart() {
    let meshline = Meshline {
        refusals: Arc::new(AtomicU32::new(u32::MAX)),
        told: Arc::default(),
    };
    let mut world = World::new();
    let app = Router::new()
        .route("/ack/{capability}", post(take))
        .with_state(meshline.clone());
    let addr = world.client.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        addr
    });
    world.complete_after_ms = 50;
    world.killed_and_restarted();

    let mut message = export("k", "LAMP");
    message["callbackurl"] = json!(format!("http://{addr}/ack/mlc_secret"));
    let reference = accepted(&world.send(&message));
    world.eventually("a refused completion", |log| {
        let trouble = log["executed"][0]["callback_trouble"].as_str();
        trouble.is_some_and(|t| t.contains("answered 503"))
    });
    assert!(
        !world.log().to_string().contains("mlc_secret"),
        "the capability is not shown"
    );

    world.killed_and_restarted();
    meshline.refusals.store(0, Ordering::SeqCst);
    world.eventually("completion", |log| {
        log["executed"][0]["completed_at"].is_string()
    });
    let told = meshline.told.lock().unwrap().clone();
    assert_eq!(
        told,
        [json!({"status": "completed", "external_ref": reference})]
    );

    world.killed_and_restarted();
    assert!(world.log()["executed"][0]["completed_at"].is_string());
}

#[test]
fn a_second_sandbox_does_not_share_the_journal() {
    let world = World::new();
    let second = super::journal::Journal::open(&world.directory);
    let error = world.client.block_on(second).err().unwrap().to_string();
    assert!(error.contains("another sandbox is using"), "{error}");
}

#[test]
fn the_demo_secret_is_a_secret() {
    assert_eq!(Secret::parse(DEMO_SECRET).unwrap().expose(), DEMO_SECRET);
}
