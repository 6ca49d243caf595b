//! Connecting a source: which system, what it is called, and its secret if it chose one.

use std::sync::Arc;

use domain::access::Action;
use engine::Result;
use leptos::prelude::*;

use super::secret::{TYPE_AGAIN, chose_before};
use crate::{
    ui::*,
    web::{Page, Visit, page},
};

#[component]
pub fn NewSourcePage() -> impl IntoView {
    page("connections", load, render)
}

async fn load(at: Arc<Visit>) -> Result<()> {
    at.ctx.require(Action::ManageConnections)
}

fn render((): (), at: &Visit) -> Page {
    let title = "Connect a storefront";
    let typed = at.form("source");
    let hidden = at.hidden(&[]);
    let systems = vec![("shopify".to_owned(), "Shopify".to_owned())];
    let (system, chosen) = (
        typed.text("system", "System"),
        typed.value_or("system", "shopify"),
    );
    let (name, name_is) = (
        typed
            .text("name", "Name")
            .hint("How people here call it, such as “Shopify, main store”."),
        typed.value("name"),
    );
    let again = chose_before(&typed);
    let secret = typed
        .text("secret", "Its secret, if it has one")
        .hint(if again { TYPE_AGAIN } else { "Shopify’s client secret. Leave it empty to have one made; it is shown once, on the next page." });
    let body = view! {
        <PageHead title sub="It gets an address of its own that nobody can guess, and every delivery is checked against the secret.".into_any()/>
        <div class="max-w-xl">
            <Card padded=true>
                <form method="post" action="/ui/source/create">
                    {hidden}
                    <Select text=system options=systems value=chosen/>
                    <Input text=name value=name_is required=true autofocus=true/>
                    <Input text=secret kind="password" autocomplete="off" required=again/>
                    <div class="acts"><Button label="Connect" kind=Kind::Primary/></div>
                </form>
            </Card>
        </div>
    }
    .into_any();
    Page::new(
        title,
        vec![
            Crumb::link("Connections", at.path("connections")),
            Crumb::here("New"),
        ],
        body,
    )
}
