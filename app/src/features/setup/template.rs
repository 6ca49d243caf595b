//! `/m/{merchant}/flows/template`: flows to begin with. All of them stand at the side; the chosen one says
//! what it is for and what it does step by step, and asks who answers for its parts and where it sends to.

use std::sync::Arc;

use domain::{
    access::Action,
    contract::Contract,
    flow::{Flow, Trigger},
    owner::{Party, role_title},
};
use engine::{
    Result,
    template::{Making, Purpose, Template},
};
use leptos::prelude::*;

use crate::{
    features::flows::editor::{FlowMap, names},
    ui::{time::duration_text, *},
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

const fn sends_to(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Warehouse => "sends_to[warehouse]",
        Purpose::Storefront => "sends_to[storefront]",
        Purpose::Staging => "sends_to[staging]",
        Purpose::Carrier => "sends_to[carrier]",
        Purpose::Finance => "sends_to[finance]",
        Purpose::Helpdesk => "sends_to[helpdesk]",
    }
}

fn begins(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Order { event, .. } => format!("By itself, on {event}"),
        Trigger::Campaign => "By hand, with a campaign brief".to_owned(),
        Trigger::Form { noun, .. } => format!("By hand, with a form about one {noun}"),
        Trigger::Manual => "By hand, for one order".to_owned(),
        Trigger::SubFlow => "By other flows".to_owned(),
    }
}

struct Model {
    chosen: Template,
    contracts: Vec<Contract>,
    flow: Flow,
    roles: Vec<String>,
    published: Vec<Template>,
}

#[component]
pub fn TemplatePage() -> impl IntoView {
    page("flows", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    at.ctx.require(Action::ManageConnections)?;
    at.ctx.require(Action::ManagePeople)?;
    let is_published = |one: &Template| at.rules.flows.iter().any(|flow| flow.key == one.key());
    let published: Vec<Template> = Template::ALL.into_iter().filter(is_published).collect();
    let chosen = at
        .query("template")
        .and_then(Template::of_key)
        .unwrap_or(Template::OrderToShip);
    let (contracts, flow) = chosen.make(&Making::default());
    Ok(Model {
        chosen,
        contracts,
        flow,
        roles: at.engine().template_roles(&at.ctx, chosen),
        published,
    })
}

fn render(model: Model, at: &Visit) -> Page {
    let name = model.chosen.name();
    let title = format!("Begin with {name}");
    let names = names(&at.rules);
    let map = view! { <FlowMap flow=&model.flow names=&names/> };
    let body = view! {
        <PageHead title=title.clone() sub=model.chosen.purpose().into_any()/>
        <div class="split">
            <div class="stack">
                {form_card(&model, at)}
                <div id="map">{map}</div>
                {steps_card(&model)}
            </div>
            <div class="stack">
                {all_card(&model, at)}
                {needs_card(&model, at)}
            </div>
        </div>
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

/// Every template, with what it is for.
fn all_card(model: &Model, at: &Visit) -> impl IntoView + use<> {
    let rows = Template::ALL
        .into_iter()
        .map(|one| {
            let href = at.path(&format!("flows/template?template={}", one.key()));
            let current = (one == model.chosen).then_some("true");
            let here = current.map(|_| view! { <Tag label="chosen"/> });
            let done = model
                .published
                .contains(&one)
                .then(|| view! { <StateBadge tone=Tone::Done word="published"/> });
            view! {
                <li class="row">
                    <div class="what">
                        <a class="row-link" href=href aria-current=current>{one.name()}</a>
                        <small>{one.purpose()}</small>
                    </div>
                    <div class="aside">{here} {done}</div>
                </li>
            }
        })
        .collect_view();
    view! {
        <Card title="Templates" aside=format!("{}", Template::ALL.len()).into_any()>
            <nav aria-label="Templates"><ul>{rows}</ul></nav>
        </Card>
    }
}

fn steps_card(model: &Model) -> impl IntoView + use<> {
    let rows = model
        .flow
        .steps
        .iter()
        .map(|step| {
            let next: Vec<&str> = step
                .exits
                .iter()
                .flat_map(|exit| &exit.to)
                .filter_map(|key| model.flow.step(key))
                .map(|step| step.title.as_str())
                .collect();
            let then = if next.is_empty() {
                model.flow.outcome.clone()
            } else {
                next.join(" · ")
            };
            view! {
                <tr>
                    <td>{step.title.clone()}</td>
                    <td>{step.owner.title()} <small>"then " {step.backup.title()}</small></td>
                    <td class="num">{duration_text(step.clock.resolve_ms)}</td>
                    <td class="wide">{then}</td>
                </tr>
            }
        })
        .collect_view();
    let cols = vec![
        Col::text("Step"),
        Col::text("Answers for it"),
        Col::num("Done within"),
        Col::text("Leads to").wide(),
    ];
    view! {
        <Card title="What it does" aside=begins(&model.flow.trigger).into_any()>
            <Table caption="Steps of the template" cols>{rows}</Table>
        </Card>
    }
}

fn needs_card(model: &Model, at: &Visit) -> impl IntoView + use<> {
    let systems: Vec<&str> = model
        .chosen
        .destinations()
        .into_iter()
        .map(Purpose::title)
        .collect();
    let roles: Vec<String> = model.roles.iter().map(|role| role_title(role)).collect();
    let contracts = model
        .contracts
        .iter()
        .map(|contract| {
            let known = at.rules.contract(&contract.export_type).is_some();
            let word = known.then_some(" (is here already)");
            view! { <li>{contract.title.clone()} {word}</li> }
        })
        .collect_view();
    let (systems, roles) = (systems.join(", "), roles.join(", "));
    let outcome = model.flow.outcome.clone();
    view! {
        <Card title="What it needs, and what it brings">
            <Kv>
                <KvRow label="Systems">{systems}</KvRow>
                <KvRow label="Roles">{roles}</KvRow>
                <KvRow label="Contracts"><ul>{contracts}</ul></KvRow>
                <KvRow label="Ends in">{outcome}</KvRow>
            </Kv>
        </Card>
    }
}

fn form_card(model: &Model, at: &Visit) -> impl IntoView + use<> {
    let name = model.chosen.name();
    let other = model
        .chosen
        .instead_of()
        .filter(|other| model.published.contains(other));
    let inside = if model.published.contains(&model.chosen) {
        let (href, says) = (
            at.path("flows"),
            format!("{name} is published here already"),
        );
        let actions = view! { <LinkButton href label="To the flows"/> }.into_any();
        view! { <Empty icon=Ico::Check title=says actions>"A template is taken over once. What runs now is this merchant’s own."</Empty> }
            .into_any()
    } else if let Some(other) = other {
        let (href, says) = (
            at.path("flows"),
            format!("{} is published here", other.name()),
        );
        let actions = view! { <LinkButton href label="To the flows"/> }.into_any();
        view! { <Empty icon=Ico::Flows title=says actions>"Both would send the same orders, so only one of the two can run."</Empty> }
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
        form(model, at).into_any()
    };
    view! { <Card padded=true>{inside}</Card> }
}

fn form(model: &Model, at: &Visit) -> impl IntoView + use<> {
    let typed = at.form("template");
    let hidden = at.hidden(&[("template", model.chosen.key())]);
    let living = || {
        at.rules
            .destinations
            .iter()
            .filter(|one| one.retired_at.is_none())
    };
    let destinations: Vec<(String, String)> = living()
        .map(|one| (one.id.to_string(), one.name.clone()))
        .collect();
    let there = model
        .chosen
        .destinations()
        .into_iter()
        .map(|purpose| {
            let name = sends_to(purpose);
            let fits = living().find(|one| purpose.fits(&one.system));
            let first = fits
                .or_else(|| living().next())
                .map(|one| one.id.to_string())
                .unwrap_or_default();
            let value = typed.value_or(name, &first);
            let text = typed.text(name, purpose.title());
            let text = if fits.is_none() {
                text.hint("None of the destinations says that it is one. Choose who takes it, or add it under Connections first.")
            } else {
                text
            };
            view! { <Select text options=destinations.clone() value/> }
        })
        .collect_view();
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
            <h2 class="mb-2">"Where it sends to"</h2>
            <div class="pair">{there}</div>
            <h2 class="mt-4 mb-2">"Who answers for what"</h2>
            <p class="mb-4 text-ink-2">"One person can hold all of it, and hand parts on under People at any time."</p>
            <div class="pair">{fields}</div>
            <div class="acts mt-4"><Button label="Publish" kind=Kind::Primary/></div>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_of_a_template_has_a_field() {
        for template in Template::ALL {
            let (contracts, flow) = template.make(&Making::default());
            for role in engine::template::roles(&contracts, &flow) {
                assert!(field(&role).is_some(), "{role}");
            }
        }
    }
}
