//! The list of tasks: what is live, by deadline, unless something else is asked for.

use std::sync::Arc;

use domain::{
    Time,
    task::{Task, TaskState},
};
use engine::{Result, port::ListFilter};
use leptos::prelude::*;

use crate::{
    ui::*,
    web::{List, PAGE_ROWS, Page, Visit, code_words, owner_name, page, short_name},
};

#[component]
pub fn TasksPage() -> impl IntoView {
    page("tasks", load, render)
}

struct Model {
    list: List,
    rows: Vec<Task>,
    next: Option<String>,
    /// Not over, whatever the list shows.
    live: Vec<Task>,
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let list = List::of(&at, "tasks");
    let mut filter = list.filter();
    // what is over is rarely what one comes for
    match list.state.as_deref() {
        None => filter.state = Some("live".to_owned()),
        Some("all") => filter.state = None,
        Some(_) => {}
    }
    let mut rows = at.engine().tasks(&at.ctx, &filter).await?;
    let next = list.cut(&mut rows, |task| (task.created_at, task.id));
    if list.state.is_none() && next.is_none() {
        rows.sort_by_key(Task::deadline);
    }
    let live = ListFilter {
        state: Some("live".to_owned()),
        limit: PAGE_ROWS as i64 + 1,
        ..ListFilter::default()
    };
    let live = at.engine().tasks(&at.ctx, &live).await?;
    Ok(Model {
        list,
        rows,
        next,
        live,
    })
}

fn headline(live: &[Task], now: Time) -> String {
    let late = live.iter().filter(|task| task.deadline() <= now).count();
    match (live.len(), late) {
        (0, _) => "No task is open".to_owned(),
        (n, _) if n > PAGE_ROWS => format!("More than {PAGE_ROWS} tasks are open"),
        (n, 0) => format!("{n} open, none late"),
        (n, late) => format!("{n} open, {late} late"),
    }
}

fn render(model: Model, at: &Visit) -> Page {
    let Model {
        list,
        rows,
        next,
        live,
    } = model;
    let now = at.now();
    let title = headline(&live, now);
    let untaken = live
        .iter()
        .filter(|task| task.state == TaskState::Open)
        .count();
    let sub = match (live.iter().map(Task::deadline).filter(|due| *due > now).min(), untaken) {
        (Some(due), 0) => view! { "Next deadline in " <b><Countdown due now words=true/></b> ". Somebody has every one." }.into_any(),
        (Some(due), n) => view! { "Next deadline in " <b><Countdown due now words=true/></b> ". Nobody has taken " <b>{n}</b> " yet." }.into_any(),
        (None, 0) => "A task is opened when something is refused, late or does not fit.".into_any(),
        (None, n) => view! { "Nobody has taken " <b>{n}</b> " yet." }.into_any(),
    };
    let mut chips = vec![
        list.state_chip("Live", None),
        list.state_chip("Resolved", Some("resolved")),
        list.state_chip("Closed by itself", Some("cancelled")),
        list.state_chip("All", Some("all")),
    ];
    chips.extend(
        codes(&live, &list)
            .iter()
            .map(|code| list.kind_chip(&code_words(code), code)),
    );
    chips.extend(list.led_chips(&at.rules));
    let shown = match rows.len() {
        1 => "1 task".to_owned(),
        n if list.state.is_none() && next.is_none() && list.first().is_none() => {
            format!("{n} tasks, by deadline")
        }
        n => format!("{n} tasks, newest first"),
    };
    let inside = if rows.is_empty() {
        empty(&list, at)
    } else {
        table(rows, at)
    };
    let (query, keep, first) = (
        list.query.clone().unwrap_or_default(),
        list.keep(),
        list.first(),
    );
    let end = list.csv();
    let head = title.clone();
    Page::new(
        title,
        vec![Crumb::here("Tasks")],
        view! {
            <div id="tasks-head" data-live=""><PageHead title=head sub/></div>
            <FilterBar action=list.action label="Find by title, code or order" query chips keep end/>
            <div id="tasks" data-live="">
                <Card>{inside}</Card>
                <Pager shown nostrip:first=first nostrip:next=next/>
            </div>
        },
    )
}

/// What goes wrong now, and what is filtered by.
fn codes(live: &[Task], list: &List) -> Vec<String> {
    let mut codes: Vec<String> = live
        .iter()
        .map(|task| task.code.clone())
        .chain(list.kind.clone())
        .collect();
    codes.sort();
    codes.dedup();
    codes
}

fn empty(list: &List, at: &Visit) -> AnyView {
    if list.is_narrowed() {
        let actions =
            view! { <LinkButton href=list.action.clone() label="Show what is live"/> }.into_any();
        return view! {
            <Empty icon=Ico::Search title="No task fits" actions>
                "Nothing here has all of these words and filters."
            </Empty>
        }
        .into_any();
    }
    let actions =
        view! { <LinkButton href=at.path("exports") label="See the exports"/> }.into_any();
    view! {
        <Empty icon=Ico::Tasks title="No task is open" actions>
            "A task opens by itself when a destination refuses an export, a promise runs late, or something arrives \
             that does not fit. It has one owner and a deadline."
        </Empty>
    }
    .into_any()
}

pub(super) fn who(task: &Task, at: &Visit) -> String {
    match task.assignee.and_then(|user| at.rules.user_name(user)) {
        Some(name) => short_name(name),
        None => owner_name(&at.rules, &task.owner),
    }
}

pub(super) fn state(task: &Task, now: Time) -> (Tone, &'static str) {
    match task.state {
        TaskState::Open if task.deadline() <= now => (Tone::Late, "not taken"),
        TaskState::Open => (Tone::Wait, "to be taken"),
        TaskState::Claimed if task.deadline() <= now => (Tone::Late, "late"),
        TaskState::Claimed => (Tone::Moving, "taken"),
        TaskState::Snoozed => (Tone::Held, "snoozed"),
        TaskState::Resolved => (Tone::Done, "resolved"),
        TaskState::Cancelled => (Tone::Idle, "closed by itself"),
    }
}

fn table(rows: Vec<Task>, at: &Visit) -> AnyView {
    let now = at.now();
    let rows = rows
        .into_iter()
        .map(|task| {
            let (tone, word) = state(&task, now);
            let when = match task.resolved_at {
                Some(at) => view! { <When at now/> }.into_any(),
                None => {
                    let pinned = (task.state == TaskState::Snoozed).then_some(Tone::Held);
                    let due = task.deadline();
                    view! { <Countdown due now nostrip:tone=pinned/> }.into_any()
                }
            };
            let href = at.path(&format!("tasks/{}", task.id));
            let who = who(&task, at);
            view! {
                <tr data-row=task.id.to_string()>
                    <td>
                        <a class="title" data-open="" href=href>{task.title}</a>
                        <small>{task.sentence}</small>
                    </td>
                    <td><StateBadge tone word/></td>
                    <td class="wide">{who}</td>
                    <td class="num">{when}</td>
                </tr>
            }
        })
        .collect_view();
    let cols = vec![
        Col::text("What"),
        Col::text("State"),
        Col::text("Whose move").wide(),
        Col::num("Due"),
    ];
    view! { <Table caption="Tasks" list=true cols>{rows}</Table> }.into_any()
}
