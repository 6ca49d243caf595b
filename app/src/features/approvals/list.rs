//! The list: what is open first, then what was said.

use std::sync::Arc;

use domain::{
    access::Noun,
    approval::{Approval, ApprovalState},
    export::Export,
};
use engine::{Result, port::ListFilter};
use leptos::prelude::*;

use super::{
    alike::{group_view, groups},
    standing::{asked_words, tone, word},
};
use crate::{
    ui::*,
    web::{List, PAGE_ROWS, Page, Visit, page},
};

#[component]
pub fn ApprovalsPage() -> impl IntoView {
    page("approvals", load, render)
}

struct Model {
    list: List,
    rows: Vec<(Approval, Export)>,
    next: Option<String>,
    /// Waiting now, whatever the list shows.
    pending: Vec<Approval>,
    /// What can be approved together.
    alike: Vec<Vec<(Approval, Export)>>,
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let list = List::of(&at, "approvals");
    let mut rows = at.engine().approvals(&at.ctx, &list.filter()).await?;
    let next = list.cut(&mut rows, |(approval, _)| {
        (approval.asked_at.unwrap_or_default(), approval.id)
    });
    let waiting = ListFilter {
        state: Some(ApprovalState::Pending.as_str().to_owned()),
        limit: PAGE_ROWS as i64 + 1,
        ..ListFilter::default()
    };
    let pending = at.engine().approvals(&at.ctx, &waiting).await?;
    let alike = groups(&pending, &at).await?;
    Ok(Model {
        alike,
        list,
        rows,
        next,
        pending: pending.into_iter().map(|(approval, _)| approval).collect(),
    })
}

fn headline(pending: usize) -> String {
    match pending {
        0 => "Nothing waits for approval".to_owned(),
        1 => "1 approval waits".to_owned(),
        n if n > PAGE_ROWS => format!("More than {PAGE_ROWS} approvals wait"),
        n => format!("{n} approvals wait"),
    }
}

fn render(model: Model, at: &Visit) -> Page {
    let Model {
        list,
        rows,
        next,
        pending,
        alike,
    } = model;
    let now = at.now();
    let title = headline(pending.len());
    let soonest = pending.iter().filter_map(|one| one.accept_by).min();
    let sub = match soonest {
        Some(due) if due > now => {
            view! { "Next deadline in " <b><Countdown due now words=true/></b> "." }.into_any()
        }
        Some(due) => {
            view! { "The longest is overdue by " <b><Countdown due now words=true tone=Tone::Late/></b> "." }.into_any()
        }
        None => "A contract says which exports need a person's word before they leave.".into_any(),
    };
    let mut chips = vec![
        list.state_chip("All", None),
        list.state_chip("Open", Some("open")),
        list.state_chip("Approved", Some("approved")),
        list.state_chip("Declined", Some("declined")),
        list.state_chip("Expired", Some("expired")),
    ];
    if list.state.as_deref() == Some("decided") {
        chips.push(list.state_chip("Decided", Some("decided")));
    }
    chips.extend(list.led_chips(&at.rules));
    let shown = match rows.len() {
        1 => "1 approval".to_owned(),
        n => format!("{n} approvals, newest first"),
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
    let head = title.clone();
    let alike = alike
        .into_iter()
        .filter_map(|group| group_view(group, at))
        .collect_view();
    Page::new(
        title,
        vec![Crumb::here("Approvals")],
        view! {
            <div id="approvals-head" data-live=""><PageHead title=head sub/></div>
            {alike}
            <FilterBar action=list.action label="Find by order, campaign or role" query chips keep/>
            <div id="approvals" data-live="">
                <Card>{inside}</Card>
                <Pager shown nostrip:first=first nostrip:next=next/>
            </div>
        },
    )
}

fn empty(list: &List, at: &Visit) -> AnyView {
    if list.is_narrowed() {
        let actions = view! { <LinkButton href=list.action.clone() label="Show all"/> }.into_any();
        return view! {
            <Empty icon=Ico::Search title="No approval fits" actions>
                "Nothing here has all of these words and this state."
            </Empty>
        }
        .into_any();
    }
    let actions = at
        .path_to(Noun::Contract, "contracts")
        .map(|href| view! { <LinkButton href label="See the contracts"/> }.into_any());
    view! {
        <Empty icon=Ico::Approvals title="No approval was asked for yet" nostrip:actions=actions>
            "The first one comes when an export is made whose contract asks for a person: an order over its limit, \
             or a promotion before it goes live."
        </Empty>
    }
    .into_any()
}

fn table(rows: Vec<(Approval, Export)>, at: &Visit) -> AnyView {
    let now = at.now();
    let rows = rows
        .into_iter()
        .map(|(approval, export)| {
            let when = match (approval.state, approval.decided_at) {
                (ApprovalState::Pending, _) => approval
                    .accept_by
                    .map(|due| view! { <Countdown due now/> }.into_any()),
                (_, Some(at)) => Some(view! { <When at now/> }.into_any()),
                (_, None) => approval
                    .asked_at
                    .map(|at| view! { <When at now/> }.into_any()),
            };
            let late = approval.state == ApprovalState::Pending
                && approval.accept_by.is_some_and(|due| due <= now);
            let tone = if late {
                Tone::Late
            } else {
                tone(approval.state)
            };
            let href = at.path(&format!("approvals/{}", approval.id));
            let step = if approval.of > 1 {
                format!("Step {} of {} · ", approval.step, approval.of)
            } else {
                String::new()
            };
            view! {
                <tr data-row=approval.id.to_string()>
                    <td>
                        <a class="title" data-open="" href=href>{export.title}</a>
                        <small>{step}{approval.reason.clone()}</small>
                    </td>
                    <td><StateBadge tone word=word(&approval, &at.rules)/></td>
                    <td class="wide">{asked_words(&approval, &at.rules)}</td>
                    <td class="num">{when}</td>
                </tr>
            }
        })
        .collect_view();
    let cols = vec![
        Col::text("What"),
        Col::text("State"),
        Col::text("Asked").wide(),
        Col::num("When"),
    ];
    view! { <Table caption="Approvals, newest first" list=true cols>{rows}</Table> }.into_any()
}
