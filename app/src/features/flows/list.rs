//! The list of flows: what is published, what is drawn, what was retired, and what runs on each.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Time,
    access::Action,
    flow::{Flow, RunState, Sheet},
};
use engine::{Result, template::Template};
use leptos::prelude::*;

use super::words::{person_name, run_tone, steps_line, trigger_words};
use crate::{
    features::exports::plural,
    ui::*,
    web::{Page, Visit, page},
};

struct Line {
    key: String,
    flow: Option<Flow>,
    sheet: Option<Sheet>,
    running: i64,
    last: Option<Time>,
    retired_at: Option<Time>,
}

#[component]
pub fn FlowsPage() -> impl IntoView {
    page("flows", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Vec<Line>> {
    let (engine, ctx) = (at.engine(), &at.ctx);
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    let line = |key: &str| Line {
        key: key.to_owned(),
        flow: None,
        sheet: None,
        running: 0,
        last: None,
        retired_at: None,
    };
    for flow in engine.flows(ctx).await? {
        let mut one = line(&flow.key);
        one.flow = Some(flow);
        lines.insert(one.key.clone(), one);
    }
    for (key, at) in engine.retired_flows(ctx).await? {
        let mut one = line(&key);
        one.flow = engine
            .flow_history(ctx, &key)
            .await?
            .versions
            .into_iter()
            .next();
        one.retired_at = Some(at);
        lines.insert(key, one);
    }
    for sheet in engine.flow_drafts(ctx).await? {
        let one = lines
            .entry(sheet.key.clone())
            .or_insert_with(|| line(&sheet.key));
        one.sheet = Some(sheet);
    }
    for one in lines.values_mut().filter(|one| one.flow.is_some()) {
        let counts = engine.open_runs_by_version(ctx, &one.key).await?;
        one.running = counts.iter().map(|(_, count)| count).sum();
        let newest = engine.runs_of_flow(ctx, &one.key, 1).await?;
        one.last = newest.first().map(|run| run.started_at);
    }
    Ok(lines.into_values().collect())
}

fn headline(lines: &[Line]) -> String {
    let published = lines
        .iter()
        .filter(|one| one.flow.is_some() && one.retired_at.is_none())
        .count();
    let drafts = lines.iter().filter(|one| one.sheet.is_some()).count();
    let running: i64 = lines.iter().map(|one| one.running).sum();
    let first = match published {
        0 => "No flow is published".to_owned(),
        n => format!("{n} {} published", plural(n, "flow")),
    };
    let second = match running {
        0 => "nothing running".to_owned(),
        1 => "1 run under way".to_owned(),
        n => format!("{n} runs under way"),
    };
    match (published, drafts) {
        (0, 0) => first,
        (0, n) => format!("{first}, {n} {}", plural(n, "draft")),
        (_, 0) => format!("{first}, {second}"),
        (_, n) => format!("{first}, {n} {}, {second}", plural(n, "draft")),
    }
}

fn render(lines: Vec<Line>, at: &Visit) -> Page {
    let title = headline(&lines);
    let rows = lines.iter().map(|one| row(one, at)).collect_view();
    let cols = vec![
        Col::text("Flow"),
        Col::text("Now"),
        Col::text("Starts").wide(),
        Col::text("Ends in").wide(),
        Col::num("Last run"),
    ];
    let draws = at.ctx.may(Action::DrawFlows);
    let published: Vec<&str> = lines
        .iter()
        .filter(|one| one.flow.is_some())
        .map(|one| one.key.as_str())
        .collect();
    // a template is taken over once; when all of them are, nothing is left to begin with
    let is_here = |one: Template| published.contains(&one.key());
    let is_left = |one: &Template| !is_here(*one) && !one.instead_of().is_some_and(is_here);
    let may = at.ctx.may(Action::ManageConnections) && at.ctx.may(Action::ManagePeople);
    let first_left = Template::ALL.into_iter().find(is_left).filter(|_| may);
    let is_empty = lines.is_empty();
    let begin = first_left.map(|template| {
        let href = at.path(&format!("flows/template?template={}", template.key()));
        let kind = if is_empty {
            Kind::Primary
        } else {
            Kind::default()
        };
        view! { <LinkButton href label="Begin with a template" kind icon=Ico::Plus/> }
    });
    let import = draws.then(|| view! { <LinkButton href=at.path("flows/import") label="Import"/> });
    let new = draws.then(|| new_flow(at));
    let actions = view! { {begin} {import} {new} }.into_any();
    let (empty_actions, actions) = if is_empty {
        (Some(actions), None)
    } else {
        (None, Some(actions))
    };
    let inside = if is_empty {
        view! {
            <Empty icon=Ico::Flows title="No flow is published" nostrip:actions=empty_actions>
                "A flow says what happens after an order is accepted, who answers for each step and until when. "
                {if draws { "Begin with a template, draw one of your own, or bring one along." } else { "Whoever runs this merchant publishes the first one." }}
            </Empty>
        }
        .into_any()
    } else {
        view! { <Table caption="Flows" list=true cols>{rows}</Table> }.into_any()
    };
    let body = view! {
        <PageHead title=title.clone() sub="Who answers for each step, how long they have, and what happens on silence.".into_any() nostrip:actions=actions/>
        <div id="rows" data-live=""><Card>{inside}</Card></div>
    };
    Page::new(title, vec![Crumb::here("Flows")], body)
}

fn new_flow(at: &Visit) -> impl IntoView + use<> {
    let typed = at.form("new-flow");
    let text = typed
        .text("name", "Name")
        .hint("As people call it: “Returns”, “Order to ship”.");
    let value = typed.value("name");
    let hidden = at.hidden(&[]);
    let refused = typed
        .error("name")
        .map(|sentence| view! { <p class="error">{sentence}</p> });
    view! {
        {refused}
        <Dialog id="new-flow" label="New flow" title="A flow of your own">
            <form method="post" action="/ui/flow/new">
                {hidden}
                <Input text value required=true/>
                <div class="acts mt-4"><Button label="Begin to draw" kind=Kind::Primary/></div>
            </form>
        </Dialog>
    }
}

fn row(one: &Line, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let flow = one.flow.as_ref();
    let drawn = one.sheet.as_ref().map(|sheet| &sheet.draft);
    let name = flow
        .map(|flow| flow.name.clone())
        .or_else(|| drawn.map(|draft| draft.name.clone()))
        .unwrap_or_default();
    let href = match flow {
        Some(flow) => at.path(&format!("flows/{}", flow.id)),
        None => at.path(&format!("flows/{}/readiness", one.key)),
    };
    let version = flow.map(|flow| view! { <Tag label=format!("v{}", flow.version)/> });
    let draft = one.sheet.as_ref().map(|sheet| {
        let label = match sheet.base {
            Some(base) => format!("draft of v{base}"),
            None => "first draft".to_owned(),
        };
        let href = at.path(&format!("flows/{}/readiness", one.key));
        let who = person_name(at, sheet.edited_by);
        view! { " " <a class="link" href=href title=format!("Changed by {who}")><Tag label/></a> }
    });
    let small = match (flow, drawn) {
        (Some(flow), _) => steps_line(&flow.steps),
        (None, Some(draft)) => steps_line(&draft.steps),
        (None, None) => String::new(),
    };
    let (tone, word) = match (one.retired_at, one.running, flow) {
        (_, n, _) if n > 0 => (run_tone(RunState::Running), format!("{n} running")),
        (Some(_), ..) => (Tone::Idle, "retired".to_owned()),
        (None, _, None) => (Tone::Idle, "not published".to_owned()),
        (None, ..) => (Tone::Idle, "idle".to_owned()),
    };
    let trigger = flow
        .map(|flow| &flow.trigger)
        .or_else(|| drawn.map(|draft| &draft.trigger))
        .map(trigger_words);
    let outcome = flow
        .map(|flow| flow.outcome.clone())
        .or_else(|| drawn.map(|draft| draft.outcome.clone()));
    let last = one.last.map(|at| view! { <When at now/> });
    view! {
        <tr data-row=one.key.clone()>
            <td>
                <a class="title" data-open="" href=href>{name}</a>
                " " {version} {draft}
                <small>{small}</small>
            </td>
            <td><StateBadge tone word/></td>
            <td class="wide">{trigger}</td>
            <td class="wide">{outcome}</td>
            <td class="num">{last}</td>
        </tr>
    }
}
