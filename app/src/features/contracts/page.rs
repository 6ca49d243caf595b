//! One version of a contract.

use std::sync::Arc;

use domain::{
    access::Noun,
    contract::{Contract, ContractTrigger, Must, Standing},
    flow::{Condition, fact},
    owner::Owner,
};
use engine::{Named, NeededBy, Result};
use leptos::prelude::*;

use super::{
    exceptions::exceptions,
    life::Life,
    needed::needed,
    words::{ack_words, approval_lines, destination_names, retry_words},
};
use crate::{
    features::receipts::readable,
    ui::{time::duration_text, *},
    web::{Page, Visit, owner_name, page},
};

struct Model {
    contract: Contract,
    versions: Vec<Contract>,
    /// Flows that emit under it.
    needed_by: Vec<NeededBy>,
    life: Life,
}

#[component]
pub fn ContractPage() -> impl IntoView {
    page("contracts", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let contract = at.engine().contract(&at.ctx, at.id("contract")?).await?;
    let versions = at
        .engine()
        .contract_versions(&at.ctx, &contract.export_type)
        .await?;
    let named = Named::Contract(contract.export_type.clone());
    let needed_by = at.engine().needed_by(&at.ctx, &named).await?;
    let life = Life::of(&at, &contract.export_type).await?;
    Ok(Model {
        contract,
        versions,
        needed_by,
        life,
    })
}

fn render(model: Model, at: &Visit) -> Page {
    let Model {
        contract,
        versions,
        needed_by,
        life,
    } = &model;
    let in_force = at
        .rules
        .contract(&contract.export_type)
        .is_some_and(|one| one.id == contract.id);
    let newest = versions.first().is_some_and(|one| one.id == contract.id);
    let title = if in_force {
        let standing = life
            .standing
            .as_ref()
            .map_or_else(|| "in force".to_owned(), Standing::words);
        format!("{} {} is {standing}", contract.title, contract.version)
    } else if newest && life.standing.is_some() {
        format!("{} {} is retired", contract.title, contract.version)
    } else {
        format!("{} {} was replaced", contract.title, contract.version)
    };
    let destination = destination_names(contract, &at.rules);
    let now = at.now();
    let (export_type, published) = (contract.export_type.clone(), contract.published_at);
    let summary =
        (!contract.summary.is_empty()).then(|| view! { " · " {contract.summary.clone()} });
    let sub = view! {
        <code>{export_type}</code> {format!(" to {destination} · published ")} <When at=published now/> {summary}
    }
    .into_any();
    let side = view! {
        {answers(contract, at)}
        {other_versions(contract, versions, at)}
        {needed(contract, needed_by, at)}
        {newest.then(|| life.card(contract, at))}
        {facts(contract)}
    }
    .into_any();
    let (checks, approval, clocks) = (checks(contract), approval(contract, at), clocks(contract));
    let (exceptions, schema) = (exceptions(contract, at), schema(contract, at));
    let (triggers, samples) = (triggers(contract), samples(contract));
    let destinations = destinations(contract, at);
    let actions = life.actions(contract, at);
    let banner = newest.then(|| life.banner(at)).flatten();
    let body = view! {
        <PageHead title=title.clone() sub actions/>
        {banner}
        <Split side>{triggers} {checks} {approval} {destinations} {clocks} {exceptions} {schema} {samples}</Split>
    }
    .into_any();
    let crumbs = vec![
        Crumb::link("Contracts", at.path("contracts")),
        Crumb::here(format!("{} {}", contract.export_type, contract.version)),
    ];
    Page::new(title, crumbs, body)
}

fn checks(contract: &Contract) -> impl IntoView + use<> {
    let gates = contract.gates.iter().map(|gate| gate.words());
    let ages = contract.refresh.iter().map(|(field, most)| {
        let most = duration_text(*most);
        format!("What it says of {field} is at most {most} old; older, it is read anew first")
    });
    let rows = gates
        .chain(ages)
        .map(|title| view! { <Row title/> })
        .collect_view();
    view! {
        <Card title="What is checked" id="checks">
            {rows}
            <CardFoot>"Always: the schema, an owner who can be reached, clocks in the future, a route for every code, and that it is not sent twice."</CardFoot>
        </Card>
    }
}

fn approval(contract: &Contract, at: &Visit) -> impl IntoView + use<> {
    let lines = approval_lines(&contract.approval, |owner| owner_name(&at.rules, owner));
    if lines.is_empty() {
        return view! {
            <Card title="Who approves"><CardFoot>"Nobody is asked: it goes out as soon as its checks have passed."</CardFoot></Card>
        }
        .into_any();
    }
    let rows = lines
        .into_iter()
        .map(|(when, who)| view! { <tr><td class="across font-medium">{when}</td><td class="across">{who}</td></tr> })
        .collect_view();
    let cols = vec![Col::text("When"), Col::text("Who")];
    view! {
        <Card title="Who approves" aside="the first line that fits decides".into_any()>
            <Table caption="Approval rules" list=true cols>{rows}</Table>
            <CardFoot>"No line fits: nobody is asked. Nobody approves what they wrote, and two steps are two people."</CardFoot>
        </Card>
    }
    .into_any()
}

/// Where it goes, and when it goes where: nothing to tell where it is always the same.
fn destinations(contract: &Contract, at: &Visit) -> Option<AnyView> {
    if contract.routes.is_empty() {
        return None;
    }
    let name = |key: &str| at.rules.destination_name(key).to_owned();
    let sentence = format!("To {}.", contract.destinations_in_words(name));
    let rows = contract
        .routes
        .iter()
        .map(|one| (one.when.words(), &one.destination))
        .chain(std::iter::once((
            "Otherwise".to_owned(),
            &contract.destination,
        )))
        .map(|(when, key)| {
            let found = at.rules.destination(key);
            let href =
                found.and_then(|one| at.path_to(Noun::Connection, &format!("connections/{}", one.id)));
            let there = name(key);
            let there = match href {
                Some(href) => view! { <a class="link" href=href>{there}</a> }.into_any(),
                None => there.into_any(),
            };
            view! { <tr><td class="across font-medium">{when}</td><td class="across">{there}</td></tr> }
        })
        .collect_view();
    let cols = vec![Col::text("When"), Col::text("Goes to")];
    Some(
        view! {
            <Card title="Where it goes" aside="the first line that fits decides".into_any() id="destinations">
                <Table caption="Routes" list=true cols>{rows}</Table>
                <CardFoot>{sentence} " What it says decides, and is approved with it."</CardFoot>
            </Card>
        }
        .into_any(),
    )
}

fn clocks(contract: &Contract) -> impl IntoView + use<> {
    let rows = kv(vec![
        (
            "From creation",
            Some(
                format!(
                    "taken in {}, done in {}",
                    duration_text(contract.accept_ms),
                    duration_text(contract.resolve_ms)
                )
                .into_any(),
            ),
        ),
        (
            "Stays true for",
            Some(
                format!(
                    "{}; after that it is not sent",
                    duration_text(contract.valid_for_ms)
                )
                .into_any(),
            ),
        ),
        ("The destination", Some(ack_words(&contract.ack).into_any())),
        ("Tried again", Some(retry_words(&contract.retry).into_any())),
    ]);
    view! { <Card title="Clocks" id="clocks">{rows}</Card> }
}

fn triggers(contract: &Contract) -> Option<AnyView> {
    if contract.triggers.is_empty() {
        return None;
    }
    let facts = fact::order_facts();
    let rows = contract
        .triggers
        .iter()
        .map(|one| {
            let title = match one {
                ContractTrigger::Event { event, when, .. } if *when == Condition::Always => {
                    format!("On {event}")
                }
                ContractTrigger::Event { event, when, .. } => {
                    format!("On {event}, when {}", when.words(&facts))
                }
                ContractTrigger::Schedule { .. } => one.time_in_words(),
                ContractTrigger::Manual { .. } => "When somebody asks for it".to_owned(),
            };
            let sub = format!("done within {}", duration_text(one.sla_ms()));
            view! { <Row title sub tone=Tone::Moving/> }
        })
        .collect_view();
    Some(
        view! { <Card title="What makes it without a flow" id="triggers">{rows}</Card> }.into_any(),
    )
}

fn samples(contract: &Contract) -> Option<AnyView> {
    if contract.samples.is_empty() {
        return None;
    }
    let rows = contract
        .samples
        .iter()
        .map(|one| {
            let must = match one.must {
                Must::Pass => "must pass",
                Must::Fail => "must fail",
            };
            let text = readable(&one.payload.to_string());
            let label = format!("{}, {must}", one.name);
            view! { <CardFoot><RawJson label text/></CardFoot> }
        })
        .collect_view();
    Some(view! { <Card title="Samples" id="samples">{rows}</Card> }.into_any())
}

fn schema(contract: &Contract, at: &Visit) -> impl IntoView + use<> {
    let text = readable(&contract.schema.to_string());
    let href = format!(
        "/api/v1/contracts/{}/versions/{}/schema?merchant={}",
        contract.id,
        contract.version,
        at.slug()
    );
    let aside = view! { <a class="link" href=href>"JSON Schema 2020-12"</a> }.into_any();
    view! {
        <Card title="What the payload must look like" aside id="schema">
            <CardFoot><RawJson label="The schema" text/></CardFoot>
        </Card>
    }
}

fn answers(contract: &Contract, at: &Visit) -> impl IntoView + use<> {
    let row = |owner: &Owner, part: &str| {
        let people: Vec<String> = at
            .rules
            .people(owner)
            .into_iter()
            .map(|user| user.name.clone())
            .collect();
        let title = owner_name(&at.rules, owner);
        let sub = if people.is_empty() {
            part.to_owned()
        } else {
            format!("{part} · {}", people.join(", "))
        };
        view! { <Row person=title.clone() title sub/> }
    };
    let steps = contract
        .escalation
        .steps
        .iter()
        .enumerate()
        .map(|(n, step)| {
            row(
                &step.target,
                &format!(
                    "escalation step {}, after {}",
                    n + 1,
                    duration_text(step.after_ms)
                ),
            )
        })
        .collect_view();
    let watchers = contract
        .watchers
        .iter()
        .map(|owner| row(owner, "told as well"))
        .collect_view();
    let (owner, backup) = (
        row(&contract.owner, "owner"),
        row(&contract.backup, "backup"),
    );
    view! { <Card title="Who answers">{owner} {backup} {steps} {watchers}</Card> }
}

fn other_versions(contract: &Contract, versions: &[Contract], at: &Visit) -> Option<AnyView> {
    if versions.len() < 2 {
        return None;
    }
    let now = at.now();
    let rows = versions
        .iter()
        .map(|one| {
            let shown = one.id == contract.id;
            let href = (!shown).then(|| at.path(&format!("contracts/{}", one.id)));
            let title = if shown {
                format!("{}, shown here", one.version)
            } else {
                one.version.clone()
            };
            let aside = view! { <When at=one.published_at now/> }.into_any();
            view! { <Row title nostrip:href=href aside/> }
        })
        .collect_view();
    Some(view! { <Card title="Versions">{rows}</Card> }.into_any())
}

fn facts(contract: &Contract) -> impl IntoView + use<> {
    let recipe = contract.idempotency.join(" + ");
    let id = view! { <CopyId id=contract.id.to_string() what="contract id"/> }.into_any();
    let rows = kv(vec![
        ("Contract", Some(id)),
        ("Intent", Some(view! { <code>{contract.intent.clone()}</code> }.into_any())),
        ("Does", Some(contract.intended_action.clone().into_any())),
        ("Destination", Some(view! { <code>{contract.destinations().join(", ")}</code> }.into_any())),
        ("Known by", Some(view! { <code>{recipe}</code> <br/> "The same values are the same command: it is done once." }.into_any())),
    ]);
    view! { <Card title="Facts">{rows}</Card> }
}
