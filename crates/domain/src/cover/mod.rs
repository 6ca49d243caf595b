//! Cover: who answers for an owner at a given minute.
//!
//! A [`Rotation`] passes from one person to the next at a time of day in a time zone; an [`Override`]
//! puts somebody else in for a while. A [`Calendar`] says when people work and when nobody does. A
//! [`Cover`] says how a functional role of one party is answered: by everybody who holds it, or by
//! whoever's turn it is; always, or within working hours with somebody else after them. A merchant's
//! [`Roster`] is all of these, and it is asked with the time as an argument.
//!
//! A wall clock is read where it hangs: working hours are the instants at which the clock on that wall
//! shows a time within them, so a day of 23 or 25 hours has as many working minutes as its clock shows.
//! A hand-off keeps its time of day; where the clock jumps over it, it happens as much later as the
//! clock jumped.
//!
//! Everything that needs the rules of time zones stands in `reckon` and needs the feature `zones`, which
//! brings the time-zone database along; what runs in a browser does without both. Deliberately not
//! here: shifts that overlap (two people on call at once are two rotations).

mod calendar;
mod history;
#[cfg(any(feature = "zones", test))]
mod reckon;
mod roster;
mod rotation;
mod wall_time;

pub use jiff::civil::Date;
use serde::{Deserialize, Serialize};

#[cfg(any(feature = "zones", test))]
pub use self::reckon::{
    Gap, Stretch, Turn, TurnSource, Why, from_local, local, next_month, next_wall_time, zone_names,
};
pub use self::{
    calendar::{Calendar, Hours, WEEKDAYS},
    history::OnCallTurn,
    roster::{By, Cover, Roster},
    rotation::{Every, HandOff, Override, Rotation},
    wall_time::WallTime,
};
use crate::time::Time;

/// A day to stand for one that could not be read.
pub const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// From one instant, included, to another, excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub from: Time,
    pub to: Time,
}

impl Span {
    pub fn holds(&self, at: Time) -> bool {
        self.from <= at && at < self.to
    }

    pub fn ms(&self) -> i64 {
        self.to.since_ms(self.from).max(0)
    }
}

/// What is wrong with something that was typed: the field, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub field: String,
    pub sentence: String,
}

impl Fault {
    pub fn at(field: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            sentence: sentence.into(),
        }
    }
}

/// What is wrong with a key that somebody typed: of a rotation, a calendar, a policy, a role.
pub fn key_fault(key: &str) -> Option<&'static str> {
    let plain = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_'
    };
    if key.is_empty() {
        Some("Give it a short name to be known by, such as night-desk.")
    } else if key.len() > 40 {
        Some("At most 40 characters, please.")
    } else if !key.bytes().all(plain) {
        Some("Use small letters a to z, digits, hyphens and underscores only.")
    } else {
        None
    }
}
