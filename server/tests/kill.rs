//! The promise that everything else rests on: an acknowledgement means that it is on the disk, and what
//! is on the disk is done once.
//!
//! Eight shops send orders without a pause while the server is killed again and again (SIGKILL, at a
//! random moment, sometimes in the middle of its start), and now and then the sandbox too. This process
//! keeps a ledger of what it sent and what it was told. In the end nothing that was acknowledged may be
//! missing, and nothing may have been executed twice.
//!
//! To see it red, break one of these and run it again:
//! - `engine::intake`: answer after two milliseconds, committed or not: a receipt is lost;
//! - `engine::deliver`: add a blank to the bytes of some attempts: one key came with several bodies;
//! - `store::database::open`: `synchronous` off: the second test finds that nothing was ever synced. The
//!   first does not notice, since a killed process does not take the kernel's memory with it.
//!
//! `MESHLINE_TEST_SEED` repeats a run's choices (not the moments at which the processes are scheduled).

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on may stop where it stands"
)]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use reqwest::{Client, StatusCode};
use serde_json::Value;
use support::{
    database::Engine,
    installation::{Installation, eventually},
    random::Random,
    shop::{self, Delivery, Order},
};
use tokio::time::{Instant, sleep};

const SHOPS: u64 = 8;
const KILLS: usize = 50;
/// Whoever needs longer hangs.
const TIME_LIMIT: Duration = Duration::from_secs(300);
/// A killed worker's jobs come back when their lease ends, and a destination that was away is tried
/// again later: the clock is moved so that nobody waits for that. Signatures are good for five minutes.
const CLOCK_STEP_MS: i64 = 20_000;
const CLOCK_LIMIT_MS: i64 = 240_000;

/// What one delivery led to.
#[derive(Debug, Default)]
struct Sent {
    order: u64,
    posts: u32,
    receipts: BTreeSet<String>,
    answers: Vec<String>,
}

/// By webhook id.
type Ledger = Mutex<BTreeMap<String, Sent>>;

struct Shop {
    http: Client,
    url: String,
    secret: String,
    ledger: Arc<Ledger>,
    closing: Arc<AtomicBool>,
}

impl Shop {
    async fn trade(&self, number: u64, mut random: Random) {
        let mut deliveries: Vec<Delivery> = Vec::new();
        while !self.closing.load(Ordering::Relaxed) {
            let order = 7_000_000_000_000 + number * 1_000_000 + deliveries.len() as u64 * 100;
            let body = Order::numbered(order).json();
            let delivery = Delivery::new("orders/create", &random.uuid(), &body);
            let sent = Sent {
                order,
                ..Sent::default()
            };
            self.ledger
                .lock()
                .unwrap()
                .insert(delivery.webhook_id.clone(), sent);
            self.deliver(&delivery, &mut random).await;
            deliveries.push(delivery);
            if random.chance(10) {
                let any = random.between(0, deliveries.len() as u64);
                let again = deliveries[usize::try_from(any).unwrap()].clone();
                self.deliver(&again, &mut random).await;
            }
            sleep(Duration::from_millis(random.between(10, 60))).await;
        }
    }

    /// Until it is acknowledged, as a shop does it.
    async fn deliver(&self, delivery: &Delivery, random: &mut Random) {
        loop {
            self.with(delivery, |sent| sent.posts += 1);
            let post = shop::post(&self.http, &self.url, &self.secret, delivery);
            if let Ok(answer) = post.send().await {
                match answer.status() {
                    StatusCode::OK => {
                        // an answer that was cut off is none
                        if let Ok(body) = answer.json::<Value>().await {
                            let text = |name: &str| body[name].as_str().unwrap().to_owned();
                            self.with(delivery, |sent| {
                                sent.receipts.insert(text("receipt_id"));
                                sent.answers.push(text("status"));
                            });
                            return;
                        }
                    }
                    StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {}
                    other => panic!("a good delivery was answered {other}"),
                }
            }
            sleep(Duration::from_millis(random.between(10, 40))).await;
        }
    }

    fn with(&self, delivery: &Delivery, change: impl FnOnce(&mut Sent)) {
        change(
            self.ledger
                .lock()
                .unwrap()
                .get_mut(&delivery.webhook_id)
                .unwrap(),
        );
    }
}

/// Whether it answers, rather than starts.
async fn is_up(meshline: &Installation) -> bool {
    let asked = meshline.http.get(meshline.url("/readyz")).send().await;
    asked.is_ok_and(|answer| answer.status().is_success())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_at_any_moment_it_loses_nothing_and_does_nothing_twice() {
    let begun = Instant::now();
    let seed = Random::seed();
    println!("MESHLINE_TEST_SEED={seed}");
    let mut random = Random::new(seed);
    let mut meshline = Installation::prepare(Engine::Sqlite).await;
    let sandbox = ["--complete-after-ms", "150"];
    meshline.run_sandbox(&sandbox).await;
    meshline.serve().await;

    let ledger = Arc::new(Ledger::default());
    let closing = Arc::new(AtomicBool::new(false));
    let shops: Vec<_> = (0..SHOPS)
        .map(|number| {
            let shop = Shop {
                http: meshline.http.clone(),
                url: meshline.source_url(),
                secret: meshline.shop().1.secret.clone(),
                ledger: Arc::clone(&ledger),
                closing: Arc::clone(&closing),
            };
            let random = Random::new(seed ^ (number + 1));
            tokio::spawn(async move { shop.trade(number, random).await })
        })
        .collect();

    for round in 0..KILLS {
        // mostly while it works, sometimes while it starts
        while random.chance(97) && !is_up(&meshline).await {
            sleep(Duration::from_millis(5)).await;
        }
        sleep(Duration::from_millis(random.between(50, 800))).await;
        meshline.server.take().unwrap().kill();
        if round % 4 == 3 {
            meshline.sandbox.take().unwrap().kill();
            sleep(Duration::from_millis(random.between(0, 200))).await;
            meshline.sandbox = Some(meshline.spawn(&[], &[&["sandbox"], &sandbox[..]].concat()));
        }
        meshline.server = Some(meshline.spawn(&[], &["serve"]));
    }
    closing.store(true, Ordering::Relaxed);
    meshline.ready().await;
    for shop in shops {
        shop.await.unwrap();
    }
    let killing = begun.elapsed();
    let after = settle(&meshline, begun).await;
    let ledger = std::mem::take(&mut *ledger.lock().unwrap());
    let posts: u32 = ledger.values().map(|sent| sent.posts).sum();
    let settling = begun.elapsed() - killing;
    println!(
        "{} orders, {posts} posts, {KILLS} kills in {killing:?}, settled after {settling:?}",
        ledger.len()
    );

    check(&meshline, &ledger, &after);
    let file = meshline.audit_export("audit.jsonl").await;
    let verified = meshline.verify_audit(&file);
    assert!(
        verified.status.success(),
        "the audit trail does not hold: {verified:?}"
    );
    let said = meshline.said("serve");
    assert!(!said.contains("panicked"), "{said}");
    assert!(
        begun.elapsed() < TIME_LIMIT,
        "it took {:?}",
        begun.elapsed()
    );
    meshline.end().await;
}

/// What the API says when nothing moves any more.
struct After {
    receipts: BTreeMap<String, Value>,
    orders: Vec<Value>,
    exports: Vec<Value>,
}

async fn settle(meshline: &Installation, begun: Instant) -> After {
    // what a killed worker had claimed is free again after a minute
    let mut ahead = 70_000;
    meshline.clock_ahead_by(ahead).await;
    let (mut before, mut since) = (usize::MAX, Instant::now());
    loop {
        let exports = meshline.all("/exports").await;
        let receipts = meshline.all("/receipts").await;
        let waiting = receipts
            .iter()
            .filter(|one| one["status"] == "accepted")
            .count();
        let open = exports
            .iter()
            .filter(|one| one["state"] != "completed")
            .count()
            + waiting;
        let orders = meshline.all("/orders").await;
        if open == 0 && exports.len() >= orders.len() {
            let by_id = |one: Value| (one["id"].as_str().unwrap().to_owned(), one);
            let receipts = receipts.into_iter().map(by_id).collect();
            return After {
                receipts,
                orders,
                exports,
            };
        }
        if open != before {
            (before, since) = (open, Instant::now());
        } else if since.elapsed() > Duration::from_millis(1_500)
            && ahead < CLOCK_LIMIT_MS
            && meshline.has_nothing_due().await
        {
            ahead += CLOCK_STEP_MS;
            meshline.clock_ahead_by(ahead).await;
            since = Instant::now();
        }
        let states = exports.iter().map(|one| one["state"].as_str().unwrap());
        assert!(
            begun.elapsed() < TIME_LIMIT,
            "{open} things are still open, {waiting} of them receipts; exports: {:?}",
            count(states)
        );
        sleep(Duration::from_millis(300)).await;
    }
}

fn count<'a>(words: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for word in words {
        *counts.entry(word).or_default() += 1;
    }
    counts
}

fn check(meshline: &Installation, ledger: &BTreeMap<String, Sent>, after: &After) {
    let orders: BTreeMap<&str, &str> = after
        .orders
        .iter()
        .map(|order| {
            (
                order["external_id"].as_str().unwrap(),
                order["id"].as_str().unwrap(),
            )
        })
        .collect();
    let mut requests: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for export in &after.exports {
        assert_eq!(export["export_type"], "fulfillment_request");
        requests
            .entry(export["subject_id"].as_str().unwrap())
            .or_default()
            .push(export);
    }
    let executed = Journal::read(meshline);
    let (mut receipts, mut duplicates, mut repeated) = (BTreeSet::new(), 0, 0);
    for (webhook_id, sent) in ledger {
        // the same delivery is the same receipt, and another one is another
        assert_eq!(
            sent.receipts.len(),
            1,
            "{webhook_id} has several receipts: {sent:?}"
        );
        let receipt = sent.receipts.first().unwrap();
        assert!(
            receipts.insert(receipt),
            "{receipt} was given to two deliveries"
        );
        let fresh = sent
            .answers
            .iter()
            .filter(|answer| *answer == "accepted")
            .count();
        assert!(fresh <= 1, "{webhook_id} was new more than once: {sent:?}");
        duplicates += sent.answers.len() - fresh;
        repeated += usize::from(sent.posts > 1);

        // what was acknowledged is there, and it was worked off
        let kept = after
            .receipts
            .get(receipt)
            .unwrap_or_else(|| panic!("{receipt} is lost: {sent:?}"));
        assert_eq!(kept["status"], "processed", "{kept}");
        let order = orders.get(sent.order.to_string().as_str());
        let order = order.unwrap_or_else(|| panic!("there is no order {}", sent.order));
        assert_eq!(kept["order_id"], *order);
        let requests = &requests[order];
        assert_eq!(
            requests.len(),
            1,
            "order {order} was sent to the warehouse more than once"
        );
        executed.has_once(requests[0]);
    }
    assert_eq!(
        after.receipts.len(),
        ledger.len(),
        "there are receipts of nothing that was sent"
    );
    assert_eq!(orders.len(), ledger.len());
    assert_eq!(executed.executions.len(), ledger.len());
    // a run in which nothing went wrong would prove nothing
    assert!(ledger.len() >= 200, "only {} orders", ledger.len());
    assert!(
        duplicates >= 10 && repeated >= 10,
        "{duplicates} duplicates, {repeated} repeated"
    );
}

/// What the sandbox wrote down.
#[derive(Default)]
struct Journal {
    /// Idempotency key to the bodies that came with it.
    bodies: BTreeMap<String, BTreeSet<String>>,
    webhook_ids: BTreeMap<String, BTreeSet<String>>,
    executions: BTreeMap<String, u32>,
}

impl Journal {
    fn read(meshline: &Installation) -> Self {
        let text = std::fs::read_to_string(meshline.folder.join("sandbox/journal.jsonl")).unwrap();
        let mut journal = Self::default();
        for line in text.lines() {
            let entry: Value = serde_json::from_str(line).unwrap();
            let field = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            let key = field("idempotency_key");
            match entry["entry"].as_str().unwrap() {
                "attempt" => {
                    assert_ne!(entry["outcome"], "bad_signature", "{entry}");
                    assert_ne!(entry["outcome"], "malformed", "{entry}");
                    journal
                        .bodies
                        .entry(key.clone())
                        .or_default()
                        .insert(field("body_sha256"));
                    journal
                        .webhook_ids
                        .entry(key)
                        .or_default()
                        .insert(field("webhook_id"));
                }
                "execution" => *journal.executions.entry(key).or_default() += 1,
                _ => {}
            }
        }
        journal
    }

    fn has_once(&self, export: &Value) {
        let key = export["idempotency_key"].as_str().unwrap();
        assert_eq!(self.executions.get(key), Some(&1), "executions of {export}");
        assert_eq!(
            self.bodies[key].len(),
            1,
            "the bytes of {key} changed between attempts"
        );
        assert_eq!(
            self.webhook_ids[key].len(),
            1,
            "the webhook id of {key} changed"
        );
    }
}

/// Where strace is: the order of the system calls themselves. A receipt is written to the log of the
/// database, synced, and only then acknowledged.
#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_leaves_after_the_sync() {
    use std::io::Write as _;
    if std::process::Command::new("strace")
        .arg("-V")
        .output()
        .is_err()
    {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED, system calls not watched: there is no strace"
        );
        return;
    }
    let mut meshline = Installation::prepare(Engine::Sqlite).await;
    let trace = meshline.folder.join("trace");
    let path = trace.display().to_string();
    let calls = "trace=pwrite64,pwritev,fdatasync,fsync,write,writev,sendto,sendmsg";
    // -D: the server stays our child, and strace looks on from the side
    let arguments = format!("-D -f -y -s 65536 -e {calls} -e signal=none -o {path}");
    let strace: Vec<&str> = std::iter::once("strace")
        .chain(arguments.split(' '))
        .collect();
    meshline.server = Some(meshline.spawn(&strace, &["serve"]));
    meshline.ready().await;

    let mut random = Random::new(7);
    let mut told = Vec::new();
    for number in 0..20 {
        let order = Order::numbered(8_000_000_000_000 + number * 100);
        let delivery = Delivery::new("orders/create", &random.uuid(), &order.json());
        let answer = meshline.send(&delivery).await;
        assert_eq!(answer.status(), "accepted", "{answer:?}");
        told.push((delivery.webhook_id, answer.receipt_id()));
    }
    meshline.server.take().unwrap().stop().await;
    let text = eventually("the end of the trace", async || {
        let bytes = std::fs::read(&trace).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        text.contains("+++ exited with").then_some(text)
    })
    .await;
    let lines: Vec<&str> = text.lines().collect();
    for (webhook_id, receipt_id) in told {
        let log = |line: &str| line.contains("-wal>") && line.contains("pwrite");
        let kept = position(&lines, 0, |line| log(line) && line.contains(&webhook_id));
        let kept = kept.unwrap_or_else(|| panic!("{webhook_id} was never written"));
        let synced = position(&lines, kept + 1, |line| {
            let sync = line.contains("fsync(") || line.contains("fdatasync(");
            let later = line.contains("fsync resumed>") || line.contains("fdatasync resumed>");
            line.ends_with("= 0") && (later || sync && line.contains("-wal>"))
        });
        let answered = position(&lines, 0, |line| {
            line.contains("receipt_id") && line.contains(&receipt_id) && !log(line)
        });
        let answered = answered.unwrap_or_else(|| panic!("{receipt_id} was never answered"));
        let synced = synced.unwrap_or_else(|| panic!("{webhook_id} was never synced"));
        assert!(
            kept < synced && synced < answered,
            "written at {kept}, synced at {synced}, answered at {answered} ({receipt_id})"
        );
    }
    meshline.end().await;
}

fn position(lines: &[&str], from: usize, fits: impl Fn(&str) -> bool) -> Option<usize> {
    (from..lines.len()).find(|&at| fits(lines[at]))
}
