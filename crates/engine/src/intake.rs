//! Intake: what arrives is verified, made durable together with the work row that will process it,
//! and only then acknowledged.
//!
//! Many senders, one writer: deliveries that arrive while a commit is under way are written together
//! by the next one (group commit). A sender waits for its own batch and gets its own answer.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use bytes::Bytes;
use domain::{
    Time,
    connection::Source,
    depth::{MAX_DEPTH, is_too_deep},
    receipt::{Fault, Receipt, ReceiptStatus},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::{
    engine::Engine,
    error::{Error, Kind, Result},
    exception::quarantine_task,
    port::{
        AuditNote, Clock, Connector, Ids, NewReceipt, Priority, ReceiptOutcome, Store, StoreExt,
    },
    vault::Place,
};

/// How many deliveries may wait for a commit before senders are told to come back.
const QUEUE: usize = 4_096;
/// The most receipts in one commit: keeps the bytes of a group well under what a disk flush costs.
const BATCH: usize = 128;

/// A source, ready to receive: its secrets are open, its connector is known.
pub struct Door {
    pub source: Source,
    secret: Vec<u8>,
    previous: Option<Vec<u8>>,
    connector: Arc<dyn Connector>,
    rules_epoch: u64,
    opened_at: Time,
}

/// Another process may rotate a secret; after this long it is seen here.
const DOOR_MAX_AGE_MS: i64 = 2_000;

impl Door {
    /// Bodies beyond this are refused before they are read.
    pub fn max_body_bytes(&self) -> usize {
        usize::try_from(self.source.max_body_bytes).unwrap_or(0)
    }

    /// The kind of system that delivers here.
    pub fn system(&self) -> &'static str {
        self.connector.system()
    }

    pub(crate) fn connector(&self) -> &dyn Connector {
        &*self.connector
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntakeStatus {
    Accepted,
    Duplicate,
    Quarantined,
}

impl IntakeStatus {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Quarantined => "quarantined",
        }
    }
}

struct Arrival {
    new: NewReceipt,
    source: Arc<Door>,
    answer: oneshot::Sender<Result<ReceiptOutcome>>,
}

pub(crate) struct Intake {
    queue: mpsc::Sender<Arrival>,
    recent: Arc<Recent>,
}

/// How many deliveries arrived in the current and in the last tenth of a second.
#[derive(Default)]
pub(crate) struct Recent {
    slot: AtomicI64,
    now: AtomicI64,
    last: AtomicI64,
}

/// This many in a tenth of a second is more than can be worked off at the same time.
const PRESSED_PER_SLOT: i64 = 100;
const SLOT_MS: i64 = 100;

impl Recent {
    /// Counters of a heuristic: a lost update between threads does no harm.
    pub(crate) fn count(&self, at: Time, arrivals: i64) -> i64 {
        let slot = at.as_ms() / SLOT_MS;
        let seen = self.slot.swap(slot, Ordering::Relaxed);
        if seen != slot {
            let full = self.now.swap(0, Ordering::Relaxed);
            self.last
                .store(if slot == seen + 1 { full } else { 0 }, Ordering::Relaxed);
        }
        let now = self.now.fetch_add(arrivals, Ordering::Relaxed) + arrivals;
        now.max(self.last.load(Ordering::Relaxed))
    }
}

impl Intake {
    pub(crate) fn start(store: Arc<dyn Store>, ids: Arc<dyn Ids>, clock: Arc<dyn Clock>) -> Self {
        let (queue, mut arrivals) = mpsc::channel::<Arrival>(QUEUE);
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(BATCH);
            while arrivals.recv_many(&mut batch, BATCH).await > 0 {
                gather(&mut arrivals, &mut batch).await;
                let group = std::mem::take(&mut batch);
                commit(&*store, &ids, clock.now(), group).await;
            }
        });
        Self {
            queue,
            recent: Arc::default(),
        }
    }

    /// How much is arriving, for those who give way.
    pub(crate) fn recent(&self) -> Arc<Recent> {
        Arc::clone(&self.recent)
    }

    /// So much is arriving that working it off would slow down acknowledging it.
    pub(crate) fn is_pressed(&self, now: Time) -> bool {
        self.recent.count(now, 0) >= PRESSED_PER_SLOT
    }
}

/// Lets everybody who can go on at this moment do so before the commit begins: what they bring along shares it. When nobody
/// is there this takes microseconds; under load it makes half as many commits of twice the size.
async fn gather(arrivals: &mut mpsc::Receiver<Arrival>, batch: &mut Vec<Arrival>) {
    loop {
        let before = batch.len();
        tokio::task::yield_now().await;
        while batch.len() < BATCH
            && let Ok(arrival) = arrivals.try_recv()
        {
            batch.push(arrival);
        }
        if batch.len() == before || batch.len() == BATCH {
            return;
        }
    }
}

/// Writes one group and gives everybody in it their answer.
async fn commit(store: &dyn Store, ids: &Arc<dyn Ids>, now: Time, group: Vec<Arrival>) {
    let mut answers = Vec::with_capacity(group.len());
    let mut receipts = Vec::with_capacity(group.len());
    let mut doors = Vec::with_capacity(group.len());
    for arrival in group {
        answers.push(arrival.answer);
        receipts.push(arrival.new);
        doors.push(arrival.source);
    }
    let ids = Arc::clone(ids);
    let written = store
        .write_as(Priority::Intake, move |tx| {
            Box::pin(async move {
                let outcomes = tx.insert_receipts(&receipts).await?;
                for ((new, outcome), door) in receipts.iter().zip(&outcomes).zip(&doors) {
                    if *outcome == ReceiptOutcome::Inserted {
                        tx.note(arrived(&new.receipt));
                        if new.receipt.status == ReceiptStatus::Quarantined {
                            quarantine_task(tx, &*ids, now, &door.source, &new.receipt).await?;
                        }
                    }
                }
                Ok(outcomes)
            })
        })
        .await;
    match written {
        Ok(outcomes) => {
            for (answer, outcome) in answers.into_iter().zip(outcomes) {
                // A sender that hung up meanwhile will send again and get `duplicate`.
                let _ = answer.send(Ok(outcome));
            }
        }
        Err(error) => {
            tracing::error!(%error, receipts = answers.len(), "a batch of receipts was not written");
            for answer in answers {
                let _ = answer.send(Err(Error::new(
                    Kind::Unavailable,
                    "Not stored; please send it again.",
                )));
            }
        }
    }
}

fn arrived(receipt: &Receipt) -> AuditNote {
    AuditNote {
        merchant_id: receipt.merchant_id,
        at: receipt.received_at,
        actor: format!("source:{}", receipt.source_id),
        action: format!("receipt.{}", receipt.status),
        subject_kind: "receipt",
        subject_id: receipt.id,
        detail: json!({ "topic": receipt.topic, "body_sha256": receipt.body_sha256 }),
        trace_id: Some(receipt.trace_id.clone()),
    }
}

impl Engine {
    /// The source behind an intake path.
    pub async fn open_door(&self, path: &str) -> Result<Arc<Door>> {
        let now = self.now();
        let epoch = self.bus.rules_epoch();
        if let Some(door) = self.doors.lock().await.get(path)
            && door.rules_epoch == epoch
            && (0..DOOR_MAX_AGE_MS).contains(&now.since_ms(door.opened_at))
        {
            return Ok(Arc::clone(door));
        }
        let missing = || Error::not_found("source");
        let source = {
            let mut reads = self.store.reads().await?;
            reads
                .source_by_path(path)
                .await?
                .filter(|source| source.disabled_at.is_none())
                .ok_or_else(missing)?
        };
        let connector = self
            .connectors
            .get(source.system.as_str())
            .cloned()
            .ok_or_else(|| Error::internal(format!("no connector for {}", source.system)))?;
        let place = |column| Place {
            merchant_id: source.merchant_id,
            table: "sources",
            row_id: source.id,
            column,
        };
        let secret = self.vault.open(place("secret"), &source.sealed_secret)?;
        let previous = match &source.sealed_previous {
            Some(sealed) => Some(self.vault.open(place("previous"), sealed)?),
            None => None,
        };
        let door = Arc::new(Door {
            source,
            secret,
            previous,
            connector,
            rules_epoch: epoch,
            opened_at: now,
        });
        self.doors
            .lock()
            .await
            .insert(path.to_owned(), Arc::clone(&door));
        Ok(door)
    }

    /// One delivery. Returns once it is durable.
    pub async fn receive(
        &self,
        door: &Arc<Door>,
        headers: &[(String, String)],
        body: Bytes,
        trace_id: Option<String>,
    ) -> Result<(Uuid, IntakeStatus)> {
        let now = self.now();
        self.intake.recent.count(now, 1);
        let mut secrets = vec![door.secret.clone()];
        if let Some(previous) = &door.previous
            && door.source.previous_until.is_some_and(|until| now < until)
        {
            secrets.push(previous.clone());
        }
        let delivery = door
            .connector
            .verify(&secrets, headers, &body)
            .map_err(|why| {
                Error::new(
                    Kind::Unauthenticated,
                    "The signature does not match this source's secret.",
                )
                .with_context(why)
            })?;
        let faults = if is_too_deep(&body) {
            vec![Fault {
                path: String::new(),
                sentence: format!("It is nested deeper than {MAX_DEPTH} lists and objects."),
            }]
        } else {
            let examined = door.connector.examine(&delivery.topic, &body);
            examined.err().unwrap_or_default()
        };
        let status = if faults.is_empty() {
            ReceiptStatus::Accepted
        } else {
            ReceiptStatus::Quarantined
        };
        let receipt = Receipt {
            id: self.ids.uuid(now),
            merchant_id: door.source.merchant_id,
            source_id: door.source.id,
            topic: delivery.topic,
            dedup_key: delivery.dedup_key,
            received_at: now,
            triggered_at: delivery.triggered_at,
            headers: delivery.headers,
            body_bytes: i64::try_from(body.len()).unwrap_or(i64::MAX),
            body_sha256: hex::encode(Sha256::digest(&body)),
            status,
            faults,
            order_ref: None,
            order_id: None,
            repeats: 0,
            trace_id: trace_id.unwrap_or_else(|| self.new_trace_id()),
        };
        let id = receipt.id;
        let (answer, outcome) = oneshot::channel();
        let arrival = Arrival {
            new: NewReceipt { receipt, body },
            source: Arc::clone(door),
            answer,
        };
        self.intake.queue.try_send(arrival).map_err(|_| Error {
            retry_after_ms: Some(1_000),
            ..Error::new(
                Kind::TooMany,
                "Too much is arriving at once; send it again in a second.",
            )
        })?;
        let outcome = outcome
            .await
            .map_err(|_| Error::internal("intake stopped before it answered"))??;
        Ok(match outcome {
            ReceiptOutcome::Duplicate(first) => (first, IntakeStatus::Duplicate),
            ReceiptOutcome::Inserted if status == ReceiptStatus::Quarantined => {
                (id, IntakeStatus::Quarantined)
            }
            ReceiptOutcome::Inserted => (id, IntakeStatus::Accepted),
        })
    }
}
