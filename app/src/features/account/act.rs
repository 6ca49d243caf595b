//! What the forms of this feature do.

use domain::chat::Directly;
use leptos::prelude::*;

use super::link::FreshLink;
use crate::web::{Done, Posted, Refused, client, id, oneself};

#[server(prefix = "/ui", endpoint = "account/password")]
pub async fn change_password(
    #[server(default)] back: String,
    #[server(default)] old: String,
    #[server(default)] password: String,
) -> Result<(), Refused> {
    Posted::new("password", String::new(), back)
        .run_open(|engine| async move {
            let me = oneself(&engine).await?;
            let ended = engine
                .change_password(&me, &client(&engine), &old, &password)
                .await?;
            Ok(Done::back(match ended {
                0 => "Your password is changed.".to_owned(),
                1 => "Your password is changed, and your other session is over.".to_owned(),
                n => format!("Your password is changed, and your {n} other sessions are over."),
            }))
        })
        .await
}

/// An unticked box sends nothing.
#[server(prefix = "/ui", endpoint = "account/notices")]
pub async fn mail_notices(
    #[server(default)] back: String,
    #[server(default)] mails: String,
) -> Result<(), Refused> {
    Posted::new("notices", String::new(), back)
        .run_open(|engine| async move {
            let me = oneself(&engine).await?;
            let mails = !mails.is_empty();
            engine.mail_notices(&me, mails).await?;
            Ok(Done::back(if mails {
                "What you are asked and told goes by mail as well."
            } else {
                "What you are asked and told stays in your queue."
            }))
        })
        .await
}

/// An unticked box sends nothing.
#[server(prefix = "/ui", endpoint = "account/chat")]
pub async fn tell_directly(
    #[server(default)] back: String,
    #[server(default)] approvals: String,
    #[server(default)] tasks: String,
    #[server(default)] notices: String,
) -> Result<(), Refused> {
    Posted::new("chat", String::new(), back)
        .run_open(|engine| async move {
            let me = oneself(&engine).await?;
            let directly = Directly {
                approvals: !approvals.is_empty(),
                tasks: !tasks.is_empty(),
                notices: !notices.is_empty(),
            };
            engine.tell_directly(&me, directly).await?;
            let Directly {
                approvals,
                tasks,
                notices,
            } = directly;
            Ok(Done::back(match [approvals, tasks, notices] {
                [false, false, false] => "Nothing is told to you directly in Slack from now on.",
                [true, true, true] => "Everything is told to you directly in Slack from now on.",
                _ => "Only what you ticked is told to you directly in Slack from now on.",
            }))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "reset")]
pub async fn reset_password(
    #[server(default)] token: String,
    #[server(default)] password: String,
) -> Result<(), Refused> {
    Posted::new("reset", String::new(), format!("/reset/{token}"))
        .run_open(|engine| async move {
            engine.reset_password(&token, &password).await?;
            Ok(Done::to(
                "/login",
                "Your password is changed, and every session of yours is over. Sign in with the new one.",
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "reset/ask")]
pub async fn ask_for_reset(#[server(default)] email: String) -> Result<(), Refused> {
    Posted::new("ask", String::new(), "/reset".to_owned())
        .keep("email", &email)
        .run_open(|engine| async move {
            engine.ask_for_reset(&email, &client(&engine)).await?;
            Ok(Done::to(
                "/reset",
                "If there is an account with this address, a mail with a link is on its way. The link works once, within an hour.",
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "people/reset-link")]
pub async fn make_reset_link(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] person: String,
) -> Result<(), Refused> {
    Posted::new("reset-link", merchant, back)
        .button("Make a reset link")
        .run(|engine, ctx| async move {
            let made = engine.make_reset_link(&ctx, id(&person, "person")?).await?;
            let said = match made.mailed {
                true => format!(
                    "There is a link for {}, and its mail is on its way.",
                    made.user.name
                ),
                false => format!("There is a link for {}.", made.user.name),
            };
            FreshLink::of(made).leave().await?;
            Ok(Done::back(said))
        })
        .await
}
