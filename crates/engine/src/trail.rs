//! The audit trail as a whole: checked where it stands, or written out to be checked elsewhere.

use domain::audit::{AuditEntry, ChainFault, Head, verify_chain};
use serde_json::json;
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    engine::Engine,
    error::Result,
    port::{AuditNote, StoreExt},
};

const PAGE: i64 = 1_000;

impl Engine {
    /// Every entry of the caller's merchant, in order, and the head they must end in.
    pub async fn export_trail(&self, ctx: &Ctx) -> Result<(Vec<AuditEntry>, Option<Head>)> {
        ctx.require(domain::access::Action::ViewAudit)?;
        self.trail(ctx.merchant_id()).await
    }

    /// Somebody took the trail out. The entry names the checkpoint they took with it, so that their
    /// copy can be told from another.
    pub async fn note_trail_exported(&self, ctx: &Ctx, head: Head) -> Result<()> {
        ctx.require(domain::access::Action::ViewAudit)?;
        let note = AuditNote {
            merchant_id: ctx.merchant_id(),
            at: ctx.now(),
            actor: ctx.actor_name(),
            action: "audit.exported".to_owned(),
            subject_kind: "merchant",
            subject_id: ctx.merchant_id(),
            detail: json!({ "seq": head.seq, "hash": head.hash }),
            trace_id: Some(ctx.trace_id().to_owned()),
        };
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.note(note);
                    Ok(())
                })
            })
            .await
    }

    async fn trail(&self, merchant_id: Uuid) -> Result<(Vec<AuditEntry>, Option<Head>)> {
        let mut reads = self.store.reads().await?;
        // The head first: entries written meanwhile come after it and are left out.
        let head = reads.audit_head(merchant_id).await?;
        let last = head.as_ref().map_or(0, |head| head.seq);
        let mut entries: Vec<AuditEntry> = Vec::new();
        loop {
            let from = entries.last().map_or(1, |entry| entry.seq + 1);
            let page = reads.audit_from(merchant_id, from, PAGE).await?;
            let full = i64::try_from(page.len()).unwrap_or(0) == PAGE;
            entries.extend(page.into_iter().filter(|entry| entry.seq <= last));
            if !full {
                return Ok((entries, head));
            }
        }
    }

    /// Recomputes one merchant's chain. `Ok(Err(_))` names the first entry that does not fit.
    pub async fn verify_trail(&self, merchant_id: Uuid) -> Result<Result<Head, ChainFault>> {
        let (entries, head) = self.trail(merchant_id).await?;
        Ok(verify_chain(merchant_id, entries, head))
    }
}
