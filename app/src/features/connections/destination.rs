//! One destination: where exports go, under which contracts, and how the last ones went.

use domain::{connection::Destination, export::Export};
use leptos::prelude::*;

use crate::{
    features::exports::export_tone,
    ui::*,
    web::{Page, Visit},
};

pub(super) fn destination_page(one: &Destination, exports: &[Export], at: &Visit) -> Page {
    let now = at.now();
    let title = match exports.first() {
        Some(last) => format!("{}: last export {}", one.name, last.state.words()),
        None => format!("{}: nothing sent yet", one.name),
    };
    let rows = exports
        .iter()
        .map(|export| {
            let href = at.path(&format!("exports/{}", export.id));
            let aside = view! { <When at=export.created_at now/> }.into_any();
            view! { <Row tone=export_tone(export.state) title=export.title.clone() sub=export.state.words() href aside/> }
        })
        .collect_view();
    let inside = if exports.is_empty() {
        view! { <CardFoot>"Nothing was sent there yet."</CardFoot> }.into_any()
    } else {
        rows.into_any()
    };
    let contracts = at
        .rules
        .contracts
        .iter()
        .filter(|contract| contract.destination == one.key)
        .map(|contract| {
            let href = at.path(&format!("contracts/{}", contract.id));
            view! { <Row title=contract.title.clone() sub=format!("{} {}", contract.export_type, contract.version) href/> }
        })
        .collect_view();
    let id =
        |id: &str, what: &'static str| Some(view! { <CopyId id=id.to_owned() what/> }.into_any());
    let facts = kv(vec![
        (
            "Address",
            Some(view! { <CopyId id=one.url.clone() whole=true what="address"/> }.into_any()),
        ),
        ("Side", Some(one.party.as_str().into_any())),
        ("System", Some(one.system.clone().into_any())),
        ("Key", id(&one.key, "destination key")),
        ("Destination", id(&one.id.to_string(), "destination id")),
        (
            "Signed",
            Some("Standard Webhooks; the secret is kept sealed and never shown again".into_any()),
        ),
    ]);
    let side = view! {
        <Card title="Facts">{facts}</Card>
        <Card title="Contracts">{contracts}</Card>
    }
    .into_any();
    let body = view! {
        <PageHead title=title.clone() sub="Exports go there, signed, and it says what became of them.".into_any()/>
        <Split side>
            <div id="exports" data-live=""><Card title="Latest exports">{inside}</Card></div>
        </Split>
    }
    .into_any();
    Page::new(
        title,
        vec![
            Crumb::link("Connections", at.path("connections")),
            Crumb::here(one.name.clone()),
        ],
        body,
    )
}
