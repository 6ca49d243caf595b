//! The audit trail as a whole: searched, checked where it stands, or written out to be checked elsewhere.
//!
//! Looking is noted, too: the trail says who read it and what they asked for. So that reading does not write
//! more than it reads, a question that the same person or token asked within the hour is not noted again, and
//! going on to the next page is the same question.

use domain::{
    access::{Action, Noun},
    audit::{AuditEntry, ChainFault, Checked, Head, note::SignedNote},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    checkpoint::verifier,
    ctx::{Actor, Ctx},
    engine::Engine,
    error::Result,
    port::{AuditFilter, AuditNote, StoreExt},
};

const PAGE: i64 = 1_000;
/// Looking again with the same question is not noted for so long.
pub(crate) const VIEW_NOTED_MS: i64 = 3_600_000;

/// A trail that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailProof {
    pub head: Head,
    /// How many signed checkpoints agree with it.
    pub checkpoints: usize,
    /// How many entries the largest of them vouches for.
    pub vouched: i64,
}

/// What about a trail does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrailFault {
    #[error(transparent)]
    Chain(#[from] ChainFault),
    #[error(
        "audit entry {size}: the checkpoint that vouches for the first {size} entries does not fit them: {why}"
    )]
    Checkpoint { size: i64, why: String },
}

impl TrailFault {
    /// The entry at which it shows.
    pub fn seq(&self) -> i64 {
        match self {
            Self::Chain(fault) => fault.seq,
            Self::Checkpoint { size, .. } => *size,
        }
    }
}

/// What was asked, without where the page begins.
fn question(filter: &AuditFilter) -> Value {
    let mut asked = serde_json::Map::new();
    let texts = [
        ("actor", &filter.actor),
        ("action", &filter.action),
        ("subject_kind", &filter.subject_kind),
        ("subject_id", &filter.subject_id),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            asked.insert(name.to_owned(), json!(text));
        }
    }
    for (name, time) in [("since", filter.since), ("until", filter.until)] {
        if let Some(time) = time {
            asked.insert(name.to_owned(), json!(time));
        }
    }
    Value::Object(asked)
}

impl Engine {
    /// A page of the trail, the newest first; that somebody looked is noted.
    pub async fn audit(&self, ctx: &Ctx, filter: &AuditFilter) -> Result<Vec<AuditEntry>> {
        ctx.read(Noun::Audit)?;
        let rows = self
            .store
            .reads()
            .await?
            .audit(ctx.merchant_id(), filter)
            .await?;
        self.note_look(ctx, question(filter)).await?;
        Ok(rows)
    }

    /// The number of the newest entry.
    pub async fn audit_length(&self, ctx: &Ctx) -> Result<i64> {
        ctx.read(Noun::Audit)?;
        let head = self
            .store
            .reads()
            .await?
            .audit_head(ctx.merchant_id())
            .await?;
        Ok(head.map_or(0, |head| head.seq))
    }

    async fn note_look(&self, ctx: &Ctx, asked: Value) -> Result<()> {
        if matches!(ctx.actor(), Actor::System) {
            return Ok(());
        }
        let question = hex::encode(Sha256::digest(asked.to_string()));
        let (viewer, merchant, now) = (ctx.actor_name(), ctx.merchant_id(), ctx.now());
        let note = AuditNote {
            merchant_id: merchant,
            at: now,
            actor: viewer.clone(),
            action: "audit.viewed".to_owned(),
            subject_kind: "merchant",
            subject_id: merchant,
            detail: json!({ "asked": asked }),
            trace_id: Some(ctx.trace_id().to_owned()),
        };
        let span = (now.plus_ms(-VIEW_NOTED_MS), now);
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    if tx
                        .note_audit_view(merchant, &viewer, &question, span)
                        .await?
                    {
                        tx.note(note);
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Entries in order, behind `after` and up to `until`: a piece of an export.
    pub async fn trail_page(&self, ctx: &Ctx, after: i64, until: i64) -> Result<Vec<AuditEntry>> {
        ctx.require(Action::ViewAudit)?;
        let mut page = self
            .store
            .reads()
            .await?
            .audit_from(ctx.merchant_id(), after + 1, PAGE)
            .await?;
        page.retain(|entry| entry.seq <= until);
        Ok(page)
    }

    /// Recomputes the trail of the caller's merchant; `Ok(Err(_))` names the first entry that does not fit.
    pub async fn check_trail(&self, ctx: &Ctx) -> Result<Result<TrailProof, TrailFault>> {
        ctx.require(Action::ViewAudit)?;
        self.note_look(ctx, json!({ "verified": true })).await?;
        self.verify_trail(ctx.merchant_id()).await
    }

    /// The same of any merchant, for whoever has the database.
    pub async fn verify_trail(&self, merchant: Uuid) -> Result<Result<TrailProof, TrailFault>> {
        let mut reads = self.store.reads().await?;
        // What speaks of the rest is read before it, since these reads are of no one moment: every checkpoint found
        // here was signed with a key that is found after it, and is of entries that are.
        let mut signed = Vec::new();
        loop {
            let before = signed.last().map(|one: &(i64, _)| one.0);
            let page = reads.audit_checkpoints(merchant, before, PAGE).await?;
            if page.is_empty() {
                break;
            }
            signed.extend(page.into_iter().map(|one| (one.size, one.note)));
        }
        let keys = reads.audit_keys(merchant).await?;
        let keys = keys.iter().map(verifier).collect::<Result<Vec<_>>>()?;
        // Entries written from here on come after the head and are left out.
        let head = reads.audit_head(merchant).await?;
        let head = head.unwrap_or(Head::genesis(merchant));
        let checkpoints = signed.len();
        let vouched = signed.first().map_or(0, |one| one.0);
        let mut checked = Checked::new(merchant);
        let mut seq = 0;
        while seq < head.seq {
            let page = reads.audit_from(merchant, seq + 1, PAGE).await?;
            if page.is_empty() {
                break;
            }
            for entry in page.into_iter().filter(|entry| entry.seq <= head.seq) {
                if let Err(fault) = checked.push(&entry) {
                    return Ok(Err(fault.into()));
                }
                seq = entry.seq;
                let here = signed.pop_if(|(size, _)| *size == seq);
                if let Some((size, note)) = here {
                    let fits = note
                        .parse::<SignedNote>()
                        .and_then(|note| note.verify(&keys).cloned())
                        .map_err(|why| why.to_string())
                        .and_then(|said| match said.root == checked.tree().root() {
                            true => Ok(()),
                            false => Err("the trail was rewritten".to_owned()),
                        });
                    if let Err(why) = fits {
                        return Ok(Err(TrailFault::Checkpoint { size, why }));
                    }
                }
            }
        }
        if let Err(fault) = checked.ends_in(head) {
            return Ok(Err(fault.into()));
        }
        if let Some((size, _)) = signed.pop() {
            let why = format!("there are only {} entries", head.seq);
            return Ok(Err(TrailFault::Checkpoint { size, why }));
        }
        Ok(Ok(TrailProof {
            head,
            checkpoints,
            vouched,
        }))
    }
}
