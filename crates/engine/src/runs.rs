//! Flow runs: starting them, moving them from step to step, ending them.
//!
//! A run exists once per (flow, subject). Entering a step either makes an export (and waits for its
//! destination) or waits for an event; what is already known is not waited for.

use std::sync::Arc;

use domain::{
    Time,
    contract::codes,
    event::EventKind,
    flow::{
        Campaign, DONE, Flow, Run, RunState, Step, StepKind, Token, TokenState, Trigger, Until,
        Visit,
    },
    order::Readiness,
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    exception::{Trouble, evidence},
    job::JobKind,
    port::OrderRow,
    work::Work,
};

/// What a run is about.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    Order(Box<OrderRow>),
    Campaign(Box<Campaign>),
}

impl Subject {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Order(_) => "order",
            Self::Campaign(_) => "campaign",
        }
    }

    pub fn id(&self) -> Uuid {
        match self {
            Self::Order(row) => row.id,
            Self::Campaign(campaign) => campaign.id,
        }
    }
}

impl Work<'_> {
    /// Starts what an order that may be worked on triggers, once.
    pub async fn start_order_flows(&mut self, row: &OrderRow) -> Result<()> {
        if row.order.readiness() != Readiness::Releasable {
            return Ok(());
        }
        let rules = Arc::clone(&self.rules);
        for flow in &rules.flows {
            if matches!(
                flow.trigger,
                Trigger::Order {
                    event: EventKind::OrderAccepted,
                    ..
                }
            ) {
                let subject = Subject::Order(Box::new(row.clone()));
                self.start_run(flow, subject, None).await?;
            }
        }
        Ok(())
    }

    pub async fn start_run(
        &mut self,
        flow: &Flow,
        subject: Subject,
        started_by: Option<Uuid>,
    ) -> Result<Option<Run>> {
        let mut run = Run {
            id: self.uuid(),
            merchant_id: self.merchant_id(),
            flow_id: flow.id,
            flow_key: flow.key.clone(),
            subject_kind: subject.kind().to_owned(),
            subject_id: subject.id(),
            state: RunState::Running,
            occasion: String::new(),
            tokens: Vec::new(),
            path: Vec::new(),
            answers: std::collections::BTreeMap::new(),
            parent: None,
            pause: None,
            step: None,
            step_since: None,
            outcome: None,
            started_by,
            trace_id: self.trace_id.clone(),
            started_at: self.now,
            ended_at: None,
            rev: 0,
        };
        stand(&mut run, flow.start.first().cloned(), self.now);
        if !self.tx.insert_run(&run).await? {
            return Ok(None);
        }
        self.note(
            "run.started",
            "run",
            run.id,
            json!({ "flow": flow.key, "version": flow.version, "subject_id": run.subject_id }),
        );
        self.enter(run.clone(), flow, Some(subject)).await?;
        Ok(Some(run))
    }

    /// Enters the run's current step; goes on at once over steps whose event was already seen.
    async fn enter(&mut self, mut run: Run, flow: &Flow, subject: Option<Subject>) -> Result<()> {
        let mut known = subject;
        loop {
            let Some(step) = current(flow, &run) else {
                run.state = RunState::Completed;
                run.outcome = Some(flow.outcome.clone());
                run.ended_at = Some(self.now);
                run.tokens.clear();
                self.tx.save_run(&run).await?;
                self.note(
                    "run.completed",
                    "run",
                    run.id,
                    json!({ "outcome": flow.outcome }),
                );
                return Ok(());
            };
            match &step.kind {
                StepKind::EmitExport { export_type, .. } => {
                    if run.path.len() > 1 {
                        self.tx.save_run(&run).await?;
                        run.rev += 1;
                    }
                    let subject = match known.take() {
                        Some(subject) => subject,
                        None => self.subject_of(&run).await?,
                    };
                    return self.emit(&run, step, export_type, subject).await;
                }
                StepKind::WaitForEvent { event } => {
                    let seen = self.tx.events_of(run.merchant_id, run.subject_id).await?;
                    if seen.iter().any(|row| row.kind == *event) {
                        let next = step.exit(DONE).first().cloned();
                        stand(&mut run, next, self.now);
                        continue;
                    }
                    let until = self.now.plus_ms(step.clock.resolve_ms);
                    wait(&mut run, until);
                    self.tx.save_run(&run).await?;
                    self.note(
                        "run.waiting",
                        "run",
                        run.id,
                        json!({ "step": step.key, "event": event, "until": until }),
                    );
                    return self.arm(JobKind::WaitDeadline, run.id, until).await;
                }
                other => {
                    return Err(Error::internal(format!("{} is not run yet", other.name())));
                }
            }
        }
    }

    pub async fn subject_of(&mut self, run: &Run) -> Result<Subject> {
        let gone = || Error::internal(format!("run {} has lost its subject", run.id));
        Ok(match run.subject_kind.as_str() {
            "order" => Subject::Order(Box::new(
                self.tx
                    .order(run.merchant_id, run.subject_id)
                    .await?
                    .ok_or_else(gone)?,
            )),
            _ => Subject::Campaign(Box::new(
                self.tx
                    .campaign(run.merchant_id, run.subject_id)
                    .await?
                    .ok_or_else(gone)?,
            )),
        })
    }

    pub async fn flow_of(&mut self, run: &Run) -> Result<Arc<Flow>> {
        if let Some(flow) = self.rules.flows.iter().find(|flow| flow.id == run.flow_id) {
            return Ok(Arc::clone(flow));
        }
        let flow = self.tx.flow(run.merchant_id, run.flow_id).await?;
        flow.map(Arc::new)
            .ok_or_else(|| Error::internal(format!("run {} has lost its flow", run.id)))
    }

    /// The run's current step is done.
    async fn advance(&mut self, mut run: Run) -> Result<()> {
        let flow = self.flow_of(&run).await?;
        let next = current(&flow, &run).and_then(|step| step.exit(DONE).first().cloned());
        self.note("run.advanced", "run", run.id, json!({ "step": next }));
        stand(&mut run, next, self.now);
        self.enter(run, &flow, None).await
    }

    /// Events were seen for a subject: runs that waited for one of them go on.
    pub async fn events_seen(&mut self, subject_id: Uuid, kinds: &[EventKind]) -> Result<()> {
        if kinds.is_empty() {
            return Ok(());
        }
        for run in self.tx.runs_of(self.merchant_id(), subject_id).await? {
            if run.state != RunState::Running {
                continue;
            }
            let flow = self.flow_of(&run).await?;
            let waits_for = current(&flow, &run).and_then(|step| match &step.kind {
                StepKind::WaitForEvent { event } => Some((*event, step.key.clone())),
                _ => None,
            });
            if let Some((event, key)) = waits_for
                && kinds.contains(&event)
            {
                let task = format!("{}:{}:{key}", codes::EVENT_NOT_SEEN, run.id);
                self.cancel_task(&task, &format!("{event} was seen"))
                    .await?;
                self.advance(run).await?;
            }
        }
        Ok(())
    }

    /// An export's destination spoke: the run goes on when that was what it waited for.
    pub async fn export_reached(
        &mut self,
        run_id: Uuid,
        step_key: &str,
        reached: Until,
    ) -> Result<()> {
        let Some(run) = self.tx.run(self.merchant_id(), run_id).await? else {
            return Ok(());
        };
        if run.state != RunState::Running {
            return Ok(());
        }
        let flow = self.flow_of(&run).await?;
        let waits = current(&flow, &run).is_some_and(|step| {
            step.key == step_key
                && matches!(&step.kind, StepKind::EmitExport { until, .. }
                    if *until == reached || reached == Until::Completed)
        });
        if waits {
            self.advance(run).await
        } else {
            Ok(())
        }
    }

    /// Ends a run before its outcome.
    pub async fn end_run(&mut self, run_id: Uuid, state: RunState, why: &str) -> Result<()> {
        let Some(mut run) = self.tx.run(self.merchant_id(), run_id).await? else {
            return Ok(());
        };
        if run.state != RunState::Running {
            return Ok(());
        }
        run.state = state;
        run.outcome = Some(why.to_owned());
        run.ended_at = Some(self.now);
        run.tokens.clear();
        self.tx.save_run(&run).await?;
        self.note(
            &format!("run.{state}"),
            "run",
            run.id,
            json!({ "why": why }),
        );
        Ok(())
    }

    /// Job: the event a run waits for was not seen in time.
    pub async fn wait_deadline(&mut self, run_id: Uuid, armed_for: Time) -> Result<()> {
        let Some(run) = self.tx.run(self.merchant_id(), run_id).await? else {
            return Ok(());
        };
        if run.state != RunState::Running || run.wait_until() != Some(armed_for) {
            return Ok(());
        }
        let flow = self.flow_of(&run).await?;
        let Some(step) = current(&flow, &run) else {
            return Ok(());
        };
        let StepKind::WaitForEvent { event } = &step.kind else {
            return Ok(());
        };
        self.note(
            "expectation.breached",
            "run",
            run.id,
            json!({ "step": step.key, "event": event }),
        );
        let trouble = Trouble {
            code: codes::EVENT_NOT_SEEN.to_owned(),
            sentence: format!("No {event} was seen in time: {}", step.title),
            evidence: vec![
                evidence(
                    "Waiting since",
                    run.tokens
                        .first()
                        .map_or(run.started_at, |token| token.since)
                        .to_string(),
                ),
                evidence("Expected by", armed_for.to_string()),
            ],
        };
        self.raise_for_run(&run, step, trouble).await
    }

    /// A person says it is under way after all: wait once more.
    pub async fn wait_again(&mut self, run_id: Uuid) -> Result<()> {
        let Some(mut run) = self.tx.run(self.merchant_id(), run_id).await? else {
            return Ok(());
        };
        let flow = self.flow_of(&run).await?;
        if let Some(Step {
            kind: StepKind::WaitForEvent { .. },
            clock,
            ..
        }) = current(&flow, &run)
            && run.state == RunState::Running
        {
            let until = self.now.plus_ms(clock.resolve_ms);
            wait(&mut run, until);
            self.tx.save_run(&run).await?;
            self.note("run.waiting", "run", run.id, json!({ "until": until }));
            self.arm(JobKind::WaitDeadline, run.id, until).await?;
        }
        Ok(())
    }
}

fn current<'f>(flow: &'f Flow, run: &Run) -> Option<&'f Step> {
    run.tokens.first().and_then(|token| flow.step(&token.step))
}

fn stand(run: &mut Run, next: Option<String>, now: Time) {
    if let Some(visit) = run.path.last_mut() {
        visit.left_at = Some(now);
        visit.by = DONE.to_owned();
    }
    run.tokens.clear();
    if let Some(step) = next {
        run.path.push(Visit {
            step: step.clone(),
            entered_at: now,
            left_at: None,
            by: String::new(),
            undone: false,
        });
        run.tokens.push(Token {
            n: 0,
            step,
            since: now,
            at: TokenState::Waiting,
            tries: 0,
            wait_until: None,
        });
    }
}

fn wait(run: &mut Run, until: Time) {
    for token in &mut run.tokens {
        token.wait_until = Some(until);
    }
}
