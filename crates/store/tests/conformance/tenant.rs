//! One merchant with one of everything, and the words to write and read it through the ports.

use std::sync::Arc;

use domain::{
    access::Access,
    approval::{Approval, ApprovalState},
    connection::{Destination, Source},
    contract::Contract,
    event::EventKind,
    export::{Attempt, Export},
    flow::{Campaign, Case, Flow, Run},
    invitation::Invitation,
    order::OrderFact,
    owner::{Owner, Party},
    people::{Membership, Merchant, Operator, User},
    task::Task,
    token::ApiToken,
};
use engine::{
    job::Job,
    port::{EventRow, IdempotencyRow, ListFilter, NewReceipt, OrderRow, SessionRow},
};
use serde_json::json;
use store::SqlStore;
use uuid::Uuid;

use crate::{
    harness::World,
    make::{
        approval, at, attempt, contract, export, fact, flow, id, invitation, job, note, order,
        receipt, run, source, task,
    },
};

/// `write!(store, [task], tx => tx.insert_task(&task))`: one operation, with clones of what it names.
macro_rules! write {
    ($store:expr, [$($name:ident),*], $tx:ident => $operation:expr) => {{
        $(let $name = $name.clone();)*
        engine::port::StoreExt::write(&*$store, move |$tx| Box::pin(async move { $operation.await })).await
    }};
}
/// `read!(store, reads => reads.task(merchant, id))`, unwrapped.
macro_rules! read {
    ($store:expr, $reads:ident => $question:expr) => {{
        let mut $reads = engine::port::Store::reads(&*$store).await.unwrap();
        $question.await.unwrap()
    }};
}
pub(crate) use {read, write};

pub fn store(world: &World) -> Arc<SqlStore> {
    SqlStore::on(world.db.clone())
}

pub fn everything() -> ListFilter {
    ListFilter {
        limit: 500,
        ..ListFilter::default()
    }
}

/// One of everything, all of it about one order.
#[derive(Clone)]
pub struct Tenant {
    pub operator: Operator,
    pub merchant: Merchant,
    pub user: User,
    pub membership: Membership,
    pub invitation: Invitation,
    pub invitation_hash: Vec<u8>,
    pub token: ApiToken,
    pub token_hash: Vec<u8>,
    pub session: SessionRow,
    pub source: Source,
    pub destination: Destination,
    pub contract: Contract,
    pub flow: Flow,
    pub receipt: NewReceipt,
    pub fact: OrderFact,
    pub order: OrderRow,
    pub event: EventRow,
    pub run: Run,
    pub campaign: Campaign,
    pub case: Case,
    pub export: Export,
    pub attempt: Attempt,
    pub approval: Approval,
    pub task: Task,
    pub job: Job,
    pub idempotency: IdempotencyRow,
}

impl Tenant {
    pub fn new(slug: &str) -> Self {
        let operator = Operator {
            id: id(),
            name: format!("Agency of {slug}"),
            slug: format!("agency-{slug}"),
            require_second_factor: false,
        };
        let merchant = Merchant {
            id: id(),
            operator_id: operator.id,
            slug: slug.to_owned(),
            name: slug.to_uppercase(),
        };
        let user = User {
            id: id(),
            email: format!("ada@{slug}.example"),
            name: "Ada".to_owned(),
            active: true,
        };
        let source = source(merchant.id);
        let flow = flow(merchant.id, "order-to-ship", 1);
        let mut receipt = receipt(merchant.id, source.id, "delivery-1");
        let order = order(merchant.id, source.id, "5001");
        receipt.receipt.order_ref = Some("5001".to_owned());
        receipt.receipt.order_id = Some(order.id);
        let run = run(merchant.id, flow.id, &flow.key, order.id);
        let mut export = export(merchant.id, run.id, order.id);
        export.watchers.push(Owner::User(user.id));
        let mut task = task(merchant.id, "inventory:5001");
        task.receipt_id = Some(receipt.receipt.id);
        task.order_id = Some(order.id);
        task.run_id = Some(run.id);
        task.export_id = Some(export.id);
        Self {
            membership: Membership {
                merchant_id: merchant.id,
                user_id: user.id,
                access: Access::Approver,
                party: Party::Agency,
                functional_roles: vec!["finance".to_owned()],
                rotations: Vec::new(),
            },
            invitation: invitation(merchant.id, &format!("ben@{slug}.example")),
            invitation_hash: format!("link of {slug}").into_bytes(),
            token: ApiToken {
                id: id(),
                merchant_id: merchant.id,
                name: "CI".to_owned(),
                prefix: "mlk_0011aabb".to_owned(),
                capabilities: Access::Operator.token_capabilities(),
                created_by: Some(user.id),
                created_at: at(0),
                issued_at: at(0),
                expires_at: Some(at(99)),
                no_expiry_reason: None,
                last_used_at: None,
                previous_until: None,
                revoked_at: None,
                rev: 0,
            },
            token_hash: format!("hash of {slug}").into_bytes(),
            session: SessionRow {
                id_hash: format!("session of {slug}").into_bytes(),
                user_id: Some(user.id),
                is_half: false,
                data: "{}".to_owned(),
                created_at: at(0),
                expires_at: at(50),
                last_seen_at: at(0),
                address: "203.0.113.9".to_owned(),
                agent: "a browser".to_owned(),
            },
            destination: Destination {
                id: id(),
                merchant_id: merchant.id,
                key: "harbor-3pl".to_owned(),
                name: "Harbor".to_owned(),
                system: "harbor".to_owned(),
                party: Party::ThreePl,
                url: "http://127.0.0.1:3100/in".to_owned(),
                sealed_secret: vec![9, 8],
                sealed_previous: Some(vec![6]),
                previous_until: Some(at(7)),
                staging_url: None,
                retired_at: None,
                created_at: at(0),
                rev: 0,
            },
            contract: contract(merchant.id, "fulfillment", "1.0"),
            fact: fact(receipt.receipt.id, "5001"),
            event: EventRow {
                id: id(),
                merchant_id: merchant.id,
                kind: EventKind::OrderAccepted,
                subject_kind: "order".to_owned(),
                subject_id: order.id,
                receipt_id: Some(receipt.receipt.id),
                occurred_at: at(9),
                data: json!({ "total": "120.00" }),
            },
            case: Case {
                id: id(),
                merchant_id: merchant.id,
                noun: "parcel".to_owned(),
                reference: "p-1".to_owned(),
                title: "A parcel".to_owned(),
                answers: [("size".to_owned(), json!("large"))].into(),
                created_by: Some(user.id),
                created_at: at(0),
            },
            campaign: Campaign {
                id: id(),
                merchant_id: merchant.id,
                campaign_id: "winter-kit".to_owned(),
                title: "Winter kit".to_owned(),
                offer: "20 % off".to_owned(),
                discount_percent: 20,
                skus: vec!["KIT-01".to_owned()],
                landing_url: "https://example.com/winter".to_owned(),
                starts_at: at(1),
                ends_at: at(2),
                note: "It is cold".to_owned(),
                terms: String::new(),
                keywords: Vec::new(),
                keywords_owner: None,
                creative_ids: Vec::new(),
                landing_urls: Vec::new(),
                version: 1,
                created_by: user.id,
                also_by: Vec::new(),
                created_at: at(0),
            },
            attempt: attempt(&export, 1),
            approval: approval(&export, 1, ApprovalState::Pending),
            job: job(merchant.id, at(20)),
            idempotency: IdempotencyRow {
                merchant_id: merchant.id,
                key: "key-1".to_owned(),
                request_hash: "aa".to_owned(),
                status: None,
                body: String::new(),
                created_at: at(0),
            },
            operator,
            merchant,
            user,
            source,
            flow,
            receipt,
            order,
            run,
            export,
            task,
        }
    }

    pub fn id(&self) -> Uuid {
        self.merchant.id
    }

    /// In one operation.
    pub async fn written(self, store: &SqlStore) -> Self {
        let t = self.clone();
        write!(store, [t], tx => async {
            tx.insert_operator(&t.operator).await?;
            tx.insert_merchant(&t.merchant).await?;
            tx.insert_user(&t.user, "argon2").await?;
            tx.insert_membership(&t.membership).await?;
            tx.insert_invitation(&t.invitation, &t.invitation_hash).await?;
            tx.insert_token(&t.token, &t.token_hash).await?;
            tx.save_session(&t.session).await?;
            tx.insert_source(&t.source).await?;
            tx.insert_destination(&t.destination).await?;
            tx.insert_contract(&t.contract).await?;
            tx.insert_flow(&t.flow).await?;
            tx.insert_receipts(std::slice::from_ref(&t.receipt)).await?;
            tx.insert_facts(t.id(), t.source.id, std::slice::from_ref(&t.fact)).await?;
            tx.insert_order(&t.order).await?;
            tx.insert_events(std::slice::from_ref(&t.event)).await?;
            assert!(tx.insert_run(&t.run).await?);
            tx.insert_campaign(&t.campaign).await?;
            tx.insert_case(&t.case).await?;
            tx.insert_export(&t.export).await?;
            tx.fix_wire(t.id(), t.export.id, b"wire").await?;
            tx.insert_attempt(&t.attempt).await?;
            tx.insert_approval(&t.approval).await?;
            assert!(tx.insert_task(&t.task).await?);
            tx.enqueue(std::slice::from_ref(&t.job)).await?;
            assert!(tx.reserve_idempotency(&t.idempotency).await?);
            tx.note(note(t.id(), "export.ready", t.export.id));
            Ok(())
        })
        .unwrap();
        self
    }
}
