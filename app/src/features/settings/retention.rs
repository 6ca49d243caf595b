//! How long content is kept, what the next run removes, and what holds it.

use std::sync::Arc;

use domain::{
    access::Action,
    retention::{ContentKind, LegalHold, RetentionRun},
};
use engine::{Result, RetentionState};
use leptos::prelude::*;

use crate::{
    features::{exports::plural, receipts::size_text},
    ui::*,
    web::{Page, Typed, Visit, actor_name, page},
};

#[component]
pub fn RetentionPage() -> impl IntoView {
    page("settings", load, render)
}

async fn load(at: Arc<Visit>) -> Result<RetentionState> {
    at.engine().retention(&at.ctx).await
}

fn title(state: &RetentionState) -> String {
    let mut holds = state.holds.iter().filter(|one| one.in_force());
    if holds.any(|one| one.order_id.is_none()) {
        return "A legal hold keeps everything".to_owned();
    }
    match state.retention.days.len() {
        0 => "Everything is kept for ever".to_owned(),
        n => format!("{n} {} of content is kept for a time", plural(n, "kind")),
    }
}

fn render(state: RetentionState, at: &Visit) -> Page {
    let title = title(&state);
    let may = at.ctx.may(Action::ManageMerchant);
    let rules = if may {
        form(&state, at).into_any()
    } else {
        rules(&state).into_any()
    };
    let next = next_run(&state, at);
    let last = last_run(state.retention.run.as_ref(), at);
    let holds = holds(&state.holds, at);
    let change = may.then(|| {
        let lift = lift(&state.holds, at);
        view! { {place(at)} {lift} }
    });
    let side = view! { {stays()} {elsewhere()} }.into_any();
    let body = view! {
        <PageHead
            title=title.clone()
            sub="Content that is old enough, over, and not held is removed once a day. Its hash and its size stay.".into_any()
        />
        <Split side>{rules} {next} {last} {holds} {change}</Split>
    }
    .into_any();
    let crumbs = vec![
        Crumb::link("Settings", at.path("settings")),
        Crumb::here("Retention"),
    ];
    Page::new(title, crumbs, body)
}

fn set_days(state: &RetentionState, kind: ContentKind) -> Option<i64> {
    state.retention.days.get(&kind).copied()
}

fn form(state: &RetentionState, at: &Visit) -> impl IntoView + use<> {
    let typed = at.form("retention");
    let fields = ContentKind::ALL
        .map(|kind| field(&typed, kind, set_days(state, kind)))
        .into_iter()
        .collect_view();
    let hidden = at.hidden(&[]);
    view! {
        <Card title="Days that content is kept" padded=true id="days">
            <form method="post" action="/ui/retention/set">
                {hidden}
                <p class="mb-3">"A whole number of days, at least 30. Empty: for ever."</p>
                {fields}
                <div class="acts"><Button label="Save the days" kind=Kind::Primary/></div>
            </form>
        </Card>
    }
}

fn field(typed: &Typed, kind: ContentKind, days: Option<i64>) -> impl IntoView + use<> {
    let text = typed
        .text(kind.as_str(), kind.title())
        .hint(kind.sentence());
    let set = days.map(|days| days.to_string()).unwrap_or_default();
    let value = typed.value_or(kind.as_str(), &set);
    view! { <Input text value autocomplete="off"/> }
}

/// The same for whoever may look only.
fn rules(state: &RetentionState) -> impl IntoView + use<> {
    let rows = ContentKind::ALL
        .map(|kind| {
            let kept = set_days(state, kind)
                .map_or_else(|| "for ever".to_owned(), |days| format!("{days} days"));
            view! { <Row title=kind.title() sub=kind.sentence() aside=kept.into_any()/> }
        })
        .into_iter()
        .collect_view();
    view! { <Card title="How long content is kept" id="days">{rows}</Card> }
}

fn next_run(state: &RetentionState, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let rows = state
        .next
        .iter()
        .map(|(kind, (count, oldest))| {
            let sub = match *count {
                0 => "nothing".to_owned(),
                n => format!("{n} of them"),
            };
            let aside = oldest
                .map(|oldest| view! { "the oldest from " <When at=oldest now/> }.into_any())
                .unwrap_or_else(|| "".into_any());
            view! { <Row title=kind.title() sub aside/> }
        })
        .collect_view();
    let none = state
        .next
        .is_empty()
        .then(|| view! { <CardFoot>"Nothing: no kind has a term."</CardFoot> });
    let when = match state.retention.next_at {
        Some(due) => view! { <When at=due now/> }.into_any(),
        None => "within a day".into_any(),
    };
    view! { <Card title="What the next run removes" aside=when id="next">{rows} {none}</Card> }
}

fn last_run(run: Option<&RetentionRun>, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let Some(run) = run else {
        return view! { <Card title="What the last run removed" id="last"><CardFoot>"There was none yet."</CardFoot></Card> }
            .into_any();
    };
    let rows = run
        .removed
        .iter()
        .filter(|(_, tally)| tally.count > 0)
        .map(|(kind, tally)| {
            let size = size_text(tally.bytes).into_any();
            view! { <Row tone=Tone::Done title=kind.title() sub=format!("{} of them", tally.count) aside=size/> }
        })
        .collect_view();
    let none = (run.count() == 0).then(|| view! { <CardFoot>"Nothing."</CardFoot> });
    let when = match run.ended_at {
        Some(ended) => view! { <When at=ended now/> }.into_any(),
        None => "still goes on".into_any(),
    };
    view! { <Card title="What the last run removed" aside=when id="last">{rows} {none}</Card> }
        .into_any()
}

fn holds(all: &[LegalHold], at: &Visit) -> impl IntoView + use<> {
    if all.is_empty() {
        return view! {
            <Card title="Legal holds" id="holds">
                <Empty icon=Ico::Audit title="No legal hold">
                    "While one is in force nothing that it covers is removed, whatever the days say."
                </Empty>
            </Card>
        }
        .into_any();
    }
    let rows = all.iter().map(|one| hold_row(one, at)).collect_view();
    let cols = vec![Col::text("Covers"), Col::text("State"), Col::text("Why")];
    view! {
        <Card title="Legal holds" id="holds">
            <Table caption="Legal holds, newest first" list=true cols>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn hold_row(one: &LegalHold, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let id = one.id.to_string();
    let covers = match one.order_id {
        Some(order) => {
            let href = at.path(&format!("orders/{order}"));
            view! { <a class="title" href=href>{one.covers()}</a> }.into_any()
        }
        None => view! { <span class="title">{one.covers()}</span> }.into_any(),
    };
    let by = actor_name(&at.rules, &one.placed_by);
    let (tone, word) = match one.in_force() {
        true => (Tone::Held, "in force"),
        false => (Tone::Idle, "lifted"),
    };
    let lifted = one.lifted.clone().map(|lifted| {
        let by = actor_name(&at.rules, &lifted.by);
        view! {
            <small class="whitespace-normal">"Lifted by " {by} " " <When at=lifted.at now/> ": " {lifted.reason}</small>
        }
    });
    view! {
        <tr data-row=id>
            <td>{covers}<small>"by " {by} " " <When at=one.placed_at now/></small></td>
            <td><StateBadge tone word/></td>
            <td class="whitespace-normal">{one.reason.clone()} {lifted}</td>
        </tr>
    }
}

fn lift(all: &[LegalHold], at: &Visit) -> Option<AnyView> {
    let options: Vec<_> = all
        .iter()
        .filter(|one| one.in_force())
        .map(|one| (one.id.to_string(), format!("On {}", one.covers())))
        .collect();
    if options.is_empty() {
        return None;
    }
    let typed = at.form("lift");
    let hold = typed.text("hold", "Legal hold");
    let reason = typed
        .text("reason", "Reason for lifting it")
        .hint("Stands in the audit trail, and on this page.");
    let (hold_is, reason_is) = (typed.value("hold"), typed.value("reason"));
    let hidden = at.hidden(&[]);
    Some(
        view! {
            <Card title="Lift a legal hold" padded=true id="lift">
                <form method="post" action="/ui/retention/lift">
                    {hidden}
                    <p class="mb-3">"What it covers and is old enough is removed by the next run, and cannot be brought back."</p>
                    <Select text=hold options value=hold_is/>
                    <TextArea text=reason value=reason_is required=true/>
                    <div class="acts"><Button label="Lift the hold" kind=Kind::Danger/></div>
                </form>
            </Card>
        }
        .into_any(),
    )
}

fn place(at: &Visit) -> impl IntoView + use<> {
    let typed = at.form("hold");
    let order = typed.text("order", "Order").hint(
        "Its name, such as #1001, or the id on its page. Empty: everything of this merchant.",
    );
    let reason = typed
        .text("hold_reason", "Reason")
        .hint("Stands in the audit trail, and on this page.");
    let (order_is, reason_is) = (typed.value("order"), typed.value("hold_reason"));
    let hidden = at.hidden(&[]);
    view! {
        <Card title="Place a legal hold" padded=true id="place">
            <form method="post" action="/ui/retention/hold">
                {hidden}
                <Input text=order value=order_is autocomplete="off"/>
                <TextArea text=reason value=reason_is required=true/>
                <div class="acts"><Button label="Place the hold"/></div>
            </form>
        </Card>
    }
}

fn stays() -> impl IntoView {
    view! {
        <Card title="What is never removed" padded=true>
            <p class="mb-3">
                "The audit trail: its own entries are never removed or changed. They name content by its hash, so that only what they refer to goes."
            </p>
            <p class="mb-3">
                "Of removed content its hash, its size, and the day and the rule by which it went; so receipts and exports still prove what was there."
            </p>
            <p>
                "What is still worked on: receipts that wait to be processed or for their order, exports that are not over, running flows, and whatever an open task is about. What tasks say as evidence, discussions, briefs and what forms started stays, too."
            </p>
        </Card>
    }
}

fn elsewhere() -> impl IntoView {
    view! {
        <Card title="What has a fixed term" padded=true>
            <p class="mb-3">"What people were told and have read goes after 90 days, clicks in Slack after 30."</p>
            <p>"Mails are forgotten 30 days after they were sent, and what they said at once; answers that the API repeats, after two days; sessions when they end."</p>
        </Card>
    }
}
