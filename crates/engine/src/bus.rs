//! What just became durable, for whoever watches: open pages, and the worker that sleeps.
//!
//! The store tells it after each commit of this process, and, where several processes share a
//! database, what the others committed. Who missed something is told that anything may have changed:
//! the rules are read again, and pages ask for themselves again.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use domain::Time;
use tokio::sync::{Notify, broadcast};
use uuid::Uuid;

use crate::port::{AuditNote, CommitHook, News};

/// Before every other time: it is not known when, so it is looked at once.
const NOW: Time = Time::from_ms(0);

/// Stands for several changes at once.
const MANY: &str = "many";

/// One change of one thing at one merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub merchant_id: Uuid,
    pub action: String,
    pub subject_kind: &'static str,
    pub subject_id: Uuid,
}

impl Change {
    /// Something at this merchant; it is not said what.
    fn something_at(merchant_id: Uuid) -> Self {
        Self {
            merchant_id,
            action: String::new(),
            subject_kind: MANY,
            subject_id: Uuid::nil(),
        }
    }

    /// Whether it is about one of these merchants. What may have happened anywhere is about all of them.
    pub fn concerns(&self, merchants: &HashSet<Uuid>) -> bool {
        self.merchant_id.is_nil() || merchants.contains(&self.merchant_id)
    }

    /// It stands for several changes, and says of none of them what it was.
    pub fn is_many(&self) -> bool {
        self.subject_kind == MANY
    }
}

pub struct Bus {
    changes: broadcast::Sender<Arc<Change>>,
    pub(crate) work: Notify,
    /// When the first of the jobs is due that were told of since the worker looked.
    first_due: AtomicI64,
    /// Goes up whenever rules (contracts, flows, connections, people) change.
    rules_epoch: AtomicU64,
}

impl Default for Bus {
    fn default() -> Self {
        Self {
            changes: broadcast::channel(1024).0,
            work: Notify::new(),
            first_due: AtomicI64::new(i64::MAX),
            rules_epoch: AtomicU64::new(0),
        }
    }
}

impl Bus {
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Change>> {
        self.changes.subscribe()
    }

    /// How many streams are open.
    pub fn listeners(&self) -> usize {
        self.changes.receiver_count()
    }

    /// The worker is about to look at what is due.
    pub(crate) fn looks(&self) {
        self.first_due.store(i64::MAX, Ordering::Release);
    }

    /// When the first of those is due that were told of since.
    pub(crate) fn first_due(&self) -> Time {
        Time::from_ms(self.first_due.load(Ordering::Acquire))
    }

    fn due(&self, at: Time) {
        self.first_due.fetch_min(at.as_ms(), Ordering::AcqRel);
        self.work.notify_one();
    }

    pub(crate) fn rules_epoch(&self) -> u64 {
        self.rules_epoch.load(Ordering::Acquire)
    }

    fn rules_changed(&self) {
        self.rules_epoch.fetch_add(1, Ordering::AcqRel);
    }

    fn tell(&self, change: Change) {
        // Nobody listening any more is not an error.
        let _ = self.changes.send(Arc::new(change));
    }
}

/// Whether what stands in the cache of rules, or who may look, can be another after a change of this.
fn is_rule(subject_kind: &str) -> bool {
    !matches!(
        subject_kind,
        "receipt" | "order" | "run" | "export" | "approval" | "task" | "campaign"
    )
}

/// The kinds that pages tell apart; of anything else they hear that something changed.
fn known(subject_kind: &str) -> Option<&'static str> {
    [
        "receipt",
        "order",
        "run",
        "export",
        "approval",
        "task",
        "campaign",
        "source",
        "destination",
        "contract",
        "flow",
        "member",
        "person",
        "session",
        "token",
        "merchant",
        "operator",
        "operator_member",
        "rotation",
        "calendar",
        "cover",
        "role",
        "policy",
    ]
    .into_iter()
    .find(|kind| *kind == subject_kind)
}

impl CommitHook for Bus {
    fn committed(&self, notes: &[AuditNote], earliest_job: Option<Time>) {
        if notes.iter().any(|note| is_rule(note.subject_kind)) {
            self.rules_changed();
        }
        if self.changes.receiver_count() > 0 {
            for note in notes {
                self.tell(Change {
                    merchant_id: note.merchant_id,
                    action: note.action.clone(),
                    subject_kind: note.subject_kind,
                    subject_id: note.subject_id,
                });
            }
        }
        if let Some(at) = earliest_job {
            self.due(at);
        }
    }

    fn heard(&self, news: News) {
        match news {
            News::Change {
                merchant_id,
                action,
                subject_kind,
                subject_id,
            } => {
                if is_rule(&subject_kind) {
                    self.rules_changed();
                }
                self.tell(match known(&subject_kind) {
                    Some(subject_kind) => Change {
                        merchant_id,
                        action,
                        subject_kind,
                        subject_id,
                    },
                    None => Change::something_at(merchant_id),
                });
            }
            News::Several {
                merchant_id,
                subject_kind,
            } => {
                if is_rule(&subject_kind) {
                    self.rules_changed();
                }
                self.tell(Change::something_at(merchant_id));
            }
            News::JobsDue => self.due(NOW),
            News::Anything => {
                self.rules_changed();
                self.tell(Change::something_at(Uuid::nil()));
                self.due(NOW);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(kind: &str) -> News {
        News::Change {
            merchant_id: Uuid::from_u128(7),
            action: "x.changed".to_owned(),
            subject_kind: kind.to_owned(),
            subject_id: Uuid::from_u128(8),
        }
    }

    #[test]
    fn news_of_other_processes_reach_pages_and_make_rules_old() {
        let bus = Bus::default();
        let mut pages = bus.subscribe();
        bus.heard(change("export"));
        assert_eq!(bus.rules_epoch(), 0, "an export is no rule");
        assert_eq!(pages.try_recv().unwrap().subject_kind, "export");
        bus.heard(change("contract"));
        assert_eq!(bus.rules_epoch(), 1);
        assert_eq!(pages.try_recv().unwrap().subject_kind, "contract");
        bus.heard(change("a kind of a newer program"));
        assert_eq!(bus.rules_epoch(), 2, "what is not known may be a rule");
        assert!(pages.try_recv().unwrap().is_many());
    }

    #[test]
    fn what_was_missed_may_have_been_anything_anywhere() {
        let bus = Bus::default();
        let mut pages = bus.subscribe();
        bus.heard(News::Anything);
        let change = pages.try_recv().unwrap();
        assert!(change.is_many() && change.concerns(&HashSet::from([Uuid::from_u128(9)])));
        assert_eq!(bus.rules_epoch(), 1);
        bus.heard(News::Several {
            merchant_id: Uuid::from_u128(7),
            subject_kind: "receipt".to_owned(),
        });
        assert_eq!(bus.rules_epoch(), 1, "receipts are no rules");
        let change = pages.try_recv().unwrap();
        assert!(change.concerns(&HashSet::from([Uuid::from_u128(7)])));
        assert!(!change.concerns(&HashSet::from([Uuid::from_u128(9)])));
    }
}
