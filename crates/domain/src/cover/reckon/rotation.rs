//! Whose turn it is.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::zone::{DAY_MINUTES, day_number, instant, wall_minutes, zone, zone_fault};
use crate::{
    cover::{Every, Fault, Override, Rotation, Span, key_fault},
    time::Time,
};

/// Why it is their turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnSource {
    /// It is their turn in this rotation.
    Rotation(String),
    /// They stand in for somebody in this rotation.
    Override(String),
}

impl TurnSource {
    /// `rotation:night-desk`, `override:night-desk`.
    pub fn text(&self) -> String {
        match self {
            Self::Rotation(key) => format!("rotation:{key}"),
            Self::Override(key) => format!("override:{key}"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub span: Span,
    /// `None`: the rotation has nobody in it.
    pub user: Option<Uuid>,
    pub source: TurnSource,
}

/// Hand-offs, by number, in a zone that there is.
struct Wheel<'r> {
    rotation: &'r Rotation,
    zone: TimeZone,
    /// On the wall clock.
    anchor: i64,
    period: i64,
}

impl<'r> Wheel<'r> {
    fn of(rotation: &'r Rotation) -> Option<Self> {
        let hand_off = &rotation.hand_off;
        let period = hand_off.every.minutes();
        (period > 0).then_some(())?;
        Some(Self {
            zone: zone(&rotation.time_zone)?,
            anchor: day_number(hand_off.from) * DAY_MINUTES + i64::from(hand_off.at.minutes()),
            period,
            rotation,
        })
    }

    /// When turn `k` begins.
    fn begins(&self, k: i64) -> Option<Time> {
        let wall = k.checked_mul(self.period)?.checked_add(self.anchor)?;
        instant(&self.zone, wall)
    }

    /// The turn that runs at that instant.
    fn turn(&self, at: Time) -> i64 {
        let mut k = (wall_minutes(&self.zone, at) - self.anchor).div_euclid(self.period);
        // where the clock was turned back or jumped, the wall shows a turn that is over or not yet
        while self.begins(k).is_some_and(|begin| begin > at) {
            k -= 1;
        }
        while self.begins(k + 1).is_some_and(|begin| begin <= at) {
            k += 1;
        }
        k
    }

    fn member(&self, k: i64) -> Option<Uuid> {
        let many = i64::try_from(self.rotation.members.len()).ok()?;
        let place = k.checked_rem_euclid(many)?;
        self.rotation
            .members
            .get(usize::try_from(place).ok()?)
            .copied()
    }
}

impl Rotation {
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.name.trim().is_empty() {
            faults.push(Fault::at("name", "Give it a name."));
        }
        if let Some(sentence) = key_fault(&self.key) {
            faults.push(Fault::at("key", sentence));
        }
        faults.extend(zone_fault(&self.time_zone));
        let most = match self.hand_off.every {
            Every::Hours(_) => 24 * 28,
            Every::Days(_) => 365,
            Every::Weeks(_) => 52,
        };
        if !(1..=most).contains(&self.hand_off.every.n()) {
            let unit = self.hand_off.every.unit();
            faults.push(Fault::at(
                "every",
                format!("Choose a number of {unit} from 1 to {most}."),
            ));
        }
        if self.members.is_empty() {
            faults.push(Fault::at(
                "members[0]",
                "Put at least one person in it; a rotation of nobody answers for nothing.",
            ));
        }
        for stand_in in &self.overrides {
            if stand_in.to <= stand_in.from {
                faults.push(Fault::at("until", "It has to end after it begins."));
            }
        }
        faults
    }

    fn stand_in(&self, at: Time) -> Option<&Override> {
        self.overrides
            .iter()
            .rev()
            .find(|one| one.from <= at && at < one.to)
    }

    fn at(&self, wheel: &Wheel<'_>, at: Time) -> (Option<Uuid>, TurnSource) {
        match self.stand_in(at) {
            Some(one) => (Some(one.user), TurnSource::Override(self.key.clone())),
            None => (
                wheel.member(wheel.turn(at)),
                TurnSource::Rotation(self.key.clone()),
            ),
        }
    }

    /// Who is on call. `None`: nobody is in it.
    pub fn on_call(&self, at: Time) -> Option<Uuid> {
        let wheel = Wheel::of(self)?;
        self.at(&wheel, at).0
    }

    /// Turns within a span, in order, without a break. Neighbours of the same person are one.
    pub fn turns(&self, span: Span) -> Vec<Turn> {
        let Some(wheel) = Wheel::of(self) else {
            return Vec::new();
        };
        let mut edges = BTreeSet::from([span.from]);
        let mut k = wheel.turn(span.from) + 1;
        while let Some(begin) = wheel.begins(k).filter(|begin| *begin < span.to) {
            edges.insert(begin);
            k += 1;
        }
        for one in &self.overrides {
            edges.extend([one.from, one.to].into_iter().filter(|at| span.holds(*at)));
        }
        let ends = edges.iter().skip(1).copied().chain([span.to]);
        let mut turns: Vec<Turn> = Vec::new();
        for (from, to) in edges.iter().copied().zip(ends) {
            let (user, source) = self.at(&wheel, from);
            match turns.last_mut() {
                Some(last) if last.user == user && last.source == source => last.span.to = to,
                _ => turns.push(Turn {
                    span: Span { from, to },
                    user,
                    source,
                }),
            }
        }
        turns
    }

    /// When somebody else is on call. `None`: as far as is known, never.
    pub fn next_handoff(&self, at: Time) -> Option<Time> {
        let wheel = Wheel::of(self)?;
        let now = self.at(&wheel, at).0;
        let alone = self.members.windows(2).all(|pair| pair[0] == pair[1]);
        let mut cursor = at;
        // in a round of turns everybody has one, and each override begins and ends once
        for _ in 0..=(self.members.len() + 1) * (2 * self.overrides.len() + 1) {
            // whoever stands in does so over any number of hand-offs
            let turn = (!alone && self.stand_in(cursor).is_none())
                .then(|| wheel.begins(wheel.turn(cursor) + 1))
                .flatten();
            let edge = self
                .overrides
                .iter()
                .flat_map(|one| [one.from, one.to])
                .filter(|edge| *edge > cursor)
                .min();
            cursor = turn.into_iter().chain(edge).min()?;
            if self.at(&wheel, cursor).0 != now {
                return Some(cursor);
            }
        }
        None
    }
}
