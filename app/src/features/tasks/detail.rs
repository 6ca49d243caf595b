//! One task: what went wrong, whose move it is, what proves it, and what can be done about it now.

use std::sync::Arc;

use domain::{
    access::{Action, Noun},
    audit::AuditEntry,
    task::{Evidence, ExceptionClass, Severity, Task, TaskState, Unlock},
};
use engine::{Chain, Error, Kind as Cause, Result, Runbook};
use leptos::prelude::*;

use super::{
    forms::{owner_choices, reassign_form, snooze_form},
    list::{state, who},
    story::story,
};
use crate::{
    features::{
        runs::inputs,
        thread::{own_stations, stations},
    },
    ui::{
        time::{exact, stamp_text},
        *,
    },
    web::{Page, Visit, code_words, noun_path, owner_name, page, short_name},
};

/// More has not been seen on one task.
const MOST_HISTORY: i64 = 100;

#[component]
pub fn TaskPage() -> impl IntoView {
    page("tasks", load, render)
}

struct Model {
    task: Task,
    chain: Option<Chain>,
    history: Vec<AuditEntry>,
    runbook: Option<Runbook>,
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let (engine, ctx) = (at.engine(), &at.ctx);
    let task = engine.task(ctx, at.id("task")?).await?;
    let chain = match (task.export_id, task.order_id, task.receipt_id) {
        (Some(id), ..) => engine.export_chain(ctx, id).await.map(|(_, chain)| chain),
        (None, Some(id), _) => engine.order_chain(ctx, id).await,
        (None, None, Some(id)) => engine.receipt_chain(ctx, id).await,
        (None, None, None) if task.run_id.is_some() && ctx.reads(Noun::Flow) => {
            let id = task.run_id.unwrap_or_default();
            engine.run_chain(ctx, id).await.map(|(_, chain)| chain)
        }
        (None, None, None) => Err(Error::not_found("chain")),
    };
    // a job's subject may be nothing that has a thread
    let chain = match chain {
        Ok(chain) => Some(chain),
        Err(error) if error.kind == Cause::NotFound => None,
        Err(error) => return Err(error),
    };
    let history = engine.history(ctx, "task", task.id, MOST_HISTORY).await?;
    let runbook = engine.runbook_of_task(ctx, task.id).await?;
    Ok(Model {
        task,
        chain,
        history,
        runbook,
    })
}

/// How this step is done by hand, as its flow has it.
fn by_hand(one: &Runbook, at: &Visit) -> Option<AnyView> {
    let text = crate::features::playbook::runbook(&one.text)?;
    let aside = match one.flow_id {
        Some(id) => {
            let href = at.path(&format!("flows/{id}/playbook"));
            view! { <a class="link" href=href>{one.flow.clone()}</a> }.into_any()
        }
        None => one.flow.clone().into_any(),
    };
    let title = format!("Runbook: {}", one.step);
    Some(view! { <Card title aside padded=true id="runbook">{text}</Card> }.into_any())
}

/// What this person can do with the task now, as the engine would let them.
struct Possible {
    claim: bool,
    release: bool,
    /// Reassign, snooze and resolve.
    work: bool,
    why_not: Option<String>,
}

fn possible(task: &Task, at: &Visit) -> Possible {
    let none = |why: Option<String>| Possible {
        claim: false,
        release: false,
        work: false,
        why_not: why,
    };
    if task.state.is_over() {
        return none(None);
    }
    if let Some(error) = at.ctx.why_not(Action::WorkTasks) {
        return none(Some(error.sentence));
    }
    let Some(me) = at.ctx.user_id() else {
        return none(None);
    };
    let why_not = task
        .assignee
        .filter(|user| *user != me)
        .map(|_| "Somebody else has it: they can release it, or you reassign it.".to_owned());
    Possible {
        claim: task.state != TaskState::Claimed && task.clone().claim(me, at.now()).is_ok(),
        release: task.clone().release(me, at.now()).is_ok(),
        work: true,
        why_not,
    }
}

fn render(model: Model, at: &Visit) -> Page {
    let Model {
        task,
        chain,
        history,
        runbook,
    } = model;
    let now = at.now();
    let can = possible(&task, at);
    let title = task.title.clone();
    let crumbs = vec![
        Crumb::link("Tasks", at.path("tasks")),
        Crumb::here(code_words(&task.code)),
    ];
    let sub = task.sentence.clone().into_any();
    let actions = actions(&task, &can, at);
    let opened = opened_form(&task, &can, at);
    let banner = banner(&task, &can, at);
    let there = chain.is_some();
    let thread = chain.map(|chain| {
        let sight = at.sight();
        let own = chain.exports().find(|one| Some(one.export.id) == task.export_id);
        let stations = match own.filter(|_| !sight.is_whole()) {
            Some(own) => own_stations(own, &sight, &at.rules, at.slug(), now),
            None => stations(&chain, task.export_id, &at.rules, at.slug(), now),
        };
        view! { <div id="task-thread" data-live=""><Thread stations label="The life of what this is about"/></div> }
    });
    let resolve = resolve(&task, &can, at);
    let side = side(&task, &history, at);
    let evidence = evidence(&task, there, at);
    let steps = remediation(&task.remediation_steps, task.state.is_over());
    let runbook = runbook.and_then(|one| by_hand(&one, at));
    let head = title.clone();
    Page::new(
        title,
        crumbs,
        view! {
            <div id="task-head" data-live=""><PageHead title=head sub nostrip:actions=actions/></div>
            <div id="task-move" data-live="">{banner}</div>
            {opened}
            {thread}
            <Split side>
                {steps}
                {runbook}
                {resolve}
                {evidence}
            </Split>
        },
    )
}

fn banner(task: &Task, can: &Possible, at: &Visit) -> AnyView {
    let now = at.now();
    let me = at.ctx.user_id();
    let mine = task.assignee.is_some_and(|user| Some(user) == me);
    let name = who(task, at);
    let (tone, _) = state(task, now);
    let asked = at
        .ctx
        .member()
        .is_ok_and(|(_, member)| member.answers_for(&task.owner));
    let whose = match task.state {
        TaskState::Resolved | TaskState::Cancelled => "Nobody’s move".to_owned(),
        TaskState::Snoozed => "Nobody’s move for now".to_owned(),
        _ if mine || (task.assignee.is_none() && asked) => "Your move".to_owned(),
        _ if name.ends_with('s') => format!("{name}’ move"),
        _ => format!("{name}’s move"),
    };
    let says = match task.state {
        TaskState::Open => {
            let then = next_rung(task, at);
            format!(
                "Take it by {}, have it done by {}.{then}",
                stamp_text(task.accept_by, now),
                stamp_text(task.resolve_by, now)
            )
        }
        TaskState::Claimed => {
            let has = if mine {
                "You have it".to_owned()
            } else {
                format!("{name} has it")
            };
            format!(
                "{has}. It is to be done by {}.{}",
                stamp_text(task.resolve_by, now),
                next_rung(task, at)
            )
        }
        TaskState::Snoozed => format!(
            "It sleeps until {} and comes back by itself. The time to have it done runs on.",
            task.snoozed_until
                .map(|until| stamp_text(until, now))
                .unwrap_or_default()
        ),
        TaskState::Resolved => {
            let who = task
                .resolved_by
                .and_then(|user| at.rules.user_name(user))
                .map(short_name);
            let note = task.resolution.clone().unwrap_or_default();
            match who {
                Some(who) => format!("{who} resolved it: “{note}”"),
                None => format!("It was resolved: “{note}”"),
            }
        }
        TaskState::Cancelled => {
            format!(
                "It closed by itself: {}.",
                task.resolution.clone().unwrap_or_default()
            )
        }
    };
    let why_not = can.why_not.clone().map(|why| format!(" {why}"));
    if task.state.is_over() {
        return view! { <YourMove tone whose now>{says}</YourMove> }.into_any();
    }
    let due = task.deadline();
    view! { <YourMove tone whose now due>{says}{why_not}</YourMove> }.into_any()
}

/// Who gets it when the clock runs out.
fn next_rung(task: &Task, at: &Visit) -> String {
    match task.escalation.rung(task.rung) {
        Some(step) if task.escalates_at.is_some() => format!(
            " It goes to {} when their working hours begin.",
            owner_name(&at.rules, &step.target)
        ),
        Some(step) => format!(
            " On silence it goes to {}.",
            owner_name(&at.rules, &step.target)
        ),
        None => " There is nobody further to ask.".to_owned(),
    }
}

fn fields(task: &Task, at: &Visit) -> Vec<(&'static str, String)> {
    at.fields(&[
        ("task", &task.id.to_string()),
        ("to", &at.path(&format!("tasks/{}", task.id))),
    ])
}

fn actions(task: &Task, can: &Possible, at: &Visit) -> Option<AnyView> {
    let more = (can.work && opened(at).is_none()).then(|| {
        let snooze = snooze_form(fields(task, at), &at.form("snooze"));
        let reassign = reassign_form(fields(task, at), owner_choices(task, at), &at.form("reassign"));
        view! {
            <Dialog id="snooze" label="Snooze…" title="Until when?" key="s" kind=Kind::Quiet>{snooze}</Dialog>
            <Dialog id="reassign" label="Reassign…" title="Who is to have it?" key="r" kind=Kind::Quiet>{reassign}</Dialog>
        }
    });
    let release = can.release.then(|| {
        let fields = fields(task, at);
        view! { <PostButton action="/ui/task/release" label="Give it back" fields/> }
    });
    let claim = can
        .claim
        .then(|| super::claim_button(task, Kind::Primary, fields(task, at)));
    let resolve = (can.work && !can.claim).then(
        || view! { <LinkButton href="#resolve" label="Resolve" kind=Kind::Primary key="a"/> },
    );
    (can.work || can.claim).then(|| view! { {more} {release} {claim} {resolve} }.into_any())
}

/// The small form that stands open on the page: because it was refused, or because a link asks for it.
fn opened(at: &Visit) -> Option<&'static str> {
    ["snooze", "reassign"]
        .into_iter()
        .find(|form| at.form(form).failed() || at.query("do") == Some(form))
}

fn opened_form(task: &Task, can: &Possible, at: &Visit) -> AnyView {
    let (title, form) = match opened(at).filter(|_| can.work) {
        Some("snooze") => (
            "Until when?",
            snooze_form(fields(task, at), &at.form("snooze")),
        ),
        Some(_) => {
            let choices = owner_choices(task, at);
            (
                "Who is to have it?",
                reassign_form(fields(task, at), choices, &at.form("reassign")),
            )
        }
        None => return ().into_any(),
    };
    view! { <div class="mb-5"><Card title padded=true>{form}</Card></div> }.into_any()
}

fn resolve(task: &Task, can: &Possible, at: &Visit) -> AnyView {
    if !can.work {
        return ().into_any();
    }
    let typed = at.form("resolve");
    let hidden = at.hidden(&[("task", &task.id.to_string())]);
    let form = task.step.as_ref().map_or(&[][..], |step| &step.form);
    let questions = inputs(form, &typed);
    let says_it_all = task.unlock == Unlock::FinishStep;
    let text = typed
        .text(
            "note",
            if says_it_all {
                "Anything to add?"
            } else {
                "What was done"
            },
        )
        .hint("The next person reads this, and it stays in the record.");
    let (value, unlocks) = (typed.value("note"), task.unlock.sentence());
    let taken = task.assignee.is_some() && task.assignee == at.ctx.user_id();
    let kind = if taken {
        Kind::Primary
    } else {
        Kind::Secondary
    };
    let (title, label) = if says_it_all {
        ("Do it", "Done")
    } else {
        ("Resolve it", "Resolve")
    };
    view! {
        <Card title padded=true id="resolve">
            <form method="post" action="/ui/task/resolve">
                {hidden}
                {questions}
                <TextArea text value required=!says_it_all/>
                <p class="hint">{unlocks}</p>
                <div class="acts"><Button label kind/></div>
            </form>
        </Card>
    }
    .into_any()
}

fn remediation(steps: &[String], over: bool) -> AnyView {
    if steps.is_empty() {
        return ().into_any();
    }
    // the ticks are the reader's own: they help to keep one's place and are not stored
    let steps = steps
        .iter()
        .map(|step| {
            let label = step.clone();
            if over {
                return view! { <li>{label}</li> }.into_any();
            }
            view! { <li><Check name="step" label/></li> }.into_any()
        })
        .collect_view();
    view! {
        <Card title=if over { "What there was to do" } else { "What to do" } padded=true>
            <ol role="list">{steps}</ol>
        </Card>
    }
    .into_any()
}

/// `there`: whether this person finds the export that the task is about.
fn evidence(task: &Task, there: bool, at: &Visit) -> AnyView {
    let all: &[Evidence] = &task.evidence;
    let about = task.export_id.map(|id| id.to_string());
    let whole = at.sight().is_whole();
    if all.is_empty() {
        return ().into_any();
    }
    let rows = all
        .iter()
        .map(|one| {
            let (label, value) = (evidence_label(&one.label), evidence_value(&one.value));
            let href = one
                .link
                .as_ref()
                .filter(|(_, id)| whole || (there && about.as_ref() == Some(id)))
                .and_then(|(noun, id)| noun_path(at.slug(), noun, id));
            let shown = match href {
                Some(href) => view! { <a class="link" href=href>{value}</a> }.into_any(),
                None => value.into_any(),
            };
            view! { <KvRow label>{shown}</KvRow> }
        })
        .collect_view();
    view! {
        <Card title="Evidence">
            <Kv>{rows}</Kv>
        </Card>
    }
    .into_any()
}

/// JSON pointers and codes stay as they are; words are words.
fn evidence_label(label: &str) -> String {
    if label.starts_with('/') || label.contains(' ') {
        label.to_owned()
    } else {
        code_words(label)
    }
}

/// An instant is written as pages write it, and a destination's own words without their brackets.
fn evidence_value(value: &str) -> String {
    if let Ok(at) = value.parse() {
        return exact(at);
    }
    match serde_json::from_str::<serde_json::Value>(value) {
        Ok(serde_json::Value::Object(said)) if !said.is_empty() => {
            let said: Vec<String> = said
                .iter()
                .map(|(name, value)| match value.as_str() {
                    Some(text) => format!("{name}: {text}"),
                    None => format!("{name}: {value}"),
                })
                .collect();
            said.join(", ")
        }
        _ => value.to_owned(),
    }
}

fn side(task: &Task, history: &[AuditEntry], at: &Visit) -> AnyView {
    let now = at.now();
    let people: Vec<String> = at
        .rules
        .asked(&task.owner, now)
        .into_iter()
        .map(|user| short_name(&user.name))
        .collect();
    let owner_row = {
        let title = owner_name(&at.rules, &task.owner);
        let sub = if people.is_empty() {
            "nobody active".to_owned()
        } else {
            people.join(", ")
        };
        let person = title.clone();
        view! { <Row title sub person aside="owner".into_any()/> }
    };
    let has = task
        .assignee
        .and_then(|user| at.rules.user_name(user))
        .map(|name| {
            let (title, person) = (name.to_owned(), name.to_owned());
            view! { <Row title person aside="has it".into_any()/> }
        });
    let rungs = task
        .escalation
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let passed = i64::try_from(index).is_ok_and(|index| index < task.rung);
            let title = owner_name(&at.rules, &step.target);
            let sub = if passed {
                "was asked"
            } else {
                "if nobody acts"
            };
            let person = title.clone();
            let aside = format!("after {}", time::duration_text(step.after_ms)).into_any();
            view! { <Row title sub person aside/> }
        })
        .collect_view();
    let clock = |due: domain::Time| {
        if task.state.is_over() {
            stamp_text(due, now).into_any()
        } else {
            view! { <Countdown due now/> }.into_any()
        }
    };
    let (take, done) = (clock(task.accept_by), clock(task.resolve_by));
    let class = match task.class {
        ExceptionClass::Hard => "hard: the item stands still until this is resolved",
        ExceptionClass::Soft => "soft: the work goes on elsewhere meanwhile",
    };
    let urgent =
        (task.severity == Severity::High).then(|| view! { <KvRow label="Severity">"high"</KvRow> });
    let (code, trace, id, created) = (
        task.code.clone(),
        task.trace_id.clone(),
        task.id.to_string(),
        task.created_at,
    );
    let watchers = (!task.watchers.is_empty()).then(|| {
        let names: Vec<String> = task
            .watchers
            .iter()
            .map(|owner| owner_name(&at.rules, owner))
            .collect();
        view! { <KvRow label="Told, too">{names.join(", ")}</KvRow> }
    });
    let story = story(history, &at.rules, now);
    view! {
        <Card title="Two clocks">
            <Row title="To be taken" aside=take/>
            <Row title="To be done" aside=done/>
        </Card>
        <Card title="Who answers">{has}{owner_row}{rungs}</Card>
        <Card title="Facts">
            <Kv>
                <KvRow label="Code"><code>{code}</code></KvRow>
                <KvRow label="Class">{class}</KvRow>
                {urgent}
                {watchers}
                <KvRow label="Opened"><When at=created now/></KvRow>
                <KvRow label="Task"><CopyId id what="task id"/></KvRow>
                <KvRow label="Trace"><CopyId id=trace what="trace id"/></KvRow>
            </Kv>
        </Card>
        <div id="task-history" data-live=""><Card title="What happened">{story}</Card></div>
    }
    .into_any()
}
