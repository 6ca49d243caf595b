//! Escalation policies: each change is a new version; what is under way keeps the one it was stamped with.

use std::{str::FromStr, sync::Arc};

use domain::{
    access::Action,
    escalation::Policy,
    owner::{EscalationStep, Owner},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{changed_meanwhile, fields, taken, work};
use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    flow_publish::refuse_alone,
    invitations::fault,
    port::StoreExt,
    work::Work,
};

const MINUTE_MS: i64 = 60_000;
/// What to do where a contract is not published alone.
pub(super) const IN_DRAFTS: &str =
    "name the policy in the contract’s draft, and ask somebody else to publish it";

/// One rung as a form gives it; one without a target is passed over.
#[derive(Clone, Debug, Default)]
pub struct RungInput {
    pub target: String,
    pub minutes: String,
    /// A calendar's key, or nothing.
    pub only_within: String,
}

#[derive(Clone, Debug, Default)]
pub struct PolicyInput {
    pub name: String,
    /// Of a new one; one that is there keeps its own.
    pub key: String,
    pub rungs: Vec<RungInput>,
    pub repeat: String,
    /// Minutes, or nothing for never.
    pub ack_expires: String,
}

impl PolicyInput {
    fn read(&self, was: Option<&Policy>, work: &Work<'_>) -> Result<Policy> {
        let mut faults = Vec::new();
        let mut steps = Vec::new();
        for (index, rung) in self.rungs.iter().enumerate() {
            if rung.target.trim().is_empty() {
                continue;
            }
            let field = format!("target[{index}]");
            let target = match Owner::from_str(rung.target.trim()) {
                Ok(owner) if work.rules.resolves(&owner) => owner,
                Ok(owner) => {
                    faults.push(fault(
                        &field,
                        format!("{} is nobody active here.", owner.title()),
                    ));
                    owner
                }
                Err(_) => {
                    faults.push(fault(&field, "Choose who has it on this rung."));
                    continue;
                }
            };
            let after_ms = rung.minutes.trim().parse::<i64>().unwrap_or_default() * MINUTE_MS;
            if !(MINUTE_MS..=domain::escalation::MAX_MS).contains(&after_ms) {
                faults.push(fault(
                    &format!("minutes[{index}]"),
                    "Give them from 1 minute to 30 days (43200 minutes).",
                ));
            }
            let only_within = Some(rung.only_within.trim())
                .filter(|key| !key.is_empty())
                .map(str::to_owned);
            if let Some(key) = &only_within
                && work.rules.roster.calendar(key).is_none()
            {
                let field = format!("within[{index}]");
                faults.push(fault(&field, "There is no such calendar here."));
            }
            steps.push(EscalationStep {
                after_ms,
                target,
                only_within,
            });
        }
        let ack_expires_ms = match self.ack_expires.trim() {
            "" => None,
            text => Some(text.parse::<i64>().unwrap_or_default() * MINUTE_MS),
        };
        let next = Policy {
            id: was.map_or_else(|| work.uuid(), |was| was.id),
            merchant_id: work.merchant_id(),
            key: was.map_or_else(|| self.key.trim().to_owned(), |was| was.key.clone()),
            name: self.name.trim().to_owned(),
            version: was.map_or(1, |was| was.version + 1),
            steps,
            repeat: match self.repeat.trim() {
                "" => 0,
                text => text.parse().unwrap_or(-1),
            },
            ack_expires_ms,
            published_at: work.now,
            published_by: work.actor.clone(),
            retired_at: None,
        };
        faults.extend(
            fields(next.faults())
                .into_iter()
                .filter(|one| !one.field.starts_with("minutes[")),
        );
        if faults.is_empty() {
            Ok(next)
        } else {
            Err(Error::invalid_fields(faults))
        }
    }
}

fn shown(policy: &Policy) -> Value {
    json!({
        "key": policy.key, "version": policy.version, "steps": policy.steps,
        "repeat": policy.repeat, "ack_expires_ms": policy.ack_expires_ms,
        "retired_at": policy.retired_at,
    })
}

impl Engine {
    pub async fn add_policy(self: &Arc<Self>, ctx: &Ctx, input: PolicyInput) -> Result<Policy> {
        ctx.require(Action::ManagePeople)?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = work(engine, &ctx, tx).await?;
                    let next = input.read(None, &work)?;
                    let merchant = work.merchant_id();
                    // a retired one keeps its key: what is under way still says it
                    if !work
                        .tx
                        .policy_versions(merchant, &next.key)
                        .await?
                        .is_empty()
                    {
                        return Err(taken(&next.key));
                    }
                    work.publish_policy(&next).await?;
                    Ok(next)
                })
            })
            .await
    }

    /// A new version; `version` is of the one that the form was made with.
    pub async fn change_policy(
        self: &Arc<Self>,
        ctx: &Ctx,
        key: &str,
        version: i64,
        input: PolicyInput,
    ) -> Result<Policy> {
        ctx.require(Action::ManagePeople)?;
        let key = key.to_owned();
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = work(engine, &ctx, tx).await?;
                    let was = work
                        .rules
                        .policy(&key)
                        .cloned()
                        .ok_or_else(|| Error::not_found("escalation policy"))?;
                    if was.version != version {
                        return Err(changed_meanwhile("escalation policy"));
                    }
                    let next = input.read(Some(&was), &work)?;
                    let is_same = Policy {
                        version: was.version,
                        published_at: was.published_at,
                        published_by: was.published_by.clone(),
                        ..next.clone()
                    } == was;
                    if is_same {
                        return Ok(was);
                    }
                    work.publish_policy(&next).await?;
                    Ok(next)
                })
            })
            .await
    }

    /// Every version, newest first.
    pub async fn policy_versions(&self, ctx: &Ctx, key: &str) -> Result<Vec<Policy>> {
        ctx.read(domain::access::Noun::Person)?;
        let mut reads = self.store.reads().await?;
        reads.policy_versions(ctx.merchant_id(), key).await
    }

    /// The contract's next version escalates by this policy; nothing that is under way changes.
    pub async fn use_policy(
        self: &Arc<Self>,
        ctx: &Ctx,
        key: &str,
        contract_id: Uuid,
    ) -> Result<()> {
        ctx.require(Action::Publish)?;
        let key = key.to_owned();
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.lock_publishing(ctx.merchant_id()).await?;
                    let mut work = work(engine, &ctx, tx).await?;
                    let policy = work
                        .rules
                        .policy(&key)
                        .cloned()
                        .ok_or_else(|| Error::not_found("escalation policy"))?;
                    let contract = work
                        .rules
                        .contracts
                        .iter()
                        .find(|one| one.id == contract_id)
                        .cloned()
                        .ok_or_else(|| {
                            Error::invalid("contract", "Choose one of the published contracts.")
                        })?;
                    if contract.escalation.key == policy.key {
                        return Ok(());
                    }
                    refuse_alone(&mut *work.tx, ctx.merchant_id(), IN_DRAFTS).await?;
                    let mut next = (*contract).clone();
                    next.escalation = policy.stamp();
                    let why = format!("Escalation replaced: it escalates by {}", policy.name);
                    work.next_contract(&contract, next, "contract", &why).await
                })
            })
            .await
    }
}

impl Work<'_> {
    pub(crate) async fn publish_policy(&mut self, policy: &Policy) -> Result<()> {
        self.tx.insert_policy(policy).await?;
        self.note("policy.published", "policy", policy.id, shown(policy));
        Ok(())
    }
}
