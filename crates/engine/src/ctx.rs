//! Who asks, for which merchant, and when. A `Ctx` exists only for somebody who was let in.

use domain::{
    Time,
    access::{Access, Action},
    people::{ApiToken, Membership, Merchant, User},
};
use uuid::Uuid;

use crate::error::{Error, Result};

#[derive(Clone, Debug)]
pub enum Actor {
    User {
        user: User,
        membership: Membership,
    },
    Token(ApiToken),
    /// The other side of a delivery, known by its signature.
    Destination {
        id: Uuid,
        key: String,
    },
    /// The engine itself, following what was configured.
    System,
}

#[derive(Clone, Debug)]
pub struct Ctx {
    actor: Actor,
    merchant: Merchant,
    trace_id: String,
    now: Time,
    /// When the person behind it last proved who they are.
    proved_at: Option<Time>,
}

/// How long a proof (a code of the second factor, or the password of somebody without one) counts.
pub const PROOF_FRESH_MS: i64 = 10 * 60_000;

impl Ctx {
    pub(crate) fn new(actor: Actor, merchant: Merchant, trace_id: String, now: Time) -> Self {
        Self {
            actor,
            merchant,
            trace_id,
            now,
            proved_at: None,
        }
    }

    /// What the session knows of a proof. Only a signed-in person's session has one to give.
    #[must_use]
    pub fn proved(mut self, at: Option<Time>) -> Self {
        self.proved_at = at;
        self
    }

    /// Whether the person proved who they are a moment ago.
    pub fn is_freshly_proved(&self) -> bool {
        match &self.actor {
            Actor::User { .. } => self
                .proved_at
                .is_some_and(|at| (0..PROOF_FRESH_MS).contains(&self.now.since_ms(at))),
            Actor::System => true,
            Actor::Token(_) | Actor::Destination { .. } => false,
        }
    }

    /// For what an open laptop must not be enough for: showing or rotating a secret, approving what is
    /// critical. A person confirms and comes back; a program cannot.
    pub fn require_fresh_proof(&self) -> Result<()> {
        if self.is_freshly_proved() {
            return Ok(());
        }
        Err(match &self.actor {
            Actor::User { .. } => Error::step_up(),
            _ => Error::forbidden("This needs a person who confirms it; a program cannot."),
        })
    }

    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    pub fn merchant(&self) -> &Merchant {
        &self.merchant
    }

    pub fn merchant_id(&self) -> Uuid {
        self.merchant.id
    }

    pub fn trace_id(&self) -> &str {
        &self.trace_id
    }

    pub fn now(&self) -> Time {
        self.now
    }

    pub fn access(&self) -> Option<Access> {
        match &self.actor {
            Actor::User { membership, .. } => Some(membership.access),
            Actor::Token(token) => Some(token.access),
            Actor::Destination { .. } | Actor::System => None,
        }
    }

    pub fn may(&self, action: Action) -> bool {
        match &self.actor {
            Actor::User { membership, .. } => membership.access.allows(action),
            Actor::Token(token) => token.access.allows(action),
            Actor::Destination { .. } => action == Action::Acknowledge,
            Actor::System => true,
        }
    }

    pub fn require(&self, action: Action) -> Result<()> {
        if self.may(action) {
            return Ok(());
        }
        let role = self.access().map_or("this sender", Access::as_str);
        Err(Error::forbidden(format!(
            "Your access ({role}) does not include {}.",
            action.as_str().replace('_', " ")
        )))
    }

    /// The signed-in person; approvals and claims need one.
    pub fn member(&self) -> Result<(&User, &Membership)> {
        match &self.actor {
            Actor::User { user, membership } => Ok((user, membership)),
            _ => Err(Error::forbidden(
                "This needs a person: sign in, or use a token that stands for one.",
            )),
        }
    }

    pub fn user_id(&self) -> Option<Uuid> {
        self.member().ok().map(|(user, _)| user.id)
    }

    /// As written in the audit trail.
    pub fn actor_name(&self) -> String {
        match &self.actor {
            Actor::User { user, .. } => format!("user:{}", user.id),
            Actor::Token(token) => format!("token:{}", token.id),
            Actor::Destination { key, .. } => format!("destination:{key}"),
            Actor::System => "system".to_owned(),
        }
    }
}
