//! The chain behind one thing: from the receipt that started it to the acknowledgement that ended it.
//! What the pages draw as the thread, and the API returns whole.

use domain::{
    access::{Action, Noun},
    approval::{Approval, ApprovalState},
    audit::AuditEntry,
    connection::{Destination, Source},
    contract::Contract,
    export::{Attempt, Export, ExportState},
    flow::{Campaign, Case, Flow, Run},
    receipt::Receipt,
    sight::Sight,
    task::Task,
};
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    port::{AuditFilter, EventRow, ListFilter, OrderRow, Reads},
    sight::{export_as_seen, must_see_export, see, task_as_seen},
};

/// How often an export that moves on while it is read is read again.
const MOST_LOOKS: usize = 5;

/// An export with everything that hangs on it, as far as whoever asked sees it.
#[derive(Clone, Debug)]
pub struct ExportChain {
    pub export: Export,
    pub contract: Contract,
    pub destination: Option<Destination>,
    /// Those that this caller would find by their ids, too.
    pub approvals: Vec<Approval>,
    pub attempts: Vec<Attempt>,
    /// The same.
    pub tasks: Vec<Task>,
}

/// A run with its flow and its exports, oldest first.
#[derive(Clone, Debug)]
pub struct RunChain {
    pub run: Run,
    pub flow: Flow,
    pub exports: Vec<ExportChain>,
    pub tasks: Vec<Task>,
}

/// Everything about one subject.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    pub receipts: Vec<Receipt>,
    pub source: Option<Source>,
    pub order: Option<OrderRow>,
    pub campaign: Option<Campaign>,
    pub case: Option<Case>,
    pub events: Vec<EventRow>,
    pub runs: Vec<RunChain>,
    /// About the subject itself: quarantined receipts, failed jobs.
    pub tasks: Vec<Task>,
}

/// What is under way for one subject: the part of its chain that a list has room for.
#[derive(Clone, Debug, Default)]
pub struct UnderWay {
    /// Not replaced by a newer version, oldest first.
    pub exports: Vec<Export>,
    /// The step that waits for a decision.
    pub approval: Option<Approval>,
    pub tasks: Vec<Task>,
}

impl Chain {
    pub fn exports(&self) -> impl Iterator<Item = &ExportChain> {
        self.runs.iter().flat_map(|run| &run.exports)
    }
}

impl Engine {
    /// A page of receipts, newest first.
    pub async fn receipts(&self, ctx: &Ctx, filter: &ListFilter) -> Result<Vec<Receipt>> {
        ctx.read(Noun::Receipt)?;
        self.store
            .reads()
            .await?
            .receipts(ctx.merchant_id(), filter)
            .await
    }

    pub async fn orders(&self, ctx: &Ctx, filter: &ListFilter) -> Result<Vec<OrderRow>> {
        ctx.read(Noun::Order)?;
        self.store
            .reads()
            .await?
            .orders(ctx.merchant_id(), filter)
            .await
    }

    pub async fn exports(&self, ctx: &Ctx, filter: &ListFilter) -> Result<Vec<Export>> {
        ctx.read(Noun::Export)?;
        let sight = self.sight(ctx).await?;
        let filter = self.narrowed(ctx, filter).await?;
        let mut reads = self.store.reads().await?;
        let mut found = Vec::new();
        for export in reads.exports(ctx.merchant_id(), &filter).await? {
            found.push(export_as_seen(&mut *reads, &sight, export).await?);
        }
        Ok(found)
    }

    /// For the rows of a list, in the order of `subjects`.
    pub async fn under_way(&self, ctx: &Ctx, subjects: &[Uuid]) -> Result<Vec<UnderWay>> {
        ctx.read(Noun::Order)?;
        let merchant = ctx.merchant_id();
        let mut reads = self.store.reads().await?;
        let mut found = Vec::with_capacity(subjects.len());
        for subject in subjects {
            let mut exports = reads.exports_of(merchant, *subject).await?;
            exports.retain(|export| export.superseded_by.is_none());
            let mut approval = None;
            for export in exports
                .iter()
                .filter(|one| one.state == ExportState::AwaitingApproval)
            {
                let steps = reads.approvals_of(merchant, export.id).await?;
                approval = steps
                    .into_iter()
                    .find(|step| step.state == ApprovalState::Pending)
                    .or(approval);
            }
            let mut tasks = reads.tasks_about(merchant, *subject).await?;
            tasks.retain(|task| !task.state.is_over());
            found.push(UnderWay {
                exports,
                approval,
                tasks,
            });
        }
        Ok(found)
    }

    /// Each with the export it is about.
    pub async fn approvals(
        &self,
        ctx: &Ctx,
        filter: &ListFilter,
    ) -> Result<Vec<(Approval, Export)>> {
        ctx.read(Noun::Approval)?;
        let sight = self.sight(ctx).await?;
        let filter = self.narrowed(ctx, filter).await?;
        let mut reads = self.store.reads().await?;
        let mut found = Vec::new();
        for approval in reads.approvals(ctx.merchant_id(), &filter).await? {
            if let Some(export) = reads.export(ctx.merchant_id(), approval.export_id).await? {
                let export = export_as_seen(&mut *reads, &sight, export).await?;
                found.push((approval, export));
            }
        }
        Ok(found)
    }

    pub async fn approval(&self, ctx: &Ctx, id: Uuid) -> Result<Approval> {
        ctx.read(Noun::Approval)?;
        let found = self
            .store
            .reads()
            .await?
            .approval(ctx.merchant_id(), id)
            .await?;
        let sight = self.sight(ctx).await?;
        found
            .filter(|one| sight.sees(&one.marks()))
            .ok_or_else(|| Error::not_found("approval"))
    }

    pub async fn tasks(&self, ctx: &Ctx, filter: &ListFilter) -> Result<Vec<Task>> {
        ctx.read(Noun::Task)?;
        let sight = self.sight(ctx).await?;
        let filter = self.narrowed(ctx, filter).await?;
        let mut reads = self.store.reads().await?;
        let mut found = Vec::new();
        for task in reads.tasks(ctx.merchant_id(), &filter).await? {
            found.push(task_as_seen(&mut *reads, &sight, task).await?);
        }
        Ok(found)
    }

    pub async fn task(&self, ctx: &Ctx, id: Uuid) -> Result<Task> {
        ctx.read(Noun::Task)?;
        let sight = self.sight(ctx).await?;
        let mut reads = self.store.reads().await?;
        let found = reads.task(ctx.merchant_id(), id).await?;
        let task = found
            .filter(|one| sight.sees(&one.marks()))
            .ok_or_else(|| Error::not_found("task"))?;
        task_as_seen(&mut *reads, &sight, task).await
    }

    pub async fn receipt_body(&self, ctx: &Ctx, id: Uuid) -> Result<Vec<u8>> {
        ctx.read(Noun::Receipt)?;
        let found = self
            .store
            .reads()
            .await?
            .receipt_body(ctx.merchant_id(), id)
            .await?;
        found.ok_or_else(|| Error::not_found("receipt"))
    }

    /// The receipt first in `receipts`, then the others of its order.
    pub async fn receipt_chain(&self, ctx: &Ctx, id: Uuid) -> Result<Chain> {
        ctx.read(Noun::Receipt)?;
        let sight = self.sight(ctx).await?;
        let mut reads = self.store.reads().await?;
        let merchant = ctx.merchant_id();
        let receipt = reads
            .receipt(merchant, id)
            .await?
            .ok_or_else(|| Error::not_found("receipt"))?;
        let mut chain = Chain {
            source: reads.source(merchant, receipt.source_id).await?,
            tasks: reads.tasks_about(merchant, receipt.id).await?,
            ..Chain::default()
        };
        if let Some(order_id) = receipt.order_id {
            order_part(&mut *reads, &sight, (merchant, order_id), &mut chain).await?;
        }
        chain.receipts.retain(|other| other.id != receipt.id);
        chain.receipts.insert(0, receipt);
        Ok(chain)
    }

    pub async fn order_chain(&self, ctx: &Ctx, id: Uuid) -> Result<Chain> {
        ctx.read(Noun::Order)?;
        let sight = self.sight(ctx).await?;
        let mut reads = self.store.reads().await?;
        let mut chain = Chain::default();
        order_part(&mut *reads, &sight, (ctx.merchant_id(), id), &mut chain).await?;
        if chain.order.is_none() {
            return Err(Error::not_found("order"));
        }
        if let Some(order) = &chain.order {
            chain.source = reads.source(ctx.merchant_id(), order.source_id).await?;
        }
        Ok(chain)
    }

    /// The chain of the export's subject, and which export was asked for.
    pub async fn export_chain(&self, ctx: &Ctx, id: Uuid) -> Result<(ExportChain, Chain)> {
        ctx.read(Noun::Export)?;
        let mut reads = self.store.reads().await?;
        let merchant = ctx.merchant_id();
        let export = reads
            .export(merchant, id)
            .await?
            .ok_or_else(|| Error::not_found("export"))?;
        let sight = self.sight(ctx).await?;
        if !sight.is_whole() {
            must_see_export(&mut *reads, &sight, &export).await?;
            return theirs(&mut *reads, &sight, export).await;
        }
        let mut chain = Chain::default();
        if export.subject_kind == "order" {
            let order = (merchant, export.subject_id);
            order_part(&mut *reads, &sight, order, &mut chain).await?;
            if let Some(order) = &chain.order {
                chain.source = reads.source(merchant, order.source_id).await?;
            }
        } else {
            other_part(
                &mut *reads,
                &sight,
                (merchant, &export.subject_kind, export.subject_id),
                &mut chain,
            )
            .await?;
        }
        let export = match chain.exports().find(|one| one.export.id == id) {
            Some(found) => found.clone(),
            None => export_part(&mut *reads, &sight, export).await?,
        };
        Ok((export, chain))
    }

    /// The chain of the run's subject, and the run itself.
    pub async fn run_chain(&self, ctx: &Ctx, id: Uuid) -> Result<(RunChain, Chain)> {
        ctx.read(Noun::Flow)?;
        let sight = self.sight(ctx).await?;
        let (mut reads, merchant) = (self.store.reads().await?, ctx.merchant_id());
        let gone = || Error::not_found("run");
        let run = reads.run(merchant, id).await?.ok_or_else(gone)?;
        let mut chain = Chain::default();
        if run.subject_kind == "order" {
            order_part(&mut *reads, &sight, (merchant, run.subject_id), &mut chain).await?;
            if let Some(order) = &chain.order {
                chain.source = reads.source(merchant, order.source_id).await?;
            }
        } else {
            other_part(
                &mut *reads,
                &sight,
                (merchant, &run.subject_kind, run.subject_id),
                &mut chain,
            )
            .await?;
        }
        let found = chain.runs.iter().find(|one| one.run.id == id).cloned();
        Ok((found.ok_or_else(gone)?, chain))
    }

    /// The campaign of a brief that is ready, with its runs and exports.
    pub(crate) async fn campaign_chain(&self, ctx: &Ctx, id: Uuid) -> Result<Chain> {
        let sight = self.sight(ctx).await?;
        let mut reads = self.store.reads().await?;
        let mut chain = Chain::default();
        let brief = (ctx.merchant_id(), "campaign", id);
        other_part(&mut *reads, &sight, brief, &mut chain).await?;
        Ok(chain)
    }

    /// The bytes an export was or will be sent as, once they are fixed.
    pub async fn export_wire(&self, ctx: &Ctx, id: Uuid) -> Result<Option<Vec<u8>>> {
        ctx.read(Noun::Export)?;
        let sight = self.sight(ctx).await?;
        let (mut reads, merchant) = (self.store.reads().await?, ctx.merchant_id());
        if !see(&mut *reads, &sight, merchant, "export", id).await? {
            return Err(Error::not_found("export"));
        }
        reads.export_wire(merchant, id).await
    }

    /// Of one run, oldest first.
    pub async fn exports_of_run(&self, ctx: &Ctx, run_id: Uuid) -> Result<Vec<Export>> {
        ctx.read(Noun::Flow)?;
        self.store
            .reads()
            .await?
            .exports_of_run(ctx.merchant_id(), run_id)
            .await
    }

    /// The newest published version of each export type.
    pub async fn contracts(&self, ctx: &Ctx) -> Result<Vec<Contract>> {
        ctx.read(Noun::Contract)?;
        self.store.reads().await?.contracts(ctx.merchant_id()).await
    }

    pub async fn contract(&self, ctx: &Ctx, id: Uuid) -> Result<Contract> {
        ctx.read(Noun::Contract)?;
        let found = self
            .store
            .reads()
            .await?
            .contract(ctx.merchant_id(), id)
            .await?;
        found.ok_or_else(|| Error::not_found("contract"))
    }

    pub async fn contract_versions(&self, ctx: &Ctx, export_type: &str) -> Result<Vec<Contract>> {
        ctx.read(Noun::Contract)?;
        self.store
            .reads()
            .await?
            .contract_versions(ctx.merchant_id(), export_type)
            .await
    }

    /// The newest published version of each flow.
    pub async fn flows(&self, ctx: &Ctx) -> Result<Vec<Flow>> {
        ctx.read(Noun::Flow)?;
        self.store.reads().await?.flows(ctx.merchant_id()).await
    }

    pub async fn flow(&self, ctx: &Ctx, id: Uuid) -> Result<Flow> {
        ctx.read(Noun::Flow)?;
        let found = self
            .store
            .reads()
            .await?
            .flow(ctx.merchant_id(), id)
            .await?;
        found.ok_or_else(|| Error::not_found("flow"))
    }

    /// The newest runs of a flow.
    pub async fn runs_of_flow(&self, ctx: &Ctx, flow_key: &str, limit: i64) -> Result<Vec<Run>> {
        ctx.read(Noun::Flow)?;
        self.store
            .reads()
            .await?
            .runs_of_flow(ctx.merchant_id(), flow_key, limit)
            .await
    }

    /// The newest entries about one thing; part of its own page, so no right to the whole trail is
    /// asked for.
    pub async fn history(
        &self,
        ctx: &Ctx,
        subject_kind: &str,
        id: Uuid,
        limit: i64,
    ) -> Result<Vec<AuditEntry>> {
        ctx.require(Action::ViewWork)?;
        let filter = AuditFilter {
            subject_kind: Some(subject_kind.to_owned()),
            subject_id: Some(id.to_string()),
            limit,
            ..AuditFilter::default()
        };
        let sight = self.sight(ctx).await?;
        let (mut reads, merchant) = (self.store.reads().await?, ctx.merchant_id());
        if !see(&mut *reads, &sight, merchant, subject_kind, id).await? {
            return Err(Error::not_found(subject_kind));
        }
        reads.audit(merchant, &filter).await
    }
}

/// An export as somebody from outside sees it: itself, and those of its run that are theirs; not what it
/// is about, and not what else the run did.
async fn theirs(
    reads: &mut dyn Reads,
    sight: &Sight,
    export: Export,
) -> Result<(ExportChain, Chain)> {
    let mut runs = run_chains(reads, sight, (export.merchant_id, export.subject_id)).await?;
    runs.retain(|run| run.run.id == export.run_id);
    let found = export_part(reads, sight, export).await?;
    for run in &mut runs {
        run.tasks.clear();
        run.exports
            .retain(|one| !one.approvals.is_empty() || sight.sees(&one.export.marks()));
    }
    let chain = Chain {
        runs,
        ..Chain::default()
    };
    Ok((found, chain))
}

async fn order_part(
    reads: &mut dyn Reads,
    sight: &Sight,
    (merchant, id): (Uuid, Uuid),
    chain: &mut Chain,
) -> Result<()> {
    chain.order = reads.order(merchant, id).await?;
    chain.receipts = reads.receipts_of_order(merchant, id).await?;
    chain.events = reads.events_of(merchant, id).await?;
    chain.runs = run_chains(reads, sight, (merchant, id)).await?;
    Ok(())
}

async fn other_part(
    reads: &mut dyn Reads,
    sight: &Sight,
    (merchant, kind, id): (Uuid, &str, Uuid),
    chain: &mut Chain,
) -> Result<()> {
    if kind == "case" {
        chain.case = reads.case(merchant, id).await?;
    } else {
        chain.campaign = reads.campaign(merchant, id).await?;
    }
    chain.runs = run_chains(reads, sight, (merchant, id)).await?;
    Ok(())
}

async fn run_chains(
    reads: &mut dyn Reads,
    sight: &Sight,
    (merchant, subject): (Uuid, Uuid),
) -> Result<Vec<RunChain>> {
    let mut chains = Vec::new();
    for run in reads.runs_of(merchant, subject).await? {
        let flow = reads
            .flow(merchant, run.flow_id)
            .await?
            .ok_or_else(|| Error::internal(format!("run {} has lost its flow", run.id)))?;
        let mut exports = Vec::new();
        for export in reads.exports_of_run(merchant, run.id).await? {
            exports.push(export_part(reads, sight, export).await?);
        }
        let mut tasks = reads.tasks_about(merchant, run.id).await?;
        tasks.retain(|task| task.export_id.is_none() && sight.sees(&task.marks()));
        chains.push(RunChain {
            run,
            flow,
            exports,
            tasks,
        });
    }
    Ok(chains)
}

/// An export and what hangs on it are read by several statements, and work goes on between them. Whoever changes
/// what hangs on it in step with it changes its revision, so it is looked at once more: where it moved on, all of it
/// is read again. An export that moves on all the time is shown as it was found last.
async fn export_part(
    reads: &mut dyn Reads,
    sight: &Sight,
    mut export: Export,
) -> Result<ExportChain> {
    for _ in 0..MOST_LOOKS {
        let (merchant, id, rev) = (export.merchant_id, export.id, export.rev);
        let found = export_with(reads, sight, export).await?;
        match reads.export(merchant, id).await? {
            Some(now) if now.rev != rev => export = now,
            _ => return Ok(found),
        }
    }
    export_with(reads, sight, export).await
}

/// The one place where approvals and tasks come to hang on an export. Whoever sees an export sees of these what
/// they would find by its id; the others do not exist for them, so that their number says nothing either.
async fn export_with(reads: &mut dyn Reads, sight: &Sight, export: Export) -> Result<ExportChain> {
    let merchant = export.merchant_id;
    let mut approvals = reads.approvals_of(merchant, export.id).await?;
    approvals.retain(|one| sight.sees(&one.marks()));
    let mut tasks = Vec::new();
    for task in reads.tasks_about(merchant, export.id).await? {
        if sight.sees(&task.marks()) {
            tasks.push(task_as_seen(reads, sight, task).await?);
        }
    }
    let export = export_as_seen(reads, sight, export).await?;
    Ok(ExportChain {
        contract: reads
            .contract(merchant, export.contract_id)
            .await?
            .ok_or_else(|| {
                Error::internal(format!("export {} has lost its contract", export.id))
            })?,
        destination: reads.destination(merchant, export.destination_id).await?,
        approvals,
        attempts: reads.attempts(merchant, export.id).await?,
        tasks,
        export,
    })
}
