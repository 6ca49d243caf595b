//! A merchant's Slack: whether it is connected and holds, who is asked where, and who is who.

use std::sync::Arc;

use domain::{
    access::Action,
    chat::{DEFAULT_API, Linked, Workspace},
    owner::Owner,
};
use engine::{ChatSettings, Result};
use leptos::prelude::*;

use crate::{
    ui::*,
    web::{Page, Visit, owner_name, page},
};

#[component]
pub fn ChatSettingsPage() -> impl IntoView {
    page("settings", load, render)
}

async fn load(at: Arc<Visit>) -> Result<ChatSettings> {
    at.engine().chat_settings(&at.ctx).await
}

fn render(model: ChatSettings, at: &Visit) -> Page {
    let title = match &model.workspace {
        None => "Slack is not connected".to_owned(),
        Some(one) if one.trouble.is_some() => format!("Slack needs attention: {}", one.team_name),
        Some(one) => format!("Connected with {}", one.team_name),
    };
    let may = at.ctx.may(Action::ManageConnections);
    let actions = (may && model.workspace.is_some()).then(|| disconnect(at));
    let state = model.workspace.as_ref().map(|one| state(one, at));
    let routes = model.workspace.is_some().then(|| routes(&model, may, at));
    let tells = model.workspace.as_ref().map(|one| tells(one, may, at));
    let people = model
        .workspace
        .is_some()
        .then(|| people(&model.people, may, at));
    let you = model
        .workspace
        .is_some()
        .then(|| you(&model.people, at))
        .flatten();
    let form = may.then(|| connect(model.workspace.as_ref(), at));
    let app = app_card(&model.clicks_url);
    let side = view! { {state} {app} }.into_any();
    let body = view! {
        <PageHead
            title=title.clone()
            sub="Approvals are asked, and tasks and notices told, where people already are. Whoever has no place here is asked by mail.".into_any()
            nostrip:actions=actions
        />
        <Split side>{routes} {tells} {people} {you} {form}</Split>
    }
    .into_any();
    Page::new(
        title,
        vec![
            Crumb::link("Settings", at.path("settings")),
            Crumb::here("Slack"),
        ],
        body,
    )
}

fn state(one: &Workspace, at: &Visit) -> AnyView {
    let now = at.now();
    let state = match &one.trouble {
        None => view! { <StateBadge tone=Tone::Done word="connected"/> }.into_any(),
        Some(trouble) => {
            let (why, since) = (trouble.why.clone(), trouble.since);
            view! {
                <StateBadge tone=Tone::Late word="needs attention"/> " since " <When at=since now/>
                <br/> {why} ". People are asked by mail until a new token is entered or a test message gets through."
            }
            .into_any()
        }
    };
    let since = one.connected_at;
    let facts = kv(vec![
        ("Workspace", Some(one.team_name.clone().into_any())),
        (
            "Id",
            Some(view! { <CopyId id=one.team_id.clone() what="workspace id"/> }.into_any()),
        ),
        ("State", Some(state)),
        ("Since", Some(view! { <When at=since now/> }.into_any())),
        ("API", Some(one.api_base.clone().into_any())),
    ]);
    view! { <Card title="Connection" id="connection">{facts}</Card> }.into_any()
}

fn disconnect(at: &Visit) -> AnyView {
    let hidden = at.hidden(&[]);
    view! {
        <Dialog id="disconnect" label="Disconnect" title="Ask nobody in Slack any more?">
            <form method="post" action="/ui/chat/disconnect">
                {hidden}
                <p>"Messages stay where they are, but their buttons do nothing. Who is asked where, and who is who, is forgotten; people are asked by mail."</p>
                <div class="acts"><Button label="Disconnect" kind=Kind::Danger/></div>
            </form>
        </Dialog>
    }
    .into_any()
}

fn routes(model: &ChatSettings, may: bool, at: &Visit) -> AnyView {
    let typed = at.form("route");
    let rows = model
        .owners
        .iter()
        .map(|owner| {
            let place = model
                .routes
                .iter()
                .find(|route| route.owner == *owner)
                .map(|route| route.place.clone());
            route(owner, place, (may, typed.value("owner")), at)
        })
        .collect_view();
    let none = model.owners.is_empty().then(|| {
        view! { <CardFoot>"No contract or flow names anybody yet. Once one does, whoever it names stands here."</CardFoot> }
    });
    view! { <Card title="Who is asked where" id="routes">{rows}{none}</Card> }.into_any()
}

/// One owner, and their place.
fn route(
    owner: &Owner,
    place: Option<String>,
    (may, typed_for): (bool, String),
    at: &Visit,
) -> AnyView {
    let name = owner_name(&at.rules, owner);
    let key = owner.to_string();
    if !may {
        let sub = place.unwrap_or_else(|| "by mail".to_owned());
        return view! { <Row title=name sub/> }.into_any();
    }
    let typed = at.form("route");
    // what was typed, and what is wrong with it, stands at the row that it was typed in
    let is_this = typed_for == key;
    let field = format!(
        "place-{}",
        key.replace(|c: char| !c.is_ascii_alphanumeric(), "-")
    );
    let shown = if is_this {
        typed.value_or("place", place.as_deref().unwrap_or_default())
    } else {
        place.unwrap_or_default()
    };
    let error = is_this.then(|| typed.text("place", "").error).flatten();
    let hidden = at.hidden(&[("owner", &key)]);
    let described = error.is_some().then(|| format!("e-{field}"));
    view! {
        <form method="post" action="/ui/chat/route" class="card-body" id=format!("route-{field}")>
            {hidden}
            <div class="field">
                <label for=field.clone()>{name}</label>
                <input
                    class="input"
                    id=field.clone()
                    name="place"
                    value=shown
                    placeholder="by mail"
                    autocomplete="off"
                    aria-describedby=described
                    aria-invalid=error.is_some().then_some("true")
                />
                {error.map(|error| view! { <p class="error" id=format!("e-{field}")><StateGlyph tone=Tone::Late/>{error}</p> })}
            </div>
            <div class="acts">
                <Button label="Save"/>
                <Button label="Send a test message" kind=Kind::Quiet name="then" value="test"/>
            </div>
        </form>
    }
    .into_any()
}

/// What is told beside approvals, whose contracts say where they are asked.
fn tells(one: &Workspace, may: bool, at: &Visit) -> AnyView {
    let (tasks, notices) = (one.tells.tasks, one.tells.notices);
    if !may {
        let word = |on: bool| Some(if on { "told" } else { "not told" }.into_any());
        let facts = kv(vec![("Tasks", word(tasks)), ("Notices", word(notices))]);
        return view! { <Card title="What is told here" id="tells">{facts}</Card> }.into_any();
    }
    let hidden = at.hidden(&[]);
    view! {
        <Card title="What is told here" padded=true id="tells">
            <p class="text-ink-2 mb-3">"Beside approvals, to whoever has a place above, instead of by mail. Much at once is not told one by one: the rest stands in the queue."</p>
            <form method="post" action="/ui/chat/tells">
                {hidden}
                <Check name="tasks" label="Tasks: whose move it is, until when, and what became of it" checked=tasks/>
                <Check name="notices" label="Notices: what watchers are told" checked=notices/>
                <div class="acts mt-4"><Button label="Save"/></div>
            </form>
        </Card>
    }
    .into_any()
}

fn people(linked: &[Linked], may: bool, at: &Visit) -> AnyView {
    let now = at.now();
    let me = at.ctx.user_id();
    let rows = linked
        .iter()
        .map(|one| {
            let name = at
                .rules
                .user_name(one.user_id)
                .unwrap_or("A former member")
                .to_owned();
            let when = one.linked_at;
            let fields = at.fields(&[("chat_user", &one.chat_user)]);
            let describe = format!("Unlink {}", one.name);
            let undo = (may || me == Some(one.user_id)).then(|| {
                view! { <PostButton action="/ui/chat/unlink" label="Unlink" describe fields/> }
            });
            let title = format!("{} is {name}", one.name);
            view! {
                <div class="card-body flex items-center gap-3 justify-between">
                    <span><b>{title}</b> <br/> <small class="mono">{one.chat_user.clone()}</small> " since " <When at=when now/></span>
                    {undo}
                </div>
            }
        })
        .collect_view();
    let none = linked.is_empty().then(|| {
        view! { <CardFoot>"Nobody yet. Whoever presses a button in Slack for the first time is asked, in private, to say who they are here; others say it under “You in Slack”."</CardFoot> }
    });
    view! { <Card title="Who is who" id="people">{rows}{none}</Card> }.into_any()
}

/// Somebody who is not linked yet says who they are there.
fn you(linked: &[Linked], at: &Visit) -> Option<AnyView> {
    let me = at.ctx.user_id()?;
    if linked.iter().any(|one| one.user_id == me) {
        let body = view! {
            <p>"What is told to you directly is chosen in " <a href="/account#chat">"your account"</a> "."</p>
        };
        return Some(
            view! { <Card title="You in Slack" padded=true id="you">{body}</Card> }.into_any(),
        );
    }
    let typed = at.form("you");
    let chat_user = typed.text("chat_user", "Your member ID").hint(
        "U… In Slack: your profile, the three dots, Copy member ID. You are sent a link there, in private, that works once.",
    );
    let value = typed.value("chat_user");
    let hidden = at.hidden(&[]);
    Some(
        view! {
            <Card title="You in Slack" padded=true id="you">
                <form method="post" action="/ui/chat/ask">
                    {hidden}
                    <p class="text-ink-2 mb-3">"Once it is known who you are there, what comes to you is told to you directly, and what you press counts as yours, as far as you may."</p>
                    <Input text=chat_user value autocomplete="off"/>
                    <div class="acts mt-4"><Button label="Send me the link"/></div>
                </form>
            </Card>
        }
        .into_any(),
    )
}

fn connect(known: Option<&Workspace>, at: &Visit) -> AnyView {
    let typed = at.form("connect");
    let hidden = at.hidden(&[]);
    let (stays, unlinks) = match known {
        None => ("", ""),
        Some(_) => (
            " Leave it empty to keep the one it has.",
            " After another one everybody links again.",
        ),
    };
    let token = typed.text("token", "Bot token").hint(format!(
        "xoxb-… It stands under OAuth & Permissions.{stays}"
    ));
    let signing = typed.text("signing", "Signing secret").hint(format!(
        "It stands under Basic Information, App Credentials.{stays}{unlinks}"
    ));
    let base = typed.text("api_base", "API address").hint(
        "Only where calls go through a proxy of your own. The token is sent there; after a change it is entered again.",
    );
    let base_is = typed.value_or(
        "api_base",
        known.map_or(DEFAULT_API, |one| one.api_base.as_str()),
    );
    let title = if known.is_some() {
        "Change the connection"
    } else {
        "Connect a workspace"
    };
    view! {
        <Card title id="connect" padded=true>
            <form method="post" action="/ui/chat/connect">
                {hidden}
                <Input text=token kind="password" autocomplete="off"/>
                <Input text=signing kind="password" autocomplete="off"/>
                <Input text=base value=base_is autocomplete="off"/>
                <div class="acts mt-4"><Button label="Connect" kind=Kind::Primary/></div>
            </form>
        </Card>
    }
    .into_any()
}

/// The app, as Slack takes it: pasted under "From a manifest".
fn manifest(clicks_url: &str) -> String {
    format!(
        "display_information:\n  name: Meshline\n  description: Approvals where you are\n\
         features:\n  bot_user:\n    display_name: Meshline\n    always_online: true\n\
         oauth_config:\n  scopes:\n    bot:\n      - chat:write\n      - chat:write.public\n\
         settings:\n  interactivity:\n    is_enabled: true\n    request_url: {clicks_url}\n\
         org_deploy_enabled: false\n  socket_mode_enabled: false\n"
    )
    .replace("\norg_deploy_enabled", "\n  org_deploy_enabled")
}

fn app_card(clicks_url: &str) -> AnyView {
    let manifest = manifest(clicks_url);
    let url = clicks_url.to_owned();
    view! {
        <Card title="The app in Slack" id="app">
            <div class="card-body">
                <p>"Make an app at api.slack.com/apps, from this manifest; install it; then enter its bot token and signing secret."</p>
                <pre class="mono mt-2 overflow-x-auto" tabindex="0" aria-label="App manifest"><code>{manifest}</code></pre>
                <p class="mt-2">"What is pressed is sent to:"</p>
                <p class="break-all"><CopyId id=url whole=true what="request URL"/></p>
            </div>
        </Card>
    }
    .into_any()
}
