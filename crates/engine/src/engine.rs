//! The engine: the one object through which anything is changed.

use std::{collections::HashMap, sync::Arc};

use domain::{Time, people::Merchant};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    bus::Bus,
    ctx::{Actor, Ctx},
    error::{Error, Result},
    hashing::Hashers,
    intake::Intake,
    port::{Channel, Chat, Clock, Connector, Ids, Mailer, Store},
    qa::Schemas,
    rules::{Rules, RulesCache},
    vault::Vault,
    watch::{Watch, Watcher},
};

/// What the engine is made of; the composition root gives it real parts, tests give it others.
pub struct Parts {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub channel: Arc<dyn Channel>,
    pub connectors: Vec<Arc<dyn Connector>>,
    pub vault: Vault,
    pub hashers: Hashers,
    /// Without one nothing goes by mail, and whoever makes a link hands it over.
    pub mailer: Option<Arc<dyn Mailer>>,
    pub chat: Arc<dyn Chat>,
    /// Where people and callbacks reach us, without a trailing slash.
    pub public_url: String,
}

pub struct Engine {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) channel: Arc<dyn Channel>,
    pub(crate) connectors: HashMap<&'static str, Arc<dyn Connector>>,
    pub(crate) vault: Vault,
    pub(crate) mailer: Option<Arc<dyn Mailer>>,
    pub(crate) chat: Arc<dyn Chat>,
    /// Something may have to be sent.
    pub(crate) mail_waits: tokio::sync::Notify,
    pub(crate) public_url: String,
    pub(crate) bus: Arc<Bus>,
    pub(crate) watcher: Watcher,
    pub(crate) rules: RulesCache,
    pub(crate) token_uses: crate::tokens::TokenUses,
    pub(crate) schemas: Schemas,
    pub(crate) intake: Intake,
    pub(crate) hashers: Hashers,
    /// What founding asks for, where strangers could come first.
    pub(crate) setup_code: std::sync::OnceLock<String>,
    pub(crate) doors: Mutex<HashMap<String, Arc<crate::intake::Door>>>,
}

impl Engine {
    /// Must be called inside a tokio runtime: intake's batching task starts here.
    pub fn new(parts: Parts) -> Arc<Self> {
        let bus = Arc::new(Bus::default());
        parts.store.on_commit(Arc::clone(&bus) as _);
        let intake = Intake::start(
            Arc::clone(&parts.store),
            Arc::clone(&parts.ids),
            Arc::clone(&parts.clock),
        );
        parts
            .hashers
            .give_way_to(intake.recent(), Arc::clone(&parts.clock));
        Arc::new(Self {
            intake,
            store: parts.store,
            clock: parts.clock,
            ids: parts.ids,
            channel: parts.channel,
            connectors: parts
                .connectors
                .into_iter()
                .map(|c| (c.system(), c))
                .collect(),
            vault: parts.vault,
            mailer: parts.mailer,
            chat: parts.chat,
            mail_waits: tokio::sync::Notify::new(),
            public_url: parts.public_url,
            bus,
            watcher: Watcher::default(),
            rules: RulesCache::default(),
            token_uses: crate::tokens::TokenUses::default(),
            schemas: Schemas::default(),
            hashers: parts.hashers,
            setup_code: std::sync::OnceLock::new(),
            doors: Mutex::new(HashMap::new()),
        })
    }

    pub fn now(&self) -> Time {
        self.clock.now()
    }

    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// Somebody who counts and traces; there can be one.
    pub fn watched_by(&self, watch: Arc<dyn Watch>) {
        self.watcher.set(watch);
    }

    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// 32 hex digits, for a piece of work that did not bring its own.
    pub fn new_trace_id(&self) -> String {
        let mut bytes = [0_u8; 16];
        self.ids.fill(&mut bytes);
        hex::encode(bytes)
    }

    pub(crate) fn uuid(&self) -> Uuid {
        self.ids.uuid(self.clock.now())
    }

    pub async fn rules_of(&self, merchant_id: Uuid) -> Result<Arc<Rules>> {
        self.rules
            .get(&*self.store, &self.bus, merchant_id, self.now())
            .await
    }

    /// The same on a connection that the caller has.
    pub(crate) async fn rules_by(
        &self,
        reads: &mut (dyn crate::port::Reads + '_),
        merchant_id: Uuid,
    ) -> Result<Arc<Rules>> {
        self.rules
            .get_by(reads, &self.bus, merchant_id, self.now())
            .await
    }

    /// A signed-in person at one of their merchants. Not a member reads as not found.
    pub async fn enter(&self, user_id: Uuid, slug: &str, trace_id: Option<String>) -> Result<Ctx> {
        let mut reads = self.store.reads().await?;
        let missing = || Error::not_found("merchant");
        let merchant = reads.merchant_by_slug(slug).await?.ok_or_else(missing)?;
        let user = reads
            .user(user_id)
            .await?
            .filter(|user| user.active)
            .ok_or_else(missing)?;
        let Some(membership) = reads.place(merchant.id, user_id).await? else {
            // answered like a merchant that does not exist; whoever reads the log may know the difference
            tracing::warn!(actor = %format_args!("user:{user_id}"), merchant = %merchant.id, "a merchant was refused to somebody without a place there");
            return Err(missing());
        };
        Ok(self.ctx(Actor::User { user, membership }, merchant, trace_id))
    }

    /// For the command line and set-up: the engine acting as itself.
    pub async fn enter_as_system(&self, merchant_id: Uuid) -> Result<Ctx> {
        let mut reads = self.store.reads().await?;
        let merchant = reads
            .merchant(merchant_id)
            .await?
            .ok_or_else(|| Error::not_found("merchant"))?;
        Ok(self.ctx(Actor::System, merchant, None))
    }

    pub(crate) fn ctx(&self, actor: Actor, merchant: Merchant, trace_id: Option<String>) -> Ctx {
        let trace_id = trace_id.unwrap_or_else(|| self.new_trace_id());
        let ctx = Ctx::new(actor, merchant, trace_id, self.now());
        crate::watch::let_in(&ctx);
        ctx
    }
}
