//! Two versions of a flow: whose part became another.

use domain::{owner::Owner, raci::Change};
use leptos::prelude::*;

use super::page::Compare;
use crate::{
    ui::*,
    web::{Visit, owner_name},
};

pub(super) fn compared(one: &Compare, at: &Visit) -> AnyView {
    let name = at
        .rules
        .flows
        .iter()
        .find(|flow| flow.key == one.key)
        .map_or_else(|| one.key.clone(), |flow| flow.name.clone());
    let close = view! { <a class="link" href=at.path("raci")>"Close"</a> }.into_any();
    let inside = match (one.versions.len(), one.asked) {
        (0, _) => view! { <p>"There is no flow of this key here."</p> }.into_any(),
        (1, _) => {
            view! { <p>"There is one version of it so far, and nothing to compare it with."</p> }
                .into_any()
        }
        (_, None) => chooser(one, at),
        (_, Some((from, to))) => {
            let form = chooser(one, at);
            let said = said(&one.changes, (from, to), at);
            view! { {form} {said} }.into_any()
        }
    };
    view! {
        <div class="mb-4">
            <Card title=format!("Versions of {name}") aside=close padded=true id="compare">{inside}</Card>
        </div>
    }
    .into_any()
}

fn chooser(one: &Compare, at: &Visit) -> AnyView {
    let newest = one.versions.first().copied().unwrap_or(1);
    let (from, to) = one.asked.unwrap_or((newest - 1, newest));
    let options: Vec<(String, String)> = one
        .versions
        .iter()
        .map(|version| (version.to_string(), format!("Version {version}")))
        .collect();
    let select = |name: &'static str, label: &'static str, chosen: i64| {
        let options = options
            .iter()
            .map(|(value, label)| {
                let selected = *value == chosen.to_string();
                view! { <option value=value.clone() selected=selected>{label.clone()}</option> }
            })
            .collect_view();
        view! { <label class="inline-field">{label}<select class="input" name=name>{options}</select></label> }
    };
    let (from, to) = (select("from", "From", from), select("to", "To", to));
    let key = one.key.clone();
    view! {
        <form method="get" action=at.path("raci") class="acts">
            <input type="hidden" name="flow" value=key/>
            {from} {to}
            <Button label="Compare"/>
        </form>
    }
    .into_any()
}

fn said(changes: &[Change], (from, to): (i64, i64), at: &Visit) -> AnyView {
    if changes.is_empty() {
        return view! {
            <p class="mt-4">{format!("Nobody’s part is another in version {to} than in version {from}.")}</p>
        }
        .into_any();
    }
    let names = |owners: &[Owner]| match owners {
        [] => "nobody".to_owned(),
        owners => {
            let names: Vec<String> = owners
                .iter()
                .map(|owner| owner_name(&at.rules, owner))
                .collect();
            names.join(", ")
        }
    };
    let lines = changes
        .iter()
        .map(|change| match change {
            Change::Added(title) => view! { <li><b>{title.clone()}</b> " is new"</li> }.into_any(),
            Change::Removed(title) => {
                view! { <li><b>{title.clone()}</b> " is gone"</li> }.into_any()
            }
            Change::Another {
                title,
                letter,
                was,
                now,
            } => {
                let (was, now) = (names(was), names(now));
                view! {
                    <li>
                        <b>{title.clone()}</b> {format!(", {}: ", letter.word())}
                        <Was before=was after=now/>
                    </li>
                }
                .into_any()
            }
        })
        .collect_view();
    view! {
        <ul class="list-disc pl-5 mt-4">{lines}</ul>
        <p class="text-ink-2 mt-2">"Approvals and what exports add are compared as the contracts stand now."</p>
    }
    .into_any()
}
