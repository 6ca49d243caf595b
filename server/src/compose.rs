//! The composition root: real parts for the engine's ports.

use std::{io, sync::Arc};

use connectors::{guard::Guard, http_channel, shopify::Shopify, slack::Slack, smtp::Smtp};
use engine::{
    Engine, Parts, Vault,
    port::{Channel, Clock, Mailer, Store},
};
use store::{OpenError, Options, SqlStore};

use crate::{
    config::Settings,
    fleet::{self, Skew},
    hashers,
    key::{self, KeyError, SecretKeys},
    metrics::{CountingChannel, Metrics},
    ports::{SystemClock, SystemIds},
};

/// An engine with everything it needs, and what the process itself holds on to.
#[derive(Clone)]
pub struct Installation {
    pub engine: Arc<Engine>,
    pub store: Arc<SqlStore>,
    pub metrics: Arc<Metrics>,
    pub skew: Arc<Skew>,
}

#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    #[error(transparent)]
    Database(#[from] OpenError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the database cannot be read: {0}")]
    Store(engine::Error),
    #[error("threads for hashing passwords cannot be started: {0}")]
    Threads(io::Error),
    #[error("mail cannot be sent: {0}")]
    Mail(String),
    #[error(transparent)]
    Channel(#[from] http_channel::SetupError),
}

/// Opens the database of the settings, brings it up to date, and puts an engine on it.
pub async fn open(settings: &Settings) -> Result<Installation, ComposeError> {
    let store = SqlStore::open_and_migrate(settings.database.expose(), Options::default()).await?;
    let is_empty = is_empty(&store).await.map_err(ComposeError::Store)?;
    let keys = key::find_or_make(settings, is_empty)?;
    let installation = assemble(settings, store, keys.vault(), None)?;
    fleet::measure(&installation.store, &installation.skew).await;
    installation
        .engine
        .give_operators_paths()
        .await
        .map_err(ComposeError::Store)?;
    Ok(installation)
}

/// Another clock, and other ends of the wires than those that the settings lead to.
pub struct Stage {
    pub clock: Arc<dyn Clock>,
    pub channel: Arc<dyn Channel>,
}

/// The same database on a stage: nothing reaches anybody outside, mail included.
pub async fn open_on_stage(
    settings: &Settings,
    stage: Stage,
) -> Result<Installation, ComposeError> {
    let store = SqlStore::open_and_migrate(settings.database.expose(), Options::default()).await?;
    let is_empty = is_empty(&store).await.map_err(ComposeError::Store)?;
    let keys = key::find_or_make(settings, is_empty)?;
    assemble(settings, store, keys.vault(), Some(stage))
}

/// Brings the database up to date.
pub async fn migrate(settings: &Settings) -> Result<(), ComposeError> {
    SqlStore::migrate(settings.database.expose(), Options::default()).await?;
    println!("{} is up to date", settings.database);
    Ok(())
}

/// An engine that only looks: nothing is migrated, every write is refused, and another process may
/// have the database open. Without a key it opens no secret.
pub async fn open_to_look(
    settings: &Settings,
    keys: Option<&SecretKeys>,
) -> Result<Installation, ComposeError> {
    let store = SqlStore::open_read_only(settings.database.expose(), Options::default()).await?;
    assemble(
        settings,
        store,
        keys.map_or_else(|| Vault::new(&[0; 32]), SecretKeys::vault),
        None,
    )
}

async fn is_empty(store: &SqlStore) -> engine::Result<bool> {
    Ok(store.reads().await?.all_merchants().await?.is_empty())
}

fn assemble(
    settings: &Settings,
    store: Arc<SqlStore>,
    vault: Vault,
    stage: Option<Stage>,
) -> Result<Installation, ComposeError> {
    let metrics = Arc::new(Metrics::default());
    let skew = Arc::new(Skew::default());
    // on a stage no workspace is connected, and nothing is called
    let slack = http_channel::HttpChannel::new(Guard::new(settings.allowed_targets()))?;
    let (stage, mailer) = match stage {
        Some(stage) => (stage, None),
        None => {
            let file = settings.clock_offset_file.clone();
            let channel = CountingChannel {
                inner: http_channel::HttpChannel::new(Guard::new(settings.allowed_targets()))?,
                metrics: Arc::clone(&metrics),
            };
            let stage = Stage {
                clock: Arc::new(SystemClock::new(file, Arc::clone(&skew))),
                channel: Arc::new(channel),
            };
            (stage, mailer(settings).map_err(ComposeError::Mail)?)
        }
    };
    let engine = Engine::new(Parts {
        store: Arc::clone(&store) as _,
        clock: stage.clock,
        ids: Arc::new(SystemIds::default()),
        channel: stage.channel,
        connectors: vec![Arc::new(Shopify)],
        vault,
        hashers: hashers::start().map_err(ComposeError::Threads)?,
        mailer: mailer.map(|smtp| Arc::new(smtp) as Arc<dyn Mailer>),
        chat: Arc::new(Slack::new(slack)),
        public_url: settings.public_url.clone(),
    });
    engine.watched_by(Arc::clone(&metrics) as _);
    Ok(Installation {
        engine,
        store,
        metrics,
        skew,
    })
}

/// The way to the mail server, if one is set.
pub fn mailer(settings: &Settings) -> Result<Option<Smtp>, String> {
    settings
        .mail
        .as_ref()
        .map(|mail| {
            let authorities = mail.authorities.as_ref();
            Smtp::new(
                &mail.server,
                authorities,
                &mail.from,
                &settings.public_host(),
            )
        })
        .transpose()
}

impl Installation {
    /// Finishes what is queued and lets go of the database.
    pub async fn close(self) {
        self.store.close().await;
    }
}
