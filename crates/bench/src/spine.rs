//! `spine`: orders at a steady rate through intake, flow, export and delivery to the sandbox, which executes them.
//!
//! Waiting is counted from the moment an order was due to be sent to the moment at which the sandbox wrote down that it
//! executes it. Afterwards the books must agree: as many executions as acknowledged orders, each order once, nothing left to
//! do. Then the rate is raised, on a fresh installation each time, until it is not held any more. At last people approve
//! what does not go by itself, see [`approvals`].

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Args;

use crate::{
    approvals::{self, Pace},
    clock,
    database::{Database, WorkLeft},
    failure::{Failure, Result},
    installation::{Installation, Setting},
    journal::{Execution, Journal},
    load::{Schedule, open_loop},
    orders::{Orders, index_of},
    report::{Report, Table},
    samples::{Samples, thousands},
};

const CONNECTIONS: usize = 64;
/// Until all senders are connected.
const HEAD_START: Duration = Duration::from_millis(500);
/// Nothing more is executed if this long nothing was.
const QUIET: Duration = Duration::from_secs(10);
/// In the end somebody has to say that it does not work.
const LONGEST_WAIT: Duration = Duration::from_secs(180);
/// A rate counts as held up to this.
const HELD_P99_MS: f64 = 1_000.0;
/// Each step of the search for the highest rate.
const STEP: f64 = 1.5;
const HALVINGS: usize = 3;
const HIGHEST: f64 = 10_000.0;

#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Orders per second
    #[arg(long, default_value_t = 200.0)]
    rate: f64,
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// How long each step of the search for the highest rate is tried; 0 leaves the search out
    #[arg(long, default_value_t = 15)]
    search_seconds: u64,
    /// Exports that somebody approves, per second, while orders come at the rate above; 0 leaves it out
    #[arg(long, default_value_t = 10.0)]
    approvals: f64,
}

struct Run {
    rate: f64,
    sent: usize,
    acknowledged: usize,
    acks: Samples,
    executions: usize,
    executed_orders: usize,
    waits: Samples,
    /// From the last order to the last execution.
    tail: Duration,
    completed: usize,
    work_left: WorkLeft,
    cpu_us: f64,
    first_refusal: Option<String>,
}

pub async fn measure(setting: &Setting, options: &Options) -> Result<Report> {
    let mut report = Report::begin(
        setting,
        format!(
            "cargo xtask bench spine --rate {} --seconds {} --search-seconds {} --approvals {}",
            options.rate, options.seconds, options.search_seconds, options.approvals
        ),
    )?;
    report.say(
        "Orders sent at their appointed times, whatever becomes of the earlier ones. Waiting is from the appointed time to the \
         execution at the sandbox: intake, flow, export, QA, signature, delivery over HTTP. Aim at 200 orders/s: p99 ≤ 250 ms.",
    );
    let mut table = Table::new(&[
        "orders/s",
        "sent",
        "acknowledged",
        "executed",
        "more than once",
        "jobs left",
        "ack p99 ms",
        "executed p50 ms",
        "p99 ms",
        "longest ms",
        "tail s",
        "CPU-µs per order",
    ]);
    let mut refusal = None;
    let mut note = |mut run: Run| {
        table.row(run.cells());
        refusal = refusal.take().or_else(|| run.first_refusal.take());
    };
    let run = try_rate(setting, options.rate, options.seconds).await?;
    let steady = run.is_whole();
    note(run);
    let mut highest = None;
    if options.search_seconds > 0 {
        let (held, runs) = search(setting, options).await?;
        runs.into_iter().for_each(&mut note);
        highest = Some(held);
    }
    report.show(table);
    report.say(if steady {
        "Nothing was left over: every acknowledged order was executed exactly once."
    } else {
        "**The books do not agree**: see the first row."
    });
    if let Some(held) = highest {
        report.say(format!(
            "Highest rate held (p99 ≤ 1 s, everything executed within a second of the last order): **{} orders/s**.",
            held.map_or("none".to_owned(), |rate| thousands(rate, 0))
        ));
    }
    if let Some(refusal) = refusal {
        report.say(format!(
            "The first refusal at a rate that was too high: {refusal}"
        ));
    }
    let pace = Pace {
        orders: options.rate,
        approvals: options.approvals,
        seconds: options.seconds,
    };
    approvals::measure(setting, pace, &mut report).await?;
    Ok(report)
}

/// Steps up until it fails, then halves what lies between.
async fn search(setting: &Setting, options: &Options) -> Result<(Option<f64>, Vec<Run>)> {
    let mut runs = Vec::new();
    let (mut good, mut bad) = (None, None);
    let mut rate = options.rate;
    let mut halvings = 0;
    while (1.0..=HIGHEST).contains(&rate) && halvings <= HALVINGS {
        let mut run = try_rate(setting, rate, options.search_seconds).await?;
        if run.is_held() {
            good = Some(rate);
        } else {
            bad = Some(rate);
        }
        runs.push(run);
        rate = match (good, bad) {
            (Some(good), Some(bad)) => {
                halvings += 1;
                f64::midpoint(good, bad).round()
            }
            (Some(good), None) => (good * STEP).round(),
            (None, _) => (rate / STEP).round(),
        };
    }
    Ok((good, runs))
}

async fn try_rate(setting: &Setting, rate: f64, seconds: u64) -> Result<Run> {
    eprint!("{rate} orders/s for {seconds} s: ");
    let installation = Installation::create(setting)?;
    let demo = installation.demo()?;
    let sandbox = installation.sandbox().await?;
    let (server, _) = installation.serve().await?;
    let (address, secret) = (installation.server, demo.source_secret.as_bytes());
    let count = (rate * seconds as f64).round() as usize;
    let orders = Arc::new(Orders::sign(address, &demo.source_path, secret, count)?);

    let cpu = server.cpu_us()?;
    let schedule = Schedule::beginning_in(HEAD_START, rate);
    let mut ledger = open_loop(address, &orders, schedule, CONNECTIONS).await?;
    let sent_ms = schedule.due_ms(count.saturating_sub(1));
    let mut journal = Journal::new(installation.journal());
    follow_until(&mut journal, |journal| {
        journal.executions.len() >= ledger.receipts.len()
    })
    .await?;
    let cpu_us = (server.cpu_us()? - cpu) as f64 / count as f64;
    // the destination reports completion some seconds later; whoever is sent away then asks again
    follow_until(&mut journal, |journal| {
        journal.completed >= journal.executions.len()
    })
    .await?;
    server.stop().await?;
    drop(sandbox);

    let database = Database::open(&installation.database())?;
    let known = database.orders()?;
    let mut run = Run {
        rate,
        sent: count,
        acknowledged: ledger.receipts.len(),
        acks: std::mem::take(&mut ledger.waits),
        executions: journal.executions.len(),
        executed_orders: 0,
        waits: Samples::default(),
        tail: Duration::ZERO,
        completed: journal.completed,
        work_left: database.work_left()?,
        cpu_us,
        first_refusal: ledger.first_refusal,
    };
    run.count(&journal.executions, &known, schedule, sent_ms)?;
    eprintln!("p99 {} ms", thousands(run.waits.quantile_ms(0.99), 0));
    Ok(run)
}

async fn follow_until(journal: &mut Journal, done: impl Fn(&Journal) -> bool) -> Result<()> {
    let begun = clock::now();
    let mut seen = (0, clock::now());
    loop {
        journal.follow()?;
        let now = clock::now();
        let count = journal.executions.len() + journal.completed;
        if count > seen.0 {
            seen = (count, now);
        }
        if done(journal) || is_over(seen.1, begun, now) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn is_over(last: Instant, begun: Instant, now: Instant) -> bool {
    now - last > QUIET || now - begun > LONGEST_WAIT
}

impl Run {
    fn count(
        &mut self,
        executions: &[Execution],
        known: &HashMap<String, String>,
        schedule: Schedule,
        sent_ms: f64,
    ) -> Result<()> {
        let mut times: HashMap<usize, usize> = HashMap::new();
        let mut last_ms = sent_ms;
        for execution in executions {
            let index = known
                .get(&execution.subject)
                .and_then(|order_ref| index_of(order_ref))
                .ok_or_else(|| Failure::new("something was executed that nobody ordered"))?;
            let at_ms = execution.at_ms as f64;
            last_ms = last_ms.max(at_ms);
            let before = times.entry(index).or_default();
            *before += 1;
            if *before == 1 {
                let waited_us = ((at_ms - schedule.due_ms(index)) * 1000.0).max(0.0);
                self.waits.add(waited_us as u128);
            }
        }
        self.executed_orders = times.len();
        self.tail = Duration::from_secs_f64((last_ms - sent_ms) / 1000.0);
        Ok(())
    }

    fn is_whole(&self) -> bool {
        self.acknowledged == self.sent
            && self.executed_orders == self.sent
            && self.executions == self.sent
            && self.completed == self.sent
            && self.work_left.is_none()
    }

    fn is_held(&mut self) -> bool {
        self.is_whole()
            && self.waits.quantile_ms(0.99) <= HELD_P99_MS
            && self.tail <= Duration::from_secs(1)
    }

    fn cells(&mut self) -> [String; 12] {
        let count = |count: usize| thousands(count as f64, 0);
        [
            thousands(self.rate, 0),
            count(self.sent),
            count(self.acknowledged),
            count(self.executed_orders),
            count(self.executions - self.executed_orders),
            thousands(
                f64::from(self.work_left.to_process + self.work_left.to_deliver),
                0,
            ),
            thousands(self.acks.quantile_ms(0.99), 1),
            thousands(self.waits.quantile_ms(0.5), 0),
            thousands(self.waits.quantile_ms(0.99), 0),
            thousands(self.waits.longest_ms(), 0),
            thousands(self.tail.as_secs_f64(), 1),
            thousands(self.cpu_us, 0),
        ]
    }
}
