//! How far the caller sees, asked where something is read. For almost everybody that is everything of their
//! merchant; somebody of a party from outside gets exports, approvals and tasks that carry one of their
//! marks ([`domain::sight`]), and whatever else there is does not exist for them.

use domain::{export::Export, people::Membership, sight::Sight, task::Task};
use uuid::Uuid;

use crate::{
    bus::Change,
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    port::{ListFilter, Reads},
};

impl Engine {
    pub(crate) async fn sight(&self, ctx: &Ctx) -> Result<Sight> {
        if !ctx.is_outside() {
            return Ok(Sight::EVERYTHING);
        }
        Ok(ctx.sight(&*self.rules_of(ctx.merchant_id()).await?))
    }

    /// The filter of a list, narrowed to what the caller sees.
    pub(crate) async fn narrowed(&self, ctx: &Ctx, filter: &ListFilter) -> Result<ListFilter> {
        Ok(ListFilter {
            seen_by: self.sight(ctx).await?.held(),
            ..filter.clone()
        })
    }

    /// Whether this member may know that something changed.
    pub async fn is_told(&self, member: &Membership, change: &Change) -> Result<bool> {
        if !member.party.is_outside() {
            return Ok(true);
        }
        let rules = self.rules_of(change.merchant_id).await?;
        let sight = Sight::of(member, &rules.destinations, &rules.roster.rotations);
        let mut reads = self.store.reads().await?;
        see(
            &mut *reads,
            &sight,
            change.merchant_id,
            change.subject_kind,
            change.subject_id,
        )
        .await
    }
}

/// Whether something of this kind with this id is there to be seen.
pub(crate) async fn see(
    reads: &mut dyn Reads,
    sight: &Sight,
    merchant: Uuid,
    kind: &str,
    id: Uuid,
) -> Result<bool> {
    match kind {
        _ if sight.is_whole() => Ok(true),
        "export" => match reads.export(merchant, id).await? {
            Some(export) => sees_export(reads, sight, &export).await,
            None => Ok(false),
        },
        "approval" => {
            let found = reads.approval(merchant, id).await?;
            Ok(found.is_some_and(|one| sight.sees(&one.marks())))
        }
        "task" => {
            let found = reads.task(merchant, id).await?;
            Ok(found.is_some_and(|one| sight.sees(&one.marks())))
        }
        _ => Ok(false),
    }
}

/// An export is seen by whom it names and by whoever is asked to approve it.
pub(crate) async fn sees_export(
    reads: &mut dyn Reads,
    sight: &Sight,
    export: &Export,
) -> Result<bool> {
    if sight.sees(&export.marks()) {
        return Ok(true);
    }
    let asked = reads.approvals_of(export.merchant_id, export.id).await?;
    Ok(asked.iter().any(|one| sight.sees(&one.marks())))
}

/// The same, for a use-case that goes on only if it is.
pub(crate) async fn must_see_export(
    reads: &mut dyn Reads,
    sight: &Sight,
    export: &Export,
) -> Result<()> {
    if sight.is_whole() || sees_export(reads, sight, export).await? {
        Ok(())
    } else {
        Err(Error::not_found("export"))
    }
}

/// Without the way to other exports that a check found and whoever asked does not see.
pub(crate) async fn export_as_seen(
    reads: &mut dyn Reads,
    sight: &Sight,
    mut export: Export,
) -> Result<Export> {
    let merchant = export.merchant_id;
    for fault in export.qa.iter_mut().flat_map(|one| &mut one.faults) {
        if let Some(other) = fault.export
            && !see(reads, sight, merchant, "export", other).await?
        {
            fault.export = None;
        }
    }
    Ok(export)
}

/// The same of what a task names as evidence.
pub(crate) async fn task_as_seen(
    reads: &mut dyn Reads,
    sight: &Sight,
    mut task: Task,
) -> Result<Task> {
    let merchant = task.merchant_id;
    for one in &mut task.evidence {
        let Some((noun, id)) = &one.link else {
            continue;
        };
        let is_seen = match id.parse() {
            Ok(id) => see(reads, sight, merchant, noun, id).await?,
            Err(_) => sight.is_whole(),
        };
        if !is_seen {
            one.link = None;
        }
    }
    Ok(task)
}
