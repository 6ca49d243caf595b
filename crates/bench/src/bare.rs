//! The contender: the least that could be called durable intake. axum verifies the same signature over the same bytes, and
//! one thread puts what waits into one table of SQLite and commits it together (WAL, `synchronous=FULL`). It answers after
//! the commit. No deduplication, no events, no jobs, no audit, no tenants: what Meshline does beyond this is what the
//! ratios in the report are about.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, mpsc},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use clap::Args;
use hmac::{Hmac, KeyInit, Mac};
use rusqlite::Connection;
use sha2::Sha256;
use tokio::{net::TcpListener, sync::oneshot};
use uuid::Uuid;

use crate::failure::{Result, Trying};

/// The most deliveries in one commit.
const BATCH: usize = 256;

#[derive(Args, Clone, Debug)]
pub struct Options {
    #[arg(long)]
    addr: SocketAddr,
    #[arg(long)]
    database: PathBuf,
    #[arg(long)]
    secret: String,
}

struct Arrival {
    delivery: String,
    body: Bytes,
    stored: oneshot::Sender<i64>,
}

struct Bare {
    key: Hmac<Sha256>,
    arrivals: mpsc::Sender<Arrival>,
}

pub async fn serve(options: Options) -> Result<()> {
    let database = open(&options.database).trying("open the contender's database")?;
    let (arrivals, waiting) = mpsc::channel();
    std::thread::Builder::new()
        .name("writer".to_owned())
        .spawn(move || {
            if let Err(error) = write(database, &waiting) {
                eprintln!("the contender stopped writing: {error}");
            }
        })
        .trying("start a thread")?;
    let key = Hmac::new_from_slice(options.secret.as_bytes()).trying("use the secret")?;
    let router = Router::new()
        .route("/in", post(receive))
        .route("/readyz", get(async || "ready"))
        .with_state(Arc::new(Bare { key, arrivals }));
    let listener = TcpListener::bind(options.addr).await.trying("listen")?;
    axum::serve(listener, router).await.trying("serve")
}

async fn receive(State(bare): State<Arc<Bare>>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let claimed = text("x-shopify-hmac-sha256").and_then(|text| STANDARD.decode(text).ok());
    let mut mac = bare.key.clone();
    mac.update(&body);
    if claimed.is_none_or(|claimed| mac.verify_slice(&claimed).is_err()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let (stored, answer) = oneshot::channel();
    let arrival = Arrival {
        delivery: text("x-shopify-webhook-id").unwrap_or_default().to_owned(),
        body,
        stored,
    };
    if bare.arrivals.send(arrival).is_err() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    match answer.await {
        Ok(id) => {
            let body = format!("{{\"receipt_id\":\"{}\"}}", receipt(id));
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Rows are numbered; the answer has the form of Meshline's.
pub fn receipt(row: i64) -> Uuid {
    Uuid::from_u128(u128::from(row.unsigned_abs()))
}

fn open(path: &PathBuf) -> rusqlite::Result<Connection> {
    let database = Connection::open(path)?;
    database.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         CREATE TABLE receipts (id INTEGER PRIMARY KEY, delivery TEXT NOT NULL, body BLOB NOT NULL) STRICT;",
    )?;
    Ok(database)
}

/// While one commit syncs, deliveries gather for the next.
fn write(database: Connection, waiting: &mpsc::Receiver<Arrival>) -> rusqlite::Result<()> {
    let mut insert = database.prepare("INSERT INTO receipts (delivery, body) VALUES (?1, ?2)")?;
    while let Ok(first) = waiting.recv() {
        let mut done = Vec::new();
        database.execute_batch("BEGIN IMMEDIATE")?;
        for arrival in std::iter::once(first).chain(waiting.try_iter().take(BATCH - 1)) {
            let id = insert.insert((&arrival.delivery, &arrival.body[..]))?;
            done.push((arrival.stored, id));
        }
        database.execute_batch("COMMIT")?;
        for (stored, id) in done {
            // who hung up will ask again
            let _ = stored.send(id);
        }
    }
    Ok(())
}
