//! Taking a push back: every merchant gets what it had before, where nothing newer was published since.

use std::sync::Arc;

use domain::{
    agency::{Outcome, Pending, Pin, PolicyNeed, Push, Reached, Template, Undone},
    flow::Draft,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    no_template,
    pushing::{ask, on_top, refused},
};
use crate::{
    agency::{AgencyCtx, require_still_admin},
    ctx::Ctx,
    engine::Engine,
    error::{Error, Kind, Result},
    flow_drafts::person,
    flow_needs,
    flow_publish::{Hands, of},
    port::StoreExt,
    work::Work,
};

impl Engine {
    /// Undoes what a push did, merchant by merchant; what stays, says why.
    pub async fn undo_push(self: &Arc<Self>, at: &AgencyCtx, id: Uuid) -> Result<Push> {
        at.require_admin()?;
        let admin = at.clone();
        let push = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let at = admin;
                    require_still_admin(tx, &at).await?;
                    let push = tx.push(at.operator.id, id).await?;
                    let mut push = push.ok_or_else(|| Error::not_found("push"))?;
                    if !push.is_over() {
                        return Err(Error::conflict(
                            "Some merchants still wait for it. Go on with it first.",
                        ));
                    }
                    if push.undone.is_none() {
                        push.undone = Some(Undone {
                            by: at.user.id,
                            at: at.now,
                        });
                        tx.save_push(&push).await?;
                        let detail = json!({ "version": push.version });
                        let subject = ("template_push", id);
                        tx.note(at.note(at.operator.id, "template.push_undone", subject, detail));
                    }
                    Ok(push)
                })
            })
            .await?;
        let left = push.merchants.iter().filter(|one| {
            one.back.is_none() && !matches!(one.outcome, Outcome::Refused { .. } | Outcome::Waiting)
        });
        for merchant in left.map(|one| one.merchant_id).collect::<Vec<_>>() {
            let done = match self.enter_one(at, merchant).await {
                Ok(ctx) => self.bring_back(at, id, ctx).await,
                Err(error) => Err(error),
            };
            match done {
                Err(error) if matches!(error.kind, Kind::Internal | Kind::Unavailable) => {
                    return Err(error);
                }
                Err(error) => self.stays(at, (id, merchant), error.sentence).await?,
                Ok(()) => {}
            }
        }
        Ok(self.template_push(at, id).await?.1)
    }

    async fn bring_back(self: &Arc<Self>, at: &AgencyCtx, id: Uuid, ctx: Ctx) -> Result<()> {
        let (engine, at) = (Arc::clone(self), at.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    require_still_admin(tx, &at).await?;
                    let (operator, merchant) = (at.operator.id, ctx.merchant_id());
                    let push = tx.push(operator, id).await?;
                    let mut push = push.ok_or_else(|| Error::not_found("push"))?;
                    let template = tx.template(operator, push.template_id).await?;
                    let template = template.ok_or_else(no_template)?;
                    let edition = tx.edition(operator, template.id, push.version).await?;
                    let row = push.merchants.iter_mut();
                    let row = row
                        .filter(|one| one.merchant_id == merchant)
                        .find(|one| one.back.is_none());
                    let Some(row) = row else {
                        return Ok(());
                    };
                    tx.lock_publishing(merchant).await?;
                    tx.lock_cover(merchant).await?;
                    let mut work = of(&ctx, tx, engine).await?;
                    let back = Back {
                        ctx: &ctx,
                        template: &template,
                        push: id,
                    };
                    let outcome = back.flow(&mut work, row).await?;
                    if let (Some(policy), Some(version)) =
                        (edition.and_then(|one| one.policy), row.before.policy)
                    {
                        back.policy(&mut work, &policy, version).await?;
                    }
                    let detail = json!({
                        "template": template.name, "version": push.version, "push": id, "outcome": outcome,
                    });
                    row.back = Some(outcome);
                    for chain in [merchant, operator] {
                        let subject = ("merchant", merchant);
                        let note = at.note(chain, "template.push_undone", subject, detail.clone());
                        work.tx.note(note);
                    }
                    work.tx.save_push(&push).await
                })
            })
            .await
    }

    /// Says of a merchant that what was pushed stays, and why.
    async fn stays(
        self: &Arc<Self>,
        at: &AgencyCtx,
        (id, merchant): (Uuid, Uuid),
        sentence: String,
    ) -> Result<()> {
        let at = at.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    require_still_admin(tx, &at).await?;
                    let push = tx.push(at.operator.id, id).await?;
                    let mut push = push.ok_or_else(|| Error::not_found("push"))?;
                    for row in &mut push.merchants {
                        if row.merchant_id == merchant && row.back.is_none() {
                            row.back = Some(refused(&sentence));
                        }
                    }
                    let detail = json!({ "push": id, "stays": sentence });
                    let subject = ("merchant", merchant);
                    tx.note(at.note(at.operator.id, "template.push_undone", subject, detail));
                    tx.save_push(&push).await
                })
            })
            .await
    }
}

struct Back<'a> {
    ctx: &'a Ctx,
    template: &'a Template,
    push: Uuid,
}

impl Back<'_> {
    async fn flow(&self, work: &mut Work<'_>, row: &Reached) -> Result<Outcome> {
        let (merchant, key) = (work.merchant_id(), self.template.flow_key.as_str());
        let pin = work.tx.template_pin(merchant, key).await?;
        let pin = pin.filter(|pin| pin.template_id == self.template.id);
        let pushed = match &row.outcome {
            Outcome::Published { version } => Some(*version),
            Outcome::Asked { hash } => {
                let waits = pin.as_ref().and_then(|pin| pin.pending.as_ref());
                if waits.is_some_and(|one| one.push_id == Some(self.push)) {
                    return self.withdraw(work, row, hash).await;
                }
                // somebody has agreed
                let carried = pin.as_ref().filter(|pin| pin.push_id == Some(self.push));
                carried.and_then(|pin| pin.flow_version)
            }
            _ => None,
        };
        let Some(pushed) = pushed else {
            if pin.is_some_and(|pin| pin.push_id == Some(self.push)) {
                self.pin_back(work, row).await?;
                return Ok(Outcome::Same);
            }
            return Err(Error::conflict(
                "It was pinned to another version since; that stays.",
            ));
        };
        let versions = work.tx.flow_versions(merchant, key).await?;
        let live = versions.first().map(|flow| flow.version);
        if live != Some(pushed) {
            let now = live.unwrap_or_default();
            return Err(Error::conflict(format!(
                "Version {now} was published there since; it stays."
            )));
        }
        let Some(before) = row.before.live else {
            flow_needs::retire(work.tx, self.ctx, key).await?;
            self.pin_back(work, row).await?;
            return Ok(Outcome::Retired);
        };
        let old = versions
            .iter()
            .find(|flow| flow.version == before)
            .ok_or_else(|| Error::not_found("version"))?;
        let draft = Draft {
            merchant_id: merchant,
            ..old.to_draft()
        };
        let mut sheet = on_top(work, (key, live), draft);
        let note = format!(
            "Back to version {before}: “{}” was taken back",
            self.template.name
        );
        if work.tx.publishes_by_two(merchant).await? {
            self.ctx.require(domain::access::Action::DrawFlows)?;
            sheet.authors = person(self.ctx).into_iter().collect();
            let hash = ask(work, sheet, person(self.ctx), note).await?;
            let was = row.before.pin.as_ref();
            if let Some(pin) = pin {
                let pending = Some(Pending {
                    version: was.and_then(|one| one.version),
                    hash: hash.clone(),
                    push_id: was.and_then(|one| one.push_id),
                });
                work.tx.put_template_pin(&Pin { pending, ..pin }).await?;
            }
            return Ok(Outcome::Asked { hash });
        }
        self.ctx.require(domain::access::Action::PublishFlows)?;
        let hands = Hands {
            published_by: person(self.ctx),
            approved_by: None,
            note,
        };
        let flow = work.publish_content(&sheet, hands).await?;
        self.pin_back(work, row).await?;
        Ok(Outcome::Published {
            version: flow.version,
        })
    }

    /// Nobody has agreed yet: the question goes, with the draft that it was about.
    async fn withdraw(&self, work: &mut Work<'_>, row: &Reached, hash: &str) -> Result<Outcome> {
        let (merchant, key) = (work.merchant_id(), self.template.flow_key.as_str());
        self.pin_back(work, row).await?;
        if let Some(sheet) = work.tx.flow_draft(merchant, key).await?
            && sheet.hash() == hash
        {
            work.tx.delete_flow_draft(merchant, key, sheet.rev).await?;
            let detail = json!({ "key": key, "draft": sheet.draft });
            work.note("flow.draft_discarded", "flow_draft", sheet.draft.id, detail);
        }
        Ok(Outcome::Same)
    }

    async fn pin_back(&self, work: &mut Work<'_>, row: &Reached) -> Result<()> {
        match &row.before.pin {
            Some(pin) => work.tx.put_template_pin(pin).await,
            None => {
                let key = self.template.flow_key.as_str();
                work.tx
                    .delete_template_pin(work.rules.merchant.id, key)
                    .await
            }
        }
    }

    /// The policy as it was, if what the push published is still the newest. One that the push added stays:
    /// items that were stamped with it climb it.
    async fn policy(&self, work: &mut Work<'_>, need: &PolicyNeed, pushed: i64) -> Result<()> {
        let merchant = work.merchant_id();
        let versions = work.tx.policy_versions(merchant, &need.key).await?;
        let (Some(newest), Some(before)) = (
            versions.first().filter(|one| one.version == pushed),
            versions.iter().find(|one| one.version < pushed),
        ) else {
            return Ok(());
        };
        self.ctx.require(domain::access::Action::ManagePeople)?;
        let by = (work.now, work.actor.clone());
        let policy = PolicyNeed::of(before).at(newest.id, merchant, pushed + 1, by);
        work.publish_policy(&policy).await
    }
}
