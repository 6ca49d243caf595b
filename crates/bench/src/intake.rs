//! `intake`: how many deliveries a second are acknowledged durably, at what waiting time and what cost, beside the bare loop.
//!
//! Rounds alternate between the two, since a machine has moods. A run ends with `kill -9` while the senders are still
//! sending: every promise made until then is looked up in the file afterwards. Then Meshline is started again and works off
//! what it had accepted faster than it could process.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use clap::Args;
use uuid::Uuid;

use crate::{
    clock,
    database::{Database, WorkLeft},
    failure::{Result, Trying},
    installation::{self, Installation, Setting},
    load::{Ledger, Senders, Window},
    orders::Orders,
    program::Program,
    report::{Report, Table},
    samples::{Spread, thousands},
};

/// No more orders than this are prepared per second of sending, and per connection.
const MOST_PER_SECOND: usize = 30_000;
const MOST_PER_CONNECTION: usize = 8_000;
const BARE_SECRET: &str = "the-contender-is-not-secretive";

#[derive(Args, Clone, Debug)]
pub struct Options {
    /// How long each run is measured
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// How long each run is let go before that
    #[arg(long, default_value_t = 3)]
    warm_up: u64,
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    #[arg(long, value_delimiter = ',', default_value = "1,32,256")]
    connections: Vec<usize>,
    /// The longest time to watch the backlog being worked off, in the last round
    #[arg(long, default_value_t = 120, value_name = "SECONDS")]
    drain: u64,
}

/// One run of one of the two.
struct Run {
    body_bytes: usize,
    rate: f64,
    p50_ms: f64,
    p99_ms: f64,
    longest_ms: f64,
    cpu_us: f64,
    peak_mib: f64,
    promised: usize,
    missing: usize,
    ledger: Ledger,
}

struct Backlog {
    ready_ms: f64,
    waiting: WorkLeft,
    left: WorkLeft,
    seconds: f64,
}

/// All rounds at one number of connections.
#[derive(Default)]
struct Level {
    bare: Vec<Run>,
    meshline: Vec<Run>,
    backlog: Option<Backlog>,
}

pub async fn measure(setting: &Setting, options: &Options) -> Result<Report> {
    let list: Vec<String> = options.connections.iter().map(usize::to_string).collect();
    let mut report = Report::begin(
        setting,
        format!(
            "cargo xtask bench intake --seconds {} --warm-up {} --rounds {} --connections {}",
            options.seconds,
            options.warm_up,
            options.rounds,
            list.join(",")
        ),
    )?;
    let mut levels: Vec<Level> = options
        .connections
        .iter()
        .map(|_| Level::default())
        .collect();
    for round in 0..options.rounds {
        let last = round + 1 == options.rounds;
        for (level, &connections) in levels.iter_mut().zip(&options.connections) {
            // who goes first changes, in case the second one finds a warmer or a more tired machine
            for bare in [round % 2 == 0, round % 2 != 0] {
                let name = if bare { "bare loop" } else { "Meshline" };
                eprint!(
                    "round {} of {}, {connections} connections, {name}: ",
                    round + 1,
                    options.rounds
                );
                if bare {
                    level
                        .bare
                        .push(run_bare(setting, options, connections).await?);
                } else {
                    let (run, backlog) = run_meshline(setting, options, connections, last).await?;
                    level.meshline.push(run);
                    level.backlog = backlog.or(level.backlog.take());
                }
                let run = if bare {
                    level.bare.last()
                } else {
                    level.meshline.last()
                };
                eprintln!(
                    "{} acks/s",
                    run.map_or(String::new(), |run| thousands(run.rate, 0))
                );
            }
        }
    }
    tell(&mut report, options, &levels);
    Ok(report)
}

async fn run_bare(setting: &Setting, options: &Options, connections: usize) -> Result<Run> {
    let folder = setting.fresh("bare")?;
    let file = folder.join("bare.db");
    let address = installation::free_address()?;
    let itself = std::env::current_exe().trying("find this program")?;
    let mut command = setting.cores.for_server(&itself);
    command
        .args([
            "bare",
            "--secret",
            BARE_SECRET,
            "--addr",
            &address.to_string(),
            "--database",
        ])
        .arg(&file);
    let mut server = Program::start(
        "the bare loop",
        &mut command,
        &setting.folder.join("bare.log"),
    )?;
    installation::ready(&mut server, address, "/readyz").await?;
    let count = prepared(options, connections);
    let orders = Arc::new(Orders::sign(address, "/in", BARE_SECRET.as_bytes(), count)?);
    let mut run = press(server, address, &orders, (options, connections)).await?;
    let stored = Database::open(&file)?.bare_receipts()?;
    run.count_missing(|receipt| stored.contains(receipt));
    std::fs::remove_dir_all(&folder).trying("remove the contender's files")?;
    Ok(run)
}

async fn run_meshline(
    setting: &Setting,
    options: &Options,
    connections: usize,
    watch_backlog: bool,
) -> Result<(Run, Option<Backlog>)> {
    let installation = Installation::create(setting)?;
    let demo = installation.demo()?;
    let _sandbox = installation.sandbox().await?;
    let (server, _) = installation.serve().await?;
    let (address, secret) = (installation.server, demo.source_secret.as_bytes());
    let count = prepared(options, connections);
    let orders = Arc::new(Orders::sign(address, &demo.source_path, secret, count)?);
    let mut run = press(server, address, &orders, (options, connections)).await?;

    let (server, ready) = installation.serve().await?;
    let database = Database::open(&installation.database())?;
    let stored = database.receipts()?;
    run.count_missing(|receipt| stored.contains(receipt));
    let backlog = if watch_backlog {
        let limit = Duration::from_secs(options.drain);
        let mut backlog = work_off(&database, limit).await?;
        backlog.ready_ms = ready.as_secs_f64() * 1000.0;
        Some(backlog)
    } else {
        None
    };
    drop(database);
    server.kill()?;
    Ok((run, backlog))
}

/// Sends until the window closes, and kills the server in the middle of it.
async fn press(
    server: Program,
    address: SocketAddr,
    orders: &Arc<Orders>,
    (options, connections): (&Options, usize),
) -> Result<Run> {
    let window = Window::after(
        Duration::from_secs(options.warm_up),
        Duration::from_secs(options.seconds),
    );
    let senders = Senders::start(address, orders, connections, window).await?;
    tokio::time::sleep_until(window.opens.into()).await;
    let before = server.cpu_us()?;
    tokio::time::sleep_until(window.closes.into()).await;
    let used = server.cpu_us()? - before;
    let peak_kib = server.memory_kib("VmHWM")?;
    server.kill()?;
    let mut ledger = senders.ledger().await?;
    let acks = ledger.waits.count() as f64;
    Ok(Run {
        body_bytes: orders.body_bytes(),
        rate: acks / window.seconds(),
        p50_ms: ledger.waits.quantile_ms(0.5),
        p99_ms: ledger.waits.quantile_ms(0.99),
        longest_ms: ledger.waits.longest_ms(),
        cpu_us: used as f64 / acks,
        peak_mib: peak_kib as f64 / 1024.0,
        promised: ledger.receipts.len(),
        missing: 0,
        ledger,
    })
}

fn prepared(options: &Options, connections: usize) -> usize {
    let per_second = MOST_PER_SECOND.min(connections * MOST_PER_CONNECTION);
    let seconds = usize::try_from(options.seconds + options.warm_up).unwrap_or(usize::MAX);
    per_second.saturating_mul(seconds)
}

async fn work_off(database: &Database, limit: Duration) -> Result<Backlog> {
    let waiting = database.work_left()?;
    let begun = clock::now();
    let mut left = waiting;
    while !left.is_none() && begun.elapsed() < limit {
        tokio::time::sleep(Duration::from_millis(250)).await;
        left = database.work_left()?;
    }
    Ok(Backlog {
        ready_ms: 0.0,
        waiting,
        left,
        seconds: begun.elapsed().as_secs_f64(),
    })
}

impl Run {
    fn count_missing(&mut self, is_stored: impl Fn(&Uuid) -> bool) {
        self.missing = self
            .ledger
            .receipts
            .iter()
            .filter(|receipt| !is_stored(receipt))
            .count();
        self.ledger.receipts = Vec::new();
    }
}

fn spread(runs: &[Run], value: impl Fn(&Run) -> f64) -> Spread {
    Spread::of(runs.iter().map(value))
}

fn tell(report: &mut Report, options: &Options, levels: &[Level]) {
    let body_bytes = levels
        .iter()
        .flat_map(|level| &level.meshline)
        .map(|run| run.body_bytes)
        .max();
    report.say(format!(
        "Orders of {} bytes, each signed and each new. Median of the rounds, least and greatest in brackets. After the window \
         the server was killed with `kill -9` under load; *missing* are receipts that had been acknowledged and were not in the \
         file.",
        thousands(body_bytes.unwrap_or_default() as f64, 0)
    ));
    let mut table = Table::new(&[
        "who",
        "connections",
        "durable acks/s",
        "p50 ms",
        "p99 ms",
        "longest ms",
        "CPU-µs per ack",
        "peak MiB",
        "acknowledged",
        "missing",
    ]);
    let mut ratios = Table::new(&[
        "connections",
        "rate ÷ bare (aim ≥ 0.50)",
        "p99 ÷ bare (aim ≤ 1.50)",
        "CPU-µs per ack (aim ≤ 150)",
    ]);
    let mut backlogs = Table::new(&[
        "connections",
        "ready after kill, ms",
        "orders waiting",
        "watched s",
        "orders/s",
        "left to process",
        "left to deliver",
    ]);
    for (level, connections) in levels.iter().zip(&options.connections) {
        for (who, runs) in [("bare loop", &level.bare), ("Meshline", &level.meshline)] {
            let sum = |count: fn(&Run) -> usize| runs.iter().map(count).sum::<usize>() as f64;
            table.row([
                who.to_owned(),
                connections.to_string(),
                spread(runs, |run| run.rate).text(0),
                spread(runs, |run| run.p50_ms).text(2),
                spread(runs, |run| run.p99_ms).text(2),
                spread(runs, |run| run.longest_ms).text(0),
                spread(runs, |run| run.cpu_us).text(0),
                spread(runs, |run| run.peak_mib).text(0),
                thousands(sum(|run| run.promised), 0),
                thousands(sum(|run| run.missing), 0),
            ]);
        }
        let ratio = |value: fn(&Run) -> f64| {
            spread(&level.meshline, value).median / spread(&level.bare, value).median
        };
        ratios.row([
            connections.to_string(),
            format!("{:.2}", ratio(|run| run.rate)),
            format!("{:.2}", ratio(|run| run.p99_ms)),
            thousands(spread(&level.meshline, |run| run.cpu_us).median, 0),
        ]);
        if let Some(backlog) = &level.backlog {
            backlogs.row([
                connections.to_string(),
                thousands(backlog.ready_ms, 0),
                thousands(backlog.waiting.orders(), 0),
                thousands(backlog.seconds, 1),
                thousands(
                    (backlog.waiting.orders() - backlog.left.orders()) / backlog.seconds,
                    0,
                ),
                thousands(f64::from(backlog.left.to_process), 0),
                thousands(f64::from(backlog.left.to_deliver), 0),
            ]);
        }
    }
    report.show(table);
    report.show(ratios);
    report.say(
        "CPU-µs per ack holds whatever the worker did meanwhile. Below 1,000 deliveries a second it does everything at once, so at \
         one connection this is the cost of the whole way and not of an acknowledgement.",
    );
    report.say(
        "What was accepted faster than it was processed, after the restart (an order that is processed and not yet delivered \
         counts as half done):",
    );
    report.show(backlogs);
    for remark in remarks(levels) {
        report.say(remark);
    }
}

/// What must not go unsaid.
fn remarks(levels: &[Level]) -> Vec<String> {
    let runs = || {
        levels
            .iter()
            .flat_map(|level| level.bare.iter().chain(&level.meshline))
    };
    let mut remarks = Vec::new();
    let refused: usize = runs().map(|run| run.ledger.refused).sum();
    if refused > 0 {
        let first = runs().find_map(|run| run.ledger.first_refusal.clone());
        remarks.push(format!(
            "{refused} deliveries were refused, the first with: {}",
            first.unwrap_or_default()
        ));
    }
    let broken: usize = runs().map(|run| run.ledger.broken).sum();
    if broken > 0 {
        remarks.push(format!(
            "{broken} connections broke before the server was killed."
        ));
    }
    if runs().any(|run| run.ledger.ran_out) {
        remarks.push(
            "The prepared orders ran out before the window closed: the rate is too low.".to_owned(),
        );
    }
    remarks
}
