//! Publishing contracts and flows. What is published is immutable; a
//! contract or flow that is not ready is refused with every reason at once.

use std::sync::Arc;

use domain::{
    Time,
    access::Action,
    contract::{ApprovalStep, Contract, ContractTrigger},
    flow::{Flow, fact, readiness::readiness},
    owner::Owner,
    schema::may_be,
};
use serde_json::json;

use crate::{
    contracts::{check::sample_faults, drafts::is_export_type, guard},
    ctx::Ctx,
    destined::destination_faults,
    draft::RECIPE_FIELDS,
    engine::Engine,
    error::{Error, FieldError, Result},
    flow_drafts::field_errors,
    flow_publish::refuse_alone,
    port::StoreExt,
    qa::{compile, gate_faults, missing_paths},
    rules::Rules,
    work::Work,
};

/// What to do instead of publishing alone.
const AS_DRAFT: &str = "draw it as a draft, and ask somebody else to publish it";

/// What a person writes to start a promotion.
#[derive(Clone, Debug, Default)]
pub struct CampaignInput {
    pub campaign_id: String,
    pub title: String,
    pub offer: String,
    pub discount_percent: String,
    /// Separated by commas, spaces or lines.
    pub skus: String,
    pub landing_url: String,
    pub starts_at: String,
    pub ends_at: String,
    pub note: String,
}

fn fault(field: &str, sentence: impl Into<String>) -> FieldError {
    FieldError {
        field: field.to_owned(),
        sentence: sentence.into(),
    }
}

impl Engine {
    pub async fn publish_contract(self: &Arc<Self>, ctx: &Ctx, contract: Contract) -> Result<()> {
        ctx.require(Action::Publish)?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let faults = contract_faults(&contract, &rules);
        if !faults.is_empty() {
            return Err(Error::invalid_fields(faults));
        }
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.lock_publishing(ctx.merchant_id()).await?;
                    refuse_alone(tx, ctx.merchant_id(), AS_DRAFT).await?;
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    let detail =
                        json!({ "export_type": contract.export_type, "version": contract.version });
                    work.keep_contract(&contract, detail).await
                })
            })
            .await
    }

    pub async fn publish_flow(&self, ctx: &Ctx, flow: Flow) -> Result<()> {
        ctx.require(Action::PublishFlows)?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let faults = flow_faults(self, &flow, &rules, ctx.now());
        if !faults.is_empty() {
            return Err(Error::invalid_fields(faults));
        }
        let mut note = self.set_up(
            ctx.merchant_id(),
            "flow.published",
            "flow",
            flow.id,
            json!({ "key": flow.key, "version": flow.version }),
        );
        note.actor = ctx.actor_name();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.lock_publishing(flow.merchant_id).await?;
                    refuse_alone(tx, flow.merchant_id, AS_DRAFT).await?;
                    tx.insert_flow(&flow).await?;
                    tx.note(note);
                    Ok(())
                })
            })
            .await
    }
}

/// What is wrong with the rules by which it is approved, at the step that is wrong.
fn approval_faults(contract: &Contract, rules: &Rules) -> Vec<FieldError> {
    let mut faults = Vec::new();
    for (r, rule) in contract.approval.iter().enumerate() {
        if let Some(sentence) = rule.when.fault() {
            faults.push(fault(&format!("approval/{r}/when"), sentence));
        }
        for (s, step) in rule.steps.iter().enumerate() {
            let at = format!("approval/{r}/steps/{s}");
            if let Some(sentence) = step.fault() {
                faults.push(fault(&at, sentence));
            }
            faults.extend(asked_faults(step, &at, rules));
        }
    }
    faults
}

/// Whoever a step asks can answer: nobody waits for an approval that no one can give.
fn asked_faults(step: &ApprovalStep, at: &str, rules: &Rules) -> Vec<FieldError> {
    let others = step.others.iter().enumerate();
    let asked = std::iter::once((format!("{at}/owner"), &step.owner))
        .chain(others.map(|(n, owner)| (format!("{at}/others/{n}"), owner)))
        .chain([(format!("{at}/backup"), &step.backup)]);
    let mut faults: Vec<FieldError> = asked
        .filter_map(|(field, owner)| {
            let accepted =
                "accepted is a person, a role or a rotation with at least one active person who may approve";
            let why = if matches!(owner, Owner::System(_)) {
                format!("{owner} is a system, and systems approve nothing")
            } else if !rules.resolves(owner) {
                format!("{owner} resolves to nobody active")
            } else if rules.approvers(owner).is_empty() {
                format!("Of those behind {owner} nobody may approve")
            } else {
                return None;
            };
            Some(fault(&field, format!("{why}: {accepted}.")))
        })
        .collect();
    if step.asked().any(|owner| *owner == step.backup) {
        faults.push(fault(
            &format!("{at}/backup"),
            "The backup must be somebody else than who is asked first.",
        ));
    }
    faults
}

pub(crate) fn contract_faults(contract: &Contract, rules: &Rules) -> Vec<FieldError> {
    let mut faults = guard::faults(&contract.schema, "schema");
    if faults.is_empty()
        && let Err(error) = compile(contract)
    {
        faults.extend(error.fields);
    }
    if faults.is_empty() {
        faults.extend(sample_faults(contract));
    }
    if faults.is_empty() && !may_be(&contract.schema, "", "object") {
        faults.push(fault(
            "schema",
            "A payload is an object, and this schema lets none through: begin with { \"type\": \"object\" }.",
        ));
    }
    if contract.title.trim().is_empty() || contract.title.chars().count() > 120 {
        faults.push(fault("title", "Write a title of at most 120 characters."));
    }
    if !is_export_type(&contract.export_type) {
        faults.push(fault(
            "export_type",
            "An export type has small letters, digits and underscores, beginning with a letter.",
        ));
    }
    for (field, owner) in [("owner", &contract.owner), ("backup", &contract.backup)] {
        if !rules.resolves(owner) {
            faults.push(fault(field, format!("{owner} resolves to nobody active.")));
        }
    }
    faults.extend(
        contract
            .payload
            .faults(&contract.schema)
            .into_iter()
            .map(|(field, sentence)| fault(&format!("payload/{field}"), sentence)),
    );
    faults.extend(
        gate_faults(contract)
            .into_iter()
            .map(|(field, sentence)| fault(&field, sentence)),
    );
    if contract.owner == contract.backup {
        faults.push(fault(
            "backup",
            "The backup must be somebody else than the owner.",
        ));
    }
    faults.extend(clock_faults(contract));
    faults.extend(
        missing_paths(contract, |owner| rules.resolves(owner))
            .into_iter()
            .map(|sentence| fault("exceptions", sentence)),
    );
    faults.extend(approval_faults(contract, rules));
    faults.extend(route_faults(contract));
    faults.extend(delivery_faults(contract));
    faults.extend(trigger_faults(contract));
    if contract.escalation.steps.is_empty() {
        faults.push(fault(
            "escalation",
            "Silence must go to somebody: add a step.",
        ));
    }
    faults.extend(destination_faults(contract, rules));
    faults.extend(recipe_faults(contract));
    faults
}

/// A destination does what a key stands for once and answers every repeat with what it said then, so two commands
/// with one key are one command, and the second is lost without anybody hearing of it.
fn recipe_faults(contract: &Contract) -> Option<FieldError> {
    let named = |part: &str| contract.idempotency.iter().any(|one| one == part);
    let mut parts = contract.idempotency.iter();
    let by_intent = named("intent") && !contract.intent.trim().is_empty();
    let by_step = named("run_id") && named("step");
    let sentence = if contract.idempotency.is_empty() {
        "Name the fields that make the key: subject_id or run_id, and export_type.".to_owned()
    } else if let Some(other) = parts.find(|one| !RECIPE_FIELDS.contains(&one.as_str())) {
        format!(
            "{other:?} is not a field a key can be made of. There are {}.",
            RECIPE_FIELDS.join(", ")
        )
    } else if !named("subject_id") && !named("run_id") {
        "What is sent for one subject would have the same key as for the next, and the destination would do only the \
         first: name subject_id or run_id."
            .to_owned()
    } else if !(named("export_type") || by_intent || by_step) {
        "What another contract sends for the same subject would have the same key, and the destination would do only \
         the first: name export_type as well."
            .to_owned()
    } else {
        return None;
    };
    Some(fault("idempotency", sentence))
}

/// Longest wait, clock or promise: a year.
const LONGEST_MS: i64 = 366 * 24 * 60 * 60 * 1000;
/// Most tries of a delivery after the first.
const MOST_RETRIES: usize = 20;

/// Each of an export's three clocks, at the one that is wrong. It may wait to be taken for `accept_ms`, so it is neither
/// to be done before that, nor may what it says have become untrue. Being done may take longer than it stays true:
/// then it was sent long ago.
fn clock_faults(contract: &Contract) -> Vec<FieldError> {
    let taken = contract.accept_ms;
    let clocks = [
        ("accept_ms", taken),
        ("resolve_ms", contract.resolve_ms),
        ("valid_for_ms", contract.valid_for_ms),
    ];
    let mut faults = Vec::new();
    for (field, ms) in clocks {
        if !is_span(ms) {
            let sentence = format!("From 1 ms to {LONGEST_MS} ms, which is a year.");
            faults.push(fault(field, sentence));
        } else if is_span(taken) && ms < taken {
            let sentence = format!("At least as long as accept_ms, which is {taken} ms.");
            faults.push(fault(field, sentence));
        }
    }
    faults
}

fn is_span(ms: i64) -> bool {
    (1..=LONGEST_MS).contains(&ms)
}

/// Routes that the engine raises itself are looked at elsewhere; here each that is written down.
fn route_faults(contract: &Contract) -> Vec<FieldError> {
    let mut faults = Vec::new();
    for (code, route) in &contract.exceptions {
        let field = format!("exceptions/{code}");
        if route.title.trim().is_empty() {
            faults.push(fault(&field, format!("{code} has no title.")));
        }
        if !is_span(route.accept_ms)
            || !is_span(route.resolve_ms)
            || route.resolve_ms < route.accept_ms
        {
            faults.push(fault(
                &field,
                format!("{code}: its clocks must be positive, and resolving takes at least as long as taking it."),
            ));
        }
    }
    faults
}

fn delivery_faults(contract: &Contract) -> Vec<FieldError> {
    let mut faults = Vec::new();
    let retry = &contract.retry;
    if retry.schedule_ms.len() > MOST_RETRIES || !retry.schedule_ms.iter().all(|ms| is_span(*ms)) {
        faults.push(fault(
            "retry",
            format!("At most {MOST_RETRIES} waits, each longer than nothing."),
        ));
    }
    if retry.jitter_percent > 100 {
        faults.push(fault("retry_jitter", "From 0 to 100 %."));
    }
    let ack = &contract.ack;
    let spans = [ack.accepted_within_ms, ack.completed_within_ms];
    if spans.into_iter().flatten().any(|ms| !is_span(ms)) {
        faults.push(fault(
            "ack",
            "An answer takes longer than nothing, and at most a year.",
        ));
    }
    if ack.accepted_within_ms.is_none() && ack.completed_within_ms.is_some() {
        faults.push(fault(
            "ack",
            "Who says when it is done also says that it was taken: say how long that may take.",
        ));
    }
    faults
}

fn trigger_faults(contract: &Contract) -> Vec<FieldError> {
    let mut faults = Vec::new();
    let facts = fact::order_facts();
    let mut by_hand = 0;
    for (index, trigger) in contract.triggers.iter().enumerate() {
        let field = format!("triggers/{index}");
        if !is_span(trigger.sla_ms()) {
            faults.push(fault(
                &field,
                "Say how long what it sets off may take, at most a year.",
            ));
        }
        match trigger {
            ContractTrigger::Event { when, .. } => {
                let wrong = when.faults(&facts).into_iter();
                faults.extend(wrong.map(|one| fault(&field, one.sentence)));
            }
            ContractTrigger::Schedule { days, .. } => {
                if days.is_empty() || days.iter().any(|day| !(1..=7).contains(day)) {
                    faults.push(fault(
                        &field,
                        "Choose the days of the week on which it comes.",
                    ));
                } else if trigger.next_after(Time::from_ms(0)).is_none() {
                    faults.push(fault(
                        &field,
                        "There is no such time or time zone: write 09:00 and Europe/Berlin.",
                    ));
                }
            }
            ContractTrigger::Manual { .. } => by_hand += 1,
        }
    }
    if by_hand > 1 {
        faults.push(fault("triggers", "One manual trigger is enough."));
    }
    if contract.triggers.len() > 20 {
        faults.push(fault("triggers", "Twenty triggers are the most."));
    }
    faults
}

/// Everything that keeps a flow from being published, by the same rules for whoever publishes it.
pub(crate) fn flow_faults(
    engine: &Engine,
    flow: &Flow,
    rules: &Rules,
    now: Time,
) -> Vec<FieldError> {
    let around = engine.surroundings_of(rules, now);
    field_errors(&readiness(&flow.to_draft(), &around))
}
