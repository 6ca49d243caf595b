//! The sheet itself: fits a page of paper for a flow of ordinary length.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    access::Noun,
    flow::{Flow, Step, StepKind, Trigger},
    owner::Owner,
    people::User,
};
use engine::Result;
use leptos::prelude::*;

use super::{
    markdown::runbook,
    words::{failures, next_steps},
};
use crate::{
    features::{flows::trigger_words, ownership::has},
    ui::*,
    web::{Page, Visit, owner_name, page, system_name},
};

#[component]
pub fn PlaybookPage() -> impl IntoView {
    page("flows", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Flow> {
    at.ctx.read(Noun::Person)?;
    at.engine().flow(&at.ctx, at.id("flow")?).await
}

fn render(flow: Flow, at: &Visit) -> Page {
    let title = format!("{}: the playbook", flow.name);
    let path = at.path(&format!("flows/{}", flow.id));
    let csv = format!("{path}/playbook.csv");
    let actions = view! {
        <LinkButton href=csv label="CSV" kind=Kind::Quiet icon=Ico::Download/>
    }
    .into_any();
    let now = at.now();
    let (version, published) = (flow.version, flow.published_at);
    let sub = view! {
        {format!("Version {version}, published ")} <When at=published now/>
        {(!flow.summary.is_empty()).then(|| format!(". {}", flow.summary))}
    }
    .into_any();
    let starts = trigger(&flow.trigger);
    let steps = flow
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| step_view(index + 1, &flow, step, at))
        .collect_view();
    let contacts = contacts(&flow, at);
    let crumbs = vec![
        Crumb::link("Flows", at.path("flows")),
        Crumb::link(flow.name.clone(), path),
        Crumb::here("Playbook"),
    ];
    let outcome = flow.outcome.clone();
    Page::new(
        title.clone(),
        crumbs,
        view! {
            <div class="playbook">
                <PageHead title sub actions/>
                <p class="playbook-line"><b>"Starts: "</b>{starts}</p>
                <ol class="playbook-steps" role="list">{steps}</ol>
                <p class="playbook-line"><b>"Ends: "</b>{outcome}</p>
                {contacts}
            </div>
        },
    )
}

fn trigger(trigger: &Trigger) -> String {
    trigger_words(trigger)
}

fn step_view(number: usize, flow: &Flow, step: &Step, at: &Visit) -> impl IntoView + use<> {
    let contract = match &step.kind {
        StepKind::EmitExport { export_type, .. } => at.rules.contract(export_type),
        _ => None,
    };
    let clock = contract.map_or_else(
        || has(step.clock.accept_ms, Some(step.clock.resolve_ms)),
        |contract| has(contract.accept_ms, Some(contract.resolve_ms)),
    );
    let hours = step
        .clock
        .calendar
        .as_ref()
        .map(|key| format!(" (working time of {key})"));
    let name = |owner: &Owner| owner_name(&at.rules, owner);
    let (owner, backup) = (name(&step.owner), name(&step.backup));
    let mut wrong = failures(flow, step, name);
    if let Some(contract) = contract
        && wrong.is_empty()
    {
        wrong.push(format!(
            "refused or late: a task by the contract’s routes; {} answers",
            name(&contract.owner)
        ));
    }
    let check = step
        .checkpoint
        .as_ref()
        .map(|one| fact("Done when", one.what.clone()));
    let wrong = (!wrong.is_empty()).then(|| fact("If it fails", wrong.join("; ")));
    let next = fact("Then", next_steps(flow, step));
    let mut systems: Vec<String> = [&step.source_system, &step.destination_system]
        .into_iter()
        .filter(|name| !name.is_empty())
        .map(|name| system_name(&at.rules, name))
        .collect();
    systems.dedup();
    let systems = (!systems.is_empty()).then(|| fact("Systems", systems.join(" → ")));
    let book = runbook(&step.runbook).map(|book| view! { <div class="playbook-book">{book}</div> });
    view! {
        <li>
            <h2>{format!("{number}. {}", step.title)}</h2>
            <dl>
                {fact("Owner", format!("{owner}, then {backup}"))}
                {fact("Clock", format!("{clock}{}", hours.unwrap_or_default()))}
                {systems}{check}{wrong}{next}
            </dl>
            {book}
        </li>
    }
}

fn fact(label: &'static str, text: String) -> impl IntoView + use<> {
    view! { <div><dt>{label}</dt><dd>{text}</dd></div> }
}

/// Everybody who answers for one of its steps now, with what they are asked for.
fn contacts(flow: &Flow, at: &Visit) -> impl IntoView + use<> {
    let owners: BTreeSet<&Owner> = flow
        .steps
        .iter()
        .flat_map(|step| [&step.owner, &step.backup])
        .collect();
    let rows = owners
        .into_iter()
        .filter(|owner| !matches!(owner, Owner::System(_)))
        .map(|owner| {
            let people = at.rules.asked(owner, at.now());
            let role = owner_name(&at.rules, owner);
            let who = match people.as_slice() {
                [] => "nobody".to_owned(),
                people => {
                    let names: Vec<&str> = people.iter().map(|user| user.name.as_str()).collect();
                    names.join(", ")
                }
            };
            let mails = people.iter().map(|user| mail(user)).collect_view();
            view! { <tr><td>{role}</td><td>{who}</td><td>{mails}</td></tr> }
        })
        .collect_view();
    let cols = vec![
        Col::text("Role"),
        Col::text("Who, now"),
        Col::text("Reach them"),
    ];
    view! {
        <Card title="Whom to call">
            <Table caption="Whom to call" cols>{rows}</Table>
        </Card>
    }
}

fn mail(user: &User) -> impl IntoView + use<> {
    let (to, text) = (format!("mailto:{}", user.email), user.email.clone());
    view! { <a class="link block" href=to>{text}</a> }
}
