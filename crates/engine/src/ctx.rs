//! Who asks, for which merchant, and when. A `Ctx` exists only for somebody who was let in.

use domain::{
    Time,
    access::{Access, Action, Noun},
    owner::Party,
    people::{Membership, Merchant, User},
    sight::Sight,
    token::ApiToken,
};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    rules::Rules,
};

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

/// Whether a proof of then still counts.
pub(crate) fn is_fresh(proved_at: Time, now: Time) -> bool {
    (0..PROOF_FRESH_MS).contains(&now.since_ms(proved_at))
}

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
            Actor::User { .. } => self.proved_at.is_some_and(|at| is_fresh(at, self.now)),
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
            Actor::Token(_) | Actor::Destination { .. } | Actor::System => None,
        }
    }

    pub fn may(&self, action: Action) -> bool {
        match &self.actor {
            Actor::User { membership, .. } => membership.may(action),
            Actor::Token(token) => token.may(action),
            Actor::Destination { .. } => action == Action::Acknowledge,
            Actor::System => true,
        }
    }

    pub fn require(&self, action: Action) -> Result<()> {
        match self.why_not(action) {
            None => Ok(()),
            Some(error) => {
                self.log_refusal(action);
                Err(error)
            }
        }
    }

    /// What [`Ctx::require`] would say, for a page that says it beforehand.
    pub fn why_not(&self, action: Action) -> Option<Error> {
        if self.may(action) {
            return None;
        }
        if self.is_outside() && !action.is_known_outside() {
            return Some(Error::not_found("page"));
        }
        let what = action.words();
        Some(Error::forbidden(match &self.actor {
            Actor::User { membership, .. } if membership.access.allows(action) => format!(
                "From the side of {} nobody may {what} here.",
                membership.party.title()
            ),
            Actor::User { membership, .. } => format!(
                "Your access ({}) does not let you {what}.",
                membership.access
            ),
            Actor::Token(_) if !action.is_for_tokens() => {
                format!("Only a person may {what}; a token cannot.")
            }
            Actor::Token(_) => format!("This API token may not {what}."),
            Actor::Destination { .. } | Actor::System => {
                format!("This sender may not {what}.")
            }
        }))
    }

    /// Somebody tried what is not theirs to do: who, what, where. The answer says no more than it must.
    fn log_refusal(&self, action: Action) {
        tracing::warn!(
            actor = self.actor_name(),
            merchant = %self.merchant.id,
            ?action,
            trace_id = self.trace_id,
            "an act was refused"
        );
    }

    /// Whether there is anything of this noun for the caller to see.
    pub fn reads(&self, noun: Noun) -> bool {
        match &self.actor {
            Actor::User { membership, .. } => membership.reads(noun),
            _ => noun.read_cell().is_some_and(|cell| self.may(cell.action)),
        }
    }

    /// The gate before every look at something. Somebody from outside to whom a noun is closed finds that
    /// there is none.
    pub fn read(&self, noun: Noun) -> Result<()> {
        let cell = noun
            .read_cell()
            .ok_or_else(|| Error::internal(format!("nobody can read {noun:?}")))?;
        if self.is_outside() && !self.reads(noun) {
            self.log_refusal(cell.action);
            return Err(Error::not_found(noun.word()));
        }
        self.require(cell.action)
    }

    /// Somebody of a party that was admitted for its own part only.
    pub fn is_outside(&self) -> bool {
        self.outside_party().is_some()
    }

    /// Which party that is.
    pub fn outside_party(&self) -> Option<Party> {
        let party = match &self.actor {
            Actor::User { membership, .. } => Some(membership.party),
            Actor::Token(_) | Actor::Destination { .. } | Actor::System => None,
        };
        party.filter(|party| party.is_outside())
    }

    /// How far the caller sees; `rules` are those of the caller's merchant.
    pub fn sight(&self, rules: &Rules) -> Sight {
        match &self.actor {
            Actor::User { membership, .. } => {
                Sight::of(membership, &rules.destinations, &rules.roster.rotations)
            }
            _ => Sight::EVERYTHING,
        }
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
