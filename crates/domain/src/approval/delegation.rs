//! Standing in for somebody: while a person is away, another decides for them.
//!
//! It is given by the person themself, for one merchant, from one moment until another, and it passes on what
//! they could decide, not who they are. A decision that is made for somebody counts as both people's: whoever
//! wrote the content, or approved another step of it, neither decides for others nor is decided for. It is
//! not passed on further: a delegate's delegate decides nothing.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{people::Membership, time::Time};

/// Nobody is away for longer without a role being handed over instead.
pub const LONGEST_MS: i64 = 120 * 24 * 3_600_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    pub id: Uuid,
    pub merchant_id: Uuid,
    /// Who is away.
    pub user_id: Uuid,
    /// Who decides meanwhile.
    pub delegate_id: Uuid,
    pub starts_at: Time,
    pub ends_at: Time,
    /// "On leave".
    #[serde(default)]
    pub note: String,
    pub created_at: Time,
    pub rev: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotDelegate {
    #[error("choose somebody else: you cannot stand in for yourself")]
    Oneself,
    #[error("the end has to come after the beginning")]
    Backwards,
    #[error("the end is already past")]
    Past,
    #[error("at most 120 days; for longer, hand the role over")]
    TooLong,
    #[error("somebody already decides for you in that time; end that first")]
    Overlaps,
    #[error("somebody on your own side can stand in for you")]
    OtherSide,
    #[error("they may not approve here, so they cannot do it for you")]
    MayNotDecide,
}

impl Delegation {
    pub fn is_active(&self, now: Time) -> bool {
        self.starts_at <= now && now < self.ends_at
    }

    pub fn is_over(&self, now: Time) -> bool {
        self.ends_at <= now
    }

    /// What is wrong with it; `known` are the person's others.
    pub fn check(&self, known: &[Self], now: Time) -> Result<(), CannotDelegate> {
        if self.user_id == self.delegate_id {
            return Err(CannotDelegate::Oneself);
        }
        if self.ends_at <= self.starts_at {
            return Err(CannotDelegate::Backwards);
        }
        if self.is_over(now) {
            return Err(CannotDelegate::Past);
        }
        if self.ends_at.since_ms(self.starts_at) > LONGEST_MS {
            return Err(CannotDelegate::TooLong);
        }
        let overlaps = |other: &Self| {
            other.id != self.id
                && other.user_id == self.user_id
                && other.starts_at < self.ends_at
                && self.starts_at < other.ends_at
        };
        if known.iter().any(overlaps) {
            return Err(CannotDelegate::Overlaps);
        }
        Ok(())
    }

    /// Over from now on; one that had not begun never was.
    #[must_use]
    pub fn ended(mut self, now: Time) -> Self {
        self.ends_at = now;
        self.starts_at = self.starts_at.min(now);
        self
    }
}

/// In whose name somebody speaks: their own, and that of those who are away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice<'a> {
    pub own: &'a Membership,
    pub away: Vec<&'a Membership>,
}

impl<'a> From<&'a Membership> for Voice<'a> {
    fn from(own: &'a Membership) -> Self {
        Self {
            own,
            away: Vec::new(),
        }
    }
}

impl<'a> Voice<'a> {
    /// First themself, then each of the others: who they would be, and for whom.
    pub fn names(&self) -> impl Iterator<Item = (&'a Membership, Option<Uuid>)> {
        let away = self.away.iter().map(|one| (*one, Some(one.user_id)));
        std::iter::once((self.own, None)).chain(away)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Time {
        Time::from_ms(ms)
    }

    fn away(id: u128, from: i64, until: i64) -> Delegation {
        Delegation {
            id: Uuid::from_u128(id),
            merchant_id: Uuid::from_u128(1),
            user_id: Uuid::from_u128(2),
            delegate_id: Uuid::from_u128(3),
            starts_at: at(from),
            ends_at: at(until),
            note: String::new(),
            created_at: at(0),
            rev: 0,
        }
    }

    #[test]
    fn it_counts_from_the_first_moment_to_before_the_last() {
        let one = away(9, 10, 20);
        let active: Vec<i64> = (8..22).filter(|ms| one.is_active(at(*ms))).collect();
        assert_eq!(active, (10..20).collect::<Vec<_>>());
        assert!(!one.clone().ended(at(15)).is_active(at(15)));
        assert!(!one.ended(at(5)).is_active(at(12)), "it never began");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let known = [away(8, 100, 200)];
        let check = |one: Delegation| one.check(&known, at(50));
        assert_eq!(check(away(9, 60, 100)), Ok(()));
        assert_eq!(check(away(8, 100, 150)), Ok(()), "itself is no overlap");
        assert_eq!(check(away(9, 60, 101)), Err(CannotDelegate::Overlaps));
        assert_eq!(check(away(9, 70, 70)), Err(CannotDelegate::Backwards));
        assert_eq!(check(away(9, 10, 50)), Err(CannotDelegate::Past));
        assert_eq!(
            check(away(9, 300, 301 + LONGEST_MS)),
            Err(CannotDelegate::TooLong)
        );
        let oneself = Delegation {
            delegate_id: Uuid::from_u128(2),
            ..away(9, 60, 90)
        };
        assert_eq!(check(oneself), Err(CannotDelegate::Oneself));
    }
}
