//! How fast the write path of SQLite is: durable receipts per second, and what one costs.
//!
//! `cargo run --release -p store --example write_rate -- [seconds] [folder]`
//!
//! Every writer stores a body of 6 kB, a job and an audit entry, and waits until they are on the
//! disk. Two shapes: each writer with an operation of its own, and a collector that puts what waits
//! into one operation with statements of many rows, as intake does.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::{Time, audit::PendingAudit};
use store::{
    Database, Options, Priority, Result, StoreError, WriteTx, params,
    sql::{InsertMany, Value},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use uuid::Uuid;

const BODY_BYTES: usize = 6_000;
const MERCHANT: Uuid = Uuid::from_u128(1);
const SOURCE: Uuid = Uuid::from_u128(2);

static RECEIPTS: InsertMany = InsertMany::new(
    "rate_receipts",
    &[
        "id",
        "merchant_id",
        "source_id",
        "dedup_key",
        "topic",
        "received_at",
        "headers",
        "body",
    ],
    "ON CONFLICT (source_id, dedup_key) DO NOTHING RETURNING id",
);
static JOBS: InsertMany = InsertMany::new(
    "rate_jobs",
    &["id", "kind", "subject", "run_at", "attempts"],
    "",
);

const TABLES: [&str; 4] = [
    "CREATE TABLE rate_receipts (id BLOB NOT NULL PRIMARY KEY, merchant_id BLOB NOT NULL, source_id BLOB NOT NULL, \
     dedup_key TEXT NOT NULL, topic TEXT NOT NULL, received_at INTEGER NOT NULL, headers TEXT NOT NULL, \
     body BLOB NOT NULL) STRICT",
    "CREATE UNIQUE INDEX rate_receipts_by_key ON rate_receipts (source_id, dedup_key)",
    "CREATE TABLE rate_jobs (id BLOB NOT NULL PRIMARY KEY, kind TEXT NOT NULL, subject BLOB NOT NULL, \
     run_at INTEGER NOT NULL, lease_until INTEGER, fence INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL) \
     STRICT, WITHOUT ROWID",
    "CREATE INDEX rate_jobs_due ON rate_jobs (run_at)",
];

/// Ids that grow, as version 7 does.
fn id(n: u64) -> Uuid {
    Uuid::from_u128(
        (u128::from(1_790_000_000_000 + n / 8) << 80) | 0x7000_8000_0000_0000_0000 | u128::from(n),
    )
}

struct Arrival {
    n: u64,
    body: Vec<u8>,
}

fn receipt(arrival: Arrival) -> Vec<Value> {
    let headers = r#"{"content-type":"application/json","x-shopify-topic":"orders/create"}"#;
    params![
        id(arrival.n),
        MERCHANT,
        SOURCE,
        format!("delivery-{}", arrival.n),
        "orders/create",
        Time::from_ms(1_790_000_000_000),
        headers,
        arrival.body
    ]
}

fn entry(n: u64) -> PendingAudit {
    PendingAudit {
        merchant_id: MERCHANT,
        at: Time::from_ms(1_790_000_000_000),
        actor: "source:shopify".to_owned(),
        action: "receipt.stored".to_owned(),
        subject_kind: "receipt".to_owned(),
        subject_id: id(n).to_string(),
        detail: r#"{"topic":"orders/create","bytes":6000}"#.to_owned(),
        trace_id: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
    }
}

async fn store_all(tx: &mut WriteTx, arrivals: Vec<Arrival>) -> Result<()> {
    let numbers: Vec<u64> = arrivals.iter().map(|arrival| arrival.n).collect();
    let stored = RECEIPTS
        .fetch(tx.conn(), arrivals.into_iter().map(receipt).collect())
        .await?;
    assert_eq!(stored.len(), numbers.len());
    let job = |n: &u64| {
        params![
            id(*n),
            "receipt.process",
            id(*n),
            Time::from_ms(1_790_000_000_000),
            0
        ]
    };
    JOBS.execute(tx.conn(), numbers.iter().map(job).collect())
        .await?;
    for n in numbers {
        tx.audit(entry(n));
    }
    Ok(())
}

/// Puts what waits into one operation; while that one commits, the next gathers.
struct Collector(mpsc::Sender<(Arrival, oneshot::Sender<bool>)>);

impl Collector {
    fn start(db: Database, most: usize) -> Self {
        let (sender, mut waiting) = mpsc::channel(1024);
        tokio::spawn(async move {
            let mut taken = Vec::new();
            while waiting.recv_many(&mut taken, most).await > 0 {
                let (arrivals, replies): (Vec<Arrival>, Vec<oneshot::Sender<bool>>) =
                    taken.drain(..).unzip();
                let done = db
                    .write::<_, StoreError, _>(Priority::Intake, |tx| {
                        Box::pin(store_all(tx, arrivals))
                    })
                    .await
                    .is_ok();
                for reply in replies {
                    let _ = reply.send(done);
                }
            }
        });
        Self(sender)
    }

    async fn store(&self, arrival: Arrival) -> bool {
        let (reply, answer) = oneshot::channel();
        self.0.send((arrival, reply)).await.is_ok() && answer.await.unwrap_or(false)
    }
}

/// User and system time of this process, in microseconds.
fn cpu_us() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |index: usize| {
        fields
            .get(index)
            .and_then(|field| field.parse::<u64>().ok())
            .unwrap_or(0)
    };
    (ticks(11) + ticks(12)) * 10_000
}

async fn measure(folder: &PathBuf, writers: u64, most: Option<usize>, seconds: u64) {
    let _ = std::fs::remove_dir_all(folder);
    let url = format!("sqlite://{}/rate.db", folder.display());
    let db = Database::connect(&url, Options::default())
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    for table in TABLES {
        db.write::<_, StoreError, _>(Priority::Normal, move |tx| {
            Box::pin(async move { tx.conn().execute(table, params![]).await })
        })
        .await
        .unwrap_or_else(|error| panic!("{error:?}"));
    }
    let collector = most.map(|most| Arc::new(Collector::start(db.clone(), most)));
    let stop = Arc::new(AtomicBool::new(false));
    let next = Arc::new(AtomicU64::new(0));
    let body: Arc<Vec<u8>> = Arc::new((0..BODY_BYTES).map(|n| b' ' + (n % 90) as u8).collect());
    let (before, began, cpu) = (db.stats(), Instant::now(), cpu_us());
    let mut tasks = Vec::new();
    for _ in 0..writers {
        let (db, collector, stop, next, body) = (
            db.clone(),
            collector.clone(),
            Arc::clone(&stop),
            Arc::clone(&next),
            Arc::clone(&body),
        );
        tasks.push(tokio::spawn(async move {
            let mut waited_us = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let since = Instant::now();
                let arrival = Arrival {
                    n: next.fetch_add(1, Ordering::Relaxed),
                    body: body.to_vec(),
                };
                let done = match &collector {
                    Some(collector) => collector.store(arrival).await,
                    None => db
                        .write::<_, StoreError, _>(Priority::Intake, |tx| {
                            Box::pin(store_all(tx, vec![arrival]))
                        })
                        .await
                        .is_ok(),
                };
                assert!(done);
                waited_us.push(since.elapsed().as_micros() as u64);
            }
            waited_us
        }));
    }
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    stop.store(true, Ordering::Relaxed);
    let mut waited_us = Vec::new();
    for task in tasks {
        waited_us.append(&mut task.await.unwrap_or_default());
    }
    let (elapsed, cpu, after) = (began.elapsed().as_secs_f64(), cpu_us() - cpu, db.stats());
    waited_us.sort_unstable();
    let count = waited_us.len();
    let at = |share: f64| waited_us[((count - 1) as f64 * share) as usize] as f64 / 1000.0;
    let shape = most.map_or("own operation".to_owned(), |most| {
        format!("collected <= {most}")
    });
    println!(
        "{writers:>4} writers  {shape:<17} {:>7.0} receipts/s  {:>6.1} per commit  {:>4.0} CPU-us each  p50 {:>6.2} ms  p99 {:>6.2} ms  max {:>6.2} ms",
        count as f64 / elapsed,
        count as f64 / (after.commits - before.commits) as f64,
        cpu as f64 / count as f64,
        at(0.5),
        at(0.99),
        at(1.0),
    );
    drop(collector);
    db.close().await;
    let _ = std::fs::remove_dir_all(folder);
}

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments
        .next()
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or(5);
    let folder = arguments.next().map_or_else(
        || std::env::temp_dir().join("meshline-write-rate"),
        PathBuf::from,
    );
    for writers in [1, 32, 256] {
        measure(&folder, writers, None, seconds).await;
        measure(&folder, writers, Some(32), seconds).await;
        measure(&folder, writers, Some(128), seconds).await;
    }
}
