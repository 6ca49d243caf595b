//! A flow's versions, its draft, and what else can be done with it as a whole.

use std::collections::BTreeMap;

use domain::{access::Action, flow::Flow};
use engine::{FlowHistory, NeededBy};
use leptos::prelude::*;

use super::words::person_name;
use crate::{features::exports::plural, ui::*, web::Visit};

/// Versions shown at once.
const SHOWN: usize = 12;

/// Who published what, when and why; each can be looked at, compared, brought back.
pub(super) fn versions(
    history: &FlowHistory,
    here: &Flow,
    running: &[(i64, i64)],
    at: &Visit,
) -> impl IntoView + use<> {
    let live = history.live().map(|flow| flow.version);
    let counts: BTreeMap<i64, i64> = running.iter().copied().collect();
    let draft = history.sheet.as_ref().map(|sheet| {
        let of = sheet
            .base
            .map_or_else(|| "Draft".to_owned(), |base| format!("Draft of v{base}"));
        let who = person_name(at, sheet.edited_by);
        let href = at.path(&format!("flows/{}/readiness", history.key));
        let now = at.now();
        let edited = sheet.edited_at;
        let tone = if sheet.open_request().is_some() {
            Tone::Wait
        } else {
            Tone::Idle
        };
        let sub = if sheet.open_request().is_some() {
            format!("waits for a second person · {who}")
        } else {
            format!("not published · {who}")
        };
        view! { <Row title=of sub href tone aside=view! { <When at=edited now/> }.into_any()/> }
    });
    let rows = history
        .versions
        .iter()
        .take(SHOWN)
        .map(|flow| version(flow, (live, here), &counts, at))
        .collect_view();
    let hidden = history.versions.len().saturating_sub(SHOWN);
    let more = (hidden > 0)
        .then(|| view! { <CardFoot>{format!("{hidden} older ones are kept.")}</CardFoot> });
    let aside = view! { <a class="link" href=at.path(&format!("flows/{}/compare", history.key))>"Compare"</a> }.into_any();
    let compare =
        (history.versions.len() + usize::from(history.sheet.is_some()) > 1).then_some(aside);
    view! {
        <Card title="Versions" nostrip:aside=compare id="versions">
            {draft}
            {rows}
            {more}
        </Card>
    }
}

fn version(
    flow: &Flow,
    (live, here): (Option<i64>, &Flow),
    counts: &BTreeMap<i64, i64>,
    at: &Visit,
) -> impl IntoView + use<> {
    let is_live = live == Some(flow.version);
    let who = match (flow.published_by, flow.approved_by) {
        (None, _) => "by Meshline".to_owned(),
        (Some(by), None) => format!("by {}", person_name(at, Some(by))),
        (Some(by), Some(other)) => format!(
            "by {}, agreed by {}",
            person_name(at, Some(by)),
            person_name(at, Some(other))
        ),
    };
    let running = counts.get(&flow.version).map(|n| {
        let many = usize::try_from(*n).unwrap_or(usize::MAX);
        format!("{n} {} under way", plural(many, "run"))
    });
    let title = match (is_live, flow.id == here.id) {
        (true, _) => format!("Version {}, live", flow.version),
        (false, true) => format!("Version {}, shown here", flow.version),
        (false, false) => format!("Version {}", flow.version),
    };
    let parts: Vec<String> = [
        Some(flow.note.clone()).filter(|note| !note.is_empty()),
        Some(who),
        running,
    ]
    .into_iter()
    .flatten()
    .collect();
    let now = at.now();
    let published = flow.published_at;
    let tone = if is_live { Tone::Done } else { Tone::Idle };
    let href = at.path(&format!("flows/{}", flow.id));
    view! { <Row title sub=parts.join(" · ") href tone aside=view! { <When at=published now/> }.into_any()/> }
}

/// What can be done with the flow as a whole, by whoever may.
pub(super) fn whole(
    history: &FlowHistory,
    here: &Flow,
    needed_by: &[NeededBy],
    at: &Visit,
) -> impl IntoView + use<> {
    let publishes = at.ctx.may(Action::PublishFlows);
    let key = history.key.as_str();
    let live = history.live().map_or(0, |flow| flow.version);
    let is_old = here.version != live;
    let (id, live_text) = (here.id.to_string(), live.to_string());
    let back = (publishes && is_old).then(|| {
        let version = here.version;
        let fields = at.fields(&[("version", id.as_str()), ("live", live_text.as_str())]);
        view! {
            <Card title=format!("Bring version {version} back") padded=true id="back">
                <p>{format!("Its content is published as version {}. What runs goes on on the version it began with.", live + 1)}</p>
                <div class="acts mt-4">
                    <PostButton action="/ui/flow/rollback" label=format!("Bring version {version} back") fields/>
                </div>
            </Card>
        }
    });
    let export = at.slug().to_owned();
    let document = format!("/api/v1/flows/{key}/export?merchant={export}");
    let retired = history.retired_at.is_some();
    let end = (publishes && !is_old).then(|| {
        let fields = at.fields(&[("flow", key)]);
        if retired {
            view! {
                <p>"It starts nothing. Taking it back into use needs everything it names to be there."</p>
                <div class="acts mt-4"><PostButton action="/ui/flow/resume" label="Take it back into use" fields/></div>
            }
            .into_any()
        } else if needed_by.is_empty() {
            view! {
                <p>"A retired flow starts nothing any more. What runs goes on, and its versions stay."</p>
                <div class="acts mt-4"><PostButton action="/ui/flow/retire" label="Retire" kind=Kind::Danger fields/></div>
            }
            .into_any()
        } else {
            replace(key, needed_by, at).into_any()
        }
    });
    view! {
        {back}
        <Card title=if retired { "Retired" } else { "The flow as a whole" } padded=true id="whole">
            {end}
            <p class="mt-4"><a class="link" href=document>"Take it along as JSON"</a></p>
        </Card>
    }
}

/// Others run it: they are named, and another can take its place in all of them.
fn replace(key: &str, needed_by: &[NeededBy], at: &Visit) -> impl IntoView + use<> {
    let names = needed_by
        .iter()
        .map(|one| {
            let href = at.path(&format!("flows/{}", one.flow_id));
            let steps = format!(" ({})", one.steps.join(", "));
            view! { <li><a class="link" href=href>{one.name.clone()}</a> {steps}</li> }
        })
        .collect_view();
    let options: Vec<(String, String)> = at
        .rules
        .flows
        .iter()
        .filter(|flow| flow.key != key && !needed_by.iter().any(|one| one.key == flow.key))
        .map(|flow| (flow.key.clone(), flow.name.clone()))
        .collect();
    let typed = at.form("replace");
    let text = typed.text("by", "Another takes its place").hint(
        "Each of these flows gets a next version that runs the other one; all of them, or none.",
    );
    let value = typed.value("by");
    let hidden = at.hidden(&[("kind", "flow"), ("what", key)]);
    let form = (!options.is_empty()).then(|| {
        view! {
            <form method="post" action="/ui/flow/replace">
                {hidden}
                <Select text options value/>
                <div class="acts mt-4"><Button label="Replace it everywhere"/></div>
            </form>
        }
    });
    view! {
        <p>"It cannot be retired while other flows run it:"</p>
        <ul>{names}</ul>
        {form}
    }
}
