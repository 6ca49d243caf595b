//! What the forms about the chat do.

use domain::chat::Tells;
use engine::ChatInput;
use leptos::prelude::*;

use crate::web::{Done, Posted, Refused};

#[server(prefix = "/ui", endpoint = "chat/connect")]
pub async fn connect_chat(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] token: String,
    #[server(default)] signing: String,
    #[server(default)] api_base: String,
) -> Result<(), Refused> {
    Posted::new("connect", merchant, back)
        .button("Connect")
        .keep("api_base", &api_base)
        .run(|engine, ctx| async move {
            let input = ChatInput {
                token,
                signing,
                api_base,
            };
            let workspace = engine.connect_chat(&ctx, input).await?;
            Ok(Done::back(format!(
                "Connected with {}. Say below who is asked where, and send a test message.",
                workspace.team_name
            )))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "chat/disconnect")]
pub async fn disconnect_chat(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
) -> Result<(), Refused> {
    Posted::new("disconnect", merchant, back)
        .button("Disconnect")
        .run(|engine, ctx| async move {
            engine.disconnect_chat(&ctx).await?;
            Ok(Done::back("Disconnected. People are asked by mail now."))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "chat/route")]
pub async fn route_chat(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] owner: String,
    #[server(default)] place: String,
    #[server(default)] then: String,
) -> Result<(), Refused> {
    Posted::new("route", merchant, back)
        .keep("owner", &owner)
        .keep("place", &place)
        .run(|engine, ctx| async move {
            if then == "test" {
                engine.test_chat(&ctx, &place).await?;
                return Ok(Done::back(format!(
                    "A test message is in {}.",
                    place.trim()
                )));
            }
            engine.route_chat(&ctx, &owner, &place).await?;
            Ok(Done::back(match place.trim() {
                "" => "Saved. They are asked by mail.".to_owned(),
                place => format!("Saved. They are asked in {place}."),
            }))
        })
        .await
}

/// An unticked box sends nothing.
#[server(prefix = "/ui", endpoint = "chat/tells")]
pub async fn set_chat_tells(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] tasks: String,
    #[server(default)] notices: String,
) -> Result<(), Refused> {
    Posted::new("tells", merchant, back)
        .button("Save")
        .run(|engine, ctx| async move {
            let tells = Tells {
                tasks: !tasks.is_empty(),
                notices: !notices.is_empty(),
            };
            engine.set_chat_tells(&ctx, tells).await?;
            Ok(Done::back(match (tells.tasks, tells.notices) {
                (true, true) => "Tasks and notices are told in Slack from now on.",
                (true, false) => "Tasks are told in Slack from now on; notices go by mail.",
                (false, true) => "Notices are told in Slack from now on; tasks go by mail.",
                (false, false) => {
                    "Only approvals are asked in Slack from now on; the rest goes by mail."
                }
            }))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "chat/ask")]
pub async fn ask_chat_link(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] chat_user: String,
) -> Result<(), Refused> {
    Posted::new("you", merchant, back)
        .keep("chat_user", &chat_user)
        .button("Send me the link")
        .run(|engine, ctx| async move {
            engine.ask_chat_link(&ctx, &chat_user).await?;
            Ok(Done::back(
                "A message with a link is in your Slack. It works once, within an hour.",
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "chat/link")]
pub async fn link_chat(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] token: String,
) -> Result<(), Refused> {
    Posted::new("link", merchant, back)
        .button("That is me")
        .run(|engine, ctx| async move {
            let linked = engine.link_chat(&ctx, &token).await?;
            let path = format!("/m/{}/settings/slack", ctx.merchant().slug);
            Ok(Done::to(
                &path,
                format!(
                    "You are {} in Slack from now on. If you pressed a button there, press it again.",
                    linked.name
                ),
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "chat/unlink")]
pub async fn unlink_chat(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] chat_user: String,
) -> Result<(), Refused> {
    Posted::new("unlink", merchant, back)
        .button("Unlink")
        .run(|engine, ctx| async move {
            let gone = engine.unlink_chat(&ctx, &chat_user).await?;
            Ok(Done::back(format!(
                "What {} presses in Slack counts for nobody here now.",
                gone.name
            )))
        })
        .await
}
