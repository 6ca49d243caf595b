//! The list of exports: what goes out, in which state, and whose move it is.

use std::{collections::HashMap, sync::Arc};

use domain::{
    access::Noun,
    approval::Approval,
    export::{Export, ExportState},
    task::Task,
};
use engine::{Result, port::ListFilter};
use leptos::prelude::*;
use uuid::Uuid;

use super::words::{Cast, Move, destination_name, export_move, export_tone};
use crate::{
    ui::*,
    web::{List, Page, Tally, Visit, owner_name, page},
};

/// States that always have a filter; others have one while something is in them, or while they are chosen.
const CHIPS: [ExportState; 6] = [
    ExportState::AwaitingApproval,
    ExportState::Rejected,
    ExportState::Failed,
    ExportState::Delivering,
    ExportState::Acknowledged,
    ExportState::Completed,
];
/// The states in which an export stands still until a person does something.
const STUCK: [ExportState; 5] = [
    ExportState::Quarantined,
    ExportState::Rejected,
    ExportState::Failed,
    ExportState::Expired,
    ExportState::Paused,
];

struct Model {
    list: List,
    rows: Vec<Export>,
    waiting: HashMap<Uuid, Approval>,
    tasks: Vec<Task>,
    next: Option<String>,
    counts: HashMap<&'static str, Tally>,
}

#[component]
pub fn ExportsPage() -> impl IntoView {
    page("exports", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let list = List::of(&at, "exports");
    let (engine, ctx) = (at.engine(), &at.ctx);
    let mut rows = engine.exports(ctx, &list.filter()).await?;
    let next = list.cut(&mut rows, |row| (row.created_at, row.id));
    let pending = ListFilter {
        state: Some("pending".to_owned()),
        ..Tally::filter()
    };
    let waiting = engine.approvals(ctx, &pending).await?;
    let mut counts = HashMap::new();
    counts.insert("awaiting_approval", Tally::of(&waiting));
    for state in STUCK {
        let filter = ListFilter {
            state: Some(state.as_str().to_owned()),
            ..Tally::filter()
        };
        counts.insert(
            state.as_str(),
            Tally::of(&engine.exports(ctx, &filter).await?),
        );
    }
    let waiting = waiting
        .into_iter()
        .map(|(approval, export)| (export.id, approval))
        .collect();
    let live = ListFilter {
        state: Some("live".to_owned()),
        ..Tally::filter()
    };
    let tasks = engine.tasks(ctx, &live).await?;
    Ok(Model {
        list,
        rows,
        waiting,
        tasks,
        next,
        counts,
    })
}

fn headline(counts: &HashMap<&'static str, Tally>, any: bool) -> String {
    let of = |state: &str| counts.get(state).copied().unwrap_or_default();
    let stuck = STUCK
        .iter()
        .fold(Tally::default(), |sum, state| sum.plus(of(state.as_str())));
    let waiting = of("awaiting_approval");
    match (waiting.any(), stuck.any()) {
        (false, false) if any => "Every export is on its way or done".to_owned(),
        (false, false) => "Nothing has gone out yet".to_owned(),
        (true, false) => format!(
            "{} for approval",
            waiting.counted("export waits", "exports wait")
        ),
        (false, true) => format!(
            "{} until somebody acts",
            stuck.counted("export stands still", "exports stand still")
        ),
        (true, true) => format!(
            "{} for approval, {}",
            waiting.counted("export waits", "exports wait"),
            stuck.counted("stands still", "stand still")
        ),
    }
}

fn is_offered(state: ExportState, list: &List, counts: &HashMap<&'static str, Tally>) -> bool {
    CHIPS.contains(&state)
        || counts.get(state.as_str()).is_some_and(|count| count.any())
        || list.state.as_deref() == Some(state.as_str())
}

fn render(model: Model, at: &Visit) -> Page {
    let Model {
        list,
        rows,
        waiting,
        tasks,
        next,
        counts,
    } = model;
    let title = headline(&counts, !rows.is_empty() || list.is_narrowed());
    let chips = std::iter::once(list.state_chip("All", None))
        .chain(
            ExportState::ALL
                .iter()
                .filter(|state| is_offered(**state, &list, &counts))
                .map(|state| {
                    let chip = list.state_chip(
                        &domain::owner::role_title(state.as_str()),
                        Some(state.as_str()),
                    );
                    match counts.get(state.as_str()) {
                        Some(count) => count.on(chip, export_tone(*state)),
                        None => chip,
                    }
                }),
        )
        .chain(list.led_chips(&at.rules))
        .collect();
    let shown = match rows.len() {
        1 => "1 export".to_owned(),
        n => format!("{n} exports, newest first"),
    };
    let (narrowed, empty) = (list.is_narrowed(), rows.is_empty());
    let first = list.first();
    let inside = if empty {
        nothing(at, narrowed).into_any()
    } else {
        table(rows, &waiting, &tasks, at).into_any()
    };
    let body = view! {
        <PageHead title=title.clone() sub="One command under a contract each: checked, approved where the contract asks for it, sent, answered.".into_any()/>
        <FilterBar
            action=list.action.clone()
            label="Find an export by title, order or id"
            query=list.query.clone().unwrap_or_default()
            chips
            keep=list.keep()
            end=list.csv()
        />
        <div id="rows" data-live="">
            <Card>{inside}</Card>
        </div>
        {(!empty).then(|| view! { <Pager shown nostrip:first=first nostrip:next=next/> })}
    };
    Page::new(title, vec![Crumb::here("Exports")], body)
}

fn nothing(at: &Visit, narrowed: bool) -> impl IntoView + use<> {
    if narrowed {
        let actions =
            view! { <LinkButton href=at.path("exports") label="Show all exports"/> }.into_any();
        return view! {
            <Empty icon=Ico::Search title="No export fits" actions>"Look for part of a title, an order such as #1001, or an id."</Empty>
        }
        .into_any();
    }
    let actions = at.path_to(Noun::Flow, "flows").map(|href| {
        view! { <LinkButton href label="See the flows" kind=Kind::Primary icon=Ico::Flows/> }
            .into_any()
    });
    view! {
        <Empty icon=Ico::Exports title="No exports yet" nostrip:actions=actions>
            "A flow makes the first one: by itself when an order may be shipped, or when somebody starts a campaign."
        </Empty>
    }
    .into_any()
}

fn table(
    rows: Vec<Export>,
    waiting: &HashMap<Uuid, Approval>,
    tasks: &[Task],
    at: &Visit,
) -> impl IntoView + use<> {
    let cast = Cast {
        rules: &at.rules,
        slug: at.slug(),
        now: at.now(),
    };
    let rows = rows
        .into_iter()
        .map(|export| row(&export, waiting.get(&export.id), tasks, cast))
        .collect_view();
    let cols = vec![
        Col::text("What"),
        Col::text("State"),
        Col::text("Whose move"),
        Col::text("Contract").wide(),
        Col::text("Owner").wide(),
        Col::num("Due, or made"),
    ];
    view! { <Table caption="Exports, newest first" list=true cols>{rows}</Table> }
}

fn row(
    export: &Export,
    pending: Option<&Approval>,
    tasks: &[Task],
    cast: Cast<'_>,
) -> impl IntoView + use<> {
    let Move {
        says, whose, due, ..
    } = export_move(export, pending, tasks, cast);
    let now = cast.now;
    let says = if whose.is_empty() {
        says
    } else {
        format!("{whose} {says}")
    };
    let to = destination_name(cast.rules, export);
    let version = (export.version > 1).then(|| format!(" · version {}", export.version));
    view! {
        <tr data-row=export.id.to_string()>
            <td>
                <a class="title" data-open="" href=format!("/m/{}/exports/{}", cast.slug, export.id)>{export.title.clone()}</a>
                <small>"to " {to}{version}</small>
            </td>
            <td><StateBadge tone=export_tone(export.state) word=export.state.words()/></td>
            <td class="across">{says}</td>
            <td class="wide"><span class="mono">{export.export_type.clone()}</span>" "{export.contract_version.clone()}</td>
            <td class="wide">{owner_name(cast.rules, &export.owner)}</td>
            <td class="num">
                {match due {
                    Some(due) => view! { <Countdown due now/> }.into_any(),
                    _ => view! { <When at=export.created_at now/> }.into_any(),
                }}
            </td>
        </tr>
    }
}
