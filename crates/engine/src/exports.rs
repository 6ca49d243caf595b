//! Exports before they leave: made, checked, replaced when the facts change, made ready.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Time,
    approval::{Approval, ApprovalState, Looked, rule},
    brief::TOO_LITTLE,
    contract::{Contract, Needed, codes},
    export::{Export, ExportState, QaResult, QaStatus, content_hash},
    flow::{Run, RunState, Step, Trigger},
    gate::{Fault, Gate, skus_in},
    owner::Owner,
    task::Evidence,
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    approval_news::News,
    contracts::triggers::sla_of,
    draft::{self, Draft, Origin, export_of},
    error::{Error, Result},
    exception::{Trouble, evidence, linked},
    job::JobKind,
    known::known,
    qa::Gates,
    recheck::Because,
    runs::{Subject, is_undo, prepares},
    wire,
    work::Work,
};

impl Work<'_> {
    /// Makes the export a step asks for and takes it as far as it goes by itself.
    pub async fn emit(
        &mut self,
        run: &Run,
        step: &Step,
        export_type: &str,
        subject: Subject,
    ) -> Result<()> {
        let rules = Arc::clone(&self.rules);
        let contract = rules.contract(export_type).ok_or_else(|| {
            Error::internal(format!(
                "step {} needs a published contract {export_type}",
                step.key
            ))
        })?;
        let (draft, needed) = self.draft(contract, &subject, run, None).await?;
        let export = self.new_export(run, &step.key, contract, draft, needed.reason.clone())?;
        self.note("export.created", "export", export.id, created(&export));
        self.check_and_go(export, contract, &needed, None).await
    }

    pub async fn draft(
        &mut self,
        contract: &Contract,
        subject: &Subject,
        run: &Run,
        instead_of: Option<&Export>,
    ) -> Result<(Draft, Needed)> {
        let exports = if contract.payload.asks_steps() {
            self.tx.exports_of(run.merchant_id, subject.id()).await?
        } else {
            Vec::new()
        };
        let system = match subject {
            Subject::Order(row) => self
                .rules
                .source(row.source_id)
                .map_or("unknown", |source| source.system.as_str()),
            Subject::Campaign(_) | Subject::Case(_) => "meshline",
        };
        let draft = Draft::of(contract, subject, system, &known(subject, run, &exports));
        let needed = self.needed(contract, subject, &draft, instead_of).await?;
        Ok((draft, needed))
    }

    /// Who has to approve it. Goods are not known by the version that it replaces, which said something else of them.
    pub async fn needed(
        &mut self,
        contract: &Contract,
        subject: &Subject,
        draft: &Draft,
        instead_of: Option<&Export>,
    ) -> Result<Needed> {
        let new_skus = if rule::asks_for_skus(&contract.approval) {
            let skus: Vec<String> = rule::skus_in(&draft.payload).into_iter().collect();
            let but = match instead_of {
                Some(old) => self.never_sent(old).await?,
                None => Vec::new(),
            };
            let known = self
                .tx
                .known_skus(contract.merchant_id, &contract.export_type, &skus, &but)
                .await?;
            skus.into_iter()
                .filter(|sku| !known.contains(sku))
                .collect()
        } else {
            Vec::new()
        };
        Ok(contract.approval_for(&Looked {
            total: draft.total.or_else(|| draft::stated_total(&draft.payload)),
            discount_percent: draft::discount(subject, &draft.payload),
            flags: &draft.flags,
            new_skus: &new_skus,
        }))
    }

    pub fn new_export(
        &self,
        run: &Run,
        step_key: &str,
        contract: &Contract,
        draft: Draft,
        reason: String,
    ) -> Result<Export> {
        let (destination, why_there) = self.destined(contract, &draft.payload)?;
        let reason = why_there.map_or_else(|| reason.clone(), |why| format!("{reason}; {why}"));
        let origin = Origin {
            id: self.uuid(),
            run,
            step_key,
            contract,
            destination_id: destination.id,
            now: self.now,
            trace_id: &self.trace_id,
        };
        let mut export = export_of(&origin, draft, reason);
        export.escalation = self.rules.stamp(&contract.escalation);
        // what a trigger set off keeps that trigger's promise
        if let Some(sla_ms) = sla_of(run) {
            export.resolve_by = self.now.plus_ms(sla_ms);
            export.accept_by = export.accept_by.min(export.resolve_by);
        }
        Ok(export)
    }

    /// Runs the gates, then asks, or makes ready. `carried`: what was approved of the version before counts for
    /// this one too, which says the same.
    pub(crate) async fn check_and_go(
        &mut self,
        mut export: Export,
        contract: &Contract,
        needed: &Needed,
        carried: Option<&[Approval]>,
    ) -> Result<()> {
        self.gated(&mut export, contract, needed).await?;
        let failed: Vec<_> = export
            .qa
            .iter()
            .filter(|one| one.status == QaStatus::Failed)
            .collect();
        let passed = failed.is_empty();
        let trouble = failed.first().map(|first| Trouble {
            code: failure_code(contract, &first.check),
            sentence: format!(
                "The check “{}” failed: {}",
                first.check,
                first.detail.as_deref().unwrap_or("no detail")
            ),
            evidence: failed.iter().flat_map(|one| found(one)).collect(),
        });
        let asks_nobody = needed.steps.is_empty() || carried.is_some();
        export.state = match (passed, asks_nobody) {
            (false, _) => ExportState::Quarantined,
            (true, false) => ExportState::AwaitingApproval,
            (true, true) => ExportState::Ready,
        };
        self.put(&export).await?;
        self.note(
            if passed {
                "export.checked"
            } else {
                "export.quarantined"
            },
            "export",
            export.id,
            json!({ "qa": export.qa, "state": export.state }),
        );
        if let Some(trouble) = trouble {
            self.look_again_when_covered(&export).await?;
            return self.raise(&export, contract, trouble).await;
        }
        if asks_nobody {
            return self
                .release(&export, contract, carried.unwrap_or_default())
                .await;
        }
        self.ask(&export, needed).await
    }

    /// What the gates say of it now, and how fresh it is, written on it.
    pub(crate) async fn gated(
        &mut self,
        export: &mut Export,
        contract: &Contract,
        needed: &Needed,
    ) -> Result<()> {
        // two of the same at the same moment: the second one sees the first
        self.tx
            .hold_subject(export.merchant_id, &export.subject_kind, export.subject_id)
            .await?;
        let siblings = self
            .tx
            .exports_of(export.merchant_id, export.subject_id)
            .await?;
        let looks_at_goods = !contract.gates.is_empty() || !contract.refresh.is_empty();
        let skus = match looks_at_goods {
            true => self.goods(&skus_in(&export.payload)).await?,
            false => BTreeMap::new(),
        };
        let doubts = match contract.gates.contains(&Gate::NotOnHold) {
            true => self.doubts_about(export).await?,
            false => Vec::new(),
        };
        let rules = Arc::clone(&self.rules);
        let validator = Arc::clone(&self.engine).schemas.of(contract).await?;
        let gates = Gates {
            contract,
            validator: &validator,
            rules: &rules,
            steps: &needed.steps,
            siblings: &siblings,
            skus: &skus,
            doubts: &doubts,
            now: self.now,
        };
        (export.qa, export.fresh) = gates.check(export);
        Ok(())
    }

    async fn doubts_about(&mut self, export: &Export) -> Result<Vec<String>> {
        if export.subject_kind != "order" {
            return Ok(Vec::new());
        }
        let row = self.tx.order(export.merchant_id, export.subject_id).await?;
        Ok(row.map(|row| row.order.doubts()).unwrap_or_default())
    }

    async fn put(&mut self, export: &Export) -> Result<()> {
        self.tx.insert_export(export).await?;
        self.arm(JobKind::ExportDeadline, export.id, export.accept_by)
            .await?;
        if export.resolve_by != export.accept_by {
            self.arm(JobKind::ExportDeadline, export.id, export.resolve_by)
                .await?;
        }
        Ok(())
    }

    /// Opens one approval row per step; the first is asked, the rest wait their turn.
    async fn ask(&mut self, export: &Export, needed: &Needed) -> Result<()> {
        let steps = &needed.steps;
        let of = i64::try_from(steps.len()).unwrap_or(i64::MAX);
        for (index, step) in steps.iter().enumerate() {
            let approval = Approval {
                id: self.uuid(),
                merchant_id: export.merchant_id,
                export_id: export.id,
                step: i64::try_from(index).unwrap_or(i64::MAX - 1) + 1,
                of,
                owner: step.owner.clone(),
                others: step.others.clone(),
                needs: step.needs,
                backup: step.backup.clone(),
                reason: needed.reason.clone(),
                rule: needed.rule,
                critical: needed.critical,
                content_hash: export.content_hash.clone(),
                author: export.author,
                also_authors: export.also_authors.clone(),
                state: ApprovalState::Queued,
                accept_ms: step.accept_ms,
                asked_at: None,
                accept_by: None,
                expires_at: None,
                escalated_at: None,
                votes: Vec::new(),
                decided_by: None,
                decided_for: None,
                decided_at: None,
                decision_note: None,
                remarks: Vec::new(),
                question: None,
                looks: Vec::new(),
                rev: 0,
            };
            let approval = if index == 0 {
                approval.ask(self.now)
            } else {
                approval
            };
            self.tx.insert_approval(&approval).await?;
            if index == 0 {
                self.announce(export, &approval).await?;
            }
        }
        Ok(())
    }

    /// A step was asked: its clocks run from here.
    pub async fn announce(&mut self, export: &Export, approval: &Approval) -> Result<()> {
        self.announce_as(export, approval, &News::Asked).await
    }

    /// `news` says whether those who are asked know of it.
    pub async fn announce_as(
        &mut self,
        export: &Export,
        approval: &Approval,
        news: &News,
    ) -> Result<()> {
        self.note(
            "approval.asked",
            "approval",
            approval.id,
            json!({
                "export_id": approval.export_id, "step": approval.step, "of": approval.of,
                "owner": approval.owner, "others": approval.others, "needs": approval.needs,
                "accept_by": approval.accept_by, "content_hash": approval.content_hash,
            }),
        );
        self.arm_clocks(approval).await?;
        self.tell_of_approval(export, approval, news).await
    }

    /// Both deadlines of a step, as they stand.
    pub async fn arm_clocks(&mut self, approval: &Approval) -> Result<()> {
        if let Some(at) = approval
            .accept_by
            .filter(|_| approval.escalated_at.is_none())
        {
            self.arm(JobKind::ApprovalDeadline, approval.id, at).await?;
        }
        if let Some(at) = approval.expires_at {
            self.arm(JobKind::ApprovalExpiry, approval.id, at).await?;
        }
        Ok(())
    }

    /// Everything it needed is there: its bytes are fixed, and it is due at its destination.
    /// `export` is already saved as ready.
    pub async fn release(
        &mut self,
        export: &Export,
        contract: &Contract,
        approvals: &[Approval],
    ) -> Result<()> {
        let bytes = wire::message(
            export,
            contract,
            approvals,
            &self.rules,
            self.now,
            &self.engine.public_url,
        );
        self.tx
            .fix_wire(export.merchant_id, export.id, &bytes)
            .await?;
        self.note(
            "export.ready",
            "export",
            export.id,
            json!({ "content_hash": export.content_hash }),
        );
        if rule::asks_for_skus(&contract.approval) {
            let skus: Vec<String> = rule::skus_in(&export.payload).into_iter().collect();
            let because = (export.id, self.now);
            self.tx
                .insert_known_skus(export.merchant_id, &export.export_type, &skus, because)
                .await?;
        }
        self.arm(JobKind::Deliver, export.id, self.now).await
    }

    pub async fn contract_of(&mut self, export: &Export) -> Result<Arc<Contract>> {
        if let Some(found) = self
            .rules
            .contracts
            .iter()
            .find(|one| one.id == export.contract_id)
        {
            return Ok(Arc::clone(found));
        }
        let contract = self
            .tx
            .contract(export.merchant_id, export.contract_id)
            .await?;
        contract
            .map(Arc::new)
            .ok_or_else(|| Error::internal(format!("export {} has lost its contract", export.id)))
    }

    /// The facts behind a subject changed: what was not sent yet is replaced, what was is questioned.
    pub async fn facts_changed(&mut self, subject: &Subject) -> Result<()> {
        for export in self.tx.exports_of(self.merchant_id(), subject.id()).await? {
            self.facts_changed_for(export, subject).await?;
        }
        Ok(())
    }

    /// The same for one export.
    pub(crate) async fn facts_changed_for(
        &mut self,
        export: Export,
        subject: &Subject,
    ) -> Result<()> {
        let is_over = export.superseded_by.is_some() || export.state == ExportState::Withdrawn;
        if is_over || export.content_is_gone() {
            return Ok(());
        }
        let Some(run) = self.tx.run(export.merchant_id, export.run_id).await? else {
            return Ok(());
        };
        let is_no = matches!(export.state, ExportState::Declined | ExportState::Expired);
        if is_no && !waits_at(&run, &export) {
            return Ok(());
        }
        let contract = self.contract_of(&export).await?;
        let (draft, _) = self.draft(&contract, subject, &run, None).await?;
        if draft.payload == export.payload {
            return self.perhaps_now(&export, &contract, subject).await;
        }
        if stands(&export, &draft.payload) {
            return Ok(());
        }
        if let Some(by) = export.overridden.as_ref().map(|one| one.by) {
            let sentence = format!(
                "What “{}” is about changed after you overrode it; look whether it is still right.",
                export.title
            );
            self.tell(&[Owner::User(by)], ("export", export.id), &sentence)
                .await?;
        }
        // under a contract that was retired since, nothing is made anew: it was at its end by then
        let is_retired = self.rules.contract(&export.export_type).is_none();
        if is_retired && export.state.is_before_dispatch() {
            return Ok(());
        }
        if export.state.is_before_dispatch() {
            self.replace(export, subject, Because::FactsChanged).await?;
        } else if matches!(
            export.state,
            ExportState::Delivering | ExportState::Delivered | ExportState::Acknowledged
        ) && !has_left(subject)
        {
            let trouble = Trouble {
                code: codes::CHANGED_AFTER_DISPATCH.to_owned(),
                sentence: format!(
                    "{} changed after it was sent to its destination",
                    export.source_ref
                ),
                evidence: vec![
                    evidence("Sent", export.payload.to_string()),
                    evidence("Now", draft.payload.to_string()),
                ],
            };
            self.raise(&export, &contract, trouble).await?;
        }
        Ok(())
    }

    /// The order will not be worked on any more: stop what has not left, ask about what has.
    pub async fn subject_closed(&mut self, subject: &Subject, why: &str) -> Result<()> {
        let runs = self.tx.runs_of(self.merchant_id(), subject.id()).await?;
        for run in runs
            .into_iter()
            .filter(|run| matches!(run.state, RunState::Running | RunState::Paused))
        {
            if !ends_with_it(&self.flow_of(&run).await?.trigger) {
                continue;
            }
            let mut left = false;
            for mut export in self.tx.exports_of_run(run.merchant_id, run.id).await? {
                let waits = export.state == ExportState::Paused;
                if waits || export.state.is_before_dispatch() {
                    self.close_approvals(export.id, ApprovalState::Withdrawn)
                        .await?;
                    self.cancel_tasks_about(export.id, why).await?;
                    export.become_state(ExportState::Withdrawn)?;
                    self.tx.save_export(&export).await?;
                    self.note(
                        "export.withdrawn",
                        "export",
                        export.id,
                        json!({ "why": why }),
                    );
                    left |= self.stop_before(&export, why).await?.is_some();
                } else if !export.state.is_settled()
                    || matches!(
                        export.state,
                        ExportState::Acknowledged | ExportState::Completed
                    )
                {
                    left = true;
                    let contract = self.contract_of(&export).await?;
                    let trouble = Trouble {
                        code: codes::CANCELLED_AFTER_DISPATCH.to_owned(),
                        sentence: format!("{}: {why}, but it was already sent", export.source_ref),
                        evidence: vec![evidence("Export is", export.state.words())],
                    };
                    self.raise(&export, &contract, trouble).await?;
                }
            }
            if !left {
                self.end_run(run.id, RunState::Cancelled, why).await?;
            }
        }
        Ok(())
    }

    pub async fn close_approvals(&mut self, export_id: Uuid, state: ApprovalState) -> Result<()> {
        for mut approval in self.tx.approvals_of(self.merchant_id(), export_id).await? {
            if approval.state.is_open() {
                approval.state = state;
                self.keep_approval(&approval).await?;
                self.note(
                    &format!("approval.{state}"),
                    "approval",
                    approval.id,
                    json!({ "export_id": export_id, "step": approval.step }),
                );
            }
        }
        Ok(())
    }

    /// Job: one of the export's own clocks ran out. Steps that have a clock of their own (an approval,
    /// an acknowledgement) raise their own trouble; this catches whatever else keeps it.
    pub async fn export_deadline(&mut self, id: Uuid, armed_for: Time) -> Result<()> {
        let export = self.export(id).await?;
        self.trace_id.clone_from(&export.trace_id);
        let contract = self.contract_of(&export).await?;
        let is_last = armed_for == export.resolve_by;
        if !(is_last || armed_for == export.accept_by) || !is_owed(&export, &contract, is_last) {
            return Ok(());
        }
        self.note(
            "export.late",
            "export",
            id,
            json!({ "by": armed_for, "state": export.state }),
        );
        let known = self.tx.tasks_about(export.merchant_id, id).await?;
        if known.iter().any(|task| !task.state.is_over()) {
            // somebody is at it already; whoever watches hears that it will be late
            let sentence = format!(
                "“{}” is late, and is {}.",
                export.title,
                export.state.words()
            );
            return self.tell_of_export(&export, &sentence).await;
        }
        let trouble = Trouble {
            code: codes::SLA_MISSED.to_owned(),
            sentence: format!(
                "“{}” should have been {} by now and is {}",
                export.title,
                if is_last { "done" } else { "accepted" },
                export.state.words()
            ),
            evidence: vec![evidence("Promised by", armed_for.to_string())],
        };
        self.raise(&export, &contract, trouble).await
    }
}

/// Whether the clock that ran out still waits for something of this export.
fn is_owed(export: &Export, contract: &Contract, is_last: bool) -> bool {
    match export.state {
        ExportState::Ready | ExportState::Delivering | ExportState::Paused => true,
        ExportState::AwaitingApproval | ExportState::Quarantined => is_last,
        ExportState::Delivered => is_last && contract.ack.accepted_within_ms.is_some(),
        ExportState::Acknowledged => is_last && contract.ack.completed_within_ms.is_some(),
        _ => false,
    }
}

/// The run is still where this export was made, in the same visit.
fn waits_at(run: &Run, export: &Export) -> bool {
    let key = export.step_key.as_str();
    let is_there = is_undo(key) || run.stands_at().any(|at| at == key);
    let since = run.entered(key);
    !run.state.is_over() && is_there && since.is_none_or(|since| export.created_at >= since)
}

/// Somebody changed what it says, and what they changed has not changed since.
pub(crate) fn stands(export: &Export, facts: &serde_json::Value) -> bool {
    let hash = content_hash(facts, export.contract_id, &export.contract_version, None);
    export
        .overridden
        .as_ref()
        .is_some_and(|one| one.facts_hash == hash)
}

/// Not enough goods has an owner of its own, where the contract says so.
fn failure_code(contract: &Contract, check: &str) -> String {
    let own = check == "stock_at_least" && contract.exceptions.contains_key(TOO_LITTLE);
    if own { TOO_LITTLE } else { codes::QA_FAILED }.to_owned()
}

/// A failed check as evidence: a line for each thing that is wrong, linked to the other export where there is one.
fn found(one: &QaResult) -> Vec<Evidence> {
    let line = |fault: &Fault| {
        let value = format!(
            "{}: {}. Accepted: {}.",
            fault.field, fault.says, fault.accepts
        );
        match fault.export {
            Some(other) => linked(&one.check, value, "export", other),
            None => evidence(&one.check, value),
        }
    };
    one.faults.iter().map(line).collect()
}

pub(crate) fn created(export: &Export) -> serde_json::Value {
    json!({
        "export_type": export.export_type, "version": export.version,
        "supersedes": export.supersedes, "content_hash": export.content_hash,
        "contract_version": export.contract_version, "owner": export.owner,
    })
}

/// Something of it is on its way: less is left to ship, which is no change of what was asked.
pub(crate) fn has_left(subject: &Subject) -> bool {
    matches!(subject, Subject::Order(row) if !row.order.shipments.is_empty())
}

/// What prepares an order to be sent is over when the order is. A return, a dispute or a backorder goes on: often
/// it is why the order was closed.
const fn ends_with_it(trigger: &Trigger) -> bool {
    match trigger {
        Trigger::Order { event, .. } => prepares(*event),
        Trigger::Manual => false,
        Trigger::Campaign | Trigger::Form { .. } | Trigger::SubFlow => true,
    }
}
