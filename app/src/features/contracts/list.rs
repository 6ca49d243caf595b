//! The list of contracts: the newest published version of each.

use std::sync::Arc;

use domain::{access::Noun, contract::Contract};
use engine::Result;
use leptos::prelude::*;

use super::words::approval_short;
use crate::{
    features::exports::plural,
    ui::{time::duration_text, *},
    web::{Page, Visit, owner_name, page},
};

#[component]
pub fn ContractsPage() -> impl IntoView {
    page("contracts", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Vec<Arc<Contract>>> {
    at.ctx.read(Noun::Contract)?;
    Ok(at.rules.contracts.clone())
}

fn render(contracts: Vec<Arc<Contract>>, at: &Visit) -> Page {
    let title = match contracts.len() {
        0 => "No contract is published".to_owned(),
        n => format!("{n} {} in force", plural(n, "contract")),
    };
    let rows = contracts
        .iter()
        .map(|contract| row(contract, at))
        .collect_view();
    let cols = vec![
        Col::text("Contract"),
        Col::text("Version"),
        Col::text("Owner"),
        Col::text("Approved by").wide(),
        Col::text("Goes to").wide(),
        Col::num("Done within").wide(),
    ];
    let inside = if contracts.is_empty() {
        view! {
            <Empty icon=Ico::Contracts title="No contract is published">
                "A contract says what an export must look like and to whom each refusal goes. The engine publishes the first one when a merchant is set up."
            </Empty>
        }
        .into_any()
    } else {
        view! { <Table caption="Contracts in force" list=true cols>{rows}</Table> }.into_any()
    };
    let body = view! {
        <PageHead title=title.clone() sub="What may go out, in which form, approved by whom, and who gets it when it is refused.".into_any()/>
        <Card>{inside}</Card>
    };
    Page::new(title, vec![Crumb::here("Contracts")], body)
}

fn row(contract: &Contract, at: &Visit) -> impl IntoView + use<> {
    let destination = at
        .rules
        .destination(&contract.destination)
        .map_or_else(|| contract.destination.clone(), |one| one.name.clone());
    view! {
        <tr data-row=contract.id.to_string()>
            <td>
                <a class="title" data-open="" href=at.path(&format!("contracts/{}", contract.id))>{contract.title.clone()}</a>
                <small class="mono">{contract.export_type.clone()}</small>
            </td>
            <td>{contract.version.clone()}</td>
            <td>{owner_name(&at.rules, &contract.owner)}</td>
            <td class="wide">{approval_short(&contract.approval)}</td>
            <td class="wide">{destination}</td>
            <td class="num wide">{duration_text(contract.resolve_ms)}</td>
        </tr>
    }
}
