//! A destination that keeps what reached it, byte for byte, and answers as the test says. Signatures are
//! checked here by the letter of the Standard Webhooks specification, with our connector nowhere near.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Uri},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use super::{SANDBOX_SECRET, clock, hmac_sha256, installation::eventually};

#[derive(Clone, Debug)]
pub struct Captured {
    pub at_ms: i64,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// How often this export had come before.
    pub earlier: usize,
}

impl Captured {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn data(&self) -> Value {
        self.json()["data"].clone()
    }

    pub fn export_id(&self) -> String {
        self.data()["export_id"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// By the specification: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, one of a list.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let expected = signature(
            secret,
            self.header("webhook-id"),
            self.header("webhook-timestamp"),
            &self.body,
        );
        self.header("webhook-signature")
            .split(' ')
            .any(|one| one == expected)
    }
}

pub fn signature(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> String {
    let key = STANDARD
        .decode(secret.strip_prefix("whsec_").unwrap())
        .unwrap();
    let mac = hmac_sha256(
        &key,
        &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body],
    );
    format!("v1,{}", STANDARD.encode(mac))
}

/// What the sink says to one delivery.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Reply {
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    pub fn json(status: u16, body: &Value) -> Self {
        let kind = ("content-type", "application/json".to_owned());
        Self {
            status,
            headers: vec![kind],
            body: body.to_string(),
        }
    }

    pub fn accepted() -> Self {
        Self::json(
            200,
            &json!({ "status": "accepted", "external_ref": "SINK-1" }),
        )
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

type Rule = dyn Fn(&Captured) -> Reply + Send + Sync;

struct Shared {
    seen: Mutex<Vec<Captured>>,
    rule: Box<Rule>,
}

pub struct Sink {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Sink {
    pub async fn start(
        addr: SocketAddr,
        rule: impl Fn(&Captured) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(addr).await.unwrap();
        let shared = Arc::new(Shared {
            seen: Mutex::default(),
            rule: Box::new(rule),
        });
        let router = Router::new()
            .fallback(receive)
            .with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { shared, task }
    }

    pub fn all(&self) -> Vec<Captured> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// What has come about this order, once there are at least so many.
    pub async fn about(&self, order_id: &str, at_least: usize) -> Vec<Captured> {
        let what = format!("{at_least} deliveries about order {order_id}");
        eventually(&what, async || {
            let mut found = self.all();
            found.retain(|one| one.data()["order_id"] == order_id);
            (found.len() >= at_least).then_some(found)
        })
        .await
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn receive(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let at_ms = clock::now_ms();
    let mut seen = shared.seen.lock().unwrap();
    let mut captured = Captured {
        at_ms,
        path: uri.path().to_owned(),
        headers,
        body,
        earlier: 0,
    };
    let export = captured.export_id();
    captured.earlier = seen.iter().filter(|one| one.export_id() == export).count();
    let reply = (shared.rule)(&captured);
    seen.push(captured);
    drop(seen);
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    response.body(Body::from(reply.body)).unwrap()
}

/// What a destination says later, signed with the secret that both sides share.
pub fn callback(
    url: &str,
    http: &reqwest::Client,
    id: &str,
    body: &Value,
) -> reqwest::RequestBuilder {
    callback_signed(url, http, id, body, SANDBOX_SECRET)
}

pub fn callback_signed(
    url: &str,
    http: &reqwest::Client,
    id: &str,
    body: &Value,
    secret: &str,
) -> reqwest::RequestBuilder {
    let body = body.to_string();
    let timestamp = clock::now_ms().div_euclid(1_000).to_string();
    http.post(url)
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", &timestamp)
        .header(
            "webhook-signature",
            signature(secret, id, &timestamp, body.as_bytes()),
        )
        .body(body)
}
