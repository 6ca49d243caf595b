//! Adding a destination: what it is, where it is called, and the secret that signs.

use std::sync::Arc;

use domain::{access::Action, owner::Party};
use engine::Result;
use leptos::prelude::*;

use super::secret::{TYPE_AGAIN, chose_before};
use crate::{
    ui::*,
    web::{Page, Visit, page},
};

#[component]
pub fn NewDestinationPage() -> impl IntoView {
    page("connections", load, render)
}

async fn load(at: Arc<Visit>) -> Result<()> {
    at.ctx.require(Action::ManageConnections)
}

/// Whose it can be; what the system does itself needs no destination.
pub(super) fn side_word(party: Party) -> &'static str {
    match party {
        Party::Merchant => "The merchant’s",
        Party::Agency => "Ours, the agency’s",
        Party::ThreePl => "A 3PL’s",
        Party::Carrier => "A carrier’s",
        Party::System => "Meshline’s own",
    }
}

fn sides() -> Vec<(String, String)> {
    [
        Party::Merchant,
        Party::Agency,
        Party::ThreePl,
        Party::Carrier,
    ]
    .map(|party| (party.as_str().to_owned(), side_word(party).to_owned()))
    .into()
}

fn render((): (), at: &Visit) -> Page {
    let title = "Add a destination";
    let typed = at.form("destination");
    let hidden = at.hidden(&[]);
    let name = typed
        .text("name", "Name")
        .hint("How people here call it, such as “Harbor 3PL”.");
    let key = typed.text("key", "Key").hint(
        "What contracts name it by; it never changes. Leave it empty to have one made out of the name.",
    );
    let system = typed
        .text("system", "Kind of system")
        .hint("One word, such as oms, wms, 3pl or storefront.");
    let party = typed.text("party", "Whose is it?");
    let url = typed.text("url", "URL").hint(
        "Where exports are posted to: https, at a public address. Redirects are not followed.",
    );
    let again = chose_before(&typed);
    let secret = typed.text("secret", "Signing secret, if the other side has one").hint(if again {
        TYPE_AGAIN
    } else {
        "Standard Webhooks, whsec_… Leave it empty to have one made; it is shown once, on the next page."
    });
    let [name_is, key_is, system_is, url_is] =
        ["name", "key", "system", "url"].map(|field| typed.value(field));
    let party_is = typed.value_or("party", Party::Merchant.as_str());
    let body = view! {
        <PageHead title sub="Exports of the contracts that name it go there, signed, and it says what became of them.".into_any()/>
        <div class="max-w-xl">
            <Card padded=true>
                <form method="post" action="/ui/destination/create">
                    {hidden}
                    <Input text=name value=name_is required=true autofocus=true/>
                    <Input text=key value=key_is autocomplete="off"/>
                    <Input text=system value=system_is required=true/>
                    <Select text=party options=sides() value=party_is/>
                    <Input text=url value=url_is required=true autocomplete="off"/>
                    <Input text=secret kind="password" autocomplete="off" required=again/>
                    <div class="acts"><Button label="Add" kind=Kind::Primary/></div>
                </form>
            </Card>
        </div>
    }
    .into_any();
    Page::new(
        title,
        vec![
            Crumb::link("Connections", at.path("connections")),
            Crumb::here("New destination"),
        ],
        body,
    )
}
