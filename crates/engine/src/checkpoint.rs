//! Checkpoints: what lets somebody outside check a trail without trusting whoever runs this.
//!
//! Each merchant has a signing key of its own, made when the first checkpoint is, and sealed like every other
//! secret. The tree over the entries ([`domain::audit::merkle`]) is carried on from where it stood, so a
//! checkpoint costs what came since and a few hashes, however long the trail is. One is made every quarter of an
//! hour when there is something new, one with each export, and one on either side of a change of keys.
//!
//! A checkpoint writes no audit entry: it would be something new for the next one, for ever. It is a row, it
//! never changes, and what it says stands in the trail anyway.

use std::sync::Arc;

use domain::{
    access::Action,
    audit::{
        Head,
        merkle::Frontier,
        note::{Checkpoint, Verifier, public_key},
        witness::{AuditKey, SignedCheckpoint},
    },
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    connections::place,
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    job::{Job, JobKind},
    port::{AuditNote, Reads, StoreExt, Tx},
    trail::VIEW_NOTED_MS,
    worker::lost_lease,
};

/// At most this often by itself.
pub const CHECKPOINT_EVERY_MS: i64 = 15 * 60_000;
/// Hashes read at a time when the tree is carried on.
const STEP: i64 = 5_000;
/// How often somebody else may carry it on at the same moment.
const RACES: usize = 8;

/// A public key as whoever checks gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailKey {
    pub key: AuditKey,
    /// `name+number+base64`: what `meshline audit verify --key` takes.
    pub text: String,
}

/// What an export begins with: how far it goes, and what vouches for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailExport {
    pub head: Head,
    /// The signed note of exactly this much.
    pub note: Option<String>,
}

pub(crate) fn verifier(key: &AuditKey) -> Result<Verifier> {
    Verifier::new(key.merchant_id, &key.public).map_err(Error::internal)
}

impl Engine {
    /// The keys of the merchant's trail, the one in use first.
    pub async fn audit_keys(&self, ctx: &Ctx) -> Result<Vec<TrailKey>> {
        ctx.require(Action::ViewAudit)?;
        let keys = self
            .store
            .reads()
            .await?
            .audit_keys(ctx.merchant_id())
            .await?;
        keys.into_iter()
            .map(|key| {
                Ok(TrailKey {
                    text: verifier(&key)?.to_string(),
                    key,
                })
            })
            .collect()
    }

    /// The newest first, smaller than `before` where that is said.
    pub async fn audit_checkpoints(
        &self,
        ctx: &Ctx,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<SignedCheckpoint>> {
        ctx.require(Action::ViewAudit)?;
        self.store
            .reads()
            .await?
            .audit_checkpoints(ctx.merchant_id(), before, limit)
            .await
    }

    /// A new key from now on. What the old one signed stays good: its public half stays on the list, and the
    /// last thing it signs is everything up to the change.
    pub async fn rotate_audit_key(self: &Arc<Self>, ctx: &Ctx) -> Result<TrailKey> {
        ctx.require(Action::ManageMerchant)?;
        ctx.require_fresh_proof()?;
        let merchant = ctx.merchant_id();
        self.make_checkpoint(merchant).await?;
        let (engine, at) = (Arc::clone(self), ctx.clone());
        let key = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let old = in_use(tx, merchant).await?;
                    if let Some(old) = &old {
                        tx.retire_audit_key(merchant, old.id, at.now()).await?;
                    }
                    let key = engine.new_audit_key(tx, merchant).await?;
                    let number = |key: &AuditKey| verifier(key).map(|one| one.number().to_string());
                    let old = old.as_ref().map(number).transpose()?;
                    let public = verifier(&key)?.to_string();
                    tx.note(AuditNote {
                        merchant_id: merchant,
                        at: at.now(),
                        actor: at.actor_name(),
                        action: "audit.key_rotated".to_owned(),
                        subject_kind: "merchant",
                        subject_id: merchant,
                        detail: json!({ "old": old, "new": number(&key)?, "public_key": public }),
                        trace_id: Some(at.trace_id().to_owned()),
                    });
                    Ok(key)
                })
            })
            .await?;
        self.make_checkpoint(merchant).await?;
        Ok(TrailKey {
            text: verifier(&key)?.to_string(),
            key,
        })
    }

    async fn new_audit_key(&self, tx: &mut (dyn Tx + '_), merchant: Uuid) -> Result<AuditKey> {
        let mut seed = [0_u8; 32];
        self.ids.fill(&mut seed);
        let id = self.uuid();
        let at = place(merchant, "audit_keys", id, "seed");
        let key = AuditKey {
            id,
            merchant_id: merchant,
            public: public_key(&seed),
            sealed_seed: Some(self.vault.seal(&*self.ids, at, &seed)?),
            created_at: self.now(),
            retired_at: None,
        };
        tx.insert_audit_key(&key).await?;
        Ok(key)
    }

    fn seed_of(&self, key: &AuditKey) -> Result<[u8; 32]> {
        let sealed = key
            .sealed_seed
            .as_deref()
            .ok_or_else(|| Error::internal("the key in use has no private half"))?;
        let at = place(key.merchant_id, "audit_keys", key.id, "seed");
        self.vault
            .open(at, sealed)?
            .try_into()
            .map_err(|_| Error::internal("a signing key is not 32 bytes long"))
    }

    /// Carries the tree on to the end of the trail. Long trails are read outside of any transaction.
    async fn carry_tree(&self, merchant: Uuid) -> Result<Frontier> {
        let mut races = 0;
        loop {
            let mut reads = self.store.reads().await?;
            let mut tree = reads.audit_tree(merchant).await?;
            let from = tree.size();
            let seq = i64::try_from(from).unwrap_or(i64::MAX);
            let hashes = reads.audit_hashes(merchant, seq, STEP).await?;
            drop(reads);
            if hashes.is_empty() {
                return Ok(tree);
            }
            for hash in &hashes {
                tree.push(hash);
            }
            let carried = tree.clone();
            let saved = self
                .store
                .write(move |tx| {
                    Box::pin(async move { tx.save_audit_tree(merchant, from, &carried).await })
                })
                .await;
            match saved {
                // somebody else was quicker; it goes on from where they came to
                Err(error) if error.raced && races < RACES => races += 1,
                Err(error) => return Err(error),
                Ok(()) if hashes.len() as i64 == STEP => {}
                Ok(()) => return Ok(tree),
            }
        }
    }

    /// The checkpoint of everything there is now; the same one again when nothing is new. None of a trail
    /// without entries.
    pub(crate) async fn make_checkpoint(
        self: &Arc<Self>,
        merchant: Uuid,
    ) -> Result<Option<SignedCheckpoint>> {
        let tree = self.carry_tree(merchant).await?;
        if tree.size() == 0 {
            return Ok(None);
        }
        let newest = newest(&mut *self.store.reads().await?, merchant).await?;
        let size = i64::try_from(tree.size()).unwrap_or(i64::MAX);
        if let Some(newest) = newest.filter(|one| one.size >= size) {
            return Ok(Some(newest));
        }
        let engine = Arc::clone(self);
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let key = match in_use(tx, merchant).await? {
                        Some(key) => key,
                        None => engine.new_audit_key(tx, merchant).await?,
                    };
                    let checkpoint = SignedCheckpoint {
                        merchant_id: merchant,
                        size,
                        key_id: key.id,
                        made_at: engine.now(),
                        note: Checkpoint::of(merchant, &tree).sign(&engine.seed_of(&key)?),
                    };
                    if tx.insert_audit_checkpoint(&checkpoint).await? {
                        return Ok(Some(checkpoint));
                    }
                    newest_of(tx, merchant).await
                })
            })
            .await
    }

    /// The trail is taken out: a checkpoint of all of it, and an entry that says so, which names the
    /// checkpoint so that one copy can be told from another. The entry itself comes after what is taken out.
    pub async fn begin_trail_export(self: &Arc<Self>, ctx: &Ctx) -> Result<TrailExport> {
        ctx.require(Action::ViewAudit)?;
        let merchant = ctx.merchant_id();
        self.make_checkpoint(merchant).await?;
        let export = self.trail_so_far(ctx).await?;
        let (at, head) = (ctx.clone(), export.head);
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.note(AuditNote {
                        merchant_id: merchant,
                        at: at.now(),
                        actor: at.actor_name(),
                        action: "audit.exported".to_owned(),
                        subject_kind: "merchant",
                        subject_id: merchant,
                        detail: json!({ "seq": head.seq, "hash": head.hash }),
                        trace_id: Some(at.trace_id().to_owned()),
                    });
                    Ok(())
                })
            })
            .await?;
        Ok(export)
    }

    /// How far the newest checkpoint goes, or all there is where there is none; changes nothing.
    pub async fn trail_so_far(&self, ctx: &Ctx) -> Result<TrailExport> {
        ctx.require(Action::ViewAudit)?;
        let (mut reads, merchant) = (self.store.reads().await?, ctx.merchant_id());
        let Some(newest) = newest(&mut *reads, merchant).await? else {
            let head = reads.audit_head(merchant).await?;
            return Ok(TrailExport {
                head: head.unwrap_or(Head::genesis(merchant)),
                note: None,
            });
        };
        let last = reads.audit_from(merchant, newest.size, 1).await?;
        let last = last
            .first()
            .ok_or_else(|| Error::internal("a checkpoint vouches for entries that are gone"))?;
        Ok(TrailExport {
            head: Head {
                merchant_id: merchant,
                seq: last.seq,
                hash: last.hash,
            },
            note: Some(newest.note),
        })
    }

    /// Job: what is new is signed, and whoever is to have it is sent it. Arms the next.
    pub(crate) async fn checkpoint_job(self: &Arc<Self>, job: &Job) -> Result<()> {
        let merchant = job.merchant_id;
        let made = self.make_checkpoint(merchant).await?;
        let (job, now) = (job.clone(), self.now());
        let next = self.audit_job(
            JobKind::AuditCheckpoint,
            merchant,
            merchant,
            CHECKPOINT_EVERY_MS,
        );
        let engine = Arc::clone(self);
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut jobs = vec![next];
                    let noted = now.plus_ms(-VIEW_NOTED_MS);
                    tx.forget_audit_views(merchant, noted).await?;
                    let size = made.map_or(0, |one| one.size);
                    for witness in tx.audit_witnesses(merchant).await? {
                        // one that does not answer is tried until it is given up; no second row of tries
                        if witness.wants(size, now) && !witness.is_being_tried {
                            jobs.push(engine.send_job(tx, witness).await?);
                        }
                    }
                    tx.enqueue(&jobs).await?;
                    if tx.finish_job(&job).await? {
                        Ok(())
                    } else {
                        Err(lost_lease())
                    }
                })
            })
            .await
    }

    pub(crate) fn audit_job(
        &self,
        kind: JobKind,
        merchant: Uuid,
        subject: Uuid,
        in_ms: i64,
    ) -> Job {
        let now = self.now();
        let run_at = now.plus_ms(in_ms);
        Job {
            id: self.ids.uuid(now),
            merchant_id: merchant,
            kind,
            subject_id: subject,
            arg: run_at.as_ms(),
            run_at,
            attempts: 0,
            fence: 0,
        }
    }
}

async fn in_use(tx: &mut (dyn Tx + '_), merchant: Uuid) -> Result<Option<AuditKey>> {
    let mut keys = tx.audit_keys(merchant).await?;
    keys.retain(|key| key.retired_at.is_none());
    Ok(keys.pop())
}

pub(crate) async fn newest(
    reads: &mut (dyn Reads + '_),
    merchant: Uuid,
) -> Result<Option<SignedCheckpoint>> {
    Ok(reads.audit_checkpoints(merchant, None, 1).await?.pop())
}

async fn newest_of(tx: &mut (dyn Tx + '_), merchant: Uuid) -> Result<Option<SignedCheckpoint>> {
    Ok(tx.audit_checkpoints(merchant, None, 1).await?.pop())
}
