//! What the use-cases keep and look up. `Reads` can be had on its own (a page) or inside a write;
//! `Tx` is one transaction: either all of an operation's rows, audit entries and jobs are durable,
//! or none.
//!
//! Every method that touches a merchant's rows takes the merchant first. Mutable nouns carry `rev`;
//! saving one that somebody else saved meanwhile is a [`Kind::Conflict`](crate::error::Kind).

use async_trait::async_trait;
use domain::{
    Time,
    approval::Approval,
    audit::{AuditEntry, Head},
    connection::{Destination, Source},
    contract::Contract,
    event::EventKind,
    export::{Attempt, Export},
    flow::{Campaign, Case, Flow, Run, RunState},
    invitation::Invitation,
    order::{Order, OrderFact},
    people::{Membership, Merchant, Operator, OperatorMember, User},
    receipt::{Receipt, ReceiptStatus},
    sight::Mark,
    task::Task,
    token::{ApiToken, Shown},
};
use futures::future::BoxFuture;
use serde_json::Value;
use uuid::Uuid;

use super::{
    accounts::{AccountReads, AccountTx},
    agency::{AgencyReads, AgencyTx},
    assent::{AssentReads, AssentTx},
    briefs::{BriefReads, BriefTx},
    chat::{ChatReads, ChatTx},
    contracts::{ContractReads, ContractTx},
    cover::{CoverReads, CoverTx},
    debt::{DebtReads, DebtTx},
    drafts::{DraftReads, DraftTx},
    mail::{MailReads, MailTx},
    notices::{NoticeReads, NoticeTx},
    proof::{ProofReads, ProofTx},
    retention::{RetentionReads, RetentionTx},
    sessions::{SessionReads, SessionTx},
    skus::{SkuReads, SkuTx},
};
use crate::{
    error::{Error, Result},
    job::Job,
    port::{Due, Figures, Span, Taken},
};

/// A page of a list: newest first, keyset by (time, id).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Only this state, as its text.
    pub state: Option<String>,
    /// Only this kind: topic of receipts, export type, code of tasks.
    pub kind: Option<String>,
    /// Case-insensitive part of the name, title, reference or id.
    pub query: Option<String>,
    /// Only what still runs against a clock that ends then: tasks, approvals, exports; orders by what
    /// their flow waits for.
    pub due: Option<Due>,
    /// Only what came later than this: receipts by arrival, approvals by decision.
    pub since: Option<Time>,
    /// Only tasks that this owner, or this person (`user:<id>`), has.
    pub holder: Option<String>,
    /// Only exports, approvals and tasks that carry one of these marks; see [`domain::sight`].
    pub seen_by: Option<Vec<Mark>>,
    /// Strictly older than this row.
    pub before: Option<(Time, Uuid)>,
    pub limit: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    pub subject_kind: Option<String>,
    pub subject_id: Option<String>,
    pub actor: Option<String>,
    pub action: Option<String>,
    /// Not before then.
    pub since: Option<Time>,
    /// Before then.
    pub until: Option<Time>,
    /// Only entries with a smaller `seq`.
    pub before_seq: Option<i64>,
    pub limit: i64,
}

/// An export as it goes out.
#[derive(Clone, Debug, PartialEq)]
pub struct Parcel {
    pub export: Export,
    /// Its bytes, once they were fixed.
    pub wire: Option<Vec<u8>>,
    /// How the run stands that made it.
    pub run: Option<RunState>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct OrderRow {
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub source_id: Uuid,
    pub trace_id: String,
    pub created_at: Time,
    pub updated_at: Time,
    pub rev: i64,
    pub order: Order,
}

/// A normalized event, as it would leave in a CloudEvents envelope.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRow {
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub kind: EventKind,
    pub subject_kind: String,
    pub subject_id: Uuid,
    pub receipt_id: Option<Uuid>,
    pub occurred_at: Time,
    pub data: Value,
}

/// What sign-in needs to know; never leaves the engine.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub user: User,
    pub password_hash: String,
}

#[derive(Clone, Debug)]
pub struct IdempotencyRow {
    pub merchant_id: Uuid,
    pub key: String,
    pub request_hash: String,
    /// `None` while the first call still runs.
    pub status: Option<i64>,
    pub body: String,
    pub created_at: Time,
}

/// A sealed secret, and where it stands. What belongs to a person has no merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealRow {
    pub merchant_id: Option<Uuid>,
    pub table: &'static str,
    pub row_id: Uuid,
    /// As in [`Place`](crate::Place).
    pub column: &'static str,
    pub sealed: Vec<u8>,
}

/// One receipt on its way in; its work row (unless quarantined) and audit entry go with it.
#[derive(Clone, Debug)]
pub struct NewReceipt {
    pub receipt: Receipt,
    pub body: bytes::Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptOutcome {
    Inserted,
    /// It was here before, as this receipt.
    Duplicate(Uuid),
}

#[derive(Clone, Debug)]
pub struct AuditNote {
    pub merchant_id: Uuid,
    pub at: Time,
    /// `user:<id>`, `token:<id>`, `destination:<key>`, `system`.
    pub actor: String,
    /// `export.ready`, `task.claimed`...
    pub action: String,
    pub subject_kind: &'static str,
    pub subject_id: Uuid,
    /// What changed and why.
    pub detail: Value,
    pub trace_id: Option<String>,
}

/// Which jobs to claim.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    pub now: Time,
    pub lease_ms: i64,
    pub limit: i64,
}

#[async_trait]
pub trait Reads:
    SessionReads
    + CoverReads
    + AccountReads
    + MailReads
    + NoticeReads
    + DraftReads
    + DebtReads
    + AgencyReads
    + AssentReads
    + ContractReads
    + ChatReads
    + SkuReads
    + BriefReads
    + ProofReads
    + RetentionReads
{
    // people
    async fn operator(&mut self, id: Uuid) -> Result<Option<Operator>>;
    async fn operator_by_slug(&mut self, slug: &str) -> Result<Option<Operator>>;
    async fn all_operators(&mut self) -> Result<Vec<Operator>>;
    /// By name.
    async fn merchants_of(&mut self, operator: Uuid) -> Result<Vec<Merchant>>;
    async fn operator_members(&mut self, operator: Uuid) -> Result<Vec<(User, OperatorMember)>>;
    async fn operator_memberships_of(&mut self, user: Uuid) -> Result<Vec<OperatorMember>>;
    /// Every merchant a person may enter, by name: through a place of their own, or, where they have
    /// none, through the merchant's operator.
    async fn places_of(&mut self, user: Uuid) -> Result<Vec<(Merchant, Membership)>>;
    /// The same, of one merchant.
    async fn place(&mut self, merchant: Uuid, user: Uuid) -> Result<Option<Membership>>;
    async fn merchant(&mut self, id: Uuid) -> Result<Option<Merchant>>;
    async fn merchant_by_slug(&mut self, slug: &str) -> Result<Option<Merchant>>;
    async fn all_merchants(&mut self) -> Result<Vec<Merchant>>;
    async fn user(&mut self, id: Uuid) -> Result<Option<User>>;
    async fn credentials(&mut self, email: &str) -> Result<Option<Credentials>>;
    async fn memberships_of(&mut self, user: Uuid) -> Result<Vec<Membership>>;
    async fn members(&mut self, merchant: Uuid) -> Result<Vec<(User, Membership)>>;
    async fn invitation(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Invitation>>;
    /// Neither accepted nor taken back, expired ones too; newest first.
    async fn open_invitations(&mut self, merchant: Uuid) -> Result<Vec<Invitation>>;
    /// Whose link this is; before it is known at which merchant.
    async fn invitation_by_token(&mut self, hash: &[u8]) -> Result<Option<Invitation>>;
    /// The token with this secret, and which of its two it is.
    async fn token_by_hash(&mut self, hash: &[u8]) -> Result<Option<(ApiToken, Shown)>>;
    async fn token(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<ApiToken>>;
    /// Newest first.
    async fn tokens(&mut self, merchant: Uuid) -> Result<Vec<ApiToken>>;

    // connections
    async fn source_by_path(&mut self, path: &str) -> Result<Option<Source>>;
    async fn source(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Source>>;
    async fn sources(&mut self, merchant: Uuid) -> Result<Vec<Source>>;
    async fn destination(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Destination>>;
    async fn destinations(&mut self, merchant: Uuid) -> Result<Vec<Destination>>;

    // rules
    async fn contract(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Contract>>;
    /// The newest published version of each export type that is not retired.
    async fn contracts(&mut self, merchant: Uuid) -> Result<Vec<Contract>>;
    async fn contract_versions(
        &mut self,
        merchant: Uuid,
        export_type: &str,
    ) -> Result<Vec<Contract>>;
    async fn flow(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Flow>>;
    /// The newest published version of each flow that is not retired.
    async fn flows(&mut self, merchant: Uuid) -> Result<Vec<Flow>>;

    // intake
    async fn receipt(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Receipt>>;
    async fn receipt_body(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Vec<u8>>>;
    /// Both, to be worked on.
    async fn whole_receipt(
        &mut self,
        merchant: Uuid,
        id: Uuid,
    ) -> Result<Option<(Receipt, Vec<u8>)>>;
    async fn receipts(&mut self, merchant: Uuid, filter: &ListFilter) -> Result<Vec<Receipt>>;
    async fn receipts_of_order(&mut self, merchant: Uuid, order: Uuid) -> Result<Vec<Receipt>>;
    /// Every fact about one order of one source, in no particular order.
    async fn facts(
        &mut self,
        merchant: Uuid,
        source: Uuid,
        order_ref: &str,
    ) -> Result<Vec<OrderFact>>;

    // orders and runs
    async fn order(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<OrderRow>>;
    async fn order_by_ref(
        &mut self,
        merchant: Uuid,
        source: Uuid,
        order_ref: &str,
    ) -> Result<Option<OrderRow>>;
    /// `state` filters by the order's state text; newest update first.
    async fn orders(&mut self, merchant: Uuid, filter: &ListFilter) -> Result<Vec<OrderRow>>;
    async fn events_of(&mut self, merchant: Uuid, subject: Uuid) -> Result<Vec<EventRow>>;
    async fn run(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Run>>;
    async fn runs_of(&mut self, merchant: Uuid, subject: Uuid) -> Result<Vec<Run>>;
    async fn runs_of_flow(
        &mut self,
        merchant: Uuid,
        flow_key: &str,
        limit: i64,
    ) -> Result<Vec<Run>>;
    async fn campaign(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Campaign>>;
    async fn case(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Case>>;

    // exports
    async fn export(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Export>>;
    async fn exports(&mut self, merchant: Uuid, filter: &ListFilter) -> Result<Vec<Export>>;
    /// What is needed to send it.
    async fn parcel(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Parcel>>;
    /// Whose export this is, and which destination it goes to; only for a callback, whose signature says
    /// who may ask.
    async fn origin_of_export(&mut self, id: Uuid) -> Result<Option<(Uuid, Uuid)>>;
    async fn exports_of_run(&mut self, merchant: Uuid, run: Uuid) -> Result<Vec<Export>>;
    /// Oldest first.
    async fn exports_of(&mut self, merchant: Uuid, subject: Uuid) -> Result<Vec<Export>>;
    /// The bytes that are sent, once they were fixed.
    async fn export_wire(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Vec<u8>>>;
    async fn attempts(&mut self, merchant: Uuid, export: Uuid) -> Result<Vec<Attempt>>;
    /// Under way, with a document that names this person; oldest first.
    async fn exports_naming(&mut self, merchant: Uuid, user: Uuid) -> Result<Vec<Export>>;
    async fn approval(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Approval>>;
    /// By step.
    async fn approvals_of(&mut self, merchant: Uuid, export: Uuid) -> Result<Vec<Approval>>;
    async fn approvals(&mut self, merchant: Uuid, filter: &ListFilter) -> Result<Vec<Approval>>;
    /// Everything pending at these merchants, earliest deadline first.
    async fn pending_approvals(&mut self, merchants: &[Uuid], limit: i64) -> Result<Vec<Approval>>;

    // tasks
    async fn task(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Task>>;
    async fn tasks(&mut self, merchant: Uuid, filter: &ListFilter) -> Result<Vec<Task>>;
    /// Everything not over at these merchants, earliest deadline first.
    async fn live_tasks(&mut self, merchants: &[Uuid], limit: i64) -> Result<Vec<Task>>;
    /// What stands, at each of these merchants; and how long decisions took over all of them.
    async fn figures(
        &mut self,
        merchants: &[Uuid],
        span: &Span,
    ) -> Result<(std::collections::HashMap<Uuid, Figures>, Taken)>;
    async fn live_task_by_key(&mut self, merchant: Uuid, dedup_key: &str) -> Result<Option<Task>>;
    /// All tasks (over or not) about this receipt, order, run or export.
    async fn tasks_about(&mut self, merchant: Uuid, subject: Uuid) -> Result<Vec<Task>>;

    // proof
    async fn audit(&mut self, merchant: Uuid, filter: &AuditFilter) -> Result<Vec<AuditEntry>>;
    /// In order, from `seq` on; for export and verification.
    async fn audit_from(&mut self, merchant: Uuid, seq: i64, limit: i64)
    -> Result<Vec<AuditEntry>>;
    async fn audit_head(&mut self, merchant: Uuid) -> Result<Option<Head>>;

    // keys
    /// Secrets whose seal does not begin with `prefix`, at most `limit` of each kind.
    async fn seals_not_under(
        &mut self,
        merchant: Uuid,
        prefix: &[u8],
        limit: i64,
    ) -> Result<Vec<SealRow>>;
    /// The same, of what belongs to people.
    async fn seals_of_people_not_under(
        &mut self,
        prefix: &[u8],
        limit: i64,
    ) -> Result<Vec<SealRow>>;

    // jobs
    async fn next_job_at(&mut self) -> Result<Option<Time>>;
    /// (due now, all).
    async fn job_counts(&mut self, now: Time) -> Result<(i64, i64)>;
    async fn idempotency(&mut self, merchant: Uuid, key: &str) -> Result<Option<IdempotencyRow>>;
}

#[async_trait]
pub trait Tx:
    Reads
    + CoverTx
    + SessionTx
    + AccountTx
    + MailTx
    + NoticeTx
    + DraftTx
    + DebtTx
    + AgencyTx
    + AssentTx
    + ContractTx
    + ChatTx
    + SkuTx
    + BriefTx
    + ProofTx
    + RetentionTx
{
    // people
    async fn insert_operator(&mut self, operator: &Operator) -> Result<()>;
    /// Until the end of the transaction nobody else gets past this: who counts an operator's admins and
    /// then takes one away must not do so beside another.
    async fn lock_operator(&mut self, id: Uuid) -> Result<()>;
    async fn save_operator(&mut self, operator: &Operator) -> Result<()>;
    async fn insert_operator_member(&mut self, member: &OperatorMember) -> Result<()>;
    async fn save_operator_member(&mut self, member: &OperatorMember) -> Result<()>;
    async fn delete_operator_member(&mut self, operator: Uuid, user: Uuid) -> Result<()>;
    async fn insert_merchant(&mut self, merchant: &Merchant) -> Result<()>;
    /// Its name; the rest of a merchant never changes.
    async fn save_merchant(&mut self, merchant: &Merchant) -> Result<()>;
    async fn insert_user(&mut self, user: &User, password_hash: &str) -> Result<()>;
    async fn insert_membership(&mut self, membership: &Membership) -> Result<()>;
    async fn save_membership(&mut self, membership: &Membership) -> Result<()>;
    async fn delete_membership(&mut self, merchant: Uuid, user: Uuid) -> Result<()>;
    /// Keeps others from changing this person's place until the end of the transaction, and says
    /// whether there is one. Whoever gives work to a person in particular holds their place meanwhile,
    /// so that nobody is given work while they leave.
    async fn hold_membership(&mut self, merchant: Uuid, user: Uuid) -> Result<bool>;
    async fn insert_invitation(&mut self, invitation: &Invitation, hash: &[u8]) -> Result<()>;
    async fn save_invitation(&mut self, invitation: &Invitation) -> Result<()>;
    /// Whether the person may sign in at all.
    async fn set_active(&mut self, user: Uuid, active: bool) -> Result<()>;
    /// Signs the person out everywhere; how many sessions that ended.
    async fn delete_sessions_of(&mut self, user: Uuid) -> Result<u64>;
    async fn insert_token(&mut self, token: &ApiToken, hash: &[u8]) -> Result<()>;
    /// Gives it another secret; the one it had becomes the previous one.
    async fn rotate_token(&mut self, token: &ApiToken, hash: &[u8]) -> Result<()>;
    async fn revoke_token(&mut self, token: &ApiToken) -> Result<()>;
    /// Moves its last use forward, and nothing else.
    async fn note_token_use(&mut self, merchant: Uuid, id: Uuid, at: Time) -> Result<()>;
    /// Removes an operator with everything under it; for `demo --reset`.
    async fn delete_operator(&mut self, id: Uuid) -> Result<()>;

    // connections and rules
    async fn insert_source(&mut self, source: &Source) -> Result<()>;
    async fn save_source(&mut self, source: &Source) -> Result<()>;
    async fn insert_destination(&mut self, destination: &Destination) -> Result<()>;
    async fn save_destination(&mut self, destination: &Destination) -> Result<()>;
    async fn insert_contract(&mut self, contract: &Contract) -> Result<()>;
    async fn insert_flow(&mut self, flow: &Flow) -> Result<()>;

    // intake
    /// In as few statements as can be: receipts, their jobs (`process_receipt`, id = receipt id, due
    /// at once; none for quarantined ones), `repeats + 1` for duplicates. Does not write audit notes.
    async fn insert_receipts(&mut self, batch: &[NewReceipt]) -> Result<Vec<ReceiptOutcome>>;
    async fn set_receipt_status(
        &mut self,
        merchant: Uuid,
        id: Uuid,
        status: ReceiptStatus,
        order_ref: Option<&str>,
        order: Option<Uuid>,
    ) -> Result<()>;
    /// Receipts that waited unmatched for this order become processed; their ids.
    async fn match_receipts(
        &mut self,
        merchant: Uuid,
        source: Uuid,
        order_ref: &str,
        order: Uuid,
    ) -> Result<Vec<Uuid>>;
    /// Those that wait unmatched for this, the oldest first.
    async fn waiting_receipts(
        &mut self,
        merchant: Uuid,
        source: Uuid,
        order_ref: &str,
    ) -> Result<Vec<Uuid>>;
    /// Facts of one receipt; a receipt's facts are written once.
    async fn insert_facts(
        &mut self,
        merchant: Uuid,
        source: Uuid,
        facts: &[OrderFact],
    ) -> Result<()>;
    async fn insert_events(&mut self, events: &[EventRow]) -> Result<()>;

    // orders and runs
    async fn insert_order(&mut self, order: &OrderRow) -> Result<()>;
    async fn save_order(&mut self, order: &OrderRow) -> Result<()>;
    /// False when a run of this flow for this subject and occasion is there already.
    async fn insert_run(&mut self, run: &Run) -> Result<bool>;
    async fn save_run(&mut self, run: &Run) -> Result<()>;
    async fn insert_campaign(&mut self, campaign: &Campaign) -> Result<()>;
    /// A conflict when there is one of this kind with this reference.
    async fn insert_case(&mut self, case: &Case) -> Result<()>;

    /// Until the end of the transaction nobody else gets past this for the same subject: who looks whether
    /// something is there already, and then makes it, must not do so beside another.
    async fn hold_subject(&mut self, merchant: Uuid, kind: &str, id: Uuid) -> Result<()>;

    // exports
    async fn insert_export(&mut self, export: &Export) -> Result<()>;
    /// Everything but the content (payload, hash, key), which never changes.
    async fn save_export(&mut self, export: &Export) -> Result<()>;
    /// Once per export; a second time is a conflict.
    async fn fix_wire(&mut self, merchant: Uuid, export: Uuid, bytes: &[u8]) -> Result<()>;
    async fn insert_attempt(&mut self, attempt: &Attempt) -> Result<()>;
    async fn insert_approval(&mut self, approval: &Approval) -> Result<()>;
    async fn save_approval(&mut self, approval: &Approval) -> Result<()>;

    // tasks
    /// False when a live task with this `dedup_key` is there already.
    async fn insert_task(&mut self, task: &Task) -> Result<bool>;
    async fn save_task(&mut self, task: &Task) -> Result<()>;

    // jobs and proof
    async fn enqueue(&mut self, jobs: &[Job]) -> Result<()>;
    /// Due jobs whose lease is free, earliest first; their fence is raised and their lease taken.
    async fn claim_jobs(&mut self, claim: Claim) -> Result<Vec<Job>>;
    /// Holds on to the job until then. False when the lease was lost: whoever has it now does the work.
    async fn renew_job(&mut self, job: &Job, until: Time) -> Result<bool>;
    /// False when the lease was lost: the caller must roll back.
    async fn finish_job(&mut self, job: &Job) -> Result<bool>;
    /// Gives the job back, to run at that time.
    async fn postpone_job(&mut self, job: &Job, run_at: Time) -> Result<bool>;
    /// Buffered, and chained at the end of the transaction.
    fn note(&mut self, note: AuditNote);
    async fn save_idempotency(&mut self, row: &IdempotencyRow) -> Result<()>;
    /// False when the key is there already.
    async fn reserve_idempotency(&mut self, row: &IdempotencyRow) -> Result<bool>;
    async fn delete_old_idempotency(&mut self, before: Time) -> Result<u64>;
    async fn release_idempotency(&mut self, merchant: Uuid, key: &str) -> Result<()>;
    /// The same secret under another key. False when the seal is not the one that was read any more.
    async fn renew_seal(&mut self, row: &SealRow, renewed: &[u8]) -> Result<bool>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Somebody outside waits for the acknowledgement.
    Intake,
    Normal,
}

/// What another process on the same database made durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    Change {
        merchant_id: Uuid,
        action: String,
        subject_kind: String,
        subject_id: Uuid,
    },
    /// More things of this kind than could be named changed at this merchant.
    Several {
        merchant_id: Uuid,
        subject_kind: String,
    },
    /// Jobs that may be due.
    JobsDue,
    /// Messages may have been missed: everything may be another now.
    Anything,
}

/// Told after each commit, with what it made durable.
pub trait CommitHook: Send + Sync {
    fn committed(&self, notes: &[AuditNote], earliest_job: Option<Time>);
    /// What other processes committed.
    fn heard(&self, news: News);
}

/// One write operation with its type erased.
pub type WriteOp = Box<dyn for<'t> FnOnce(&'t mut dyn Tx) -> BoxFuture<'t, Result<()>> + Send>;

#[async_trait]
pub trait Store: Send + Sync {
    /// Runs the operation in a transaction and returns once it is durable; any error rolls it back.
    async fn write_op(&self, priority: Priority, op: WriteOp) -> Result<()>;
    async fn reads(&self) -> Result<Box<dyn Reads + '_>>;
    /// Set once, by the engine.
    fn on_commit(&self, hook: std::sync::Arc<dyn CommitHook>);
    /// `sqlite` or `postgres`, and whether the schema is current.
    async fn health(&self) -> Result<&'static str>;
}

/// The typed face of [`Store::write_op`].
#[async_trait]
pub trait StoreExt: Store {
    async fn write_as<T, F>(&self, priority: Priority, op: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut dyn Tx) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        let (give, take) = tokio::sync::oneshot::channel();
        let erased: WriteOp = Box::new(move |tx| {
            Box::pin(async move {
                let value = op(tx).await?;
                // The receiver is on our own stack; it can only be gone if the caller is.
                let _ = give.send(value);
                Ok(())
            })
        });
        self.write_op(priority, erased).await?;
        take.await
            .map_err(|_| Error::internal("a committed write lost its answer"))
    }

    async fn write<T, F>(&self, op: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut dyn Tx) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        self.write_as(Priority::Normal, op).await
    }
}

impl<S: Store + ?Sized> StoreExt for S {}
