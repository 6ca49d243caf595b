//! What an operator is called and asks of its people, and the record of what was done to it.

use std::{collections::HashMap, sync::Arc};

use domain::audit::AuditEntry;
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

struct Model {
    at: AgencyCtx,
    people: Vec<AgencyPerson>,
    trail: Vec<AuditEntry>,
}

#[component]
pub fn OperatorSettingsPage() -> impl IntoView {
    home(OPERATOR, load, render)
}

async fn load(desk: Arc<Desk>) -> Result<Model> {
    let at = enter(&desk).await?;
    let people = desk.engine().colleagues(&at).await?;
    let trail = desk.engine().operator_trail(&at, ENTRIES).await?;
    Ok(Model { at, people, trail })
}

fn render(model: Model, desk: &Desk) -> Page {
    let Model { at, people, trail } = model;
    let without: Vec<&AgencyPerson> = people
        .iter()
        .filter(|one| one.user.active && !one.has_second_factor)
        .collect();
    let title = match (at.operator.require_second_factor, without.len()) {
        (true, 0) => "Everybody signs in with a second factor".to_owned(),
        (true, 1) => "1 person still has to set up a second factor".to_owned(),
        (true, n) => format!("{n} people still have to set up a second factor"),
        (false, _) => "A password is enough to sign in".to_owned(),
    };
    let names: Vec<&str> = without.iter().map(|one| one.user.name.as_str()).collect();
    let none_yet = match names.as_slice() {
        [] => "Everybody here has one.".to_owned(),
        some => format!("None yet: {}.", some.join(", ")),
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
                <div class="max-w-xl">{form(&at, desk, none_yet)}</div>
                {record(&trail, &people, desk)}
            </div>
        },
    )
}

fn form(at: &AgencyCtx, desk: &Desk, none_yet: String) -> AnyView {
    let required = at.operator.require_second_factor;
    if !at.is_admin() {
        let asks = if required { "required" } else { "not required" };
        let rows = vec![
            ("Name", at.operator.name.clone().into_any()),
            ("Second factor", format!("{asks}. {none_yet}").into_any()),
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
    let hint = format!(
        "Counts for everybody who has a place at any of its merchants: they set one up at their next sign-in. {none_yet}"
    );
    let (operator, back) = (at.operator.slug.clone(), path(at, "/settings"));
    view! {
        <Card padded=true>
            <form method="post" action="/ui/operator/change">
                <input type="hidden" name="operator" value=operator/>
                <input type="hidden" name="back" value=back/>
                <Input text=name value=name_is required=true/>
                <Check name="require_second_factor" label="Require a second factor" hint checked/>
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
