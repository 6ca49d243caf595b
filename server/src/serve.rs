//! `meshline serve`: HTTP and the worker, in one process, from the first commit to the last.
//!
//! It ends in the order in which promises were made: no new connections, then the answers that are
//! owed, then the jobs under way, then the database.

use std::{io, net::SocketAddr, sync::Arc};

use engine::Engine;
use tokio::{net::TcpListener, sync::watch};

use crate::{
    compose::{self, ComposeError, Installation},
    config::Settings,
    fleet,
    http::{self, Site},
    key::{self, KeyError},
    keys, telemetry,
};

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(
        "cannot listen on {addr}: {why}. Is another Meshline running? MESHLINE_ADDR chooses another address"
    )]
    Listen { addr: SocketAddr, why: io::Error },
    #[error(transparent)]
    Compose(#[from] ComposeError),
}

pub async fn run(settings: &Settings) -> Result<(), ServeError> {
    let listen = |why| ServeError::Listen {
        addr: settings.addr,
        why,
    };
    let listener = TcpListener::bind(settings.addr).await.map_err(listen)?;
    let addr = listener.local_addr().map_err(listen)?;
    let installation = compose::open(settings).await?;
    let engine = Arc::clone(&installation.engine);
    let (stop_serving, serving) = watch::channel(false);
    let (stop_working, working) = watch::channel(false);
    let worker = tokio::spawn(Arc::clone(&engine).work(working.clone()));
    let post = tokio::spawn(Arc::clone(&engine).send_mail(working.clone()));
    let news = tokio::spawn({
        let (store, working) = (Arc::clone(&installation.store), working.clone());
        async move { store.listen(working).await }
    });
    let timekeeper = tokio::spawn(fleet::keep_time(installation.clone(), working));
    installation.metrics.hear_everybody();
    let sweeper = tokio::spawn(http::sweep(Arc::clone(&engine), serving.clone()));
    let keeper = tokio::spawn(keys::follow(
        settings.clone(),
        Arc::clone(&engine),
        serving.clone(),
    ));
    guard_setup(settings, &engine).await?;
    let site = site(&installation, settings, serving.clone());
    let proxies = settings.trusted_proxies.clone();
    let door = http::Door {
        crowd: http::Crowd::new(settings.rates.connections, proxies.clone()),
        proxies,
        metrics: Arc::clone(&installation.metrics),
    };
    let server = tokio::spawn(http::listen(
        listener,
        http::router(Arc::new(site)),
        door,
        serving,
    ));
    tracing::info!(%addr, url = settings.public_url, database = %settings.database, "Meshline is ready");

    asked_to_stop().await;
    tracing::info!("stopping: finishing what is under way");
    // nobody listening any more means that it is over already
    let _ = stop_serving.send(true);
    let _ = server.await;
    let _ = stop_working.send(true);
    for task in [worker, post, news, timekeeper, sweeper, keeper] {
        if let Err(error) = task.await {
            tracing::error!(%error, "a background task ended badly");
        }
    }
    installation.close().await;
    tracing::info!("stopped");
    telemetry::end().await;
    Ok(())
}

/// Whoever comes first to an empty installation founds it. Where that could be a stranger, it takes a code.
async fn guard_setup(settings: &Settings, engine: &Engine) -> Result<(), ServeError> {
    let is_unclaimed = engine.is_unclaimed().await;
    if !is_unclaimed.map_err(ComposeError::Store)? {
        return Ok(());
    }
    let url = &settings.public_url;
    if settings.is_ours_alone() {
        tracing::info!("nobody has set this installation up: open {url}/setup");
    } else if let Some(code) = &settings.setup_code {
        engine.require_setup_code(code.expose().to_owned());
        tracing::info!(
            "nobody has set this installation up: open {url}/setup and give the code in MESHLINE_SETUP_CODE"
        );
    } else {
        let keys = key::find(settings).map_err(ComposeError::Key)?;
        let missing = || KeyError::Missing {
            path: key::file_of(settings),
        };
        let keys = keys.ok_or_else(missing).map_err(ComposeError::Key)?;
        let code = keys.current.setup_code();
        tracing::warn!(
            "nobody has set this installation up: open {url}/setup and give the code {code}"
        );
        engine.require_setup_code(code);
    }
    Ok(())
}

/// What the handlers share, on this installation.
fn site(installation: &Installation, settings: &Settings, stop: watch::Receiver<bool>) -> Site {
    Site {
        engine: Arc::clone(&installation.engine),
        metrics: Arc::clone(&installation.metrics),
        metrics_token: settings.metrics_token.clone(),
        is_https: settings.is_https(),
        limits: Arc::new(http::limits::Limits::new(settings.rates)),
        stop,
    }
}

/// Prints every route there is, one per line: methods, path, kind.
pub async fn routes(settings: &Settings) -> Result<String, ServeError> {
    let installation = compose::open_to_look(settings, None).await?;
    let (_going, stop) = watch::channel(false);
    let routes = http::registered(Arc::new(site(&installation, settings, stop)));
    installation.close().await;
    let lines = routes.iter().map(|route| {
        format!(
            "{}\t{}\t{}",
            route.methods.join(","),
            route.path,
            route.kind
        )
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// Ctrl-C, or what a service manager sends.
async fn asked_to_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let terminate = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signals) => {
                signals.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
