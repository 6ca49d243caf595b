//! Making a token: what it is for, what it may do, and until when.

use std::sync::Arc;

use domain::{
    Time,
    access::{Access, Action},
};
use engine::{Result, TOKEN_TERMS};
use leptos::prelude::*;

use super::words::{access_title, capability_title, upper_first};
use crate::{
    ui::*,
    web::{Page, Typed, Visit, page},
};

/// Preset of the term: most programs are looked after at least once a quarter.
const USUAL_DAYS: &str = "90";

#[component]
pub fn NewTokenPage() -> impl IntoView {
    page("settings", load, render)
}

async fn load(at: Arc<Visit>) -> Result<()> {
    at.ctx.require(Action::ManageTokens)
}

fn render((): (), at: &Visit) -> Page {
    let title = "Make an API token";
    let typed = at.form("token");
    let hidden = at.hidden(&[]);
    let name = typed
        .text("name", "Name")
        .hint("What it is for, such as “Nightly reports”. It stands in the audit trail.");
    let name_is = typed.value("name");
    let (capabilities, term) = (capabilities(&typed), term(&typed, at.now()));
    let body = view! {
        <PageHead title sub="For a program, not for a person. Its secret is shown once, on the next page.".into_any()/>
        <div class="max-w-xl">
            <Card padded=true>
                <form method="post" action="/ui/token/create">
                    {hidden}
                    <Input text=name value=name_is required=true autofocus=true autocomplete="off"/>
                    {capabilities}
                    {term}
                    <div class="acts mt-4"><Button label="Make the token" kind=Kind::Primary/></div>
                </form>
            </Card>
        </div>
    }
    .into_any();
    Page::new(
        title,
        vec![
            Crumb::link("Settings", at.path("settings")),
            Crumb::link("API tokens", at.path("settings/tokens")),
            Crumb::here("New"),
        ],
        body,
    )
}

/// What one of them lets a program do: the matrix's own sentence, where there is one for all of it.
fn does(action: Action) -> String {
    let mut cells = action.cells();
    match (cells.next(), cells.next()) {
        (Some(only), None) => only.sentence.to_owned(),
        _ => format!("{}.", upper_first(&action.words())),
    }
}

/// A role as a beginning, and single things beside it.
fn capabilities(typed: &Typed) -> impl IntoView + use<> {
    let presets = std::iter::once((String::new(), "Only what is ticked below".to_owned()))
        .chain(Access::ALL.into_iter().map(|access| {
            let what: Vec<String> = access
                .token_capabilities()
                .into_iter()
                .map(|one| capability_title(one).to_lowercase())
                .collect();
            let label = format!(
                "Like {}: {}",
                access_title(access).to_lowercase(),
                what.join(", ")
            );
            (access.as_str().to_owned(), label)
        }))
        .collect();
    let preset = typed.text("preset", "It may do what").hint(
        "Of what the role may do, as far as a program can. Approving and starting need a person.",
    );
    let preset_is = typed.value("preset");
    let ticked = typed.value("capabilities");
    let ticked: Vec<&str> = ticked.split(',').collect();
    let boxes = Action::ALL
        .iter()
        .filter(|action| action.is_for_tokens())
        .map(|action| {
            let (value, label) = (action.as_str(), capability_title(*action));
            let hint = does(*action);
            let checked = ticked.contains(&value);
            view! { <Check name="capabilities[]" label value hint checked/> }
        })
        .collect_view();
    let error = typed.error("capabilities").map(|error| {
        view! { <p class="error"><StateGlyph tone=Tone::Late/>{error}</p> }
    });
    view! {
        <div class="mt-4"><Select text=preset options=presets value=preset_is/></div>
        <fieldset class="mt-4">
            <legend class="label mb-2">"And beside that"</legend>
            {error}
            {boxes}
        </fieldset>
    }
}

fn term(typed: &Typed, now: Time) -> impl IntoView + use<> {
    let terms = TOKEN_TERMS
        .into_iter()
        .map(|days| (days.to_string(), format!("In {days} days")))
        .chain([
            ("date".to_owned(), "On the date below".to_owned()),
            ("never".to_owned(), "Never, for the reason below".to_owned()),
        ])
        .collect();
    let text = typed.text("term", "It ends");
    let term_is = typed.value_or("term", USUAL_DAYS);
    let example = now.plus_ms(180 * 24 * 60 * 60_000).format_utc("%Y-%m-%d");
    let date = typed.text("date", "Date, if you chose one").hint(format!(
        "The last day it is good, in UTC, such as {example}."
    ));
    let date_is = typed.value("date");
    let reason = typed
        .text("reason", "Reason, if it never ends")
        .hint("Whoever reviews the tokens reads it.");
    let reason_is = typed.value("reason");
    view! {
        <div class="mt-4">
            <Select text options=terms value=term_is/>
            <Input text=date value=date_is kind="date"/>
            <Input text=reason value=reason_is/>
        </div>
    }
}
