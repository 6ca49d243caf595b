//! Slack's methods, as far as they are needed: who a token is, a message, its change, a word in private, a form.
//!
//! Slack answers 200 with `"ok": false` and a word for nearly everything that goes wrong; the words are sorted
//! here. One that is not known is about this one call.

use async_trait::async_trait;
use bytes::Bytes;
use domain::{Time, chat::At, delivery::Answer};
use engine::port::{Account, Card, Chat, Identity, Pressing, ReasonForm, Said, Whose};
use serde_json::{Value, json};

use super::{blocks, read, verify};
use crate::http_channel::HttpChannel;

/// The way to Slack. Connects only to what the guard lets pass.
#[derive(Clone, Debug)]
pub struct Slack(HttpChannel);

impl Slack {
    pub fn new(channel: HttpChannel) -> Self {
        Self(channel)
    }

    async fn call(&self, account: &Account, method: &str, body: &Value) -> Said<Value> {
        let url = format!("{}/{method}", account.api_base);
        let body = Bytes::from(body.to_string());
        heard(&self.0.call(&url, &account.token, body).await)
    }
}

/// Nothing gets through until somebody does something about the connection.
const CONNECTION: [&str; 15] = [
    "access_denied",
    "account_inactive",
    "app_missing_action_url",
    "ekm_access_denied",
    "enterprise_is_restricted",
    "invalid_auth",
    "missing_scope",
    "no_permission",
    "not_allowed_token_type",
    "not_authed",
    "org_login_required",
    "team_access_not_granted",
    "token_expired",
    "token_revoked",
    "two_factor_setup_required",
];

const PLACE: [&str; 14] = [
    "cannot_dm_bot",
    "channel_is_limited_access",
    "channel_not_found",
    "is_archived",
    "messages_tab_disabled",
    "not_in_channel",
    "restricted_action",
    "restricted_action_non_threadable_channel",
    "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel",
    "slack_connect_file_link_sharing_blocked",
    "user_disabled",
    "user_not_found",
    "user_not_in_channel",
];

const LATER: [&str; 8] = [
    "accesslimited",
    "fatal_error",
    "internal_error",
    "rate_limited",
    "ratelimited",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
];

/// What an answer means.
fn heard(answer: &Answer) -> Said<Value> {
    let later = |why: String| Said::Later {
        why,
        after_ms: retry_after_ms(answer),
    };
    let never = |why: String, about| Said::Never { why, about };
    if answer.not_called.is_some() {
        let why = answer.error.clone().unwrap_or_default();
        return never(format!("Slack was not called: {why}"), Whose::Connection);
    }
    let Some(status) = answer.status else {
        let why = answer.error.clone().unwrap_or_default();
        return later(format!("Slack was not reached: {why}"));
    };
    if status == 429 || status >= 500 {
        return later(format!("Slack answered {status}"));
    }
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let Some(body) = body.filter(|body| body["ok"].is_boolean()) else {
        let why = format!("what answered {status} does not speak like Slack's API");
        return never(why, Whose::Connection);
    };
    if body["ok"] == true {
        return Said::Yes(body);
    }
    let word: String = body["error"]
        .as_str()
        .unwrap_or("no reason")
        .chars()
        .filter(|one| one.is_ascii_alphanumeric() || *one == '_')
        .take(60)
        .collect();
    let why = format!("Slack answered {word}");
    let is = |words: &[&str]| words.contains(&word.as_str());
    if is(&LATER) {
        later(why)
    } else if is(&CONNECTION) {
        never(why, Whose::Connection)
    } else if is(&PLACE) {
        never(why, Whose::Place)
    } else {
        never(why, Whose::Message)
    }
}

/// Slack says it in seconds.
fn retry_after_ms(answer: &Answer) -> Option<i64> {
    let (_, value) = answer
        .headers_kept
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
    let seconds: i64 = value.trim().parse().ok()?;
    (0..=3_600).contains(&seconds).then_some(seconds * 1_000)
}

fn text_of(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_default()
        .chars()
        .take(120)
        .collect()
}

fn nothing<T>(said: Said<T>) -> Said<()> {
    match said {
        Said::Yes(_) => Said::Yes(()),
        Said::Later { why, after_ms } => Said::Later { why, after_ms },
        Said::Never { why, about } => Said::Never { why, about },
    }
}

fn with(mut body: Value, more: Value) -> Value {
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    body
}

#[async_trait]
impl Chat for Slack {
    fn refuses(&self, api_base: &str) -> Option<String> {
        self.0
            .guard()
            .admit(api_base)
            .err()
            .map(|why| why.to_string())
    }

    fn verify(
        &self,
        secret: &[u8],
        headers: &[(String, String)],
        body: &[u8],
        now: Time,
    ) -> Result<(), String> {
        verify::verify(secret, headers, body, now)
    }

    fn read(&self, body: &[u8]) -> Result<Option<Pressing>, String> {
        read::read(body)
    }

    async fn who(&self, account: &Account) -> Said<Identity> {
        match self.call(account, "auth.test", &json!({})).await {
            Said::Yes(body) => Said::Yes(Identity {
                team_id: text_of(&body["team_id"]),
                team_name: text_of(&body["team"]),
            }),
            Said::Later { why, after_ms } => Said::Later { why, after_ms },
            Said::Never { why, about } => Said::Never { why, about },
        }
    }

    async fn post(&self, account: &Account, place: &str, card: &Card) -> Said<At> {
        let to = json!({ "channel": place, "unfurl_links": false, "unfurl_media": false });
        let body = with(to, blocks::message(card));
        match self.call(account, "chat.postMessage", &body).await {
            Said::Yes(body) => Said::Yes(At {
                channel: text_of(&body["channel"]),
                ts: text_of(&body["ts"]),
            }),
            Said::Later { why, after_ms } => Said::Later { why, after_ms },
            Said::Never { why, about } => Said::Never { why, about },
        }
    }

    async fn update(&self, account: &Account, at: &At, card: &Card) -> Said<()> {
        let to = json!({ "channel": at.channel, "ts": at.ts });
        let body = with(to, blocks::message(card));
        nothing(self.call(account, "chat.update", &body).await)
    }

    async fn whisper(
        &self,
        account: &Account,
        channel: Option<&str>,
        chat_user: &str,
        words: &str,
    ) -> Said<()> {
        let text = blocks::whispered(words);
        if let Some(channel) = channel {
            let body = json!({ "channel": channel, "user": chat_user, "text": text });
            let said = self.call(account, "chat.postEphemeral", &body).await;
            if !matches!(
                said,
                Said::Never {
                    about: Whose::Place,
                    ..
                }
            ) {
                return nothing(said);
            }
        }
        // where nobody can be told in private, in a conversation of their own
        let body = json!({ "channel": chat_user, "text": text, "unfurl_links": false });
        nothing(self.call(account, "chat.postMessage", &body).await)
    }

    async fn ask_reason(&self, account: &Account, trigger: &str, form: &ReasonForm) -> Said<()> {
        let body = json!({ "trigger_id": trigger, "view": blocks::reason(form) });
        nothing(self.call(account, "views.open", &body).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: Some(status),
            body: body.as_bytes().to_vec(),
            ..Answer::default()
        }
    }

    #[test]
    fn answers_are_sorted_by_what_can_be_done_about_them() {
        let about = |word: &str| match heard(&answer(
            200,
            &format!(r#"{{"ok":false,"error":"{word}"}}"#),
        )) {
            Said::Never { about, .. } => Some(about),
            _ => None,
        };
        assert_eq!(about("token_revoked"), Some(Whose::Connection));
        assert_eq!(about("channel_not_found"), Some(Whose::Place));
        assert_eq!(about("message_not_found"), Some(Whose::Message));
        assert_eq!(about("internal_error"), None);
        assert!(matches!(
            heard(&answer(200, r#"{"ok":true}"#)),
            Said::Yes(_)
        ));
        assert!(matches!(heard(&answer(503, "")), Said::Later { .. }));
        let strange = heard(&answer(200, "<html>"));
        assert!(matches!(
            strange,
            Said::Never {
                about: Whose::Connection,
                ..
            }
        ));
        let mut slow = answer(429, "");
        slow.headers_kept = vec![("retry-after".to_owned(), "30".to_owned())];
        assert!(matches!(
            heard(&slow),
            Said::Later {
                after_ms: Some(30_000),
                ..
            }
        ));
    }
}
