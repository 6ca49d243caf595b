//! Connections: accepted, served, and ended in order.
//!
//! Done by hand rather than by axum's one-liner for what it does not have: limits on a request's head in
//! time, bytes and fields, so that nobody keeps a connection by saying nothing, and a bound on how long
//! the end may take. An idle connection is closed at once when the process is asked to stop; a request under
//! way is finished.

use std::{convert::Infallible, io, net::IpAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request};
use http::HeaderMap;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
};
use tower::Service;

use crate::metrics::Metrics;

use super::{
    client::{ClientAddr, Proxies},
    crowd::Crowd,
    pace::{Pace, Paced},
};

/// Connections at once; the next one waits to be accepted.
const MAX_CONNECTIONS: u32 = 8_192;
/// From one request to the next.
const REST: Duration = Duration::from_secs(75);
/// From the first byte of a request's head to its last.
const HEAD_PATIENCE: Duration = Duration::from_secs(5);
/// Of a head; a larger one, or one with more fields, is answered 431.
const HEAD_LIMIT_BYTES: usize = 16 * 1024;
const HEAD_LIMIT_FIELDS: usize = 100;
/// For requests that are under way when the process is asked to stop.
const FAREWELL: Duration = Duration::from_secs(20);
/// When there are no file descriptors left, some have to be given back first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What is asked of a connection before it is served.
pub struct Door {
    pub proxies: Proxies,
    pub crowd: Crowd,
    pub metrics: Arc<Metrics>,
}

/// Serves until told to stop and everybody has their answer.
pub async fn listen(
    listener: TcpListener,
    router: Router,
    door: Door,
    mut stop: watch::Receiver<bool>,
) {
    let Door {
        proxies,
        crowd,
        metrics,
    } = door;
    let (proxies, crowd) = (Arc::new(proxies), Arc::new(crowd));
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS as usize));
    loop {
        let accepted = tokio::select! {
            accepted = next(&listener, &slots) => accepted,
            () = asked(&mut stop) => break,
        };
        match accepted {
            Ok((stream, peer, slot)) => {
                let Some(place) = crowd.enter(peer) else {
                    metrics.limited("connections");
                    continue;
                };
                let (router, stop) = (router.clone(), stop.clone());
                let proxies = Arc::clone(&proxies);
                let client = move |headers: &HeaderMap| proxies.client(peer, headers);
                tokio::spawn(async move {
                    serve(stream, router, client, stop).await;
                    drop((place, slot));
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    // every connection gives its slot back when it is over
    if tokio::time::timeout(FAREWELL, slots.acquire_many(MAX_CONNECTIONS))
        .await
        .is_err()
    {
        tracing::warn!("some requests were not finished in time and are cut off");
    }
}

/// Until the process is asked to stop; also when nobody is left who could ask.
async fn asked(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn next(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> io::Result<(TcpStream, IpAddr, tokio::sync::OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots)
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, peer.ip(), slot))
}

async fn serve(
    stream: TcpStream,
    router: Router,
    client: impl Fn(&HeaderMap) -> ClientAddr,
    mut stop: watch::Receiver<bool>,
) {
    let pace = Pace::new();
    let stream = Paced::new(stream, pace.clone(), HEAD_PATIENCE);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        pace.taken();
        let pace = pace.clone();
        let client = client(request.headers());
        request.extensions_mut().insert(client);
        let mut router = router.clone();
        async move {
            let request: Request = request.map(Body::new);
            let answer = router
                .call(request)
                .await
                .unwrap_or_else(|never| match never {});
            pace.rest();
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REST)
        .max_buf_size(HEAD_LIMIT_BYTES)
        .max_headers(HEAD_LIMIT_FIELDS)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = asked(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // a sender that hung up, or whose head came too slowly: its own affair
        tracing::debug!(%error, "a connection ended early");
    }
}
