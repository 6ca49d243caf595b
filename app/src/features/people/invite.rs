//! Inviting somebody: who, on whose side, what they may do and answer for.

use std::sync::Arc;

use domain::access::Action;
use engine::Result;
use leptos::prelude::*;

use super::words::{here, place_fields};
use crate::{
    ui::*,
    web::{Page, Visit, page},
};

#[component]
pub fn NewInvitationPage() -> impl IntoView {
    page("people", load, render)
}

async fn load(at: Arc<Visit>) -> Result<()> {
    at.ctx.require(Action::ManagePeople)
}

fn render((): (), at: &Visit) -> Page {
    let title = format!("Invite somebody to {}", at.ctx.merchant().name);
    let typed = at.form("invite");
    let email = typed
        .text("email", "E-mail address")
        .hint("The invitation is for this address alone.");
    let name = typed
        .text("name", "Name, if you like")
        .hint("They choose their own when they accept.");
    let hidden = at.hidden(&[]);
    let fields = place_fields(&typed, None);
    let email_is = typed.value("email");
    let name_is = typed.value("name");
    let body = view! {
        <PageHead title=title.clone() sub="They get a link that works once, for 7 days. Nothing happens until they accept.".into_any()/>
        <div class="max-w-xl">
            <Card padded=true>
                <form method="post" action="/ui/people/invite">
                    {hidden}
                    <Input text=email kind="email" value=email_is autocomplete="off" required=true autofocus=true/>
                    <Input text=name value=name_is autocomplete="off"/>
                    {fields}
                    <div class="acts mt-4"><Button label="Invite" kind=Kind::Primary/></div>
                </form>
            </Card>
        </div>
    }
    .into_any();
    Page::new(title, vec![here(at), Crumb::here("Invite")], body)
}
