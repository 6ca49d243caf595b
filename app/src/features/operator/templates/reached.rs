//! What became of a push at each merchant, and taking it back.

use std::sync::Arc;

use domain::{
    agency::{Outcome, Pin, Push, Reached, Template},
    people::Merchant,
};
use engine::{AgencyCtx, Error, Result};
use leptos::prelude::*;

use super::{
    super::{enter, path},
    crumbs, hidden,
    push::reason,
    words,
};
use crate::{
    features::exports::plural,
    shell::OPERATOR,
    ui::*,
    web::{Desk, Page, home},
};

struct Model {
    at: AgencyCtx,
    template: Template,
    push: Push,
    pins: Vec<(Merchant, Pin)>,
}

#[component]
pub fn PushedPage() -> impl IntoView {
    home(OPERATOR, load, render)
}

async fn load(desk: Arc<Desk>) -> Result<Model> {
    let at = enter(&desk).await?;
    let template = desk.asked.id("template")?;
    let id = desk.asked.param("push").and_then(|id| id.parse().ok());
    let id = id.ok_or_else(|| Error::not_found("push"))?;
    let (template, push) = match desk.engine().template_push(&at, id).await? {
        found if found.0.id == template => found,
        _ => return Err(Error::not_found("push")),
    };
    let view = desk.engine().agency_template(&at, template.id).await?;
    Ok(Model {
        at,
        template,
        push,
        pins: view.pins,
    })
}

fn is_there(one: &Reached) -> bool {
    !matches!(one.outcome, Outcome::Refused { .. } | Outcome::Waiting)
}

fn render(model: Model, desk: &Desk) -> Page {
    let Model {
        at, template, push, ..
    } = &model;
    let base = path(at, &format!("/templates/{}", template.id));
    let here = format!("{base}/pushes/{}", push.id);
    let (all, reached) = (
        push.merchants.len(),
        push.merchants.iter().filter(|one| is_there(one)).count(),
    );
    let title = match &push.undone {
        Some(_) => format!("Version {} was taken back", push.version),
        None if reached == all => format!(
            "Version {} reached {all} {}",
            push.version,
            plural(all, "merchant")
        ),
        None => format!(
            "Version {} reached {reached} of {all} merchants",
            push.version
        ),
    };
    let rows = push
        .merchants
        .iter()
        .map(|one| row(one, &model))
        .collect_view();
    let hidden = |at: &AgencyCtx| hidden(at, &here, &[("push", push.id.to_string())]);
    let go_on = (at.is_admin() && !push.is_over()).then(|| {
        let about = hidden(at);
        view! {
            <Card title="Not everybody was reached" padded=true>
                <p>"It ended in between. Whoever was reached has it; the others can be reached now."</p>
                <form method="post" action="/ui/template/go-on">{about}<div class="acts"><Button label="Go on" kind=Kind::Primary/></div></form>
            </Card>
        }
    });
    let undo = (at.is_admin() && push.is_over() && push.undone.is_none() && reached > 0).then(|| {
        let about = hidden(at);
        view! {
            <Card title="Take it back" padded=true id="undo">
                <p>
                    "Every merchant gets what was live there before, as its next version, and is pinned as before. Where \
                     something newer was published since, that stays. Roles and a policy that were added stay, too. Runs \
                     finish on the version they began with."
                </p>
                <form method="post" action="/ui/template/undo">{about}<div class="acts"><Button label=format!("Take it back at {reached} {}", plural(reached, "merchant")) kind=Kind::Danger/></div></form>
            </Card>
        }
    });
    let now = desk.now;
    let when = push.at;
    let stage = push
        .stage
        .as_ref()
        .map_or_else(String::new, |name| format!(", stage {name}"));
    let sub = view! { {format!("{}{stage}, pushed ", template.name)} <When at=when now/> ": " {push.why.clone()} }
        .into_any();
    let mut trail = crumbs(at);
    trail.push(Crumb::link(template.name.clone(), base));
    trail.push(Crumb::here("Push"));
    let head = title.clone();
    Page::new(
        title,
        trail,
        view! {
            <PageHead title=head sub/>
            <div class="stack">
                {go_on}
                <Card title="Merchants">{rows}</Card>
                {undo}
            </div>
        },
    )
}

fn row(one: &Reached, model: &Model) -> AnyView {
    let places = model.at.places.iter();
    let known = places
        .map(|(merchant, _)| merchant)
        .find(|merchant| merchant.id == one.merchant_id);
    let Some(merchant) = known else {
        let (tone, word) = words::outcome(&one.outcome);
        return view! { <Row title="A merchant that you do not see" sub=word tone/> }.into_any();
    };
    let pin = model
        .pins
        .iter()
        .find(|(place, _)| place.id == merchant.id)
        .map(|(_, pin)| pin);
    let agreed = matches!(one.outcome, Outcome::Asked { .. })
        && pin.is_some_and(|pin| pin.push_id == Some(model.push.id) && pin.pending.is_none());
    let (tone, word) = match (&one.back, agreed) {
        (Some(back), _) => words::back(&one.outcome, back),
        (None, true) => (
            Tone::Done,
            "published after a second person agreed".to_owned(),
        ),
        (None, false) => words::outcome(&one.outcome),
    };
    let key = &model.template.flow_key;
    let has_flow = !matches!(one.outcome, Outcome::Refused { .. } | Outcome::Waiting);
    let href = match &one.outcome {
        Outcome::Asked { .. } if !agreed && one.back.is_none() => {
            format!("/m/{}/flows/{key}/readiness", merchant.slug)
        }
        _ if has_flow && one.back != Some(Outcome::Retired) => {
            format!("/m/{}/flows/{key}", merchant.slug)
        }
        _ => format!("/m/{}/flows", merchant.slug),
    };
    let reasons = [Some(&one.outcome), one.back.as_ref()]
        .into_iter()
        .flatten()
        .filter_map(|outcome| match outcome {
            Outcome::Refused { reasons } => Some(reasons),
            _ => None,
        })
        .flatten()
        .map(|found| reason(found, merchant))
        .collect_view();
    view! {
        <Row title=merchant.name.clone() href tone aside=word.into_any()/>
        <div class="pl-6">{reasons}</div>
    }
    .into_any()
}
