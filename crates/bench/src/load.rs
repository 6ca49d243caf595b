//! Two ways to put load on an intake.
//!
//! *Closed*: so many connections, each sending its next order when the last one is answered. It finds the highest rate, and
//! the waiting times that belong to it. *Open*: orders come at their appointed times, whatever becomes of the earlier ones,
//! and waiting is counted from the appointed time, so a server that stalls cannot make the load wait for it.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    clock,
    failure::{Failure, Result, Trying},
    http::{Connection, find},
    orders::Orders,
    samples::Samples,
};

/// What the senders hold in their hands afterwards.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Every receipt that was promised, in the measured window or not.
    pub receipts: Vec<Uuid>,
    /// Of what was answered within the window.
    pub waits: Samples,
    pub refused: usize,
    /// Something else than an answer came back.
    pub broken: usize,
    pub first_refusal: Option<String>,
    /// The prepared orders did not last.
    pub ran_out: bool,
}

impl Ledger {
    fn merge(&mut self, mut other: Self) {
        self.receipts.append(&mut other.receipts);
        self.waits.append(&mut other.waits);
        self.refused += other.refused;
        self.broken += other.broken;
        self.first_refusal = self.first_refusal.take().or(other.first_refusal);
        self.ran_out |= other.ran_out;
    }

    /// Keeps what an answer promises.
    fn take(&mut self, status: u16, body: &[u8]) -> bool {
        if status == 200
            && let Some(receipt) = receipt_id(body)
        {
            self.receipts.push(receipt);
            return true;
        }
        self.refused += 1;
        self.first_refusal
            .get_or_insert_with(|| format!("{status} {}", String::from_utf8_lossy(body)));
        false
    }
}

fn receipt_id(body: &[u8]) -> Option<Uuid> {
    const NAME: &[u8] = b"\"receipt_id\":\"";
    let at = find(body, NAME)? + NAME.len();
    Uuid::try_parse_ascii(body.get(at..at + 36)?).ok()
}

/// The time in which answers count.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub opens: Instant,
    pub closes: Instant,
}

impl Window {
    pub fn after(warm_up: Duration, length: Duration) -> Self {
        let opens = clock::now() + warm_up;
        Self {
            opens,
            closes: opens + length,
        }
    }

    pub fn seconds(self) -> f64 {
        (self.closes - self.opens).as_secs_f64()
    }
}

/// Senders that go on until the server is gone.
pub struct Senders(JoinSet<Ledger>);

impl Senders {
    pub async fn start(
        address: SocketAddr,
        orders: &Arc<Orders>,
        connections: usize,
        window: Window,
    ) -> Result<Self> {
        let next = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        for _ in 0..connections {
            let connection = Connection::open(address)
                .await
                .trying("connect to the server")?;
            tasks.spawn(send_on(
                connection,
                Arc::clone(orders),
                Arc::clone(&next),
                window,
            ));
        }
        Ok(Self(tasks))
    }

    /// What they got, once the server has gone.
    pub async fn ledger(mut self) -> Result<Ledger> {
        let mut all = Ledger::default();
        while let Some(ledger) = self.0.join_next().await {
            all.merge(ledger.trying("run a sender")?);
        }
        Ok(all)
    }
}

async fn send_on(
    mut connection: Connection,
    orders: Arc<Orders>,
    next: Arc<AtomicUsize>,
    window: Window,
) -> Ledger {
    let mut ledger = Ledger::default();
    let mut request = orders.blank();
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        if index >= orders.count() {
            ledger.ran_out = true;
            return ledger;
        }
        orders.write(&mut request, index);
        let sent = clock::now();
        let Ok((status, body)) = connection.exchange(&request).await else {
            if clock::now() < window.closes {
                ledger.broken += 1;
            }
            return ledger;
        };
        let answered = clock::now();
        if ledger.take(status, body) && answered >= window.opens && answered < window.closes {
            ledger.waits.add((answered - sent).as_micros());
        }
    }
}

/// When orders are due: one after the other, at one rate.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    begins: Instant,
    begins_ms: i64,
    rate: f64,
}

impl Schedule {
    pub fn beginning_in(wait: Duration, rate: f64) -> Self {
        let wait_ms = i64::try_from(wait.as_millis()).unwrap_or_default();
        Self {
            begins: clock::now() + wait,
            begins_ms: clock::wall_ms() + wait_ms,
            rate,
        }
    }

    pub fn due(self, index: usize) -> Instant {
        self.begins + Duration::from_secs_f64(index as f64 / self.rate)
    }

    /// On the clock that other processes read.
    pub fn due_ms(self, index: usize) -> f64 {
        self.begins_ms as f64 + index as f64 * 1000.0 / self.rate
    }
}

/// Sends every order at its time over these many connections, and waits for all answers.
pub async fn open_loop(
    address: SocketAddr,
    orders: &Arc<Orders>,
    schedule: Schedule,
    connections: usize,
) -> Result<Ledger> {
    let mut tasks = JoinSet::new();
    for first in 0..connections {
        let connection = Connection::open(address)
            .await
            .trying("connect to the server")?;
        tasks.spawn(keep_schedule(
            connection,
            Arc::clone(orders),
            schedule,
            (first, connections),
        ));
    }
    let mut all = Ledger::default();
    while let Some(ledger) = tasks.join_next().await {
        all.merge(ledger.trying("run a sender")?);
    }
    if all.broken > 0 {
        return Err(Failure::new(format!(
            "{} connections broke while orders were sent",
            all.broken
        )));
    }
    Ok(all)
}

async fn keep_schedule(
    mut connection: Connection,
    orders: Arc<Orders>,
    schedule: Schedule,
    (first, step): (usize, usize),
) -> Ledger {
    let mut ledger = Ledger::default();
    let mut request = orders.blank();
    for index in (first..orders.count()).step_by(step) {
        orders.write(&mut request, index);
        let due = schedule.due(index);
        tokio::time::sleep_until(due.into()).await;
        let Ok((status, body)) = connection.exchange(&request).await else {
            ledger.broken += 1;
            return ledger;
        };
        if ledger.take(status, body) {
            ledger.waits.add((clock::now() - due).as_micros());
        }
    }
    ledger
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_names_its_receipt() {
        let mut ledger = Ledger::default();
        let id = Uuid::from_u128(7);
        assert!(ledger.take(
            200,
            format!("{{\"receipt_id\":\"{id}\",\"status\":\"accepted\"}}").as_bytes()
        ));
        assert!(!ledger.take(200, b"{}"));
        assert!(!ledger.take(429, b"later"));
        assert_eq!(ledger.receipts, [id]);
        assert_eq!(
            (ledger.refused, ledger.first_refusal.as_deref()),
            (2, Some("200 {}"))
        );
    }

    #[test]
    fn orders_are_due_evenly() {
        let schedule = Schedule::beginning_in(Duration::ZERO, 200.0);
        assert_eq!(schedule.due_ms(200) - schedule.due_ms(0), 1000.0);
        assert_eq!(schedule.due(3) - schedule.due(0), Duration::from_millis(15));
    }
}
