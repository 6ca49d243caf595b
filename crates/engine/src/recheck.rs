//! Exports that are made anew: because the facts changed, because a person or a fact mended what a gate refused,
//! because what they say has become too old to be sent.
//!
//! Content never changes, so each time is a new version that supersedes the one before. What was approved stays
//! approved only where the new version says the same, word for word, under the same rules; anything else is
//! asked anew. A version made since the old one had aged says what is different; if the facts of now were too old
//! themselves, it is held until they are told, and the one after it says so and is still approved, in the same way.

use std::sync::Arc;

use domain::{
    Time,
    approval::{Approval, ApprovalState},
    contract::{Contract, Needed},
    export::{Export, ExportState, QaResult, QaStatus, Reevaluation, differences},
    flow::{Run, RunState},
    gate::{Gate, skus_in, stale},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    exports::created,
    job::JobKind,
    overriding::next_key,
    port::ListFilter,
    qa::is_answered,
    runs::Subject,
    work::Work,
};

/// Versions in a row that may be made anew for their age. What is too old again that soon is a person's.
const MOST_TIMES: u32 = 3;
/// How many held exports are looked through at once.
const BATCH: i64 = 200;
/// How far ahead it is known when somebody answers again.
const AHEAD_DAYS: i64 = 14;

/// Why a new version is made.
#[derive(Clone, Debug)]
pub(crate) enum Because {
    FactsChanged,
    /// A person resolved the task about what failed.
    Mended,
    /// Its gates hold now.
    GatesHold,
    /// What it says was too old to be sent.
    TooOld(String),
}

impl Because {
    /// As its tasks are closed with.
    fn words(&self) -> &str {
        match self {
            Self::FactsChanged | Self::Mended => "a newer version replaced it",
            Self::GatesHold => "what was missing is there now, and every check holds",
            Self::TooOld(_) => "it was made anew with what is true now",
        }
    }
}

impl Work<'_> {
    /// A new version with the facts of now; the old one, its approvals and its tasks are over.
    pub async fn replace(&mut self, old: Export, subject: &Subject, why: Because) -> Result<()> {
        let (run, contract) = self.origin_of(&old).await?;
        let (export, needed) = self.next_version(&old, &run, &contract, subject).await?;
        self.put_instead(old, export, &contract, &needed, why).await
    }

    async fn origin_of(&mut self, export: &Export) -> Result<(Run, Arc<Contract>)> {
        let contract = self.rules.contract(&export.export_type).cloned();
        let contract = contract.ok_or_else(|| {
            Error::internal(format!("no published contract {}", export.export_type))
        })?;
        let run = self.tx.run(export.merchant_id, export.run_id).await?;
        let run =
            run.ok_or_else(|| Error::internal(format!("export {} has lost its run", export.id)))?;
        Ok((run, contract))
    }

    async fn next_version(
        &mut self,
        old: &Export,
        run: &Run,
        contract: &Contract,
        subject: &Subject,
    ) -> Result<(Export, Needed)> {
        let (draft, needed) = self.draft(contract, subject, run, Some(old)).await?;
        let mut export =
            self.new_export(run, &old.step_key, contract, draft, needed.reason.clone())?;
        export.version = old.version + 1;
        export.supersedes = Some(old.id);
        export.trace_id.clone_from(&old.trace_id);
        if !old.state.is_before_dispatch() {
            // its destination may have done it, or remember that it refused it
            export.idempotency_key = next_key(&old.idempotency_key, export.version);
        } else if export.idempotency_key != old.idempotency_key && self.was_sent_before(old).await?
        {
            export.idempotency_key.clone_from(&old.idempotency_key);
        }
        Ok((export, needed))
    }

    /// A version before it went to its destination.
    async fn was_sent_before(&mut self, export: &Export) -> Result<bool> {
        let mut before = export.supersedes;
        while let Some(id) = before {
            if !self.tx.attempts(export.merchant_id, id).await?.is_empty() {
                return Ok(true);
            }
            before = self.export(id).await?.supersedes;
        }
        Ok(false)
    }

    /// It, and the versions before it that never went to their destination.
    pub(crate) async fn never_sent(&mut self, export: &Export) -> Result<Vec<Uuid>> {
        let mut all = vec![export.id];
        let mut before = export.supersedes;
        while let Some(id) = before {
            if self.tx.attempts(export.merchant_id, id).await?.is_empty() {
                all.push(id);
            }
            before = self.export(id).await?.supersedes;
        }
        Ok(all)
    }

    async fn put_instead(
        &mut self,
        mut old: Export,
        mut export: Export,
        contract: &Contract,
        needed: &Needed,
        why: Because,
    ) -> Result<()> {
        let was = old.state;
        let anew = self.made_anew(&old, &export, &why).await?;
        let mut carried = None;
        if anew.is_some() {
            carried = self.still_approved(&old, &export, contract, needed).await?;
        }
        // the same, and asked all the same: it is not for its age that it is new
        export.reevaluated = anew.filter(|one| {
            matches!(why, Because::TooOld(_)) || carried.is_some() || !one.changed.is_empty()
        });
        self.close_approvals(old.id, ApprovalState::Superseded)
            .await?;
        self.cancel_tasks_about(old.id, why.words()).await?;
        old.become_state(ExportState::Superseded)?;
        old.superseded_by = Some(export.id);
        self.tx.save_export(&old).await?;
        self.note(
            "export.superseded",
            "export",
            old.id,
            json!({ "by": export.id, "why": why.words(), "reevaluated": export.reevaluated }),
        );
        self.note("export.created", "export", export.id, created(&export));
        self.stop_elsewhere(&old, was, &export, contract).await?;
        self.check_and_go(export, contract, needed, carried.as_deref())
            .await
    }

    /// What is different since the one that had become too old to be sent; between the two there may be some that
    /// were held, until somebody told the facts again.
    async fn made_anew(
        &mut self,
        old: &Export,
        new: &Export,
        why: &Because,
    ) -> Result<Option<Reevaluation>> {
        let known = old.reevaluated.as_ref();
        let times = known.map_or(0, |one| one.times);
        let mut aged = old.clone();
        let (why, times) = match (why, known) {
            (Because::TooOld(why), _) => (why.clone(), times + 1),
            (Because::GatesHold | Because::Mended, Some(known)) => {
                while aged.reevaluated.is_some()
                    && aged.is_held()
                    && let Some(before) = aged.supersedes
                {
                    aged = self.export(before).await?;
                }
                (known.why.clone(), times)
            }
            _ => return Ok(None),
        };
        Ok(Some(Reevaluation {
            why,
            changed: differences(&aged.payload, &new.payload),
            times,
        }))
    }

    /// What was decided of the old version, if it was wholly approved and the new one is the same.
    async fn still_approved(
        &mut self,
        old: &Export,
        new: &Export,
        contract: &Contract,
        needed: &Needed,
    ) -> Result<Option<Vec<Approval>>> {
        if old.content_hash != new.content_hash {
            return Ok(None);
        }
        // nobody was asked about a version that was carried over itself, or held for its age: it was approved as
        // the one before it
        let mut asked = old.clone();
        let mut all = self.tx.approvals_of(asked.merchant_id, asked.id).await?;
        while all.is_empty()
            && is_only_anew(&asked, contract)
            && let Some(before) = asked.supersedes
        {
            asked = self.export(before).await?;
            if asked.content_hash != new.content_hash {
                return Ok(None);
            }
            all = self.tx.approvals_of(asked.merchant_id, asked.id).await?;
        }
        // another rule may ask as many, and ask others
        let whole = all.len() == needed.steps.len()
            && all
                .iter()
                .all(|one| one.state == ApprovalState::Approved && one.rule == needed.rule);
        Ok(whole.then_some(all))
    }

    /// Made anew in place of being sent. False: it was, too often.
    pub async fn reevaluate(&mut self, export: Export, why: String) -> Result<bool> {
        let times = export.reevaluated.as_ref().map_or(0, |one| one.times);
        if times >= MOST_TIMES || export.overridden.is_some() {
            // what a person wrote is not put together from facts again
            return Ok(false);
        }
        let (run, _) = self.origin_of(&export).await?;
        let subject = self.subject_of(&run).await?;
        self.replace(export, &subject, Because::TooOld(why)).await?;
        Ok(true)
    }

    /// Why it must not be sent as it is, if it must not.
    pub async fn too_old_because(&mut self, export: &Export) -> Result<Option<String>> {
        if self.now > export.valid_until {
            return Ok(Some(format!("it was true until {}", export.valid_until)));
        }
        let contract = self.contract_of(export).await?;
        let old = stale(&contract.refresh, &export.fresh, self.now);
        Ok((!old.is_empty()).then(|| format!("{} had become too old", old.join(" and "))))
    }

    /// A person fixed the cause of a failed check: the gates look again, at the facts of now.
    pub async fn recheck(&mut self, export: Export) -> Result<()> {
        if export.state != ExportState::Quarantined {
            return Ok(());
        }
        let (run, _) = self.origin_of(&export).await?;
        let subject = self.subject_of(&run).await?;
        self.replace(export, &subject, Because::Mended).await
    }

    /// Job: something changed that its gates look at. What is held goes on when all of them hold; otherwise it stays
    /// where it is, and says what is still missing. What was let go, and has not left, is held when one of them
    /// does not hold any more: what was approved of it is to be approved again then.
    pub async fn recheck_job(&mut self, id: Uuid) -> Result<()> {
        let mut old = self.export(id).await?;
        self.trace_id.clone_from(&old.trace_id);
        let is_held = match old.state {
            ExportState::Quarantined => true,
            ExportState::AwaitingApproval | ExportState::Ready => false,
            _ => return Ok(()),
        };
        if old.overridden.is_some() {
            return Ok(());
        }
        let (run, contract) = self.origin_of(&old).await?;
        if !matches!(run.state, RunState::Running | RunState::Undoing) {
            return Ok(());
        }
        let subject = self.subject_of(&run).await?;
        let (mut export, needed) = self.next_version(&old, &run, &contract, &subject).await?;
        self.gated(&mut export, &contract, &needed).await?;
        let holds = export.qa.iter().all(|one| one.status == QaStatus::Passed);
        if holds == is_held {
            let because = match holds {
                true => Because::GatesHold,
                false => Because::FactsChanged,
            };
            self.put_instead(old, export, &contract, &needed, because)
                .await?;
        } else if is_held && export.qa != old.qa {
            old.qa = export.qa;
            self.tx.save_export(&old).await?;
            self.note("export.rechecked", "export", id, json!({ "qa": old.qa }));
            self.look_again_when_covered(&old).await?;
        }
        self.brief_moved(&run).await
    }

    /// The facts behind it changed, though not what it says: what was held may go on, and what was let go may
    /// have to stop.
    pub async fn perhaps_now(
        &mut self,
        export: &Export,
        contract: &Contract,
        subject: &Subject,
    ) -> Result<()> {
        match export.state {
            ExportState::Quarantined => self.arm(JobKind::Recheck, export.id, self.now).await,
            ExportState::AwaitingApproval | ExportState::Ready => {
                let held = matches!(subject, Subject::Order(row) if !row.order.doubts().is_empty());
                if held && contract.gates.contains(&Gate::NotOnHold) {
                    self.replace(export.clone(), subject, Because::FactsChanged)
                        .await?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Another export of the subject is through: what waited for that is looked at again.
    pub async fn look_again_beside(&mut self, export: &Export) -> Result<()> {
        let merchant = export.merchant_id;
        for other in self.tx.exports_of(merchant, export.subject_id).await? {
            let waits = other.qa.iter().any(|one| {
                one.faults
                    .iter()
                    .any(|fault| fault.export == Some(export.id))
            });
            if waits && other.state == ExportState::Quarantined {
                self.arm(JobKind::Recheck, other.id, self.now).await?;
            }
        }
        Ok(())
    }

    /// Where nobody answered for it, the gates look again when somebody does.
    pub async fn look_again_when_covered(&mut self, export: &Export) -> Result<()> {
        let (rules, now) = (Arc::clone(&self.rules), self.now);
        let owners = [&export.owner, &export.backup];
        if owners.iter().any(|owner| is_answered(&rules, owner, now)) {
            return Ok(());
        }
        let ends = owners.iter().flat_map(|owner| {
            let gaps = rules.coverage_gaps(owner, now, AHEAD_DAYS);
            gaps.into_iter().map(|gap| gap.to)
        });
        match ends.filter(|at: &Time| *at > now).min() {
            Some(at) => self.arm(JobKind::Recheck, export.id, at).await,
            None => Ok(()),
        }
    }

    /// What has not left, names these goods and has a gate that looks at them.
    pub async fn held_for(&mut self, sku: &str) -> Result<Vec<Uuid>> {
        const OF_GOODS: [&str; 4] = ["price_within", "stock_at_least", "sku_known", "fresh"];
        let looks = |export: &Export| {
            let mut checks = export.qa.iter();
            checks.any(|one| OF_GOODS.contains(&one.check.as_str()))
                && skus_in(&export.payload).iter().any(|named| named == sku)
        };
        let mut held = Vec::new();
        for state in [
            ExportState::Quarantined,
            ExportState::AwaitingApproval,
            ExportState::Ready,
        ] {
            let mut filter = ListFilter {
                state: Some(state.as_str().to_owned()),
                limit: BATCH,
                ..ListFilter::default()
            };
            loop {
                let page = self.tx.exports(self.merchant_id(), &filter).await?;
                held.extend(page.iter().filter(|one| looks(one)).map(|one| one.id));
                filter.before = page.last().map(|one| (one.created_at, one.id));
                if page.len() < usize::try_from(BATCH).unwrap_or(usize::MAX) {
                    break;
                }
            }
        }
        Ok(held)
    }
}

/// It is there for the age of the one before it alone: nobody wrote it, and none of the contract's own rules held it,
/// which would say that something is not as it was.
fn is_only_anew(export: &Export, contract: &Contract) -> bool {
    let own = |check: &str| contract.gates.iter().any(|gate| gate.name() == check);
    let broke = |one: &QaResult| one.status == QaStatus::Failed && own(&one.check);
    export.reevaluated.is_some() && export.overridden.is_none() && !export.qa.iter().any(broke)
}
