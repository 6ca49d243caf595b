//! A destination inside this program, in the sandbox's place: what is sent and what is executed are then read off one clock.
//!
//! It takes everything. What it is told to watch it answers with an empty 202, and acknowledges at once by callback, signed as
//! any destination would: the answer to that says that the acknowledgement is in. Everything else it accepts in its answer and
//! reports complete some seconds later, as the sandbox does, so that the server has the same to do.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use connectors::standard_webhooks::{ID, SIGNATURE, Secret, TIMESTAMP, sign};
use serde::Deserialize;
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};
use uuid::Uuid;

use crate::{
    clock,
    failure::{Failure, Result, Trying},
    http,
    orders::Series,
};

/// What the demo's destinations sign with; everybody knows it.
const SECRET: &str = "whsec_bWVzaGxpbmUtc2FuZGJveC1kZW1vLXNlY3JldC0zMmI=";
/// As long as the sandbox takes.
const COMPLETES_AFTER: Duration = Duration::from_secs(3);

/// What became of one export here.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Each time it came.
    pub came: Vec<Instant>,
    /// When its acknowledgement was taken.
    pub acknowledged: Option<Instant>,
}

#[derive(Default)]
struct Book {
    watched: HashSet<Uuid>,
    /// Of orders that go by themselves.
    plain: HashSet<Uuid>,
    seen: HashMap<Uuid, Seen>,
    first_trouble: Option<String>,
}

struct Shared {
    book: Mutex<Book>,
    secret: Secret,
    /// Where acknowledgements go.
    server: SocketAddr,
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until it is dropped.
pub struct Destination {
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

impl Destination {
    pub async fn open(address: SocketAddr, server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(address)
            .await
            .trying("listen as a destination")?;
        let shared = Arc::new(Shared {
            book: Mutex::default(),
            secret: Secret::parse(SECRET).trying("use the demo's secret")?,
            server,
        });
        let router = Router::new()
            .route("/{destination}", post(receive))
            .with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("the destination stopped: {error}");
            }
        });
        Ok(Self { shared, serving })
    }

    /// From now on these are acknowledged at once.
    pub fn watch(&self, exports: impl IntoIterator<Item = Uuid>) {
        self.shared.book().watched.extend(exports);
    }

    pub fn seen(&self, export: Uuid) -> Seen {
        let book = self.shared.book();
        book.seen.get(&export).cloned().unwrap_or_default()
    }

    /// How many different exports of plain orders came; the demo has others of its own.
    pub fn plain(&self) -> usize {
        self.shared.book().plain.len()
    }

    /// How many that are watched are acknowledged.
    pub fn acknowledged(&self) -> usize {
        let book = self.shared.book();
        let all = book.seen.values();
        all.filter(|one| one.acknowledged.is_some()).count()
    }

    pub fn first_trouble(&self) -> Option<String> {
        self.shared.book().first_trouble.clone()
    }
}

impl Drop for Destination {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

#[derive(Deserialize)]
struct Message {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    export_id: Uuid,
    payload: Payload,
}

#[derive(Deserialize)]
struct Payload {
    #[serde(default)]
    order_ref: String,
}

async fn receive(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let now = clock::now();
    let Ok(message) = serde_json::from_slice::<Message>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let export = message.data.export_id;
    let (is_watched, is_first) = {
        let mut book = shared.book();
        if Series::PLAIN.has(&message.data.payload.order_ref) {
            book.plain.insert(export);
        }
        let seen = book.seen.entry(export).or_default();
        seen.came.push(now);
        let is_first = seen.came.len() == 1;
        (book.watched.contains(&export), is_first)
    };
    if is_first {
        tokio::spawn(say_what_became_of_it(
            Arc::clone(&shared),
            export,
            is_watched,
        ));
    }
    if is_watched {
        StatusCode::ACCEPTED.into_response()
    } else {
        let reference = format!("BENCH-{}", export.simple());
        Json(json!({ "status": "accepted", "external_ref": reference })).into_response()
    }
}

async fn say_what_became_of_it(shared: Arc<Shared>, export: Uuid, is_watched: bool) {
    let status = if is_watched {
        "accepted"
    } else {
        tokio::time::sleep(COMPLETES_AFTER).await;
        "completed"
    };
    let said = call(&shared, export, status).await;
    let now = clock::now();
    let mut book = shared.book();
    match said {
        Ok(()) if is_watched => {
            book.seen.entry(export).or_default().acknowledged = Some(now);
        }
        Ok(()) => {}
        Err(trouble) => {
            book.first_trouble
                .get_or_insert_with(|| trouble.to_string());
        }
    }
}

async fn call(shared: &Shared, export: Uuid, status: &str) -> Result<()> {
    let body = json!({
        "status": status, "external_ref": format!("BENCH-{}", export.simple()),
    })
    .to_string();
    let id = format!("{status}-{}", export.simple());
    let at = clock::wall_ms().div_euclid(1000);
    let signature = sign(&shared.secret, &id, at, body.as_bytes());
    let request = format!(
        "POST /api/v1/exports/{export}/ack HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\nidempotency-key: {id}\r\n\
         {ID}: {id}\r\n{TIMESTAMP}: {at}\r\n{SIGNATURE}: {signature}\r\ncontent-length: {}\r\n\r\n{body}",
        shared.server,
        body.len()
    );
    let answer = http::request(shared.server, &request).await?;
    if answer.status == 200 {
        return Ok(());
    }
    Err(Failure::new(format!(
        "“{status}” was answered with {}: {}",
        answer.status,
        String::from_utf8_lossy(&answer.body)
    )))
}
