//! Shopify as the engine sees it: one of the systems that send us events.

use domain::{
    Time,
    event::EventKind,
    order::{OrderFact, TOLD_BY_ORDERS},
    receipt::Fault,
    sku::SkuFact,
};
use engine::port::{Connector, Delivery, TestDelivery};
use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

use super::{Interest, interest};

/// The connector to register with the engine.
#[derive(Clone, Copy, Debug)]
pub struct Shopify;

impl Connector for Shopify {
    fn system(&self) -> &'static str {
        "shopify"
    }

    fn sends(&self) -> &'static [EventKind] {
        const SENDS: [EventKind; TOLD_BY_ORDERS.len() + 1] = {
            let mut sends = [EventKind::InventoryChanged; TOLD_BY_ORDERS.len() + 1];
            let mut at = 0;
            while at < TOLD_BY_ORDERS.len() {
                sends[at] = TOLD_BY_ORDERS[at];
                at += 1;
            }
            sends
        };
        &SENDS
    }

    fn verify(
        &self,
        secrets: &[Vec<u8>],
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Delivery, String> {
        let mut ours = HeaderMap::new();
        for (name, value) in headers.iter().filter(|(name, _)| worth_keeping(name)) {
            let unreadable = || format!("the header {name} is not readable");
            let name = HeaderName::try_from(name.as_str()).map_err(|_| unreadable())?;
            let value = HeaderValue::try_from(value.as_str()).map_err(|_| unreadable())?;
            ours.append(name, value);
        }
        let secrets: Vec<&[u8]> = secrets.iter().map(Vec::as_slice).collect();
        let delivery = super::verify(&secrets, &ours, body).map_err(|why| why.to_string())?;
        Ok(Delivery {
            topic: delivery.topic,
            dedup_key: delivery.dedup_key,
            triggered_at: delivery.triggered_at,
            headers: headers
                .iter()
                .filter(|(name, _)| worth_keeping(name))
                .cloned()
                .collect(),
        })
    }

    fn examine(&self, topic: &str, body: &[u8]) -> Result<(), Vec<Fault>> {
        super::examine(topic, body)
    }

    fn facts(
        &self,
        topic: &str,
        body: &[u8],
        receipt_id: Uuid,
        at: Time,
    ) -> Result<Option<Vec<OrderFact>>, Vec<Fault>> {
        match interest(topic) {
            Interest::Order => super::facts(topic, body, receipt_id, at, None).map(Some),
            Interest::Goods | Interest::Other => Ok(None),
        }
    }

    fn goods(
        &self,
        topic: &str,
        body: &[u8],
        at: Time,
    ) -> Result<Option<Vec<(SkuFact, Time)>>, Vec<Fault>> {
        match interest(topic) {
            Interest::Goods => super::goods(topic, body, at).map(Some),
            Interest::Order | Interest::Other => Ok(None),
        }
    }

    fn test_delivery(&self, secret: &[u8], now: Time, n: u64) -> TestDelivery {
        super::trial::delivery(secret, now, n)
    }
}

/// What Shopify says, and nothing that a proxy or a browser added.
fn worth_keeping(name: &str) -> bool {
    let starts = |with: &str| {
        name.get(..with.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    starts("x-shopify-")
        || starts("shopify-")
        || name.eq_ignore_ascii_case("content-type")
        || name.eq_ignore_ascii_case("user-agent")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_is_told_what_shopify_said_and_nothing_else() {
        let body = br#"{"id":1}"#;
        let mut sent: Vec<(String, String)> =
            super::super::headers("orders/create", "a.myshopify.com", "w-1", b"hush", body)
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect();
        let said = sent.clone();
        sent.push(("cookie".to_owned(), "a=b".to_owned()));
        let at = "2026-01-01T00:00:00.250Z";
        sent.push(("X-Shopify-Triggered-At".to_owned(), at.to_owned()));

        let delivery = Shopify
            .verify(&[b"old".to_vec(), b"hush".to_vec()], &sent, body)
            .unwrap();
        assert_eq!(delivery.dedup_key, "orders/create w-1");
        assert_eq!(delivery.triggered_at.unwrap().to_string(), at);
        assert_eq!(delivery.headers.len(), said.len() + 1);
        assert!(delivery.headers.iter().all(|(name, _)| name != "cookie"));

        let refused = Shopify
            .verify(&[b"other".to_vec()], &sent, body)
            .unwrap_err();
        assert_eq!(refused, "the signature does not match the body");
        sent.push(("x-shopify-topic".to_owned(), "two\nlines".to_owned()));
        let refused = Shopify
            .verify(&[b"hush".to_vec()], &sent, body)
            .unwrap_err();
        assert_eq!(refused, "the header x-shopify-topic is not readable");
    }

    #[test]
    fn topics_that_are_not_about_orders_have_no_facts() {
        let facts = Shopify.facts("products/update", b"{}", Uuid::nil(), Time::from_ms(0));
        assert_eq!(facts, Ok(None));
        assert!(
            Shopify
                .facts("orders/create", b"{}", Uuid::nil(), Time::from_ms(0))
                .is_err()
        );
    }
}
