//! The worker: claims due jobs in batches and runs them. Jobs that only touch the store run inside
//! one write each (many of those share a commit); deliveries run side by side.
//!
//! A job belongs to the worker that claimed it for the time of its lease, and for as long as that
//! worker renews it. Who was away for longer (a machine that slept, a network that broke) may still
//! think it has the job; its fence says otherwise, and nothing it does is committed.
//!
//! A job that fails is tried again, later each time; one that keeps failing opens a task and stops.
//! While much is arriving, intake comes first: acknowledging is a promise, working it off is not
//! urgent in the same millisecond.

use std::{sync::Arc, time::Duration};

use domain::Time;
use futures::FutureExt;
use tokio::{
    sync::{Semaphore, watch},
    time::Instant,
};

use crate::{
    engine::Engine,
    error::{Error, Kind, Result},
    job::{Job, JobKind},
    port::{Claim, StoreExt},
    watch::{JobOutcome, JobReport, TraceOf},
    work::Work,
};

/// A worker that dies gives its jobs back after this long.
pub(crate) const LEASE_MS: i64 = 60_000;
/// A worker that lives says so this often, while a job takes long.
const RENEW_EVERY: Duration = Duration::from_secs(20);
/// The most jobs claimed at once.
const BATCH: i64 = 64;
/// Tries of a job before a person is asked.
const MAX_TRIES: i64 = 8;
/// How often a job is run again at once when somebody else changed what it is about.
const RACES: usize = 4;
/// Before it is run again the first time; three times as long before each next one, so that whoever was
/// quicker is done by then.
const FIRST_PAUSE: Duration = Duration::from_millis(4);
/// Deliveries under way at once.
const DELIVERIES: usize = 64;
/// While intake is pressed, so many jobs at once, and then a pause.
const PRESSED_BATCH: i64 = 8;
const PRESSED_PAUSE: Duration = Duration::from_millis(100);
/// Longest sleep: jobs of another process, and a clock that was moved, are seen after this.
const MAX_SLEEP: Duration = Duration::from_millis(500);

/// One look at what is due.
struct Round {
    ran: usize,
    /// Nothing that was due is left.
    took_all: bool,
}

impl Engine {
    /// Runs until told to stop; jobs under way are finished first.
    pub async fn work(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let deliveries = Arc::new(Semaphore::new(DELIVERIES));
        while !*stop.borrow() {
            match self.round(&deliveries).await {
                Ok(round) => {
                    if round.ran > 0 {
                        self.yield_to_intake().await;
                    }
                    if round.took_all {
                        self.rest(&mut stop).await;
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "claiming jobs failed");
                    tokio::time::sleep(MAX_SLEEP).await;
                }
            }
        }
        // Everything under way gives its permit back when it is done.
        let _ = deliveries
            .acquire_many(u32::try_from(DELIVERIES).unwrap_or(u32::MAX))
            .await;
    }

    /// Runs everything that is due now, and what becomes due by it, and comes back. For tests with a
    /// clock that stands still.
    pub async fn run_due_work(self: &Arc<Self>) -> Result<usize> {
        let deliveries = Arc::new(Semaphore::new(DELIVERIES));
        let all = u32::try_from(DELIVERIES).unwrap_or(u32::MAX);
        let mut total = 0;
        loop {
            let ran = self.round(&deliveries).await?.ran;
            let _ = deliveries.acquire_many(all).await;
            if ran == 0 {
                return Ok(total);
            }
            total += ran;
        }
    }

    /// Until there is something to do. What came since the last round was told together with its time, so that
    /// the database need not be asked whether a deadline of tomorrow is due.
    async fn rest(&self, stop: &mut watch::Receiver<bool>) {
        let mut until = None;
        loop {
            let told = self.bus.work.notified().now_or_never().is_some();
            if told && self.bus.first_due() <= self.now() {
                return;
            }
            let wake = match until {
                Some(at) => at,
                None => Instant::now() + self.nap().await,
            };
            tokio::select! {
                () = self.bus.work.notified() => {
                    let left = self.bus.first_due().since_ms(self.now());
                    let Ok(left @ 1..) = u64::try_from(left) else {
                        return;
                    };
                    until = Some(wake.min(Instant::now() + Duration::from_millis(left).min(MAX_SLEEP)));
                }
                () = tokio::time::sleep_until(wake) => return,
                _ = stop.changed() => return,
            }
        }
    }

    async fn nap(&self) -> Duration {
        let next = match self.store.reads().await {
            Ok(mut reads) => reads.next_job_at().await.ok().flatten(),
            Err(_) => None,
        };
        let wait = next.map_or(i64::MAX, |at| at.since_ms(self.now()).max(1));
        u64::try_from(wait).map_or(MAX_SLEEP, |ms| Duration::from_millis(ms).min(MAX_SLEEP))
    }

    /// A batch was worked off; when deliveries pour in, they get the machine for a moment.
    async fn yield_to_intake(&self) {
        if self.intake.is_pressed(self.now()) {
            tokio::time::sleep(PRESSED_PAUSE).await;
        }
    }

    async fn round(self: &Arc<Self>, deliveries: &Arc<Semaphore>) -> Result<Round> {
        let room = i64::try_from(deliveries.available_permits()).unwrap_or(BATCH);
        if room == 0 {
            let _ = deliveries.acquire().await;
        }
        let most = if self.intake.is_pressed(self.now()) {
            PRESSED_BATCH
        } else {
            BATCH
        };
        let limit = most.min(room.max(1));
        self.bus.looks();
        let claim = Claim {
            now: self.now(),
            lease_ms: LEASE_MS,
            limit,
        };
        let jobs = self
            .store
            .write(move |tx| Box::pin(tx.claim_jobs(claim)))
            .await?;
        let count = jobs.len();
        let (out, stay): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| job.kind.goes_out());
        for job in out {
            let permit = Arc::clone(deliveries).acquire_owned().await;
            let engine = Arc::clone(self);
            tokio::spawn(async move {
                engine.attend(job).await;
                drop(permit);
            });
        }
        futures::future::join_all(stay.into_iter().map(|job| {
            let engine = Arc::clone(self);
            async move { engine.attend(job).await }
        }))
        .await;
        Ok(Round {
            ran: count,
            took_all: (count as i64) < limit,
        })
    }

    /// One claim of a job, from beginning to end.
    async fn attend(self: &Arc<Self>, job: Job) {
        let (began_at, began) = (self.now(), Instant::now());
        let trace = TraceOf::default();
        let work = async {
            match job.kind {
                JobKind::Deliver => self.deliver(job.clone(), &trace).await,
                JobKind::ShowPost => self.show_post(job.clone()).await,
                JobKind::AnswerClick => self.answer_click(job.clone()).await,
                JobKind::AuditCheckpoint => self.checkpoint_job(&job).await,
                JobKind::SendCheckpoint => self.send_checkpoint(&job, &trace).await,
                JobKind::Retention => self.retention_job(&job).await,
                _ => self.run(&job, &trace).await,
            }
        };
        let result = tokio::select! {
            result = work => result,
            lost = self.keep(&job) => Err(lost),
        };
        let outcome = self.look_after(&job, result).await;
        if let Some(watch) = self.watcher.get() {
            watch.job_ended(&JobReport {
                job: &job,
                outcome,
                began_at,
                took_ms: i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX),
                lag_ms: began_at.since_ms(job.run_at).max(0),
                trace_id: trace.get(),
            });
        }
    }

    /// Renews the lease for as long as the work goes on; comes back only when it was lost.
    async fn keep(&self, job: &Job) -> Error {
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            let (held, until) = (job.clone(), self.now().plus_ms(LEASE_MS));
            let renewed = self
                .store
                .write(move |tx| Box::pin(async move { tx.renew_job(&held, until).await }))
                .await;
            match renewed {
                Ok(true) => {}
                Ok(false) => return lost_lease(),
                // the next time may do, and if not, the fence decides
                Err(error) => tracing::warn!(%error, "a lease was not renewed"),
            }
        }
    }

    /// One job that only touches the store. Two jobs about the same thing, side by side: one of them finds it
    /// changed, and looks again at once.
    async fn run(self: &Arc<Self>, job: &Job, trace: &TraceOf) -> Result<()> {
        let mut pause = FIRST_PAUSE;
        for _ in 0..RACES {
            match self.run_once(job, trace).await {
                Err(error) if error.raced => tokio::time::sleep(pause).await,
                done => return done,
            }
            pause *= 3;
        }
        self.run_once(job, trace).await
    }

    async fn run_once(self: &Arc<Self>, job: &Job, trace: &TraceOf) -> Result<()> {
        let rules = self.rules_of(job.merchant_id).await?;
        let (engine, job, now) = (Arc::clone(self), job.clone(), self.now());
        let trace = trace.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::for_job(tx, engine, rules, now);
                    let done = work.dispatch(&job).await;
                    trace.is(&work.trace_id);
                    done?;
                    if work.tx.finish_job(&job).await? {
                        Ok(())
                    } else {
                        Err(lost_lease())
                    }
                })
            })
            .await
    }

    /// Gives a failed job back, or hands it to a person.
    async fn look_after(self: &Arc<Self>, job: &Job, result: Result<()>) -> JobOutcome {
        let Err(error) = result else {
            return JobOutcome::Done;
        };
        if is_lost_lease(&error) {
            tracing::info!(job = job.kind.as_str(), subject = %job.subject_id, "another worker has this job now");
            return JobOutcome::Lost;
        }
        let tries = job.attempts + 1;
        let give_up = tries >= MAX_TRIES && !error.is_transient();
        tracing::warn!(
            %error, job = job.kind.as_str(), subject = %job.subject_id, tries, give_up, "a job failed"
        );
        let settled = if give_up {
            self.hand_over(job.clone(), error).await
        } else {
            self.give_back(job.clone()).await
        };
        if let Err(error) = settled {
            // Its lease runs out, and it is claimed again.
            tracing::error!(%error, "a failed job could not be put back");
        }
        if give_up {
            JobOutcome::GivenUp
        } else {
            JobOutcome::Again
        }
    }

    async fn give_back(&self, job: Job) -> Result<()> {
        let wait = 100_i64.saturating_mul(1 << job.attempts.clamp(0, 12));
        let at = self.now().plus_ms(wait);
        self.store
            .write(move |tx| {
                Box::pin(async move { tx.postpone_job(&job, at).await.map(|_kept| ()) })
            })
            .await
    }

    async fn hand_over(self: &Arc<Self>, job: Job, error: Error) -> Result<()> {
        let rules = self.rules_of(job.merchant_id).await?;
        let (engine, now) = (Arc::clone(self), self.now());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::for_job(tx, engine, rules, now);
                    work.trace_id = work.engine.new_trace_id();
                    if !work.tx.finish_job(&job).await? {
                        // whoever has it now may still do it
                        return Ok(());
                    }
                    work.raise_for_job(&job, &error.sentence).await
                })
            })
            .await
    }
}

/// For the log; nobody outside ever reads it.
const LOST_LEASE: &str = "another worker took this job over";

/// The lease ended before the work did: nothing of it may be committed.
pub(crate) fn lost_lease() -> Error {
    Error::conflict(LOST_LEASE)
}

fn is_lost_lease(error: &Error) -> bool {
    error.kind == Kind::Conflict && error.sentence == LOST_LEASE
}

impl Work<'_> {
    async fn dispatch(&mut self, job: &Job) -> Result<()> {
        let (id, armed_for) = (job.subject_id, Time::from_ms(job.arg));
        match job.kind {
            JobKind::ProcessReceipt => self.process_receipt(id).await,
            JobKind::ApprovalDeadline => self.approval_deadline(id, armed_for).await,
            JobKind::ApprovalExpiry => self.approval_expiry(id, armed_for).await,
            JobKind::TaskAcceptDeadline => self.task_accept_deadline(id, armed_for).await,
            JobKind::TaskResolveDeadline => self.task_resolve_deadline(id, armed_for).await,
            JobKind::TaskWake => self.task_wake(id, armed_for).await,
            JobKind::TaskRung => self.task_rung(id, armed_for).await,
            JobKind::TaskClaimExpiry => self.task_claim_expiry(id, armed_for).await,
            JobKind::TellOfTask => self.tell_of_opening(id).await,
            JobKind::HandOff => self.hand_off(armed_for).await,
            JobKind::AckDeadline => self.ack_deadline(id, armed_for).await,
            JobKind::CompletionDeadline => self.completion_deadline(id, armed_for).await,
            JobKind::ExportDeadline => self.export_deadline(id, armed_for).await,
            JobKind::Recheck => self.recheck_job(id).await,
            JobKind::BriefEnd => self.brief_end(id, armed_for).await,
            JobKind::WaitDeadline => self.wait_deadline(id, armed_for).await,
            JobKind::RunEnded => self.run_ended(id).await,
            JobKind::MoveRuns => self.move_batch(id).await,
            JobKind::ContractSchedule => self.contract_schedule(id, armed_for).await,
            JobKind::ContractEnds => self.contract_ends(id, armed_for).await,
            JobKind::OwnershipReview => self.ownership_review(armed_for).await,
            JobKind::TokenExpiring => self.token_expiring(id, armed_for).await,
            JobKind::Deliver
            | JobKind::ShowPost
            | JobKind::AnswerClick
            | JobKind::AuditCheckpoint
            | JobKind::SendCheckpoint
            | JobKind::Retention => Err(Error::internal("this is more than one write")),
        }
    }
}
