//! The list of contracts: the newest published version of each.

use std::sync::Arc;

use domain::{
    access::{Action, Noun},
    contract::{Contract, Sheet, Standing},
};
use engine::Result;
use leptos::prelude::*;

use super::words::{approval_short, destination_names};
use crate::{
    features::exports::plural,
    ui::{time::duration_text, *},
    web::{Page, Visit, owner_name, page},
};

#[component]
pub fn ContractsPage() -> impl IntoView {
    page("contracts", load, render)
}

struct Model {
    contracts: Vec<Arc<Contract>>,
    drafts: Vec<Sheet>,
    standings: Vec<Standing>,
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    at.ctx.read(Noun::Contract)?;
    Ok(Model {
        contracts: at.rules.contracts.clone(),
        drafts: at.engine().contract_drafts(&at.ctx).await?,
        standings: at.engine().contract_standings(&at.ctx).await?,
    })
}

fn render(model: Model, at: &Visit) -> Page {
    let Model {
        contracts,
        drafts,
        standings,
    } = &model;
    let title = match contracts.len() {
        0 => "No contract is published".to_owned(),
        n => format!("{n} {} in force", plural(n, "contract")),
    };
    let rows = contracts
        .iter()
        .map(|contract| row(contract, standings, at))
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
                "A contract says what an export must look like and to whom each refusal goes. Draw the first one, or take over a flow’s template, which brings its own."
            </Empty>
        }
        .into_any()
    } else {
        view! { <Table caption="Contracts in force" list=true cols>{rows}</Table> }.into_any()
    };
    let new = at.ctx.may(Action::DrawContracts).then(|| {
        view! { <LinkButton href=at.path("contracts/new") label="New contract…" kind=Kind::Primary/> }
    });
    let actions = view! { {new} }.into_any();
    let body = view! {
        <PageHead title=title.clone() sub="What may go out, in which form, approved by whom, and who gets it when it is refused.".into_any() actions/>
        <Card>{inside}</Card>
        {drawn(drafts, at)}
        {retired(standings, at)}
    };
    Page::new(title, vec![Crumb::here("Contracts")], body)
}

fn drawn(drafts: &[Sheet], at: &Visit) -> Option<AnyView> {
    if drafts.is_empty() {
        return None;
    }
    let rows = drafts
        .iter()
        .map(|sheet| {
            let href = at.path(&format!("contracts/{}/draft", sheet.export_type));
            let title = format!("{} {}", sheet.draft.title, sheet.draft.version);
            let (tone, sub) = if sheet.open_request().is_some() {
                (Tone::Wait, "in review: a second person is asked")
            } else {
                (Tone::Moving, "draft")
            };
            let aside = view! { <When at=sheet.edited_at now=at.now()/> }.into_any();
            view! { <Row title sub href tone aside/> }
        })
        .collect_view();
    Some(view! { <Card title="On the drawing board" id="drafts">{rows}</Card> }.into_any())
}

fn retired(standings: &[Standing], at: &Visit) -> Option<AnyView> {
    let rows: Vec<_> = standings
        .iter()
        .filter(|one| one.is_retired())
        .map(|one| {
            let fields = at.fields(&[("contract", one.export_type.as_str())]);
            let aside = at.ctx.may(Action::Publish).then(|| {
                view! { <PostButton action="/ui/contract/resume" label="Take back into use" fields describe=format!("Take {} back into use", one.export_type)/> }
            });
            let sub = format!("{}: {}", one.words(), one.why);
            let aside = view! { {aside} }.into_any();
            view! { <Row title=one.export_type.clone() sub tone=Tone::Held aside/> }
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    Some(view! { <Card title="Retired" id="retired">{rows}</Card> }.into_any())
}

fn row(contract: &Contract, standings: &[Standing], at: &Visit) -> impl IntoView + use<> {
    let standing = standings
        .iter()
        .find(|one| one.export_type == contract.export_type)
        .map(|one| view! { <StateBadge tone=Tone::Wait word=one.words()/> });
    let destination = destination_names(contract, &at.rules);
    view! {
        <tr data-row=contract.id.to_string()>
            <td>
                <a class="title" data-open="" href=at.path(&format!("contracts/{}", contract.id))>{contract.title.clone()}</a>
                <small class="mono">{contract.export_type.clone()}</small>
                {standing}
            </td>
            <td>{contract.version.clone()}</td>
            <td>{owner_name(&at.rules, &contract.owner)}</td>
            <td class="wide">{approval_short(&contract.approval)}</td>
            <td class="wide">{destination}</td>
            <td class="num wide">{duration_text(contract.resolve_ms)}</td>
        </tr>
    }
}
