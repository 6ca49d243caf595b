//! Bringing a version to merchants, one transaction each.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    agency::{Before, Edition, Outcome, Pending, Pin, Push, Reached, Reason, Template},
    flow::{Draft, Sheet, merge3::Take},
    role::OwnRole,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    no_template,
    plan::{Asked, MerchantPlan, PolicyPlan, Would},
    reason,
};
use crate::{
    agency::{AgencyCtx, require_still_admin},
    ctx::Ctx,
    engine::Engine,
    error::{Error, Kind, Result},
    flow_drafts::person,
    flow_publish::{Hands, of},
    port::StoreExt,
    rules,
    work::Work,
};

/// Whom to reach, and what was looked at.
#[derive(Clone, Debug, Default)]
pub struct PushInput {
    pub version: i64,
    /// With the version that was live there when whoever pushes looked.
    pub merchants: Vec<(Uuid, Option<i64>)>,
    /// Of which differences the template's side is taken.
    pub take: BTreeMap<Uuid, Take>,
    pub stage: Option<String>,
    pub why: String,
}

impl Engine {
    /// Brings a version to these merchants. What became of each is in the push; one that refuses keeps no
    /// other from it.
    pub async fn push_template(
        self: &Arc<Self>,
        at: &AgencyCtx,
        id: Uuid,
        input: PushInput,
    ) -> Result<Push> {
        at.require_admin()?;
        let why = reason("why", &input.why)?;
        if input.merchants.is_empty() {
            return Err(Error::invalid("merchants", "Choose at least one merchant."));
        }
        let mut merchants: Vec<Reached> = Vec::new();
        for (merchant, seen) in &input.merchants {
            at.merchant(*merchant)?;
            if merchants.iter().any(|one| one.merchant_id == *merchant) {
                continue;
            }
            merchants.push(Reached {
                merchant_id: *merchant,
                seen: *seen,
                take: input.take.get(merchant).cloned().unwrap_or_default(),
                before: Before::default(),
                outcome: Outcome::Waiting,
                back: None,
            });
        }
        let push = Push {
            id: self.uuid(),
            operator_id: at.operator.id,
            template_id: id,
            version: input.version,
            stage: input.stage.filter(|name| !name.trim().is_empty()),
            why,
            by: at.user.id,
            at: at.now,
            merchants,
            undone: None,
            rev: 1,
        };
        let (admin, row) = (at.clone(), push.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let at = admin;
                    require_still_admin(tx, &at).await?;
                    let template = tx.template(at.operator.id, id).await?;
                    let template = template.ok_or_else(no_template)?;
                    if template.retired_at.is_some() {
                        return Err(Error::conflict("This template is retired."));
                    }
                    let edition = tx.edition(at.operator.id, id, row.version).await?;
                    if edition.is_none() {
                        return Err(Error::not_found("version"));
                    }
                    tx.insert_push(&row).await?;
                    let ids: Vec<Uuid> = row.merchants.iter().map(|one| one.merchant_id).collect();
                    let detail = json!({
                        "template": template.name, "version": row.version, "stage": row.stage,
                        "merchants": ids, "why": row.why,
                    });
                    let subject = ("template_push", row.id);
                    tx.note(at.note(at.operator.id, "template.push_begun", subject, detail));
                    Ok(())
                })
            })
            .await?;
        self.go_on_with_push(at, push.id).await
    }

    /// Reaches everybody who waits still.
    pub async fn go_on_with_push(self: &Arc<Self>, at: &AgencyCtx, id: Uuid) -> Result<Push> {
        at.require_admin()?;
        let (_, push) = self.template_push(at, id).await?;
        let waiting = push.merchants.iter();
        let waiting = waiting.filter(|one| one.outcome == Outcome::Waiting);
        for merchant in waiting.map(|one| one.merchant_id).collect::<Vec<_>>() {
            let reached = match self.enter_one(at, merchant).await {
                Ok(ctx) => self.reach(at, id, ctx).await,
                Err(error) => Err(error),
            };
            match reached {
                Err(error) if matches!(error.kind, Kind::Internal | Kind::Unavailable) => {
                    return Err(error);
                }
                Err(error) => self.refuse(at, (id, merchant), error.sentence).await?,
                Ok(()) => {}
            }
        }
        Ok(self.template_push(at, id).await?.1)
    }

    /// As the same person, at one of the operator's merchants.
    pub(super) async fn enter_one(&self, at: &AgencyCtx, merchant: Uuid) -> Result<Ctx> {
        let one = at.merchant(merchant)?;
        self.enter(at.user.id, &one.slug, None).await
    }

    async fn reach(self: &Arc<Self>, at: &AgencyCtx, id: Uuid, ctx: Ctx) -> Result<()> {
        let (engine, at) = (Arc::clone(self), at.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    require_still_admin(tx, &at).await?;
                    let operator = at.operator.id;
                    let merchant = ctx.merchant_id();
                    let push = tx.push(operator, id).await?;
                    let mut push = push.ok_or_else(|| Error::not_found("push"))?;
                    let row = push.merchants.iter_mut();
                    let row = row
                        .filter(|one| one.merchant_id == merchant)
                        .find(|one| one.outcome == Outcome::Waiting);
                    let Some(row) = row else {
                        return Ok(());
                    };
                    let template = tx.template(operator, push.template_id).await?;
                    let template = template.ok_or_else(no_template)?;
                    let edition = tx.edition(operator, template.id, push.version).await?;
                    let edition = edition.ok_or_else(|| Error::not_found("version"))?;
                    tx.lock_publishing(merchant).await?;
                    tx.lock_cover(merchant).await?;
                    let mut work = of(&ctx, tx, engine).await?;
                    let pushed = Pushed {
                        template: &template,
                        edition: &edition,
                        id,
                        why: &push.why,
                    };
                    pushed.at(&ctx, &mut work, row).await?;
                    let detail = json!({
                        "template": template.name, "version": push.version, "push": id,
                        "outcome": row.outcome,
                    });
                    for chain in [merchant, operator] {
                        let subject = ("merchant", merchant);
                        let note = at.note(chain, "template.pushed", subject, detail.clone());
                        work.tx.note(note);
                    }
                    work.tx.save_push(&push).await
                })
            })
            .await
    }

    /// Says of a merchant that nothing was done there, and why.
    async fn refuse(
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
                        if row.merchant_id == merchant && row.outcome == Outcome::Waiting {
                            row.outcome = refused(&sentence);
                        }
                    }
                    let detail = json!({ "push": id, "refused": sentence });
                    let subject = ("merchant", merchant);
                    tx.note(at.note(at.operator.id, "template.pushed", subject, detail));
                    tx.save_push(&push).await
                })
            })
            .await
    }
}

pub(super) fn refused(sentence: &str) -> Outcome {
    Outcome::Refused {
        reasons: vec![Reason {
            sentence: sentence.to_owned(),
            section: None,
        }],
    }
}

struct Pushed<'a> {
    template: &'a Template,
    edition: &'a Edition,
    id: Uuid,
    why: &'a str,
}

impl Pushed<'_> {
    async fn at(&self, ctx: &Ctx, work: &mut Work<'_>, row: &mut Reached) -> Result<()> {
        let merchant = ctx.merchant_id();
        if ctx.may(domain::access::Action::ManagePeople) {
            self.add_roles(work).await?;
        }
        let (engine, rules) = (Arc::clone(&work.engine), Arc::clone(&work.rules));
        let asked = Asked {
            ctx,
            template: self.template,
            edition: self.edition,
            take: &row.take,
        };
        let plan = engine.plan_at(work.tx, &rules, &asked).await?;
        let key = self.template.flow_key.as_str();
        row.before = Before {
            live: plan.live,
            pin: work.tx.template_pin(merchant, key).await?,
            policy: None,
        };
        if plan.live != row.seen {
            let live = plan.live.map_or_else(
                || "Its flow went".to_owned(),
                |n| format!("Version {n} was published there"),
            );
            row.outcome = refused(&format!("{live} after you looked. Look again."));
            return Ok(());
        }
        if plan.would == Would::Refuse {
            row.outcome = Outcome::Refused {
                reasons: plan.reasons,
            };
            return Ok(());
        }
        if let (PolicyPlan::Publish(version), Some(need)) = (plan.policy, &self.edition.policy) {
            let versions = work.tx.policy_versions(merchant, &need.key).await?;
            let id = versions.first().map_or_else(|| work.uuid(), |was| was.id);
            let by = (work.now, work.actor.clone());
            let policy = need.at(id, merchant, version, by);
            work.publish_policy(&policy).await?;
            row.before.policy = Some(version);
        }
        let pin = Pin {
            merchant_id: merchant,
            flow_key: key.to_owned(),
            template_id: self.template.id,
            version: Some(self.edition.version),
            flow_version: plan.live,
            push_id: Some(self.id),
            pending: None,
            pinned_at: work.now,
        };
        row.outcome = match plan.would {
            Would::Publish(_) => {
                let sheet = sheet(work, &plan, key);
                let hands = Hands {
                    published_by: person(ctx),
                    approved_by: None,
                    note: self.note(),
                };
                let flow = work.publish_content(&sheet, hands).await?;
                let version = flow.version;
                let flow_version = Some(version);
                let pin = Pin {
                    flow_version,
                    ..pin
                };
                work.tx.put_template_pin(&pin).await?;
                Outcome::Published { version }
            }
            Would::Ask(_) => {
                let mut sheet = sheet(work, &plan, key);
                sheet.authors = person(ctx).into_iter().collect();
                let hash = ask(work, sheet, person(ctx), self.note()).await?;
                let pending = Some(Pending {
                    version: pin.version,
                    hash: hash.clone(),
                    push_id: pin.push_id,
                });
                // until somebody agrees, the merchant is where it was
                let was = row.before.pin.clone().unwrap_or(Pin {
                    version: None,
                    flow_version: None,
                    push_id: None,
                    ..pin
                });
                work.tx.put_template_pin(&Pin { pending, ..was }).await?;
                Outcome::Asked { hash }
            }
            Would::Same | Would::Refuse => {
                work.tx.put_template_pin(&pin).await?;
                Outcome::Same
            }
        };
        Ok(())
    }

    fn note(&self) -> String {
        let whole = format!(
            "Template “{}”, version {}: {}",
            self.template.name, self.edition.version, self.why
        );
        whole.chars().take(500).collect()
    }

    /// Roles that the template names and the merchant does not know yet. Nobody holds them: whoever
    /// pushes sees that, and gives them to somebody.
    async fn add_roles(&self, work: &mut Work<'_>) -> Result<()> {
        let mut added = false;
        for need in &self.edition.roles {
            if work.rules.own_roles.iter().any(|one| one.key == need.key) {
                continue;
            }
            let role = OwnRole {
                id: work.uuid(),
                merchant_id: work.merchant_id(),
                key: need.key.clone(),
                title: need.title.clone(),
            };
            work.tx.insert_own_role(&role).await?;
            let detail =
                json!({ "key": role.key, "title": role.title, "template": self.template.name });
            work.note("role.added", "role", role.id, detail);
            added = true;
        }
        if added {
            let merchant = work.merchant_id();
            work.rules = Arc::new(rules::load(&mut *work.tx, merchant).await?);
        }
        Ok(())
    }
}

fn sheet(work: &Work<'_>, plan: &MerchantPlan, key: &str) -> Sheet {
    on_top(
        work,
        (key, plan.live),
        Draft {
            merchant_id: work.merchant_id(),
            ..plan.draft.clone()
        },
    )
}

/// A sheet that goes on from this version.
pub(super) fn on_top(work: &Work<'_>, (key, live): (&str, Option<i64>), draft: Draft) -> Sheet {
    Sheet {
        merchant_id: work.merchant_id(),
        key: key.to_owned(),
        draft: Draft {
            id: work.uuid(),
            version: live.unwrap_or(0) + 1,
            published_at: work.now,
            published_by: None,
            approved_by: None,
            ..draft
        },
        base: live,
        authors: Vec::new(),
        edited_by: None,
        edited_at: work.now,
        request: None,
        rev: 1,
    }
}

/// Puts it on the drawing board and asks a second person about it; its hash.
pub(super) async fn ask(
    work: &mut Work<'_>,
    mut sheet: Sheet,
    by: Option<Uuid>,
    note: String,
) -> Result<String> {
    sheet.edited_by = by;
    if !work.tx.insert_flow_draft(&sheet).await? {
        return Err(Error::conflict(
            "There is a draft of this flow already; publish it or throw it away first.",
        ));
    }
    let detail: Value = json!({ "key": sheet.key, "base": sheet.base });
    work.note("flow.draft_begun", "flow_draft", sheet.draft.id, detail);
    Ok(work.ask_about(sheet, by, note).await?.hash())
}
