//! One version of a contract.

use std::sync::Arc;

use domain::{contract::Contract, owner::Owner};
use engine::{Named, NeededBy, Result};
use leptos::prelude::*;

use super::{
    exceptions::exceptions,
    needed::needed,
    words::{ack_words, approval_lines, retry_words},
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
    Ok(Model {
        contract,
        versions,
        needed_by,
    })
}

fn render(model: Model, at: &Visit) -> Page {
    let Model {
        contract,
        versions,
        needed_by,
    } = &model;
    let in_force = at
        .rules
        .contract(&contract.export_type)
        .is_some_and(|one| one.id == contract.id);
    let title = if in_force {
        format!("{} {} is in force", contract.title, contract.version)
    } else {
        format!("{} {} was replaced", contract.title, contract.version)
    };
    let destination = at
        .rules
        .destination(&contract.destination)
        .map_or_else(|| contract.destination.clone(), |one| one.name.clone());
    let now = at.now();
    let (export_type, published) = (contract.export_type.clone(), contract.published_at);
    let summary =
        (!contract.summary.is_empty()).then(|| view! { " · " {contract.summary.clone()} });
    let sub = view! {
        <code>{export_type}</code> {format!(" to {destination} · published ")} <When at=published now/> {summary}
    }
    .into_any();
    let side = view! { {answers(contract, at)} {other_versions(contract, versions, at)} {needed(contract, needed_by, at)} {facts(contract)} }.into_any();
    let (approval, clocks) = (approval(contract, at), clocks(contract));
    let (exceptions, schema) = (exceptions(contract, at), schema(contract));
    let body = view! {
        <PageHead title=title.clone() sub/>
        <Split side>{approval} {clocks} {exceptions} {schema}</Split>
    }
    .into_any();
    let crumbs = vec![
        Crumb::link("Contracts", at.path("contracts")),
        Crumb::here(format!("{} {}", contract.export_type, contract.version)),
    ];
    Page::new(title, crumbs, body)
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

fn schema(contract: &Contract) -> impl IntoView + use<> {
    let text = readable(&contract.schema.to_string());
    let href = format!(
        "/api/v1/contracts/{}/versions/{}/schema",
        contract.id, contract.version
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
        ("Destination", Some(view! { <code>{contract.destination.clone()}</code> }.into_any())),
        ("Known by", Some(view! { <code>{recipe}</code> <br/> "The same values are the same command: it is done once." }.into_any())),
    ]);
    view! { <Card title="Facts">{rows}</Card> }
}
