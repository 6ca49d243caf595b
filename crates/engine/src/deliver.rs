//! Sending an export to its destination, one attempt at a time, and what the answer means.
//!
//! An attempt is three steps: mark it as under way (durable), send, record what was answered together
//! with everything that follows from it. A crash between them repeats the attempt with the same bytes
//! and the same keys; a destination that remembers idempotency keys executes it once.

use std::sync::Arc;

use bytes::Bytes;
use domain::{
    Time,
    contract::{Contract, codes},
    delivery::{AckStatus, Answer, NotCalled, Verdict, judge, retry_delay_ms},
    export::{Attempt, Export, ExportState},
    flow::RunState,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    ack::Ack,
    engine::Engine,
    error::{Error, Result},
    exception::{Trouble, evidence},
    job::{Job, JobKind},
    port::{DeliveryRequest, Parcel, StoreExt},
    rules::Rules,
    tasks::REPLAY,
    trial::as_trial,
    watch::TraceOf,
    work::Work,
    worker::{LEASE_MS, lost_lease},
};

/// How often an answer is recorded anew at once when somebody else changed the export.
const RACES: usize = 4;

/// What was made durable before sending.
struct Ready {
    export: Export,
    wire: Vec<u8>,
    /// The staging side that it goes to first.
    trial: Option<String>,
}

/// What was answered, and when it was sent.
#[derive(Clone)]
pub(crate) struct Sent {
    pub answer: Answer,
    pub started_at: Time,
    /// It went to this staging side.
    pub trial: Option<String>,
}

impl Engine {
    /// Job: one attempt.
    pub(crate) async fn deliver(self: &Arc<Self>, job: Job, trace: &TraceOf) -> Result<()> {
        let rules = self.rules_of(job.merchant_id).await?;
        let held_until = self.now().plus_ms(LEASE_MS);
        let Some(ready) = self.start_attempt(&job, Arc::clone(&rules)).await? else {
            return Ok(());
        };
        trace.is(&ready.export.trace_id);
        let started_at = self.now();
        if started_at >= held_until {
            // asleep since the lease was renewed: somebody else may be sending it
            return Err(lost_lease());
        }
        let sent = Sent {
            answer: self.send(&ready, &rules, started_at).await?,
            started_at,
            trial: ready.trial.clone(),
        };
        // What the destination answered is known once. Its callback may come at the same moment, and
        // change the same export; then what was answered is recorded behind it.
        for _ in 0..RACES {
            let (job, sent, rules) = (job.clone(), sent.clone(), Arc::clone(&rules));
            match self.record(job, ready.export.id, sent, rules).await {
                Err(error) if error.raced => tokio::task::yield_now().await,
                done => return done,
            }
        }
        self.record(job, ready.export.id, sent, rules).await
    }

    async fn start_attempt(
        self: &Arc<Self>,
        job: &Job,
        rules: Arc<Rules>,
    ) -> Result<Option<Ready>> {
        let (engine, job, now) = (Arc::clone(self), job.clone(), self.now());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::for_job(tx, engine, rules, now);
                    if !work.tx.renew_job(&job, now.plus_ms(LEASE_MS)).await? {
                        return Err(lost_lease());
                    }
                    let parcel = work.tx.parcel(job.merchant_id, job.subject_id).await?;
                    let Parcel {
                        mut export,
                        wire,
                        run,
                    } = parcel.ok_or_else(|| Error::not_found("export"))?;
                    let wire = || wire.ok_or_else(no_bytes);
                    work.trace_id.clone_from(&export.trace_id);
                    match export.state {
                        ExportState::Delivering => {}
                        ExportState::Ready if run == Some(RunState::Paused) => {
                            work.tx.finish_job(&job).await?;
                            work.hold_back(&mut export).await?;
                            return Ok(None);
                        }
                        ExportState::Ready => {
                            if job.arg != REPLAY
                                && let Some(why) = work.too_old_because(&export).await?
                            {
                                work.tx.finish_job(&job).await?;
                                if !work.reevaluate(export.clone(), why).await? {
                                    work.too_old(&mut export).await?;
                                }
                                return Ok(None);
                            }
                            if let Some(url) = work.staging_for(&export) {
                                return Ok(Some(Ready {
                                    wire: as_trial(&wire()?),
                                    export,
                                    trial: Some(url),
                                }));
                            }
                            export.become_state(ExportState::Delivering)?;
                            work.tx.save_export(&export).await?;
                            work.note("export.delivering", "export", export.id, json!({}));
                        }
                        // Decided meanwhile: withdrawn, superseded, acknowledged by callback.
                        _ => {
                            work.tx.finish_job(&job).await?;
                            return Ok(None);
                        }
                    }
                    Ok(Some(Ready {
                        wire: wire()?,
                        export,
                        trial: None,
                    }))
                })
            })
            .await
    }

    async fn send(&self, ready: &Ready, rules: &Rules, now: Time) -> Result<Answer> {
        let export = &ready.export;
        let destination = rules
            .destinations
            .iter()
            .find(|one| one.id == export.destination_id)
            .ok_or_else(|| {
                Error::internal(format!("export {} has lost its destination", export.id))
            })?;
        if destination.retired_at.is_some() {
            return Ok(Answer {
                not_called: Some(NotCalled::Retired),
                error: Some(format!("{} is retired here", destination.name)),
                ..Answer::default()
            });
        }
        let secrets = self.signing_secrets(destination, now)?;
        let mut span = [0_u8; 8];
        self.ids.fill(&mut span);
        let url = ready.trial.as_ref().unwrap_or(&destination.url);
        let request = DeliveryRequest {
            url: url.clone(),
            webhook_id: match ready.trial {
                Some(_) => format!("msg_{}_trial", export.id.simple()),
                None => format!("msg_{}", export.id.simple()),
            },
            secrets,
            body: Bytes::from(ready.wire.clone()),
            traceparent: format!("00-{}-{}-01", export.trace_id, hex::encode(span)),
            now,
            is_trial: ready.trial.is_some(),
        };
        Ok(self.channel.deliver(request).await)
    }

    async fn record(
        self: &Arc<Self>,
        job: Job,
        export_id: Uuid,
        sent: Sent,
        rules: Arc<Rules>,
    ) -> Result<()> {
        let (engine, now, random) = (Arc::clone(self), self.now(), self.ids.random());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::for_job(tx, engine, rules, now);
                    let export = work.export(export_id).await?;
                    work.trace_id.clone_from(&export.trace_id);
                    match &sent.trial {
                        Some(url) => work.settle_trial(&job, export, &sent, url, random).await,
                        None => work.settle(&job, export, &sent, random).await,
                    }
                })
            })
            .await
    }
}

impl Work<'_> {
    /// Where it goes as a trial first, unless it was taken there already.
    fn staging_for(&self, export: &Export) -> Option<String> {
        if export.trial.as_ref().is_some_and(|trial| trial.accepted) {
            return None;
        }
        let mut all = self.rules.destinations.iter();
        all.find(|one| one.id == export.destination_id)
            .filter(|one| one.retired_at.is_none())?
            .staging_url
            .clone()
    }

    async fn settle(
        &mut self,
        job: &Job,
        mut export: Export,
        sent: &Sent,
        random: u64,
    ) -> Result<()> {
        let Sent {
            answer, started_at, ..
        } = sent;
        let contract = self.contract_of(&export).await?;
        let verdict = judge(answer);
        let tries = u32::try_from(job.attempts + 1).unwrap_or(u32::MAX);
        let wait = match &verdict {
            Verdict::Retry { after_ms, .. } => {
                retry_delay_ms(&contract.retry, tries, *after_ms, random)
            }
            _ => None,
        };
        let next_at = wait.map(|ms| self.now.plus_ms(ms));
        let words = in_words(&verdict, next_at.is_some());
        let n = self.tx.attempts(export.merchant_id, export.id).await?.len();
        let attempt = Attempt {
            export_id: export.id,
            merchant_id: export.merchant_id,
            n: i64::try_from(n).unwrap_or(i64::MAX - 1) + 1,
            started_at: *started_at,
            duration_ms: answer.duration_ms,
            http_status: answer.status.map(i64::from),
            answer: String::from_utf8_lossy(&answer.body).replace('\0', "\u{fffd}"),
            error: answer.error.clone(),
            verdict: words.clone(),
            next_at,
        };
        self.tx.insert_attempt(&attempt).await?;
        self.note(
            "delivery.attempted",
            "export",
            export.id,
            json!({ "n": attempt.n, "http_status": attempt.http_status, "verdict": words, "next_at": next_at }),
        );
        let kept = match next_at {
            Some(at) if export.state == ExportState::Delivering => {
                return if self.tx.postpone_job(job, at).await? {
                    Ok(())
                } else {
                    Err(lost_lease())
                };
            }
            _ => self.tx.finish_job(job).await?,
        };
        if !kept {
            return Err(lost_lease());
        }
        if export.state != ExportState::Delivering {
            // Its callback was quicker than its answer; that stands.
            return Ok(());
        }
        self.follow(&mut export, &contract, verdict, tries).await
    }

    async fn follow(
        &mut self,
        export: &mut Export,
        contract: &Contract,
        verdict: Verdict,
        tries: u32,
    ) -> Result<()> {
        let (state, code, sentence, found) = match verdict {
            Verdict::Acknowledged {
                status,
                exception_code,
                exception_metadata,
                external_ref,
            } => {
                let ack = Ack {
                    status,
                    exception_code,
                    exception_metadata,
                    external_ref,
                };
                return self.acknowledged(export, contract, ack).await;
            }
            Verdict::Rejected {
                code,
                metadata,
                detail,
            } => {
                let ack = Ack {
                    status: AckStatus::Rejected,
                    exception_code: Some(code),
                    exception_metadata: metadata
                        .or_else(|| (!detail.is_empty()).then(|| Value::String(detail.clone()))),
                    external_ref: None,
                };
                return self.acknowledged(export, contract, ack).await;
            }
            Verdict::Delivered => return self.delivered(export, contract).await,
            Verdict::Gone => (
                ExportState::Failed,
                codes::DESTINATION_GONE,
                "The destination answered 410: it wants nothing any more".to_owned(),
                evidence("Answer", "410 Gone"),
            ),
            Verdict::Refused { status, detail } => (
                ExportState::Rejected,
                codes::REFUSED,
                format!("The destination refused it with {status}"),
                evidence("Answer", detail),
            ),
            Verdict::NotCalled { why, detail } => (
                ExportState::Failed,
                match why {
                    NotCalled::ForbiddenAddress => codes::FORBIDDEN_ADDRESS,
                    NotCalled::Retired => codes::DESTINATION_GONE,
                },
                format!("It was not sent: {detail}"),
                evidence("Why", detail),
            ),
            Verdict::Retry { reason, .. } => (
                ExportState::Failed,
                codes::RETRIES_EXHAUSTED,
                format!("{tries} attempts, and none got through: {reason}"),
                evidence("Last answer", reason),
            ),
        };
        export.become_state(state)?;
        self.tx.save_export(export).await?;
        self.note(
            &format!("export.{state}"),
            "export",
            export.id,
            json!({ "code": code }),
        );
        let trouble = Trouble {
            code: code.to_owned(),
            sentence,
            evidence: vec![found],
        };
        self.raise(export, contract, trouble).await?;
        self.export_moved(export).await
    }

    async fn delivered(&mut self, export: &mut Export, contract: &Contract) -> Result<()> {
        let within = contract.ack.accepted_within_ms;
        export.become_state(ExportState::Delivered)?;
        export.ack.acceptance_due = within.map(|ms| self.now.plus_ms(ms));
        self.tx.save_export(export).await?;
        self.note("export.delivered", "export", export.id, json!({}));
        match export.ack.acceptance_due {
            Some(at) => self.arm(JobKind::AckDeadline, export.id, at).await,
            None => {
                self.late_no_more(export, "it was delivered").await?;
                self.export_moved(export).await
            }
        }
    }

    async fn too_old(&mut self, export: &mut Export) -> Result<()> {
        export.become_state(ExportState::Expired)?;
        self.tx.save_export(export).await?;
        self.note(
            "export.expired",
            "export",
            export.id,
            json!({ "valid_until": export.valid_until }),
        );
        let contract = self.contract_of(export).await?;
        let trouble = Trouble {
            code: codes::VALIDITY_EXPIRED.to_owned(),
            sentence: format!(
                "“{}” was true until {} and was not sent after",
                export.title, export.valid_until
            ),
            evidence: Vec::new(),
        };
        self.raise(export, &contract, trouble).await?;
        self.export_moved(export).await
    }
}

fn no_bytes() -> Error {
    Error::internal("an export without its bytes is ready")
}

fn in_words(verdict: &Verdict, again: bool) -> String {
    match verdict {
        Verdict::Acknowledged {
            status: AckStatus::Completed,
            ..
        } => "completed".to_owned(),
        Verdict::Acknowledged { .. } => "accepted".to_owned(),
        Verdict::Delivered => "delivered, acknowledgement awaited".to_owned(),
        Verdict::Rejected { code, .. } => format!("rejected: {code}"),
        Verdict::Gone => "gone".to_owned(),
        Verdict::Refused {
            status: status @ 300..=399,
            ..
        } => {
            format!("refused with {status}: redirects are not followed")
        }
        Verdict::Refused { status, .. } => format!("refused with {status}"),
        Verdict::NotCalled {
            why: NotCalled::ForbiddenAddress,
            ..
        } => "not sent: forbidden_address".to_owned(),
        Verdict::NotCalled { .. } => "not sent: the destination is retired".to_owned(),
        Verdict::Retry { reason, .. } if again => format!("will be tried again: {reason}"),
        Verdict::Retry { reason, .. } => format!("given up: {reason}"),
    }
}
