//! What the forms of this feature do.

use engine::{Error, FieldError, Kind};
use http::header::SET_COOKIE;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use crate::web::{Done, PROVED_KEY, Posted, Refused, USER_KEY, go, lost, same_site, session};

/// A year, in seconds.
const THEME_KEPT_S: u32 = 365 * 24 * 60 * 60;

#[server(prefix = "/ui", endpoint = "login")]
pub async fn log_in(
    #[server(default)] email: String,
    #[server(default)] password: String,
    #[server(default)] next: String,
    #[server(default)] back: String,
) -> Result<(), Refused> {
    Posted::new("login", String::new(), back)
        .keep("email", &email)
        .run_open(|engine| async move {
            let user = engine
                .sign_in(&email, &password)
                .await
                .map_err(at_the_password)?;
            let session = session()?;
            session.cycle_id().await.map_err(lost)?;
            session.insert(USER_KEY, user.id).await.map_err(lost)?;
            let now = engine.now();
            session.insert(PROVED_KEY, now).await.map_err(lost)?;
            Ok(Done::to(same_site(&next).unwrap_or("/"), ""))
        })
        .await
}

/// Wrong words and a resting account are said at the field in which to try again.
fn at_the_password(error: Error) -> Error {
    if !matches!(error.kind, Kind::Unauthenticated | Kind::TooMany) {
        return error;
    }
    let fields = vec![FieldError {
        field: "password".to_owned(),
        sentence: error.sentence.clone(),
    }];
    Error { fields, ..error }
}

#[server(prefix = "/ui", endpoint = "logout")]
pub async fn log_out() -> Result<(), Refused> {
    Posted::new("logout", String::new(), "/login".to_owned())
        .run_open(|_| async move {
            session()?.flush().await.map_err(lost)?;
            Ok(Done::back(""))
        })
        .await
}

/// The look is the browser's own business, so it needs no account and stays when one signs out.
#[server(prefix = "/ui", endpoint = "theme")]
pub async fn set_theme(#[server(default)] theme: String) -> Result<(), Refused> {
    let cookie = match theme.as_str() {
        "light" | "dark" => format!("theme={theme}; Path=/; Max-Age={THEME_KEPT_S}; SameSite=Lax"),
        _ => "theme=; Path=/; Max-Age=0; SameSite=Lax".to_owned(),
    };
    let value = http::HeaderValue::from_str(&cookie);
    if let (Some(options), Ok(value)) = (use_context::<ResponseOptions>(), value) {
        options.append_header(SET_COOKIE, value);
    }
    go(&came_from().unwrap_or_else(|| "/".to_owned()));
    Ok(())
}

/// The page the form stands on. The menu is on every page, so the browser says which; only its path is
/// used, and only on this site.
fn came_from() -> Option<String> {
    let parts = use_context::<http::request::Parts>()?;
    let referer: http::Uri = parts
        .headers
        .get(http::header::REFERER)?
        .to_str()
        .ok()?
        .parse()
        .ok()?;
    same_site(referer.path_and_query()?.as_str()).map(str::to_owned)
}
