//! The list of flows, with what runs on each.

use std::sync::Arc;

use domain::{
    access::{Action, Noun},
    flow::{Flow, Run, RunState},
};
use engine::{Result, template::Template};
use leptos::prelude::*;

use super::words::{run_tone, steps_line, trigger_words};
use crate::{
    features::exports::plural,
    ui::*,
    web::{Page, Visit, page},
};

/// Enough to say how many are running; beyond it the page says "99+".
const RUNS: i64 = 100;

struct Model {
    flows: Vec<(Arc<Flow>, Vec<Run>)>,
}

#[component]
pub fn FlowsPage() -> impl IntoView {
    page("flows", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    at.ctx.read(Noun::Flow)?;
    let mut flows = Vec::new();
    for flow in &at.rules.flows {
        let runs = at.engine().runs_of_flow(&at.ctx, &flow.key, RUNS).await?;
        flows.push((Arc::clone(flow), runs));
    }
    Ok(Model { flows })
}

fn running(runs: &[Run]) -> usize {
    runs.iter()
        .filter(|run| run.state == RunState::Running)
        .count()
}

fn render(model: Model, at: &Visit) -> Page {
    let all: usize = model.flows.iter().map(|(_, runs)| running(runs)).sum();
    let title = match (model.flows.len(), all) {
        (0, _) => "No flow is published".to_owned(),
        (n, 0) => format!("{n} {} published, nothing running", plural(n, "flow")),
        (n, 1) => format!("{n} {} published, 1 run under way", plural(n, "flow")),
        (n, all) => format!("{n} {} published, {all} runs under way", plural(n, "flow")),
    };
    let now = at.now();
    let rows = model
        .flows
        .iter()
        .map(|(flow, runs)| {
            let href = at.path(&format!("flows/{}", flow.id));
            let last = runs
                .first()
                .map(|run| view! { <When at=run.started_at now/> });
            let count = running(runs);
            let word = if count == 0 {
                "idle".to_owned()
            } else {
                format!("{count} running")
            };
            let tone = if count == 0 {
                Tone::Idle
            } else {
                run_tone(RunState::Running)
            };
            view! {
                <tr data-row=flow.key.clone()>
                    <td>
                        <a class="title" data-open="" href=href>{flow.name.clone()}</a>
                        " " <Tag label=format!("v{}", flow.version)/>
                        <small>{steps_line(flow)}</small>
                    </td>
                    <td><StateBadge tone word/></td>
                    <td class="wide">{trigger_words(&flow.trigger)}</td>
                    <td class="wide">{flow.outcome.clone()}</td>
                    <td class="num">{last}</td>
                </tr>
            }
        })
        .collect_view();
    let cols = vec![
        Col::text("Flow"),
        Col::text("Now"),
        Col::text("Starts").wide(),
        Col::text("Ends in").wide(),
        Col::num("Last run"),
    ];
    // a template is taken over once; when all of them are, nothing is left to begin with
    let is_here = |one: Template| model.flows.iter().any(|(flow, _)| flow.key == one.key());
    let is_left = |one: &Template| !is_here(*one) && !one.instead_of().is_some_and(is_here);
    let may = at.ctx.may(Action::ManageConnections) && at.ctx.may(Action::ManagePeople);
    let first_left = Template::ALL.into_iter().find(is_left).filter(|_| may);
    let is_empty = model.flows.is_empty();
    let begin = first_left.map(|template| {
        let href = at.path(&format!("flows/template?template={}", template.key()));
        let kind = if is_empty {
            Kind::Primary
        } else {
            Kind::default()
        };
        view! { <LinkButton href label="Begin with a template" kind icon=Ico::Plus/> }.into_any()
    });
    let (empty_actions, actions) = if is_empty {
        (begin, None)
    } else {
        (None, begin)
    };
    let inside = if is_empty {
        let how = if may {
            "Begin with a template, and name who answers for each part of it; or publish one of your own with "
        } else {
            "Whoever runs this merchant begins with a template, or publishes one of their own with "
        };
        view! {
            <Empty icon=Ico::Flows title="No flow is published" nostrip:actions=empty_actions>
                "A flow says what happens after an order is accepted, who answers for each step and until when. "
                {how} <code>"POST /api/v1/flows"</code> "."
            </Empty>
        }
        .into_any()
    } else {
        view! { <Table caption="Published flows" list=true cols>{rows}</Table> }.into_any()
    };
    let body = view! {
        <PageHead title=title.clone() sub="Who answers for each step, how long they have, and what happens on silence.".into_any() nostrip:actions=actions/>
        <div id="rows" data-live=""><Card>{inside}</Card></div>
    };
    Page::new(title, vec![Crumb::here("Flows")], body)
}
