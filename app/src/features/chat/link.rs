//! `/a/link/{token}`: whoever pressed a button in Slack says who they are here, once. Looking changes nothing;
//! the page names the one in Slack who will act in this person's name, and only the form links them.

use std::sync::Arc;

use engine::{ChatLink, Result};
use http::StatusCode;
use leptos::prelude::*;

use crate::{
    ui::*,
    web::{Desk, Page, home, secret_address},
};

#[component]
pub fn ChatLinkPage() -> impl IntoView {
    home("", load, render)
}

struct Model {
    token: String,
    link: ChatLink,
}

async fn load(desk: Arc<Desk>) -> Result<Model> {
    secret_address(StatusCode::OK);
    let token = desk.asked.param("token").unwrap_or_default().to_owned();
    let link = desk
        .engine()
        .look_at_chat_link(desk.person.user.id, &token)
        .await?;
    Ok(Model { token, link })
}

fn render(Model { token, link }: Model, desk: &Desk) -> Page {
    let me = desk.person.user.name.clone();
    let title = match link.spent {
        None => format!("Are you {} in Slack?", link.name),
        Some(_) => "Nothing to link".to_owned(),
    };
    let inside = match link.spent {
        Some(why) => view! {
            <Empty icon=Ico::Question title="Each link works once">{why}</Empty>
        }
        .into_any(),
        None => {
            let fields = [
                ("merchant", link.merchant.slug.clone()),
                ("back", desk.asked.back.clone()),
                ("token", token),
            ];
            let hidden = fields
                .into_iter()
                .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
                .collect_view();
            view! {
                <form method="post" action="/ui/chat/link" class="card-body">
                    {hidden}
                    <p>
                        "Whoever uses Slack as " <b>{link.name.clone()}</b> " (" <span class="mono">{link.chat_user}</span>
                        ") in " <b>{link.workspace}</b> " is told there what comes to you, and approves and declines at " <b>{link.merchant.name}</b>
                        " in your name, " <b>{me}</b> ", as far as you may."
                    </p>
                    <p class="text-ink-2 mt-2">
                        "Go on only if you pressed a button in Slack, or asked for this link, yourself a moment ago. If somebody sent you this link, leave it alone and tell an admin."
                    </p>
                    <div class="acts mt-4"><Button label="That is me" kind=Kind::Primary/></div>
                </form>
            }
            .into_any()
        }
    };
    let body = view! {
        <PageHead title=title.clone()/>
        <div class="max-w-xl"><Card>{inside}</Card></div>
    };
    Page::new(title.clone(), vec![Crumb::here(title)], body)
}
