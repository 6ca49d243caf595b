//! Approving several at once: only what is alike, each by itself.
//!
//! Alike is what the same contract version asks of the same people, by the same rule, at the same step. Each is
//! named with the hash of the content that was shown, goes through the one gate on its own, and has an outcome of
//! its own; one that cannot be approved any more keeps none of the others back. Declining is not done in bulk:
//! a reason is about one thing.

use std::sync::Arc;

use domain::{
    access::Action,
    approval::{Approval, Decision},
    export::{Export, ExportState},
    owner::Owner,
};
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
};

/// More than this nobody looks at before pressing once.
pub const MOST_ALIKE: usize = 50;

/// What makes two approvals alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alike {
    pub contract_id: Uuid,
    pub contract_version: String,
    rule: Option<i64>,
    pub step: i64,
    pub of: i64,
    asked: Vec<Owner>,
    needs: i64,
    critical: bool,
}

impl Alike {
    pub fn of(approval: &Approval, export: &Export) -> Self {
        Self {
            contract_id: export.contract_id,
            contract_version: export.contract_version.clone(),
            rule: approval.rule,
            step: approval.step,
            of: approval.of,
            asked: approval.asked().cloned().collect(),
            needs: approval.needs,
            critical: approval.critical,
        }
    }
}

/// One of several, and what became of it.
#[derive(Debug)]
pub struct Approved {
    pub approval_id: Uuid,
    pub title: String,
    pub outcome: Result<ExportState>,
}

impl Engine {
    /// Approves each of these, by its id and the hash of what was shown. Refused as a whole, before anything is
    /// decided, when they are not alike.
    pub async fn approve_alike(
        self: &Arc<Self>,
        ctx: &Ctx,
        chosen: Vec<(Uuid, String)>,
    ) -> Result<Vec<Approved>> {
        ctx.require(Action::Decide)?;
        ctx.member()?;
        if chosen.is_empty() {
            return Err(Error::conflict("Choose at least one."));
        }
        if chosen.len() > MOST_ALIKE {
            return Err(Error::invalid(
                "chosen",
                format!("At most {MOST_ALIKE} at once."),
            ));
        }
        let mut shown: Vec<(Approval, Export, String)> = Vec::new();
        for (id, hash) in chosen {
            let approval = self.approval(ctx, id).await?;
            let mut reads = self.store.reads().await?;
            let export = reads.export(ctx.merchant_id(), approval.export_id).await?;
            let export = export.ok_or_else(|| Error::not_found("approval"))?;
            if !shown.iter().any(|(one, ..)| one.id == approval.id) {
                shown.push((approval, export, hash));
            }
        }
        let mut kinds = shown.iter().map(|(one, export, _)| Alike::of(one, export));
        let first = kinds.next();
        if kinds.any(|kind| Some(&kind) != first.as_ref()) {
            return Err(Error::invalid(
                "chosen",
                "These are not alike: one contract version, one rule and one step at a time.",
            ));
        }
        if shown.iter().any(|(one, ..)| one.critical) {
            ctx.require_fresh_proof()?;
        }
        let mut done = Vec::new();
        for (approval, export, seen_hash) in shown {
            let decision = Decision {
                approve: true,
                note: None,
                seen_hash,
                step: Some(approval.id),
            };
            done.push(Approved {
                approval_id: approval.id,
                title: export.title,
                outcome: self.decide(ctx, export.id, decision).await,
            });
        }
        Ok(done)
    }
}
