//! One agency, one merchant, six people, a source and a destination; and verbs to drive them.

use std::sync::Arc;

use bytes::Bytes;
use domain::{
    access::Access,
    approval::{Approval, Decision},
    audit::AuditEntry,
    export::{Export, ExportState},
    owner::{Owner, Party},
    people::{Membership, Merchant, User},
    receipt::Receipt,
    task::Task,
};
use engine::{
    Ack, Ctx, DestinationInput, Door, Engine, Error, Hashers, IntakeStatus, Parts, Result,
    SourceInput, TaskAct, Vault,
    port::{Connector, ListFilter, Mailer, Store},
};
use uuid::Uuid;

use crate::{
    channel::ScriptedChannel,
    chat::ScriptedChat,
    clock::{CountedIds, ManualClock},
    mailer::ScriptedMailer,
    orders::OrderBody,
    rules::{fulfillment_contract, order_flow, promo_contract, promo_flow},
};

pub const SECRET: &str = "hush-shopify-client-secret";
pub const DESTINATION_SECRET: &str = "whsec_bWVzaGxpbmUtdGVzdC1kZXN0aW5hdGlvbg==";

#[derive(Clone, Debug)]
pub struct Person {
    pub user: User,
}

pub struct World {
    pub engine: Arc<Engine>,
    pub store: Arc<dyn Store>,
    pub clock: Arc<ManualClock>,
    pub channel: Arc<ScriptedChannel>,
    pub mailer: Arc<ScriptedMailer>,
    pub chat: Arc<ScriptedChat>,
    pub merchant: Merchant,
    pub admin: Ctx,
    pub door: Arc<Door>,
    pub people: Vec<Person>,
}

/// (first name, access, party, functional roles)
const TEAM: [(&str, Access, Party, &[&str]); 7] = [
    ("mara", Access::Approver, Party::Agency, &["marketing_ops"]),
    (
        "jonas",
        Access::Approver,
        Party::Agency,
        &["operations", "marketing_ops"],
    ),
    ("fiona", Access::Approver, Party::Agency, &["finance"]),
    (
        "tomas",
        Access::Operator,
        Party::Agency,
        &["logistics", "supply_chain"],
    ),
    (
        "priya",
        Access::Approver,
        Party::Agency,
        &["marketing_ops", "operations", "engineering"],
    ),
    ("hana", Access::Operator, Party::ThreePl, &["logistics"]),
    ("iris", Access::Auditor, Party::Agency, &[]),
];

impl World {
    pub async fn new(store: Arc<dyn Store>, connector: Arc<dyn Connector>) -> Result<Self> {
        Self::made(store, connector, true).await
    }

    /// Where no mail is sent.
    pub async fn without_mail(
        store: Arc<dyn Store>,
        connector: Arc<dyn Connector>,
    ) -> Result<Self> {
        Self::made(store, connector, false).await
    }

    async fn made(
        store: Arc<dyn Store>,
        connector: Arc<dyn Connector>,
        has_mail: bool,
    ) -> Result<Self> {
        let clock = Arc::new(ManualClock::default());
        let channel = Arc::new(ScriptedChannel::default());
        let mailer = Arc::new(ScriptedMailer::default());
        let chat = Arc::new(ScriptedChat::default());
        let engine = Engine::new(Parts {
            store: Arc::clone(&store),
            clock: Arc::clone(&clock) as _,
            ids: Arc::new(CountedIds::default()),
            channel: Arc::clone(&channel) as _,
            connectors: vec![connector],
            vault: Vault::new(&[7; 32]),
            hashers: Hashers::start(|| {}).map_err(Error::internal)?,
            mailer: has_mail.then(|| Arc::clone(&mailer) as Arc<dyn Mailer>),
            chat: Arc::clone(&chat) as _,
            public_url: "http://127.0.0.1:3000".to_owned(),
        });
        let operator = engine.create_operator("Northbeam").await?;
        let merchant = engine
            .create_merchant(&operator, "alder-pine", "Alder & Pine")
            .await?;
        let mut people = Vec::new();
        for (name, access, party, roles) in TEAM {
            people.push(member(&engine, &merchant, name, access, party, roles).await?);
        }
        let admin = engine.enter_as_system(merchant.id).await?;
        let source = engine
            .create_source(
                &admin,
                SourceInput {
                    system: "shopify".to_owned(),
                    name: "Shopify".to_owned(),
                    secret: Some(SECRET.to_owned()),
                    owner: Owner::role(Party::Agency, "engineering"),
                    backup: Owner::role(Party::Agency, "operations"),
                },
            )
            .await?;
        engine
            .create_destination(
                &admin,
                DestinationInput {
                    key: "harbor-3pl".to_owned(),
                    name: "Harbor 3PL".to_owned(),
                    system: "3pl".to_owned(),
                    party: Party::ThreePl,
                    url: "http://127.0.0.1:3100/3pl".to_owned(),
                    secret: Some(DESTINATION_SECRET.to_owned()),
                },
            )
            .await?;
        engine
            .publish_contract(&admin, fulfillment_contract(merchant.id))
            .await?;
        engine
            .publish_contract(&admin, promo_contract(merchant.id))
            .await?;
        engine.publish_flow(&admin, order_flow(merchant.id)).await?;
        engine.publish_flow(&admin, promo_flow(merchant.id)).await?;
        let door = engine.open_door(&source.source.path).await?;
        Ok(Self {
            engine,
            store,
            clock,
            channel,
            mailer,
            chat,
            merchant,
            admin,
            door,
            people,
        })
    }

    pub fn person(&self, name: &str) -> Person {
        let email = format!("{name}@northbeam.example");
        self.people
            .iter()
            .find(|person| person.user.email == email)
            .cloned()
            .unwrap_or_else(|| panic!("nobody is called {name}"))
    }

    /// That person, signed in at the merchant a moment ago.
    pub async fn as_person(&self, name: &str) -> Result<Ctx> {
        let ctx = self.as_person_of_old(name).await?;
        let now = ctx.now();
        Ok(ctx.proved(Some(now)))
    }

    /// The same, but they proved who they are too long ago for what needs a fresh proof.
    pub async fn as_person_of_old(&self, name: &str) -> Result<Ctx> {
        self.engine
            .enter(self.person(name).user.id, &self.merchant.slug, None)
            .await
    }

    /// Sends it, signed; nothing is worked off yet.
    pub async fn sends(&self, order: &OrderBody) -> Result<(Uuid, IntakeStatus)> {
        self.sends_bytes(order.topic, &order.webhook_id, &order.bytes())
            .await
    }

    pub async fn sends_bytes(
        &self,
        topic: &str,
        webhook_id: &str,
        body: &[u8],
    ) -> Result<(Uuid, IntakeStatus)> {
        let shop = "alder-pine.myshopify.com";
        let headers: Vec<(String, String)> =
            connectors::shopify::headers(topic, shop, webhook_id, SECRET.as_bytes(), body)
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect();
        self.engine
            .receive(&self.door, &headers, Bytes::copy_from_slice(body), None)
            .await
    }

    /// Sends it and works off what is due.
    pub async fn receives(&self, order: &OrderBody) -> Result<Uuid> {
        let (receipt, _) = self.sends(order).await?;
        self.runs_due_work().await?;
        Ok(receipt)
    }

    pub async fn runs_due_work(&self) -> Result<usize> {
        self.engine.run_due_work().await
    }

    /// Moves time and works off what became due.
    pub async fn advance(&self, ms: i64) -> Result<()> {
        self.clock.advance_ms(ms);
        self.runs_due_work().await.map(|_ran| ())
    }

    fn all() -> ListFilter {
        ListFilter {
            limit: 200,
            ..ListFilter::default()
        }
    }

    /// A context of now: contexts remember when they were made.
    pub async fn eyes(&self) -> Result<Ctx> {
        self.engine.enter_as_system(self.merchant.id).await
    }

    /// Every entry of the merchant's trail, in order.
    pub async fn trail(&self) -> Result<Vec<AuditEntry>> {
        let mut reads = self.engine.store().reads().await?;
        reads
            .audit_from(self.merchant.id, 1, i64::from(i32::MAX))
            .await
    }

    /// Newest first.
    pub async fn exports(&self) -> Result<Vec<Export>> {
        self.engine.exports(&self.eyes().await?, &Self::all()).await
    }

    /// The one export there is.
    pub async fn the_export(&self) -> Result<Export> {
        let mut exports = self.exports().await?;
        assert_eq!(exports.len(), 1, "expected one export: {exports:#?}");
        Ok(exports.remove(0))
    }

    pub async fn tasks(&self) -> Result<Vec<Task>> {
        self.engine.tasks(&self.eyes().await?, &Self::all()).await
    }

    /// The one task with this code.
    pub async fn the_task(&self, code: &str) -> Result<Task> {
        let mut tasks = self.tasks().await?;
        tasks.retain(|task| task.code == code);
        assert_eq!(tasks.len(), 1, "expected one {code} task: {tasks:#?}");
        Ok(tasks.remove(0))
    }

    pub async fn receipt(&self, id: Uuid) -> Result<Receipt> {
        Ok(self
            .engine
            .receipt_chain(&self.eyes().await?, id)
            .await?
            .receipts
            .remove(0))
    }

    pub async fn approvals_of(&self, export: Uuid) -> Result<Vec<Approval>> {
        Ok(self
            .engine
            .export_chain(&self.eyes().await?, export)
            .await?
            .0
            .approvals)
    }

    /// Approves what the person sees, and works off what follows.
    pub async fn approves(&self, name: &str, export: &Export) -> Result<ExportState> {
        let decision = Decision {
            approve: true,
            note: None,
            seen_hash: export.content_hash.clone(),
            step: None,
        };
        let ctx = self.as_person(name).await?;
        let state = self.engine.decide(&ctx, export.id, decision).await?;
        self.runs_due_work().await?;
        Ok(state)
    }

    pub async fn declines(&self, name: &str, export: &Export, why: &str) -> Result<ExportState> {
        let decision = Decision {
            approve: false,
            note: Some(why.to_owned()),
            seen_hash: export.content_hash.clone(),
            step: None,
        };
        let ctx = self.as_person(name).await?;
        let state = self.engine.decide(&ctx, export.id, decision).await?;
        self.runs_due_work().await?;
        Ok(state)
    }

    pub async fn acts(&self, name: &str, task: Uuid, act: TaskAct) -> Result<Task> {
        let ctx = self.as_person(name).await?;
        let task = self.engine.act_on_task(&ctx, task, act).await?;
        self.runs_due_work().await?;
        Ok(task)
    }

    /// The destination calls back.
    pub async fn acknowledges(&self, export: Uuid, ack: Ack) -> Result<ExportState> {
        let (merchant, destination, _) = self
            .engine
            .callback_secrets(export)
            .await?
            .unwrap_or_else(|| panic!("no export {export}"));
        let ctx = self
            .engine
            .enter_as_destination(merchant, destination, None)
            .await?;
        let state = self.engine.acknowledge(&ctx, export, ack).await?;
        self.runs_due_work().await?;
        Ok(state)
    }
}

async fn member(
    engine: &Arc<Engine>,
    merchant: &Merchant,
    name: &str,
    access: Access,
    party: Party,
    roles: &[&str],
) -> Result<Person> {
    let title = format!("{}{} Test", name[..1].to_uppercase(), &name[1..]);
    let user = engine
        .create_user(
            &format!("{name}@northbeam.example"),
            &title,
            "correct horse",
        )
        .await?;
    engine
        .add_member(Membership {
            merchant_id: merchant.id,
            user_id: user.id,
            access,
            party,
            functional_roles: roles.iter().map(|&role| role.to_owned()).collect(),
            rotations: Vec::new(),
        })
        .await?;
    Ok(Person { user })
}
