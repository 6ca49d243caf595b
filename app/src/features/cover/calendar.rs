//! Working hours and holidays.

use std::sync::Arc;

use domain::{
    access::{Action, Noun},
    cover::{Calendar, WEEKDAYS},
};
use engine::{Error, Result};
use leptos::prelude::*;

use super::words::{at_place, here, remove_card, zone_choices};
use crate::{
    ui::*,
    web::{Page, Visit, page},
};

const HOURS: [&str; 7] = [
    "hours[0]", "hours[1]", "hours[2]", "hours[3]", "hours[4]", "hours[5]", "hours[6]",
];

#[component]
pub fn CalendarPage() -> impl IntoView {
    page("people/cover", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Option<Calendar>> {
    at.ctx.read(Noun::Person)?;
    if at.desk.asked.param("id") == Some("new") {
        at.ctx.require(Action::ManagePeople)?;
        return Ok(None);
    }
    let id = at.id("calendar")?;
    let found = at.rules.roster.calendars.iter().find(|one| one.id == id);
    found
        .cloned()
        .map(Some)
        .ok_or_else(|| Error::not_found("calendar"))
}

fn hours_text(calendar: &Calendar, day: usize) -> String {
    let hours = calendar.hours.get(day).into_iter().flatten();
    let said: Vec<String> = hours
        .map(|one| format!("{}-{}", one.from, one.to))
        .collect();
    said.join(", ")
}

fn holidays_text(calendar: &Calendar) -> String {
    let lines: Vec<String> = calendar
        .holidays
        .iter()
        .map(|(day, name)| format!("{day} {name}"))
        .collect();
    lines.join("\n")
}

fn render(calendar: Option<Calendar>, at: &Visit) -> Page {
    let mut crumbs = here(at);
    let Some(calendar) = calendar else {
        crumbs.push(Crumb::here("New calendar"));
        let form = form(None, at);
        return Page::new(
            "New working hours",
            crumbs,
            view! {
                <PageHead title="New working hours" sub="When people work, and the days on which nobody does.".into_any()/>
                <div class="max-w-xl">{form}</div>
            },
        );
    };
    let title = if calendar.is_open(at.now()) {
        format!("{} is open now", calendar.name)
    } else {
        let next = calendar.next_open(at.now());
        let until = next.map_or_else(
            || "for good".to_owned(),
            |next| format!("until {}", at_place(&calendar.time_zone, next)),
        );
        format!("{} is closed {until}", calendar.name)
    };
    let may = at.ctx.may(Action::ManagePeople);
    let today = at.now().format_utc("%Y-%m-%d");
    let coming = calendar
        .holidays
        .iter()
        .filter(|(day, _)| day.to_string() >= today)
        .take(12)
        .map(|(day, name)| view! { <Row title=name.clone() aside=day.to_string().into_any()/> })
        .collect_view();
    let week = WEEKDAYS
        .into_iter()
        .enumerate()
        .map(|(day, name)| {
            let hours = match hours_text(&calendar, day) {
                none if none.is_empty() => "closed".to_owned(),
                hours => hours,
            };
            view! { <Row title=name aside=hours.into_any()/> }
        })
        .collect_view();
    let edit = may.then(|| form(Some(&calendar), at));
    let remove = may.then(|| {
        let (id, rev) = (calendar.id.to_string(), calendar.rev.to_string());
        remove_card(
            "Remove the calendar",
            "Refused while a role or a rung keeps to it.",
            "/ui/cover/calendar-remove",
            at.fields(&[("calendar", &id), ("rev", &rev)]),
        )
    });
    let sub = format!(
        "Times are those of {}.",
        calendar.time_zone.replace('_', " ")
    )
    .into_any();
    crumbs.push(Crumb::here(calendar.name.clone()));
    let side = view! { {edit} {remove} }.into_any();
    Page::new(
        title.clone(),
        crumbs,
        view! {
            <PageHead title sub/>
            <Split side>
                <Card title="The week">{week}</Card>
                <Card title="Days off to come">{coming}</Card>
            </Split>
        },
    )
}

fn form(calendar: Option<&Calendar>, at: &Visit) -> impl IntoView + use<> {
    let typed = at.form("calendar");
    let is = |name: &str, kept: String| typed.value_or(name, &kept);
    let id = calendar.map(|one| one.id.to_string()).unwrap_or_default();
    let rev = calendar.map_or(0, |one| one.rev).to_string();
    let hidden = at.hidden(&[("calendar", &id), ("rev", &rev)]);
    let fresh = calendar.is_none().then(|| {
        let key = typed
            .text("key", "Key")
            .hint("A short name for it, such as us-office; it never changes.");
        view! { <Input text=key value=typed.value("key") autocomplete="off" required=true/> }
    });
    let days = HOURS
        .into_iter()
        .zip(WEEKDAYS)
        .enumerate()
        .map(|(index, (field, day))| {
            let text = typed.text(field, day);
            let usual = if index < 5 { "09:00-17:00" } else { "" };
            let kept = calendar.map_or_else(|| usual.to_owned(), |one| hours_text(one, index));
            view! { <Input text value=is(field, kept)/> }
        })
        .collect_view();
    let name = typed.text("name", "Name");
    let zone = typed.text("time_zone", "Time zone");
    let holidays = typed
        .text("holidays", "Days off")
        .hint("A line each: the day, then its name.");
    let name_is = is(
        "name",
        calendar.map(|one| one.name.clone()).unwrap_or_default(),
    );
    let zone_is = is(
        "time_zone",
        calendar.map_or_else(
            || "America/New_York".to_owned(),
            |one| one.time_zone.clone(),
        ),
    );
    let holidays_are = is("holidays", calendar.map(holidays_text).unwrap_or_default());
    let (title, label) = if calendar.is_some() {
        ("Change it", "Save")
    } else {
        ("The calendar", "Make it")
    };
    view! {
        <Card title padded=true id="edit">
            <form method="post" action="/ui/cover/calendar">
                {hidden}
                <Input text=name value=name_is required=true/>
                {fresh}
                <Select text=zone options=zone_choices() value=zone_is/>
                <fieldset class="field">
                    <legend class="label mb-1">"Hours, such as 09:00-12:30, 13:30-17:00; empty is closed"</legend>
                    <div class="grid gap-x-4 grid-cols-2">{days}</div>
                </fieldset>
                <TextArea text=holidays value=holidays_are rows=8/>
                <div class="acts"><Button label=label kind=Kind::Primary/></div>
            </form>
        </Card>
    }
}
