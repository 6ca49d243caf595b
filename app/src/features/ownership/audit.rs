//! What is wrong with who answers for what, each with the place where it is put right.

use std::sync::Arc;

use engine::{Finding, FindingKind, Result};
use leptos::prelude::*;

use crate::{
    ui::*,
    web::{Page, Visit, page},
};

#[component]
pub fn OwnershipAuditPage() -> impl IntoView {
    page("ownership", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Vec<Finding>> {
    at.engine().ownership_audit(&at.ctx).await
}

fn headline(found: &[Finding]) -> String {
    let broken = found.iter().filter(|one| one.kind.breaks()).count();
    match (found.len(), broken) {
        (0, _) => "Everybody who is named is there, and has acted".to_owned(),
        (1, 0) => "One thing about ownership is worth a look".to_owned(),
        (n, 0) => format!("{n} things about ownership are worth a look"),
        (_, 1) => "One owner answers no more".to_owned(),
        (_, n) => format!("{n} owners answer no more"),
    }
}

fn render(found: Vec<Finding>, at: &Visit) -> Page {
    let title = headline(&found);
    let cards = FindingKind::ALL
        .into_iter()
        .map(|kind| {
            let of_kind: Vec<&Finding> = found.iter().filter(|one| one.kind == kind).collect();
            card(kind, &of_kind, at)
        })
        .collect_view();
    let crumbs = vec![
        Crumb::link("Ownership", at.path("ownership")),
        Crumb::here("Audit"),
    ];
    let sub = "Looked up just now. On the first working morning of each month an admin gets this as a task.".into_any();
    Page::new(
        title.clone(),
        crumbs,
        view! {
            <PageHead title sub/>
            <div class="stack" id="findings" data-live="">{cards}</div>
        },
    )
}

fn card(kind: FindingKind, found: &[&Finding], at: &Visit) -> AnyView {
    let tone = match (found.is_empty(), kind.breaks()) {
        (true, _) => Tone::Done,
        (false, true) => Tone::Late,
        (false, false) => Tone::Wait,
    };
    if found.is_empty() {
        return view! { <Card title=kind.title()><Row tone title="None"/></Card> }.into_any();
    }
    let rows = found
        .iter()
        .map(|one| {
            let (fix, things) = (
                at.path(&one.path),
                at.path(&format!("ownership?holder={}", one.about)),
            );
            let aside = view! {
                <a class="link" href=things>"What it is about"</a> " · "
                <a class="link" href=fix>"Put it right"</a>
            }
            .into_any();
            view! { <Row tone title=one.sentence.clone() aside/> }
        })
        .collect_view();
    let aside = found.len().to_string().into_any();
    view! { <Card title=kind.title() aside>{rows}</Card> }.into_any()
}
