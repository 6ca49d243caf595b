//! What an operator is called and asks of its people, and the record of what was done to it.

use std::{collections::HashMap, sync::Arc};

use domain::{audit::AuditEntry, people::User};
use engine::{AgencyCtx, AgencyPerson, Result};
use leptos::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::{enter, path};
use crate::{
    shell::OPERATOR,
    ui::*,
    web::{Desk, Page, action_words, home},
};

/// Entries of the record that are shown.
const ENTRIES: i64 = 20;
/// Names of people without a second factor that are shown.
const MOST_NAMES: usize = 8;

struct Model {
    at: AgencyCtx,
    people: Vec<AgencyPerson>,
    /// Who signs in with a password alone: of everybody it counts for, for whoever may change it.
    without: Vec<User>,
    trail: Vec<AuditEntry>,
}

#[component]
pub fn OperatorSettingsPage() -> impl IntoView {
    home(OPERATOR, load, render)
}

async fn load(desk: Arc<Desk>) -> Result<Model> {
    let at = enter(&desk).await?;
    let people = desk.engine().colleagues(&at).await?;
    let without = if at.is_admin() {
        desk.engine().without_second_factor(&at).await?
    } else {
        let of_it = people.iter().filter(|one| !one.has_second_factor);
        let users = of_it.map(|one| one.user.clone());
        users.filter(|user| user.active).collect()
    };
    let trail = desk.engine().operator_trail(&at, ENTRIES).await?;
    Ok(Model {
        at,
        people,
        without,
        trail,
    })
}

fn render(model: Model, desk: &Desk) -> Page {
    let Model {
        at,
        people,
        without,
        trail,
    } = model;
    let title = match (at.operator.require_second_factor, without.len()) {
        (true, 0) => "Everybody signs in with a second factor".to_owned(),
        (true, 1) => "1 person still has to set up a second factor".to_owned(),
        (true, n) => format!("{n} people still have to set up a second factor"),
        (false, _) => "A password is enough to sign in".to_owned(),
    };
    let head = title.clone();
    let sub = format!(
        "What {} asks of everybody who reaches its merchants.",
        at.operator.name
    );
    Page::new(
        title,
        vec![
            Crumb::link(at.operator.name.clone(), path(&at, "")),
            Crumb::here("Settings"),
        ],
        view! {
            <PageHead title=head sub=sub.into_any()/>
            <div class="stack">
                <div class="max-w-xl">{form(&at, desk, &without)}</div>
                {record(&trail, &people, desk)}
            </div>
        },
    )
}

/// "None yet: Ada, Bea and 3 more."
fn none_yet(without: &[User]) -> String {
    let names = without.iter().take(MOST_NAMES);
    let names: Vec<&str> = names.map(|user| user.name.as_str()).collect();
    match (without.len(), without.len() - names.len()) {
        (0, _) => "Everybody here has one.".to_owned(),
        (_, 0) => format!("None yet: {}.", names.join(", ")),
        (_, more) => format!("None yet: {} and {more} more.", names.join(", ")),
    }
}

/// What saving it does, and to how many.
fn consequence(required: bool, without: &[User]) -> String {
    let all = "Counts for everybody who has a place at any of its merchants.";
    let next = "set one up at the next sign-in";
    let rest = match (required, without.len()) {
        (_, 0) => return format!("{all} {}", none_yet(without)),
        (true, 1) => format!("1 person has none and has to {next}."),
        (true, n) => format!("{n} people have none and have to {next}."),
        (false, 1) => format!(
            "1 person has none: their sessions end as soon as you save this, and they {next}."
        ),
        (false, n) => format!(
            "{n} people have none: their sessions end as soon as you save this, and they {next}."
        ),
    };
    format!("{all} {rest} {}", none_yet(without))
}

fn form(at: &AgencyCtx, desk: &Desk, without: &[User]) -> AnyView {
    let required = at.operator.require_second_factor;
    if !at.is_admin() {
        let asks = if required { "required" } else { "not required" };
        let rows = vec![
            ("Name", at.operator.name.clone().into_any()),
            (
                "Second factor",
                format!("{asks}. {}", none_yet(without)).into_any(),
            ),
        ];
        let rows = rows
            .into_iter()
            .map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> })
            .collect_view();
        return view! { <Card><dl class="kv">{rows}</dl></Card> }.into_any();
    }
    let typed = desk.form("operator");
    let name = typed.text("name", "Name");
    let name_is = typed.value_or("name", &at.operator.name);
    let checked = match typed.failed() {
        true => typed.value("require_second_factor") == "true",
        false => required,
    };
    let hint = consequence(required, without);
    let own = (!required && without.iter().any(|user| user.id == at.user.id)).then(|| {
        view! {
            <p class="mb-4">
                "You sign in with a password alone yourself. "
                <a class="link" href="/account">"Set up a second factor of your own"</a>
                " first: without one, asking for it would end your session, too."
            </p>
        }
    });
    let (operator, back) = (at.operator.slug.clone(), path(at, "/settings"));
    view! {
        <Card padded=true>
            <form method="post" action="/ui/operator/change">
                <input type="hidden" name="operator" value=operator/>
                <input type="hidden" name="back" value=back/>
                <Input text=name value=name_is required=true/>
                <Check name="require_second_factor" label="Require a second factor" hint checked/>
                {own}
                <div class="acts"><Button label="Save" kind=Kind::Primary/></div>
            </form>
        </Card>
    }
    .into_any()
}

/// What of an entry's detail is words or numbers; ids and nested things are for the audit export.
fn facts(detail: &str) -> String {
    let Ok(Value::Object(all)) = serde_json::from_str(detail) else {
        return String::new();
    };
    let said = |(key, value): (&String, &Value)| {
        let value = match value {
            Value::String(text) if text.parse::<Uuid>().is_err() => text.clone(),
            Value::Bool(true) => "yes".to_owned(),
            Value::Bool(false) => "no".to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        Some(format!("{} {value}", key.replace('_', " ")))
    };
    all.iter().filter_map(said).collect::<Vec<_>>().join(" · ")
}

/// The operator's own audit chain, newest first.
fn record(trail: &[AuditEntry], people: &[AgencyPerson], desk: &Desk) -> AnyView {
    let now = desk.now;
    let names: HashMap<String, &str> = people
        .iter()
        .map(|one| (one.user.id.to_string(), one.user.name.as_str()))
        .collect();
    let named = |id: &str| {
        names
            .get(id)
            .map_or_else(|| "somebody".to_owned(), |name| (*name).to_owned())
    };
    let rows = trail
        .iter()
        .map(|entry| {
            let who = match entry.actor.split_once(':') {
                Some(("user", id)) => named(id),
                _ => "Meshline".to_owned(),
            };
            let what = match entry.action.as_str() {
                "operator_member.added" => format!("Let {} in", named(&entry.subject_id)),
                "operator_member.invited" => "Invited somebody".to_owned(),
                "operator_member.joined" => "Accepted the invitation".to_owned(),
                "operator_member.changed" => {
                    format!("Changed what {} may do", named(&entry.subject_id))
                }
                "operator_member.removed" => "Took somebody out".to_owned(),
                "operator.created" => "Created".to_owned(),
                "operator.changed" => "Changed the settings".to_owned(),
                "merchant.created" => "Added a merchant".to_owned(),
                "template.made" => "Made a template".to_owned(),
                "template.version_made" => "Made the next version of a template".to_owned(),
                "template.staged" => "Put merchants into stages".to_owned(),
                "template.push_begun" => "Pushed a template".to_owned(),
                "template.pushed" => "Reached a merchant with a template".to_owned(),
                "template.push_undone" => "Took a template back".to_owned(),
                "template.let_go" => "Let a merchant go of a template".to_owned(),
                "template.retired" => "Retired a template".to_owned(),
                other => action_words(other),
            };
            let title = format!("{what}, by {who}");
            let sub = Some(facts(&entry.detail)).filter(|facts| !facts.is_empty());
            let aside = view! { <When at=entry.at now/> }.into_any();
            view! { <Row title nostrip:sub=sub aside/> }
        })
        .collect_view();
    let aside = format!("{} newest, chained", trail.len()).into_any();
    view! { <Card title="What was done to it" aside>{rows}</Card> }.into_any()
}
