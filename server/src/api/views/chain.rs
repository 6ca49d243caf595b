//! A thing with everything that hangs on it: the chain from receipt to outcome, as flat lists that
//! name each other by id.

use domain::{connection::Source, flow::Campaign, flow::Run, retention::Removal, task::Task};
use engine::{Chain, ExportChain, RunChain, port::EventRow};
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    approval::ApprovalView,
    export::{AttemptView, ContractRef, DestinationView, ExportView},
    order::OrderView,
    receipt::{BodyView, HeaderView, ReceiptView},
    removal::RemovalView,
    task::TaskView,
    words::{At, EventKind, RunState},
};

/// A receipt with its bytes, and the whole chain behind it.
#[derive(Serialize, ToSchema)]
#[schema(as = ReceiptDetail)]
pub struct ReceiptDetail {
    #[serde(flatten)]
    receipt: ReceiptView,
    headers: Vec<HeaderView>,
    /// Nothing, when a retention rule took it out.
    body: Option<BodyView>,
    /// What stays of a body that was removed.
    content_removed: Option<RemovalView>,
    source: Option<SourceView>,
    order: Option<OrderView>,
    /// The others about the same order.
    related_receipts: Vec<ReceiptView>,
    events: Vec<EventView>,
    runs: Vec<RunView>,
    exports: Vec<ExportDetail>,
    /// About anything in this chain.
    tasks: Vec<TaskView>,
}

/// An order with the whole chain behind it.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderDetail)]
pub struct OrderDetail {
    #[serde(flatten)]
    order: OrderView,
    /// What stays of personal data that was removed.
    content_removed: Option<RemovalView>,
    source: Option<SourceView>,
    receipts: Vec<ReceiptView>,
    events: Vec<EventView>,
    runs: Vec<RunView>,
    exports: Vec<ExportDetail>,
    tasks: Vec<TaskView>,
}

/// An export with everything that hangs on it.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportDetail)]
pub struct ExportDetail {
    #[serde(flatten)]
    export: ExportView,
    contract: ContractRef,
    destination: Option<DestinationView>,
    /// Those that the caller would find by their ids.
    approvals: Vec<ApprovalView>,
    attempts: Vec<AttemptView>,
    /// Those that the caller would find by their ids.
    tasks: Vec<TaskView>,
    /// The message as it is sent, once it is fixed. Only where one export is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = super::ExportMessage, required = false, nullable = false)]
    message: Option<Box<RawValue>>,
    /// What it is about, if that is a campaign. Only where one export is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    campaign: Option<CampaignView>,
    /// What stays of content that was removed; its `payload` is null then. Only where one export is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    content_removed: Option<RemovalView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Source)]
pub struct SourceView {
    id: Uuid,
    #[schema(example = "shopify")]
    system: String,
    name: String,
}

/// A normalized fact.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventView {
    id: Uuid,
    #[serde(rename = "type")]
    kind: EventKind,
    subject_kind: String,
    subject_id: Uuid,
    /// The receipt that said so; none for what a destination's completion stands for.
    receipt_id: Option<Uuid>,
    occurred_at: At,
    #[schema(value_type = Object)]
    data: Value,
}

/// One execution of a flow version for one subject.
#[derive(Serialize, ToSchema)]
#[schema(as = Run)]
pub struct RunView {
    id: Uuid,
    flow_id: Uuid,
    flow_key: String,
    subject_kind: String,
    subject_id: Uuid,
    state: RunState,
    /// Keys of the steps it stands at; none when it is over.
    stands_at: Vec<String>,
    /// When the first of them is due.
    wait_until: Option<At>,
    outcome: Option<String>,
    started_by: Option<Uuid>,
    trace_id: String,
    started_at: At,
    ended_at: Option<At>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Campaign)]
pub struct CampaignView {
    id: Uuid,
    campaign_id: String,
    title: String,
    offer: String,
    discount_percent: i64,
    skus: Vec<String>,
    landing_url: String,
    starts_at: At,
    ends_at: At,
    note: String,
    created_by: Uuid,
    created_at: At,
}

fn tasks(all: &[Task]) -> Vec<TaskView> {
    all.iter().map(Into::into).collect()
}

/// Of the subject, its runs and their exports, each once.
fn all_tasks(chain: &Chain) -> Vec<TaskView> {
    let of_runs = chain.runs.iter().flat_map(|run| &run.tasks);
    let of_exports = chain.exports().flat_map(|export| &export.tasks);
    let mut all: Vec<&Task> = chain
        .tasks
        .iter()
        .chain(of_runs)
        .chain(of_exports)
        .collect();
    all.sort_by_key(|task| (task.created_at, task.id));
    all.dedup_by_key(|task| task.id);
    all.into_iter().map(Into::into).collect()
}

fn runs(chain: &Chain) -> Vec<RunView> {
    chain
        .runs
        .iter()
        .map(|RunChain { run, .. }| run.into())
        .collect()
}

fn receipts(receipts: &[domain::receipt::Receipt]) -> Vec<ReceiptView> {
    receipts.iter().map(Into::into).collect()
}

impl ReceiptDetail {
    /// `None` when the chain has no receipt, which a receipt's chain always has.
    pub fn of(chain: &Chain, body: Vec<u8>, removal: Option<Removal>) -> Option<Self> {
        let (receipt, related) = chain.receipts.split_first()?;
        Some(Self {
            receipt: receipt.into(),
            headers: receipt.headers.iter().map(Into::into).collect(),
            body: removal.is_none().then(|| body.into()),
            content_removed: removal.map(Into::into),
            source: chain.source.as_ref().map(Into::into),
            order: chain.order.as_ref().map(Into::into),
            related_receipts: receipts(related),
            events: chain.events.iter().map(Into::into).collect(),
            runs: runs(chain),
            exports: chain.exports().map(Into::into).collect(),
            tasks: all_tasks(chain),
        })
    }
}

impl OrderDetail {
    /// `None` when the chain has no order, which an order's chain always has.
    pub fn of(chain: &Chain, removal: Option<Removal>) -> Option<Self> {
        Some(Self {
            order: chain.order.as_ref()?.into(),
            content_removed: removal.map(Into::into),
            source: chain.source.as_ref().map(Into::into),
            receipts: receipts(&chain.receipts),
            events: chain.events.iter().map(Into::into).collect(),
            runs: runs(chain),
            exports: chain.exports().map(Into::into).collect(),
            tasks: all_tasks(chain),
        })
    }
}

impl ExportDetail {
    pub fn with_message(self, message: Option<Box<RawValue>>, campaign: Option<&Campaign>) -> Self {
        Self {
            message,
            campaign: campaign.map(Into::into),
            ..self
        }
    }

    pub fn with_removal(self, removal: Option<Removal>) -> Self {
        Self {
            content_removed: removal.map(Into::into),
            ..self
        }
    }
}

impl From<&ExportChain> for ExportDetail {
    fn from(chain: &ExportChain) -> Self {
        Self {
            export: (&chain.export).into(),
            contract: (&chain.contract).into(),
            destination: chain.destination.as_ref().map(Into::into),
            approvals: chain.approvals.iter().map(Into::into).collect(),
            attempts: chain.attempts.iter().map(Into::into).collect(),
            tasks: tasks(&chain.tasks),
            message: None,
            campaign: None,
            content_removed: None,
        }
    }
}

impl From<&Source> for SourceView {
    fn from(source: &Source) -> Self {
        Self {
            id: source.id,
            system: source.system.clone(),
            name: source.name.clone(),
        }
    }
}

impl From<&EventRow> for EventView {
    fn from(event: &EventRow) -> Self {
        Self {
            id: event.id,
            kind: event.kind.into(),
            subject_kind: event.subject_kind.clone(),
            subject_id: event.subject_id,
            receipt_id: event.receipt_id,
            occurred_at: event.occurred_at.into(),
            data: event.data.clone(),
        }
    }
}

impl From<&Run> for RunView {
    fn from(run: &Run) -> Self {
        Self {
            id: run.id,
            flow_id: run.flow_id,
            flow_key: run.flow_key.clone(),
            subject_kind: run.subject_kind.clone(),
            subject_id: run.subject_id,
            state: run.state.into(),
            stands_at: run.stands_at().map(str::to_owned).collect(),
            wait_until: run.wait_until().map(Into::into),
            outcome: run.outcome.clone(),
            started_by: run.started_by,
            trace_id: run.trace_id.clone(),
            started_at: run.started_at.into(),
            ended_at: run.ended_at.map(Into::into),
        }
    }
}

impl From<&Campaign> for CampaignView {
    fn from(campaign: &Campaign) -> Self {
        Self {
            id: campaign.id,
            campaign_id: campaign.campaign_id.clone(),
            title: campaign.title.clone(),
            offer: campaign.offer.clone(),
            discount_percent: campaign.discount_percent,
            skus: campaign.skus.clone(),
            landing_url: campaign.landing_url.clone(),
            starts_at: campaign.starts_at.into(),
            ends_at: campaign.ends_at.into(),
            note: campaign.note.clone(),
            created_by: campaign.created_by,
            created_at: campaign.created_at.into(),
        }
    }
}
