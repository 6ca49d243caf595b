//! Retiring an escalation policy: refused while a contract names it, who does is said, and another can take
//! its place in all of them at once. What is under way keeps the escalation it was stamped with.

use std::sync::Arc;

use domain::{
    access::{Action, Noun},
    escalation::Policy,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{changed_meanwhile, policies::IN_DRAFTS, work};
use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    flow_publish::refuse_alone,
    port::StoreExt,
    rules::Rules,
    work::Work,
};

/// Names versions, so that a form can send back what its page listed.
pub(crate) fn print_of(ids: impl IntoIterator<Item = Uuid>) -> String {
    let mut ids: Vec<Uuid> = ids.into_iter().collect();
    ids.sort();
    let lines: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    hex::encode(Sha256::digest(lines.join("\n")))
}

/// The page listed something else than what is there now.
pub(crate) fn listed_otherwise() -> Error {
    Error::conflict(
        "What names it is not what this page listed: look at it again. Nothing was changed.",
    )
}

impl Rules {
    /// Of the contracts that escalate by it; to be sent back with a form that changes them.
    pub fn policy_seen(&self, key: &str) -> String {
        let named = self
            .contracts
            .iter()
            .filter(|one| one.escalation.key == key);
        print_of(named.map(|one| one.id))
    }
}

impl Engine {
    /// Those that nothing new is stamped with, in their last version.
    pub async fn retired_policies(&self, ctx: &Ctx) -> Result<Vec<Policy>> {
        ctx.read(Noun::Person)?;
        let mut reads = self.store.reads().await?;
        let mut policies = reads.policies(ctx.merchant_id()).await?;
        policies.retain(|policy| policy.retired_at.is_some());
        Ok(policies)
    }

    /// Refused while a contract names it; `version` is of the one that the page showed.
    pub async fn retire_policy(
        self: &Arc<Self>,
        ctx: &Ctx,
        key: &str,
        version: i64,
    ) -> Result<Policy> {
        ctx.require(Action::ManagePeople)?;
        let key = key.to_owned();
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.lock_publishing(ctx.merchant_id()).await?;
                    let mut work = work(engine, &ctx, tx).await?;
                    let was = work.used_policy(&key)?;
                    if was.version != version {
                        return Err(changed_meanwhile("escalation policy"));
                    }
                    let named: Vec<String> = work
                        .rules
                        .contracts
                        .iter()
                        .filter(|one| one.escalation.key == key)
                        .map(|one| format!("“{}”", one.title))
                        .collect();
                    if !named.is_empty() {
                        let verb = if named.len() == 1 {
                            "escalates"
                        } else {
                            "escalate"
                        };
                        return Err(Error::conflict(format!(
                            "{} is still needed: {} {verb} by it. Replace it everywhere first.",
                            was.name,
                            named.join(" and ")
                        )));
                    }
                    let retired_at = Some(work.now);
                    work.next_policy(
                        &was,
                        Policy {
                            retired_at,
                            ..was.clone()
                        },
                    )
                    .await?;
                    Ok(was)
                })
            })
            .await
    }

    /// Takes a retired one back into use; everybody it names must still be there.
    pub async fn resume_policy(self: &Arc<Self>, ctx: &Ctx, key: &str) -> Result<Policy> {
        ctx.require(Action::ManagePeople)?;
        let key = key.to_owned();
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = work(engine, &ctx, tx).await?;
                    let versions = work.tx.policy_versions(ctx.merchant_id(), &key).await?;
                    let was = versions
                        .into_iter()
                        .next()
                        .ok_or_else(|| Error::not_found("escalation policy"))?;
                    if was.retired_at.is_none() {
                        return Err(Error::conflict("This policy is not retired."));
                    }
                    for step in &was.steps {
                        let calendar = step.only_within.as_deref();
                        if calendar.is_some_and(|key| work.rules.roster.calendar(key).is_none()) {
                            return Err(Error::conflict(
                                "It keeps to working hours that are not there any more: make a new policy.",
                            ));
                        }
                        if !work.rules.resolves(&step.target) {
                            return Err(Error::conflict(format!(
                                "It names {}, and nobody active answers for that: make a new policy.",
                                work.rules.spoken_name(&step.target)
                            )));
                        }
                    }
                    let retired_at = None;
                    work.next_policy(&was, Policy { retired_at, ..was.clone() }).await?;
                    Ok(was)
                })
            })
            .await
    }

    /// Every contract that escalates by it gets a next version that escalates by `by`; `seen` is the print of
    /// what the page listed. How many those were.
    pub async fn replace_policy(
        self: &Arc<Self>,
        ctx: &Ctx,
        key: &str,
        by: &str,
        seen: &str,
    ) -> Result<usize> {
        ctx.require(Action::Publish)?;
        let (key, by, seen) = (key.to_owned(), by.trim().to_owned(), seen.to_owned());
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.lock_publishing(ctx.merchant_id()).await?;
                    let mut work = work(engine, &ctx, tx).await?;
                    let was = work.used_policy(&key)?;
                    if work.rules.policy_seen(&key) != seen {
                        return Err(listed_otherwise());
                    }
                    let next = work
                        .rules
                        .policy(&by)
                        .filter(|policy| policy.key != key)
                        .cloned()
                        .ok_or_else(|| Error::invalid("by", "Choose another policy."))?;
                    let rules = Arc::clone(&work.rules);
                    let naming = rules
                        .contracts
                        .iter()
                        .filter(|one| one.escalation.key == key);
                    let mut count = 0;
                    for contract in naming {
                        refuse_alone(&mut *work.tx, ctx.merchant_id(), IN_DRAFTS).await?;
                        let mut changed = (**contract).clone();
                        changed.escalation = next.stamp();
                        let why = format!(
                            "Escalation replaced: {} took the place of {}",
                            next.name, was.name
                        );
                        work.next_contract(contract, changed, "by", &why).await?;
                        count += 1;
                    }
                    Ok(count)
                })
            })
            .await
    }
}

impl Work<'_> {
    fn used_policy(&self, key: &str) -> Result<Policy> {
        let found = self.rules.policy(key).cloned();
        found.ok_or_else(|| Error::not_found("escalation policy"))
    }
}
