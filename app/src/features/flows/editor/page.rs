//! The drawing board of one flow: the map or the table, the form of what is chosen, and the readiness rail.
//!
//! The page is complete as it arrives: cards and rows are links that choose a step, each step is a form, and the rail's
//! links lead to its fields. What stands in `#board-data` is for the editor in the browser, which takes over from there
//! and writes the same markup.

use std::sync::Arc;

use board::{
    act::{is_end, write_flow},
    fields::{self, Fields, Wrong},
    form::Paper,
    names::{Lanes, Names},
    rank::Ranks,
    screen::{Screen, View},
};
use domain::{access::Action, flow::fact};
use engine::{Error, Rail, Result};
use leptos::{config::LeptosOptions, nonce::use_nonce, prelude::*};
use serde_json::json;

use super::names::names;
use crate::{
    ui::*,
    web::{Page, Visit, page},
};

/// Where forms of the board go.
pub(super) const EDIT: &str = "/ui/flow/edit";
/// The name under which a refused form comes back.
pub(super) const FORM: &str = "board";

struct Model {
    rail: Rail,
    script: Option<String>,
}

#[component]
pub fn BoardPage() -> impl IntoView {
    let script = use_context::<LeptosOptions>().map(|options| {
        format!(
            "import init from '/{}/board.js';init();",
            options.site_pkg_dir
        )
    });
    page("flows", move |at| load(at, script), render)
}

async fn load(at: Arc<Visit>, script: Option<String>) -> Result<Model> {
    let key = at.desk.asked.param("id").unwrap_or_default();
    if !at.ctx.may(Action::DrawFlows) {
        return Err(Error::not_found("draft"));
    }
    let rail = at.engine().flow_rail(&at.ctx, key).await?;
    Ok(Model { rail, script })
}

fn render(model: Model, at: &Visit) -> Page {
    let Model { rail, script } = model;
    let (sheet, draft) = (&rail.sheet, &rail.sheet.draft);
    let (view, lanes) = (
        View::read(at.query("view").unwrap_or_default()),
        Lanes::read(at.query("lanes").unwrap_or_default()),
    );
    let chosen = at.query("step").unwrap_or_default();
    let names = names(&at.rules);
    let (typed, wrong) = kept(at);
    let stands = match draft.step(chosen) {
        Some(step) => fields::write(step, &fact::of_flow(draft)),
        None => write_flow(draft),
    };
    let refused = !typed.is_empty();
    let hidden: Vec<(&'static str, String)> = at
        .fields(&[
            ("flow", sheet.key.as_str()),
            ("rev", &sheet.rev.to_string()),
            ("step", chosen),
            ("view", view.name()),
            ("lanes", lanes.name()),
        ])
        .into_iter()
        .collect();
    let ranks = Ranks::layered(draft);
    let screen = Screen {
        paper: Paper {
            draft,
            names: &names,
            fields: if refused { &typed } else { &stands },
            wrong: &wrong,
            saved: refused.then_some(&stands),
            action: EDIT,
            hidden: &hidden,
            still: false,
            short: false,
        },
        faults: &rail.faults,
        ranks: &ranks,
        view,
        lanes,
        chosen,
    };
    let blocking = rail.faults.iter().filter(|fault| fault.blocks()).count();
    let title = match blocking {
        0 => format!("{}: version {} is ready", draft.name, draft.version),
        1 => format!(
            "{}: 1 thing keeps version {} back",
            draft.name, draft.version
        ),
        n => format!(
            "{}: {n} things keep version {} back",
            draft.name, draft.version
        ),
    };
    let body = view! {
        {head(&title, &rail, at, view, lanes)}
        {stage(&screen, &rail)}
        {data(&screen, &rail, &names, at)}
        {script.map(|script| view! { <script type="module" nonce=use_nonce() inner_html=script></script> })}
    }
    .into_any();
    let crumbs = vec![
        Crumb::link("Flows", at.path("flows")),
        Crumb::here(draft.name.clone()),
    ];
    Page::new(title, crumbs, body)
}

/// What was typed into a form that was refused, and what is wrong with it.
fn kept(at: &Visit) -> (Fields, Wrong) {
    let (typed, wrong) = at.form(FORM).everything();
    let typed = typed
        .into_iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("f.")?.to_owned(), value)))
        .collect();
    (typed, wrong.into_iter().collect())
}

fn head(title: &str, rail: &Rail, at: &Visit, view: View, lanes: Lanes) -> impl IntoView + use<> {
    let sheet = &rail.sheet;
    let by = sheet
        .edited_by
        .and_then(|id| at.rules.user_name(id))
        .map(|name| format!(" by {name}"));
    let now = at.now();
    let sub = view! {
        <span data-status="" role="status">"Saved "<When at=sheet.edited_at now/>{by}</span>
        " · "<span data-others=""></span>
        {format!("draft of version {}", sheet.draft.version)}
    }
    .into_any();
    let chosen = at.query("step").unwrap_or_default().to_owned();
    let at_view = |view: View, lanes: Lanes| {
        format!("?view={}&lanes={}&step={chosen}", view.name(), lanes.name())
    };
    let (other, other_label) = match view {
        View::Map => (View::Table, "Table"),
        View::Table => (View::Map, "Map"),
    };
    let (cut, cut_label) = match lanes {
        Lanes::Systems => (Lanes::Parties, "Lanes by party"),
        Lanes::Parties => (Lanes::Systems, "Lanes by system"),
    };
    let actions = view! {
        <span class="board-tools" data-tools="" hidden></span>
        <a class="btn" data-lanes="" href=at_view(view, cut)>{cut_label}</a>
        <a class="btn" data-view="" href=at_view(other, lanes)>{other_label}</a>
        <LinkButton href=at.path(&format!("flows/{}/readiness", sheet.key)) label="Publish…" kind=Kind::Primary/>
    }
    .into_any();
    view! { <PageHead title=title.to_owned() sub actions/> }
}

fn stage(screen: &Screen<'_>, rail: &Rail) -> impl IntoView + use<> {
    let label = format!("Map of {}", rail.sheet.draft.name);
    let side = screen.rail();
    let heading = screen.chosen_title().to_owned();
    let (main, form) = match screen.view {
        View::Map => (screen.picture().html(&label), Some(screen.form().html())),
        View::Table => {
            let form = screen.form().html();
            (screen.table(&screen.rows(), &form), None)
        }
    };
    let class = match screen.view {
        View::Map => "board-box",
        View::Table => "board-rows",
    };
    view! {
        <div id="board" class="editor" data-board="">
            <div class="editor-main">
                <div data-clash="" role="alert"></div>
                <div class=class data-stage="" role="region" tabindex="0" aria-label=label inner_html=main></div>
                <p class="board-keys muted">
                    "Keys: arrows move · e edit · n add after · del remove · ctrl+z undo · / find · t table or map"
                </p>
            </div>
            <div class="editor-side">
                <section class="rail" data-rail="" aria-label="Readiness" inner_html=side></section>
                {form.map(|form| view! {
                    <section id="panel" class="panel" aria-label="What is chosen">
                        <h2 data-heading="">{heading}</h2>
                        <div data-panel="" inner_html=form></div>
                    </section>
                })}
            </div>
        </div>
    }
}

/// For the editor in the browser: everything it starts from.
fn data(screen: &Screen<'_>, rail: &Rail, names: &Names, at: &Visit) -> impl IntoView + use<> {
    let json = json!({
        "merchant": at.slug(),
        "flow": rail.sheet.key,
        "rev": rail.sheet.rev,
        "draft": rail.sheet.draft,
        "names": names,
        "faults": rail.faults,
        "ranks": screen.ranks,
        "view": screen.view.name(),
        "lanes": screen.lanes.name(),
        "chosen": if is_end(screen.chosen) { "" } else { screen.chosen },
    });
    // inside a script element only this letter could end it
    let text = json.to_string().replace('<', "\\u003c");
    view! { <script type="application/json" id="board-data" inner_html=text></script> }
}
