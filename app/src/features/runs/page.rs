//! One run: whose move it is, its thread, its path on the map, and what can be done with it.

use std::sync::Arc;

use board::{
    END, START,
    map::{Lit, Look},
};
use domain::{
    access::Action,
    flow::{Flow, Run, RunState, StepKind, TokenState},
    task::Task,
};
use engine::{Chain, Result, RunChain};
use leptos::prelude::*;

use super::history::{answers, history};
use crate::{
    features::{
        exports::export_tone,
        flows::editor::{FlowMap, names},
        thread::stations,
    },
    ui::*,
    web::{Page, Visit, owner_name, page},
};

#[component]
pub fn RunPage() -> impl IntoView {
    page("flows", load, render)
}

struct Model {
    run: RunChain,
    chain: Chain,
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let (run, chain) = at.engine().run_chain(&at.ctx, at.id("run")?).await?;
    Ok(Model { run, chain })
}

pub(super) const fn run_tone(state: RunState) -> Tone {
    match state {
        RunState::Running | RunState::Undoing => Tone::Moving,
        RunState::Paused => Tone::Held,
        RunState::Completed => Tone::Done,
        RunState::Cancelled => Tone::Idle,
        RunState::Failed => Tone::Late,
    }
}

/// What it is about, as people call it.
fn subject(chain: &Chain) -> String {
    let order = chain
        .order
        .as_ref()
        .map(|row| format!("order {}", row.order.name));
    let campaign = chain.campaign.as_ref().map(|one| one.title.clone());
    let case = chain.case.as_ref().map(|one| one.title.clone());
    order
        .or(campaign)
        .or(case)
        .unwrap_or_else(|| "something that is gone".to_owned())
}

fn render(model: Model, at: &Visit) -> Page {
    let Model { run: one, chain } = &model;
    let (run, flow, now) = (&one.run, &one.flow, at.now());
    let about = subject(chain);
    let title = format!("{}: {about}", flow.name);
    let word = match (&run.outcome, run.state) {
        (Some(outcome), RunState::Completed) => outcome.clone(),
        (_, state) => state.to_string(),
    };
    let started = run.started_at;
    let by = run
        .started_by
        .and_then(|id| at.rules.user_name(id))
        .map(|name| format!(" by {name}"));
    let sub = view! {
        <StateBadge tone=run_tone(run.state) word soft=true/>
        {format!(" version {} of the flow, started ", flow.version)} <When at=started now/> {by} "."
    }
    .into_any();
    let own = Chain {
        runs: vec![one.clone()],
        ..chain.clone()
    };
    let thread = stations(&own, None, &at.rules, at.slug(), now);
    let names = names(&at.rules);
    let look = look(run, flow);
    let controls = controls(run, at);
    let refused = ["pause", "resume", "cancel"]
        .iter()
        .any(|form| at.form(form).failed());
    let (first, last) = if refused {
        (Some(controls), None)
    } else {
        (None, Some(controls))
    };
    let side = view! {
        <div id="around" class="stack" data-live="">
            {facts(run, flow, chain, at)}
            {related(one, chain, at)}
            {last}
        </div>
    }
    .into_any();
    let did = view! {
        <div id="did" class="stack" data-live="">
            {tasks(one, at)}
            {history(run, flow, at)}
            {answers(run, flow)}
            {exports(one, at)}
        </div>
    };
    let body = view! {
        <div id="head" data-live=""><PageHead title=title.clone() sub/></div>
        <div id="life" data-live="" data-live-eager=(!run.state.is_over()).then_some("")>
            {banner(one, at)}
            <Thread stations=thread label=format!("The life of {about}")/>
        </div>
        {first}
        <div id="map" data-live=""><FlowMap flow names=&names look/></div>
        <Split side>{did}</Split>
    }
    .into_any();
    let crumbs = vec![
        Crumb::link("Flows", at.path("flows")),
        Crumb::link(flow.name.clone(), at.path(&format!("flows/{}", flow.id))),
        Crumb::here(about),
    ];
    Page::new(title, crumbs, body)
}

/// Its path over the map of its flow.
fn look(run: &Run, flow: &Flow) -> Look {
    let mut look = Look::default();
    for visit in &run.path {
        let lit = if visit.undone {
            Lit::Undone
        } else if visit.left_at.is_none() {
            Lit::Here
        } else if flow
            .step(&visit.step)
            .is_some_and(|step| step.kind.exits().contains(&visit.by.as_str()))
        {
            Lit::Done
        } else {
            Lit::Failed
        };
        look.lit.insert(visit.step.clone(), lit);
        let begun = |key: &str| run.path.iter().any(|later| later.step == key);
        if let Some(step) = flow.step(&visit.step) {
            let ways = step.exit(&visit.by).iter().map(String::as_str);
            let gone = step
                .failure(&visit.by)
                .and_then(|failure| match &failure.path {
                    domain::flow::Path::Go { to } => Some(to.as_str()),
                    _ => None,
                });
            for to in ways.chain(gone).filter(|to| begun(to)) {
                look.taken.push((visit.step.clone(), to.to_owned()));
            }
        }
    }
    if let Some(first) = run.path.first() {
        look.taken.push((START.to_owned(), first.step.clone()));
    }
    if let Some(last) = run.path.last().filter(|_| run.state == RunState::Completed) {
        look.taken.push((last.step.clone(), END.to_owned()));
    }
    for token in &run.tokens {
        let lit = match token.at {
            TokenState::Held => Lit::Held,
            TokenState::Joining | TokenState::Waiting | TokenState::Retrying => Lit::Here,
        };
        look.lit.insert(token.step.clone(), lit);
    }
    look
}

/// Whose move it is, and until when.
fn banner(one: &RunChain, at: &Visit) -> AnyView {
    let (run, now) = (&one.run, at.now());
    let says = |tone: Tone, whose: String, text: String| {
        view! { <YourMove tone whose now>{text}</YourMove> }.into_any()
    };
    match run.state {
        RunState::Completed | RunState::Cancelled | RunState::Failed => {
            let why = run.outcome.clone().unwrap_or_default();
            let text = match run.state {
                RunState::Completed => format!("It ended well: {why}."),
                _ => why,
            };
            return says(run_tone(run.state), "Nobody’s move".to_owned(), text);
        }
        RunState::Paused => {
            let pause = run.pause.as_ref();
            let who = pause
                .and_then(|pause| at.rules.user_name(pause.by))
                .unwrap_or("Somebody");
            let why = pause.map(|pause| pause.why.clone()).unwrap_or_default();
            let text = format!("{who} paused it: “{why}”. Its clocks stand still.");
            return says(Tone::Held, "Nobody’s move for now".to_owned(), text);
        }
        RunState::Running | RunState::Undoing => {}
    }
    let open = one.tasks.iter().find(|task| !task.state.is_over());
    if let Some(task) = open {
        let whose = possessive(&owner_name(&at.rules, &task.holder()));
        let href = at.path(&format!("tasks/{}", task.id));
        let (due, title) = (task.deadline(), task.title.clone());
        return view! { <YourMove tone=Tone::Held whose now due><a class="link" href=href>{title}</a></YourMove> }.into_any();
    }
    let stands: Vec<String> = run
        .stands_at()
        .filter_map(|key| one.flow.step(key))
        .map(|step| step.title.clone())
        .collect();
    let first = run.stands_at().find_map(|key| one.flow.step(key));
    let whose = first.map_or("Meshline".to_owned(), |step| match step.kind {
        StepKind::EmitExport { .. } => one
            .exports
            .iter()
            .rev()
            .find(|export| export.export.step_key == step.key)
            .and_then(|export| export.destination.as_ref())
            .map_or_else(
                || owner_name(&at.rules, &step.owner),
                |there| there.name.clone(),
            ),
        _ => owner_name(&at.rules, &step.owner),
    });
    let text = if run.state == RunState::Undoing {
        "What it did is being taken back, last first.".to_owned()
    } else {
        format!("It stands at {}.", stands.join(" and "))
    };
    let whose = possessive(&whose);
    match run.wait_until() {
        Some(due) => view! { <YourMove tone=Tone::Wait whose now due>{text}</YourMove> }.into_any(),
        None => says(Tone::Wait, whose, text),
    }
}

fn possessive(name: &str) -> String {
    if name.ends_with('s') {
        format!("{name}’ move")
    } else {
        format!("{name}’s move")
    }
}

fn facts(run: &Run, flow: &Flow, chain: &Chain, at: &Visit) -> impl IntoView + use<> {
    let subject_href = match run.subject_kind.as_str() {
        "order" => Some(at.path(&format!("orders/{}", run.subject_id))),
        _ => None,
    };
    let about = subject(chain);
    let about = match subject_href {
        Some(href) => view! { <a class="link" href=href>{about}</a> }.into_any(),
        None => about.into_any(),
    };
    let flow_href = at.path(&format!("flows/{}", flow.id));
    let flow_is = format!("{} v{}", flow.name, flow.version);
    let took = run.ended_at.map(|end| {
        let text = time::duration_text(end.since_ms(run.started_at));
        text.into_any()
    });
    let rows = kv(vec![
        ("About", Some(about)),
        (
            "Flow",
            Some(view! { <a class="link" href=flow_href>{flow_is}</a> }.into_any()),
        ),
        (
            "Occasion",
            (!run.occasion.is_empty() && run.parent.is_none())
                .then(|| run.occasion.clone().into_any()),
        ),
        ("Took", took),
        (
            "Run id",
            Some(view! { <CopyId id=run.id.to_string() what="run id"/> }.into_any()),
        ),
        (
            "Trace",
            Some(view! { <CopyId id=run.trace_id.clone() what="trace id"/> }.into_any()),
        ),
    ]);
    view! { <Card title="Facts">{rows}</Card> }
}

/// The run this one works for, and those that work for it.
fn related(one: &RunChain, chain: &Chain, at: &Visit) -> Option<AnyView> {
    let parent = one.run.parent.as_ref().map(|up| up.run_id);
    let rows: Vec<AnyView> = chain
        .runs
        .iter()
        .filter_map(|other| {
            let of_this = other.run.parent.as_ref().map(|up| up.run_id) == Some(one.run.id);
            let sub = if Some(other.run.id) == parent {
                "waits for this one"
            } else if of_this {
                "runs within this one"
            } else {
                return None;
            };
            let href = at.path(&format!("runs/{}", other.run.id));
            let title = other.flow.name.clone();
            Some(view! { <Row tone=run_tone(other.run.state) title sub href/> }.into_any())
        })
        .collect();
    (!rows.is_empty()).then(|| view! { <Card title="Other runs">{rows}</Card> }.into_any())
}

fn tasks(one: &RunChain, at: &Visit) -> Option<AnyView> {
    let of_exports = one.exports.iter().flat_map(|export| &export.tasks);
    let mut open: Vec<&Task> = one.tasks.iter().chain(of_exports).collect();
    open.retain(|task| !task.state.is_over());
    if open.is_empty() {
        return None;
    }
    let now = at.now();
    let rows = open
        .into_iter()
        .map(|task| {
            let href = at.path(&format!("tasks/{}", task.id));
            let due = task.deadline();
            let sub = owner_name(&at.rules, &task.holder());
            let tone = if due < now { Tone::Late } else { Tone::Held };
            let aside = view! { <Countdown due now/> }.into_any();
            view! { <Row tone title=task.title.clone() sub href aside/> }
        })
        .collect_view();
    Some(view! { <Card title="Waiting on somebody">{rows}</Card> }.into_any())
}

fn exports(one: &RunChain, at: &Visit) -> Option<AnyView> {
    if one.exports.is_empty() {
        return None;
    }
    let now = at.now();
    let rows = one
        .exports
        .iter()
        .map(|each| {
            let export = &each.export;
            let href = at.path(&format!("exports/{}", export.id));
            let aside = view! { <When at=export.created_at now/> }.into_any();
            let sub = export.state.words();
            view! { <Row tone=export_tone(export.state) title=export.title.clone() sub href aside/> }
        })
        .collect_view();
    Some(view! { <Card title="Exports" id="exports">{rows}</Card> }.into_any())
}

/// Pause, resume, cancel: each with its reason.
fn controls(run: &Run, at: &Visit) -> AnyView {
    if run.state.is_over() || !at.ctx.may(Action::Control) {
        return ().into_any();
    }
    let form =
        |name: &'static str, action: &'static str, label: &'static str, hint: &'static str| {
            let typed = at.form(name);
            let hidden = at.hidden(&[("run", &run.id.to_string())]);
            let text = typed.text("reason", "Why?").hint(hint);
            let value = typed.value("reason");
            view! {
                <form method="post" action=action>
                    {hidden}
                    <Input text value required=true/>
                    <div class="acts"><Button label/></div>
                </form>
            }
            .into_any()
        };
    let hold = match run.state {
        RunState::Running => {
            let hint = "Its clocks stand still, and nothing leaves, until somebody lets it go on.";
            let pause = form("pause", "/ui/run/pause", "Pause", hint);
            Some(view! { <Card title="Pause it" padded=true id="pause">{pause}</Card> }.into_any())
        }
        RunState::Paused => {
            let hint = "Every deadline moves by as long as the pause was.";
            let resume = form("resume", "/ui/run/resume", "Go on", hint);
            Some(
                view! { <Card title="Let it go on" padded=true id="resume">{resume}</Card> }
                    .into_any(),
            )
        }
        _ => None,
    };
    let hint = "What has not left is taken back; about what has, somebody is asked. This cannot be taken back.";
    let cancel = form("cancel", "/ui/run/cancel", "Cancel the run", hint);
    view! {
        {hold}
        <Card title="Cancel it" padded=true id="cancel">{cancel}</Card>
    }
    .into_any()
}
