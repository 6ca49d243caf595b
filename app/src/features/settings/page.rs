//! The merchant itself: its facts, its name, and the way to everything else that can be set.

use std::sync::Arc;

use domain::{
    access::{Action, Noun},
    people::{Merchant, Operator},
};
use engine::Result;
use leptos::prelude::*;

use crate::{
    features::exports::plural,
    ui::*,
    web::{Page, Visit, page},
};

struct Model {
    merchant: Merchant,
    operator: Option<Operator>,
    /// Tokens that are good now.
    tokens: usize,
    /// Publishing a flow takes two people.
    by_two: bool,
}

#[component]
pub fn SettingsPage() -> impl IntoView {
    page("settings", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let (merchant, operator) = at.engine().merchant_facts(&at.ctx).await?;
    let tokens = at.engine().tokens(&at.ctx).await?;
    let now = at.now();
    let good = tokens.iter().filter(|one| super::words::is_good(one, now));
    Ok(Model {
        merchant,
        operator,
        tokens: good.count(),
        by_two: at.engine().publishes_by_two(&at.ctx).await?,
    })
}

fn render(model: Model, at: &Visit) -> Page {
    let people = at
        .rules
        .members
        .iter()
        .filter(|(user, _)| user.active)
        .count();
    let noun = if people == 1 { "person" } else { "people" };
    let title = format!(
        "{}: {people} {noun}, {} {}",
        model.merchant.name,
        model.tokens,
        plural(model.tokens, "API token")
    );
    let rename = at
        .ctx
        .may(Action::ManageMerchant)
        .then(|| rename(&model.merchant, at));
    let publishing = publishing(&model, at);
    let facts = facts(&model, at);
    let links = links(&model, people, at);
    let side = view! { {facts} }.into_any();
    let body = view! {
        <PageHead title=title.clone() sub="What is set for this merchant alone.".into_any()/>
        <Split side>{links} {rename} {publishing}</Split>
    }
    .into_any();
    Page::new(title, vec![Crumb::here("Settings")], body)
}

fn links(model: &Model, people: usize, at: &Visit) -> impl IntoView + use<> {
    let here = at.rules.sources.len() + at.rules.destinations.len();
    let tokens = match model.tokens {
        0 => "No program may call the API yet".to_owned(),
        n => format!("{n} good now"),
    };
    let slack = match &at.rules.chat {
        None => "Not connected: people are asked here and by mail".to_owned(),
        Some(chat) if chat.workspace.trouble.is_some() => {
            format!("{} needs attention", chat.workspace.team_name)
        }
        Some(chat) => format!("Connected with {}", chat.workspace.team_name),
    };
    let all = [
        (
            Noun::Settings,
            "settings/access",
            "Access",
            "Who may do what, exactly as it is enforced".to_owned(),
        ),
        (Noun::Token, "settings/tokens", "API tokens", tokens),
        (Noun::Connection, "settings/slack", "Slack", slack),
        (
            Noun::Person,
            "people",
            "People",
            format!("{people} active, and what they answer for"),
        ),
        (
            Noun::Connection,
            "connections",
            "Connections",
            format!("{here} {}", plural(here, "connection")),
        ),
        (
            Noun::Audit,
            "audit",
            "Audit trail",
            "Everything that was ever changed here".to_owned(),
        ),
        (
            Noun::Audit,
            "settings/audit",
            "Proof of the trail",
            "Its public key, its checkpoints, and who keeps them outside".to_owned(),
        ),
        (
            Noun::Settings,
            "settings/retention",
            "Retention",
            "How long content is kept, and what a legal hold keeps".to_owned(),
        ),
    ];
    let rows = all
        .into_iter()
        .filter_map(|(noun, rest, title, sub)| {
            let href = at.path_to(noun, rest)?;
            Some(view! { <Row title sub href/> })
        })
        .collect_view();
    view! { <Card title="What can be set">{rows}</Card> }
}

fn rename(merchant: &Merchant, at: &Visit) -> impl IntoView + use<> {
    let typed = at.form("rename");
    let text = typed
        .text("name", "Name")
        .hint("Stands in the switcher and on every page. Its address stays as it is.");
    let value = typed.value_or("name", &merchant.name);
    let hidden = at.hidden(&[]);
    view! {
        <Card title="What it is called" padded=true id="name">
            <form method="post" action="/ui/merchant/rename">
                {hidden}
                <Input text value required=true/>
                <div class="acts mt-4"><Button label="Save the name"/></div>
            </form>
        </Card>
    }
}

/// Whether a flow goes live by one person's word.
fn publishing(model: &Model, at: &Visit) -> impl IntoView + use<> {
    let hidden = at.hidden(&[]);
    let says = if model.by_two {
        "Publishing a flow takes two people: whoever may draw asks, and somebody who may publish, and neither drew nor asked, agrees."
    } else {
        "Whoever may publish does so alone."
    };
    let typed = at.form("publishing");
    let checked = match typed.failed() {
        true => typed.value("by_two") == "true",
        false => model.by_two,
    };
    let form = at.ctx.may(Action::ManageMerchant).then(|| {
        view! {
            <form method="post" action="/ui/merchant/publishing">
                {hidden}
                <Check
                    name="by_two"
                    label="A flow is published by two people"
                    hint="It holds for bringing back old versions and for the API as well."
                    checked
                />
                <div class="acts mt-4"><Button label="Save how flows are published"/></div>
            </form>
        }
    });
    view! {
        <Card title="How flows are published" padded=true id="publishing">
            <p>{says}</p>
            {form}
        </Card>
    }
}

fn facts(model: &Model, at: &Visit) -> impl IntoView + use<> {
    let id =
        |id: &str, what: &'static str| Some(view! { <CopyId id=id.to_owned() what/> }.into_any());
    let mine = at.ctx.access().map(super::words::access_title);
    let rows = kv(vec![
        ("Name", Some(model.merchant.name.clone().into_any())),
        (
            "Address",
            id(&format!("/m/{}/", model.merchant.slug), "address"),
        ),
        (
            "Merchant",
            id(&model.merchant.id.to_string(), "merchant id"),
        ),
        (
            "Operator",
            model
                .operator
                .as_ref()
                .map(|operator| operator.name.clone().into_any()),
        ),
        ("Your access", mine.map(IntoAny::into_any)),
    ]);
    view! { <Card title="Facts">{rows}</Card> }
}
