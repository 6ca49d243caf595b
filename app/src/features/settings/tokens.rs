//! The list of API tokens: which there are, what they may do, when they end, when they were used last.

use std::sync::Arc;

use domain::{access::Action, token::ApiToken};
use engine::Result;
use leptos::prelude::*;

use super::{
    secret::Fresh,
    words::{capabilities_text, is_good, token_state},
};
use crate::{
    ui::*,
    web::{Page, Visit, page},
};

struct Model {
    tokens: Vec<ApiToken>,
    fresh: Option<Fresh>,
}

#[component]
pub fn TokensPage() -> impl IntoView {
    page("settings", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    Ok(Model {
        tokens: at.engine().tokens(&at.ctx).await?,
        fresh: Fresh::take(&at).await?,
    })
}

fn render(model: Model, at: &Visit) -> Page {
    let Model { mut tokens, fresh } = model;
    let now = at.now();
    // what counts stands first, newest first within each
    tokens.sort_by_key(|token| !is_good(token, now));
    let good = tokens.iter().filter(|token| is_good(token, now)).count();
    let title = match good {
        0 => "No API token is good now".to_owned(),
        1 => "1 API token is good now".to_owned(),
        n => format!("{n} API tokens are good now"),
    };
    let may = at.ctx.may(Action::ManageTokens);
    let make = || {
        let href = at.path("settings/tokens/new");
        view! { <LinkButton href label="Make a token" kind=Kind::Primary icon=Ico::Plus/> }
            .into_any()
    };
    let actions = may.then(make);
    let inside = if tokens.is_empty() {
        let actions = may.then(make);
        view! {
            <Empty icon=Ico::Settings title="No token yet" nostrip:actions=actions>
                "A token lets a program call the API in this merchant’s name, for just what is chosen for it."
            </Empty>
        }
        .into_any()
    } else {
        let rows = tokens
            .iter()
            .map(|token| row(token, may, at))
            .collect_view();
        let mut cols = vec![
            Col::text("Token"),
            Col::text("State"),
            Col::text("May").wide(),
            Col::text("Made by").wide(),
            Col::num("Ends"),
            Col::num("Last used"),
        ];
        if may {
            cols.push(Col::text("Act"));
        }
        view! { <Table caption="API tokens" list=true cols>{rows}</Table> }.into_any()
    };
    let fresh = fresh.map(|fresh| fresh.view(now).into_any());
    let body = view! {
        <PageHead title=title.clone() sub="Programs call the API with them. What a token is not given, it cannot do.".into_any() nostrip:actions=actions/>
        {fresh}
        <div id="tokens" data-live=""><Card>{inside}</Card></div>
    }
    .into_any();
    Page::new(
        title,
        vec![
            Crumb::link("Settings", at.path("settings")),
            Crumb::here("API tokens"),
        ],
        body,
    )
}

fn row(token: &ApiToken, may: bool, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let (tone, word) = token_state(token, now);
    let maker = match token.created_by {
        Some(id) => at
            .rules
            .user_name(id)
            .unwrap_or("a former member")
            .to_owned(),
        None => "the installation".to_owned(),
    };
    let prefix = if token.prefix.is_empty() {
        "mlk_…".to_owned()
    } else {
        format!("{}…", token.prefix)
    };
    let both = token
        .previous_until
        .filter(|until| *until > now && is_good(token, now))
        .map(|until| {
            view! { <small>"the old secret is good " <When at=until now/> " at the latest"</small> }
        });
    let ends = match (token.revoked_at, token.expires_at) {
        (Some(at), _) => view! { "revoked " <When at now/> }.into_any(),
        (None, Some(at)) => view! { <When at now/> }.into_any(),
        (None, None) => {
            let why = token.no_expiry_reason.clone().unwrap_or_default();
            view! { "never"<small class="whitespace-normal">{why}</small> }.into_any()
        }
    };
    let used = match token.last_used_at {
        Some(at) => view! { <When at now/> }.into_any(),
        None => "never".into_any(),
    };
    let may_do = capabilities_text(token);
    let acts = may.then(|| view! { <td>{is_good(token, now).then(|| acts(token, at))}</td> });
    view! {
        <tr data-row=token.id.to_string()>
            <td>
                <span class="title">{token.name.clone()}</span>
                <small class="mono">{prefix}</small>
                <small class="sm:hidden">{may_do.clone()}</small>
                {both}
            </td>
            <td><StateBadge tone word/></td>
            <td class="wide">{may_do}</td>
            <td class="wide">{maker}</td>
            <td class="num across"><span class="sm:hidden">"Ends: "</span>{ends}</td>
            <td class="num"><span class="sm:hidden">"Last used: "</span>{used}</td>
            {acts}
        </tr>
    }
}

fn acts(token: &ApiToken, at: &Visit) -> impl IntoView + use<> {
    let id = token.id.to_string();
    let rotate = at.hidden(&[("token", &id)]);
    let revoke = at.hidden(&[("token", &id)]);
    let name = token.name.clone();
    let term = match token.expires_at {
        Some(end) => {
            let days = end.since_ms(token.issued_at) / (24 * 60 * 60_000);
            format!(
                "The new one is good for {days} days from now, as long as this one was made for."
            )
        }
        None => "The new one does not expire, like this one.".to_owned(),
    };
    view! {
        <div class="acts sm:flex-nowrap">
            <Dialog id=format!("rotate-{id}") label="Rotate" title=format!("Make a new secret for “{name}”?")>
                <form method="post" action="/ui/token/rotate">
                    {rotate}
                    <p>{term}</p>
                    <p>"The secret it has now stays good for 24 hours, so that programs can switch one by one. An older one still in its 24 hours is over at once."</p>
                    <div class="acts"><Button label="Rotate" kind=Kind::Primary/></div>
                </form>
            </Dialog>
            <Dialog id=format!("revoke-{id}") label="Revoke" title=format!("Revoke “{name}”?") kind=Kind::Danger>
                <form method="post" action="/ui/token/revoke">
                    {revoke}
                    <p>"It is over at once, with both of its secrets if there are two: the next call is refused with 401. This cannot be undone."</p>
                    <div class="acts"><Button label="Revoke" kind=Kind::Danger/></div>
                </form>
            </Dialog>
        </div>
    }
}
