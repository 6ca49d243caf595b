//! When it goes wrong: an exception has a code; the contract's map routes the code to exactly one
//! owner; the owner gets a task with evidence, two clocks, and what resolving it sets going again.
//!
//! The same trouble opens one task: while a task with the same key is live, raising again adds
//! nothing but an audit entry.

use domain::{
    Time,
    chat::Handing,
    connection::Source,
    contract::{Contract, codes},
    export::Export,
    owner::{EscalationPolicy, EscalationStep, Owner, Party},
    receipt::Receipt,
    task::{Evidence, ExceptionClass, Severity, Task, TaskState, Unlock},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    error::Result,
    job::{Job, JobKind},
    port::{AuditNote, Ids, Tx},
    work::Work,
};

pub(crate) const MINUTE_MS: i64 = 60_000;
pub(crate) const HOUR_MS: i64 = 60 * MINUTE_MS;

/// What happened, in words and facts.
pub(crate) struct Trouble {
    pub code: String,
    pub sentence: String,
    pub evidence: Vec<Evidence>,
}

pub(crate) fn evidence(label: &str, value: impl Into<String>) -> Evidence {
    Evidence {
        label: label.to_owned(),
        value: value.into(),
        link: None,
    }
}

pub(crate) fn linked(label: &str, value: impl Into<String>, noun: &str, id: Uuid) -> Evidence {
    Evidence {
        label: label.to_owned(),
        value: value.into(),
        link: Some((noun.to_owned(), id.to_string())),
    }
}

impl Work<'_> {
    /// Something went wrong with an export.
    pub async fn raise(
        &mut self,
        export: &Export,
        contract: &Contract,
        trouble: Trouble,
    ) -> Result<()> {
        let Some(route) = contract.route(&trouble.code) else {
            // The gate `exception_path_defined` keeps this from happening to published contracts.
            return Err(crate::Error::internal(format!(
                "contract {} routes no {}",
                contract.export_type, trouble.code
            )));
        };
        // somebody outside waits for a word from in here
        let severity = match trouble.code.as_str() {
            codes::APPROVAL_TIMEOUT => route.severity.max(Severity::High),
            _ => route.severity,
        };
        let mut evidence = vec![linked("Export", &export.title, "export", export.id)];
        if export.subject_kind == "order" {
            evidence.push(linked(
                "Order",
                &export.source_ref,
                "order",
                export.subject_id,
            ));
        }
        evidence.extend(trouble.evidence);
        let backup = if route.owner == contract.backup {
            &contract.owner
        } else {
            &contract.backup
        };
        let task = Task {
            id: self.uuid(),
            merchant_id: self.merchant_id(),
            dedup_key: format!("{}:{}", trouble.code, export.id),
            title: format!("{}: {}", route.title, export.title),
            code: trouble.code,
            sentence: trouble.sentence,
            class: route.class,
            severity,
            state: TaskState::Open,
            owner: route.owner.clone(),
            assignee: None,
            backup: backup.clone(),
            watchers: export.watchers.clone(),
            escalation: export.escalation.clone(),
            rung: 0,
            escalates_at: None,
            claim_expires_at: None,
            evidence,
            remediation_steps: route.remediation_steps.clone(),
            unlock: route.unlock,
            receipt_id: None,
            order_id: (export.subject_kind == "order").then_some(export.subject_id),
            run_id: Some(export.run_id),
            step: None,
            export_id: Some(export.id),
            trace_id: export.trace_id.clone(),
            created_at: self.now,
            asked_at: None,
            accept_by: self.now.plus_ms(route.accept_ms),
            resolve_by: self.now.plus_ms(route.resolve_ms),
            snoozed_until: None,
            resolved_at: None,
            resolved_by: None,
            resolution: None,
            rev: 0,
        };
        self.open(task).await
    }

    /// A job failed too often to be tried again by itself.
    pub async fn raise_for_job(&mut self, job: &Job, why: &str) -> Result<()> {
        let owner = Owner::role(Party::Agency, "engineering");
        let backup = Owner::role(Party::Agency, "operations");
        let task = Task {
            id: self.uuid(),
            merchant_id: self.merchant_id(),
            dedup_key: format!(
                "job_failed:{}:{}:{}",
                job.kind.as_str(),
                job.subject_id,
                job.arg
            ),
            code: "job_failed".to_owned(),
            title: format!("Work stopped: {}", job.kind.as_str().replace('_', " ")),
            sentence: format!(
                "Meshline tried this {} times and stopped: {why}",
                job.attempts + 1
            ),
            class: ExceptionClass::Hard,
            severity: Severity::High,
            state: TaskState::Open,
            owner,
            assignee: None,
            escalation: ladder(&backup, HOUR_MS),
            backup,
            watchers: Vec::new(),
            rung: 0,
            escalates_at: None,
            claim_expires_at: None,
            evidence: vec![
                evidence("Job", job.kind.as_str()),
                evidence("Subject", job.subject_id.to_string()),
            ],
            remediation_steps: vec![
                "Read the cause above; the server's log has the same trace id.".to_owned(),
                "Fix it, then resolve this: the job runs again.".to_owned(),
            ],
            unlock: Unlock::RetryJob,
            receipt_id: (job.kind == JobKind::ProcessReceipt).then_some(job.subject_id),
            order_id: None,
            run_id: None,
            step: None,
            export_id: (job.kind == JobKind::Deliver).then_some(job.subject_id),
            trace_id: self.trace_id.clone(),
            created_at: self.now,
            asked_at: None,
            accept_by: self.now.plus_ms(30 * MINUTE_MS),
            resolve_by: self.now.plus_ms(4 * HOUR_MS),
            snoozed_until: None,
            resolved_at: None,
            resolved_by: None,
            resolution: None,
            rev: 0,
        };
        self.open(task).await
    }

    pub async fn open(&mut self, mut task: Task) -> Result<()> {
        task.owner = self.answerable(&task).await?;
        let ids = std::sync::Arc::clone(&self.engine.ids);
        let told = task.clone();
        if open_task(self.tx, &*ids, self.now, &self.actor, task).await? {
            self.tell_owner(&told, Handing::Opened).await?;
            self.tell_opened(&told).await?;
        }
        Ok(())
    }
}

impl Work<'_> {
    /// The owner, if somebody stands behind it; else the next who is named on the task, else an admin. A
    /// version of the rules that was replaced may still name somebody who left, and a task that nobody can
    /// see is no task.
    async fn answerable(&mut self, task: &Task) -> Result<Owner> {
        let named = [&task.owner, &task.backup].into_iter();
        let ladder = task.escalation.steps.iter().map(|step| &step.target);
        for owner in named.chain(ladder) {
            if self.answers(owner).await? {
                return Ok(owner.clone());
            }
        }
        let admin = self
            .rules
            .members
            .iter()
            .find(|(user, member)| user.active && member.runs_it());
        Ok(admin.map_or_else(|| task.owner.clone(), |(user, _)| Owner::User(user.id)))
    }

    /// Whether somebody active stands behind it. A person is asked for here and now, and kept from leaving
    /// until the end of the transaction.
    pub async fn answers(&mut self, owner: &Owner) -> Result<bool> {
        let Owner::User(id) = owner else {
            return Ok(self.rules.resolves(owner));
        };
        let merchant = self.merchant_id();
        self.tx.hold_membership(merchant, *id).await?;
        let is_active = self.tx.user(*id).await?.is_some_and(|user| user.active);
        Ok(is_active && self.tx.place(merchant, *id).await?.is_some())
    }
}

pub(crate) fn ladder(backup: &Owner, after_ms: i64) -> EscalationPolicy {
    EscalationPolicy {
        id: Uuid::nil(),
        version: 1,
        steps: vec![EscalationStep {
            after_ms,
            target: backup.clone(),
            only_within: None,
        }],
        ..EscalationPolicy::default()
    }
}

/// Authentic, but it does not fit: kept, and its source's owner is asked.
pub(crate) async fn quarantine_task(
    tx: &mut dyn Tx,
    ids: &dyn Ids,
    now: Time,
    source: &Source,
    receipt: &Receipt,
) -> Result<()> {
    let first = receipt.faults.first();
    let sentence = match first {
        Some(fault) if fault.path.is_empty() => fault.sentence.clone(),
        Some(fault) => format!("At {}: {}", fault.path, fault.sentence),
        None => "It does not fit its topic.".to_owned(),
    };
    let mut found = vec![
        linked("Receipt", &receipt.topic, "receipt", receipt.id),
        evidence("Source", &source.name),
    ];
    found.extend(receipt.faults.iter().take(8).map(|fault| {
        evidence(
            if fault.path.is_empty() {
                "Body"
            } else {
                &fault.path
            },
            &fault.sentence,
        )
    }));
    let task = Task {
        id: ids.uuid(now),
        merchant_id: receipt.merchant_id,
        dedup_key: format!("malformed:{}", receipt.id),
        code: "malformed".to_owned(),
        title: format!("Cannot read {} from {}", receipt.topic, source.name),
        sentence,
        class: ExceptionClass::Hard,
        severity: Severity::Normal,
        state: TaskState::Open,
        owner: source.owner.clone(),
        assignee: None,
        backup: source.backup.clone(),
        watchers: Vec::new(),
        escalation: ladder(&source.backup, HOUR_MS),
        rung: 0,
        escalates_at: None,
        claim_expires_at: None,
        evidence: found,
        remediation_steps: vec![
            "Open the receipt: the raw bytes are there, exactly as they came.".to_owned(),
            "Correct it at the sender and have it send again, or enter the order by hand."
                .to_owned(),
            "Resolve this task: the receipt is read once more and stays if it still does not fit."
                .to_owned(),
        ],
        unlock: Unlock::ReprocessReceipt,
        receipt_id: Some(receipt.id),
        order_id: None,
        run_id: None,
        step: None,
        export_id: None,
        trace_id: receipt.trace_id.clone(),
        created_at: now,
        asked_at: None,
        accept_by: now.plus_ms(30 * MINUTE_MS),
        resolve_by: now.plus_ms(4 * HOUR_MS),
        snoozed_until: None,
        resolved_at: None,
        resolved_by: None,
        resolution: None,
        rev: 0,
    };
    // here nobody knows whether there is a chat; the job finds out
    let tell = Job {
        id: ids.uuid(now),
        merchant_id: task.merchant_id,
        kind: JobKind::TellOfTask,
        subject_id: task.id,
        arg: now.as_ms(),
        run_at: now,
        attempts: 0,
        fence: 0,
    };
    if open_task(tx, ids, now, "system", task).await? {
        tx.enqueue(&[tell]).await?;
    }
    Ok(())
}

/// False when there is a live one about the same.
async fn open_task(
    tx: &mut dyn Tx,
    ids: &dyn Ids,
    now: Time,
    actor: &str,
    task: Task,
) -> Result<bool> {
    let note = |action: &str, detail| AuditNote {
        merchant_id: task.merchant_id,
        at: now,
        actor: actor.to_owned(),
        action: action.to_owned(),
        subject_kind: "task",
        subject_id: task.id,
        detail,
        trace_id: Some(task.trace_id.clone()),
    };
    if !tx.insert_task(&task).await? {
        return Ok(false);
    }
    tx.note(note(
        "task.opened",
        json!({
            "code": task.code, "owner": task.owner, "title": task.title,
            "accept_by": task.accept_by, "resolve_by": task.resolve_by,
            "export_id": task.export_id, "receipt_id": task.receipt_id,
        }),
    ));
    let job = |kind, at: Time| Job {
        id: ids.uuid(now),
        merchant_id: task.merchant_id,
        kind,
        subject_id: task.id,
        arg: at.as_ms(),
        run_at: at,
        attempts: 0,
        fence: 0,
    };
    tx.enqueue(&[
        job(JobKind::TaskAcceptDeadline, task.accept_by),
        job(JobKind::TaskResolveDeadline, task.resolve_by),
    ])
    .await?;
    Ok(true)
}
