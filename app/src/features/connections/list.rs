//! The list of connections: sources in, destinations out, and when each was last heard of.

use std::{collections::HashMap, sync::Arc};

use domain::{
    Time,
    access::{Action, Noun},
    connection::{Destination, Source},
    export::Export,
};
use engine::{Result, port::ListFilter};
use leptos::prelude::*;
use uuid::Uuid;

use crate::{
    features::exports::plural,
    ui::*,
    web::{Page, Visit, page},
};

/// A source that is not among so many newest receipts has been quiet for long.
const NEWEST: i64 = 200;

pub(super) struct Heard {
    /// When something last arrived, by source.
    pub from: HashMap<Uuid, Time>,
    /// The newest export, by destination.
    pub to: HashMap<Uuid, Export>,
}

#[component]
pub fn ConnectionsPage() -> impl IntoView {
    page("connections", load, render)
}

pub(super) async fn load(at: Arc<Visit>) -> Result<Heard> {
    at.ctx.read(Noun::Connection)?;
    let newest = ListFilter {
        limit: NEWEST,
        ..ListFilter::default()
    };
    let mut heard = Heard {
        from: HashMap::new(),
        to: HashMap::new(),
    };
    for receipt in at.engine().receipts(&at.ctx, &newest).await? {
        heard
            .from
            .entry(receipt.source_id)
            .or_insert(receipt.received_at);
    }
    for export in at.engine().exports(&at.ctx, &newest).await? {
        heard.to.entry(export.destination_id).or_insert(export);
    }
    Ok(heard)
}

fn render(heard: Heard, at: &Visit) -> Page {
    let (sources, destinations) = (&at.rules.sources, &at.rules.destinations);
    let newest = heard.from.values().max();
    let title = match (sources.len(), newest) {
        (0, _) => "Nothing is connected yet".to_owned(),
        (_, None) => format!(
            "{} {} connected, nothing received yet",
            sources.len(),
            plural(sources.len(), "source")
        ),
        (_, Some(last)) => format!(
            "Last event {}",
            time::relative_text(at.now().since_ms(*last))
        ),
    };
    let connect = || {
        let href = at.path("connections/new");
        view! { <LinkButton href label="Connect a storefront" kind=Kind::Primary icon=Ico::Plus/> }
            .into_any()
    };
    let may = at.ctx.may(Action::ManageConnections);
    let actions = may.then(connect);
    let empty_actions = may.then(connect);
    let add = || {
        let href = at.path("connections/new-destination");
        view! { <LinkButton href label="Add a destination" icon=Ico::Plus/> }.into_any()
    };
    let empty_add = may.then(add);
    let actions = actions.map(|connect| view! { {may.then(add)} {connect} }.into_any());
    let source_rows = sources
        .iter()
        .map(|source| source_row(source, &heard, at))
        .collect_view();
    let inside = if sources.is_empty() {
        view! {
            <Empty icon=Ico::Connections title="No source yet" nostrip:actions=empty_actions>
                "Connect a storefront: it gets an address and a secret, and can be tried at once with a test event."
            </Empty>
        }
        .into_any()
    } else {
        let cols = vec![
            Col::text("Source"),
            Col::text("Status"),
            Col::text("Secret").wide(),
            Col::num("Last received"),
        ];
        view! { <Table caption="Sources" list=true cols>{source_rows}</Table> }.into_any()
    };
    let destination_rows = destinations
        .iter()
        .map(|one| destination_row(one, &heard, at))
        .collect_view();
    let outside = if destinations.is_empty() {
        view! {
            <Empty icon=Ico::Exports title="No destination yet" nostrip:actions=empty_add>
                "A contract names the destination its exports go to: add it, try it with a test export, then publish the contract."
            </Empty>
        }
        .into_any()
    } else {
        let cols = vec![
            Col::text("Destination"),
            Col::text("Last export"),
            Col::text("Address").wide(),
            Col::num("When"),
        ];
        view! { <Table caption="Destinations" list=true cols>{destination_rows}</Table> }.into_any()
    };
    let body = view! {
        <PageHead title=title.clone() sub="Where events come in and where exports go out.".into_any() nostrip:actions=actions/>
        <div id="rows" class="stack" data-live="">
            <Card title="Coming in">{inside}</Card>
            <Card title="Going out">{outside}</Card>
        </div>
    }
    .into_any();
    Page::new(title, vec![Crumb::here("Connections")], body)
}

/// A day without a word is worth a look, not an alarm.
const QUIET_MS: i64 = 24 * 60 * 60 * 1000;

pub(super) fn source_state(last: Option<Time>, now: Time) -> (Tone, &'static str) {
    match last {
        None => (Tone::Idle, "nothing received"),
        Some(last) if now.since_ms(last) > QUIET_MS => (Tone::Held, "quiet for over a day"),
        Some(_) => (Tone::Done, "receiving"),
    }
}

fn source_row(source: &Source, heard: &Heard, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let last = heard.from.get(&source.id).copied();
    let (tone, word) = match source.disabled_at {
        Some(_) => (Tone::Held, "switched off"),
        None => source_state(last, now),
    };
    let rotating = source.previous_until.filter(|until| *until > now);
    let secret = match rotating {
        Some(until) => view! { "two are good, the old one ends " <When at=until now/> }.into_any(),
        None => "one, kept sealed".into_any(),
    };
    view! {
        <tr data-row=source.id.to_string()>
            <td>
                <a class="title" data-open="" href=at.path(&format!("connections/{}", source.id))>{source.name.clone()}</a>
                <small>{domain::owner::role_title(&source.system)}</small>
            </td>
            <td><StateBadge tone word/></td>
            <td class="wide">{secret}</td>
            <td class="num">{last.map(|at| view! { <When at now/> })}</td>
        </tr>
    }
}

fn destination_row(one: &Destination, heard: &Heard, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let last = heard.to.get(&one.id);
    let state = last.map(|export| {
        let tone = crate::features::exports::export_tone(export.state);
        view! { <StateBadge tone word=export.state.words()/> }
    });
    view! {
        <tr data-row=one.id.to_string()>
            <td>
                <a class="title" data-open="" href=at.path(&format!("connections/{}", one.id))>{one.name.clone()}</a>
                <small class="mono">{one.key.clone()}</small>
            </td>
            <td>{state} {one.retired_at.map(|_| view! { " " <StateBadge tone=Tone::Held word="retired"/> })}</td>
            <td class="wide mono">{one.url.clone()}</td>
            <td class="num">{last.map(|export| view! { <When at=export.created_at now/> })}</td>
        </tr>
    }
}
