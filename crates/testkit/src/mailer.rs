//! A mail server that answers what the test tells it to, and remembers what it was given.

use std::{collections::VecDeque, sync::Mutex};

use async_trait::async_trait;
use engine::port::{Carried, Mail, Mailer};

#[derive(Debug, Default)]
pub struct ScriptedMailer {
    answers: Mutex<VecDeque<Carried>>,
    given: Mutex<Vec<Mail>>,
}

impl ScriptedMailer {
    /// What the next try is answered; when nothing is scripted, it goes.
    pub fn will_answer(&self, answer: Carried) {
        if let Ok(mut answers) = self.answers.lock() {
            answers.push_back(answer);
        }
    }

    /// Every try, whatever it was answered.
    pub fn given(&self) -> Vec<Mail> {
        self.given
            .lock()
            .map(|given| given.clone())
            .unwrap_or_default()
    }
}

#[async_trait]
impl Mailer for ScriptedMailer {
    async fn send(&self, mail: &Mail) -> Carried {
        if let Ok(mut given) = self.given.lock() {
            given.push(mail.clone());
        }
        let scripted = self
            .answers
            .lock()
            .ok()
            .and_then(|mut answers| answers.pop_front());
        scripted.unwrap_or(Carried::Yes)
    }
}
