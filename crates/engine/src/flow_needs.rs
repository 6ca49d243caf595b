//! What flows need of each other, and retiring them: nothing that a published flow needs goes away.
//!
//! A retired flow starts nothing any more; what runs on it goes on, and its versions stay. It is refused
//! while another flow runs it. Whoever wants it gone replaces it everywhere at once: every flow that names
//! it gets a next version that names another, all of them through the gate, or none.

use std::sync::Arc;

use domain::{
    Time,
    access::{Action, Noun},
    flow::{Draft, Flow, Sheet, StepKind, Undo},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    flow_drafts::{flow_note, person},
    flow_publish::{Hands, of},
    port::{StoreExt, Tx},
    work::Work,
};

/// Something that steps name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A contract, by its export type.
    Contract(String),
    /// A flow, by its key.
    Flow(String),
    /// A system that is connected: where things come from, or where people carry them.
    System(String),
}

impl Named {
    fn word(&self) -> &str {
        match self {
            Self::Contract(word) | Self::Flow(word) | Self::System(word) => word,
        }
    }

    /// The titles of the steps that name it.
    pub fn steps_of(&self, draft: &Draft) -> Vec<String> {
        let names =
            |step: &domain::flow::Step<Option<domain::owner::Owner>>| match (self, &step.kind) {
                (Self::Contract(word), StepKind::EmitExport { export_type, .. }) => {
                    word == export_type
                }
                (Self::Flow(word), StepKind::SubFlow { flow }) => word == flow,
                // where an export goes is its contract's business
                (Self::System(word), StepKind::EmitExport { .. }) => *word == step.source_system,
                (Self::System(word), _) => {
                    *word == step.source_system || *word == step.destination_system
                }
                _ => false,
            };
        let undoes =
            |step: &domain::flow::Step<Option<domain::owner::Owner>>| match (self, &step.undo) {
                (Self::Contract(word), Some(Undo::Export { export_type })) => word == export_type,
                _ => false,
            };
        draft
            .steps
            .iter()
            .filter(|step| names(step) || undoes(step))
            .map(|step| step.title.clone())
            .collect()
    }

    /// The same draft, naming another.
    pub(crate) fn replaced(&self, mut draft: Draft, by: &str) -> Draft {
        for step in &mut draft.steps {
            if let Self::System(word) = self {
                if step.source_system == *word {
                    by.clone_into(&mut step.source_system);
                }
                let goes_out = matches!(step.kind, StepKind::EmitExport { .. });
                if !goes_out && step.destination_system == *word {
                    by.clone_into(&mut step.destination_system);
                }
            }
            match (self, &mut step.kind) {
                (Self::Contract(word), StepKind::EmitExport { export_type, .. })
                    if word == export_type =>
                {
                    by.clone_into(export_type);
                }
                (Self::Flow(word), StepKind::SubFlow { flow }) if word == flow => {
                    by.clone_into(flow)
                }
                _ => {}
            }
            if let (Self::Contract(word), Some(Undo::Export { export_type })) =
                (self, &mut step.undo)
                && word == export_type
            {
                by.clone_into(export_type);
            }
        }
        draft
    }
}

/// A published flow that names something, and the steps in which it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeededBy {
    pub flow_id: Uuid,
    pub key: String,
    pub name: String,
    pub version: i64,
    pub steps: Vec<String>,
}

pub(crate) fn needing(flows: &[Flow], what: &Named) -> Vec<NeededBy> {
    flows
        .iter()
        .filter_map(|flow| {
            let steps = what.steps_of(&flow.to_draft());
            (!steps.is_empty()).then(|| NeededBy {
                flow_id: flow.id,
                key: flow.key.clone(),
                name: flow.name.clone(),
                version: flow.version,
                steps,
            })
        })
        .collect()
}

/// "“Returns” (Refund) and “Restock” (Count, Order)".
pub(crate) fn listed(needing: &[NeededBy]) -> String {
    let named: Vec<String> = needing
        .iter()
        .map(|one| format!("“{}” ({})", one.name, one.steps.join(", ")))
        .collect();
    named.join(" and ")
}

pub(crate) async fn retire(tx: &mut (dyn Tx + '_), ctx: &Ctx, key: &str) -> Result<()> {
    let merchant = ctx.merchant_id();
    tx.lock_publishing(merchant).await?;
    let flows = tx.flows(merchant).await?;
    let flow = flows
        .iter()
        .find(|flow| flow.key == key)
        .ok_or_else(|| Error::not_found("flow"))?;
    let needing = needing(&flows, &Named::Flow(key.to_owned()));
    if !needing.is_empty() {
        return Err(Error::conflict(format!(
            "{} still runs it. Replace it there first.",
            listed(&needing)
        )));
    }
    tx.retire_flow(merchant, key, ctx.now(), person(ctx))
        .await?;
    let detail = json!({ "key": key, "version": flow.version });
    tx.note(flow_note(ctx, "flow.retired", ("flow", flow.id), detail));
    Ok(())
}

impl Engine {
    /// The published flows that name it.
    pub async fn needed_by(&self, ctx: &Ctx, what: &Named) -> Result<Vec<NeededBy>> {
        ctx.read(Noun::Flow)?;
        let flows = self.store.reads().await?.flows(ctx.merchant_id()).await?;
        Ok(needing(&flows, what))
    }

    /// Keys of the flows that start nothing any more, and since when.
    pub async fn retired_flows(&self, ctx: &Ctx) -> Result<Vec<(String, Time)>> {
        ctx.read(Noun::Flow)?;
        let mut reads = self.store.reads().await?;
        reads.retired_flows(ctx.merchant_id()).await
    }

    /// It starts nothing any more. Refused while another flow runs it.
    pub async fn retire_flow(&self, ctx: &Ctx, key: &str) -> Result<()> {
        ctx.require(Action::PublishFlows)?;
        let (ctx, key) = (ctx.clone(), key.to_owned());
        self.store
            .write(move |tx| Box::pin(async move { retire(tx, &ctx, &key).await }))
            .await
    }

    /// Takes a retired flow back into use; everything it needs must still be there.
    pub async fn resume_flow(self: &Arc<Self>, ctx: &Ctx, key: &str) -> Result<()> {
        ctx.require(Action::PublishFlows)?;
        let (engine, ctx, key) = (Arc::clone(self), ctx.clone(), key.to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    tx.lock_publishing(merchant).await?;
                    if !tx.resume_flow(merchant, &key).await? {
                        return Err(Error::conflict("This flow is not retired."));
                    }
                    let versions = tx.flow_versions(merchant, &key).await?;
                    let flow = versions.first().ok_or_else(|| Error::not_found("flow"))?;
                    let mut work = of(&ctx, tx, engine).await?;
                    work.gate(&flow.to_draft())?;
                    let detail = json!({ "key": key, "version": flow.version });
                    work.note("flow.resumed", "flow", flow.id, detail);
                    Ok(())
                })
            })
            .await
    }

    /// Every published flow that names it gets a next version that names `by` instead; drafts of these flows
    /// follow. All of them pass the gate, or nothing happens. The new versions.
    pub async fn replace_in_flows(
        self: &Arc<Self>,
        ctx: &Ctx,
        what: Named,
        by: &str,
    ) -> Result<Vec<Flow>> {
        ctx.require(Action::PublishFlows)?;
        let (engine, ctx, by) = (Arc::clone(self), ctx.clone(), by.trim().to_owned());
        if by.is_empty() || by == what.word() {
            return Err(Error::invalid(
                "by",
                "Choose another one to take its place.",
            ));
        }
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    tx.lock_publishing(merchant).await?;
                    if tx.publishes_by_two(merchant).await? {
                        return Err(Error::conflict(
                            "Publishing takes two people here: replace it in each flow’s draft, and ask.",
                        ));
                    }
                    let flows = tx.flows(merchant).await?;
                    let mut work = of(&ctx, tx, engine).await?;
                    let to = work.destination_systems(&what, &by);
                    let note = format!("{} takes the place of {}", by, what.word());
                    let change = move |draft: Draft| {
                        let named = what.clone();
                        going_to(named.replaced(draft, &by), &by, &to)
                    };
                    let mut published = Vec::new();
                    for old in &flows {
                        if change(old.to_draft()) != old.to_draft() {
                            let flow = work.rewrite_flow(old, person(&ctx), &note, &change).await?;
                            published.push(flow);
                        }
                    }
                    Ok(published)
                })
            })
            .await
    }
}

/// Steps that emit under this contract say where it sends: one of its systems, the first where they say none.
pub(crate) fn going_to(mut draft: Draft, export_type: &str, systems: &[String]) -> Draft {
    let Some(system) = systems.first() else {
        return draft;
    };
    for step in &mut draft.steps {
        let emits = matches!(&step.kind, StepKind::EmitExport { export_type: one, .. } if one == export_type);
        if emits && !systems.contains(&step.destination_system) {
            step.destination_system.clone_from(system);
        }
    }
    draft
}

impl Work<'_> {
    /// The systems that the contract `by` sends to, where a contract takes another's place.
    fn destination_systems(&self, what: &Named, by: &str) -> Vec<String> {
        match (what, self.rules.contract(by)) {
            (Named::Contract(_), Some(contract)) => self.rules.system_names(contract),
            _ => Vec::new(),
        }
    }

    /// The next version of a live flow, changed like this and through the gate; its draft is changed alike.
    pub(crate) async fn rewrite_flow(
        &mut self,
        old: &Flow,
        by: Option<Uuid>,
        note: &str,
        change: &(dyn Fn(Draft) -> Draft + Send + Sync),
    ) -> Result<Flow> {
        let merchant = self.merchant_id();
        let id = self.uuid();
        let sheet = Sheet {
            merchant_id: merchant,
            key: old.key.clone(),
            draft: Draft {
                id,
                ..change(old.to_draft())
            },
            base: Some(old.version),
            authors: Vec::new(),
            edited_by: None,
            edited_at: self.now,
            request: None,
            rev: 0,
        };
        let hands = Hands {
            published_by: by,
            approved_by: None,
            note: note.to_owned(),
        };
        let flow = self.publish_content(&sheet, hands).await?;
        if let Some(drawn) = self.tx.flow_draft(merchant, &old.key).await?
            && drawn.base == Some(old.version)
        {
            let draft = change(drawn.draft.clone());
            let mut drawn = drawn
                .edited(draft, by, self.now)
                .rebased(flow.version, by, self.now);
            drawn.draft.version = flow.version + 1;
            self.tx.save_flow_draft(&drawn).await?;
        }
        self.reload().await?;
        Ok(flow)
    }
}
