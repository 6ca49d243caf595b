//! Before a draft is published: what will be different, and what happens with what runs.

use std::sync::Arc;

use domain::{
    access::Action,
    flow::{diff::Difference, readiness::is_ready},
};
use engine::{Rail, Result};
use leptos::prelude::*;

use super::{
    compare::differences_list,
    draft::key_of,
    rail::{ReadinessRail, readiness_words},
};
use crate::{
    features::exports::plural,
    ui::*,
    web::{Page, Visit, page},
};

struct Model {
    rail: Rail,
    by_two: bool,
    live: Option<i64>,
    differences: Vec<Difference>,
    /// Runs under way, by version.
    running: Vec<(i64, i64)>,
}

#[component]
pub fn PublishFlowPage() -> impl IntoView {
    page("flows", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    at.ctx.require(Action::DrawFlows)?;
    let key = key_of(&at)?;
    let rail = at.engine().flow_rail(&at.ctx, &key).await?;
    let comparison = at
        .engine()
        .compare_flow(&at.ctx, &key, (None, None))
        .await?;
    Ok(Model {
        rail,
        by_two: at.engine().publishes_by_two(&at.ctx).await?,
        live: comparison.history.live().map(|flow| flow.version),
        differences: comparison.differences,
        running: at.engine().open_runs_by_version(&at.ctx, &key).await?,
    })
}

fn render(model: Model, at: &Visit) -> Page {
    let Rail { sheet, faults, .. } = &model.rail;
    let key = sheet.key.as_str();
    let name = sheet.draft.name.clone();
    let next = model.live.unwrap_or(0) + 1;
    let asks = model.by_two || !at.ctx.may(Action::PublishFlows);
    let ready = is_ready(faults);
    let title = if ready {
        format!("Publish {name} as version {next}?")
    } else {
        format!("{name}: {}", readiness_words(faults))
    };
    let typed = at.form("publish");
    let note = typed
        .text("note", "Why?")
        .hint("Stands beside the version for as long as it is kept.");
    let note_is = typed.value("note");
    let hash = sheet.hash();
    let hidden = at.hidden(&[("flow", key), ("hash", hash.as_str())]);
    let (action, label) = if asks {
        ("/ui/flow/ask", "Ask a second person")
    } else {
        ("/ui/flow/publish", "Publish")
    };
    let back = at.path(&format!("flows/{key}/readiness"));
    let form = ready.then(|| {
        view! {
            <Card title=label padded=true id="publish">
                <form method="post" action=action>
                    {hidden}
                    <TextArea text=note value=note_is required=true/>
                    <div class="acts mt-4">
                        <Button label kind=Kind::Primary/>
                        <LinkButton href=back label="Back to the draft"/>
                    </div>
                </form>
            </Card>
        }
    });
    let happens = what_happens(&model, next, asks);
    let rail = (!ready).then(|| {
        let editor = at.path(&format!("flows/{key}/draft"));
        view! { <ReadinessRail faults=faults.clone() editor/> }
    });
    let different = match model.live {
        Some(live) => differences_list(
            &model.differences,
            &format!("What changes from version {live}"),
        )
        .into_any(),
        None => ().into_any(),
    };
    let side = view! { {happens} }.into_any();
    let body = view! {
        <PageHead title=title.clone() sub="Look once more; a version never changes after it is published.".into_any()/>
        <Split side>{form} {rail} {different}</Split>
    }
    .into_any();
    Page::new(
        title,
        vec![
            Crumb::link("Flows", at.path("flows")),
            Crumb::link(name, at.path(&format!("flows/{key}"))),
            Crumb::link("Draft", at.path(&format!("flows/{key}/readiness"))),
            Crumb::here("Publish"),
        ],
        body,
    )
}

fn what_happens(model: &Model, next: i64, asks: bool) -> impl IntoView + use<> {
    let starts = format!("From then on every new run starts on version {next}.");
    let runs = if model.running.is_empty() {
        view! { <Row title="Nothing is under way." tone=Tone::Done/> }.into_any()
    } else {
        model
            .running
            .iter()
            .map(|(version, count)| {
                let n = usize::try_from(*count).unwrap_or(usize::MAX);
                let verb = if n == 1 { "finishes" } else { "finish" };
                let title = format!("{count} {} {verb} on v{version}.", plural(n, "run"));
                view! { <Row title tone=Tone::Moving/> }
            })
            .collect_view()
            .into_any()
    };
    let first = asks.then(|| {
        view! { <Row title="Somebody else agrees first." sub="They are told, and see exactly this content." tone=Tone::Wait/> }
    });
    view! {
        <Card title="What happens">
            {first}
            <Row title=starts tone=Tone::Moving/>
            {runs}
            <CardFoot>"Runs under way can be moved to the new version afterwards, on the flow’s page."</CardFoot>
        </Card>
    }
}
