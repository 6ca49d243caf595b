//! How long content is kept, and the job that takes out what is old enough.
//!
//! The job runs once a day at each merchant. A step of it is one transaction of at most [`ROWS`] things, with
//! its audit entry, what stays of each, and the next step in it: whoever is killed in between goes on where
//! the last step ended. What is removable is looked for outside of the transaction, where long lists keep
//! nobody waiting, and asked once more inside of it, behind the same lock that every legal hold takes.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Time,
    access::{Action, Noun},
    retention::{
        ContentKind, LegalHold, Lifted, Removal, Retention, RetentionRun, Tally, old_before,
        read_days, read_reason,
    },
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, FieldError, Result},
    job::{Job, JobKind},
    port::{AuditNote, ListFilter, StoreExt},
    sight::see,
    work::Work,
    worker::lost_lease,
};

pub const RETENTION_EVERY_MS: i64 = 24 * 3_600_000;
/// Things emptied in one transaction.
const ROWS: i64 = 200;
/// Orders that are looked through for one with the name that was typed.
const NAMESAKES: i64 = 50;

/// What is set, what it does next, and what holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct RetentionState {
    pub retention: Retention,
    /// What the next run would remove if it were now: how many, and the oldest of them.
    pub next: BTreeMap<ContentKind, (i64, Option<Time>)>,
    /// In force and lifted, newest first.
    pub holds: Vec<LegalHold>,
}

/// As it was typed; see [`read_days`].
pub type TypedDays = BTreeMap<ContentKind, String>;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HoldInput {
    /// The order's name or id; empty: the whole merchant.
    pub order: String,
    pub reason: String,
}

fn fault(field: &str, sentence: impl Into<String>) -> FieldError {
    FieldError {
        field: field.to_owned(),
        sentence: sentence.into(),
    }
}

impl Engine {
    pub async fn retention(&self, ctx: &Ctx) -> Result<RetentionState> {
        ctx.read(Noun::Settings)?;
        let (mut reads, merchant) = (self.store.reads().await?, ctx.merchant_id());
        let retention = reads.retention(merchant).await?;
        let mut next = BTreeMap::new();
        for (kind, days) in &retention.days {
            let until = old_before(ctx.now(), *days);
            let found = reads.removable_count(merchant, *kind, until).await?;
            next.insert(*kind, found);
        }
        Ok(RetentionState {
            next,
            holds: reads.legal_holds(merchant).await?,
            retention,
        })
    }

    /// The days of every kind at once; a kind that is not named is kept for ever. Keeping less than before takes a fresh
    /// proof: what is removed does not come back.
    pub async fn set_retention(&self, ctx: &Ctx, typed: TypedDays) -> Result<Retention> {
        ctx.require(Action::ManageMerchant)?;
        let (mut days, mut faults) = (BTreeMap::new(), Vec::new());
        for (kind, text) in &typed {
            match read_days(text) {
                Ok(Some(one)) => {
                    days.insert(*kind, one);
                }
                Ok(None) => {}
                Err(why) => faults.push(fault(kind.as_str(), why)),
            }
        }
        if !faults.is_empty() {
            return Err(Error::invalid_fields(faults));
        }
        let (at, merchant) = (ctx.clone(), ctx.merchant_id());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let before = tx.lock_retention(merchant).await?;
                    if before.days == days {
                        return Ok(before);
                    }
                    let is_shorter = |(kind, days): (&ContentKind, &i64)| {
                        before.days.get(kind).is_none_or(|was| days < was)
                    };
                    if days.iter().any(is_shorter) {
                        at.require_fresh_proof()?;
                    }
                    let detail = json!({ "from": before.days, "to": days });
                    let after = Retention { days, ..before };
                    tx.save_retention(&after).await?;
                    tx.note(said(&at, "retention.set", ("merchant", merchant), detail));
                    Ok(Retention {
                        rev: after.rev + 1,
                        ..after
                    })
                })
            })
            .await
    }

    /// From the answer on, nothing that it covers is removed.
    pub async fn place_hold(&self, ctx: &Ctx, input: HoldInput) -> Result<LegalHold> {
        ctx.require(Action::ManageMerchant)?;
        let mut faults = Vec::new();
        let reason = read_reason(&input.reason).map_err(|why| faults.push(fault("reason", why)));
        let order = self.order_to_hold(ctx, input.order.trim()).await?;
        let order = order.map_err(|why| faults.push(fault("order", why)));
        let (Ok(reason), Ok(order)) = (reason, order) else {
            return Err(Error::invalid_fields(faults));
        };
        let hold = LegalHold {
            id: self.uuid(),
            merchant_id: ctx.merchant_id(),
            order_id: order.as_ref().map(|(id, _)| *id),
            order_name: order.map(|(_, name)| name),
            reason,
            placed_at: ctx.now(),
            placed_by: ctx.actor_name(),
            lifted: None,
        };
        let (at, merchant) = (ctx.clone(), ctx.merchant_id());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.lock_retention(merchant).await?;
                    let mut all = tx.legal_holds(merchant).await?.into_iter();
                    if all.any(|one| one.in_force() && one.order_id == hold.order_id) {
                        let covers = hold.covers();
                        return Err(Error::conflict(format!(
                            "There is a legal hold on {covers} already."
                        )));
                    }
                    tx.insert_legal_hold(&hold).await?;
                    let detail = json!({
                        "order_id": hold.order_id,
                        "covers": hold.covers(),
                        "reason": hold.reason,
                    });
                    tx.note(said(
                        &at,
                        "legal_hold.placed",
                        ("legal_hold", hold.id),
                        detail,
                    ));
                    Ok(hold)
                })
            })
            .await
    }

    /// `None`: the whole merchant. The inner error is about what was typed.
    async fn order_to_hold(
        &self,
        ctx: &Ctx,
        typed: &str,
    ) -> Result<std::result::Result<Option<(Uuid, String)>, &'static str>> {
        if typed.is_empty() {
            return Ok(Ok(None));
        }
        let (mut reads, merchant) = (self.store.reads().await?, ctx.merchant_id());
        if let Ok(id) = typed.parse::<Uuid>() {
            let found = reads.order(merchant, id).await?;
            return Ok(found
                .map(|row| Some((row.id, row.order.name)))
                .ok_or("There is no order with this id here."));
        }
        let filter = ListFilter {
            query: Some(typed.to_lowercase()),
            limit: NAMESAKES,
            ..ListFilter::default()
        };
        let mut found = reads.orders(merchant, &filter).await?;
        found.retain(|row| row.order.name.trim_start_matches('#') == typed.trim_start_matches('#'));
        Ok(match (found.pop(), found.is_empty()) {
            (Some(row), true) => Ok(Some((row.id, row.order.name))),
            (Some(_), false) => {
                Err("Several orders are called that; write the id that stands on its page.")
            }
            (None, _) => Err("There is no order of this name here."),
        })
    }

    pub async fn lift_hold(&self, ctx: &Ctx, id: Uuid, reason: &str) -> Result<LegalHold> {
        ctx.require(Action::ManageMerchant)?;
        let reason =
            read_reason(reason).map_err(|why| Error::invalid_fields(vec![fault("reason", why)]))?;
        // what it kept may be removed by the next run
        ctx.require_fresh_proof()?;
        let (at, merchant) = (ctx.clone(), ctx.merchant_id());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.lock_retention(merchant).await?;
                    let mut hold = tx
                        .legal_hold(merchant, id)
                        .await?
                        .ok_or_else(|| Error::not_found("legal hold"))?;
                    if !hold.in_force() {
                        return Err(Error::conflict("This legal hold was lifted before."));
                    }
                    let detail = json!({ "covers": hold.covers(), "reason": reason });
                    hold.lifted = Some(Lifted {
                        at: at.now(),
                        by: at.actor_name(),
                        reason,
                    });
                    tx.lift_legal_hold(&hold).await?;
                    tx.note(said(
                        &at,
                        "legal_hold.lifted",
                        ("legal_hold", hold.id),
                        detail,
                    ));
                    Ok(hold)
                })
            })
            .await
    }

    /// What stays of the content of a receipt, an order or an export, if that was removed.
    pub async fn removal(&self, ctx: &Ctx, noun: Noun, id: Uuid) -> Result<Option<Removal>> {
        ctx.read(noun)?;
        let sight = self.sight(ctx).await?;
        let (mut reads, merchant) = (self.store.reads().await?, ctx.merchant_id());
        if noun == Noun::Export && !see(&mut *reads, &sight, merchant, noun.word(), id).await? {
            return Err(Error::not_found(noun.word()));
        }
        reads.removal(merchant, noun, id).await
    }

    /// The first run at a merchant, or the next.
    pub(crate) fn retention_job_in(&self, merchant: Uuid, in_ms: i64) -> Job {
        self.audit_job(JobKind::Retention, merchant, merchant, in_ms)
    }

    /// Job: one step of the day's run. Arms the next step, or the next day's.
    pub(crate) async fn retention_job(self: &Arc<Self>, job: &Job) -> Result<()> {
        let (merchant, now) = (job.merchant_id, self.now());
        let plan = self.retention_plan(merchant, now).await?;
        let rules = self.rules_of(merchant).await?;
        let (engine, job) = (Arc::clone(self), job.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::for_job(tx, Arc::clone(&engine), rules, now);
                    work.trace_id = engine.new_trace_id();
                    let mut retention = work.tx.lock_retention(merchant).await?;
                    let going = retention.run.take().filter(|run| run.ended_at.is_none());
                    let mut run = going.unwrap_or_else(|| RetentionRun::began(now));
                    if let Some((kind, from, until)) = plan {
                        // what was set meanwhile counts
                        let days = retention.days.get(&kind).copied();
                        let days = days.filter(|days| until <= old_before(now, *days));
                        if let Some(days) = days {
                            let span = (from, until);
                            let found = work.tx.removable(merchant, kind, span, ROWS).await?;
                            let tally = Rule { kind, days }.remove(&mut work, &found).await?;
                            let sum = run.removed.entry(kind).or_default();
                            sum.count += tally.count;
                            sum.bytes += tally.bytes;
                        }
                        run.reached.insert(kind, until.plus_ms(-1));
                    }
                    let pause = match plan {
                        Some(_) => 0,
                        None => {
                            run.ended_at = Some(now);
                            run.reached.clear();
                            RETENTION_EVERY_MS
                        }
                    };
                    retention.run = Some(run);
                    retention.next_at = Some(now.plus_ms(pause));
                    work.tx.save_retention(&retention).await?;
                    let next = engine.retention_job_in(merchant, pause);
                    work.tx.enqueue(&[next]).await?;
                    match work.tx.finish_job(&job).await? {
                        true => Ok(()),
                        false => Err(lost_lease()),
                    }
                })
            })
            .await
    }

    /// What the next step is about: a kind, and from when until when. `None`: nothing is left to remove.
    async fn retention_plan(
        &self,
        merchant: Uuid,
        now: Time,
    ) -> Result<Option<(ContentKind, Time, Time)>> {
        let mut reads = self.store.reads().await?;
        let retention = reads.retention(merchant).await?;
        let run = retention.run.filter(|run| run.ended_at.is_none());
        for (kind, days) in retention.days {
            let reached = run.as_ref().and_then(|run| run.reached.get(&kind));
            let from = reached.copied().unwrap_or(Time::from_ms(i64::MIN));
            let until = old_before(now, days);
            let found = reads.removable(merchant, kind, (from, until), ROWS).await?;
            if let (Some((first, _)), Some((last, _))) = (found.first(), found.last()) {
                return Ok(Some((kind, *first, last.plus_ms(1))));
            }
        }
        Ok(None)
    }
}

fn said(
    ctx: &Ctx,
    action: &str,
    (subject_kind, subject_id): (&'static str, Uuid),
    detail: serde_json::Value,
) -> AuditNote {
    AuditNote {
        merchant_id: ctx.merchant_id(),
        at: ctx.now(),
        actor: ctx.actor_name(),
        action: action.to_owned(),
        subject_kind,
        subject_id,
        detail,
        trace_id: Some(ctx.trace_id().to_owned()),
    }
}

/// Under which rule one step removes.
struct Rule {
    kind: ContentKind,
    days: i64,
}

impl Rule {
    async fn remove(&self, work: &mut Work<'_>, found: &[(Time, Uuid)]) -> Result<Tally> {
        let (Some((oldest, _)), Some((newest, _))) = (found.first(), found.last()) else {
            return Ok(Tally::default());
        };
        let merchant = work.merchant_id();
        let mut removals = Vec::with_capacity(found.len());
        for (_, id) in found {
            removals.extend(self.strip(work, *id).await?);
        }
        if self.kind.noun() == Noun::Receipt {
            let ids: Vec<Uuid> = removals.iter().map(|one| one.subject_id).collect();
            work.tx.strip_receipts(merchant, &ids).await?;
        }
        work.tx.insert_removals(&removals).await?;
        let tally = Tally {
            count: i64::try_from(removals.len()).unwrap_or(i64::MAX),
            bytes: removals.iter().map(|one| one.bytes).sum(),
        };
        let detail = json!({
            "kind": self.kind,
            "days": self.days,
            "before": old_before(work.now, self.days),
            "count": tally.count,
            "bytes": tally.bytes,
            "oldest": oldest,
            "newest": newest,
        });
        work.note("retention.removed", "merchant", merchant, detail);
        Ok(tally)
    }

    /// What stays of one thing. Bodies of receipts are emptied all at once afterwards.
    async fn strip(&self, work: &mut Work<'_>, id: Uuid) -> Result<Option<Removal>> {
        let size = match self.kind {
            ContentKind::Receipts => receipt_size(work, id).await?,
            ContentKind::Quarantined => {
                // there is nothing left that somebody could look into
                let why = "the content of its receipt was removed under a retention rule";
                work.cancel_tasks_about(id, why).await?;
                receipt_size(work, id).await?
            }
            ContentKind::Orders => strip_order(work, id).await?,
            ContentKind::Exports => strip_export(work, id).await?,
        };
        Ok(size.map(|(bytes, sha256)| Removal {
            merchant_id: work.merchant_id(),
            noun: self.kind.noun(),
            subject_id: id,
            at: work.now,
            days: self.days,
            bytes,
            sha256,
        }))
    }
}

/// Size and hash of what leaves; nothing of what is not there.
type Size = Option<(i64, String)>;

async fn receipt_size(work: &mut Work<'_>, id: Uuid) -> Result<Size> {
    let receipt = work.tx.receipt(work.rules.merchant.id, id).await?;
    Ok(receipt.map(|one| (one.body_bytes, one.body_sha256)))
}

async fn strip_export(work: &mut Work<'_>, id: Uuid) -> Result<Size> {
    let merchant = work.merchant_id();
    let Some(mut export) = work.tx.export(merchant, id).await? else {
        return Ok(None);
    };
    let wire = work.tx.export_wire(merchant, id).await?;
    let size = export.content_size(wire.as_deref());
    export.strip();
    let mut attempts = work.tx.attempts(merchant, id).await?;
    for attempt in &mut attempts {
        attempt.strip();
    }
    work.tx.strip_export(&export, &attempts).await?;
    Ok(Some(size))
}

async fn strip_order(work: &mut Work<'_>, id: Uuid) -> Result<Size> {
    let merchant = work.merchant_id();
    let Some(mut row) = work.tx.order(merchant, id).await? else {
        return Ok(None);
    };
    let size = row.order.personal_size();
    row.order.strip();
    work.tx.strip_order(&row).await?;
    Ok(Some(size))
}
