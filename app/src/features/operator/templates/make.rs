//! Making a template, or its next version: out of a merchant's live flow, or out of a document.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    agency::Template,
    invitation::STANDARD_ROLES,
    owner::{Owner, Party, role_title},
};
use engine::{AgencyCtx, Error, Result, Rules};
use leptos::prelude::*;

use super::{
    super::{enter, path},
    crumbs, hidden,
};
use crate::{
    shell::OPERATOR,
    ui::*,
    web::{Desk, Page, Typed, home},
};

struct Model {
    at: AgencyCtx,
    /// The one that gets another version.
    of: Option<Template>,
    /// The merchant that was chosen, with its rules.
    from: Option<Arc<Rules>>,
}

#[component]
pub fn MakeTemplatePage() -> impl IntoView {
    home(OPERATOR, load, render)
}

async fn load(desk: Arc<Desk>) -> Result<Model> {
    let at = enter(&desk).await?;
    at.require_admin()?;
    let of = match desk.asked.query("template") {
        Some(id) => {
            let id = id.parse().map_err(|_| Error::not_found("template"))?;
            Some(desk.engine().agency_template(&at, id).await?.template)
        }
        None => None,
    };
    let from = match desk.asked.query("from") {
        Some(slug) => {
            let known = at.places.iter().find(|(one, _)| one.slug == slug);
            let (merchant, _) = known.ok_or_else(|| Error::not_found("merchant"))?;
            Some(desk.engine().rules_of(merchant.id).await?)
        }
        None => None,
    };
    Ok(Model { at, of, from })
}

fn render(model: Model, desk: &Desk) -> Page {
    let Model { at, of, from } = &model;
    let typed = desk.form("make-template");
    let faults = typed.everything().1;
    let home_bound = faults
        .keys()
        .filter(|key| key.starts_with("instead"))
        .count();
    let title = match (home_bound, of) {
        (0, None) => "Make a template".to_owned(),
        (0, Some(of)) => format!("Make version {} of {}", of.newest + 1, of.name),
        (1, _) => "1 place names somebody who is at one merchant only".to_owned(),
        (n, _) => format!("{n} places name somebody who is at one merchant only"),
    };
    let list = (home_bound > 0).then(|| {
        let rows = faults
            .iter()
            .filter(|(key, _)| key.starts_with("instead"))
            .map(|(_, sentence)| view! { <Row title=sentence.clone() tone=Tone::Late/> })
            .collect_view();
        view! { <Card title="Roles travel, people do not" id="faults">{rows}</Card> }
    });
    let live = from
        .as_ref()
        .map(|rules| live_form(&model, rules, desk, &typed));
    let choose = choose(&model, desk);
    // one form at a time, so that no field stands there twice
    let document = from.is_none().then(|| document(&model, desk, &typed));
    let mut trail = crumbs(at);
    if let Some(of) = of {
        let href = path(at, &format!("/templates/{}", of.id));
        trail.push(Crumb::link(of.name.clone(), href));
    }
    trail.push(Crumb::here(if of.is_some() {
        "Next version"
    } else {
        "New"
    }));
    let head = title.clone();
    let sub = "Nobody has it before it is pushed. A version never changes afterwards.";
    Page::new(
        title,
        trail,
        view! {
            <PageHead title=head sub=sub.into_any()/>
            <Split side=view! { {document} }.into_any()>{list} {choose} {live}</Split>
        },
    )
}

fn choose(model: &Model, desk: &Desk) -> impl IntoView + use<> {
    let chosen = desk.asked.query("from").unwrap_or_default().to_owned();
    let of = model.of.as_ref().map(|of| {
        view! { <input type="hidden" name="template" value=of.id.to_string()/> }
    });
    let options: Vec<(String, String)> = model
        .at
        .places
        .iter()
        .map(|(one, _)| (one.slug.clone(), one.name.clone()))
        .collect();
    let text = FieldText::new("from", "Merchant").hint("Where the flow holds up today.");
    let kind = if chosen.is_empty() {
        Kind::Primary
    } else {
        Kind::Quiet
    };
    view! {
        <Card title="From what is live at a merchant" padded=true>
            <form method="get">
                {of}
                <Select text options value=chosen/>
                <div class="acts"><Button label="Show its flows" kind/></div>
            </form>
        </Card>
    }
}

/// What was named in the places that have to name a role.
fn named(faults: &BTreeMap<String, String>) -> Vec<Owner> {
    let mut owners: Vec<Owner> = faults
        .keys()
        .filter_map(|key| key.strip_prefix("instead:"))
        .filter_map(|key| key.rsplit_once('/')?.0.parse().ok())
        .collect();
    owners.dedup();
    owners
}

fn roles(rules: Option<&Rules>) -> Vec<(String, String)> {
    let mut all = vec![(String::new(), "Choose a role".to_owned())];
    for party in [
        Party::Agency,
        Party::Merchant,
        Party::ThreePl,
        Party::Carrier,
    ] {
        let own = rules.into_iter().flat_map(|rules| &rules.own_roles);
        let own = own.map(|one| (one.key.clone(), one.title.clone()));
        let standard = STANDARD_ROLES.map(|role| (role.to_owned(), role_title(role)));
        for (role, title) in standard.into_iter().chain(own) {
            let words = format!("{title}, {}", party.title());
            all.push((Owner::role(party, &role).to_string(), words));
        }
    }
    all
}

/// A role in the place of each who is at one merchant only.
fn instead(rules: Option<&Rules>, typed: &Typed) -> impl IntoView + use<> {
    named(&typed.everything().1)
        .into_iter()
        .enumerate()
        .map(|(index, owner)| {
            let name = rules.map_or_else(|| owner.title(), |rules| rules.spoken_name(&owner));
            // the value says both, so that the form needs no other field
            let options: Vec<(String, String)> = roles(rules)
                .into_iter()
                .map(|(role, words)| match role.as_str() {
                    "" => (String::new(), words),
                    role => (format!("{owner}={role}"), words),
                })
                .collect();
            let text = FieldText::new(format!("instead[{index}]"), format!("Instead of {name}"));
            view! { <Select text options required=true/> }
        })
        .collect_view()
}

fn about(model: &Model, desk: &Desk, kind: &str) -> AnyView {
    let template = model
        .of
        .as_ref()
        .map_or_else(String::new, |of| of.id.to_string());
    hidden(
        &model.at,
        &desk.asked.back,
        &[("template", template), ("by", kind.to_owned())],
    )
}

fn live_form(model: &Model, rules: &Rules, desk: &Desk, typed: &Typed) -> AnyView {
    let merchant = &rules.merchant;
    let wanted = model.of.as_ref().map(|of| of.flow_key.as_str());
    let flows: Vec<(String, String)> = rules
        .flows
        .iter()
        .filter(|flow| wanted.is_none_or(|key| key == flow.key))
        .map(|flow| {
            let words = format!("{}, version {}", flow.name, flow.version);
            (flow.key.clone(), words)
        })
        .collect();
    if flows.is_empty() {
        let what = wanted.map_or_else(
            || "No flow is live there yet.".to_owned(),
            |key| format!("The flow “{key}” is not live there."),
        );
        return view! { <Card title=merchant.name.clone() padded=true><p>{what}</p></Card> }
            .into_any();
    }
    let mut policies = vec![(String::new(), "None".to_owned())];
    policies.extend(
        rules
            .policies
            .iter()
            .map(|one| (one.key.clone(), one.name.clone())),
    );
    let about = about(model, desk, "live");
    let instead = instead(Some(rules), typed);
    let flow = typed
        .text("flow", "Flow")
        .hint("With every role beside the standard ones that it names.");
    let flow_is = typed.value("flow");
    let policy = typed
        .text("policy", "Escalation policy that goes along")
        .hint("A merchant that has changed its own keeps it.");
    let policy_is = typed.value("policy");
    let rest = rest(model, typed);
    let slug = merchant.slug.clone();
    view! {
        <Card title=format!("From {}", merchant.name) padded=true id="live">
            <form method="post" action="/ui/template/make">
                {about}
                <input type="hidden" name="merchant" value=slug/>
                <Select text=flow options=flows value=flow_is/>
                <Select text=policy options=policies value=policy_is/>
                {instead}
                {rest}
            </form>
        </Card>
    }
    .into_any()
}

fn rest(model: &Model, typed: &Typed) -> impl IntoView + use<> {
    let name = model.of.is_none().then(|| {
        let text = typed
            .text("name", "Name")
            .hint("Left empty, it is called as the flow.");
        view! { <Input text value=typed.value("name") autocomplete="off"/> }
    });
    let note = typed
        .text("note", "Why?")
        .hint("Stands beside the version for as long as it is kept.");
    let label = model.of.as_ref().map_or_else(
        || "Make the template".to_owned(),
        |of| format!("Make version {}", of.newest + 1),
    );
    view! {
        {name}
        <Input text=note value=typed.value("note") required=true autocomplete="off"/>
        <div class="acts"><Button label kind=Kind::Primary/></div>
    }
}

fn document(model: &Model, desk: &Desk, typed: &Typed) -> impl IntoView + use<> {
    let by_document = typed.value("by") == "document";
    let empty = Typed::default();
    let typed = if by_document { typed } else { &empty };
    let faults = typed.everything().1;
    let wrong = faults
        .iter()
        .filter(|(place, _)| place.starts_with('/'))
        .map(|(place, sentence)| view! { <li><span class="mono">{place.clone()}</span> " " {sentence.clone()}</li> })
        .collect_view();
    let about = about(model, desk, "document");
    let instead = instead(None, typed);
    let text = typed
        .text("document", "The document")
        .hint("JSON as a flow is exported. At most 512 kB. The escalation policy of the version before goes along.");
    let value = typed.value("document");
    let rest = rest(model, typed);
    view! {
        <Card title="From a document" padded=true id="document">
            <form method="post" action="/ui/template/make">
                {about}
                <ul>{wrong}</ul>
                <TextArea text value rows=8 required=true/>
                {instead}
                {rest}
            </form>
        </Card>
    }
}
