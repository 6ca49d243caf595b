//! How long content is kept, what runs remove, and what is held.

use std::collections::BTreeMap;

use domain::retention::{ContentKind, LegalHold, RetentionRun};
use engine::RetentionState;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::words::At;

#[derive(Serialize, ToSchema)]
#[schema(as = Retention)]
pub struct RetentionView {
    days: DaysView,
    /// When the next run is due; null: within a day.
    next_run_at: Option<At>,
    /// What it would remove if it were now, by kind; a kind that is kept for ever is not among them.
    next: BTreeMap<&'static str, RemovableView>,
    last_run: Option<RetentionRunView>,
    /// Legal holds in force.
    holds_in_force: usize,
}

/// Days that content is kept; null: for ever.
#[derive(Serialize, ToSchema)]
#[schema(as = RetentionDays)]
pub struct DaysView {
    #[schema(example = 365)]
    receipts: Option<i64>,
    quarantined: Option<i64>,
    orders: Option<i64>,
    exports: Option<i64>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Removable)]
pub struct RemovableView {
    count: i64,
    oldest_at: Option<At>,
}

/// One day's.
#[derive(Serialize, ToSchema)]
#[schema(as = RetentionRun)]
pub struct RetentionRunView {
    began_at: At,
    /// Null while it goes on.
    ended_at: Option<At>,
    removed: BTreeMap<&'static str, RemovedView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RemovedContent)]
pub struct RemovedView {
    count: i64,
    bytes: i64,
}

impl From<&RetentionRun> for RetentionRunView {
    fn from(run: &RetentionRun) -> Self {
        let removed = run.removed.iter().map(|(kind, tally)| {
            let view = RemovedView {
                count: tally.count,
                bytes: tally.bytes,
            };
            (kind.as_str(), view)
        });
        Self {
            began_at: run.began_at.into(),
            ended_at: run.ended_at.map(Into::into),
            removed: removed.collect(),
        }
    }
}

impl From<&RetentionState> for RetentionView {
    fn from(state: &RetentionState) -> Self {
        let days = |kind: ContentKind| state.retention.days.get(&kind).copied();
        let next = state.next.iter().map(|(kind, (count, oldest))| {
            let view = RemovableView {
                count: *count,
                oldest_at: oldest.map(Into::into),
            };
            (kind.as_str(), view)
        });
        Self {
            days: DaysView {
                receipts: days(ContentKind::Receipts),
                quarantined: days(ContentKind::Quarantined),
                orders: days(ContentKind::Orders),
                exports: days(ContentKind::Exports),
            },
            next_run_at: state.retention.next_at.map(Into::into),
            next: next.collect(),
            last_run: state.retention.run.as_ref().map(Into::into),
            holds_in_force: state.holds.iter().filter(|one| one.in_force()).count(),
        }
    }
}

/// While it is in force nothing that it covers is removed.
#[derive(Serialize, ToSchema)]
#[schema(as = LegalHold)]
pub struct LegalHoldView {
    id: Uuid,
    /// Null: it covers the whole merchant.
    order_id: Option<Uuid>,
    #[schema(example = "order #1001")]
    covers: String,
    reason: String,
    placed_at: At,
    /// `user:<id>`, `token:<id>` or `system`.
    placed_by: String,
    in_force: bool,
    lifted: Option<LiftedView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LiftedLegalHold)]
pub struct LiftedView {
    at: At,
    by: String,
    reason: String,
}

impl From<&LegalHold> for LegalHoldView {
    fn from(hold: &LegalHold) -> Self {
        Self {
            id: hold.id,
            order_id: hold.order_id,
            covers: hold.covers(),
            reason: hold.reason.clone(),
            placed_at: hold.placed_at.into(),
            placed_by: hold.placed_by.clone(),
            in_force: hold.in_force(),
            lifted: hold.lifted.as_ref().map(|lifted| LiftedView {
                at: lifted.at.into(),
                by: lifted.by.clone(),
                reason: lifted.reason.clone(),
            }),
        }
    }
}
