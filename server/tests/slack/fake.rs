//! Slack's API as far as we call it: it knows one token, keeps every call, and can be told to refuse.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

pub const TOKEN: &str = "xoxb-canary-4f1d7c0a9e52b836";

#[derive(Clone, Debug)]
pub struct Call {
    pub method: String,
    pub body: Value,
}

#[derive(Default)]
struct Shared {
    calls: Mutex<Vec<Call>>,
    refusals: Mutex<VecDeque<(String, &'static str)>>,
    sent: AtomicU64,
}

pub struct Fake {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
    pub addr: SocketAddr,
}

impl Fake {
    pub async fn start(addr: SocketAddr) -> Self {
        let shared = Arc::<Shared>::default();
        let listener = TcpListener::bind(addr).await.unwrap();
        let router = Router::new()
            .route("/api/{method}", post(answer))
            .with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { shared, task, addr }
    }

    pub fn base(&self) -> String {
        format!("http://{}/api", self.addr)
    }

    /// What the next call of this method is refused with; `429` is said with its status.
    pub fn refuses_once(&self, method: &str, with: &'static str) {
        let mut refusals = self.shared.refusals.lock().unwrap();
        refusals.push_back((method.to_owned(), with));
    }

    pub fn all(&self) -> Vec<Call> {
        self.shared.calls.lock().unwrap().clone()
    }

    pub fn of(&self, method: &str) -> Vec<Value> {
        self.all()
            .into_iter()
            .filter(|call| call.method == method)
            .map(|call| call.body)
            .collect()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// JSON as we send it; a form as Slack's own library does.
fn read(headers: &HeaderMap, body: &[u8]) -> Value {
    let kind = headers
        .get("content-type")
        .map(|kind| kind.to_str().unwrap())
        .unwrap_or_default();
    if kind.starts_with("application/json") {
        return serde_json::from_slice(body).unwrap_or(Value::Null);
    }
    let fields = url::form_urlencoded::parse(body);
    fields
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    Path(method): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let bearer = format!("Bearer {TOKEN}");
    let given = headers
        .get("authorization")
        .map(|one| one.to_str().unwrap());
    if given != Some(&*bearer) {
        return Json(json!({ "ok": false, "error": "invalid_auth" })).into_response();
    }
    let body = read(&headers, &body);
    let refusal = {
        let mut refusals = shared.refusals.lock().unwrap();
        let found = refusals.iter().position(|(one, _)| *one == method);
        found.and_then(|index| refusals.remove(index))
    };
    let call = Call {
        method: method.clone(),
        body: body.clone(),
    };
    shared.calls.lock().unwrap().push(call);
    if let Some((_, with)) = refusal {
        if with == "429" {
            let wait = [("retry-after", "1")];
            return (StatusCode::TOO_MANY_REQUESTS, wait, "").into_response();
        }
        return Json(json!({ "ok": false, "error": with })).into_response();
    }
    let channel = match body["channel"].as_str().unwrap_or_default() {
        name if name.starts_with('#') => "C0CHANNEL".to_owned(),
        id => id.to_owned(),
    };
    let said = match method.as_str() {
        "auth.test" => json!({
            "ok": true, "team": "Northbeam", "team_id": "T0NORTH", "user_id": "U0BOT", "bot_id": "B0BOT",
        }),
        "chat.postMessage" => {
            let number = shared.sent.fetch_add(1, Ordering::SeqCst);
            json!({ "ok": true, "channel": channel, "ts": format!("1700000000.{number:06}") })
        }
        "chat.update" => json!({ "ok": true, "channel": channel, "ts": body["ts"] }),
        "chat.postEphemeral" => json!({ "ok": true, "message_ts": "1700000001.000000" }),
        "views.open" => json!({ "ok": true, "view": { "id": "V1" } }),
        _ => json!({ "ok": false, "error": "unknown_method" }),
    };
    Json(said).into_response()
}
