//! What the demo's week passes on: a clock that is moved from hour to hour, and destinations that answer as
//! `meshline sandbox` would, without anybody having to run it.

use std::{
    collections::HashSet,
    future::Future,
    pin::Pin,
    sync::{
        Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use domain::{Time, delivery::Answer};
use engine::port::{Channel, Clock, DeliveryRequest};
use serde_json::{Value, json};

use super::shop::MISCOUNTED;

/// Only ever goes on, so that what is written down stands in the order in which it happened.
pub struct HandClock(AtomicI64);

impl HandClock {
    pub fn at(time: Time) -> Self {
        Self(AtomicI64::new(time.as_ms()))
    }

    pub fn move_to(&self, time: Time) {
        self.0.fetch_max(time.as_ms(), Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Time {
        Time::from_ms(self.0.load(Ordering::SeqCst))
    }
}

/// A word in a SKU says what goes wrong the first time, as it does in the sandbox; the second time all is well.
#[derive(Default)]
pub struct StandIn {
    refused: Mutex<HashSet<String>>,
}

impl StandIn {
    fn answer(&self, request: &DeliveryRequest) -> Answer {
        let message: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let text = String::from_utf8_lossy(&request.body);
        let key = message["data"]["idempotency_key"]
            .as_str()
            .unwrap_or_default();
        let is_first = |word: &str| {
            text.contains(word)
                && self
                    .refused
                    .lock()
                    .is_ok_and(|mut refused| refused.insert(format!("{word} {key}")))
        };
        let is_fulfillment = message["data"]["export_type"] == "fulfillment_request";
        let (status, body, ms) = if is_fulfillment && is_first("FAIL-503") {
            (503, "their system is being restarted\n".to_owned(), 812)
        } else if is_fulfillment && (is_first("OUT-OF-STOCK") || is_first(MISCOUNTED)) {
            let said = json!({
                "status": "rejected", "exception_code": "insufficient_inventory",
                "exception_metadata": { "available": 0 },
            });
            (422, said.to_string(), 96)
        } else {
            let reference = key.get(4..14).unwrap_or(key).to_uppercase();
            let said = json!({ "status": "accepted", "external_ref": format!("SBX-{reference}") });
            // as long as a warehouse's system takes, a little different each time
            let ms = 60 + i64::try_from(request.body.len() % 170).unwrap_or_default();
            (200, said.to_string(), ms)
        };
        Answer {
            status: Some(status),
            body: body.into_bytes(),
            duration_ms: ms,
            ..Answer::default()
        }
    }
}

impl Channel for StandIn {
    fn refuses(&self, _url: &str) -> Option<String> {
        None
    }

    fn deliver(
        &self,
        request: DeliveryRequest,
    ) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        Box::pin(async move { self.answer(&request) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_only_goes_on() {
        let clock = HandClock::at(Time::from_ms(10));
        clock.move_to(Time::from_ms(30));
        clock.move_to(Time::from_ms(20));
        assert_eq!(clock.now(), Time::from_ms(30));
    }
}
