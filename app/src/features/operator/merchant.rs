//! A new merchant: a name, and the short name that stands in every link.

use std::sync::Arc;

use engine::{AgencyCtx, Result};
use leptos::prelude::*;

use super::{enter, path};
use crate::{
    shell::OPERATOR,
    ui::*,
    web::{Desk, Page, home},
};

#[component]
pub fn NewMerchantPage() -> impl IntoView {
    home(OPERATOR, load, render)
}

async fn load(desk: Arc<Desk>) -> Result<AgencyCtx> {
    let at = enter(&desk).await?;
    at.require_admin()?;
    Ok(at)
}

fn render(at: AgencyCtx, desk: &Desk) -> Page {
    let title = "Add a merchant";
    let typed = desk.form("merchant");
    let (name, name_is) = (
        typed
            .text("name", "Name")
            .hint("As its people call it, such as “Alder & Pine”."),
        typed.value("name"),
    );
    let (slug, slug_is) = (
        typed.text("slug", "Path").hint(
            "Small letters, digits and hyphens: alder-pine stands in every link to it, and stays.",
        ),
        typed.value("slug"),
    );
    let (operator, back) = (at.operator.slug.clone(), desk.asked.back.clone());
    let sub = format!(
        "A shop with its own orders, rules and people. Everybody at {} reaches it at once.",
        at.operator.name
    );
    let body = view! {
        <PageHead title sub=sub.into_any()/>
        <div class="max-w-xl">
            <Card padded=true>
                <form method="post" action="/ui/operator/add-merchant">
                    <input type="hidden" name="operator" value=operator/>
                    <input type="hidden" name="back" value=back/>
                    <Input text=name value=name_is required=true autofocus=true/>
                    <Input text=slug value=slug_is required=true autocomplete="off"/>
                    <div class="acts"><Button label="Add the merchant" kind=Kind::Primary/></div>
                </form>
            </Card>
        </div>
    };
    Page::new(
        title,
        vec![
            Crumb::link(at.operator.name.clone(), path(&at, "")),
            Crumb::here("New merchant"),
        ],
        body,
    )
}
