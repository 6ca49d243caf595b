//! A draft: what it looks like, what keeps it from being published, and whose move it is.

use std::sync::Arc;

use board::map::Look;
use domain::{access::Action, flow::readiness::is_ready};
use engine::{Error, Rail, Result};
use leptos::prelude::*;

use super::{
    editor::{FlowMap, names},
    rail::{ReadinessRail, fault_marks, readiness_words},
    words::{person_name, trigger_words},
};
use crate::{
    ui::*,
    web::{Page, Visit, page},
};

pub(super) struct Model {
    rail: Rail,
    by_two: bool,
    /// The version that is live now.
    live: Option<i64>,
}

/// The flow's key in the path.
pub(super) fn key_of(at: &Visit) -> Result<String> {
    let key = at.desk.asked.param("id").map(str::to_owned);
    key.ok_or_else(|| Error::not_found("flow"))
}

#[component]
pub fn FlowDraftPage() -> impl IntoView {
    page("flows", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let key = key_of(&at)?;
    of(&at, &key).await
}

pub(super) async fn of(at: &Visit, key: &str) -> Result<Model> {
    let rail = at.engine().flow_rail(&at.ctx, key).await?;
    let history = at.engine().flow_history(&at.ctx, key).await?;
    Ok(Model {
        rail,
        by_two: at.engine().publishes_by_two(&at.ctx).await?,
        live: history.live().map(|flow| flow.version),
    })
}

pub(super) fn render(model: Model, at: &Visit) -> Page {
    let Rail { sheet, faults, .. } = &model.rail;
    let key = sheet.key.as_str();
    let name = sheet.draft.name.clone();
    let path = |rest: &str| at.path(&format!("flows/{key}/{rest}"));
    let of = match sheet.base {
        Some(base) => format!("draft of v{base}"),
        None => "first draft".to_owned(),
    };
    let title = format!("{name}, {of}: {}", readiness_words(faults));
    let (draws, publishes) = (
        at.ctx.may(Action::DrawFlows),
        at.ctx.may(Action::PublishFlows),
    );
    let ready = is_ready(faults);
    let is_stale = model.live != sheet.base;
    let asked = sheet.open_request().is_some();
    let edit = draws.then(|| view! { <LinkButton href=path("draft") label="Edit"/> });
    let compare = sheet
        .base
        .map(|base| view! { <LinkButton href=path(&format!("compare?from={base}&to=draft")) label="Compare"/> });
    let label = if model.by_two || !publishes {
        "Ask to publish…"
    } else {
        "Publish…"
    };
    let publish = (ready && draws && !asked && !is_stale)
        .then(|| view! { <LinkButton href=path("publish") label kind=Kind::Primary/> });
    let actions = view! { {edit} {compare} {publish} }.into_any();
    let now = at.now();
    let by = person_name(at, sheet.edited_by);
    let sub = view! {
        {format!("Changed by {by} ")} <When at=sheet.edited_at now/> " · " {trigger_words(&sheet.draft.trigger)}
    }
    .into_any();
    let look = Look {
        faults: fault_marks(faults),
        href: if draws {
            path("draft?step=")
        } else {
            String::new()
        },
        ..Look::default()
    };
    let names = names(&at.rules);
    let move_ = whose_move(&model, at);
    let editor = draws.then(|| path("draft"));
    let list = view! { <ReadinessRail faults=faults.clone() nostrip:editor=editor/> };
    let side = view! { {facts(&model, at)} {draws.then(|| throw_away(&model, at))} }.into_any();
    let body = view! {
        <PageHead title=title.clone() sub actions/>
        {move_}
        <div id="map" data-live=""><FlowMap flow=&sheet.draft names=&names look/></div>
        <Split side><div id="rail" data-live="">{list}</div></Split>
    }
    .into_any();
    Page::new(
        title,
        vec![
            Crumb::link("Flows", at.path("flows")),
            Crumb::link(name, at.path(&format!("flows/{key}"))),
            Crumb::here("Draft"),
        ],
        body,
    )
}

/// Whose move it is, when somebody is asked or somebody was faster.
fn whose_move(model: &Model, at: &Visit) -> Option<AnyView> {
    let sheet = &model.rail.sheet;
    let now = at.now();
    if model.live != sheet.base {
        let live = model.live.unwrap_or_default();
        let base = sheet
            .base
            .map_or_else(|| "nothing".to_owned(), |base| format!("version {base}"));
        let href = at.path(&format!("flows/{}/compare?from={live}&to=draft", sheet.key));
        return Some(
            view! {
                <YourMove tone=Tone::Late whose="Somebody was faster" now>
                    {format!("This draft was begun from {base}, and version {live} is live now. ")}
                    <a class="link" href=href>"See what is different, then go on from there"</a> "."
                </YourMove>
            }
            .into_any(),
        );
    }
    if let Some(request) = sheet.request.as_ref()
        && let Some(declined) = &request.declined
    {
        let who = person_name(at, Some(declined.by));
        return Some(
            view! {
                <YourMove tone=Tone::Late whose="Not published" now>
                    {format!("{who} said no: {}", declined.why)}
                </YourMove>
            }
            .into_any(),
        );
    }
    let request = sheet.open_request()?;
    let who = person_name(at, request.asked_by);
    let hash = sheet.hash();
    let mine = at.ctx.user_id();
    let can = at.ctx.may(Action::PublishFlows)
        && mine.is_some_and(|id| sheet.can_agree(id, &hash).is_ok());
    let typed = at.form("decline");
    let why = typed
        .text("why", "Why not?")
        .hint("Whoever asked reads this.");
    let why_is = typed.value("why");
    let fields = [("flow", sheet.key.as_str()), ("hash", hash.as_str())];
    let forms = can.then(|| {
        let hidden = at.hidden(&fields);
        view! {
            <div class="acts mt-4">
                <PostButton action="/ui/flow/agree" label="Agree and publish" kind=Kind::Primary fields=at.fields(&fields)/>
                <Dialog id="decline" label="Decline…" title="Why not?">
                    <form method="post" action="/ui/flow/decline">
                        {hidden}
                        <TextArea text=why value=why_is required=true/>
                        <div class="acts mt-4"><Button label="Decline" kind=Kind::Danger/></div>
                    </form>
                </Dialog>
            </div>
        }
    });
    let refused = typed
        .error("why")
        .map(|sentence| view! { <p class="error">{sentence}</p> });
    let back = (!can && at.ctx.may(Action::DrawFlows)).then(|| {
        view! {
            <div class="acts mt-4">
                <PostButton action="/ui/flow/withdraw" label="Take it back" fields=at.fields(&fields)/>
            </div>
        }
    });
    let whose = if can {
        "Your move"
    } else {
        "A second person’s move"
    };
    let rest = if can {
        ""
    } else {
        " Somebody who may publish, and neither drew nor asked, has to agree. Any change takes the question back."
    };
    Some(
        view! {
            <YourMove tone=Tone::Wait whose now>
                {format!("{who} asks for this to be published: {}.{rest}", request.note.trim_end_matches('.'))}
            </YourMove>
            {refused}
            {forms}
            {back}
        }
        .into_any(),
    )
}

fn facts(model: &Model, at: &Visit) -> impl IntoView + use<> {
    let sheet = &model.rail.sheet;
    let authors: Vec<String> = sheet
        .authors
        .iter()
        .map(|id| person_name(at, Some(*id)))
        .collect();
    let by = if authors.is_empty() {
        "Nobody yet".to_owned()
    } else {
        authors.join(", ")
    };
    let base = sheet
        .base
        .map_or_else(|| "nothing".to_owned(), |base| format!("version {base}"));
    let hash: String = sheet.hash().chars().skip(7).take(12).collect();
    let rows = kv(vec![
        ("Begun from", Some(base.into_any())),
        ("Drawn by", Some(by.into_any())),
        ("Steps", Some(sheet.draft.steps.len().into_any())),
        ("Ends in", Some(sheet.draft.outcome.clone().into_any())),
        (
            "Content",
            Some(view! { <CopyId id=hash whole=true what="content hash"/> }.into_any()),
        ),
    ]);
    let export = format!(
        "/api/v1/flows/{}/export?of=draft&merchant={}",
        sheet.key,
        at.slug()
    );
    view! {
        <Card title="Facts">
            {rows}
            <CardFoot><a class="link" href=export>"Take it along as JSON"</a></CardFoot>
        </Card>
    }
}

fn throw_away(model: &Model, at: &Visit) -> impl IntoView + use<> {
    let sheet = &model.rail.sheet;
    let rev = sheet.rev.to_string();
    let hidden = at.hidden(&[("flow", sheet.key.as_str()), ("rev", rev.as_str())]);
    let what = match model.live {
        Some(live) => format!(
            "Version {live} stays live. What was drawn since is gone; the audit trail keeps it."
        ),
        None => {
            "The flow was never published, so nothing of it stays but the audit trail.".to_owned()
        }
    };
    view! {
        <Card title="Throw the draft away" padded=true>
            <p>{what}</p>
            <form method="post" action="/ui/flow/discard">
                {hidden}
                <div class="acts mt-4"><Button label="Throw it away" kind=Kind::Danger/></div>
            </form>
        </Card>
    }
}
