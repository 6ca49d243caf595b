//! `GET /live`: tells an open page that something changed. It says what kind of thing and which, and
//! never what it says now: the page asks for itself again, with the same rights.
//!
//! Changes come in bursts, so at most four messages a second go out; a burst becomes one message of
//! kind `many`. Rights are looked at again every few seconds, and at once when something changed about a
//! person, a member or an operator: whoever signed out, was signed out or lost their place hears nothing
//! more, also when that happened at another process. A stream that ends for that reason says `over` last,
//! so that a page doesn't ask for another one, as it does when a line is lost.

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    extract::{Query, State},
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
    routing::get,
};
use domain::people::Membership;
use engine::{Change, Engine, Error, Kind, port::SessionRow};
use http::{HeaderValue, header};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    sync::{broadcast::error::RecvError, mpsc, watch},
    time::{Instant, MissedTickBehavior, interval_at, sleep_until},
};
use tokio_stream::wrappers::ReceiverStream;
use tower_sessions::Session;
use uuid::Uuid;

use super::{Site, sessions};
use crate::problem::Problem;

const KEEP_ALIVE: Duration = Duration::from_secs(15);
const RIGHTS_AGAIN: Duration = Duration::from_secs(4);
/// What a change of these may mean for who hears of what.
const OF_RIGHTS: [&str; 4] = ["person", "member", "operator", "operator_member"];
const GATHER: Duration = Duration::from_millis(250);

pub fn router(site: &Arc<Site>) -> Router {
    Router::new()
        .route("/live", get(live))
        .with_state(Arc::clone(site))
}

#[derive(Deserialize)]
struct Which {
    /// A merchant's slug; all of the person's merchants without it.
    merchant: Option<String>,
}

/// Whom a stream speaks to, and about what.
struct Listener {
    engine: Arc<Engine>,
    session: Vec<u8>,
    user_id: Uuid,
    merchant: Option<String>,
}

async fn live(
    State(site): State<Arc<Site>>,
    Query(which): Query<Which>,
    session: Session,
) -> Response {
    match open(&site, which, &session).await {
        Ok(stream) => {
            let mut response = Sse::new(stream).into_response();
            let headers = response.headers_mut();
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            // a proxy that gathers the answer before passing it on would keep it for ever
            headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
            response
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

type Messages = ReceiverStream<Result<Event, Infallible>>;

async fn open(site: &Site, which: Which, session: &Session) -> engine::Result<Messages> {
    let nobody = || Error::new(Kind::Unauthenticated, "Sign in first.");
    let user_id: Uuid = session
        .get(sessions::USER_ID)
        .await
        .map_err(Error::internal)?
        .ok_or_else(nobody)?;
    let session = sessions::hash(session.id().ok_or_else(nobody)?);
    let engine = Arc::clone(&site.engine);
    let listener = Listener {
        engine,
        session,
        user_id,
        merchant: which.merchant,
    };
    let places = listener
        .places()
        .await?
        .ok_or_else(|| Error::not_found("merchant"))?;
    let (out, messages) = mpsc::channel(4);
    tokio::spawn(listener.speak(places, out, site.stop.clone()));
    Ok(ReceiverStream::new(messages))
}

/// Where somebody hears what happens.
#[derive(Default)]
struct Places {
    all: HashSet<Uuid>,
    /// Where they hear only of what is theirs.
    outside: HashMap<Uuid, Membership>,
}

/// What happened since the last message.
enum Gathered {
    One(Arc<Change>),
    Many,
}

/// Whether it may change who hears of what.
fn is_of_rights(change: &Change) -> bool {
    OF_RIGHTS.contains(&change.subject_kind)
}

impl Gathered {
    fn and(gathered: Option<Self>, change: Arc<Change>) -> Self {
        match gathered {
            None if change.is_many() => Self::Many,
            None => Self::One(change),
            Some(_) => Self::Many,
        }
    }

    fn message(&self) -> Value {
        match self {
            Self::One(change) => {
                json!({ "kind": change.subject_kind, "id": change.subject_id, "action": change.action })
            }
            Self::Many => json!({ "kind": "many" }),
        }
    }
}

fn message(said: &Value) -> Event {
    Event::default().data(said.to_string())
}

impl Listener {
    /// The merchants this stream is about, as things stand now. `None`: nothing any more.
    async fn places(&self) -> engine::Result<Option<Places>> {
        let session = self.engine.load_session(&self.session).await?;
        let is_theirs =
            |session: &SessionRow| session.user_id == Some(self.user_id) && !session.is_half;
        if !session.as_ref().is_some_and(is_theirs) {
            return Ok(None);
        }
        let Some((_, places)) = self.engine.who(self.user_id).await? else {
            return Ok(None);
        };
        let wanted = |slug: &str| self.merchant.as_deref().is_none_or(|only| only == slug);
        let mut found = Places::default();
        for (merchant, member) in places {
            if wanted(&merchant.slug) {
                found.all.insert(merchant.id);
                if member.party.is_outside() {
                    found.outside.insert(merchant.id, member);
                }
            }
        }
        Ok(Some(found).filter(|found| !found.all.is_empty()))
    }

    /// Somebody from outside hears of what they see, and of nothing else. That several things happened at
    /// once says nothing of any of them.
    async fn is_told(&self, places: &Places, change: &Change) -> bool {
        let Some(member) = places.outside.get(&change.merchant_id) else {
            return true;
        };
        if change.is_many() {
            return true;
        }
        self.engine
            .is_told(member, change)
            .await
            .unwrap_or_else(|error| {
                tracing::warn!(%error, "a change was kept back: it could not be looked up");
                false
            })
    }

    async fn speak(
        self,
        mut places: Places,
        out: mpsc::Sender<Result<Event, Infallible>>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut changes = self.engine.bus().subscribe();
        let mut ticks = interval_at(Instant::now() + RIGHTS_AGAIN, RIGHTS_AGAIN);
        let mut spoken = Instant::now();
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut gathered: Option<Gathered> = None;
        let mut due = Instant::now();
        // opens the stream at once, also through proxies that wait for a first byte
        let mut send = Some(Event::default().comment("here"));
        loop {
            if let Some(event) = send.take() {
                if out.send(Ok(event)).await.is_err() {
                    return;
                }
                spoken = Instant::now();
            }
            tokio::select! {
                change = changes.recv() => {
                    if change.as_ref().is_ok_and(|change| is_of_rights(change)) {
                        ticks.reset_immediately();
                    }
                    let next = match change {
                        Ok(change) if change.concerns(&places.all) => {
                            if !self.is_told(&places, &change).await {
                                continue;
                            }
                            Gathered::and(gathered.take(), change)
                        }
                        Ok(_) => continue,
                        Err(RecvError::Lagged(_)) => Gathered::Many,
                        Err(RecvError::Closed) => return,
                    };
                    if gathered.is_none() && due < Instant::now() {
                        due = Instant::now() + GATHER;
                    }
                    gathered = Some(next);
                }
                () = sleep_until(due), if gathered.is_some() => {
                    send = gathered.take().map(|what| message(&what.message()));
                    due = Instant::now() + GATHER;
                }
                _ = ticks.tick() => {
                    match self.places().await {
                        Ok(Some(still)) => places = still,
                        Ok(None) => {
                            let _ = out.send(Ok(message(&json!({ "kind": "over" })))).await;
                            return;
                        }
                        // not known is not allowed
                        Err(error) => {
                            tracing::warn!(%error, "a live stream was ended: rights could not be looked up");
                            return;
                        }
                    }
                    if spoken.elapsed() >= KEEP_ALIVE {
                        send = Some(Event::default().comment("still here"));
                    }
                }
                () = out.closed() => return,
                _ = stop.changed() => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_becomes_one_message() {
        let change = Arc::new(Change {
            merchant_id: Uuid::nil(),
            action: "export.ready".to_owned(),
            subject_kind: "export",
            subject_id: Uuid::nil(),
        });
        let one = Gathered::and(None, Arc::clone(&change));
        assert_eq!(
            one.message(),
            json!({ "kind": "export", "id": Uuid::nil(), "action": "export.ready" })
        );
        assert_eq!(
            Gathered::and(Some(one), change).message(),
            json!({ "kind": "many" })
        );
    }
}
