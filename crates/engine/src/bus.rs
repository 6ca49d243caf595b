//! What just became durable, for whoever watches: open pages, and the worker that sleeps.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use domain::Time;
use tokio::sync::{Notify, broadcast};
use uuid::Uuid;

use crate::port::{AuditNote, CommitHook};

/// One change of one thing at one merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub merchant_id: Uuid,
    pub action: String,
    pub subject_kind: &'static str,
    pub subject_id: Uuid,
}

pub struct Bus {
    changes: broadcast::Sender<Arc<Change>>,
    pub(crate) work: Notify,
    /// Goes up whenever rules (contracts, flows, connections, people) change.
    rules_epoch: AtomicU64,
}

impl Default for Bus {
    fn default() -> Self {
        Self {
            changes: broadcast::channel(1024).0,
            work: Notify::new(),
            rules_epoch: AtomicU64::new(0),
        }
    }
}

impl Bus {
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Change>> {
        self.changes.subscribe()
    }

    pub(crate) fn rules_epoch(&self) -> u64 {
        self.rules_epoch.load(Ordering::Acquire)
    }
}

impl CommitHook for Bus {
    fn committed(&self, notes: &[AuditNote], earliest_job: Option<Time>) {
        let is_rule = |note: &AuditNote| {
            matches!(
                note.subject_kind,
                "source" | "destination" | "contract" | "flow" | "member"
            )
        };
        if notes.iter().any(is_rule) {
            self.rules_epoch.fetch_add(1, Ordering::AcqRel);
        }
        if self.changes.receiver_count() > 0 {
            for note in notes {
                // Nobody listening any more is not an error.
                let _ = self.changes.send(Arc::new(Change {
                    merchant_id: note.merchant_id,
                    action: note.action.clone(),
                    subject_kind: note.subject_kind,
                    subject_id: note.subject_id,
                }));
            }
        }
        if earliest_job.is_some() {
            self.work.notify_one();
        }
    }
}
