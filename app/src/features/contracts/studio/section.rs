//! One section of a draft as a form, and the form with which a contract begins.

use std::sync::Arc;

use domain::{access::Action, contract::Sheet};
use engine::{Error, Result, template::contract_types};
use leptos::prelude::*;

use super::{
    Section,
    draft::type_of,
    fields::{self, Around},
};
use crate::{
    ui::*,
    web::{Page, Visit, owner_options, page},
};

struct Model {
    sheet: Sheet,
    section: Section,
    around: Around,
}

#[component]
pub fn ContractSectionPage() -> impl IntoView {
    page("contracts", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    at.ctx.require(Action::DrawContracts)?;
    let section = at.desk.asked.param("section").and_then(Section::of);
    let section = section.ok_or_else(|| Error::not_found("section"))?;
    let rail = at.engine().contract_rail(&at.ctx, &type_of(&at)?).await?;
    let owners = owner_options(&at).await?;
    let destinations = at
        .rules
        .destinations
        .iter()
        .filter(|one| one.retired_at.is_none());
    let none = (String::new(), "choose".to_owned());
    let around = Around {
        owners: std::iter::once(none.clone()).chain(owners).collect(),
        destinations: std::iter::once(none)
            .chain(destinations.map(|one| (one.key.clone(), one.name.clone())))
            .collect(),
        samples: rail.samples,
    };
    Ok(Model {
        sheet: rail.sheet,
        section,
        around,
    })
}

fn render(model: Model, at: &Visit) -> Page {
    let Model {
        sheet,
        section,
        around,
    } = &model;
    let key = sheet.export_type.as_str();
    let draft = &sheet.draft;
    let title = format!("{}: {}", draft.title, section.title().to_lowercase());
    let typed = at.form("contract");
    let fields = fields::of(*section, draft, &typed, around, at);
    let rev = sheet.rev.to_string();
    let hidden = at.hidden(&[
        ("contract", key),
        ("section", section.key()),
        ("rev", rev.as_str()),
    ]);
    let path = |rest: &str| at.path(&format!("contracts/{key}/draft{rest}"));
    let others = Section::ALL
        .into_iter()
        .map(|one| {
            let here = one == *section;
            let href = (!here).then(|| path(&format!("/{}", one.key())));
            view! { <Row title=one.title() sub=one.says() nostrip:href=href/> }
        })
        .collect_view();
    let side = view! { <Card title="Sections">{others}</Card> }.into_any();
    let back = path("");
    let to_draft = back.clone();
    let body = view! {
        <PageHead title=title.clone() sub=section.says().into_any()/>
        <Split side>
            <Card padded=true>
                <form method="post" action="/ui/contract/save">
                    {hidden}
                    {fields}
                    <div class="acts mt-4">
                        <Button label="Save" kind=Kind::Primary/>
                        <LinkButton href=to_draft label="Back to the draft"/>
                    </div>
                </form>
            </Card>
        </Split>
    }
    .into_any();
    Page::new(
        title,
        vec![
            Crumb::link("Contracts", at.path("contracts")),
            Crumb::link(format!("{} draft", draft.title), back),
            Crumb::here(section.title()),
        ],
        body,
    )
}

#[component]
pub fn NewContractPage() -> impl IntoView {
    page("contracts", load_new, render_new)
}

async fn load_new(at: Arc<Visit>) -> Result<Vec<(&'static str, &'static str)>> {
    at.ctx.require(Action::DrawContracts)?;
    let mut types = contract_types();
    types.retain(|(key, _)| at.rules.contract(key).is_none());
    Ok(types)
}

fn render_new(types: Vec<(&'static str, &'static str)>, at: &Visit) -> Page {
    let title = "A new contract begins as a draft";
    let typed = at.form("new-contract");
    let (named, kind) = (
        typed.text("title", "Title"),
        typed.text("export_type", "Export type"),
    );
    let named =
        named.hint("As people call it, at most 120 characters. Not needed with a template.");
    let kind = kind.hint(
        "Small letters, digits and underscores, as programs call it. Empty: after the title.",
    );
    let template = typed
        .text("template", "Begin with")
        .hint("A template brings schema, samples, owners, clocks and exceptions.");
    let options = std::iter::once((String::new(), "nothing".to_owned()))
        .chain(
            types
                .iter()
                .map(|(key, title)| ((*key).to_owned(), format!("{title} ({key})"))),
        )
        .collect::<Vec<_>>();
    let (title_is, type_is, template_is) = (
        typed.value("title"),
        typed.value("export_type"),
        typed.value("template"),
    );
    let hidden = at.hidden(&[]);
    let body = view! {
        <PageHead title=title sub="Nothing goes out under it before it is published.".into_any()/>
        <Card padded=true>
            <form method="post" action="/ui/contract/new">
                {hidden}
                <Select text=template options value=template_is/>
                <Input text=named value=title_is/>
                <Input text=kind value=type_is/>
                <div class="acts mt-4"><Button label="Begin" kind=Kind::Primary/></div>
            </form>
        </Card>
    };
    Page::new(
        title,
        vec![
            Crumb::link("Contracts", at.path("contracts")),
            Crumb::here("New"),
        ],
        body,
    )
}
