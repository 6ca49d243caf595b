//! One transaction at work: the open `Tx`, the rules it runs under, the time, and in whose name.

use std::sync::Arc;

use domain::Time;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    engine::Engine,
    error::Result,
    flow_drafts::person,
    job::{Job, JobKind},
    port::{AuditNote, Tx},
    rules::Rules,
};

pub(crate) struct Work<'t> {
    pub tx: &'t mut (dyn Tx + 't),
    pub engine: Arc<Engine>,
    pub rules: Arc<Rules>,
    pub now: Time,
    pub actor: String,
    /// In whose name it is, if that is a person.
    pub by: Option<Uuid>,
    pub trace_id: String,
}

impl<'t> Work<'t> {
    pub fn of(
        ctx: &Ctx,
        tx: &'t mut (dyn Tx + 't),
        engine: Arc<Engine>,
        rules: Arc<Rules>,
    ) -> Self {
        Self {
            tx,
            now: ctx.now(),
            actor: ctx.actor_name(),
            by: person(ctx),
            trace_id: ctx.trace_id().to_owned(),
            engine,
            rules,
        }
    }

    pub fn merchant_id(&self) -> Uuid {
        self.rules.merchant.id
    }

    pub fn uuid(&self) -> Uuid {
        self.engine.ids.uuid(self.now)
    }

    /// The audit entry of one arrow.
    pub fn note(
        &mut self,
        action: &str,
        subject_kind: &'static str,
        subject_id: Uuid,
        detail: Value,
    ) {
        self.tx.note(AuditNote {
            merchant_id: self.rules.merchant.id,
            at: self.now,
            actor: self.actor.clone(),
            action: action.to_owned(),
            subject_kind,
            subject_id,
            detail,
            trace_id: Some(self.trace_id.clone()),
        });
    }

    /// A job due at `at`, armed for that very moment: when the deadline moved meanwhile, it does nothing.
    pub async fn arm(&mut self, kind: JobKind, subject_id: Uuid, at: Time) -> Result<()> {
        let job = Job {
            id: self.uuid(),
            merchant_id: self.merchant_id(),
            kind,
            subject_id,
            arg: at.as_ms(),
            run_at: at,
            attempts: 0,
            fence: 0,
        };
        self.tx.enqueue(&[job]).await
    }
}

impl<'t> Work<'t> {
    /// The engine following what was configured.
    pub fn for_job(
        tx: &'t mut (dyn Tx + 't),
        engine: Arc<Engine>,
        rules: Arc<Rules>,
        now: Time,
    ) -> Self {
        Self {
            tx,
            engine,
            rules,
            now,
            actor: "system".to_owned(),
            by: None,
            trace_id: String::new(),
        }
    }
}
