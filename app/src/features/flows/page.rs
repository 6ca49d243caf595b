//! One flow: its map, its rules in a table, its latest runs, and the brief that starts it by hand.

use std::{collections::HashMap, sync::Arc};

use domain::{
    access::Action,
    export::Export,
    flow::{Flow, Run, RunState, Trigger},
};
use engine::{FlowHistory, Named, NeededBy, Pinned, Result, port::ListFilter};
use leptos::prelude::*;
use uuid::Uuid;

use super::{
    brief::brief,
    draft,
    editor::{self, FlowMap, names},
    pinned::pinned,
    versions::{versions, whole},
    words::{run_tone, trigger_words},
};
use crate::{
    ui::{time::duration_text, *},
    web::{Page, Visit, page},
};

const RUNS: usize = 40;
/// Runs that the map counts.
const DRAWN: i64 = 500;
const EXPORTS: i64 = 100;

/// What the address named: a version, or a flow that is only drawn so far.
enum Found {
    Flow(Box<Model>),
    Drawn(Box<draft::Model>),
}

struct Model {
    flow: Flow,
    history: FlowHistory,
    /// Runs under way, by version.
    running: Vec<(i64, i64)>,
    needed_by: Vec<NeededBy>,
    pin: Option<Pinned>,
    runs: Vec<Run>,
    /// The newest of them, and more than the list shows: where they stand is drawn on the map.
    open: Vec<Run>,
    /// What the newest of these runs made, by run: it names what they are about.
    made: HashMap<Uuid, Export>,
}

#[component]
pub fn FlowPage() -> impl IntoView {
    page("flows", load, render)
}

/// By the id of a version, or by the flow's key; the id of a draft is known from a notice.
async fn load(at: Arc<Visit>) -> Result<Found> {
    let word = draft::key_of(&at)?;
    let key = match word.parse::<Uuid>() {
        Err(_) => word,
        Ok(id) => match at.engine().flow(&at.ctx, id).await {
            Ok(flow) => return of_version(&at, flow).await,
            Err(error) => {
                let drafts = at.engine().flow_drafts(&at.ctx).await?;
                let drawn = drafts.into_iter().find(|sheet| sheet.draft.id == id);
                let key = drawn.ok_or(error)?.key;
                return Ok(Found::Drawn(Box::new(draft::of(&at, &key).await?)));
            }
        },
    };
    let history = at.engine().flow_history(&at.ctx, &key).await?;
    match history.live() {
        Some(flow) => of_version(&at, flow.clone()).await,
        None => Ok(Found::Drawn(Box::new(draft::of(&at, &key).await?))),
    }
}

async fn of_version(at: &Visit, flow: Flow) -> Result<Found> {
    let (engine, ctx) = (at.engine(), &at.ctx);
    let history = engine.flow_history(ctx, &flow.key).await?;
    let running = engine.open_runs_by_version(ctx, &flow.key).await?;
    let needed_by = engine
        .needed_by(ctx, &Named::Flow(flow.key.clone()))
        .await?;
    let open = engine.runs_of_flow(ctx, &flow.key, DRAWN).await?;
    let history_key = flow.key.clone();
    let runs = open.iter().take(RUNS).cloned().collect();
    let newest = ListFilter {
        limit: EXPORTS,
        ..ListFilter::default()
    };
    let mut made = HashMap::new();
    for export in at.engine().exports(&at.ctx, &newest).await? {
        made.entry(export.run_id).or_insert(export);
    }
    Ok(Found::Flow(Box::new(Model {
        flow,
        history,
        running,
        needed_by,
        pin: engine.flow_pin(ctx, &history_key).await?,
        runs,
        open,
        made,
    })))
}

fn render(found: Found, at: &Visit) -> Page {
    let model = match found {
        Found::Flow(model) => model,
        Found::Drawn(model) => return draft::render(*model, at),
    };
    let Model {
        flow,
        history,
        running: by_version,
        needed_by,
        pin,
        runs,
        open,
        made,
    } = &*model;
    let running = runs
        .iter()
        .filter(|run| run.state == RunState::Running)
        .count();
    let title = match running {
        0 => format!("{}: nothing running", flow.name),
        1 => format!("{}: 1 run under way", flow.name),
        n => format!("{}: {n} runs under way", flow.name),
    };
    let live = history.live().filter(|_| history.retired_at.is_none());
    let newer = live.filter(|one| one.id != flow.id).map(|one| {
        let href = at.path(&format!("flows/{}", one.id));
        view! { " · " <a class="link" href=href>{format!("version {} is live now", one.version)}</a> }
    });
    let published = flow.published_at;
    let now = at.now();
    let playbook = at.path(&format!("flows/{}/playbook", flow.id));
    let sub = view! {
        {format!("Version {}, published ", flow.version)} <When at=published now/> " · " {flow.summary.clone()} {newer}
        " · " <a class="link" href=playbook>"Playbook"</a>
    }
    .into_any();
    let may_start = flow.trigger == Trigger::Campaign
        && at.ctx.may(Action::Trigger)
        && live.is_some_and(|one| one.id == flow.id);
    let start = match flow.trigger {
        Trigger::Campaign if may_start => Some("Start a campaign"),
        Trigger::Form { .. } | Trigger::Manual
            if at.ctx.may(Action::Trigger) && live.is_some_and(|one| one.id == flow.id) =>
        {
            Some("Start it")
        }
        _ => None,
    };
    let start = start
        .map(|label| view! { <LinkButton href="#start" label kind=Kind::Primary icon=Ico::Plus/> });
    let change = match (&history.sheet, at.ctx.may(Action::DrawFlows)) {
        (Some(_), _) => {
            let href = at.path(&format!("flows/{}/readiness", flow.key));
            Some(view! { <LinkButton href label="See the draft"/> }.into_any())
        }
        (None, true) => {
            let fields = at.fields(&[("flow", flow.key.as_str())]);
            Some(
                view! { <PostButton action="/ui/flow/begin" label="Change it" fields/> }.into_any(),
            )
        }
        (None, false) => None,
    };
    let actions = Some(view! { {change} {start} }.into_any());
    let by_hand = matches!(flow.trigger, Trigger::Form { .. } | Trigger::Manual)
        && live.is_some_and(|one| one.id == flow.id);
    let form = if by_hand {
        crate::features::runs::start(flow, at)
    } else {
        may_start.then(|| brief(&flow.id.to_string(), at).into_any())
    };
    let names = names(&at.rules);
    let look = editor::live(flow, open, now);
    let steps = view! { <div id="map" data-live=""><FlowMap flow names=&names look/></div> };
    let list = run_list(runs, flow, made, at);
    let others: i64 = by_version
        .iter()
        .filter(|(version, _)| *version != flow.version)
        .map(|(_, count)| count)
        .sum();
    let is_live = live.is_some_and(|one| one.id == flow.id);
    let moving = (is_live && others > 0 && at.ctx.may(Action::PublishFlows)).then(|| {
        let href = at.path(&format!("flows/{}/move", flow.key));
        let title = format!("{others} on older versions");
        view! { <Card title="Older versions still run"><Row title sub="They finish there, unless somebody moves them." href tone=Tone::Moving/></Card> }
    });
    let facts = view! {
        {facts(flow)}
        {pin.as_ref().map(pinned)}
        {versions(history, flow, by_version, at)}
        {moving}
        {whole(history, flow, needed_by, at)}
    };
    let list = view! { <div id="runs" data-live="">{list}</div> };
    // a refused brief comes first: that is what the person is here for
    let main = if at.form("brief").failed() || at.form("start").failed() {
        view! { {form} {list} }.into_any()
    } else {
        view! { {list} {form} }.into_any()
    };
    let body = view! {
        <PageHead title=title.clone() sub nostrip:actions=actions/>
        {steps}
        <Split side=facts.into_any()>{main}</Split>
    }
    .into_any();
    let crumbs = vec![
        Crumb::link("Flows", at.path("flows")),
        Crumb::here(flow.name.clone()),
    ];
    Page::new(title, crumbs, body)
}

fn run_list(
    runs: &[Run],
    flow: &Flow,
    made: &HashMap<Uuid, Export>,
    at: &Visit,
) -> impl IntoView + use<> {
    let rows = runs
        .iter()
        .map(|run| run_row(run, flow, made.get(&run.id), at))
        .collect_view();
    let cols = vec![
        Col::text("Run"),
        Col::text("State"),
        Col::text("Step").wide(),
        Col::num("Took").wide(),
        Col::num("Started"),
    ];
    let inside = if runs.is_empty() {
        let how = match flow.trigger {
            Trigger::Order { event, .. } => {
                format!("The first one starts by itself, with the next {event} of an order.")
            }
            Trigger::Campaign => "The first one starts with a campaign brief.".to_owned(),
            Trigger::Form { .. } | Trigger::Manual => {
                "The first one starts when a person starts it.".to_owned()
            }
            Trigger::SubFlow => "The first one starts when another flow comes to it.".to_owned(),
        };
        view! { <Empty icon=Ico::Flows title="No runs yet">{how}</Empty> }.into_any()
    } else {
        view! { <Table caption="Latest runs" list=true cols>{rows}</Table> }.into_any()
    };
    let aside = (!runs.is_empty()).then(|| format!("newest {}", runs.len()).into_any());
    view! { <Card title="Latest runs" nostrip:aside=aside>{inside}</Card> }
}

fn run_row(run: &Run, flow: &Flow, made: Option<&Export>, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let at_step = run.stands_at().find_map(|key| flow.step(key));
    let step = match (run.state, at_step) {
        (RunState::Running, Some(step)) => step.title.clone(),
        (RunState::Running, None) => "finishing".to_owned(),
        _ => String::new(),
    };
    let id = run.id.to_string();
    let name = made.map_or_else(
        || {
            format!(
                "{} {}",
                domain::owner::role_title(&run.subject_kind),
                short_id(&run.subject_id.to_string())
            )
        },
        |export| export.title.clone(),
    );
    let href = at.path(&format!("runs/{id}"));
    let what = view! { <a class="title" data-open="" href=href>{name}</a> };
    let word = match (&run.outcome, run.state) {
        (Some(outcome), _) => outcome.clone(),
        (None, state) => state.to_string(),
    };
    let by = run
        .started_by
        .and_then(|id| at.rules.user_name(id))
        .map(|name| format!("started by {name}"));
    let took = run
        .ended_at
        .map(|end| duration_text(end.since_ms(run.started_at)));
    view! {
        <tr data-row=id>
            <td>{what} <small>{by}</small></td>
            <td><StateBadge tone=run_tone(run.state) word/></td>
            <td class="wide">{step}</td>
            <td class="num wide">{took}</td>
            <td class="num"><When at=run.started_at now/></td>
        </tr>
    }
}

fn facts(flow: &Flow) -> impl IntoView + use<> {
    let id =
        |id: &str, what: &'static str| Some(view! { <CopyId id=id.to_owned() what/> }.into_any());
    let rows = kv(vec![
        ("Starts", Some(trigger_words(&flow.trigger).into_any())),
        ("Ends in", Some(flow.outcome.clone().into_any())),
        ("Steps", Some(flow.steps.len().into_any())),
        (
            "Key",
            Some(view! { <CopyId id=flow.key.clone() whole=true what="flow key"/> }.into_any()),
        ),
        ("Version id", id(&flow.id.to_string(), "version id")),
    ]);
    view! { <Card title="Facts">{rows}</Card> }
}
