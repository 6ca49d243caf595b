//! How much one side may ask for in a second: one source, one API token, one person, one address.
//!
//! Counted by GCRA: a steady rate, and twice as much at once after a pause. Whoever asks for more is
//! answered 429 and told when to come back; nothing of theirs is lost, since senders repeat. The counts are
//! kept in memory and by each process alone, so N processes let in N times as much; they are there so
//! that one side cannot take what the others need, not to bill anybody.
//!
//! Counted is what was proven: a source by its path, a token and a person once they were let in. The address counts for
//! every page, form and call, signed in or not, so that trying out tokens is counted as well. For IPv6 it
//! is the network of 64 bits that providers hand to one customer.
//!
//! A key that has not been seen for two seconds is as good as new and is forgotten, so the memory is bound by what
//! arrives in that time.

use std::{
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, MonotonicClock},
    middleware::NoOpMiddleware,
    state::keyed::DashMapStateStore,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tower_sessions::Session;
use uuid::Uuid;

use super::{Site, client, sessions};
use crate::{config::Rates, problem::Problem};

/// So often the keys that are as good as new are thrown away.
const SWEPT_EVERY: u32 = 4_096;

type Buckets<K> = RateLimiter<
    K,
    DashMapStateStore<K>,
    MonotonicClock,
    NoOpMiddleware<<MonotonicClock as Clock>::Instant>,
>;

/// One kind of limit over all of its keys.
struct Limit<K: Clone + Hash + Eq> {
    name: &'static str,
    rate: NonZeroU32,
    clock: MonotonicClock,
    buckets: Buckets<K>,
    checks: AtomicU32,
}

/// A limit that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    pub name: &'static str,
    rate: u32,
    wait: Duration,
}

impl<K: Clone + Hash + Eq> Limit<K> {
    /// None for a rate of zero.
    fn new(name: &'static str, rate: u32) -> Option<Self> {
        let rate = NonZeroU32::new(rate)?;
        let burst = rate.saturating_mul(NonZeroU32::MIN.saturating_add(1));
        let quota = Quota::per_second(rate).allow_burst(burst);

        Some(Self {
            name,
            rate,
            clock: MonotonicClock,
            buckets: RateLimiter::new(quota, DashMapStateStore::default(), MonotonicClock),
            checks: AtomicU32::new(0),
        })
    }

    fn check(&self, key: &K) -> Result<(), Exceeded> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % SWEPT_EVERY == SWEPT_EVERY - 1 {
            self.buckets.retain_recent();
        }
        self.buckets.check_key(key).map_err(|until| Exceeded {
            name: self.name,
            rate: self.rate.get(),
            wait: until.wait_time_from(self.clock.now()),
        })
    }
}

pub struct Limits {
    source: Option<Limit<Uuid>>,
    token: Option<Limit<Uuid>>,
    account: Option<Limit<Uuid>>,
    address: Option<Limit<IpAddr>>,
}

fn checked<K: Clone + Hash + Eq>(limit: &Option<Limit<K>>, key: &K) -> Result<(), Exceeded> {
    limit.as_ref().map_or(Ok(()), |limit| limit.check(key))
}

impl Limits {
    pub fn new(rates: Rates) -> Self {
        Self {
            source: Limit::new("source", rates.source),
            token: Limit::new("token", rates.token),
            account: Limit::new("account", rates.account),
            address: Limit::new("address", rates.address),
        }
    }

    pub fn source(&self, id: Uuid) -> Result<(), Exceeded> {
        checked(&self.source, &id)
    }

    pub fn token(&self, id: Uuid) -> Result<(), Exceeded> {
        checked(&self.token, &id)
    }

    fn account(&self, id: Uuid) -> Result<(), Exceeded> {
        checked(&self.account, &id)
    }

    pub fn address(&self, ip: IpAddr) -> Result<(), Exceeded> {
        checked(&self.address, &one_customer(ip))
    }
}

/// What one customer of a provider can choose freely is one.
pub fn one_customer(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

impl Exceeded {
    pub fn problem(self) -> Problem {
        let whose = match self.name {
            "source" => "This source sends",
            "token" => "This API token is used",
            "account" => "You ask",
            _ => "Your address asks",
        };
        let detail = format!(
            "{whose} more than {} times a second. Come back when Retry-After says.",
            self.rate
        );
        let ms = i64::try_from(self.wait.as_millis()).unwrap_or(i64::MAX);
        Problem::new(StatusCode::TOO_MANY_REQUESTS, detail)
            .after_ms(ms.max(1))
            .limited_by(self)
    }

    /// What the limit is and how much of it is left, per the IETF's draft on RateLimit header fields.
    pub fn tell(self, headers: &mut HeaderMap) {
        let fields = [
            (
                "ratelimit-policy",
                format!("\"{}\";q={};w=1", self.name, self.rate),
            ),
            (
                "ratelimit",
                format!(
                    "\"{}\";r=0;t={}",
                    self.name,
                    self.wait.as_millis().div_ceil(1_000)
                ),
            ),
        ];
        for (name, value) in fields {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

impl IntoResponse for Exceeded {
    fn into_response(self) -> Response {
        self.problem().into_response()
    }
}

/// Around everything but deliveries and files.
pub async fn of_address(
    State(site): State<Arc<Site>>,
    mut request: Request,
    next: Next,
) -> Response {
    let client = client::of(request.extensions());
    if let Err(exceeded) = site.limits.address(client.0) {
        site.metrics.limited(exceeded.name);
        return exceeded.into_response();
    }
    // for whoever finds out which token this is
    request.extensions_mut().insert(Arc::clone(&site.limits));
    next.run(request).await
}

/// Inside the sessions: for whoever is signed in.
pub async fn of_account(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let user = match request.extensions().get::<Session>() {
        // what cannot be read now is refused further in, in its own words
        Some(session) => session.get::<Uuid>(sessions::USER_ID).await.ok().flatten(),
        None => None,
    };
    if let Some(Err(exceeded)) = user.map(|user| site.limits.account(user)) {
        site.metrics.limited(exceeded.name);
        return exceeded.into_response();
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_twice_at_once_and_a_time_to_come_back() {
        let limit = Limit::<u8>::new("token", 10).unwrap();
        let admitted = (0..100).filter(|_| limit.check(&1).is_ok()).count();
        // a slow machine may earn one more meanwhile
        assert!((20..=22).contains(&admitted), "{admitted}");
        let exceeded = limit.check(&1).unwrap_err();
        assert!(exceeded.wait > Duration::ZERO && exceeded.wait <= Duration::from_millis(100));
        assert!(limit.check(&2).is_ok(), "another key is another's");
        let response = exceeded.into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()["retry-after"], "1");
        assert_eq!(response.headers()["ratelimit-policy"], "\"token\";q=10;w=1");
        assert_eq!(response.headers()["ratelimit"], "\"token\";r=0;t=1");
        assert!(Limit::<u8>::new("token", 0).is_none());
    }

    #[test]
    fn keys_that_are_as_good_as_new_are_forgotten() {
        let limit = Limit::<u32>::new("address", 1_000_000).unwrap();
        for key in 0..200_000 {
            assert!(limit.check(&key).is_ok());
        }
        assert!(
            limit.buckets.len() <= 2 * SWEPT_EVERY as usize,
            "{}",
            limit.buckets.len()
        );
    }

    #[test]
    fn an_ipv6_customer_is_one() {
        let of = |text: &str| one_customer(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
    }
}
