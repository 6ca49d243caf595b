//! A destination that answers what the test tells it to, and remembers what it was sent.

use std::{collections::VecDeque, future::Future, pin::Pin, sync::Mutex};

use domain::delivery::Answer;
use engine::port::{Channel, DeliveryRequest};
use serde_json::Value;

#[derive(Clone, Debug)]
pub enum Reply {
    Json(u16, Value),
    Status(u16),
    /// Status and `Retry-After` in milliseconds.
    Later(u16, i64),
    Text(u16, &'static str),
    Unreachable,
}

#[derive(Clone, Debug)]
pub struct Sent {
    pub url: String,
    pub webhook_id: String,
    pub secrets: Vec<String>,
    pub body: Vec<u8>,
    pub is_trial: bool,
}

impl Sent {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

#[derive(Debug, Default)]
pub struct ScriptedChannel {
    replies: Mutex<VecDeque<Reply>>,
    sent: Mutex<Vec<Sent>>,
}

impl ScriptedChannel {
    /// What the next attempt is answered; when nothing is scripted, `{"status":"accepted"}`.
    pub fn will_answer(&self, reply: Reply) {
        if let Ok(mut replies) = self.replies.lock() {
            replies.push_back(reply);
        }
    }

    pub fn sent(&self) -> Vec<Sent> {
        self.sent
            .lock()
            .map(|sent| sent.clone())
            .unwrap_or_default()
    }
}

fn answer(reply: Reply) -> Answer {
    let of = |status, body: String| Answer {
        status: Some(status),
        body: body.into_bytes(),
        duration_ms: 3,
        ..Answer::default()
    };
    match reply {
        Reply::Json(status, body) => of(status, body.to_string()),
        Reply::Status(status) => of(status, String::new()),
        Reply::Later(status, ms) => Answer {
            retry_after_ms: Some(ms),
            ..of(status, String::new())
        },
        Reply::Text(status, text) => of(status, text.to_owned()),
        Reply::Unreachable => Answer {
            error: Some("nothing listens there".to_owned()),
            duration_ms: 1,
            ..Answer::default()
        },
    }
}

impl Channel for ScriptedChannel {
    /// Everything goes, but for one name that tests use for what does not.
    fn refuses(&self, url: &str) -> Option<String> {
        url.contains("forbidden.example")
            .then(|| "This address may not be called.".to_owned())
    }

    fn deliver(
        &self,
        request: DeliveryRequest,
    ) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        let reply = self
            .replies
            .lock()
            .ok()
            .and_then(|mut replies| replies.pop_front());
        if let Ok(mut sent) = self.sent.lock() {
            sent.push(Sent {
                url: request.url,
                webhook_id: request.webhook_id,
                secrets: request.secrets,
                body: request.body.to_vec(),
                is_trial: request.is_trial,
            });
        }
        let accepted = || {
            Reply::Json(
                200,
                serde_json::json!({ "status": "accepted", "external_ref": "W-1" }),
            )
        };
        let reply = reply.unwrap_or_else(accepted);
        Box::pin(async move { answer(reply) })
    }
}
