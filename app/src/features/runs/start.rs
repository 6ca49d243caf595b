//! The form that starts a run by hand: for an order, or with what the flow asks for.

use domain::{
    access::Action,
    flow::{Flow, Trigger},
    owner::role_title,
};
use leptos::prelude::*;

use super::form::inputs;
use crate::{ui::*, web::Visit};

/// Nothing, where nobody starts this flow by hand, or this person may not.
pub(crate) fn start(flow: &Flow, at: &Visit) -> Option<AnyView> {
    if !at.ctx.may(Action::Trigger) {
        return None;
    }
    let typed = at.form("start");
    let hidden = at.hidden(&[("flow", &flow.id.to_string())]);
    let (title, questions) = match &flow.trigger {
        Trigger::Manual => {
            let text = typed
                .text("order", "Order")
                .hint("Its name, such as #1001, or its id.");
            let value = typed.value("order");
            let field = view! { <Input text value required=true autocomplete="off"/> }.into_any();
            ("Start it for an order".to_owned(), field)
        }
        Trigger::Form { noun, fields } => {
            let (name, name_is) = (typed.text("title", "Title"), typed.value("title"));
            let (reference, reference_is) = (
                typed
                    .text("reference", "Reference")
                    .hint("Your own handle for it, unlike any other."),
                typed.value("reference"),
            );
            let field = view! {
                <div class="pair">
                    <Input text=name value=name_is required=true/>
                    <Input text=reference value=reference_is required=true autocomplete="off"/>
                </div>
                {inputs(fields, &typed)}
            };
            (
                format!("Start it: {}", role_title(noun).to_lowercase()),
                field.into_any(),
            )
        }
        Trigger::Order { .. } | Trigger::Campaign | Trigger::SubFlow => return None,
    };
    Some(
        view! {
            <Card title padded=true id="start">
                <form method="post" action="/ui/run/start">
                    {hidden}
                    {questions}
                    <div class="acts"><Button label="Start" kind=Kind::Primary/></div>
                </form>
            </Card>
        }
        .into_any(),
    )
}
