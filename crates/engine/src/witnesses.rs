//! Witnesses: who is sent the checkpoints of a trail, so that its newest entries cannot be cut off unseen.
//!
//! By mail a checkpoint is a few lines that somebody keeps. By webhook it is a CloudEvents message under
//! Standard Webhooks headers, through the same guarded way out as every delivery. What does not get through is
//! tried again for a day; then the witness says so on the page, and a task is opened.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use domain::{
    access::Action,
    audit::witness::{SignedCheckpoint, WITNESS_TERMS_MS, Witness, WitnessAt},
    delivery::{Answer, Verdict, judge},
    invitation::is_address,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    checkpoint::newest,
    connections::{name_fault, place},
    ctx::Ctx,
    engine::Engine,
    error::{Error, FieldError, Result},
    job::{Job, JobKind},
    port::{AuditNote, DeliveryRequest, StoreExt, Tx},
    watch::TraceOf,
    work::Work,
    worker::lost_lease,
};

/// The CloudEvents `type` of a checkpoint on its way.
pub const CHECKPOINT_TYPE: &str = "com.meshline.audit.checkpoint";
/// After the first try, the second, and so on; then it is given up.
const AGAIN_MS: [i64; 6] = [
    60_000, 300_000, 1_800_000, 7_200_000, 21_600_000, 43_200_000,
];
/// A merchant needs a few.
const MOST: usize = 10;

#[derive(Clone, Debug)]
pub struct WitnessInput {
    pub name: String,
    /// `mail` or `webhook`.
    pub kind: String,
    /// A mail address or a URL.
    pub address: String,
    pub every_ms: i64,
}

fn fault(field: &str, sentence: impl Into<String>) -> FieldError {
    FieldError {
        field: field.to_owned(),
        sentence: sentence.into(),
    }
}

impl Engine {
    pub async fn audit_witnesses(&self, ctx: &Ctx) -> Result<Vec<Witness>> {
        ctx.require(Action::ViewAudit)?;
        let mut reads = self.store.reads().await?;
        reads.audit_witnesses(ctx.merchant_id()).await
    }

    fn witness_at(&self, input: &WitnessInput) -> Result<WitnessAt, FieldError> {
        let address = input.address.trim().to_owned();
        match input.kind.as_str() {
            "mail" if self.mailer.is_none() => Err(fault(
                "kind",
                "Nothing goes by mail from here yet; whoever runs Meshline sets up a mail server first.",
            )),
            "mail" if !is_address(&address) => Err(fault(
                "address",
                "Write one mail address, such as audit@example.com.",
            )),
            "mail" => Ok(WitnessAt::Mail { address }),
            "webhook" => match self.channel.refuses(&address) {
                Some(why) => Err(fault("address", why)),
                None => Ok(WitnessAt::Webhook { url: address }),
            },
            _ => Err(fault("kind", "Choose mail or webhook.")),
        }
    }

    /// Returns the witness and, of a webhook, the secret that its messages are signed with; it is shown once.
    /// The newest checkpoint is on its way to it at once.
    pub async fn add_audit_witness(
        self: &Arc<Self>,
        ctx: &Ctx,
        input: WitnessInput,
    ) -> Result<(Witness, Option<String>)> {
        ctx.require(Action::ManageMerchant)?;
        let name = input.name.trim().to_owned();
        let mut faults: Vec<FieldError> = name_fault(&name).into_iter().collect();
        let at = self.witness_at(&input).map_err(|wrong| faults.push(wrong));
        if !WITNESS_TERMS_MS.contains(&input.every_ms) {
            faults.push(fault(
                "every_ms",
                "Choose 0 (each checkpoint), 3600000 (hourly), 86400000 (daily) or 604800000 (weekly).",
            ));
        }
        let at = match at {
            Ok(at) if faults.is_empty() => at,
            _ => return Err(Error::invalid_fields(faults)),
        };
        if matches!(at, WitnessAt::Webhook { .. }) {
            // its secret is shown
            ctx.require_fresh_proof()?;
        }
        let (id, merchant) = (self.uuid(), ctx.merchant_id());
        let secret = matches!(at, WitnessAt::Webhook { .. }).then(|| self.new_signing_secret());
        let sealed = match &secret {
            None => None,
            Some(secret) => {
                let at = place(merchant, "audit_witnesses", id, "secret");
                Some(self.vault.seal(&*self.ids, at, secret.as_bytes())?)
            }
        };
        let witness = Witness {
            id,
            merchant_id: merchant,
            name,
            at,
            every_ms: input.every_ms,
            created_at: ctx.now(),
            sent_size: 0,
            sent_at: None,
            trouble: None,
            is_being_tried: true,
            rev: 0,
        };
        // so that there is something to send
        self.make_checkpoint(merchant).await?;
        let job = self.audit_job(JobKind::SendCheckpoint, merchant, id, 0);
        let note = Self::witness_note(ctx, "audit.witness_added", &witness);
        let row = witness.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    if tx.audit_witnesses(merchant).await?.len() >= MOST {
                        return Err(Error::conflict(format!(
                            "There are {MOST} witnesses already; take one out first."
                        )));
                    }
                    tx.insert_audit_witness(&row, sealed.as_deref()).await?;
                    tx.enqueue(&[job]).await?;
                    tx.note(note);
                    Ok(())
                })
            })
            .await?;
        Ok((witness, secret))
    }

    /// It is sent nothing more. What it has it keeps.
    pub async fn remove_audit_witness(&self, ctx: &Ctx, id: Uuid) -> Result<Witness> {
        ctx.require(Action::ManageMerchant)?;
        // from then on nobody outside could say that the trail was another
        ctx.require_fresh_proof()?;
        let (at, merchant) = (ctx.clone(), ctx.merchant_id());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let witness = tx
                        .audit_witness(merchant, id)
                        .await?
                        .ok_or_else(|| Error::not_found("witness"))?;
                    tx.delete_audit_witness(merchant, id).await?;
                    tx.note(Self::witness_note(&at, "audit.witness_removed", &witness));
                    Ok(witness)
                })
            })
            .await
    }

    fn witness_note(ctx: &Ctx, action: &str, witness: &Witness) -> AuditNote {
        AuditNote {
            merchant_id: witness.merchant_id,
            at: ctx.now(),
            actor: ctx.actor_name(),
            action: action.to_owned(),
            subject_kind: "witness",
            subject_id: witness.id,
            detail: json!({
                "name": witness.name,
                "at": witness.at.address(),
                "every_ms": witness.every_ms,
                "sent": witness.sent_size,
            }),
            trace_id: Some(ctx.trace_id().to_owned()),
        }
    }

    /// The job that sends to a witness, and the mark that there is one.
    pub(crate) async fn send_job(
        &self,
        tx: &mut (dyn Tx + '_),
        mut witness: Witness,
    ) -> Result<Job> {
        witness.is_being_tried = true;
        tx.save_audit_witness(&witness).await?;
        Ok(self.audit_job(JobKind::SendCheckpoint, witness.merchant_id, witness.id, 0))
    }

    /// Job: one try to bring the newest checkpoint to a witness.
    pub(crate) async fn send_checkpoint(
        self: &Arc<Self>,
        job: &Job,
        trace: &TraceOf,
    ) -> Result<()> {
        let merchant = job.merchant_id;
        let mut reads = self.store.reads().await?;
        let witness = reads.audit_witness(merchant, job.subject_id).await?;
        let checkpoint = newest(&mut *reads, merchant).await?;
        let secret = reads.witness_secret(merchant, job.subject_id).await?;
        drop(reads);
        let (Some(witness), Some(checkpoint)) = (witness, checkpoint) else {
            // taken out meanwhile
            return self.witness_is_done(job.clone(), None, None).await;
        };
        trace.is(&self.new_trace_id());
        let url = match &witness.at {
            WitnessAt::Mail { address } => {
                let address = address.clone();
                return self
                    .witness_is_done(job.clone(), Some(checkpoint), Some(address))
                    .await;
            }
            WitnessAt::Webhook { url } => url.clone(),
        };
        let secret = secret.ok_or_else(|| Error::internal("a webhook has lost its secret"))?;
        let at = place(merchant, "audit_witnesses", witness.id, "secret");
        let secret = String::from_utf8(self.vault.open(at, &secret)?)
            .map_err(|_| Error::internal("a webhook's secret is not text"))?;
        let mut span = [0_u8; 8];
        self.ids.fill(&mut span);
        let request = DeliveryRequest {
            url,
            webhook_id: format!("msg_{}_{}", witness.id.simple(), checkpoint.size),
            secrets: vec![secret],
            body: Bytes::from(self.checkpoint_message(&checkpoint).to_string()),
            traceparent: format!("00-{}-{}-01", self.new_trace_id(), hex::encode(span)),
            now: self.now(),
            is_trial: false,
        };
        let answer = self.channel.deliver(request).await;
        match refusal(&answer) {
            None => {
                self.witness_is_done(job.clone(), Some(checkpoint), None)
                    .await
            }
            Some(why) => self.witness_is_in_trouble(job.clone(), why).await,
        }
    }

    fn checkpoint_message(&self, checkpoint: &SignedCheckpoint) -> Value {
        json!({
            "specversion": "1.0",
            "id": format!("{}-{}", checkpoint.merchant_id, checkpoint.size),
            "type": CHECKPOINT_TYPE,
            "source": self.public_url,
            "time": checkpoint.made_at,
            "datacontenttype": "application/json",
            "data": {
                "merchant_id": checkpoint.merchant_id,
                "size": checkpoint.size,
                "note": checkpoint.note,
                "note_base64": STANDARD.encode(&checkpoint.note),
            },
        })
    }

    /// It has the checkpoint; or its mail is queued with that word.
    async fn witness_is_done(
        self: &Arc<Self>,
        job: Job,
        took: Option<SignedCheckpoint>,
        mail_to: Option<String>,
    ) -> Result<()> {
        let rules = self.rules_of(job.merchant_id).await?;
        let (engine, now) = (Arc::clone(self), self.now());
        let by_mail = mail_to.is_some();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    if !tx.finish_job(&job).await? {
                        return Err(lost_lease());
                    }
                    let witness = tx.audit_witness(job.merchant_id, job.subject_id).await?;
                    let (Some(mut witness), Some(checkpoint)) = (witness, took) else {
                        return Ok(());
                    };
                    if let Some(to) = mail_to {
                        let mail = engine.checkpoint_mail(&to, &rules.merchant, &checkpoint)?;
                        tx.insert_mail(&mail).await?;
                    }
                    witness.took(checkpoint.size, now);
                    tx.save_audit_witness(&witness).await
                })
            })
            .await?;
        if by_mail {
            self.mail_is_queued();
        }
        Ok(())
    }

    async fn witness_is_in_trouble(self: &Arc<Self>, job: Job, why: String) -> Result<()> {
        let rules = self.rules_of(job.merchant_id).await?;
        let (engine, now) = (Arc::clone(self), self.now());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::for_job(tx, engine, rules, now);
                    let witness = work
                        .tx
                        .audit_witness(job.merchant_id, job.subject_id)
                        .await?;
                    let Some(mut witness) = witness else {
                        return match work.tx.finish_job(&job).await? {
                            true => Ok(()),
                            false => Err(lost_lease()),
                        };
                    };
                    let again = usize::try_from(job.attempts)
                        .ok()
                        .and_then(|tries| AGAIN_MS.get(tries));
                    witness.trouble = Some(why.clone());
                    witness.is_being_tried = again.is_some();
                    work.tx.save_audit_witness(&witness).await?;
                    let kept = match again {
                        Some(ms) => work.tx.postpone_job(&job, now.plus_ms(*ms)).await?,
                        None => work.tx.finish_job(&job).await?,
                    };
                    if !kept {
                        return Err(lost_lease());
                    }
                    if again.is_none() {
                        work.trace_id = work.engine.new_trace_id();
                        let why = format!("{} did not take the checkpoint: {why}", witness.name);
                        work.raise_for_job(&job, &why).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}

/// Why an answer is not a yes.
fn refusal(answer: &Answer) -> Option<String> {
    match judge(answer) {
        Verdict::Acknowledged { .. } | Verdict::Delivered => None,
        Verdict::Rejected { code, .. } => Some(format!("it was refused: {code}")),
        Verdict::Gone => Some("it answered 410: it wants nothing any more".to_owned()),
        Verdict::Refused { status, .. } => Some(format!("it answered {status}")),
        Verdict::NotCalled { detail, .. } => Some(format!("it was not called: {detail}")),
        Verdict::Retry { reason, .. } => Some(reason),
    }
}
