//! Several processes on one Postgres are one Meshline: a session made at one is good at the others, a
//! page open at one hears what another did, and when they are killed or put to sleep in the middle of
//! their work nothing is lost, nothing is done twice and no audit trail breaks.
//!
//! To see it red, break one of these and run it again:
//! - `store::notify::Fleet::announce`: send nothing: the page at the second process hears nothing;
//! - `store::jobs::finish`: leave the fence out and say `true`: the sleeper's attempt is recorded as well;
//! - `store::jobs::claim`: leave `FOR UPDATE SKIP LOCKED` out: it stays right, only slower, since every
//!   claim raises the fence.
//!
//! `MESHLINE_TEST_SEED` repeats a run's choices (not the moments at which the processes are scheduled).

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on may stop where it stands"
)]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Json, Router, extract::State, routing::post};
use reqwest::{Client, StatusCode, header};
use serde_json::{Value, json};
use support::{
    database::Engine,
    installation::{Installation, Process, eventually, free_addr},
    random::Random,
    shop::{self, Delivery, Order},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::{Notify, mpsc},
    time::{Instant, sleep, timeout},
};

const ORDERS_PER_SHOP: u64 = 56;
const SHOPS: u64 = 6;
/// Whoever needs longer hangs.
const TIME_LIMIT: Duration = Duration::from_secs(300);

/// For as long as anybody would wait.
const PATIENCE: Duration = Duration::from_secs(20);
/// A run with fewer kills would prove little.
const KILLS: usize = 6;

/// One process, at its own address.
struct Member {
    addr: SocketAddr,
    process: Option<Process>,
}

/// Several processes on one database, behind one address.
struct Fleet {
    meshline: Installation,
    members: Vec<Member>,
    proxy: tokio::task::JoinHandle<()>,
}

impl Fleet {
    async fn start(size: usize) -> Self {
        let meshline = Installation::prepare(Engine::Postgres).await;
        let addrs: Vec<_> = (0..size).map(|_| free_addr()).collect();
        let proxy = tokio::spawn(proxy(
            TcpListener::bind(meshline.addr).await.unwrap(),
            addrs.clone(),
        ));
        let members = addrs
            .into_iter()
            .map(|addr| Member {
                addr,
                process: None,
            })
            .collect();
        Self {
            meshline,
            members,
            proxy,
        }
    }

    /// Starts one; it is not ready yet.
    fn launch(&mut self, n: usize) {
        let addr = format!("MESHLINE_ADDR={}", self.members[n].addr);
        let process = self.meshline.spawn(&["env", &addr], &["serve"]);
        self.members[n].process = Some(process);
    }

    async fn ready(&self, n: usize) {
        let url = self.url(n, "/readyz");
        eventually("a process is ready", async || {
            let answer = self.meshline.http.get(&url).send().await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
    }

    fn url(&self, n: usize, path: &str) -> String {
        format!("http://{}{path}", self.members[n].addr)
    }

    async fn end(mut self) {
        for member in &mut self.members {
            member.process = None;
        }
        self.proxy.abort();
        self.meshline.end().await;
    }
}

/// In turn to whoever takes the connection, as a load balancer does it.
async fn proxy(listener: TcpListener, behind: Vec<SocketAddr>) {
    let mut turn = 0_usize;
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        turn += 1;
        let mut order = behind.clone();
        order.rotate_left(turn % behind.len());
        tokio::spawn(async move {
            for addr in order {
                if let Ok(mut server) = TcpStream::connect(addr).await {
                    // whoever hangs up first ends it
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                    return;
                }
            }
        });
    }
}

/// The lines of an event stream that carry something, as they come.
async fn listen(http: &Client, url: String, cookie: &str) -> mpsc::UnboundedReceiver<Value> {
    let mut answer = http
        .get(url)
        .header(header::COOKIE, cookie)
        .timeout(Duration::from_secs(60))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let (out, messages) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut text = String::new();
        while let Ok(Some(chunk)) = answer.chunk().await {
            text.push_str(&String::from_utf8_lossy(&chunk));
            while let Some((line, rest)) = text.split_once('\n') {
                if let Some(data) = line.strip_prefix("data:") {
                    let _ = out.send(serde_json::from_str(data).unwrap());
                }
                text = rest.to_owned();
            }
        }
    });
    messages
}

/// Everything that comes until nothing has come for a moment.
async fn until_quiet(messages: &mut mpsc::UnboundedReceiver<Value>) {
    while timeout(Duration::from_millis(700), messages.recv())
        .await
        .is_ok()
    {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_one_process_does_the_others_know() {
    if !Engine::Postgres.is_there() {
        return;
    }
    let mut fleet = Fleet::start(3).await;
    for n in 0..3 {
        fleet.launch(n);
    }
    for n in 0..3 {
        fleet.ready(n).await;
    }
    let meshline = &fleet.meshline;
    let http = &meshline.http;

    // signed in at the first, known to the others
    let user = meshline.user_with("engineering").clone();
    let fields = format!(
        "email={}&password={}",
        user.email.replace('@', "%40"),
        url::form_urlencoded::byte_serialize(user.password.as_bytes()).collect::<String>()
    );
    let form = |n: usize, path: &str, cookie: &str, body: String| {
        http.post(fleet.url(n, path))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, meshline.url(""))
            .header(header::COOKIE, cookie)
            .header(header::ACCEPT, "text/html")
            .body(body)
    };
    let answer = form(0, "/ui/login", "", fields).send().await.unwrap();
    let cookie = answer
        .headers()
        .get_all(header::SET_COOKIE)
        .iter()
        .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
        .collect::<Vec<_>>()
        .join("; ");
    let slug = &meshline.shop().0.slug;
    let queue = format!("/m/{slug}/queue");
    for n in [1, 2] {
        let page = http
            .get(fleet.url(n, &queue))
            .header(header::COOKIE, &cookie);
        assert_eq!(page.send().await.unwrap().status(), StatusCode::OK, "{n}");
    }

    // what the first takes in, a page at the second hears, though no job follows that it could have run
    let live = format!("/live?merchant={slug}");
    let mut at_second = listen(http, fleet.url(1, &live), &cookie).await;
    let mut at_third = listen(http, fleet.url(2, &live), &cookie).await;
    until_quiet(&mut at_second).await;
    let source = meshline.shop().1;
    let mut soonest = PATIENCE;
    for number in 0..3 {
        let half = Delivery::raw("orders/paid", &format!("half-{number}"), b"{\"id\": 1, ");
        let to_first = fleet.url(0, &source.url_path);
        let sent = shop::post(http, &to_first, &source.secret, &half);
        assert_eq!(sent.send().await.unwrap().status(), StatusCode::OK);
        let asked = Instant::now();
        for messages in [&mut at_second, &mut at_third] {
            let heard = timeout(PATIENCE, messages.recv()).await;
            let heard = heard.expect("a page at another process heard nothing");
            let kind = heard.unwrap()["kind"].as_str().unwrap().to_owned();
            assert!(
                ["many", "receipt", "task"].contains(&kind.as_str()),
                "{kind}"
            );
        }
        soonest = soonest.min(asked.elapsed());
        until_quiet(&mut at_second).await;
        until_quiet(&mut at_third).await;
    }
    // the best of them, since the machine has other things to do
    println!("heard after {soonest:?}");
    assert!(soonest < Duration::from_secs(1), "{soonest:?}");

    // a single act is told as what it is
    let tasks = meshline.all("/tasks").await;
    let task = tasks[0]["id"].as_str().unwrap();
    let claimed = http
        .post(fleet.url(0, &format!("/api/v1/tasks/{task}/claim")))
        .header(header::COOKIE, &cookie)
        .header("meshline-merchant", slug)
        .header(header::ORIGIN, meshline.url(""))
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    assert!(claimed.status().is_success(), "{claimed:?}");
    let told = async { while at_second.recv().await.unwrap()["id"] != task {} };
    timeout(PATIENCE, told).await.unwrap();

    // and who signs out at the first is a stranger at the second
    let out = form(0, "/ui/logout", &cookie, String::new());
    assert!(out.send().await.unwrap().status().is_redirection());
    let page = http
        .get(fleet.url(1, &queue))
        .header(header::COOKIE, &cookie);
    assert_ne!(page.send().await.unwrap().status(), StatusCode::OK);
    fleet.end().await;
}

/// What one delivery led to.
#[derive(Debug, Default)]
struct Sent {
    order: u64,
    receipts: BTreeSet<String>,
    posts: u32,
}

struct Shop {
    http: Client,
    urls: Vec<String>,
    secret: String,
    ledger: Arc<Mutex<BTreeMap<String, Sent>>>,
    kills: Arc<AtomicUsize>,
}

impl Shop {
    async fn trade(self, number: u64, mut random: Random, open: Arc<AtomicUsize>) {
        for n in 0.. {
            if n >= ORDERS_PER_SHOP && self.kills.load(Ordering::Relaxed) >= KILLS {
                break;
            }
            let order = 7_000_000_000_000 + number * 1_000_000 + n * 100;
            let body = Order::numbered(order).json();
            let delivery = Delivery::new("orders/create", &random.uuid(), &body);
            let mut sent = Sent {
                order,
                ..Sent::default()
            };
            while sent.receipts.is_empty() {
                sent.posts += 1;
                let any = usize::try_from(random.next() % 3).unwrap();
                let post = shop::post(&self.http, &self.urls[any], &self.secret, &delivery);
                // an answer that was cut off is none: the same order again, to anybody
                if let Ok(answer) = post.send().await
                    && answer.status() == StatusCode::OK
                    && let Ok(body) = answer.json::<Value>().await
                {
                    sent.receipts
                        .insert(body["receipt_id"].as_str().unwrap().to_owned());
                } else {
                    sleep(Duration::from_millis(random.between(5, 40))).await;
                }
            }
            self.ledger
                .lock()
                .unwrap()
                .insert(delivery.webhook_id.clone(), sent);
            sleep(Duration::from_millis(random.between(60, 160))).await;
        }
        open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_one_after_the_other_they_lose_nothing_and_do_nothing_twice() {
    if !Engine::Postgres.is_there() {
        return;
    }
    let begun = Instant::now();
    let seed = Random::seed();
    println!("MESHLINE_TEST_SEED={seed}");
    let mut random = Random::new(seed);
    let mut fleet = Fleet::start(3).await;
    fleet
        .meshline
        .run_sandbox(&["--complete-after-ms", "150"])
        .await;
    for n in 0..3 {
        fleet.launch(n);
    }
    for n in 0..3 {
        fleet.ready(n).await;
    }
    // deliveries that do not fit: each is a task that somebody should take, and nobody will
    let source = fleet.meshline.shop().1.clone();
    for n in 0..9 {
        let half = Delivery::raw("orders/paid", &format!("half-{n}"), b"{\"id\": 1, ");
        let url = fleet.url(n % 3, &source.url_path);
        let sent = shop::post(&fleet.meshline.http, &url, &source.secret, &half);
        assert_eq!(sent.send().await.unwrap().status(), StatusCode::OK);
    }

    let ledger = Arc::new(Mutex::new(BTreeMap::new()));
    let open = Arc::new(AtomicUsize::new(usize::try_from(SHOPS).unwrap()));
    let kills = Arc::new(AtomicUsize::new(0));
    let shops: Vec<_> = (0..SHOPS)
        .map(|number| {
            let shop = Shop {
                http: fleet.meshline.http.clone(),
                urls: (0..3).map(|n| fleet.url(n, &source.url_path)).collect(),
                secret: source.secret.clone(),
                ledger: Arc::clone(&ledger),
                kills: Arc::clone(&kills),
            };
            let random = Random::new(seed ^ (number + 1));
            tokio::spawn(shop.trade(number, random, Arc::clone(&open)))
        })
        .collect();
    while open.load(Ordering::Relaxed) > 0 {
        let n = kills.load(Ordering::Relaxed) % 3;
        sleep(Duration::from_millis(random.between(100, 700))).await;
        fleet.members[n].process.take().unwrap().kill();
        kills.fetch_add(1, Ordering::Relaxed);
        sleep(Duration::from_millis(random.between(0, 300))).await;
        fleet.launch(n);
        fleet.ready(n).await;
    }
    for shop in shops {
        shop.await.unwrap();
    }
    let (trading, kills) = (begun.elapsed(), kills.load(Ordering::Relaxed));
    let exports = settle(&fleet.meshline, begun).await;
    let ledger = std::mem::take(&mut *ledger.lock().unwrap());
    let posts: u32 = ledger.values().map(|sent| sent.posts).sum();
    println!(
        "{} orders, {posts} posts, {kills} kills in {trading:?}, settled after {:?}",
        ledger.len(),
        begun.elapsed() - trading
    );
    assert!(ledger.len() >= 300 && kills >= KILLS, "{kills} kills");
    check(&fleet.meshline, &ledger, &exports).await;
    escalated_once(&fleet.meshline).await;

    let verified = fleet.meshline.command(&["audit", "verify"]);
    assert!(verified.status.success(), "{verified:?}");
    let said = fleet.meshline.said("serve");
    assert!(!said.contains("panicked"), "{said}");
    assert!(begun.elapsed() < TIME_LIMIT, "{:?}", begun.elapsed());
    fleet.end().await;
}

/// Until every receipt and every export has come to its end.
async fn settle(meshline: &Installation, begun: Instant) -> Vec<Value> {
    // what a killed worker had claimed is free again after a minute
    let mut ahead = 70_000;
    meshline.clock_ahead_by(ahead).await;
    let (mut before, mut since) = (usize::MAX, Instant::now());
    loop {
        let exports = meshline.all("/exports").await;
        let waiting = meshline.all("/receipts?status=accepted").await.len();
        let orders = meshline.all("/orders").await.len();
        let states = exports.iter().map(|one| one["state"].as_str().unwrap());
        let open = states.filter(|state| *state != "completed").count() + waiting;
        if open == 0 && exports.len() >= orders {
            return exports;
        }
        if open != before {
            (before, since) = (open, Instant::now());
        } else if since.elapsed() > Duration::from_millis(1_500)
            && ahead < 240_000
            && meshline.has_nothing_due().await
        {
            ahead += 20_000;
            meshline.clock_ahead_by(ahead).await;
            since = Instant::now();
        }
        assert!(begun.elapsed() < TIME_LIMIT, "{open} things are still open");
        sleep(Duration::from_millis(300)).await;
    }
}

async fn check(meshline: &Installation, ledger: &BTreeMap<String, Sent>, exports: &[Value]) {
    let kept: BTreeMap<String, Value> = meshline
        .all("/receipts")
        .await
        .into_iter()
        .map(|one| (one["id"].as_str().unwrap().to_owned(), one))
        .collect();
    let mut of_order: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for export in exports {
        let order = export["subject_id"].as_str().unwrap();
        of_order.entry(order).or_default().push(export);
    }
    let mut executions: BTreeMap<String, u32> = BTreeMap::new();
    let mut bodies: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let journal = meshline.folder.join("sandbox/journal.jsonl");
    for line in std::fs::read_to_string(journal).unwrap().lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        match entry["entry"].as_str().unwrap() {
            "execution" => *executions.entry(field("idempotency_key")).or_default() += 1,
            "attempt" => {
                let sent = bodies.entry(field("idempotency_key")).or_default();
                sent.insert(field("body_sha256"));
            }
            _ => {}
        }
    }
    let mut receipts = BTreeSet::new();
    for sent in ledger.values() {
        let receipt = sent.receipts.first().unwrap();
        assert!(receipts.insert(receipt), "{receipt} was given twice");
        let kept = kept
            .get(receipt)
            .unwrap_or_else(|| panic!("{receipt} is lost: {sent:?}"));
        assert_eq!(kept["status"], "processed", "{kept}");
        let requests = &of_order[kept["order_id"].as_str().unwrap()];
        assert_eq!(requests.len(), 1, "order {} went out twice", sent.order);
        let key = requests[0]["idempotency_key"].as_str().unwrap();
        assert_eq!(executions.get(key), Some(&1), "{}", requests[0]);
        assert_eq!(bodies[key].len(), 1, "the bytes of {key} changed");
    }
    assert_eq!(executions.len(), ledger.len());
    assert!(
        ledger.values().any(|sent| sent.posts > 1),
        "a run in which nothing went wrong proves nothing"
    );
}

/// Three processes look at the same deadlines; each task climbs each rung of its ladder once.
async fn escalated_once(meshline: &Installation) {
    let tasks = meshline.all("/tasks").await;
    let untaken: Vec<&str> = tasks
        .iter()
        .filter(|task| task["state"] == "open")
        .map(|task| task["id"].as_str().unwrap())
        .collect();
    assert!(untaken.len() >= 9, "{tasks:?}");
    meshline.clock_ahead_by(26 * 3_600_000).await;
    eventually("each has climbed", async || {
        let all = meshline.all("/audit?action=task.escalated").await;
        let has_climbed = |task: &&str| all.iter().any(|one| one["subject_id"] == **task);
        untaken.iter().all(has_climbed).then_some(())
    })
    .await;
    let mut quiet_since = Instant::now();
    let mut climbed: BTreeMap<(String, i64), u32> = BTreeMap::new();
    while quiet_since.elapsed() < Duration::from_millis(1_500) {
        let mut now: BTreeMap<(String, i64), u32> = BTreeMap::new();
        for entry in meshline.all("/audit?action=task.escalated").await {
            let task = entry["subject_id"].as_str().unwrap().to_owned();
            let rung = entry["detail"]["rung"].as_i64().unwrap();
            *now.entry((task, rung)).or_default() += 1;
        }
        if now.len() != climbed.len() || climbed.is_empty() {
            quiet_since = Instant::now();
        }
        climbed = now;
        sleep(Duration::from_millis(200)).await;
    }
    for task in untaken {
        assert!(climbed.keys().any(|(climber, _)| climber == task), "{task}");
    }
    assert!(climbed.values().all(|times| *times == 1), "{climbed:?}");
}

/// A destination that takes the first request and thinks about it until it is told to answer.
#[derive(Default)]
struct Slow {
    requests: AtomicUsize,
    answer: Notify,
    answered: AtomicBool,
}

async fn slow(State(slow): State<Arc<Slow>>) -> Json<Value> {
    if slow.requests.fetch_add(1, Ordering::SeqCst) == 0 {
        slow.answer.notified().await;
        slow.answered.store(true, Ordering::SeqCst);
    }
    Json(json!({ "status": "completed", "external_ref": "SLOW-1" }))
}

/// A process sleeps while it waits for a destination's answer, for longer than its lease. Another one
/// takes the work over; what the sleeper does when it wakes up counts for nothing. (It is the clock that
/// is moved by the minute, so that nobody has to wait for it.)
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_sleeper_does_when_it_wakes_up_counts_for_nothing() {
    if !Engine::Postgres.is_there() {
        return;
    }
    let mut fleet = Fleet::start(2).await;
    let destination = Arc::new(Slow::default());
    let listener = TcpListener::bind(fleet.meshline.sandbox_addr)
        .await
        .unwrap();
    let router = Router::new()
        .fallback(post(slow))
        .with_state(Arc::clone(&destination));
    let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    fleet.launch(0);
    fleet.ready(0).await;
    let order = Order::numbered(7_100_000_000_000);
    let delivery = Delivery::new("orders/create", "sleeper-1", &order.json());
    assert_eq!(fleet.meshline.send(&delivery).await.code, StatusCode::OK);
    eventually("the first process sends it", async || {
        (destination.requests.load(Ordering::SeqCst) == 1).then_some(())
    })
    .await;

    fleet.members[0].process.as_ref().unwrap().signal("STOP");
    fleet.launch(1);
    fleet.ready(1).await;
    fleet.meshline.clock_ahead_by(70_000).await;
    // a new client: the old one's connections lead to the sleeper
    fleet.meshline.http = Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap();
    fleet.meshline.addr = fleet.members[1].addr;
    let meshline = &fleet.meshline;
    let export = eventually("the second process finishes it", async || {
        let exports = meshline.all("/exports").await;
        let export = exports.first()?.clone();
        (export["state"] == "completed").then_some(export)
    })
    .await;
    let path = format!("/exports/{}", export["id"].as_str().unwrap());
    let before = meshline.get(&path).await;

    destination.answer.notify_one();
    fleet.members[0].process.as_ref().unwrap().signal("CONT");
    eventually("the sleeper finds that it was replaced", async || {
        let said = meshline.said("serve");
        said.contains("another worker has this job now")
            .then_some(())
    })
    .await;
    assert!(destination.answered.load(Ordering::SeqCst));
    assert_eq!(
        meshline.get(&path).await,
        before,
        "the sleeper changed something"
    );
    let attempts = meshline.all("/audit?action=delivery.attempted").await;
    assert_eq!(attempts.len(), 1, "{attempts:?}");
    let verified = meshline.command(&["audit", "verify"]);
    assert!(verified.status.success(), "{verified:?}");
    serving.abort();
    fleet.end().await;
}
