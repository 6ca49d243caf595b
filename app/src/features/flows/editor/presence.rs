//! Who has a board open right now. Each browser gives a sign of life every few seconds; nothing of it is kept longer.
//!
//! It is a courtesy, not a lock, and each process knows only its own: what protects a draft is that every save names
//! the revision it began with.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
};

use domain::Time;
use engine::{Actor, Ctx, Rules};
use uuid::Uuid;

/// A browser that was silent for so long has gone.
const GONE_MS: i64 = 20_000;

type Signs = HashMap<(Uuid, String, Uuid), Time>;

static SIGNS: LazyLock<Mutex<Signs>> = LazyLock::new(Mutex::default);

/// Notes a sign of life of this person at this board, and returns the names of everybody else there.
pub fn seen(ctx: &Ctx, flow: &str, rules: &Rules) -> Vec<String> {
    let Actor::User { user, .. } = ctx.actor() else {
        return Vec::new();
    };
    let (me, merchant, now) = (user.id, ctx.merchant_id(), ctx.now());
    let mut signs = SIGNS.lock().unwrap_or_else(PoisonError::into_inner);
    signs.retain(|_, at| now.since_ms(*at) < GONE_MS);
    signs.insert((merchant, flow.to_owned(), me), now);
    let mut others: Vec<String> = signs
        .keys()
        .filter(|(there, which, who)| *there == merchant && which == flow && *who != me)
        .filter_map(|(_, _, who)| rules.user_name(*who).map(str::to_owned))
        .collect();
    others.sort();
    others
}
