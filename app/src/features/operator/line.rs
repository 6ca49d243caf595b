//! One merchant's line: whose move it is, until when, and what is behind it.

use domain::{Time, owner::Owner};
use engine::{
    MerchantLine, Overview, Standing,
    port::{AtRisk, Held, Next},
};
use leptos::prelude::*;

use super::{
    figures::{grouped, taken_words},
    spark::Spark,
};
use crate::ui::*;

/// More holders than this are counted together.
const HOLDERS: usize = 3;

fn tone(standing: Standing) -> Tone {
    match standing {
        Standing::Late => Tone::Late,
        Standing::Soon => Tone::Wait,
        Standing::Quiet => Tone::Held,
        Standing::OnTime => Tone::Idle,
    }
}

/// Everything that a line links to begins here.
struct At<'a> {
    slug: &'a str,
    now: Time,
}

impl At<'_> {
    fn path(&self, rest: &str) -> String {
        format!("/m/{}/{rest}", self.slug)
    }
}

pub(super) fn line(line: &MerchantLine, overview: &Overview, now: Time) -> AnyView {
    let at = At {
        slug: &line.merchant.slug,
        now,
    };
    let figures = &line.figures;
    let (p50, p95) = taken_words(figures.taken);
    let accepted = if figures.taken.n == 0 {
        view! { <span class="text-ink-3">"none"<small>"in 7 days"</small></span> }.into_any()
    } else {
        let href = at.path("approvals?state=decided&since=7d");
        view! { <a class="fig" href=href>{p50}<small>{p95}</small></a> }.into_any()
    };
    let name = line.merchant.name.clone();
    view! {
        <tr class="line" data-row=line.merchant.id.to_string()>
            <td>
                <a class="title" data-open="" href=at.path("queue")>{name}</a>
                <small>{receiving(line, &at)}</small>
            </td>
            <td class="move-of">{whose_move(line, overview, &at)}</td>
            <td class="until">{until(line, now)}</td>
            <td class="risks">{risks(line, &at)}</td>
            <td class="wide">{exceptions(line, overview, &at)}</td>
            <td class="num wide">{accepted}</td>
            <td class="wide"><Spark values=line.open.clone() tone=tone(line.standing)/></td>
        </tr>
    }
    .into_any()
}

/// "128 receipts, last 2 min ago", or which source says nothing.
fn receiving(line: &MerchantLine, at: &At<'_>) -> AnyView {
    let figures = &line.figures;
    let quiet = figures
        .quiet
        .iter()
        .map(|(id, name)| {
            let href = at.path(&format!("connections/{id}"));
            view! { <a class="fig text-held" href=href>{name.clone()}</a> " quiet for a day" <br/> }
        })
        .collect_view();
    let Some(last) = figures.last_receipt else {
        let connect = figures.sources == 0;
        let words = if connect {
            "Connect a storefront"
        } else {
            "Nothing has arrived yet"
        };
        let href = at.path(if connect {
            "connections/new"
        } else {
            "connections"
        });
        return view! { <a class="fig" href=href>{words}</a> }.into_any();
    };
    let now = at.now;
    let count = figures.receipts;
    let today = match count {
        0 => view! { "last receipt " }.into_any(),
        n => {
            let words = format!(
                "{} {}",
                grouped(n),
                if n == 1 { "receipt" } else { "receipts" }
            );
            view! { <a class="fig" href=at.path("receipts?since=24h")>{words}</a> ", last " }
                .into_any()
        }
    };
    view! { {quiet} {today} <When at=last now/> }.into_any()
}

fn whose_move(line: &MerchantLine, overview: &Overview, at: &At<'_>) -> AnyView {
    let (holder, what, note, href) = match &line.figures.next {
        Some(Next::Task(task)) => (
            task.holder(),
            task.title.clone(),
            view! { <code>{task.code.clone()}</code> }.into_any(),
            at.path(&format!("tasks/{}", task.id)),
        ),
        Some(Next::Approval(approval, title)) => (
            approval.owner.clone(),
            title.clone(),
            format!("approval {} of {}", approval.step, approval.of).into_any(),
            at.path(&format!("approvals/{}", approval.id)),
        ),
        None if line.figures.at_risk() == AtRisk::default() => {
            return view! { <span class="text-ink-3">"nobody’s, all on time"</span> }.into_any();
        }
        None => {
            return view! { <span class="text-ink-2">"Meshline’s, under way"</span> }.into_any();
        }
    };
    let name = overview.holder_name(&holder);
    view! {
        <span class="whose">
            <Avatar name=name.clone()/>
            <span>
                <a class="fig" href=href>{name} ", " {what}</a>
                <small>{note}</small>
            </span>
        </span>
    }
    .into_any()
}

fn until(line: &MerchantLine, now: Time) -> AnyView {
    let due = line.figures.next.as_ref().and_then(Next::deadline);
    match (line.standing, due) {
        (Standing::OnTime | Standing::Quiet, None) => {
            view! { <StateBadge tone=Tone::Done word="on time"/> }.into_any()
        }
        (_, Some(due)) => view! { <Countdown due now/> }.into_any(),
        (standing, None) => {
            let word = if standing == Standing::Late {
                "late"
            } else {
                "within the hour"
            };
            view! { <StateBadge tone=tone(standing) word/> }.into_any()
        }
    }
}

/// What has a clock that ran out or is about to: "2 tasks, 1 export late".
fn risks(line: &MerchantLine, at: &At<'_>) -> AnyView {
    let figures = &line.figures;
    let nouns = [
        ("task", "tasks", figures.tasks),
        ("approval", "approvals", figures.approvals),
        ("export", "exports", figures.exports),
        ("order", "orders", figures.orders),
    ];
    let of = |tone: Tone, word: &'static str, due: &str, count: fn(&AtRisk) -> i64| {
        let links: Vec<_> = nouns
            .iter()
            .filter(|(_, _, risk)| count(risk) > 0)
            .map(|(one, many, risk)| {
                let n = count(risk);
                let label = format!("{} {}", grouped(n), if n == 1 { one } else { many });
                let href = at.path(&format!("{many}?due={due}"));
                view! { <a class="fig" href=href>{label}</a> " " }
            })
            .collect();
        (!links.is_empty()).then(|| {
            view! { <span class="risk" data-tone=tone.key()>{links}<span>{word}</span></span> }
        })
    };
    let late = of(Tone::Late, "late", "overdue", |risk| risk.late);
    let soon = of(Tone::Wait, "within the hour", "hour", |risk| risk.soon);
    if late.is_none() && soon.is_none() {
        return view! { <span class="text-ink-3">"none"</span> }.into_any();
    }
    view! { {late} {soon} }.into_any()
}

fn exceptions(line: &MerchantLine, overview: &Overview, at: &At<'_>) -> AnyView {
    let held = &line.figures.held;
    if held.is_empty() {
        return view! { <span class="text-ink-3">"0"</span> }.into_any();
    }
    let total = line.figures.open_tasks();
    let people = held
        .iter()
        .take(HOLDERS)
        .map(|held| holder(held, overview, at))
        .collect_view();
    let rest: i64 = held.iter().skip(HOLDERS).map(|held| held.count).sum();
    view! {
        <span class="whose">
            <a class="fig" href=at.path("tasks")><b>{grouped(total)}</b><span class="sr-only">" open exceptions"</span></a>
            {people}
            {(rest > 0).then(|| view! { <small>{format!("+{rest}")}</small> })}
        </span>
    }
    .into_any()
}

fn holder(held: &Held, overview: &Overview, at: &At<'_>) -> impl IntoView + use<> {
    let owner: Option<Owner> = held.holder.parse().ok();
    let name = owner.map_or_else(|| held.holder.clone(), |owner| overview.holder_name(&owner));
    let href = at.path(&format!("tasks?holder={}", held.holder));
    let label = format!("{name}: {}", held.count);
    view! {
        <a class="fig held" href=href aria-label=label.clone() title=label>
            <Avatar name/>
            {held.count}
        </a>
    }
}
