//! A chat that answers what the test tells it to, and remembers what it was asked. What is signed and pressed is
//! read by the real adapter.

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use connectors::slack;
use domain::{Time, chat::At};
use engine::port::{Account, Card, Chat, Identity, Pressing, ReasonForm, Said, Whose};

/// One call, and what it carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Called {
    Who,
    Posted { place: String, card: Card },
    Updated { at: At, card: Card },
    Whispered { chat_user: String, words: String },
    Asked { trigger: String, form: ReasonForm },
}

/// What a call is answered instead of yes.
#[derive(Clone, Debug)]
pub enum No {
    Later(Option<i64>),
    Never(Whose),
}

#[derive(Debug, Default)]
pub struct ScriptedChat {
    answers: Mutex<VecDeque<No>>,
    calls: Mutex<Vec<Called>>,
    sent: AtomicU64,
}

impl ScriptedChat {
    /// What the next call is answered; when nothing is scripted, it goes through.
    pub fn will_answer(&self, no: No) {
        if let Ok(mut answers) = self.answers.lock() {
            answers.push_back(no);
        }
    }

    pub fn calls(&self) -> Vec<Called> {
        self.calls
            .lock()
            .map(|calls| calls.clone())
            .unwrap_or_default()
    }

    fn called<T>(&self, call: Called, yes: T) -> Said<T> {
        if let Ok(mut calls) = self.calls.lock() {
            calls.push(call);
        }
        let scripted = self
            .answers
            .lock()
            .ok()
            .and_then(|mut answers| answers.pop_front());
        match scripted {
            None => Said::Yes(yes),
            Some(No::Later(after_ms)) => Said::Later {
                why: "busy".to_owned(),
                after_ms,
            },
            Some(No::Never(about)) => Said::Never {
                why: "refused".to_owned(),
                about,
            },
        }
    }
}

#[async_trait]
impl Chat for ScriptedChat {
    fn refuses(&self, api_base: &str) -> Option<String> {
        (!api_base.starts_with("https://")).then(|| "It has to begin with https://.".to_owned())
    }

    fn verify(
        &self,
        secret: &[u8],
        headers: &[(String, String)],
        body: &[u8],
        now: Time,
    ) -> Result<(), String> {
        slack::verify(secret, headers, body, now)
    }

    fn read(&self, body: &[u8]) -> Result<Option<Pressing>, String> {
        slack::read(body)
    }

    async fn who(&self, _: &Account) -> Said<Identity> {
        let identity = Identity {
            team_id: "T1".to_owned(),
            team_name: "Northbeam".to_owned(),
        };
        self.called(Called::Who, identity)
    }

    async fn post(&self, _: &Account, place: &str, card: &Card) -> Said<At> {
        let number = self.sent.fetch_add(1, Ordering::SeqCst);
        let at = At {
            channel: place.to_owned(),
            ts: format!("1700000000.{number:06}"),
        };
        let (place, card) = (place.to_owned(), card.clone());
        self.called(Called::Posted { place, card }, at)
    }

    async fn update(&self, _: &Account, at: &At, card: &Card) -> Said<()> {
        let (at, card) = (at.clone(), card.clone());
        self.called(Called::Updated { at, card }, ())
    }

    async fn whisper(
        &self,
        _: &Account,
        _: Option<&str>,
        chat_user: &str,
        words: &str,
    ) -> Said<()> {
        let (chat_user, words) = (chat_user.to_owned(), words.to_owned());
        self.called(Called::Whispered { chat_user, words }, ())
    }

    async fn ask_reason(&self, _: &Account, trigger: &str, form: &ReasonForm) -> Said<()> {
        let (trigger, form) = (trigger.to_owned(), form.clone());
        self.called(Called::Asked { trigger, form }, ())
    }
}
