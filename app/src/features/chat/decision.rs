//! `/a/{token}`: the link in a message or a mail. It leads whoever may see the decision to its page; once the
//! request is over, it says what became of it.

use std::sync::Arc;

use engine::{OpenDecision, Result};
use http::StatusCode;
use leptos::prelude::*;

use crate::{
    ui::*,
    web::{Desk, Page, go, home, secret_address},
};

#[component]
pub fn DecisionLinkPage() -> impl IntoView {
    home("", load, render)
}

async fn load(desk: Arc<Desk>) -> Result<OpenDecision> {
    secret_address(StatusCode::OK);
    let token = desk.asked.param("token").unwrap_or_default();
    let open = desk
        .engine()
        .open_decision(desk.person.user.id, token)
        .await?;
    if open.over.is_none() {
        go(&page_of(&open));
    }
    Ok(open)
}

fn page_of(open: &OpenDecision) -> String {
    format!("/m/{}/approvals/{}", open.merchant.slug, open.approval.id)
}

fn render(open: OpenDecision, _: &Desk) -> Page {
    let href = page_of(&open);
    let title = open.title.clone();
    let said = open
        .over
        .unwrap_or_else(|| "It waits on its page".to_owned());
    let actions = view! { <LinkButton href label="See it" kind=Kind::Primary/> }.into_any();
    let merchant = open.merchant.name;
    let body = view! {
        <PageHead title=title.clone() sub=merchant.into_any()/>
        <Card>
            <Empty icon=Ico::Question title=said actions>
                "The link ended with the request. Nothing is asked of you here any more."
            </Empty>
        </Card>
    };
    Page::new(title.clone(), vec![Crumb::here(title)], body)
}
