//! Part of `spine`: how long it takes from a person's yes to the execution, while orders keep coming.
//!
//! Orders that cost too much to go by themselves are there already and wait for operations. Then other orders come at their
//! appointed times, and at appointed times of its own each waiting export is approved through the API, by somebody who is
//! signed in. This program is the destination as well, so one monotonic clock sees both ends: the moment at which an approval
//! was due to be sent, that at which its export arrived complete at the destination, and that at which the server had taken the
//! destination's acknowledgement.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde::Deserialize;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    clock,
    destination::Destination,
    failure::{Failure, Result, Trying},
    http::{self, Connection},
    installation::{Installation, Setting},
    load::{Ledger, Schedule, open_loop},
    orders::{Orders, Series},
    people,
    report::{Report, Table},
    samples::{Samples, thousands},
};

const CONNECTIONS: usize = 64;
/// People who approve have few tabs open.
const APPROVING: usize = 8;
/// Until all senders are connected.
const HEAD_START: Duration = Duration::from_millis(500);
/// How long the load runs before the first approval, and after the last.
const MARGIN: Duration = Duration::from_secs(2);
/// In the end somebody has to say that it does not work.
const LONGEST_WAIT: Duration = Duration::from_secs(120);
const PAGE: usize = 200;

/// What is sent beside, and how often somebody says yes.
#[derive(Clone, Copy)]
pub struct Pace {
    pub orders: f64,
    pub approvals: f64,
    pub seconds: u64,
}

impl Pace {
    fn approvals_in_all(self) -> usize {
        let seconds = self.seconds as f64 - 2.0 * MARGIN.as_secs_f64();
        (seconds * self.approvals).floor().max(0.0) as usize
    }
}

/// An export that waits, as somebody sees it before they decide.
#[derive(Clone, Deserialize)]
struct Waiting {
    id: Uuid,
    content_hash: String,
    source_ref: String,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Waiting>,
    next: Option<String>,
}

/// What came of it.
struct Outcome {
    sent: usize,
    ledger: Ledger,
    others: usize,
    approved: usize,
    executed: usize,
    more_than_once: usize,
    acknowledged: usize,
    answers: Samples,
    executions: Samples,
    acknowledgements: Samples,
    trouble: Option<String>,
}

pub async fn measure(setting: &Setting, pace: Pace, report: &mut Report) -> Result<()> {
    let many = pace.approvals_in_all();
    if many == 0 {
        return Ok(());
    }
    eprint!("{many} approvals beside {} orders/s: ", pace.orders);
    let mut outcome = run(setting, pace, many).await?;
    eprintln!(
        "p99 {} ms",
        thousands(outcome.executions.quantile_ms(0.99), 0)
    );
    report.say(format!(
        "From a person's yes to the execution: {many} exports that wait for operations are approved by one person through the API \
         (`POST /api/v1/exports/{{id}}/approve`), {} a second at appointed times, while {} other orders a second go the whole way. \
         The measuring program is the destination. Waiting is from the appointed time: *answered* to the answer of the API, *executed* \
         to the arrival of the whole signed message at the destination, *acknowledged* to the moment at which the destination's callback \
         was taken. Aim: executed p99 ≤ 300 ms.",
        pace.approvals, pace.orders
    ));
    let mut table = Table::new(&["waiting ms", "p50", "p99", "longest", "how many"]);
    for (what, samples) in [
        ("answered", &mut outcome.answers),
        ("executed", &mut outcome.executions),
        ("acknowledged", &mut outcome.acknowledgements),
        ("orders beside: ack", &mut outcome.ledger.waits),
    ] {
        table.row([
            what.to_owned(),
            thousands(samples.quantile_ms(0.5), 1),
            thousands(samples.quantile_ms(0.99), 1),
            thousands(samples.longest_ms(), 0),
            thousands(samples.count() as f64, 0),
        ]);
    }
    report.show(table);
    report.say(outcome.books(many));
    Ok(())
}

impl Outcome {
    /// Whether everything that was agreed to and sent arrived, and once.
    fn books(&self, many: usize) -> String {
        let agree = self.approved == many
            && self.executed == many
            && self.more_than_once == 0
            && self.acknowledged == many
            && self.ledger.receipts.len() == self.sent
            && self.others == self.sent;
        if agree {
            return format!(
                "Every approved export was executed exactly once and acknowledged, and so was each of the {} orders beside.",
                thousands(self.sent as f64, 0)
            );
        }
        format!(
            "**The books do not agree**: of {many} exports {} were approved, {} executed ({} more than once), {} acknowledged; of {} orders \
             beside {} were acknowledged and {} executed. {}",
            self.approved,
            self.executed,
            self.more_than_once,
            self.acknowledged,
            self.sent,
            self.ledger.receipts.len(),
            self.others,
            self.trouble.as_deref().unwrap_or_default()
        )
    }
}

async fn run(setting: &Setting, pace: Pace, many: usize) -> Result<Outcome> {
    let installation = Installation::create(setting)?;
    let demo = installation.demo()?;
    let address = installation.server;
    let destination = Destination::open(installation.sandbox, address).await?;
    let (server, _) = installation.serve().await?;
    let cookie = people::session(address, &demo.approver).await?;
    let who = format!("{cookie}meshline-merchant: {}\r\n", demo.merchant);
    let door = (demo.source_path.as_str(), demo.source_secret.as_bytes());

    let dear = Arc::new(Orders::of(Series::DEAR, address, door, many)?);
    let schedule = Schedule::beginning_in(HEAD_START, pace.orders);
    let came = open_loop(address, &dear, schedule, CONNECTIONS).await?;
    if came.receipts.len() != many {
        return Err(Failure::new(format!(
            "the orders that are to wait were not taken: {}",
            came.first_refusal.unwrap_or_default()
        )));
    }
    let waiting = all_waiting(&installation, &who, many).await?;
    destination.watch(waiting.iter().map(|one| one.id));

    let sent = (pace.seconds as f64 * pace.orders).round() as usize;
    let orders = Arc::new(Orders::of(Series::PLAIN, address, door, sent)?);
    let load = Schedule::beginning_in(HEAD_START, pace.orders);
    let approvals = Schedule::beginning_in(HEAD_START + MARGIN, pace.approvals);
    let (ledger, decided) = tokio::try_join!(
        open_loop(address, &orders, load, CONNECTIONS),
        approve(&installation, &who, &waiting, approvals),
    )?;
    let until = clock::now() + LONGEST_WAIT;
    while (destination.acknowledged() < many || destination.plain() < sent) && clock::now() < until
    {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.stop().await?;
    Ok(settle(
        &destination,
        &waiting,
        approvals,
        (decided, ledger),
        sent,
    ))
}

fn settle(
    destination: &Destination,
    waiting: &[Waiting],
    approvals: Schedule,
    (decided, ledger): (Decided, Ledger),
    sent: usize,
) -> Outcome {
    let mut outcome = Outcome {
        sent,
        ledger,
        others: destination.plain(),
        approved: decided.waits.count(),
        executed: 0,
        more_than_once: 0,
        acknowledged: 0,
        answers: decided.waits,
        executions: Samples::default(),
        acknowledgements: Samples::default(),
        trouble: decided.first_refusal.or(destination.first_trouble()),
    };
    let since = |index: usize, at: Instant| {
        at.saturating_duration_since(approvals.due(index))
            .as_micros()
    };
    for (index, one) in waiting.iter().enumerate() {
        let seen = destination.seen(one.id);
        if let Some(at) = seen.came.first() {
            outcome.executed += 1;
            outcome.executions.add(since(index, *at));
        }
        outcome.more_than_once += usize::from(seen.came.len() > 1);
        if let Some(at) = seen.acknowledged {
            outcome.acknowledged += 1;
            outcome.acknowledgements.add(since(index, at));
        }
    }
    outcome
}

/// Looks until all of ours wait for a person; the demo has others of its own.
async fn all_waiting(
    installation: &Installation<'_>,
    who: &str,
    many: usize,
) -> Result<Vec<Waiting>> {
    let is_ours = |one: &Waiting| Series::DEAR.has(one.source_ref.trim_start_matches('#'));
    let until = clock::now() + LONGEST_WAIT;
    loop {
        let mut found = waiting(installation, who).await?;
        found.retain(is_ours);
        if found.len() == many {
            return Ok(found);
        }
        if clock::now() > until {
            return Err(Failure::new(format!(
                "{} of {many} exports wait for somebody; do orders over $500.00 still have to be approved?",
                found.len()
            )));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn waiting(installation: &Installation<'_>, who: &str) -> Result<Vec<Waiting>> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/exports?state=awaiting_approval&limit={PAGE}{cursor}");
        let answer = http::get(installation.server, &path, who).await?;
        if answer.status != 200 {
            return Err(Failure::new(format!(
                "GET {path} was answered with {}: {}",
                answer.status,
                String::from_utf8_lossy(&answer.body)
            )));
        }
        let page: Page = serde_json::from_slice(&answer.body).trying("read a page of exports")?;
        all.extend(page.items);
        match page.next {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(all),
        }
    }
}

#[derive(Default)]
struct Decided {
    waits: Samples,
    first_refusal: Option<String>,
}

async fn approve(
    installation: &Installation<'_>,
    who: &str,
    waiting: &[Waiting],
    schedule: Schedule,
) -> Result<Decided> {
    let address = installation.server;
    let requests: Arc<Vec<String>> = Arc::new(
        waiting
            .iter()
            .map(|one| {
                let body = format!("{{\"content_hash\":\"{}\"}}", one.content_hash);
                format!(
                    "POST /api/v1/exports/{}/approve HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\n\
                     sec-fetch-site: same-origin\r\n{who}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                    one.id,
                    body.len()
                )
            })
            .collect(),
    );
    let mut tasks = JoinSet::new();
    for first in 0..APPROVING {
        let connection = Connection::open(address)
            .await
            .trying("connect to the server")?;
        tasks.spawn(say_yes(connection, Arc::clone(&requests), schedule, first));
    }
    let mut all = Decided::default();
    while let Some(decided) = tasks.join_next().await {
        let mut decided = decided.trying("run somebody who approves")?;
        all.waits.append(&mut decided.waits);
        all.first_refusal = all.first_refusal.or(decided.first_refusal);
    }
    Ok(all)
}

async fn say_yes(
    mut connection: Connection,
    requests: Arc<Vec<String>>,
    schedule: Schedule,
    first: usize,
) -> Decided {
    let mut decided = Decided::default();
    for index in (first..requests.len()).step_by(APPROVING) {
        let due = schedule.due(index);
        tokio::time::sleep_until(due.into()).await;
        let refusal = match connection.exchange(requests[index].as_bytes()).await {
            Ok((200, _)) => {
                decided.waits.add((clock::now() - due).as_micros());
                continue;
            }
            Ok((status, body)) => format!("{status} {}", String::from_utf8_lossy(body)),
            Err(error) => format!("no answer: {error}"),
        };
        decided.first_refusal.get_or_insert(refusal);
    }
    decided
}
