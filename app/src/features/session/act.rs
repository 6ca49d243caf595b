//! What the forms of this feature do.

use engine::{Error, Kind, Owed};
use http::header::SET_COOKIE;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use super::recovery::FreshCodes;
use crate::web::{
    Done, Posted, Refused, SIGN_IN, at_field, clear_storage, client, expect_second_factor, go,
    half_signed_in, let_in, lost, on_the_way, oneself, prove_again, same_site, session,
};

/// A year, in seconds.
const THEME_KEPT_S: u32 = 365 * 24 * 60 * 60;

#[server(prefix = "/ui", endpoint = "login")]
pub async fn log_in(
    #[server(default)] email: String,
    #[server(default)] password: String,
    #[server(default)] next: String,
    #[server(default)] back: String,
) -> Result<(), Refused> {
    Posted::new(SIGN_IN, String::new(), back)
        .keep("email", &email)
        .run_open(|engine| async move {
            let next = same_site(&next).unwrap_or("/");
            let known = engine
                .sign_in(&email, &password, &client(&engine))
                .await
                .map_err(|error| at_field("password", error))?;
            match known.owed {
                Owed::Nothing => {
                    let_in(&engine, &known.user).await?;
                    Ok(Done::to(next, ""))
                }
                Owed::Code | Owed::Enrolment => {
                    expect_second_factor(&engine, &known.user).await?;
                    Ok(Done::to(&on_the_way("/second-factor", next), ""))
                }
            }
        })
        .await
}

/// The second half of signing in.
#[server(prefix = "/ui", endpoint = "second-factor")]
pub async fn give_second_factor(
    #[server(default)] code: String,
    #[server(default)] next: String,
    #[server(default)] back: String,
) -> Result<(), Refused> {
    Posted::new("second_factor", String::new(), back)
        .run_open(|engine| async move {
            let half = half_signed_in(&engine).await?.ok_or_else(gone)?;
            engine
                .check_second_factor(&half.user, &code, &client(&engine))
                .await
                .map_err(|error| at_field("code", error))?;
            let_in(&engine, &half.user).await?;
            Ok(Done::to(same_site(&next).unwrap_or("/"), ""))
        })
        .await
}

/// Makes a seed, for somebody signed in or somebody who owes a factor.
#[server(prefix = "/ui", endpoint = "second-factor/begin")]
pub async fn begin_second_factor(
    #[server(default)] next: String,
    #[server(default)] back: String,
) -> Result<(), Refused> {
    Posted::new("second_factor", String::new(), back)
        .run_open(|engine| async move {
            if let Some(half) = half_signed_in(&engine).await? {
                // nobody is signed in who could confirm it: the password is asked for anew
                engine
                    .begin_second_factor(&half)
                    .await
                    .map_err(|error| match error.kind {
                        Kind::StepUp => gone(),
                        _ => error,
                    })?;
                return Ok(Done::back(""));
            }
            engine.begin_second_factor(&oneself(&engine).await?).await?;
            let next = same_site(&next).unwrap_or("/account");
            Ok(Done::to(&on_the_way("/second-factor", next), ""))
        })
        .await
}

/// The first code of a new seed.
#[server(prefix = "/ui", endpoint = "second-factor/confirm")]
pub async fn confirm_second_factor(
    #[server(default)] code: String,
    #[server(default)] next: String,
    #[server(default)] back: String,
) -> Result<(), Refused> {
    Posted::new("second_factor", String::new(), back)
        .run_open(|engine| async move {
            let who = match half_signed_in(&engine).await? {
                Some(half) => half,
                None => oneself(&engine).await?,
            };
            let codes = engine.confirm_second_factor(&who, &code).await?;
            FreshCodes::new(codes).leave().await?;
            let_in(&engine, &who.user).await?;
            let next = same_site(&next).unwrap_or("/");
            Ok(Done::to(&on_the_way("/account/recovery-codes", next), ""))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "second-factor/codes")]
pub async fn renew_recovery_codes(#[server(default)] back: String) -> Result<(), Refused> {
    Posted::new("recovery_codes", String::new(), back)
        .run_open(|engine| async move {
            let codes = engine
                .renew_recovery_codes(&oneself(&engine).await?)
                .await?;
            FreshCodes::new(codes).leave().await?;
            Ok(Done::to(
                &on_the_way("/account/recovery-codes", "/account"),
                "",
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "second-factor/off")]
pub async fn turn_off_second_factor(#[server(default)] back: String) -> Result<(), Refused> {
    Posted::new("second_factor_off", String::new(), back)
        .run_open(|engine| async move {
            engine
                .turn_off_second_factor(&oneself(&engine).await?)
                .await?;
            Ok(Done::back(
                "The second factor is off. From now on your password alone signs you in.",
            ))
        })
        .await
}

/// In the middle of a session: it is still them.
#[server(prefix = "/ui", endpoint = "confirm")]
pub async fn confirm(
    #[server(default)] code: String,
    #[server(default)] next: String,
    #[server(default)] back: String,
) -> Result<(), Refused> {
    Posted::new("confirm", String::new(), back)
        .run_open(|engine| async move {
            let next = same_site(&next).unwrap_or("/");
            let waits =
                prove_again(&engine, &code, next)
                    .await
                    .map_err(|error| match error.kind {
                        Kind::TooMany => at_field("code", error),
                        _ => error,
                    })?;
            let sentence = if waits {
                ""
            } else {
                "Confirmed. This counts for ten minutes."
            };
            Ok(Done::to(next, sentence))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "session/revoke")]
pub async fn revoke_session(
    #[server(default)] session_key: String,
    #[server(default)] back: String,
) -> Result<(), Refused> {
    Posted::new("sessions", String::new(), back)
        .run_open(|engine| async move {
            engine
                .revoke_session(&oneself(&engine).await?, &session_key)
                .await?;
            Ok(Done::back(
                "That session is over. Whoever used it has to sign in again.",
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "session/revoke-others")]
pub async fn revoke_other_sessions(#[server(default)] back: String) -> Result<(), Refused> {
    Posted::new("sessions", String::new(), back)
        .run_open(|engine| async move {
            let ended = engine
                .revoke_other_sessions(&oneself(&engine).await?)
                .await?;
            Ok(Done::back(match ended {
                0 => "There was no other session.".to_owned(),
                1 => "One other session is over.".to_owned(),
                n => format!("{n} other sessions are over."),
            }))
        })
        .await
}

/// The half session is over: from the beginning.
fn gone() -> Error {
    Error::new(
        Kind::Unauthenticated,
        "That took too long. Sign in once more.",
    )
}

#[server(prefix = "/ui", endpoint = "logout")]
pub async fn log_out() -> Result<(), Refused> {
    Posted::new("logout", String::new(), "/login".to_owned())
        .run_open(|_| async move {
            session()?.flush().await.map_err(lost)?;
            // the drawing board keeps there what it could not save; the next person at this browser is somebody else
            clear_storage();
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
