//! Moving running items to another version: what would become of them, how far it got.

use std::sync::Arc;

use domain::{
    access::Action,
    flow::{Flow, RunMove},
};
use engine::{Error, MovePreview, Result};
use leptos::prelude::*;

use super::{draft::key_of, words::person_name};
use crate::{
    features::exports::plural,
    ui::*,
    web::{Page, Visit, page},
};

struct Model {
    to: Flow,
    previews: Vec<MovePreview>,
    moves: Vec<RunMove>,
}

#[component]
pub fn MoveRunsPage() -> impl IntoView {
    page("flows", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    at.ctx.require(Action::PublishFlows)?;
    let key = key_of(&at)?;
    let history = at.engine().flow_history(&at.ctx, &key).await?;
    let chosen = at.query("to").and_then(|text| text.parse::<i64>().ok());
    let to = match chosen {
        Some(n) => history.versions.iter().find(|flow| flow.version == n),
        None => history.live(),
    };
    let to = to.ok_or_else(|| Error::not_found("version"))?.id;
    let (to, previews) = at.engine().preview_move(&at.ctx, to).await?;
    let moves = at.engine().run_moves(&at.ctx, &key).await?;
    Ok(Model {
        to,
        previews,
        moves,
    })
}

fn count(n: i64) -> String {
    format!(
        "{n} {}",
        plural(usize::try_from(n).unwrap_or(usize::MAX), "run")
    )
}

fn render(model: Model, at: &Visit) -> Page {
    let all: i64 = model.previews.iter().map(|one| one.running).sum();
    let (name, version) = (model.to.name.clone(), model.to.version);
    let title = match all {
        0 => format!("{name}: everything under way is on version {version}"),
        n => format!("{name}: {} could go to version {version}", count(n)),
    };
    let cards = model
        .previews
        .iter()
        .map(|one| preview(one, &model, at))
        .collect_view();
    let moves = model.moves.iter().map(|one| line(one, at)).collect_view();
    let history = (!model.moves.is_empty())
        .then(|| view! { <div id="moves" data-live=""><Card title="Moves">{moves}</Card></div> });
    let key = model.to.key.clone();
    let body = view! {
        <PageHead
            title=title.clone()
            sub="A run finishes on the version it began with, unless somebody moves it. Clocks go on from when a step began.".into_any()
        />
        {cards}
        {history}
    }
    .into_any();
    Page::new(
        title,
        vec![
            Crumb::link("Flows", at.path("flows")),
            Crumb::link(name, at.path(&format!("flows/{key}"))),
            Crumb::here("Move runs"),
        ],
        body,
    )
}

fn preview(one: &MovePreview, model: &Model, at: &Visit) -> impl IntoView + use<> {
    let (from, to) = (one.from.id.to_string(), model.to.id.to_string());
    let form = format!("move-{}", one.from.version);
    let typed = at.form("move");
    let why = typed
        .text("why", "Why?")
        .hint("Stands in the audit trail beside each run.");
    let why_is = typed.value("why");
    let hidden = at.hidden(&[("from", from.as_str()), ("to", to.as_str())]);
    let stay = one
        .stay
        .iter()
        .map(|(why, n)| {
            let verb = if *n == 1 { "stays" } else { "stay" };
            let title = format!("{} {verb}: {why}.", count(*n));
            view! { <Row title tone=Tone::Held/> }
        })
        .collect_view();
    let unseen = (one.looked_at < one.running).then(|| {
        let title = format!(
            "{} more are looked at when it is done.",
            one.running - one.looked_at
        );
        view! { <Row title tone=Tone::Idle/> }
    });
    let fits = format!(
        "{} would go on at the same step of version {}.",
        count(one.fit),
        model.to.version
    );
    let label = format!("Move {}", count(one.running - (one.looked_at - one.fit)));
    let can = one.fit > 0 || one.looked_at < one.running;
    let act = can.then(|| {
        view! {
            <div class="card-body">
                <form method="post" action="/ui/flow/move">
                    {hidden}
                    <Input text=why value=why_is required=true/>
                    <div class="acts mt-4"><Button label/></div>
                </form>
            </div>
        }
    });
    let title = format!("{} on version {}", count(one.running), one.from.version);
    view! {
        <Card title id=form>
            <Row title=fits tone=Tone::Moving/>
            {stay}
            {unseen}
            {act}
        </Card>
    }
}

fn line(one: &RunMove, at: &Visit) -> impl IntoView + use<> {
    let who = person_name(at, one.begun_by);
    let now = at.now();
    let stayed = match one.stayed_count {
        0 => String::new(),
        n => format!(", {} stayed", count(n)),
    };
    let (tone, word) = match (one.is_over(), one.cancelled_by) {
        (false, _) => (Tone::Moving, format!("{} of {}", one.done(), one.total)),
        (true, Some(_)) => (Tone::Idle, "cancelled".to_owned()),
        (true, None) => (Tone::Done, "done".to_owned()),
    };
    let reasons = one
        .stayed
        .iter()
        .take(20)
        .map(|(run, why)| {
            let href = at.path(&format!("runs/{run}"));
            view! { <li><a class="link mono" href=href>{short_id(&run.to_string())}</a> " " {why.clone()}</li> }
        })
        .collect_view();
    let reasons = (!one.stayed.is_empty()).then(
        || view! { <details><summary>"Why some stayed"</summary><ul>{reasons}</ul></details> },
    );
    let id = one.id.to_string();
    let cancel = (!one.is_over()).then(|| {
        let fields = at.fields(&[("id", id.as_str())]);
        view! { <PostButton action="/ui/flow/move-cancel" label="Cancel" fields/> }
    });
    let title = format!(
        "{} to version {}{stayed}: {}",
        count(one.moved),
        one.to_version,
        one.why
    );
    view! {
        <Row title sub=format!("Begun by {who}") tone aside=view! { {word} " · " <When at=one.begun_at now/> {cancel} }.into_any()/>
        {reasons}
    }
}
