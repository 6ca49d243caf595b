//! API tokens: what a program shows instead of a password.
//!
//! A token belongs to one merchant and may do what was chosen for it, whoever made it. Its secret is shown
//! once and kept as a hash. Life: *good* until it expires or somebody revokes it. Rotating gives it a new
//! secret and a new term; the old secret is good for another day, so that programs can switch one by
//! one. A token is never deleted: the list says what became of it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    access::{Access, Action},
    time::Time,
};

/// How long the secret before a rotation is still good.
pub const TOKEN_OVERLAP_MS: i64 = 24 * 60 * 60_000;

/// So long before a token's end somebody is told.
pub const TOKEN_WARNING_MS: i64 = 7 * 24 * 60 * 60_000;

/// A use is written down at most this often.
pub const TOKEN_USE_MS: i64 = 60_000;

/// What its bearer may do, until when, and what became of it. The secret's hash stays in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub name: String,
    /// The beginning of the secret, by which people tell tokens apart.
    pub prefix: String,
    pub capabilities: Vec<Action>,
    /// None: it was made with the installation.
    pub created_by: Option<Uuid>,
    pub created_at: Time,
    /// When its secret of now was made.
    pub issued_at: Time,
    pub expires_at: Option<Time>,
    /// Why it never expires.
    pub no_expiry_reason: Option<String>,
    pub last_used_at: Option<Time>,
    /// Until when the secret before the last rotation is good.
    pub previous_until: Option<Time>,
    pub revoked_at: Option<Time>,
    pub rev: i64,
}

/// Which of a token's two secrets was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    Current,
    Previous,
}

/// Why a token that is known does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenOver {
    #[error("This API token was revoked at {0}.")]
    Revoked(Time),
    #[error("This API token expired at {0}.")]
    Expired(Time),
    #[error("This API token was rotated; its old secret was good until {0}.")]
    Replaced(Time),
}

impl ApiToken {
    pub fn may(&self, action: Action) -> bool {
        action.is_for_tokens() && self.capabilities.contains(&action)
    }

    /// Whether the secret that was shown counts now.
    pub fn check(&self, shown: Shown, now: Time) -> Result<(), TokenOver> {
        if let Some(at) = self.revoked_at {
            return Err(TokenOver::Revoked(at));
        }
        if let Some(end) = self.expires_at.filter(|end| *end <= now) {
            return Err(TokenOver::Expired(end));
        }
        match (shown, self.previous_until) {
            (Shown::Previous, Some(until)) if until <= now => Err(TokenOver::Replaced(until)),
            (Shown::Previous, None) => Err(TokenOver::Replaced(self.issued_at)),
            _ => Ok(()),
        }
    }

    /// When somebody is told that it will end: a week before, but not before half of its term is over,
    /// as whoever makes a token for two days knows that.
    pub fn warn_at(&self) -> Option<Time> {
        let end = self.expires_at?;
        let half = end.since_ms(self.issued_at) / 2;
        Some(end.plus_ms(-TOKEN_WARNING_MS.min(half)))
    }

    /// A new secret from now on, for as long again as it was made for.
    pub fn rotate(mut self, prefix: String, now: Time) -> Result<Self, TokenOver> {
        self.check(Shown::Current, now)?;
        let term = self.expires_at.map(|end| end.since_ms(self.issued_at));
        self.prefix = prefix;
        self.issued_at = now;
        self.expires_at = term.map(|term| now.plus_ms(term));
        self.previous_until = Some(now.plus_ms(TOKEN_OVERLAP_MS));
        Ok(self)
    }

    pub fn revoke(mut self, now: Time) -> Result<Self, TokenOver> {
        if let Some(at) = self.revoked_at {
            return Err(TokenOver::Revoked(at));
        }
        self.revoked_at = Some(now);
        Ok(self)
    }
}

impl Access {
    /// Of what this role may do, what a token can be given.
    pub fn token_capabilities(self) -> Vec<Action> {
        Action::ALL
            .iter()
            .copied()
            .filter(|action| action.is_for_tokens() && self.allows(*action))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60_000;

    fn token() -> ApiToken {
        ApiToken {
            id: Uuid::from_u128(1),
            merchant_id: Uuid::from_u128(2),
            name: "CI".to_owned(),
            prefix: "mlk_00112233".to_owned(),
            capabilities: vec![Action::ViewWork, Action::Decide],
            created_by: None,
            created_at: Time::from_ms(0),
            issued_at: Time::from_ms(0),
            expires_at: Some(Time::from_ms(30 * DAY)),
            no_expiry_reason: None,
            last_used_at: None,
            previous_until: None,
            revoked_at: None,
            rev: 0,
        }
    }

    #[test]
    fn a_token_does_what_it_was_given_and_never_what_needs_a_person() {
        assert!(token().may(Action::ViewWork));
        assert!(!token().may(Action::Control));
        // written there all the same, by whatever hand
        assert!(!token().may(Action::Decide));
        assert_eq!(
            Access::Viewer.token_capabilities(),
            [Action::ViewWork, Action::ViewSettings]
        );
    }

    #[test]
    fn somebody_is_told_a_week_before_the_end_or_at_half_of_a_short_term() {
        let warned = |days: i64| {
            let issued_at = Time::from_ms(5 * DAY);
            let expires_at = Some(issued_at.plus_ms(days * DAY));
            let token = ApiToken {
                issued_at,
                expires_at,
                ..token()
            };
            token.warn_at().map(|at| at.since_ms(issued_at) / DAY)
        };
        assert_eq!(warned(30), Some(23));
        assert_eq!(warned(14), Some(7));
        assert_eq!(warned(2), Some(1));
        let endless = ApiToken {
            expires_at: None,
            ..token()
        };
        assert_eq!(endless.warn_at(), None);
    }

    #[test]
    fn after_a_rotation_both_secrets_are_good_for_a_day() {
        let at = |ms| Time::from_ms(ms);
        let token = token().rotate("mlk_new".into(), at(10 * DAY)).unwrap();
        assert_eq!(token.expires_at, Some(at(40 * DAY)));
        let last = at(11 * DAY - 1);
        assert_eq!(token.check(Shown::Previous, last), Ok(()));
        assert_eq!(
            token.check(Shown::Previous, at(11 * DAY)),
            Err(TokenOver::Replaced(at(11 * DAY)))
        );
        assert_eq!(token.check(Shown::Current, at(40 * DAY - 1)), Ok(()));
        let over = TokenOver::Expired(at(40 * DAY));
        assert_eq!(token.check(Shown::Current, at(40 * DAY)), Err(over));
        assert_eq!(token.clone().rotate("x".into(), at(40 * DAY)), Err(over));
        let revoked = token.revoke(at(12 * DAY)).unwrap();
        let over = TokenOver::Revoked(at(12 * DAY));
        assert_eq!(revoked.check(Shown::Current, at(12 * DAY)), Err(over));
        assert_eq!(revoked.revoke(at(13 * DAY)), Err(over));
    }
}
