//! The ownership matrix: everything that has an owner, with who that is now.

use std::sync::Arc;

use domain::{access::Noun, owner::Owner};
use engine::{OwnedKind, OwnedNow, Result};
use leptos::prelude::*;

use crate::{
    ui::{time::duration_text, *},
    web::{List, Page, Visit, noun_path, owner_name, page},
};

struct Model {
    list: List,
    rows: Vec<OwnedNow>,
}

#[component]
pub fn OwnershipPage() -> impl IntoView {
    page("ownership", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    Ok(Model {
        list: List::of(&at, "ownership"),
        rows: at.engine().ownership(&at.ctx).await?,
    })
}

fn headline(rows: &[OwnedNow]) -> String {
    let silent = rows.iter().filter(|one| one.why.is_some()).count();
    match (rows.len(), silent) {
        (0, _) => "Nothing needs an owner yet".to_owned(),
        (n, 0) => format!("{n} things have an owner, and somebody answers for each now"),
        (_, 1) => "Nobody answers for one thing now".to_owned(),
        (n, silent) => format!("Nobody answers for {silent} of {n} things now"),
    }
}

fn render(model: Model, at: &Visit) -> Page {
    let Model { list, rows } = model;
    let title = headline(&rows);
    let who: Option<Owner> = at.query("holder").and_then(|text| text.parse().ok());
    let shown: Vec<&OwnedNow> = rows
        .iter()
        .filter(|one| one.fits(&at.rules, &list.filter()))
        .collect();
    let silent = rows.iter().filter(|one| one.why.is_some()).count();
    let mut chips = vec![
        list.state_chip("All", None),
        Chip {
            count: u64::try_from(silent).ok(),
            tone: (silent > 0).then_some(Tone::Late),
            ..list.state_chip("Nobody answers", Some("nobody"))
        },
    ];
    chips.extend(
        OwnedKind::ALL
            .into_iter()
            .filter(|kind| rows.iter().any(|one| one.owned.kind == *kind))
            .map(|kind| list.kind_chip(kind.title(), kind.as_str())),
    );
    chips.extend(list.led_chips(&at.rules));
    let count = match shown.len() {
        1 => "1 thing".to_owned(),
        n => format!("{n} things"),
    };
    let choose = choose(&rows, who.as_ref(), at);
    let inside = if shown.is_empty() {
        empty(&list, rows.is_empty(), at)
    } else {
        table(&shown, at)
    };
    let (query, keep) = (list.query.clone().unwrap_or_default(), list.keep());
    let end = list.csv();
    let actions =
        view! { <LinkButton href=at.path("ownership/audit") label="Audit" icon=Ico::Audit/> }
            .into_any();
    let sub = "Every step, export, approval and exception: who answers for it this minute, who is next, how long they have, and how to reach them.".into_any();
    Page::new(
        title.clone(),
        vec![Crumb::here("Ownership")],
        view! {
            <PageHead title sub actions/>
            <FilterBar action=list.action label="Find a step, a code, a role or a person" query chips keep end/>
            {choose}
            <div id="owned" data-live="">
                <Card>{inside}</Card>
                <Pager shown=count/>
            </div>
        },
    )
}

/// One role, rotation or person, of those that are named.
fn choose(rows: &[OwnedNow], who: Option<&Owner>, at: &Visit) -> AnyView {
    let mut named: Vec<(String, String)> = Vec::new();
    for one in rows {
        for owner in [&one.owned.owner, &one.owned.backup] {
            let value = owner.to_string();
            if !named.iter().any(|(known, _)| *known == value) {
                named.push((value, owner_name(&at.rules, owner)));
            }
        }
        for user in &one.answering {
            let value = Owner::User(user.id).to_string();
            if !named.iter().any(|(known, _)| *known == value) {
                named.push((value, user.name.clone()));
            }
        }
    }
    named.sort_by_key(|(_, name)| name.to_lowercase());
    let chosen = who.map(ToString::to_string).unwrap_or_default();
    let options = named
        .into_iter()
        .map(|(value, name)| {
            let selected = value == chosen;
            view! { <option value=value selected=selected>{name}</option> }
        })
        .collect_view();
    let kept: Vec<(&'static str, String)> = ["q", "state", "kind"]
        .into_iter()
        .filter_map(|name| Some((name, at.query(name)?.to_owned())))
        .collect();
    let kept = kept
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view();
    view! {
        <form method="get" action=at.path("ownership") class="acts mb-4" aria-label="By owner">
            {kept}
            <label class="inline-field">"With "
                <select class="input" name="holder"><option value="">"anybody"</option>{options}</select>
            </label>
            <Button label="Show"/>
        </form>
    }
    .into_any()
}

fn empty(list: &List, nothing: bool, at: &Visit) -> AnyView {
    if nothing {
        let actions =
            view! { <LinkButton href=at.path("flows") label="Go to the flows"/> }.into_any();
        return view! {
            <Empty icon=Ico::People title="Nothing needs an owner yet" actions>
                "Publish a flow or a contract, or connect a source: each names who answers, and stands here from then on."
            </Empty>
        }
        .into_any();
    }
    let actions =
        view! { <LinkButton href=list.action.clone() label="Show everything"/> }.into_any();
    view! {
        <Empty icon=Ico::Search title="Nothing fits" actions>
            "Nothing here has all of these words and filters."
        </Empty>
    }
    .into_any()
}

fn table(rows: &[&OwnedNow], at: &Visit) -> AnyView {
    let lines = rows.iter().map(|one| line(one, at)).collect_view();
    let cols = vec![
        Col::text("What"),
        Col::text("Answers now"),
        Col::text("Backup").wide(),
        Col::text("Has").wide(),
        Col::text("Reach them").wide(),
        Col::text("Then").wide(),
    ];
    view! { <Table caption="Who answers for what" list=true cols>{lines}</Table> }.into_any()
}

fn line(one: &OwnedNow, at: &Visit) -> impl IntoView + use<> {
    let owned = &one.owned;
    let noun = match owned.place.0 {
        "flow" => Noun::Flow,
        "contract" => Noun::Contract,
        _ => Noun::Connection,
    };
    let href = at
        .ctx
        .reads(noun)
        .then(|| noun_path(at.slug(), owned.place.0, &owned.place.1.to_string()))
        .flatten();
    let title = owned.title.clone();
    let what = match href {
        Some(href) => view! { <a class="title" data-open="" href=href>{title}</a> }.into_any(),
        None => view! { <span class="title">{title}</span> }.into_any(),
    };
    let kind = owned.kind.as_str();
    let role = owner_name(&at.rules, &owned.owner);
    let names: Vec<String> = one.answering.iter().map(|user| user.name.clone()).collect();
    let who = match (&one.why, names.as_slice()) {
        (Some(why), _) => {
            let why = why.clone();
            view! { <StateBadge tone=Tone::Late word="nobody"/> <small>{format!("{role}: {why}")}</small> }.into_any()
        }
        (None, []) => view! { {role} <small>"by itself"</small> }.into_any(),
        (None, [only]) if *only == role => role.into_any(),
        (None, names) => view! { {names.join(", ")} <small>{role}</small> }.into_any(),
    };
    let backup = owner_name(&at.rules, &owned.backup);
    let has = has(owned.accept_ms, owned.resolve_ms);
    let reach = one
        .answering
        .iter()
        .map(|user| {
            let (to, mail) = (format!("mailto:{}", user.email), user.email.clone());
            view! { <a class="link block relative z-1 leading-[24px]" href=to>{mail}</a> }
        })
        .collect_view();
    let then = ladder(owned, at);
    let of = owned.of.clone();
    view! {
        <tr data-row=format!("{kind}-{}-{}", owned.place.1, owned.title)>
            <td>{what}<small>{format!("{kind} · {of}")}</small></td>
            <td>{who}</td>
            <td class="wide">{backup}</td>
            <td class="wide">{has}</td>
            <td class="wide">{reach}</td>
            <td class="wide"><small>{then}</small></td>
        </tr>
    }
}

pub(crate) fn has(accept_ms: i64, resolve_ms: Option<i64>) -> String {
    match (accept_ms, resolve_ms) {
        (0, None) => "no clock".to_owned(),
        (accept, None) => format!("{} to decide", duration_text(accept)),
        (0, Some(resolve)) => format!("{} in all", duration_text(resolve)),
        (accept, Some(resolve)) => format!(
            "{} to take it, {} in all",
            duration_text(accept),
            duration_text(resolve)
        ),
    }
}

fn ladder(owned: &engine::Owned, at: &Visit) -> String {
    let rungs: Vec<String> = owned
        .ladder
        .iter()
        .map(|step| {
            format!(
                "{} after {}",
                owner_name(&at.rules, &step.target),
                duration_text(step.after_ms)
            )
        })
        .collect();
    match rungs.as_slice() {
        [] => format!("{} next", owner_name(&at.rules, &owned.backup)),
        rungs => rungs.join(", then "),
    }
}
