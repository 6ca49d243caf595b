//! Who may do what: the very tables that every gate is computed from, and who holds which role.

use std::sync::Arc;

use domain::access::{Access, CELLS, Cell, Noun};
use engine::Result;
use leptos::prelude::*;

use super::words::access_title;
use crate::{
    ui::*,
    web::{Page, Visit, page, short_name},
};

#[component]
pub fn AccessPage() -> impl IntoView {
    page("settings", load, render)
}

async fn load(at: Arc<Visit>) -> Result<()> {
    at.ctx.read(Noun::Settings)
}

fn render((): (), at: &Visit) -> Page {
    let mine = at.ctx.access();
    let title = match mine {
        Some(access) => {
            let has = CELLS.iter().filter(|cell| at.ctx.may(cell.action)).count();
            format!(
                "As {}, you may do {has} of {} things here",
                access.as_str(),
                CELLS.len()
            )
        }
        None => "Who may do what".to_owned(),
    };
    let sub =
        "This is the table that pages, the API and the workers ask: what has no tick is refused.";
    let (matrix, holders) = (matrix(mine), holders(mine, at));
    let body = view! {
        <PageHead title=title.clone() sub=sub.into_any()/>
        <div class="stack">
            <Card title="What each role may do" id="matrix">{matrix} {notes()}</Card>
            <Card title="Who holds which role" id="holders">{holders}</Card>
        </div>
    }
    .into_any();
    Page::new(
        title,
        vec![
            Crumb::link("Settings", at.path("settings")),
            Crumb::here("Access"),
        ],
        body,
    )
}

/// The columns behind those of the access roles.
const OTHERS: [&str; 2] = ["Outside", "Token"];

fn matrix(mine: Option<Access>) -> impl IntoView {
    let heads = Access::ALL
        .into_iter()
        .map(|access| {
            let is_mine = mine == Some(access);
            view! {
                <th scope="col" class=if is_mine { "mine" } else { "" }>
                    {access_title(access)}
                    {is_mine.then(|| view! { <small>"you"</small> })}
                </th>
            }
        })
        .collect_view();
    let others = OTHERS
        .map(|label| view! { <th scope="col">{label}</th> })
        .collect_view();
    let groups = Noun::ALL
        .into_iter()
        .map(|noun| {
            let rows = CELLS
                .iter()
                .filter(|cell| cell.noun == noun)
                .map(|cell| row(cell, mine))
                .collect_view();
            view! {
                <tbody>
                    <tr class="matrix-noun"><th scope="rowgroup" colspan="8">{noun.title()}</th></tr>
                    {rows}
                </tbody>
            }
        })
        .collect_view();
    view! {
        <table class="tbl matrix">
            <caption class="sr-only">"What each access role may do with what"</caption>
            <thead><tr><th scope="col">"What"</th>{heads}{others}</tr></thead>
            {groups}
        </table>
    }
}

fn row(cell: &'static Cell, mine: Option<Access>) -> impl IntoView {
    let roles = Access::ALL
        .into_iter()
        .map(|access| {
            let has = access.allows(cell.action);
            tick(access_title(access), has, mine == Some(access))
        })
        .collect_view();
    let outside = tick(OTHERS[0].to_owned(), cell.outside, false);
    let token = tick(OTHERS[1].to_owned(), cell.action.is_for_tokens(), false);
    view! {
        <tr data-cell=format!("{}:{}", cell.noun.word(), cell.verb)>
            <th scope="row">
                {super::words::upper_first(cell.verb)}
                <small>{cell.sentence}</small>
            </th>
            {roles}
            {outside}
            {token}
        </tr>
    }
}

/// On a phone each cell says whose it is.
fn tick(whose: String, has: bool, is_mine: bool) -> impl IntoView {
    let shown = if has {
        view! { <StateGlyph tone=Tone::Done/><span class="sr-only">"yes"</span> }.into_any()
    } else {
        view! { <span class="matrix-no" aria-hidden="true">"–"</span><span class="sr-only">"no"</span> }.into_any()
    };
    view! {
        <td class=if is_mine { "mine" } else { "" } data-may=if has { "yes" } else { "no" }>
            {shown}
            <small aria-hidden="true">{whose}</small>
        </td>
    }
}

fn notes() -> impl IntoView {
    view! {
        <CardFoot>
            <b>"Outside"</b>
            ": somebody of a 3PL or a carrier has what their role has, but only what is ticked here, and only for exports, approvals and tasks that are their party’s or their own. Everything else does not exist for them."
        </CardFoot>
        <CardFoot>
            <b>"Token"</b>
            ": what an API token can be given. Each token has only what was chosen for it."
        </CardFoot>
    }
}

/// More names than this are counted.
const MOST_NAMES: usize = 12;

fn holders(mine: Option<Access>, at: &Visit) -> impl IntoView + use<> {
    Access::ALL
        .into_iter()
        .map(|access| {
            let names: Vec<String> = at
                .rules
                .members
                .iter()
                .filter(|(user, member)| user.active && member.access == access)
                .map(|(user, member)| {
                    let name = short_name(&user.name);
                    if member.party.is_outside() {
                        format!("{name} ({})", member.party.as_str())
                    } else {
                        name
                    }
                })
                .collect();
            let title = if mine == Some(access) {
                format!("{} (you)", access_title(access))
            } else {
                access_title(access)
            };
            let sub = match names.len() {
                0 => "Nobody".to_owned(),
                n if n > MOST_NAMES => {
                    format!(
                        "{} and {} more",
                        names[..MOST_NAMES].join(", "),
                        n - MOST_NAMES
                    )
                }
                _ => names.join(", "),
            };
            let count = names.len();
            let noun = if count == 1 { "person" } else { "people" };
            let aside = format!("{count} {noun}").into_any();
            view! { <Row title sub aside/> }
        })
        .collect_view()
}
