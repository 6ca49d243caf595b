//! What makes exports without a drawn flow: an event of an order, a time of the week, somebody who asks.
//!
//! Each sets off a run of the contract's own one-step flow ([`domain::contract::ERRAND`]), so that the export has a
//! thread, clocks and tasks like any other. What set it off is known to the payload below `trigger.`, and its
//! `sla_ms` is the export's.
//!
//! A schedule is a job for the next of its times. It asks whether its contract is still the live one: a newer
//! version has a job of its own. A time that passed while nothing ran is made up for once, late; those before it
//! are not.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Time,
    access::Action,
    canonical::ambiguous,
    contract::{Contract, ContractTrigger},
    cover::local,
    flow::{Case, Condition, Flow, Known, Run},
    order::{OrderEvent, Readiness},
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    ctx::{Actor, Ctx},
    engine::Engine,
    error::{Error, FieldError, Result},
    job::JobKind,
    port::{OrderRow, StoreExt},
    runs::Subject,
    work::Work,
};

/// Longest handle and title of what somebody asks for.
const LONGEST: usize = 120;
/// Longest input, as JSON.
const MAX_INPUT_BYTES: usize = 64 * 1024;

/// What somebody gives who asks for an export.
#[derive(Clone, Debug, Default)]
pub struct ManualExport {
    /// About this order; none: about what `input` says.
    pub order: Option<Uuid>,
    /// The merchant's own handle.
    pub reference: String,
    pub title: String,
    /// What the payload reads below `input.`.
    pub input: Map<String, Value>,
}

/// What set a run off, as its payload can read it.
fn set_off_by(trigger: &ContractTrigger, at: Time) -> BTreeMap<String, Value> {
    BTreeMap::from([
        ("on".to_owned(), json!(trigger.name())),
        ("sla_ms".to_owned(), json!(trigger.sla_ms())),
        ("at".to_owned(), json!(at)),
    ])
}

/// How long the export of a run may take that a trigger set off.
pub(crate) fn sla_of(run: &Run) -> Option<i64> {
    run.answers.get("trigger")?.get("sla_ms")?.as_i64()
}

impl Engine {
    /// Makes an export that may be asked for by hand.
    pub async fn ask_for_export(
        self: &Arc<Self>,
        ctx: &Ctx,
        export_type: &str,
        asked: ManualExport,
    ) -> Result<Run> {
        ctx.require(Action::Trigger)?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let contract = rules
            .contract(export_type)
            .cloned()
            .ok_or_else(|| Error::not_found("contract"))?;
        let trigger = contract
            .triggers
            .iter()
            .find(|one| matches!(one, ContractTrigger::Manual { .. }))
            .cloned()
            .ok_or_else(|| {
                Error::conflict("This contract has no manual trigger: nobody asks for it by hand.")
            })?;
        if let Some((pointer, sentence)) = ambiguous(&Value::Object(asked.input.clone())) {
            return Err(Error::invalid(&format!("input{pointer}"), sentence));
        }
        let by = match ctx.actor() {
            Actor::User { user, .. } => Some(user.id),
            _ => None,
        };
        let case = match asked.order {
            Some(_) => None,
            None => Some(case(ctx, self.uuid(), export_type, &asked, by)?),
        };
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    let subject = match (case, asked.order) {
                        (Some(case), _) => {
                            work.open_case(&case).await?;
                            Subject::Case(Box::new(case))
                        }
                        (None, order) => {
                            let id = order.unwrap_or_default();
                            let row = work.tx.order(merchant, id).await?;
                            Subject::Order(Box::new(row.ok_or_else(|| Error::not_found("order"))?))
                        }
                    };
                    let flow = work.errand_of(&contract).await?;
                    let mut run = work.new_run(&flow, &subject, by);
                    let known = work.tx.runs_of(merchant, subject.id()).await?;
                    let before = known.iter().filter(|one| one.flow_key == flow.key);
                    run.occasion = format!("manual {}", before.count() + 1);
                    run.answers
                        .insert("trigger".to_owned(), set_off_by(&trigger, work.now));
                    work.set_off(run, &flow, subject)
                        .await?
                        .ok_or_else(|| Error::conflict("Somebody asked for it a moment ago."))
                })
            })
            .await
    }
}

fn case(
    ctx: &Ctx,
    id: Uuid,
    export_type: &str,
    asked: &ManualExport,
    by: Option<Uuid>,
) -> Result<Case> {
    let mut faults = Vec::new();
    let mut say = |field: &str, sentence: String| {
        faults.push(FieldError {
            field: field.to_owned(),
            sentence,
        });
    };
    let (reference, title) = (asked.reference.trim(), asked.title.trim());
    for (field, text) in [("reference", reference), ("title", title)] {
        if text.is_empty() || text.chars().count() > LONGEST {
            say(
                field,
                format!("Write something here, at most {LONGEST} characters."),
            );
        }
    }
    let bytes = json!(asked.input).to_string().len();
    if bytes > MAX_INPUT_BYTES {
        say("input", format!("At most {} kB.", MAX_INPUT_BYTES / 1024));
    }
    if !faults.is_empty() {
        return Err(Error::invalid_fields(faults));
    }
    Ok(Case {
        id,
        merchant_id: ctx.merchant_id(),
        noun: export_type.to_owned(),
        reference: reference.to_owned(),
        title: title.to_owned(),
        answers: asked.input.clone().into_iter().collect(),
        created_by: by,
        created_at: ctx.now(),
    })
}

impl Work<'_> {
    async fn open_case(&mut self, case: &Case) -> Result<()> {
        self.tx.insert_case(case).await.map_err(|error| {
            if error.kind == crate::Kind::Conflict {
                Error::invalid("reference", "There is one of this name already.")
            } else {
                error
            }
        })?;
        let detail = json!({ "noun": case.noun, "reference": case.reference, "title": case.title });
        self.note("case.opened", "case", case.id, detail);
        Ok(())
    }

    async fn errand_of(&mut self, contract: &Contract) -> Result<Flow> {
        let flow = self.tx.flow(contract.merchant_id, contract.id).await?;
        flow.ok_or_else(|| Error::internal(format!("contract {} has lost its errand", contract.id)))
    }

    /// What an order sets off by what just happened to it, of the contracts that wait for such events.
    pub async fn start_contracts(&mut self, row: &OrderRow, events: &[OrderEvent]) -> Result<()> {
        let rules = Arc::clone(&self.rules);
        let ready = row.order.readiness() == Readiness::Releasable;
        for contract in &rules.contracts {
            let mut met = Vec::new();
            for trigger in &contract.triggers {
                let ContractTrigger::Event { event, when, .. } = trigger else {
                    continue;
                };
                // of several triggers on one event the first that fits decides
                let holds = *when == Condition::Always
                    || when.holds(&Known::of_order(&row.order)) == Some(true);
                if !holds || met.contains(event) {
                    continue;
                }
                met.push(*event);
                for occasion in self.occasions(row, *event, events, ready).await? {
                    let flow = self.errand_of(contract).await?;
                    let subject = Subject::Order(Box::new(row.clone()));
                    let mut run = self.new_run(&flow, &subject, None);
                    run.occasion = format!("{event} {occasion}").trim_end().to_owned();
                    run.answers
                        .insert("trigger".to_owned(), set_off_by(trigger, self.now));
                    self.set_off(run, &flow, subject).await?;
                }
            }
        }
        Ok(())
    }

    /// A job for the next time of its schedules, if it has any.
    pub(crate) async fn arm_schedule(&mut self, contract: &Contract, after: Time) -> Result<()> {
        let times = contract
            .triggers
            .iter()
            .filter_map(|one| one.next_after(after));
        match times.min() {
            Some(at) => self.arm(JobKind::ContractSchedule, contract.id, at).await,
            None => Ok(()),
        }
    }

    /// Job: a time of its schedule has come.
    pub async fn contract_schedule(&mut self, id: Uuid, armed_for: Time) -> Result<()> {
        let rules = Arc::clone(&self.rules);
        let Some(contract) = rules.contracts.iter().find(|one| one.id == id) else {
            // a newer version has its own clock; what is retired has none
            return Ok(());
        };
        self.trace_id = self.engine.new_trace_id();
        let just_before = armed_for.plus_ms(-1);
        let schedules = contract
            .triggers
            .iter()
            .filter_map(|trigger| match trigger {
                ContractTrigger::Schedule {
                    time_zone, input, ..
                } => Some((trigger, time_zone, input)),
                _ => None,
            });
        for (index, (trigger, time_zone, input)) in schedules.enumerate() {
            if trigger.next_after(just_before) != Some(armed_for) {
                continue;
            }
            let when = local(time_zone, armed_for, "%Y-%m-%d %H:%M");
            let number = match index {
                0 => String::new(),
                many => format!(" #{}", many + 1),
            };
            let case = Case {
                id: self.uuid(),
                merchant_id: contract.merchant_id,
                noun: contract.export_type.clone(),
                reference: format!("{} {when}{number}", contract.export_type),
                title: local(time_zone, armed_for, "%a %-d %b %Y, %H:%M"),
                answers: input.clone().into_iter().collect(),
                created_by: None,
                created_at: self.now,
            };
            self.open_case(&case).await?;
            let flow = self.errand_of(contract).await?;
            let subject = Subject::Case(Box::new(case));
            let mut run = self.new_run(&flow, &subject, None);
            run.answers
                .insert("trigger".to_owned(), set_off_by(trigger, armed_for));
            self.set_off(run, &flow, subject).await?;
        }
        self.arm_schedule(contract, armed_for.max(self.now)).await
    }
}
