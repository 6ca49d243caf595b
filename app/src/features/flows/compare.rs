//! Two versions of a flow side by side: in words, and on the map.

use std::sync::Arc;

use board::map::{Look, Mark};
use domain::{
    access::Action,
    flow::diff::{self, Difference, Group},
};
use engine::{Comparison, Result, Side};
use leptos::prelude::*;

use super::{
    draft::key_of,
    editor::{FlowMap, names},
};
use crate::{
    features::exports::plural,
    ui::*,
    web::{Page, Visit, page},
};

#[component]
pub fn CompareFlowPage() -> impl IntoView {
    page("flows", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Comparison> {
    let key = key_of(&at)?;
    let side = |name: &str| at.query(name).map(str::parse).transpose();
    let sides: (Option<Side>, Option<Side>) = (side("from")?, side("to")?);
    at.engine().compare_flow(&at.ctx, &key, sides).await
}

fn side_words(side: Side) -> String {
    match side {
        Side::Version(n) => format!("version {n}"),
        Side::Draft => "the draft".to_owned(),
    }
}

fn render(model: Comparison, at: &Visit) -> Page {
    let key = model.history.key.clone();
    let name = model.history.name().to_owned();
    let (from, to) = (side_words(model.from.0), side_words(model.to.0));
    let many = model.differences.len();
    let title = match many {
        0 => format!("{name}: {from} and {to} say the same"),
        1 => format!("{name}: 1 difference between {from} and {to}"),
        n => format!("{name}: {n} differences between {from} and {to}"),
    };
    let names = names(&at.rules);
    let maps = maps(&model, &names);
    let list = differences_list(&model.differences, &format!("From {from} to {to}"));
    let choose = choose(&model);
    let go_on = go_on(&model, at);
    let side = view! { {choose} }.into_any();
    let body = view! {
        <PageHead title=title.clone() sub="Added, changed and removed, in words and on the map.".into_any()/>
        {go_on}
        <Split side>{list}</Split>
        {maps}
    }
    .into_any();
    Page::new(
        title,
        vec![
            Crumb::link("Flows", at.path("flows")),
            Crumb::link(name, at.path(&format!("flows/{key}"))),
            Crumb::here("Compare"),
        ],
        body,
    )
}

fn marks(model: &Comparison, of: &[diff::Mark]) -> board::by_key::ByKey<Mark> {
    model
        .marks
        .iter()
        .filter(|(_, mark)| of.contains(mark))
        .map(|(key, mark)| {
            let mark = match mark {
                diff::Mark::Added => Mark::Added,
                diff::Mark::Removed => Mark::Removed,
                diff::Mark::Changed => Mark::Changed,
            };
            (key.clone(), mark)
        })
        .collect()
}

fn maps(model: &Comparison, names: &board::names::Names) -> impl IntoView + use<> {
    let new = Look {
        marks: marks(model, &[diff::Mark::Added, diff::Mark::Changed]),
        ..Look::default()
    };
    let old = Look {
        marks: marks(model, &[diff::Mark::Removed, diff::Mark::Changed]),
        ..Look::default()
    };
    let (from, to) = (side_words(model.from.0), side_words(model.to.0));
    view! {
        <h2 class="mt-4 mb-2">{format!("As in {to}")}</h2>
        <FlowMap flow=&model.to.1 names look=new of=format!("after: {to}")/>
        <h2 class="mt-4 mb-2">{format!("As in {from}")}</h2>
        <FlowMap flow=&model.from.1 names look=old of=format!("before: {from}")/>
    }
}

/// Grouped as Steps, Trigger, Settings.
pub(super) fn differences_list(differences: &[Difference], title: &str) -> impl IntoView + use<> {
    let groups = [Group::Steps, Group::Trigger, Group::Settings]
        .into_iter()
        .filter_map(|group| {
            let lines: Vec<&Difference> = differences
                .iter()
                .filter(|one| one.group == group)
                .collect();
            if lines.is_empty() {
                return None;
            }
            let rows = lines
                .iter()
                .map(|one| {
                    let tone = match one.mark {
                        diff::Mark::Added => Tone::Done,
                        diff::Mark::Removed => Tone::Late,
                        diff::Mark::Changed => Tone::Wait,
                    };
                    let word = match one.mark {
                        diff::Mark::Added => "added",
                        diff::Mark::Removed => "removed",
                        diff::Mark::Changed => "changed",
                    };
                    view! { <Row title=one.sentence.clone() tone aside=word.into_any()/> }
                })
                .collect_view();
            Some(view! { <div class="card-foot">{group.title()}</div> {rows} })
        })
        .collect_view();
    let many = differences.len();
    let aside = format!("{many} {}", plural(many, "difference"));
    let inside = if differences.is_empty() {
        view! { <Row title="Nothing is different." tone=Tone::Done/> }.into_any()
    } else {
        groups.into_any()
    };
    let title = title.to_owned();
    view! { <Card title aside=aside.into_any() id="differences">{inside}</Card> }
}

fn choose(model: &Comparison) -> impl IntoView + use<> {
    let mut options: Vec<(String, String)> = Vec::new();
    if model.history.sheet.is_some() {
        options.push(("draft".to_owned(), "The draft".to_owned()));
    }
    let live = model.history.live().map(|flow| flow.version);
    for flow in &model.history.versions {
        let word = if Some(flow.version) == live {
            ", live"
        } else {
            ""
        };
        options.push((
            flow.version.to_string(),
            format!("Version {}{word}", flow.version),
        ));
    }
    let (from, to) = (model.from.0.to_string(), model.to.0.to_string());
    view! {
        <Card title="Compare others" padded=true>
            <form method="get">
                <Select text=FieldText::new("from", "From") options=options.clone() value=from/>
                <Select text=FieldText::new("to", "To") options value=to/>
                <div class="acts mt-4"><Button label="Compare"/></div>
            </form>
        </Card>
    }
}

/// Whoever drew on an older version goes on from what is live, having seen what is different.
fn go_on(model: &Comparison, at: &Visit) -> Option<AnyView> {
    let sheet = model.history.sheet.as_ref()?;
    let live = model.history.live()?.version;
    let sees = model.from.0 == Side::Version(live) && model.to.0 == Side::Draft;
    if !sees || sheet.base == Some(live) || !at.ctx.may(Action::DrawFlows) {
        return None;
    }
    let (rev, version) = (sheet.rev.to_string(), live.to_string());
    let fields = at.fields(&[
        ("flow", sheet.key.as_str()),
        ("rev", rev.as_str()),
        ("version", version.as_str()),
    ]);
    let now = at.now();
    Some(
        view! {
            <YourMove tone=Tone::Wait whose="Your move" now>
                {format!("Version {live} was published after this draft was begun. What stands below is what publishing the draft would change of it.")}
            </YourMove>
            <div class="acts mt-4">
                <PostButton action="/ui/flow/rebase" label=format!("Go on from version {live}") kind=Kind::Primary fields/>
            </div>
        }
        .into_any(),
    )
}
