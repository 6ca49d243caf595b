//! What a destination says about an export, in its answer or later by callback. The same words twice
//! are the same words; a contradiction is refused.

use std::sync::Arc;

use domain::{
    Time,
    access::Action,
    contract::{Contract, codes},
    delivery::AckStatus,
    event::EventKind,
    export::{Export, ExportState},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    ctx::{Actor, Ctx},
    engine::Engine,
    error::{Error, Result},
    exception::{Trouble, evidence},
    job::JobKind,
    port::{EventRow, StoreExt},
    work::Work,
};

/// One acknowledgement.
#[derive(Clone, Debug, PartialEq)]
pub struct Ack {
    pub status: AckStatus,
    pub exception_code: Option<String>,
    pub exception_metadata: Option<Value>,
    pub external_ref: Option<String>,
}

/// How often an acknowledgement is tried again at once when somebody else changed the export.
const RACES: usize = 4;

/// Used when a destination rejects and does not say why.
const REJECTED: &str = domain::delivery::UNSPECIFIED_REJECTION;

impl Engine {
    /// Merchant, destination and the shared secrets of the destination an export went to, to check a
    /// signed callback with. `None`: there is no such export.
    pub async fn callback_secrets(
        &self,
        export_id: Uuid,
    ) -> Result<Option<(Uuid, Uuid, Vec<String>)>> {
        let origin = self
            .store
            .reads()
            .await?
            .origin_of_export(export_id)
            .await?;
        let Some((merchant_id, destination_id)) = origin else {
            return Ok(None);
        };
        let rules = self.rules_of(merchant_id).await?;
        let destination = rules
            .destinations
            .iter()
            .find(|one| one.id == destination_id)
            .ok_or_else(|| Error::internal("an export has lost its destination"))?;
        let secrets = self.signing_secrets(destination, self.now())?;
        Ok(Some((merchant_id, destination.id, secrets)))
    }

    /// A destination whose signature was found good.
    pub async fn enter_as_destination(
        &self,
        merchant_id: Uuid,
        destination_id: Uuid,
        trace_id: Option<String>,
    ) -> Result<Ctx> {
        let rules = self.rules_of(merchant_id).await?;
        let destination = rules
            .destinations
            .iter()
            .find(|one| one.id == destination_id)
            .ok_or_else(|| Error::not_found("destination"))?;
        let actor = Actor::Destination {
            id: destination.id,
            key: destination.key.clone(),
        };
        Ok(self.ctx(actor, rules.merchant.clone(), trace_id))
    }

    /// A callback.
    pub async fn acknowledge(
        self: &Arc<Self>,
        ctx: &Ctx,
        export_id: Uuid,
        ack: Ack,
    ) -> Result<ExportState> {
        ctx.require(Action::Acknowledge)?;
        if ack.status == AckStatus::Rejected
            && ack.exception_code.as_deref().is_none_or(str::is_empty)
        {
            return Err(Error::invalid(
                "exception_code",
                "A rejection says why: give an exception_code.",
            ));
        }
        // A callback can come while the answer to the delivery is still being recorded, by another process
        // perhaps. The destination cannot know that, and many never ask again.
        for _ in 0..RACES {
            match self.acknowledge_once(ctx, export_id, ack.clone()).await {
                Err(error) if error.raced => tokio::task::yield_now().await,
                done => return done,
            }
        }
        self.acknowledge_once(ctx, export_id, ack).await
    }

    async fn acknowledge_once(
        self: &Arc<Self>,
        ctx: &Ctx,
        export_id: Uuid,
        ack: Ack,
    ) -> Result<ExportState> {
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    let mut export = work.export(export_id).await?;
                    if let Actor::Destination { id, .. } = ctx.actor()
                        && *id != export.destination_id
                    {
                        return Err(Error::not_found("export"));
                    }
                    work.trace_id.clone_from(&export.trace_id);
                    let contract = work.contract_of(&export).await?;
                    work.acknowledged(&mut export, &contract, ack).await?;
                    Ok(export.state)
                })
            })
            .await
    }
}

impl Work<'_> {
    pub async fn acknowledged(
        &mut self,
        export: &mut Export,
        contract: &Contract,
        ack: Ack,
    ) -> Result<()> {
        let next = match ack.status {
            AckStatus::Accepted => ExportState::Acknowledged,
            AckStatus::Completed => ExportState::Completed,
            AckStatus::Rejected => ExportState::Rejected,
        };
        if export.state == next
            || (next == ExportState::Acknowledged && export.state == ExportState::Completed)
        {
            return Ok(());
        }
        if !export.state.may_become(next) || export.state.is_before_dispatch() {
            return Err(Error::conflict(format!(
                "This export is {} and cannot become {}.",
                export.state.words(),
                next.words()
            )));
        }
        export.become_state(next)?;
        export.ack.status = Some(ack.status);
        if ack.external_ref.is_some() {
            export.ack.external_ref.clone_from(&ack.external_ref);
        }
        match ack.status {
            AckStatus::Completed => export.ack.completed_at = Some(self.now),
            AckStatus::Accepted => {
                let within = contract.ack.completed_within_ms;
                export.ack.completion_due = within.map(|ms| self.now.plus_ms(ms));
            }
            AckStatus::Rejected => {}
        }
        if export.ack.acknowledged_at.is_none() && ack.status != AckStatus::Rejected {
            export.ack.acknowledged_at = Some(self.now);
        }
        if ack.status == AckStatus::Rejected {
            export.ack.exception_code = Some(
                ack.exception_code
                    .clone()
                    .unwrap_or_else(|| REJECTED.to_owned()),
            );
            export
                .ack
                .exception_metadata
                .clone_from(&ack.exception_metadata);
        }
        self.tx.save_export(export).await?;
        export.rev += 1;
        self.note(
            &format!("export.{next}"),
            "export",
            export.id,
            json!({
                "external_ref": ack.external_ref, "exception_code": export.ack.exception_code,
                "exception_metadata": ack.exception_metadata,
            }),
        );
        match ack.status {
            AckStatus::Rejected => self.rejected(export, contract).await,
            AckStatus::Accepted => self.accepted(export).await,
            AckStatus::Completed => {
                self.tell_of_late_completion(export).await?;
                self.completed(export, contract).await
            }
        }
    }

    async fn rejected(&mut self, export: &Export, contract: &Contract) -> Result<()> {
        let code = export
            .ack
            .exception_code
            .clone()
            .unwrap_or_else(|| REJECTED.to_owned());
        let mut found = vec![evidence("Code", &code)];
        if let Some(metadata) = &export.ack.exception_metadata {
            found.push(evidence("The destination says", metadata.to_string()));
        }
        let destination = self
            .rules
            .destinations
            .iter()
            .find(|one| one.id == export.destination_id)
            .map_or("The destination", |one| one.name.as_str());
        let sentence = format!("{destination} rejected it: {}", code.replace('_', " "));
        self.raise(
            export,
            contract,
            Trouble {
                code,
                sentence,
                evidence: found,
            },
        )
        .await?;
        self.export_moved(export).await
    }

    async fn accepted(&mut self, export: &Export) -> Result<()> {
        self.cancel_task(
            &format!("{}:{}", codes::ACK_TIMEOUT, export.id),
            "it was acknowledged",
        )
        .await?;
        // what it was late with is done, unless that is the whole of it
        if export.ack.completion_due.is_none() || self.now < export.resolve_by {
            self.late_no_more(export, "it was acknowledged").await?;
        }
        if let Some(at) = export.ack.completion_due {
            self.arm(JobKind::CompletionDeadline, export.id, at).await?;
        }
        self.export_moved(export).await
    }

    async fn completed(&mut self, export: &Export, contract: &Contract) -> Result<()> {
        for code in [codes::ACK_TIMEOUT, codes::COMPLETION_TIMEOUT] {
            self.cancel_task(&format!("{code}:{}", export.id), "it was completed")
                .await?;
        }
        self.late_no_more(export, "it was completed").await?;
        // First the export's own step, then what its completion stands for: a run that goes on to
        // wait for that very event finds it.
        if let Some(kind) = contract.ack.completion_event {
            self.tx
                .insert_events(&[self.completion(export, kind)])
                .await?;
            self.note(
                kind.as_str(),
                subject_noun(export),
                export.subject_id,
                json!({
                    "export_id": export.id, "external_ref": export.ack.external_ref,
                }),
            );
        }
        self.export_moved(export).await?;
        match contract.ack.completion_event {
            Some(kind) => self.events_seen(export.subject_id, &[kind]).await,
            None => Ok(()),
        }
    }

    /// What was promised is there after all.
    pub async fn late_no_more(&mut self, export: &Export, why: &str) -> Result<()> {
        self.cancel_task(&format!("{}:{}", codes::SLA_MISSED, export.id), why)
            .await
    }

    fn completion(&self, export: &Export, kind: EventKind) -> EventRow {
        EventRow {
            id: self.uuid(),
            merchant_id: export.merchant_id,
            kind,
            subject_kind: export.subject_kind.clone(),
            subject_id: export.subject_id,
            receipt_id: None,
            occurred_at: self.now,
            data: json!({ "export_id": export.id, "external_ref": export.ack.external_ref }),
        }
    }

    /// Job: delivered, but the destination did not say in time that it accepts.
    pub async fn ack_deadline(&mut self, id: Uuid, armed_for: Time) -> Result<()> {
        let export = self.export(id).await?;
        self.trace_id.clone_from(&export.trace_id);
        if export.state != ExportState::Delivered
            || is_another(export.ack.acceptance_due, armed_for)
        {
            return Ok(());
        }
        let contract = self.contract_of(&export).await?;
        self.note(
            "expectation.breached",
            "export",
            id,
            json!({ "expected": "acknowledged", "by": armed_for }),
        );
        let trouble = Trouble {
            code: codes::ACK_TIMEOUT.to_owned(),
            sentence: format!("“{}” was delivered, but never acknowledged", export.title),
            evidence: vec![evidence("Expected by", armed_for.to_string())],
        };
        self.raise(&export, &contract, trouble).await
    }

    /// Job: accepted, but not completed in time.
    pub async fn completion_deadline(&mut self, id: Uuid, armed_for: Time) -> Result<()> {
        let export = self.export(id).await?;
        self.trace_id.clone_from(&export.trace_id);
        if export.state != ExportState::Acknowledged
            || is_another(export.ack.completion_due, armed_for)
        {
            return Ok(());
        }
        let contract = self.contract_of(&export).await?;
        self.note(
            "expectation.breached",
            "export",
            id,
            json!({ "expected": "completed", "by": armed_for }),
        );
        let trouble = Trouble {
            code: codes::COMPLETION_TIMEOUT.to_owned(),
            sentence: format!("“{}” was accepted, but not completed in time", export.title),
            evidence: vec![evidence("Expected by", armed_for.to_string())],
        };
        self.raise(&export, &contract, trouble).await
    }

    /// A person says the destination is on it after all: expect the answer once more.
    pub async fn expect_again(&mut self, mut export: Export) -> Result<()> {
        let contract = self.contract_of(&export).await?;
        let rule = &contract.ack;
        let (kind, within, due) = match export.state {
            ExportState::Delivered => (
                JobKind::AckDeadline,
                rule.accepted_within_ms,
                &mut export.ack.acceptance_due,
            ),
            ExportState::Acknowledged => (
                JobKind::CompletionDeadline,
                rule.completed_within_ms,
                &mut export.ack.completion_due,
            ),
            _ => return Ok(()),
        };
        let Some(ms) = within else {
            return Ok(());
        };
        let at = self.now.plus_ms(ms);
        *due = Some(at);
        self.tx.save_export(&export).await?;
        self.arm(kind, export.id, at).await
    }
}

/// It was delivered, or accepted, once more since this clock was set.
fn is_another(due: Option<Time>, armed_for: Time) -> bool {
    due.is_some_and(|at| at != armed_for)
}

fn subject_noun(export: &Export) -> &'static str {
    match export.subject_kind.as_str() {
        "order" => "order",
        "case" => "case",
        _ => "campaign",
    }
}
