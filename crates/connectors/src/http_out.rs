//! The HTTP channel as the engine sees it.

use std::pin::Pin;

use domain::delivery::Answer;
use engine::port::{Channel, DeliveryRequest};

use crate::{
    http_channel::{self, HttpChannel},
    standard_webhooks::Secret,
};

impl Channel for HttpChannel {
    fn refuses(&self, url: &str) -> Option<String> {
        self.guard().admit(url).err().map(|why| why.to_string())
    }

    fn deliver(
        &self,
        request: DeliveryRequest,
    ) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        Box::pin(async move {
            let parsed: Result<Vec<Secret>, _> = request
                .secrets
                .iter()
                .map(|secret| Secret::parse(secret))
                .collect();
            let secrets = match parsed {
                Ok(secrets) => secrets,
                // not sent unsigned: the attempt is recorded with the reason, and nobody was called
                Err(why) => {
                    let error = Some(format!("the destination's secret cannot be used: {why}"));
                    return Answer {
                        error,
                        ..Answer::default()
                    };
                }
            };
            let DeliveryRequest {
                url,
                webhook_id,
                body,
                traceparent,
                now,
                is_trial,
                ..
            } = request;
            let traceparent = Some(traceparent).filter(|value| !value.is_empty());
            let request = http_channel::DeliveryRequest {
                url,
                webhook_id,
                secrets,
                body,
                traceparent,
                now,
                is_trial,
            };
            HttpChannel::deliver(self, request).await
        })
    }
}
