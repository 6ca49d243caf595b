//! The operator's templates, and how far their merchants are behind.

use std::sync::Arc;

use engine::{AgencyCtx, Result, TemplateLine};
use leptos::prelude::*;

use super::super::{enter, path};
use crate::{
    features::exports::plural,
    shell::OPERATOR,
    ui::*,
    web::{Desk, Page, home},
};

struct Model {
    at: AgencyCtx,
    lines: Vec<TemplateLine>,
}

#[component]
pub fn TemplatesPage() -> impl IntoView {
    home(OPERATOR, load, render)
}

async fn load(desk: Arc<Desk>) -> Result<Model> {
    let at = enter(&desk).await?;
    let lines = desk.engine().agency_templates(&at).await?;
    Ok(Model { at, lines })
}

/// Merchants that have an older version than the newest.
fn behind(line: &TemplateLine) -> usize {
    let newest = Some(line.template.newest);
    line.pins
        .iter()
        .filter(|(_, pin)| pin.version != newest)
        .count()
}

fn render(model: Model, desk: &Desk) -> Page {
    let Model { at, lines } = model;
    let used: Vec<&TemplateLine> = lines
        .iter()
        .filter(|line| line.template.retired_at.is_none())
        .collect();
    let late = used.iter().filter(|line| behind(line) > 0).count();
    let many = used.len();
    let title = match (many, late) {
        (0, _) => "No template yet".to_owned(),
        (_, 0) => format!(
            "{many} {}, every pinned merchant on the newest version",
            plural(many, "template")
        ),
        (_, 1) => "Merchants of 1 template are on an older version".to_owned(),
        (_, n) => format!("Merchants of {n} templates are on an older version"),
    };
    let make = path(&at, "/templates/new");
    let actions = at.is_admin().then(|| {
        let href = make.clone();
        view! { <LinkButton href label="New template" kind=Kind::Primary icon=Ico::Plus/> }
            .into_any()
    });
    let inside = if lines.is_empty() {
        let actions = at
            .is_admin()
            .then(
                || view! { <LinkButton href=make label="Make the first one" kind=Kind::Primary/> },
            )
            .into_any();
        view! {
            <Empty icon=Ico::Flows title="Nothing is kept for all merchants yet" actions>
                "Make a template out of a flow that holds up at one merchant. It is pushed to the others with the roles and \
                 the escalation policy it needs; what they change stays theirs."
            </Empty>
        }
        .into_any()
    } else {
        let now = desk.now;
        let rows = lines.iter().map(|line| row(line, &at, now)).collect_view();
        let cols = vec![
            Col::text("Template"),
            Col::text("Stands"),
            Col::num("Version").wide(),
            Col::num("Merchants").wide(),
            Col::num("Made").wide(),
        ];
        view! { <Table caption="Templates" list=true cols>{rows}</Table> }.into_any()
    };
    let head = title.clone();
    let sub = "One flow for many merchants, with the roles and the escalation policy it needs. Each keeps what it changed.";
    Page::new(
        title,
        vec![
            Crumb::link(at.operator.name.clone(), path(&at, "")),
            Crumb::here("Templates"),
        ],
        view! {
            <PageHead title=head sub=sub.into_any() nostrip:actions=actions/>
            <Card>{inside}</Card>
        },
    )
}

fn row(line: &TemplateLine, at: &AgencyCtx, now: domain::Time) -> impl IntoView + use<> {
    let TemplateLine { template, pins } = line;
    let href = path(at, &format!("/templates/{}", template.id));
    let late = behind(line);
    let (tone, word) = match (template.retired_at.is_some(), pins.len(), late) {
        (true, ..) => (Tone::Idle, "retired".to_owned()),
        (_, 0, _) => (Tone::Idle, "pushed to nobody yet".to_owned()),
        (.., 0) => (Tone::Done, "all on the newest".to_owned()),
        (.., n) => (Tone::Wait, format!("{n} behind")),
    };
    let key = template.flow_key.clone();
    view! {
        <tr data-row=template.id.to_string()>
            <td>
                <a class="title" data-open="" href=href>{template.name.clone()}</a>
                " " <small class="mono">{key}</small>
            </td>
            <td><StateBadge tone word/></td>
            <td class="num wide">{template.newest}</td>
            <td class="num wide">{pins.len()}</td>
            <td class="num wide"><When at=template.made_at now/></td>
        </tr>
    }
}
