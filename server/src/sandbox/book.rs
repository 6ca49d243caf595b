//! What the sandbox knows: a projection of the journal's entries, and the decision on one message.
//!
//! Nothing here does IO. [`Book::decide`] reads, [`Book::apply`] writes, and the journal replays
//! the same entries through `apply` after a restart, so what is remembered is what was written.

use std::collections::{HashMap, HashSet, VecDeque};

use domain::Time;
use serde::{Deserialize, Serialize};

use super::{
    message::Message,
    rules::{Action, RuleSet, by_convention},
};

/// Attempts kept in memory; the journal has them all.
const ATTEMPTS_KEPT: usize = 20_000;

/// One line of the journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    Attempt(Attempt),
    Execution(Execution),
    Completed {
        idempotency_key: String,
        at: Time,
    },
    Rules(RuleSet),
    /// Rules are gone, and what was turned away so far will be taken.
    Cleared,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Accepted,
    /// Executed before: the stored answer was given again.
    Duplicate,
    /// Taken as a trial: looked at, and not executed.
    Trial,
    /// Executed, with the answer held back.
    Stalled,
    Rejected,
    Failed,
    Silent,
    Gone,
    Rubbish,
    BadSignature,
    Malformed,
}

/// One request that reached the sandbox.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempt {
    pub at: Time,
    pub destination: String,
    pub webhook_id: Option<String>,
    pub body_sha256: String,
    /// The same key was seen before with other bytes, which should never happen.
    pub body_changed: bool,
    pub outcome: Outcome,
    pub detail: Option<String>,
    /// Which rule decided, counted from 0.
    pub rule: Option<usize>,
    #[serde(flatten)]
    pub about: Option<About>,
}

/// Which export it was about.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct About {
    pub idempotency_key: String,
    pub export_id: uuid::Uuid,
    pub export_type: String,
    pub subject: String,
    pub trace_id: Option<String>,
}

impl From<&Message> for About {
    fn from(message: &Message) -> Self {
        Self {
            idempotency_key: message.idempotency_key.clone(),
            export_id: message.export_id,
            export_type: message.export_type.clone(),
            subject: message.subject.clone(),
            trace_id: message.trace_id.clone(),
        }
    }
}

/// The one effect that an idempotency key has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Execution {
    pub at: Time,
    pub destination: String,
    pub body_sha256: String,
    pub external_ref: String,
    /// When completion is reported; never, if there is none.
    pub completes_at: Option<Time>,
    /// Holds a capability: kept in the journal, shown nowhere.
    pub callback_url: Option<String>,
    #[serde(flatten)]
    pub about: About,
}

/// An execution, and how far its completion has come.
#[derive(Debug)]
pub struct Executed {
    pub execution: Execution,
    pub completed_at: Option<Time>,
    /// What the last attempt to report completion ran into. Not journaled.
    pub callback_trouble: Option<String>,
}

#[derive(Debug, Default)]
pub struct Book {
    attempts: VecDeque<Attempt>,
    attempts_total: u64,
    executed: Vec<Executed>,
    by_key: HashMap<String, usize>,
    rules: RuleSet,
    /// How often each rule has decided.
    used: Vec<u32>,
    /// Matters that were turned away since the last clearing.
    turned_away: HashSet<String>,
    /// Matters for which SKU conventions no longer count.
    forgiven: HashSet<String>,
}

/// What to do with a message.
#[derive(Debug)]
pub enum Decision {
    /// It was executed; `body_changed` if the repeat has other bytes.
    Repeat {
        external_ref: String,
        body_changed: bool,
    },
    Act {
        action: Action,
        rule: Option<usize>,
    },
}

impl Book {
    pub fn decide(&self, destination: &str, message: &Message, body_sha256: &str) -> Decision {
        if let Some(known) = self.executed(&message.idempotency_key) {
            return Decision::Repeat {
                external_ref: known.execution.external_ref.clone(),
                body_changed: known.execution.body_sha256 != body_sha256,
            };
        }
        let fitting = self.rules.rules.iter().enumerate().find(|(index, rule)| {
            let used = self.used.get(*index).copied().unwrap_or_default();
            rule.when.fits(destination, message) && rule.then.times.is_none_or(|times| used < times)
        });
        if let Some((index, rule)) = fitting {
            return Decision::Act {
                action: rule.then.action.clone(),
                rule: Some(index),
            };
        }
        let action = if self.forgiven.contains(&message.subject) {
            Action::Accept
        } else {
            by_convention(message)
        };
        Decision::Act { action, rule: None }
    }

    pub fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Attempt(attempt) => self.note(attempt),
            Entry::Execution(execution) => {
                let key = execution.about.idempotency_key.clone();
                self.by_key.insert(key, self.executed.len());
                self.executed.push(Executed {
                    execution,
                    completed_at: None,
                    callback_trouble: None,
                });
            }
            Entry::Completed {
                idempotency_key,
                at,
            } => {
                if let Some(executed) = self.executed_mut(&idempotency_key) {
                    executed.completed_at = Some(at);
                    executed.callback_trouble = None;
                }
            }
            Entry::Rules(rules) => {
                self.used = vec![0; rules.rules.len()];
                self.rules = rules;
            }
            Entry::Cleared => {
                self.rules = RuleSet::default();
                self.used.clear();
                self.forgiven.extend(self.turned_away.drain());
            }
        }
    }

    fn note(&mut self, attempt: Attempt) {
        if let Some(used) = attempt.rule.and_then(|index| self.used.get_mut(index)) {
            *used += 1;
        }
        let turned_away = matches!(
            attempt.outcome,
            Outcome::Rejected
                | Outcome::Failed
                | Outcome::Silent
                | Outcome::Gone
                | Outcome::Rubbish
        );
        if let (true, Some(about)) = (turned_away, &attempt.about) {
            self.turned_away.insert(about.subject.clone());
        }
        self.attempts_total += 1;
        if self.attempts.len() == ATTEMPTS_KEPT {
            self.attempts.pop_front();
        }
        self.attempts.push_back(attempt);
    }

    pub fn executed(&self, key: &str) -> Option<&Executed> {
        self.executed.get(*self.by_key.get(key)?)
    }

    fn executed_mut(&mut self, key: &str) -> Option<&mut Executed> {
        self.executed.get_mut(*self.by_key.get(key)?)
    }

    pub fn callback_failed(&mut self, key: &str, trouble: String) {
        if let Some(executed) = self.executed_mut(key) {
            executed.callback_trouble = Some(trouble);
        }
    }

    /// Executions whose completion is still to be reported.
    pub fn incomplete(&self) -> impl Iterator<Item = &Execution> {
        let open = self.executed.iter().filter(|e| e.completed_at.is_none());
        open.map(|e| &e.execution)
            .filter(|e| e.completes_at.is_some())
    }

    /// The attempts still in memory, oldest first.
    pub fn attempts(&self) -> impl DoubleEndedIterator<Item = &Attempt> {
        self.attempts.iter()
    }

    pub fn attempts_total(&self) -> u64 {
        self.attempts_total
    }

    pub fn all_executed(&self) -> &[Executed] {
        &self.executed
    }

    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }
}
