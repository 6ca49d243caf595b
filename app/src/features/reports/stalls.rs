//! The last orders that stalled, and five questions about each. What has no answer is what to mend.

use std::sync::Arc;

use domain::Time;
use engine::{Result, Stall, StallAnswer, Stalls};
use leptos::prelude::*;
use uuid::Uuid;

use crate::{
    ui::*,
    web::{Page, Visit, page},
};

#[component]
pub fn StallsPage() -> impl IntoView {
    page("reports", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Stalls> {
    let chosen: Vec<Uuid> = at
        .query("orders")
        .unwrap_or_default()
        .split(',')
        .filter_map(|id| id.trim().parse().ok())
        .collect();
    at.engine().stalls(&at.ctx, &chosen).await
}

fn missing(stall: &Stall) -> usize {
    let answers = stall.answers().into_iter();
    answers
        .filter(|(_, answer)| matches!(answer, StallAnswer::Missing { .. }))
        .count()
}

fn render(model: Stalls, at: &Visit) -> Page {
    let open: usize = model.chosen.iter().map(missing).sum();
    let title = match (model.chosen.len(), open) {
        (0, _) => "No order stalled in the last 30 days".to_owned(),
        (1, 0) => "One stalled order, and every question about it has an answer".to_owned(),
        (n, 0) => format!("{n} stalled orders, and every question about them has an answer"),
        (1, open) => format!("One stalled order, and {open} of 5 questions nobody can answer"),
        (n, open) => format!(
            "{n} stalled orders, and {open} of {} questions nobody can answer",
            n * 5
        ),
    };
    let crumbs = vec![
        Crumb::link("Reports", at.path("reports")),
        Crumb::here("The last stalls"),
    ];
    let now = at.now();
    let cards = model
        .chosen
        .iter()
        .map(|stall| card(stall, at))
        .collect_view();
    let body = if model.chosen.is_empty() {
        view! {
            <Card>
                <Empty icon=Ico::Orders title="Nothing stalled">
                    "An order has stalled when a task about it climbed its ladder, or outlived its clock. The latest five stand here."
                </Empty>
            </Card>
        }
        .into_any()
    } else {
        cards.into_any()
    };
    let others = others(&model, now, at);
    let sub = "What began it, where it came from, who has it, what is next, and how long until somebody answered.".into_any();
    Page::new(
        title.clone(),
        crumbs,
        view! {
            <PageHead title sub/>
            <div class="stack">{body} {others}</div>
        },
    )
}

fn card(stall: &Stall, at: &Visit) -> impl IntoView + use<> {
    let rows = stall
        .answers()
        .into_iter()
        .map(|(question, answer)| match answer {
            StallAnswer::Known(text) => {
                view! { <Row tone=Tone::Done title=text.clone() sub=question/> }.into_any()
            }
            StallAnswer::Missing { what, fix, path } => {
                let sub = format!("{question}. {fix}");
                view! { <Row tone=Tone::Late title=what.clone() sub href=at.path(path)/> }
                    .into_any()
            }
        })
        .collect_view();
    let task = at.path(&format!("tasks/{}", stall.task.id));
    let order = at.path(&format!("orders/{}", stall.order_id));
    let now = at.now();
    let aside = view! {
        <a class="link" href=order>"Order"</a> " · " <a class="link" href=task>"Task"</a>
        " · " <When at=stall.task.created_at now/>
    }
    .into_any();
    let title = format!("{}: {}", stall.order, stall.task.title);
    view! { <Card title aside>{rows}</Card> }
}

/// The other ones, to look at instead.
fn others(model: &Stalls, now: Time, at: &Visit) -> Option<AnyView> {
    let rest: Vec<_> = model
        .candidates
        .iter()
        .filter(|(id, ..)| !model.chosen.iter().any(|one| one.order_id == *id))
        .take(50)
        .collect();
    if rest.is_empty() {
        return None;
    }
    let kept: Vec<String> = model
        .chosen
        .iter()
        .map(|one| one.order_id.to_string())
        .collect();
    let rows = rest
        .into_iter()
        .map(|(id, name, what, since)| {
            // the newest of those on the page makes room
            let mut ids: Vec<String> = vec![id.to_string()];
            ids.extend(kept.iter().take(4).cloned());
            let href = at.path(&format!("reports/stalls?orders={}", ids.join(",")));
            let aside = view! { <When at=*since now/> }.into_any();
            view! { <Row title=name.clone() sub=what.clone() href aside/> }
        })
        .collect_view();
    Some(view! { <Card title="Look at another one instead" id="others">{rows}</Card> }.into_any())
}
