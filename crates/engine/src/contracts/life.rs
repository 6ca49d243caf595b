//! How a contract ends: deprecated, with a date and what takes its place; then retired.
//!
//! A deprecated contract works as before. Everybody who answers for it is told, pages and the API say so, and on
//! its last day it is retired if nothing needs it any more; otherwise its owner is told who still does. Retiring is
//! refused while a published flow makes such exports or one of them is not at its end: the refusal names them.

use std::sync::Arc;

use domain::{
    Time,
    access::{Action, Noun},
    contract::{Contract, Standing, StandingState},
    export::{Export, ExportState},
    owner::Owner,
};
use serde_json::json;
use uuid::Uuid;

use super::drafts::live;
use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    flow_drafts::person,
    flow_needs::{Named, NeededBy, listed, needing},
    flow_publish::{of, reason},
    job::JobKind,
    port::{Reads, StoreExt},
    work::Work,
};

/// How many exports are looked at to find out whether any is under way.
const LOOK_AT: i64 = 500;
/// How many of them are named.
const MOST_NAMED: usize = 3;
/// The longest notice, in days.
const MOST_DAYS: i64 = 1_100;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What somebody says who deprecates a contract.
#[derive(Clone, Debug, Default)]
pub struct Deprecation {
    /// The last day: a date, or an instant.
    pub until: String,
    /// The export type that takes its place; empty: none does.
    pub replacement: String,
    pub why: String,
}

/// What keeps a contract from being retired.
#[derive(Clone, Debug, Default)]
pub struct ContractNeeds {
    pub flows: Vec<NeededBy>,
    /// Not at their end: first what has not left, and of each kind the oldest.
    pub exports: Vec<Export>,
}

impl ContractNeeds {
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty() && self.exports.is_empty()
    }

    /// "“Order to ship” (Hand to 3PL) makes such exports, and 2 of them are under way (Ship #1001, Ship #1002)".
    pub fn words(&self) -> String {
        let mut parts = Vec::new();
        if !self.flows.is_empty() {
            parts.push(format!("{} still makes such exports", listed(&self.flows)));
        }
        if !self.exports.is_empty() {
            let named: Vec<&str> = self
                .exports
                .iter()
                .take(MOST_NAMED)
                .map(|one| one.title.as_str())
                .collect();
            let many = self.exports.len();
            let verb = if many == 1 {
                "export is"
            } else {
                "exports are"
            };
            parts.push(format!(
                "{many} {verb} not at the end ({})",
                named.join(", ")
            ));
        }
        parts.join(", and ")
    }
}

async fn needs(
    reads: &mut (dyn Reads + '_),
    merchant: Uuid,
    export_type: &str,
) -> Result<ContractNeeds> {
    let flows = reads.flows(merchant).await?;
    let versions = reads.contract_versions(merchant, export_type).await?;
    let mut exports = reads
        .unsettled_exports(merchant, export_type, LOOK_AT)
        .await?;
    exports.retain(|export| {
        let contract = versions.iter().find(|one| one.id == export.contract_id);
        contract.is_none_or(|contract| is_under_way(export, contract))
    });
    Ok(ContractNeeds {
        flows: needing(&flows, &Named::Contract(export_type.to_owned())),
        exports,
    })
}

/// Something is still to come of it: an answer, a person's word, another try.
fn is_under_way(export: &Export, contract: &Contract) -> bool {
    match export.state {
        ExportState::Delivered => contract.ack.accepted_within_ms.is_some(),
        ExportState::Acknowledged => contract.ack.completed_within_ms.is_some(),
        state => !state.is_settled(),
    }
}

fn last_day(text: &str, now: Time) -> Result<Time> {
    let text = text.trim();
    let read = text
        .parse::<Time>()
        .or_else(|_| format!("{text}T23:59:59Z").parse::<Time>())
        .ok();
    // the last days that there are have no instant of their own
    if read.is_none() && text.parse::<jiff::civil::Date>().is_err() {
        return Err(Error::invalid("until", "Write a date, such as 2027-03-01."));
    }
    read.filter(|read| *read > now && read.since_ms(now) <= MOST_DAYS * DAY_MS)
        .ok_or_else(|| Error::invalid("until", "The last day lies ahead, and within three years."))
}

impl Engine {
    /// Of what is deprecated or retired.
    pub async fn contract_standings(&self, ctx: &Ctx) -> Result<Vec<Standing>> {
        ctx.read(Noun::Contract)?;
        let mut reads = self.store.reads().await?;
        reads.contract_standings(ctx.merchant_id()).await
    }

    /// What needs it: published flows, and exports that are not at their end.
    pub async fn contract_needs(&self, ctx: &Ctx, export_type: &str) -> Result<ContractNeeds> {
        ctx.read(Noun::Contract)?;
        let mut reads = self.store.reads().await?;
        needs(&mut *reads, ctx.merchant_id(), export_type).await
    }

    /// It works until its last day, and warns.
    pub async fn deprecate_contract(
        self: &Arc<Self>,
        ctx: &Ctx,
        export_type: &str,
        said: Deprecation,
    ) -> Result<Standing> {
        ctx.require(Action::Publish)?;
        let why = reason("why", &said.why)?;
        let until = last_day(&said.until, ctx.now())?;
        let (engine, ctx, export_type) = (Arc::clone(self), ctx.clone(), export_type.to_owned());
        let replacement = Some(said.replacement.trim().to_owned()).filter(|one| !one.is_empty());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.lock_publishing(ctx.merchant_id()).await?;
                    let mut work = of(&ctx, tx, engine).await?;
                    let contract = work.in_force(&export_type)?;
                    if let Some(other) = &replacement
                        && (*other == export_type || work.rules.contract(other).is_none())
                    {
                        return Err(Error::invalid(
                            "replacement",
                            format!("“{other}” is no other contract that is published here."),
                        ));
                    }
                    if let Some(other) = &replacement {
                        work.stays(other).await?;
                    }
                    let standing = Standing {
                        merchant_id: ctx.merchant_id(),
                        export_type: export_type.clone(),
                        state: StandingState::Deprecated,
                        since: ctx.now(),
                        by: person(&ctx),
                        why,
                        until: Some(until),
                        replacement,
                    };
                    work.tx.put_contract_standing(&standing).await?;
                    let detail = json!({
                        "export_type": export_type, "until": until, "why": standing.why,
                        "replacement": standing.replacement,
                    });
                    work.note("contract.deprecated", "contract", contract.id, detail);
                    work.arm(JobKind::ContractEnds, contract.id, until).await?;
                    let sentence = format!(
                        "The contract “{}” is {}: {}",
                        contract.title,
                        standing.words(),
                        standing.why
                    );
                    work.tell_of_contract(&contract, &sentence).await?;
                    Ok(standing)
                })
            })
            .await
    }

    /// It makes no exports any more. Refused while something needs it.
    pub async fn retire_contract(
        self: &Arc<Self>,
        ctx: &Ctx,
        export_type: &str,
        why: &str,
    ) -> Result<Standing> {
        ctx.require(Action::Publish)?;
        let why = reason("why", why)?;
        let (engine, ctx, export_type) = (Arc::clone(self), ctx.clone(), export_type.to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    tx.lock_publishing(merchant).await?;
                    let mut work = of(&ctx, tx, engine).await?;
                    let contract = work.in_force(&export_type)?;
                    let needs = needs(&mut *work.tx, merchant, &export_type).await?;
                    if !needs.is_empty() {
                        return Err(Error::conflict(format!(
                            "{}. Replace it there first, or let them come to their end.",
                            needs.words()
                        )));
                    }
                    work.retire(&contract, person(&ctx), why).await
                })
            })
            .await
    }

    /// Takes it back into use, or takes a deprecation back.
    pub async fn resume_contract(self: &Arc<Self>, ctx: &Ctx, export_type: &str) -> Result<()> {
        ctx.require(Action::Publish)?;
        let (engine, ctx, export_type) = (Arc::clone(self), ctx.clone(), export_type.to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    tx.lock_publishing(merchant).await?;
                    let standings = tx.contract_standings(merchant).await?;
                    let was = standings
                        .into_iter()
                        .find(|one| one.export_type == export_type)
                        .ok_or_else(|| Error::conflict("This contract is in force."))?;
                    tx.clear_contract_standing(merchant, &export_type).await?;
                    let contract = live(tx, merchant, &export_type).await?;
                    let contract = contract.ok_or_else(|| Error::not_found("contract"))?;
                    let mut work = of(&ctx, tx, engine).await?;
                    let faults = crate::publish::contract_faults(&contract, &work.rules);
                    if was.is_retired() && !faults.is_empty() {
                        return Err(Error::invalid_fields(faults));
                    }
                    let detail = json!({ "export_type": export_type, "was": was.state });
                    work.note("contract.resumed", "contract", contract.id, detail);
                    let now = work.now;
                    // until the first time since it was retired, the clock from before still runs
                    let times = contract.triggers.iter();
                    let times = times.filter_map(|one| one.next_after(was.since));
                    let is_armed = times.min().is_some_and(|at| at > now);
                    if was.is_retired() && !is_armed {
                        work.arm_schedule(&contract, now).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}

impl Work<'_> {
    fn in_force(&self, export_type: &str) -> Result<Arc<Contract>> {
        let contract = self.rules.contract(export_type).cloned();
        contract.ok_or_else(|| Error::not_found("contract"))
    }

    /// What ends itself takes nobody's place: two that name each other would leave nothing to go to.
    async fn stays(&mut self, export_type: &str) -> Result<()> {
        let merchant = self.merchant_id();
        let standings = self.tx.contract_standings(merchant).await?;
        let ends = standings.iter().find(|one| one.export_type == export_type);
        ends.map_or(Ok(()), |standing| {
            let sentence = format!("“{export_type}” is {} itself.", standing.words());
            Err(Error::invalid("replacement", sentence))
        })
    }

    async fn retire(
        &mut self,
        contract: &Contract,
        by: Option<Uuid>,
        why: String,
    ) -> Result<Standing> {
        let merchant = self.merchant_id();
        let before = self.tx.contract_standings(merchant).await?;
        let before = before
            .into_iter()
            .find(|one| one.export_type == contract.export_type);
        let standing = Standing {
            merchant_id: merchant,
            export_type: contract.export_type.clone(),
            state: StandingState::Retired,
            since: self.now,
            by,
            why,
            until: None,
            replacement: before.and_then(|one| one.replacement),
        };
        self.tx.put_contract_standing(&standing).await?;
        let detail = json!({
            "export_type": contract.export_type, "version": contract.version, "why": standing.why,
        });
        self.note("contract.retired", "contract", contract.id, detail);
        let sentence = format!(
            "The contract “{}” is retired: {}",
            contract.title, standing.why
        );
        self.tell_of_contract(contract, &sentence).await?;
        Ok(standing)
    }

    async fn tell_of_contract(&mut self, contract: &Contract, sentence: &str) -> Result<()> {
        let to: Vec<Owner> = [&contract.owner, &contract.backup]
            .into_iter()
            .chain(&contract.watchers)
            .cloned()
            .collect();
        self.tell(&to, ("contract", contract.id), sentence).await?;
        Ok(())
    }

    /// Job: the last day of a deprecated contract is over.
    pub async fn contract_ends(&mut self, id: Uuid, armed_for: Time) -> Result<()> {
        let merchant = self.merchant_id();
        let Some(named) = self.tx.contract(merchant, id).await? else {
            return Ok(());
        };
        let standings = self.tx.contract_standings(merchant).await?;
        let still = standings
            .into_iter()
            .find(|one| one.export_type == named.export_type)
            .filter(|one| !one.is_retired() && one.until == Some(armed_for));
        // it was put off, taken back, or is retired already
        let (Some(standing), Ok(contract)) = (still, self.in_force(&named.export_type)) else {
            return Ok(());
        };
        self.trace_id = self.engine.new_trace_id();
        let needs = needs(&mut *self.tx, merchant, &named.export_type).await?;
        if needs.is_empty() {
            self.retire(&contract, None, standing.why).await?;
            return Ok(());
        }
        let detail = json!({ "export_type": named.export_type, "needed": needs.words() });
        self.note("contract.overdue", "contract", contract.id, detail);
        let sentence = format!(
            "The contract “{}” should have ended: {}.",
            contract.title,
            needs.words()
        );
        self.tell_of_contract(&contract, &sentence).await
    }
}
