//! The worker: claims due jobs in batches and runs them. Jobs that only touch the store run inside
//! one write each (many of those share a commit); deliveries run side by side.
//!
//! A job that fails is tried again, later each time; one that keeps failing opens a task and stops.
//! While much is arriving, intake comes first: acknowledging is a promise, working it off is not
//! urgent in the same millisecond.

use std::{sync::Arc, time::Duration};

use domain::Time;
use tokio::sync::{Semaphore, watch};

use crate::{
    engine::Engine,
    error::{Error, Result},
    job::{Job, JobKind},
    port::{Claim, StoreExt},
    work::Work,
};

/// A worker that dies gives its jobs back after this long.
const LEASE_MS: i64 = 60_000;
/// The most jobs claimed at once.
const BATCH: i64 = 64;
/// Tries of a job before a person is asked.
const MAX_TRIES: i64 = 8;
/// Deliveries under way at once.
const DELIVERIES: usize = 64;
/// While intake is pressed, so many jobs at once, and then a pause.
const PRESSED_BATCH: i64 = 8;
const PRESSED_PAUSE: Duration = Duration::from_millis(100);
/// Longest sleep: jobs of another process, and a clock that was moved, are seen after this.
const MAX_SLEEP: Duration = Duration::from_millis(500);

impl Engine {
    /// Runs until told to stop; jobs under way are finished first.
    pub async fn work(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let deliveries = Arc::new(Semaphore::new(DELIVERIES));
        while !*stop.borrow() {
            match self.round(&deliveries).await {
                Ok(0) => {
                    let nap = self.nap().await;
                    tokio::select! {
                        () = self.bus.work.notified() => {}
                        () = tokio::time::sleep(nap) => {}
                        _ = stop.changed() => {}
                    }
                }
                Ok(_) => self.yield_to_intake().await,
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
            let ran = self.round(&deliveries).await?;
            let _ = deliveries.acquire_many(all).await;
            if ran == 0 {
                return Ok(total);
            }
            total += ran;
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

    async fn round(self: &Arc<Self>, deliveries: &Arc<Semaphore>) -> Result<usize> {
        let room = i64::try_from(deliveries.available_permits()).unwrap_or(BATCH);
        if room == 0 {
            let _ = deliveries.acquire().await;
        }
        let most = if self.intake.is_pressed(self.now()) {
            PRESSED_BATCH
        } else {
            BATCH
        };
        let claim = Claim {
            now: self.now(),
            lease_ms: LEASE_MS,
            limit: most.min(room.max(1)),
        };
        let jobs = self
            .store
            .write(move |tx| Box::pin(tx.claim_jobs(claim)))
            .await?;
        let count = jobs.len();
        let (out, stay): (Vec<_>, Vec<_>) = jobs
            .into_iter()
            .partition(|job| job.kind == JobKind::Deliver);
        for job in out {
            let permit = Arc::clone(deliveries).acquire_owned().await;
            let engine = Arc::clone(self);
            tokio::spawn(async move {
                let result = engine.deliver(job.clone()).await;
                engine.look_after(job, result).await;
                drop(permit);
            });
        }
        futures::future::join_all(stay.into_iter().map(|job| {
            let engine = Arc::clone(self);
            async move {
                let result = engine.run(&job).await;
                engine.look_after(job, result).await;
            }
        }))
        .await;
        Ok(count)
    }

    /// One job that only touches the store.
    async fn run(self: &Arc<Self>, job: &Job) -> Result<()> {
        let rules = self.rules_of(job.merchant_id).await?;
        let (engine, job, now) = (Arc::clone(self), job.clone(), self.now());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::for_job(tx, engine, rules, now);
                    work.dispatch(&job).await?;
                    if work.tx.finish_job(&job).await? {
                        Ok(())
                    } else {
                        Err(Error::conflict("another worker took this job over"))
                    }
                })
            })
            .await
    }

    /// Gives a failed job back, or hands it to a person.
    async fn look_after(self: &Arc<Self>, job: Job, result: Result<()>) {
        let Err(error) = result else {
            return;
        };
        let tries = job.attempts + 1;
        let give_up = tries >= MAX_TRIES && !error.is_transient();
        tracing::warn!(
            %error, job = job.kind.as_str(), subject = %job.subject_id, tries, give_up, "a job failed"
        );
        let settled = if give_up {
            self.hand_over(job, error).await
        } else {
            self.give_back(job).await
        };
        if let Err(error) = settled {
            // Its lease runs out, and it is claimed again.
            tracing::error!(%error, "a failed job could not be put back");
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
                    work.tx.finish_job(&job).await?;
                    work.raise_for_job(&job, &error.sentence).await
                })
            })
            .await
    }
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
            JobKind::AckDeadline => self.ack_deadline(id, armed_for).await,
            JobKind::CompletionDeadline => self.completion_deadline(id, armed_for).await,
            JobKind::ExportDeadline => self.export_deadline(id, armed_for).await,
            JobKind::WaitDeadline => self.wait_deadline(id, armed_for).await,
            JobKind::Deliver => Err(Error::internal("a delivery is not a store job")),
        }
    }
}
