//! Reporting completion: some time after an export was accepted, its sender is told that it is done.
//!
//! One task per open completion. It waits for its time, posts, and tries again with growing pauses
//! until it is taken; then the journal notes it. Open completions are taken up again at start.
//!
//! The call is signed with the secret that both sides share, as the export itself was, so that the
//! address in the message is enough to answer; an API token is only needed where there is none.

use std::{sync::Arc, time::Duration};

use connectors::standard_webhooks::{self as webhooks, Secret};
use reqwest::{Client, StatusCode, header, redirect::Policy};
use serde_json::json;
use tokio::sync::Semaphore;

use super::{
    book::{Entry, Execution},
    journal::Journal,
};
use crate::wall_clock;

const TIMEOUT: Duration = Duration::from_secs(10);
const AT_ONCE: usize = 16;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

pub struct Callbacks {
    client: Client,
    journal: Journal,
    slots: Semaphore,
    secrets: Vec<Secret>,
    fallback: Fallback,
}

/// Where completions go whose export names no address.
#[derive(Clone, Debug, Default)]
pub struct Fallback {
    pub base_url: Option<String>,
    pub token: Option<String>,
}

impl Callbacks {
    pub fn new(
        journal: Journal,
        secrets: Vec<Secret>,
        fallback: Fallback,
    ) -> Result<Arc<Self>, reqwest::Error> {
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .user_agent(concat!("Meshline-Sandbox/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Arc::new(Self {
            client,
            journal,
            slots: Semaphore::new(AT_ONCE),
            secrets,
            fallback,
        }))
    }

    /// Takes up what was open when the sandbox stopped.
    pub fn resume(self: &Arc<Self>) {
        let open: Vec<_> = self.journal.book().incomplete().cloned().collect();
        for execution in open {
            self.schedule(execution);
        }
    }

    pub fn schedule(self: &Arc<Self>, execution: Execution) {
        let this = Arc::clone(self);
        tokio::spawn(async move { this.complete(execution).await });
    }

    async fn complete(&self, execution: Execution) {
        let Some(due) = execution.completes_at else {
            return;
        };
        let key = execution.about.idempotency_key.clone();
        let Some((url, token)) = self.address(&execution) else {
            let trouble = "the export has no callbackurl, and no --callback-url was given";
            self.journal
                .book()
                .callback_failed(&key, trouble.to_owned());
            return;
        };
        let wait_ms = due.since_ms(wall_clock::now()).max(0).unsigned_abs();
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;

        let mut pause = FIRST_PAUSE;
        for tries in 1_u32.. {
            match self.post(&url, token, &execution.external_ref).await {
                Ok(()) => break,
                Err(trouble) => {
                    let trouble = format!("tried {tries} times: {trouble}");
                    self.journal.book().callback_failed(&key, trouble);
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        let completed = Entry::Completed {
            idempotency_key: key,
            at: wall_clock::now(),
        };
        if let Err(error) = self.journal.write(|_| (vec![completed], ())).await {
            tracing::error!(%error, "a completion was reported but not noted; it will be repeated");
        }
    }

    fn address(&self, execution: &Execution) -> Option<(String, Option<&str>)> {
        if let Some(url) = &execution.callback_url {
            return Some((url.clone(), None));
        }
        let base = self.fallback.base_url.as_ref()?.trim_end_matches('/');
        let export_id = execution.about.export_id;
        let url = format!("{base}/api/v1/exports/{export_id}/ack");
        Some((url, self.fallback.token.as_deref()))
    }

    async fn post(&self, url: &str, token: Option<&str>, external_ref: &str) -> Result<(), String> {
        let Ok(_slot) = self.slots.acquire().await else {
            return Err("the sandbox is stopping".to_owned());
        };
        let body = json!({"status": "completed", "external_ref": external_ref}).to_string();
        let id = format!("completed-{external_ref}");
        let timestamp_s = wall_clock::now().as_ms().div_euclid(1000);
        let signature = webhooks::sign_all(&self.secrets, &id, timestamp_s, body.as_bytes());
        let mut post = self
            .client
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", &id)
            .header(webhooks::ID, &id)
            .header(webhooks::TIMESTAMP, timestamp_s)
            .header(webhooks::SIGNATURE, signature)
            .body(body);
        if let Some(token) = token {
            post = post.bearer_auth(token);
        }
        let status = match post.send().await {
            Ok(response) => response.status(),
            Err(error) if error.is_timeout() => return Err("no answer in time".to_owned()),
            Err(error) if error.is_builder() => return Err("the address is unusable".to_owned()),
            Err(_) => return Err("nobody answered".to_owned()),
        };
        if status.is_success() {
            return Ok(());
        }
        Err(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if token.is_none() => {
                format!("answered {status}; is --callback-token missing?")
            }
            _ => format!("answered {status}"),
        })
    }
}
