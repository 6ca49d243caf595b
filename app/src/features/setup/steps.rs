//! The card on the queue of somebody who runs a new operator: which step is next.

use engine::FirstSteps;
use leptos::prelude::*;

use crate::ui::{Card, Kind, LinkButton, Row, StateBadge, Tone};

struct Step {
    title: &'static str,
    why: &'static str,
    done: bool,
    href: String,
    act: &'static str,
}

fn steps(of: &FirstSteps) -> Vec<Step> {
    let slug = of.merchant.as_ref().map(|merchant| merchant.slug.as_str());
    let at = |rest: &str| {
        slug.map(|slug| format!("/m/{slug}/{rest}"))
            .unwrap_or_default()
    };
    let source = of
        .source
        .map_or_else(|| at("connections"), |id| at(&format!("connections/{id}")));
    vec![
        Step {
            title: "Add the first merchant",
            why: "A shop with its own orders, rules and people.",
            done: of.merchant.is_some(),
            href: format!("/o/{}/merchants/new", of.operator.slug),
            act: "Add a merchant",
        },
        Step {
            title: "Connect its storefront",
            why: "You get an address and a secret to give to Shopify.",
            done: of.source.is_some(),
            href: at("connections/new"),
            act: "Connect a storefront",
        },
        Step {
            title: "Say where work goes",
            why: "A warehouse, a 3PL or another system that takes what is approved.",
            done: of.has_destination,
            href: at("connections/new-destination"),
            act: "Add a destination",
        },
        Step {
            title: "Publish a flow",
            why: "From a template, with the people who answer for each part of it.",
            done: of.has_flow,
            href: at("flows/template"),
            act: "Choose a template",
        },
        Step {
            title: "Watch the first order pass",
            why: "Send a test event from the storefront’s page, or wait for a real one.",
            done: of.order.is_some() && of.has_flow,
            href: source,
            act: "Send a test event",
        },
    ]
}

pub fn first_steps(of: &FirstSteps) -> impl IntoView + use<> {
    let steps = steps(of);
    let whose = of.merchant.as_ref().map(|one| one.name.clone());
    let whose = whose.map(IntoAny::into_any);
    let done = steps.iter().filter(|step| step.done).count();
    let title = format!("Getting started: {done} of {} done", steps.len());
    let next = steps.iter().position(|step| !step.done);
    let rows = steps
        .into_iter()
        .enumerate()
        .map(|(index, step)| {
            let (tone, aside) = if step.done {
                let badge = view! { <StateBadge tone=Tone::Done word="done"/> };
                (Tone::Done, badge.into_any())
            } else if Some(index) == next {
                let link = view! { <LinkButton href=step.href label=step.act kind=Kind::Primary/> };
                (Tone::Wait, link.into_any())
            } else {
                (
                    Tone::Idle,
                    view! { <StateBadge tone=Tone::Idle word="later"/> }.into_any(),
                )
            };
            view! { <Row tone title=step.title sub=step.why aside/> }
        })
        .collect_view();
    view! { <div class="mb-5"><Card title nostrip:aside=whose id="first-steps">{rows}</Card></div> }
}
