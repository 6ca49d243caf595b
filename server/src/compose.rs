//! The composition root: real parts for the engine's ports.

use std::sync::Arc;

use connectors::{http_channel, shopify::Shopify};
use engine::{Engine, Parts, Vault, port::Store};
use store::{OpenError, Options, SqlStore};

use crate::{
    config::Settings,
    key::{self, KeyError, SecretKey},
    metrics::{CountingChannel, Metrics},
    ports::{SystemClock, SystemIds},
};

/// An engine with everything it needs, and what the process itself holds on to.
pub struct Installation {
    pub engine: Arc<Engine>,
    pub store: Arc<SqlStore>,
    pub metrics: Arc<Metrics>,
}

#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    #[error(transparent)]
    Database(#[from] OpenError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the database cannot be read: {0}")]
    Store(engine::Error),
    #[error(transparent)]
    Channel(#[from] http_channel::SetupError),
}

/// Opens the database of the settings, brings it up to date, and puts an engine on it.
pub async fn open(settings: &Settings) -> Result<Installation, ComposeError> {
    let store = SqlStore::open_and_migrate(settings.database.expose(), Options::default()).await?;
    let is_empty = is_empty(&store).await.map_err(ComposeError::Store)?;
    let key = key::find_or_make(settings, is_empty)?;
    let installation = assemble(settings, store, Vault::new(key.expose()))?;
    installation
        .engine
        .give_operators_paths()
        .await
        .map_err(ComposeError::Store)?;
    Ok(installation)
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
    key: Option<&SecretKey>,
) -> Result<Installation, ComposeError> {
    let store = SqlStore::open_read_only(settings.database.expose(), Options::default()).await?;
    assemble(
        settings,
        store,
        Vault::new(key.map_or(&[0; 32], SecretKey::expose)),
    )
}

async fn is_empty(store: &SqlStore) -> engine::Result<bool> {
    Ok(store.reads().await?.all_merchants().await?.is_empty())
}

fn assemble(
    settings: &Settings,
    store: Arc<SqlStore>,
    vault: Vault,
) -> Result<Installation, ComposeError> {
    let metrics = Arc::new(Metrics::default());
    let channel = CountingChannel {
        inner: http_channel::HttpChannel::new()?,
        metrics: Arc::clone(&metrics),
    };
    let engine = Engine::new(Parts {
        store: Arc::clone(&store) as _,
        clock: Arc::new(SystemClock::new(settings.clock_offset_file.clone())),
        ids: Arc::new(SystemIds::default()),
        channel: Arc::new(channel),
        connectors: vec![Arc::new(Shopify)],
        vault,
        public_url: settings.public_url.clone(),
    });
    Ok(Installation {
        engine,
        store,
        metrics,
    })
}

impl Installation {
    /// Finishes what is queued and lets go of the database.
    pub async fn close(self) {
        self.store.close().await;
    }
}
