//! `/m/{merchant}/flows/template`: a flow to begin with, and who answers for its parts.

use std::sync::Arc;

use domain::{
    access::Action,
    owner::{Party, role_title},
};
use engine::{Result, template::Template};
use leptos::prelude::*;

use crate::{
    ui::*,
    web::{Page, Visit, page},
};

/// The roles that templates name, each with its field's name.
const FIELDS: [(&str, &str); 11] = [
    ("carrier_onboarding", "who[carrier_onboarding]"),
    ("customer_ops", "who[customer_ops]"),
    ("engineering", "who[engineering]"),
    ("finance", "who[finance]"),
    ("logistics", "who[logistics]"),
    ("marketing_ops", "who[marketing_ops]"),
    ("merchandising", "who[merchandising]"),
    ("operations", "who[operations]"),
    ("returns_ops", "who[returns_ops]"),
    ("revenue_ops", "who[revenue_ops]"),
    ("supply_chain", "who[supply_chain]"),
];

fn field(role: &str) -> Option<&'static str> {
    let mut known = FIELDS.iter();
    known.find(|(one, _)| *one == role).map(|(_, name)| *name)
}

const fn said(template: Template) -> (&'static str, &'static str) {
    match template {
        Template::OrderToShip => (
            "Order to ship",
            "From a paid order to a parcel that has left. Orders over $500.00, and those that carry a flag, are looked at by a person first.",
        ),
        Template::PromotionGoLive => (
            "Promotion go-live",
            "From a brief that is ready to prices that are live. Two people approve it, and neither of them wrote it: it takes three to run one.",
        ),
    }
}

struct Model {
    chosen: Template,
    roles: Vec<String>,
    is_published: bool,
}

#[component]
pub fn TemplatePage() -> impl IntoView {
    page("flows", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    at.ctx.require(Action::ManageConnections)?;
    at.ctx.require(Action::ManagePeople)?;
    let chosen = at
        .query("template")
        .and_then(Template::of_key)
        .unwrap_or(Template::OrderToShip);
    Ok(Model {
        chosen,
        roles: at.engine().template_roles(&at.ctx, chosen)?,
        is_published: at.rules.flows.iter().any(|flow| flow.key == chosen.key()),
    })
}

fn render(model: Model, at: &Visit) -> Page {
    let (name, what) = said(model.chosen);
    let title = format!("Begin with {name}");
    let chips = Template::ALL
        .into_iter()
        .map(|one| {
            let href = at.path(&format!("flows/template?template={}", one.key()));
            let current = (one == model.chosen).then_some("true");
            view! { <a class="chip" href=href aria-current=current>{said(one).0}</a> }
        })
        .collect_view();
    let inside = if model.is_published {
        let (href, says) = (
            at.path("flows"),
            format!("{name} is published here already"),
        );
        let actions = view! { <LinkButton href label="To the flows"/> }.into_any();
        view! { <Empty icon=Ico::Check title=says actions>"A template is taken over once. What runs now is this merchant’s own."</Empty> }
            .into_any()
    } else if at.rules.destinations.is_empty() {
        let href = at.path("connections/new-destination");
        let actions =
            view! { <LinkButton href label="Add a destination" kind=Kind::Primary/> }.into_any();
        view! {
            <Empty icon=Ico::Connections title="Say first where its work goes" actions>
                "A flow sends what is approved to a warehouse, a 3PL or another system."
            </Empty>
        }
        .into_any()
    } else {
        form(&model, at).into_any()
    };
    let body = view! {
        <PageHead title=title.clone() sub=what.into_any()/>
        <nav class="chips mb-4" aria-label="Templates">{chips}</nav>
        <div class="max-w-xl"><Card padded=true>{inside}</Card></div>
    };
    Page::new(
        title,
        vec![
            Crumb::link("Flows", at.path("flows")),
            Crumb::here("From a template"),
        ],
        body,
    )
}

fn form(model: &Model, at: &Visit) -> impl IntoView + use<> {
    let typed = at.form("template");
    let hidden = at.hidden(&[("template", model.chosen.key())]);
    let destinations: Vec<(String, String)> = at
        .rules
        .destinations
        .iter()
        .map(|one| (one.id.to_string(), one.name.clone()))
        .collect();
    let people: Vec<(String, String)> = at
        .rules
        .members
        .iter()
        .filter(|(user, place)| user.active && place.party == Party::Agency)
        .map(|(user, _)| (user.id.to_string(), user.name.clone()))
        .collect();
    let me = at
        .ctx
        .user_id()
        .map(|id| id.to_string())
        .unwrap_or_default();
    let first = destinations
        .first()
        .map(|(id, _)| id.clone())
        .unwrap_or_default();
    let chosen = typed.value_or("destination", &first);
    let fields = model
        .roles
        .iter()
        .filter_map(|role| Some((role, field(role)?)))
        .map(|(role, name)| {
            let holder = at.rules.members.iter().find(|(user, place)| {
                user.active && place.party == Party::Agency && place.functional_roles.contains(role)
            });
            let holder = holder.map_or_else(|| me.clone(), |(user, _)| user.id.to_string());
            let value = typed.value_or(name, &holder);
            let (text, options) = (typed.text(name, role_title(role)), people.clone());
            view! { <Select text options value/> }
        })
        .collect_view();
    view! {
        <form method="post" action="/ui/flow/adopt">
            {hidden}
            <Select text=typed.text("destination", "Where it sends to") options=destinations value=chosen/>
            <h2 class="mt-4 mb-2">"Who answers for what"</h2>
            <p class="mb-4 text-ink-2">"One person can hold all of it, and hand parts on under People at any time."</p>
            {fields}
            <div class="acts mt-4"><Button label="Publish" kind=Kind::Primary/></div>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_of_a_template_has_a_field() {
        let making = engine::template::Making {
            merchant_id: Default::default(),
            founder: Default::default(),
            now: Default::default(),
            ids: Default::default(),
            destination: Default::default(),
        };
        for template in Template::ALL {
            let (contract, flow) = template.make(&making).unwrap();
            for role in engine::template::roles(&contract, &flow) {
                assert!(field(&role).is_some(), "{role}");
            }
        }
    }
}
