//! `/account`: who one is here, one's password, how one signs in, and where one works.

use std::sync::Arc;

use domain::{chat::Directly, owner::role_title, password::ASKED};
use engine::{OwnChat, PersonKey, Result};
use leptos::prelude::*;

use crate::{
    features::{
        approvals::{Away, away_card, aways},
        session::Safety,
    },
    ui::*,
    web::{Desk, Page, home, oneself},
};

#[component]
pub fn AccountPage() -> impl IntoView {
    home("account", load, render)
}

struct Model {
    safety: Safety,
    mails: bool,
    /// What is told to them directly, and where they work with a chat.
    directly: (Directly, Vec<OwnChat>),
    aways: Vec<Away>,
    /// What one's signatures are checked with.
    key: Option<PersonKey>,
}

async fn load(desk: Arc<Desk>) -> Result<Model> {
    let engine = desk.engine();
    Ok(Model {
        mails: engine.mails_notices(&desk.person.user).await?,
        directly: engine
            .own_chats(&desk.person.user, &desk.person.places)
            .await?,
        safety: Safety::load(engine).await?,
        aways: aways(&desk).await?,
        key: engine.own_public_key(&oneself(engine).await?).await?,
    })
}

fn render(model: Model, desk: &Desk) -> Page {
    let Model {
        safety,
        mails,
        directly,
        aways,
        key,
    } = model;
    let person = &desk.person;
    let count = person.places.len();
    let title = match count {
        0 => format!("{}, at no merchant yet", person.user.name),
        1 => format!("{}, at one merchant", person.user.name),
        n => format!("{}, at {n} merchants", person.user.name),
    };
    let back = desk.asked.back.clone();
    let password = password(desk);
    let safety = safety.cards(desk.now, &back);
    let notices = notices(mails, desk);
    let directly = told_directly(directly, desk);
    let places = places(desk);
    let facts = facts(desk);
    let away = away_card(aways, desk);
    let key = key.map(|key| signs(key, desk));
    let side = view! { {facts}{places}{key} }.into_any();
    let sub = person.user.email.clone().into_any();
    let body = view! {
        <PageHead title=title.clone() sub/>
        <Split side>
            {password}
            {safety}
            {away}
            {notices}
            {directly}
        </Split>
    };
    Page::new(title, vec![Crumb::here("Your account")], body)
}

fn facts(desk: &Desk) -> impl IntoView + use<> {
    let user = &desk.person.user;
    let id = view! { <CopyId id=user.id.to_string() what="person id"/> }.into_any();
    let operator = (!desk.person.operator_name.is_empty())
        .then(|| desk.person.operator_name.clone().into_any());
    let rows = kv(vec![
        ("Name", Some(user.name.clone().into_any())),
        ("E-mail", Some(user.email.clone().into_any())),
        ("Operator", operator),
        ("Person", Some(id)),
    ]);
    view! { <Card title="You">{rows}</Card> }
}

/// The key that one's overrides are signed with; what opens it never leaves the vault.
fn signs(key: PersonKey, desk: &Desk) -> impl IntoView + use<> {
    let now = desk.now;
    let since = view! { <When at=key.since now/> }.into_any();
    let public = view! { <CopyId id=key.public_key what="public key"/> }.into_any();
    let rows = kv(vec![
        ("Key", Some(view! { <code>{key.key_id}</code> }.into_any())),
        ("Ed25519", Some(public)),
        ("Since", Some(since)),
    ]);
    view! { <Card title="You sign with" id="key">{rows}</Card> }
}

fn password(desk: &Desk) -> impl IntoView + use<> {
    let typed = desk.form("password");
    let back = desk.asked.back.clone();
    let email = desk.person.user.email.clone();
    view! {
        <Card title="Password" padded=true id="password">
            <form method="post" action="/ui/account/password">
                <input type="hidden" name="back" value=back/>
                // for the browser's password manager: whose password this is
                <input type="hidden" name="username" autocomplete="username" value=email/>
                <Input
                    text=typed.text("old", "The one you have")
                    kind="password"
                    autocomplete="current-password"
                    required=true
                />
                <Input
                    text=typed.text("password", "The new one").hint(ASKED)
                    kind="password"
                    autocomplete="new-password"
                    required=true
                />
                <p class="text-ink-2 mt-4">"You stay signed in here; everywhere else you sign in anew."</p>
                <div class="acts mt-4"><Button label="Change the password" kind=Kind::Primary/></div>
            </form>
        </Card>
    }
}

/// What one is asked and told stands in the queue, always; by mail, where one wants it and mail is sent from here.
fn notices(mails: bool, desk: &Desk) -> impl IntoView + use<> {
    let back = desk.asked.back.clone();
    let sent = desk.engine().has_mail();
    let said = if sent {
        "What you are asked to approve, what there is for you to do and what you watch stands in your queue. It comes by mail, too, where no chat brings it: at most a few mails at once; the rest waits there."
    } else {
        "What you are asked to approve, what there is for you to do and what you watch stands in your queue. No mail is sent from this installation yet."
    };
    view! {
        <Card title="By mail" padded=true id="notices">
            <p class="text-ink-2 mb-3">{said}</p>
            <form method="post" action="/ui/account/notices">
                <input type="hidden" name="back" value=back/>
                <Check name="mails" label="Mail me what I am asked and told" checked=mails/>
                <div class="acts mt-4"><Button label="Save"/></div>
            </form>
        </Card>
    }
}

/// In Slack, where somebody is linked; channels are told for everybody who reads there.
fn told_directly((directly, chats): (Directly, Vec<OwnChat>), desk: &Desk) -> Option<AnyView> {
    if chats.is_empty() {
        return None;
    }
    let rows = chats
        .into_iter()
        .map(|one| {
            let path = format!("/m/{}/settings/slack#you", one.merchant.slug);
            let (tone, sub) = match one.linked {
                Some(linked) => (
                    Tone::Done,
                    format!("You are {} in {}", linked.name, one.workspace),
                ),
                None => (
                    Tone::Idle,
                    format!("Nobody in {} yet: say who you are there", one.workspace),
                ),
            };
            view! { <Row tone title=one.merchant.name sub href=path/> }
        })
        .collect_view();
    let back = desk.asked.back.clone();
    let Directly {
        approvals,
        tasks,
        notices,
    } = directly;
    Some(
        view! {
            <Card title="In Slack" id="chat">
                {rows}
                <form method="post" action="/ui/account/chat" class="card-body">
                    <input type="hidden" name="back" value=back/>
                    <p class="text-ink-2 mb-3">"What is told to you directly, in a conversation of your own. What is not stands in your queue all the same, and goes by mail instead. Channels that you read are not changed by it."</p>
                    <Check name="approvals" label="Approvals that you are asked for" checked=approvals/>
                    <Check name="tasks" label="Tasks that come to you, or stay with you too long" checked=tasks/>
                    <Check name="notices" label="Notices of what you watch" checked=notices/>
                    <div class="acts mt-4"><Button label="Save"/></div>
                </form>
            </Card>
        }
        .into_any(),
    )
}

fn places(desk: &Desk) -> impl IntoView + use<> {
    let rows = desk
        .person
        .places
        .iter()
        .map(|(merchant, place)| {
            let roles: Vec<String> = place
                .functional_roles
                .iter()
                .map(|role| role_title(role))
                .collect();
            let roles = match roles.as_slice() {
                [] => "Answers for no role".to_owned(),
                roles => roles.join(", "),
            };
            let sub = format!("{} · {roles}", role_title(place.access.as_str()));
            let (name, href) = (merchant.name.clone(), format!("/m/{}", merchant.slug));
            view! { <Row tone=Tone::Idle title=name sub href/> }
        })
        .collect_view();
    let inside = if desk.person.places.is_empty() {
        view! {
            <Empty icon=Ico::Question title="No merchant yet">
                "Whoever runs a merchant can invite you, by your e-mail address."
            </Empty>
        }
        .into_any()
    } else {
        rows.into_any()
    };
    view! { <Card title="Where you work" id="places">{inside}</Card> }
}
