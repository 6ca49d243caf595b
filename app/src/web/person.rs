//! Who asks: the engine and the session of this request, and the person behind them.

use std::sync::Arc;

use domain::{
    Time,
    people::{Membership, Merchant, Operator, User},
};
use engine::{Engine, Error, Kind, Result};
use http::{header::COOKIE, request::Parts};
use leptos::prelude::use_context;
use tower_sessions::Session;
use uuid::Uuid;

/// The session's key for the signed-in person's id.
pub const USER_KEY: &str = "user_id";
/// The session's key for the id of somebody whose password was right and who owes a second factor.
pub const HALF_KEY: &str = "half_user_id";
/// The session's key for the time at which the person signed in.
pub const BEGUN_KEY: &str = "begun_at";
/// The session's key for the time at which the person last proved who they are.
pub const PROVED_KEY: &str = "proved_at";
/// The session's key for the slug of the merchant whose page was open last.
pub(super) const MERCHANT_KEY: &str = "merchant";

/// A signed-in person and where they may go.
#[derive(Clone, Debug)]
pub struct Person {
    pub user: User,
    /// Every merchant they are a member of, by name.
    pub places: Vec<(Merchant, Membership)>,
    /// Of the first place, or of the first operator.
    pub operator_name: String,
    /// Those whose overview they may see, by name.
    pub operators: Vec<Operator>,
    /// When they last proved, in this session, who they are.
    pub proved_at: Option<Time>,
    /// `light`, `dark`, or none to follow the system.
    pub theme: Option<String>,
}

impl Person {
    /// Whether they see only what is theirs there.
    pub fn is_outside(&self, merchant: &Merchant) -> bool {
        let mut places = self.places.iter();
        places.any(|(one, member)| one.id == merchant.id && member.party.is_outside())
    }
}

/// The engine, as the composition root provided it.
pub fn engine() -> Result<Arc<Engine>> {
    use_context().ok_or_else(|| Error::internal("no engine was provided to the page"))
}

/// The browser's session. Reading from it is what loads it.
pub fn session() -> Result<Session> {
    use_context::<Parts>()
        .and_then(|parts| parts.extensions.get::<Session>().cloned())
        .ok_or_else(|| Error::internal("the request came without a session"))
}

/// A session that could not be read or written.
pub fn lost(why: tower_sessions::session::Error) -> Error {
    Error::internal(format!("the session could not be read or written: {why}"))
}

/// Who is signed in; [`Kind::Unauthenticated`] when nobody is.
pub async fn signed_in(engine: &Engine) -> Result<Person> {
    let nobody = || Error::new(Kind::Unauthenticated, "Sign in first.");
    let user_id: Uuid = session()?
        .get(USER_KEY)
        .await
        .map_err(lost)?
        .ok_or_else(nobody)?;
    let (user, places) = engine.who(user_id).await?.ok_or_else(nobody)?;
    let operators = engine.operators_of(user.id, &places).await?;
    let operator_name = match (operators.first(), places.first()) {
        (Some(operator), _) => Some(operator.name.clone()),
        (None, Some((merchant, _))) => engine
            .operator(merchant.operator_id)
            .await?
            .map(|operator| operator.name),
        (None, None) => None,
    };
    Ok(Person {
        user,
        places,
        operator_name: operator_name.unwrap_or_default(),
        operators,
        proved_at: session()?.get(PROVED_KEY).await.map_err(lost)?,
        theme: theme(),
    })
}

fn theme() -> Option<String> {
    let parts = use_context::<Parts>()?;
    let cookies = parts.headers.get(COOKIE)?.to_str().ok()?;
    crate::shell::theme_in(cookies).map(str::to_owned)
}
