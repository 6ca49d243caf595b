//! How a session comes to stand for a person, and what it has to prove on the way.
//!
//! The id of a session changes with every step that makes it worth more: when the password was right,
//! when the second factor was, and when somebody confirmed in the middle that it is still them. An id
//! that was planted or seen before is worth nothing after. When the person signed in is kept across, so
//! that confirming does not make a session last longer.

use domain::people::User;
use engine::{Client, Engine, Error, Kind, Oneself, Result};
use http::{
    HeaderValue,
    header::{COOKIE, SET_COOKIE},
    request::Parts,
};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    held::Held,
    person::{BEGUN_KEY, HALF_KEY, PROVED_KEY, USER_KEY, lost, session, signed_in},
};

/// Browsers keep a cookie for 400 days at most.
const DEVICE_KEPT_S: u32 = 400 * 24 * 60 * 60;

fn is_https(engine: &Engine) -> bool {
    engine.public_url().starts_with("https://")
}

fn device_cookie(engine: &Engine) -> &'static str {
    if is_https(engine) {
        "__Host-meshline-device"
    } else {
        "meshline_device"
    }
}

/// From where this request comes, as sign-in counts it.
pub fn client(engine: &Engine) -> Client {
    let Some(parts) = use_context::<Parts>() else {
        return Client::default();
    };
    let name = device_cookie(engine);
    let device = parts
        .headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned());
    Client {
        device,
        ..parts
            .extensions
            .get::<Client>()
            .cloned()
            .unwrap_or_default()
    }
}

fn session_hash(session: &Session) -> Result<Vec<u8>> {
    let id = session
        .id()
        .ok_or_else(|| Error::internal("a session has no id"))?;
    Ok(Engine::session_hash(id.0))
}

async fn as_oneself(session: &Session, user: User) -> Result<Oneself> {
    Ok(Oneself {
        user,
        session: session_hash(session)?,
        proved_at: session.get(PROVED_KEY).await.map_err(lost)?,
    })
}

/// The signed-in person, for what they do to their own account.
pub async fn oneself(engine: &Engine) -> Result<Oneself> {
    let person = signed_in(engine).await?;
    as_oneself(&session()?, person.user).await
}

/// Somebody whose password was right, and who owes a second factor.
pub async fn half_signed_in(engine: &Engine) -> Result<Option<Oneself>> {
    let session = session()?;
    let half: Option<Uuid> = session.get(HALF_KEY).await.map_err(lost)?;
    let Some(id) = half else {
        return Ok(None);
    };
    match engine.who(id).await? {
        Some((user, _)) => Ok(Some(as_oneself(&session, user).await?)),
        None => Ok(None),
    }
}

/// The password was right; what is owed comes next.
pub async fn expect_second_factor(engine: &Engine, user: &User) -> Result<()> {
    let session = session()?;
    session.cycle_id().await.map_err(lost)?;
    for key in [USER_KEY, BEGUN_KEY] {
        session.remove_value(key).await.map_err(lost)?;
    }
    session.insert(HALF_KEY, user.id).await.map_err(lost)?;
    // the password counts as a proof for setting up what is owed, and for nothing else
    let now = engine.now();
    session.insert(PROVED_KEY, now).await.map_err(lost)
}

/// Nothing is owed any more: the session is theirs, and the place is known from now on.
pub async fn let_in(engine: &Engine, user: &User) -> Result<()> {
    let session = session()?;
    session.cycle_id().await.map_err(lost)?;
    session.remove_value(HALF_KEY).await.map_err(lost)?;
    session.insert(USER_KEY, user.id).await.map_err(lost)?;
    let now = engine.now();
    session.insert(BEGUN_KEY, now).await.map_err(lost)?;
    session.insert(PROVED_KEY, now).await.map_err(lost)?;
    let device = engine.recognize(user.id, &client(engine)).await?;
    let secure = if is_https(engine) { "; Secure" } else { "" };
    let cookie = format!(
        "{}={device}; Path=/; Max-Age={DEVICE_KEPT_S}; HttpOnly; SameSite=Lax{secure}",
        device_cookie(engine)
    );
    if let (Some(options), Ok(value)) = (
        use_context::<ResponseOptions>(),
        HeaderValue::from_str(&cookie),
    ) {
        options.append_header(SET_COOKIE, value);
    }
    Ok(())
}

/// Somebody who is signed in proved again that it is them. Whether a form waits at `next`.
pub async fn prove_again(engine: &Engine, typed: &str, next: &str) -> Result<bool> {
    let person = signed_in(engine).await?;
    engine.prove(&person.user, typed, &client(engine)).await?;
    let session = session()?;
    session.cycle_id().await.map_err(lost)?;
    let now = engine.now();
    session.insert(PROVED_KEY, now).await.map_err(lost)?;
    Held::confirmed(&session, next).await
}

/// For a refusal that belongs at the one field of its form.
pub(crate) fn at_field(field: &str, error: Error) -> Error {
    if !matches!(error.kind, Kind::Unauthenticated | Kind::TooMany) {
        return error;
    }
    let fields = vec![engine::FieldError {
        field: field.to_owned(),
        sentence: error.sentence.clone(),
    }];
    Error { fields, ..error }
}
