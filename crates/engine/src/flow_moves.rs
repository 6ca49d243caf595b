//! Putting running items on another version of their flow: looked at before, done batch by batch, and only by
//! a person's explicit choice. Whoever says nothing leaves every run where it began.
//!
//! The preview says of each version how many of its runs would go on in the other one, and of those that
//! would not, why. The move itself is a job that looks at every run again: what changed meanwhile is decided
//! by how it stands then. It survives restarts, can be watched, and can be cancelled; what was moved stays
//! moved.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    access::{Action, Noun},
    flow::{Flow, RunMove},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    flow_drafts::{flow_note, person},
    job::JobKind,
    port::{Reads, StoreExt},
    rules,
    work::Work,
};

/// Runs in one transaction.
const BATCH: usize = 50;
/// More than that are not looked at one by one for a preview.
const MOST_PREVIEWED: usize = 2_000;
/// Longest reason.
const LONGEST_WHY: usize = 500;

/// What moving would do with the runs of one version.
#[derive(Clone, Debug)]
pub struct MovePreview {
    pub from: Flow,
    pub running: i64,
    /// Of those that were looked at.
    pub fit: i64,
    /// Why others stay, and how many for each reason.
    pub stay: BTreeMap<String, i64>,
    /// How many were looked at; the rest is decided when it is done.
    pub looked_at: i64,
}

/// What would become of the runs that are on other versions of the flow, newest version first.
pub(crate) async fn previews(reads: &mut (dyn Reads + '_), to: &Flow) -> Result<Vec<MovePreview>> {
    let merchant = to.merchant_id;
    let mut previews = Vec::new();
    for (flow_id, running) in reads.open_run_counts(merchant, &to.key).await? {
        if flow_id == to.id {
            continue;
        }
        let Some(from) = reads.flow(merchant, flow_id).await? else {
            continue;
        };
        let mut preview = MovePreview {
            from,
            running,
            fit: 0,
            stay: BTreeMap::new(),
            looked_at: 0,
        };
        let ids = reads.open_runs_on(merchant, &to.key, flow_id).await?;
        for id in ids.into_iter().take(MOST_PREVIEWED) {
            let Some(run) = reads.run(merchant, id).await? else {
                continue;
            };
            preview.looked_at += 1;
            match run.fits(&preview.from, to) {
                Ok(()) => preview.fit += 1,
                Err(why) => *preview.stay.entry(why).or_default() += 1,
            }
        }
        previews.push(preview);
    }
    previews.sort_by_key(|one| std::cmp::Reverse(one.from.version));
    Ok(previews)
}

impl Engine {
    /// Runs under way by version number, newest version first.
    pub async fn open_runs_by_version(&self, ctx: &Ctx, key: &str) -> Result<Vec<(i64, i64)>> {
        ctx.read(Noun::Flow)?;
        let merchant = ctx.merchant_id();
        let mut reads = self.store.reads().await?;
        let counts = reads.open_run_counts(merchant, key).await?;
        let versions = reads.flow_versions(merchant, key).await?;
        Ok(versions
            .iter()
            .filter_map(|flow| {
                let (_, count) = counts.iter().find(|(id, _)| *id == flow.id)?;
                Some((flow.version, *count))
            })
            .collect())
    }

    /// What would become of every run that is under way on another version than this.
    pub async fn preview_move(&self, ctx: &Ctx, to: Uuid) -> Result<(Flow, Vec<MovePreview>)> {
        ctx.require(Action::PublishFlows)?;
        let merchant = ctx.merchant_id();
        let mut reads = self.store.reads().await?;
        let to = reads
            .flow(merchant, to)
            .await?
            .ok_or_else(|| Error::not_found("version"))?;
        let previews = previews(&mut *reads, &to).await?;
        Ok((to, previews))
    }

    /// Begins to move everything that runs on `from` to the version `to` of the same flow.
    pub async fn move_runs(
        self: &Arc<Self>,
        ctx: &Ctx,
        (from, to): (Uuid, Uuid),
        why: &str,
    ) -> Result<RunMove> {
        ctx.require(Action::PublishFlows)?;
        let why = why.trim().to_owned();
        if !(3..=LONGEST_WHY).contains(&why.chars().count()) {
            return Err(Error::invalid(
                "why",
                "Say in a sentence why, at most 500 characters.",
            ));
        }
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    tx.lock_publishing(merchant).await?;
                    let missing = || Error::not_found("version");
                    let (from, to) = (
                        tx.flow(merchant, from).await?.ok_or_else(missing)?,
                        tx.flow(merchant, to).await?.ok_or_else(missing)?,
                    );
                    if from.key != to.key || from.id == to.id {
                        return Err(Error::conflict(
                            "Runs move between two versions of one flow.",
                        ));
                    }
                    let moves = tx.run_moves(merchant, &to.key).await?;
                    if moves.iter().any(|one| !one.is_over()) {
                        return Err(Error::conflict(
                            "Runs of this flow are being moved already; wait until that is over, or cancel it.",
                        ));
                    }
                    let left = tx.open_runs_on(merchant, &to.key, from.id).await?;
                    let total = i64::try_from(left.len()).map_err(Error::internal)?;
                    if left.is_empty() {
                        return Err(Error::conflict("Nothing runs on that version any more."));
                    }
                    let one = RunMove {
                        id: engine.uuid(),
                        merchant_id: merchant,
                        flow_key: to.key.clone(),
                        to: to.id,
                        to_version: to.version,
                        why,
                        begun_by: person(&ctx),
                        begun_at: ctx.now(),
                        total,
                        moved: 0,
                        stayed: Vec::new(),
                        stayed_count: 0,
                        left,
                        cancelled_by: None,
                        ended_at: None,
                        rev: 1,
                    };
                    tx.insert_run_move(&one).await?;
                    let rules = Arc::new(rules::load(&mut *tx, merchant).await?);
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    let detail = json!({
                        "key": to.key, "from": from.version, "to": to.version, "runs": total, "why": one.why,
                    });
                    work.note("flow.move_begun", "flow", to.id, detail);
                    work.arm(JobKind::MoveRuns, one.id, ctx.now()).await?;
                    Ok(one)
                })
            })
            .await
    }

    /// The latest moves of a flow's runs, newest first.
    pub async fn run_moves(&self, ctx: &Ctx, key: &str) -> Result<Vec<RunMove>> {
        ctx.read(Noun::Flow)?;
        let mut reads = self.store.reads().await?;
        reads.run_moves(ctx.merchant_id(), key).await
    }

    /// What was not moved yet stays where it is.
    pub async fn cancel_move(&self, ctx: &Ctx, id: Uuid) -> Result<RunMove> {
        ctx.require(Action::PublishFlows)?;
        let ctx = ctx.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut one = tx
                        .run_move(ctx.merchant_id(), id)
                        .await?
                        .ok_or_else(|| Error::not_found("move"))?;
                    if one.is_over() {
                        return Err(Error::conflict("It is over already."));
                    }
                    one.cancelled_by = person(&ctx);
                    one.ended_at = Some(ctx.now());
                    let left = one.left.len();
                    one.left.clear();
                    tx.save_run_move(&one).await?;
                    let detail = json!({ "key": one.flow_key, "moved": one.moved, "left": left });
                    tx.note(flow_note(
                        &ctx,
                        "flow.move_cancelled",
                        ("flow", one.to),
                        detail,
                    ));
                    Ok(one)
                })
            })
            .await
    }
}

impl Work<'_> {
    /// The next batch of a move; the job is armed again while there is one.
    pub(crate) async fn move_batch(&mut self, id: Uuid) -> Result<()> {
        let merchant = self.merchant_id();
        let Some(mut one) = self.tx.run_move(merchant, id).await? else {
            return Ok(());
        };
        if one.is_over() {
            return Ok(());
        }
        let Some(to) = self.tx.flow(merchant, one.to).await? else {
            return Ok(());
        };
        let to = Arc::new(to);
        let rest = one.left.split_off(BATCH.min(one.left.len()));
        let batch = std::mem::replace(&mut one.left, rest);
        for run in batch {
            match self.move_run(run, &to).await? {
                None => one.moved += 1,
                Some(why) => one.stays(run, why),
            }
        }
        if one.left.is_empty() {
            one.ended_at = Some(self.now);
            let detail = json!({
                "key": one.flow_key, "to": one.to_version, "moved": one.moved, "stayed": one.stayed_count,
            });
            self.note("flow.move_ended", "flow", one.to, detail);
        } else {
            self.arm(JobKind::MoveRuns, id, self.now).await?;
        }
        self.tx.save_run_move(&one).await
    }
}
