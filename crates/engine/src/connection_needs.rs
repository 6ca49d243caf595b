//! What needs a connection, asked before one is switched off or retired.
//!
//! A flow needs it when it could not be published without: the readiness rules are asked twice, with the
//! connection and without, and what they say only the second time is what would break. A contract needs the
//! destination it sends to. Both are named, and another connection can take its place in all of them at
//! once, as new versions through the gate, or in none.

use std::sync::Arc;

use domain::{
    Time,
    access::{Action, Noun},
    flow::{Draft, readiness::readiness},
};
use uuid::Uuid;

use crate::{
    cover::{listed_otherwise, print_of},
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    flow_drafts::person,
    flow_needs::{Named, NeededBy, going_to, listed},
    flow_publish::{of, refuse_alone},
    port::{StoreExt, Tx},
    rules::{self, Rules},
};

/// What to do where contracts and flows are not published alone.
const IN_DRAFTS: &str = "name the other destination in the drafts of the contracts and flows that send to this one, and ask somebody else to publish them";

/// What would break without a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionNeeds {
    /// Published contracts that send there: id and title.
    pub contracts: Vec<(Uuid, String)>,
    /// Published flows that could not be published without it.
    pub flows: Vec<NeededBy>,
    /// Of the list, to be sent back with the form.
    pub seen: String,
}

impl ConnectionNeeds {
    pub fn is_empty(&self) -> bool {
        self.contracts.is_empty() && self.flows.is_empty()
    }
}

/// What took another's place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replaced {
    pub contracts: usize,
    pub flows: usize,
}

/// The same rules, and this connection not in use.
fn without(rules: &Rules, id: Uuid, now: Time) -> Rules {
    let mut rules = rules.clone();
    for one in &mut rules.sources {
        if one.id == id {
            one.disabled_at = Some(now);
        }
    }
    for one in &mut rules.destinations {
        if one.id == id {
            one.retired_at = Some(now);
        }
    }
    rules
}

impl Engine {
    /// Flows that would not be ready any more, with the steps that say so.
    fn broken(&self, rules: &Rules, id: Uuid, now: Time) -> Vec<NeededBy> {
        let before = self.surroundings_of(rules, now);
        let after = self.surroundings_of(&without(rules, id, now), now);
        let mut needing = Vec::new();
        for flow in &rules.flows {
            let draft = flow.to_draft();
            let known = readiness(&draft, &before);
            let mut steps: Vec<String> = Vec::new();
            for fault in readiness(&draft, &after) {
                // a person may also work in a system that is not connected; what starts a flow has to come
                if known.contains(&fault) || !(fault.blocks() || fault.step.is_none()) {
                    continue;
                }
                let step = fault.step.as_deref().and_then(|key| draft.step(key));
                let title =
                    step.map_or_else(|| "what starts it".to_owned(), |one| one.title.clone());
                if !steps.contains(&title) {
                    steps.push(title);
                }
            }
            if !steps.is_empty() {
                needing.push(NeededBy {
                    flow_id: flow.id,
                    key: flow.key.clone(),
                    name: flow.name.clone(),
                    version: flow.version,
                    steps,
                });
            }
        }
        needing
    }

    fn needs(&self, rules: &Rules, id: Uuid, now: Time) -> ConnectionNeeds {
        let key = rules.destinations.iter().find(|one| one.id == id);
        let contracts: Vec<(Uuid, String)> = rules
            .contracts
            .iter()
            .filter(|contract| key.is_some_and(|one| contract.sends_to(&one.key)))
            .map(|contract| (contract.id, contract.title.clone()))
            .collect();
        let flows = self.broken(rules, id, now);
        let ids = contracts.iter().map(|(id, _)| *id);
        let seen = print_of(ids.chain(flows.iter().map(|flow| flow.flow_id)));
        ConnectionNeeds {
            contracts,
            flows,
            seen,
        }
    }

    /// What needs this source or destination.
    pub async fn connection_needs(&self, ctx: &Ctx, id: Uuid) -> Result<ConnectionNeeds> {
        ctx.read(Noun::Connection)?;
        let mut reads = self.store.reads().await?;
        let rules = rules::load(&mut *reads, ctx.merchant_id()).await?;
        Ok(self.needs(&rules, id, ctx.now()))
    }

    /// Nothing published needs it, or who does is said. Nobody publishes meanwhile.
    pub(crate) async fn refuse_while_needed(
        &self,
        tx: &mut dyn Tx,
        ctx: &Ctx,
        id: Uuid,
    ) -> Result<()> {
        tx.lock_publishing(ctx.merchant_id()).await?;
        let rules = rules::load(tx, ctx.merchant_id()).await?;
        let needs = self.needs(&rules, id, ctx.now());
        if needs.is_empty() {
            return Ok(());
        }
        let titles: Vec<String> = needs
            .contracts
            .iter()
            .map(|(_, title)| format!("“{title}”"))
            .collect();
        let mut why = Vec::new();
        if !titles.is_empty() {
            why.push(format!("{} still sends there", titles.join(" and ")));
        }
        if !needs.flows.is_empty() {
            why.push(format!(
                "{} would not work without it",
                listed(&needs.flows)
            ));
        }
        Err(Error::conflict(format!(
            "{}. Replace it everywhere first; nothing was changed.",
            why.join("; ")
        )))
    }

    /// Every published contract that sends to this destination gets a next version that sends to `by`; flows
    /// that say where things go follow. `seen` is the print of what the page listed.
    pub async fn replace_destination(
        self: &Arc<Self>,
        ctx: &Ctx,
        id: Uuid,
        by: &str,
        seen: &str,
    ) -> Result<Replaced> {
        ctx.require(Action::Publish)?;
        ctx.require(Action::PublishFlows)?;
        let (by, seen) = (by.trim().to_owned(), seen.to_owned());
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    tx.lock_publishing(merchant).await?;
                    let mut work = of(&ctx, tx, Arc::clone(&engine)).await?;
                    let rules = Arc::clone(&work.rules);
                    let all = &rules.destinations;
                    let old = all
                        .iter()
                        .find(|one| one.id == id)
                        .ok_or_else(|| Error::not_found("destination"))?;
                    if engine.needs(&rules, id, ctx.now()).seen != seen {
                        return Err(listed_otherwise());
                    }
                    let new = all
                        .iter()
                        .find(|one| one.key == by && one.id != id && one.retired_at.is_none())
                        .ok_or_else(|| {
                            Error::invalid("by", "Choose a destination that is in use.")
                        })?;
                    let why = format!(
                        "Destination replaced: {} takes the place of {}",
                        new.name, old.name
                    );
                    let mut types = Vec::new();
                    for was in rules.contracts.iter().filter(|one| one.sends_to(&old.key)) {
                        refuse_alone(&mut *work.tx, merchant, IN_DRAFTS).await?;
                        let next = (**was).clone().with_destination(&old.key, &new.key);
                        types.push((was.export_type.clone(), rules.system_names(&next)));
                        work.next_contract(was, next, "by", &why).await?;
                    }
                    work.reload().await?;
                    let others = without(&rules, id, ctx.now());
                    let is_gone = engine
                        .surroundings_of(&others, ctx.now())
                        .system(&old.system)
                        .is_none();
                    let (count, was, is) = (types.len(), old.system.clone(), new.system.clone());
                    let change = move |draft: Draft| {
                        let draft = types
                            .iter()
                            .fold(draft, |draft, (one, systems)| going_to(draft, one, systems));
                        if is_gone {
                            Named::System(was.clone()).replaced(draft, &is)
                        } else {
                            draft
                        }
                    };
                    let mut flows = 0;
                    for flow in &rules.flows {
                        if change(flow.to_draft()) == flow.to_draft() {
                            continue;
                        }
                        refuse_alone(&mut *work.tx, merchant, IN_DRAFTS).await?;
                        work.rewrite_flow(flow, person(&ctx), &why, &change).await?;
                        flows += 1;
                    }
                    Ok(Replaced {
                        contracts: count,
                        flows,
                    })
                })
            })
            .await
    }
}
