//! Time, randomness, and the systems on either side.

use std::future::Future;

use bytes::Bytes;
use domain::{
    Time, delivery::Answer, event::EventKind, order::OrderFact, receipt::Fault, sku::SkuFact,
};
use uuid::Uuid;

/// What time it is. Tests move it by hand.
pub trait Clock: Send + Sync {
    fn now(&self) -> Time;
}

/// Ids and randomness.
pub trait Ids: Send + Sync {
    /// A UUIDv7 for this moment.
    fn uuid(&self, now: Time) -> Uuid;
    fn fill(&self, bytes: &mut [u8]);

    fn random(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}

/// What a delivery's headers say, once its signature was found good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub topic: String,
    pub dedup_key: String,
    pub triggered_at: Option<Time>,
    /// The headers worth keeping, as they came.
    pub headers: Vec<(String, String)>,
}

/// A system that sends us events: how it signs, and what its messages mean.
pub trait Connector: Send + Sync {
    fn system(&self) -> &'static str;

    /// The events that its messages can mean.
    fn sends(&self) -> &'static [EventKind];

    /// The sentence says why not; it is for the log, the sender gets a plain 401.
    fn verify(
        &self,
        secrets: &[Vec<u8>],
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Delivery, String>;

    /// Whether the body fits its topic. On the way in, so it has to be quick.
    fn examine(&self, topic: &str, body: &[u8]) -> Result<(), Vec<Fault>>;

    /// What it says about an order; `None` for topics nobody asked for.
    fn facts(
        &self,
        topic: &str,
        body: &[u8],
        receipt_id: Uuid,
        at: Time,
    ) -> Result<Option<Vec<OrderFact>>, Vec<Fault>>;

    /// What it says about goods and when that was true; `None` for topics that are not about goods.
    fn goods(
        &self,
        topic: &str,
        body: &[u8],
        at: Time,
    ) -> Result<Option<Vec<(SkuFact, Time)>>, Vec<Fault>>;

    /// A delivery as this system would make it, signed, for trying a connection out. It says of itself
    /// that it is a test; another `n` gives another one.
    fn test_delivery(&self, secret: &[u8], now: Time, n: u64) -> TestDelivery;
}

/// What [`Connector::test_delivery`] makes: to be received like any other.
#[derive(Clone, Debug)]
pub struct TestDelivery {
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

#[derive(Clone, Debug)]
pub struct DeliveryRequest {
    pub url: String,
    /// Stable over all attempts.
    pub webhook_id: String,
    /// Those in use, the newest first; each adds a signature.
    pub secrets: Vec<String>,
    pub body: Bytes,
    pub traceparent: String,
    pub now: Time,
    /// For a staging side: nothing of it counts.
    pub is_trial: bool,
}

/// The way out. One try; the answer is recorded whatever it is.
pub trait Channel: Send + Sync {
    /// Why this URL could never be delivered to, in a sentence; asked before it is saved. What a name
    /// leads to is judged at every delivery.
    fn refuses(&self, url: &str) -> Option<String>;

    fn deliver(
        &self,
        request: DeliveryRequest,
    ) -> std::pin::Pin<Box<dyn Future<Output = Answer> + Send + '_>>;
}
