//! Starting runs: by an event of an order, by a person's brief, form or word, by another run.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    access::Action,
    event::EventKind,
    flow::{Case, Condition, Flow, Known, Run, RunState, Trigger, form},
    order::{OrderEvent, Readiness},
};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Subject, walk::Walk};
use crate::{
    ctx::{Actor, Ctx},
    engine::Engine,
    error::{Error, FieldError, Result},
    port::{OrderRow, StoreExt},
    publish::CampaignInput,
    rules::Rules,
    work::Work,
};

/// Longest handle and title of a case.
const LONGEST: usize = 120;

/// What a person, or a program, gives to start a flow.
#[derive(Clone, Debug)]
pub enum StartInput {
    Campaign(CampaignInput),
    /// For this order.
    Order(Uuid),
    /// The merchant's own handle, a title, and the form's answers.
    Case {
        reference: String,
        title: String,
        answers: BTreeMap<String, Value>,
    },
}

/// While an order is made ready to be sent, it must be one that may be sent; what happens to it afterwards is
/// worked on whatever became of it.
pub(crate) const fn prepares(event: EventKind) -> bool {
    matches!(
        event,
        EventKind::OrderAccepted
            | EventKind::OrderUpdated
            | EventKind::PaymentAuthorized
            | EventKind::PaymentCaptured
            | EventKind::PickStarted
    )
}

impl Engine {
    /// Starts a flow that waits for somebody to start it.
    pub async fn start_flow(
        self: &Arc<Self>,
        ctx: &Ctx,
        flow_key: &str,
        input: StartInput,
    ) -> Result<Run> {
        ctx.require(Action::Trigger)?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let flow = flow_called(&rules, flow_key)?;
        let by = match ctx.actor() {
            Actor::User { user, .. } => Some(user.id),
            _ => None,
        };
        let case = match (&flow.trigger, input) {
            (Trigger::Campaign, StartInput::Campaign(input)) => {
                return self.start_campaign(ctx, flow_key, input).await;
            }
            (Trigger::Manual, StartInput::Order(order)) => {
                return self.start_by_hand(ctx, rules, flow, order, by).await;
            }
            (
                Trigger::Form { noun, fields },
                StartInput::Case {
                    reference,
                    title,
                    answers,
                },
            ) => {
                let said = (reference.as_str(), title.as_str());
                self.case(ctx, noun, said, form::read(fields, &answers), by)?
            }
            (Trigger::Order { .. }, _) => {
                return Err(Error::conflict(
                    "This flow starts by itself, with its event.",
                ));
            }
            (Trigger::SubFlow, _) => {
                return Err(Error::conflict("Only other flows start this one."));
            }
            (Trigger::Campaign, _) => {
                return Err(Error::conflict("This flow starts with a campaign brief."));
            }
            (Trigger::Manual, _) => return Err(Error::conflict("This flow starts for an order.")),
            (Trigger::Form { .. }, _) => {
                return Err(Error::conflict("This flow starts with its form."));
            }
        };
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    work.tx.insert_case(&case).await.map_err(|error| {
                        if error.kind == crate::Kind::Conflict {
                            let sentence = format!("There is a {} of this name already.", case.noun);
                            Error::invalid("reference", sentence)
                        } else {
                            error
                        }
                    })?;
                    work.note(
                        "case.opened",
                        "case",
                        case.id,
                        json!({ "noun": case.noun, "reference": case.reference, "title": case.title }),
                    );
                    let subject = Subject::Case(Box::new(case));
                    work.start_run(&flow, subject, by)
                        .await?
                        .ok_or_else(|| Error::conflict("This is running already."))
                })
            })
            .await
    }

    fn case(
        &self,
        ctx: &Ctx,
        noun: &str,
        (reference, title): (&str, &str),
        answers: std::result::Result<form::Answers, Vec<form::FormFault>>,
        by: Option<Uuid>,
    ) -> Result<Case> {
        let mut faults = Vec::new();
        let mut text = |field: &str, value: &str| {
            let value = value.trim();
            if value.is_empty() || value.chars().count() > LONGEST {
                faults.push(FieldError {
                    field: field.to_owned(),
                    sentence: format!("Write something here, at most {LONGEST} characters."),
                });
            }
            value.to_owned()
        };
        let (reference, title) = (text("reference", reference), text("title", title));
        let answers = answers.unwrap_or_else(|wrong| {
            faults.extend(wrong.into_iter().map(|(field, sentence)| FieldError {
                field: format!("answers/{field}"),
                sentence,
            }));
            BTreeMap::new()
        });
        if !faults.is_empty() {
            return Err(Error::invalid_fields(faults));
        }
        Ok(Case {
            id: self.uuid(),
            merchant_id: ctx.merchant_id(),
            noun: noun.to_owned(),
            reference,
            title,
            answers,
            created_by: by,
            created_at: ctx.now(),
        })
    }

    async fn start_by_hand(
        self: &Arc<Self>,
        ctx: &Ctx,
        rules: Arc<Rules>,
        flow: Arc<Flow>,
        order: Uuid,
        by: Option<Uuid>,
    ) -> Result<Run> {
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    let merchant = ctx.merchant_id();
                    let row = work.tx.order(merchant, order).await?;
                    let row = row.ok_or_else(|| Error::not_found("order"))?;
                    let known = work.tx.runs_of(merchant, order).await?;
                    let mut runs: Vec<&Run> = known.iter().collect();
                    runs.retain(|run| run.flow_key == flow.key && run.parent.is_none());
                    let busy = || Error::conflict("This flow is running for this order already.");
                    if runs.iter().any(|run| !run.state.is_over()) {
                        return Err(busy());
                    }
                    let subject = Subject::Order(Box::new(row));
                    let mut run = work.new_run(&flow, &subject, by);
                    // two at once count alike, and one of them finds the other
                    run.occasion = match runs.len() {
                        0 => String::new(),
                        many => (many + 1).to_string(),
                    };
                    work.set_off(run, &flow, subject).await?.ok_or_else(busy)
                })
            })
            .await
    }
}

fn flow_called(rules: &Rules, key: &str) -> Result<Arc<Flow>> {
    let flow = rules.flows.iter().find(|flow| flow.key == key);
    flow.cloned().ok_or_else(|| Error::not_found("flow"))
}

impl Work<'_> {
    /// Starts what an order triggers by being what it is, once, and what just happened to it triggers.
    pub async fn start_order_flows(&mut self, row: &OrderRow, events: &[OrderEvent]) -> Result<()> {
        let rules = Arc::clone(&self.rules);
        let ready = row.order.readiness() == Readiness::Releasable;
        for flow in &rules.flows {
            let Trigger::Order { event, when } = &flow.trigger else {
                continue;
            };
            for occasion in self.occasions(row, *event, events, ready).await? {
                if !self.is_for(flow, *event, when, row).await? {
                    continue;
                }
                let subject = Subject::Order(Box::new(row.clone()));
                let mut run = self.new_run(flow, &subject, None);
                run.occasion = occasion;
                self.set_off(run, flow, subject).await?;
            }
        }
        self.start_contracts(row, events).await
    }

    /// What there is to start for: one for each part of the order that the event is about.
    pub(crate) async fn occasions(
        &mut self,
        row: &OrderRow,
        event: EventKind,
        events: &[OrderEvent],
        ready: bool,
    ) -> Result<Vec<String>> {
        let now = events.iter().filter(|one| one.kind == event);
        if !prepares(event) {
            return Ok(now
                .map(|one| one.part.clone().unwrap_or_default())
                .collect());
        }
        if !ready {
            return Ok(Vec::new());
        }
        Ok(match event {
            EventKind::OrderAccepted => vec![String::new()],
            // each change is a matter of its own
            EventKind::OrderUpdated => now.map(|_| format!("rev {}", row.rev)).collect(),
            _ => {
                let seen = self.tx.events_of(row.merchant_id, row.id).await?;
                let was = seen.iter().any(|one| one.kind == event);
                was.then(String::new).into_iter().collect()
            }
        })
    }

    /// Whether the order is one that the flow is for. Which of several flows with conditions an order takes is
    /// decided when the first of them could start; a change later on does not start another one beside it.
    async fn is_for(
        &mut self,
        flow: &Flow,
        event: EventKind,
        when: &Condition,
        row: &OrderRow,
    ) -> Result<bool> {
        if *when == Condition::Always {
            return Ok(true);
        }
        if when.holds(&Known::of_order(&row.order)) != Some(true) {
            return Ok(false);
        }
        if !prepares(event) || event == EventKind::OrderUpdated {
            return Ok(true);
        }
        let rules = Arc::clone(&self.rules);
        let now = self.now;
        let runs = self.tx.runs_of(row.merchant_id, row.id).await?;
        Ok(!runs.iter().any(|run| {
            run.started_at < now
                && run.flow_key != flow.key
                && rules.flows.iter().any(|other| {
                    other.key == run.flow_key
                        && matches!(&other.trigger, Trigger::Order { event: on, when }
                            if *on == event && *when != Condition::Always)
                })
        }))
    }

    /// One run of a flow for a subject.
    pub async fn start_run(
        &mut self,
        flow: &Flow,
        subject: Subject,
        started_by: Option<Uuid>,
    ) -> Result<Option<Run>> {
        let run = self.new_run(flow, &subject, started_by);
        self.set_off(run, flow, subject).await
    }

    /// The same from within another run.
    pub(super) fn set_off_within<'w>(
        &'w mut self,
        run: Run,
        flow: &'w Flow,
        subject: Subject,
    ) -> BoxFuture<'w, Result<Option<Run>>> {
        Box::pin(self.set_off(run, flow, subject))
    }

    /// Begins it. `None`: there is one for this occasion.
    pub(crate) async fn set_off(
        &mut self,
        run: Run,
        flow: &Flow,
        subject: Subject,
    ) -> Result<Option<Run>> {
        if !self.tx.insert_run(&run).await? {
            return Ok(None);
        }
        self.note(
            "run.started",
            "run",
            run.id,
            json!({
                "flow": flow.key, "version": flow.version, "subject_id": run.subject_id,
                "occasion": run.occasion, "parent": run.parent.as_ref().map(|up| up.run_id),
            }),
        );
        debug_assert_eq!(run.state, RunState::Running);
        let mut walk = Walk::new(run, Arc::new(flow.clone()), Some(subject));
        if let Trigger::Form { .. } = &flow.trigger
            && let Some(Subject::Case(case)) = walk.subject()
        {
            let answers = case.answers.clone();
            walk.run.answers.insert("input".to_owned(), answers);
        }
        walk.arrive(&flow.start, self.now);
        self.go(walk).await.map(Some)
    }
}
