//! Names, times and choices that the pages share.

use std::sync::LazyLock;

use domain::{
    Time,
    cover::{Span, local, zone_names},
    invitation::PERSON_PARTIES,
    owner::{Owner, Party},
};
use engine::Rules;
use leptos::prelude::*;
use uuid::Uuid;

use crate::{
    ui::*,
    web::{Typed, Visit, owner_name},
};

pub(super) const DAY_MS: i64 = 24 * 60 * 60 * 1000;
pub(super) const DAYS: i64 = 14;

pub(super) fn fortnight(now: Time) -> Span {
    Span {
        from: now,
        to: now.plus_ms(DAYS * DAY_MS),
    }
}

/// "Tue 24 Nov, 09:00", as the clocks of that zone show it.
pub(super) fn at_place(zone: &str, at: Time) -> String {
    local(zone, at, "%a %-d %b, %H:%M")
}

/// The zone in which a page about an owner tells times: its rotation's, its calendar's, or UTC.
pub(super) fn zone_of(rules: &Rules, owner: &Owner) -> String {
    let roster = &rules.roster;
    let of_rotation = |key: &str| roster.rotation(key).map(|one| one.time_zone.clone());
    let found = match owner {
        Owner::Rotation(key) => of_rotation(key),
        Owner::Role { party, role } => roster.cover(*party, role).and_then(|cover| {
            let calendar = cover
                .calendar
                .as_deref()
                .and_then(|key| roster.calendar(key));
            calendar
                .map(|one| one.time_zone.clone())
                .or_else(|| cover.rotations().find_map(of_rotation))
        }),
        Owner::User(_) | Owner::System(_) => None,
    };
    found.unwrap_or_else(|| "UTC".to_owned())
}

/// "Mara Keller", "Mara Keller and Jonas Weber", "Mara Keller and 3 more".
pub(super) fn people_words(rules: &Rules, who: &[Uuid]) -> String {
    let name = |id: &Uuid| {
        rules
            .user_name(*id)
            .unwrap_or("somebody who left")
            .to_owned()
    };
    match who {
        [] => "Nobody".to_owned(),
        [one] => name(one),
        [one, two] => format!("{} and {}", name(one), name(two)),
        [one, rest @ ..] => format!("{} and {} more", name(one), rest.len()),
    }
}

pub(super) fn party_word(party: Party) -> &'static str {
    match party {
        Party::Agency => "Agency",
        Party::Merchant => "Merchant",
        Party::ThreePl => "3PL",
        Party::Carrier => "Carrier",
        Party::System => "System",
    }
}

/// "Logistics · 3PL", "Night desk".
pub(super) fn owner_words(rules: &Rules, owner: &Owner) -> String {
    match owner {
        Owner::Role { party, .. } => {
            format!("{} · {}", owner_name(rules, owner), party_word(*party))
        }
        _ => owner_name(rules, owner),
    }
}

pub(super) fn owner_choices(rules: &Rules) -> Vec<(String, String)> {
    let mut choices: Vec<(String, String)> = rules
        .owners()
        .iter()
        .map(|owner| (owner.to_string(), owner_words(rules, owner)))
        .collect();
    choices.sort_by(|a, b| a.1.cmp(&b.1));
    choices.extend(
        people_choices(rules, None)
            .into_iter()
            .map(|(id, name)| (format!("user:{id}"), name)),
    );
    choices
}

/// The active people of a side, or all of them.
pub(super) fn people_choices(rules: &Rules, party: Option<Party>) -> Vec<(String, String)> {
    rules
        .members
        .iter()
        .filter(|(user, member)| user.active && party.is_none_or(|party| member.party == party))
        .map(|(user, _)| (user.id.to_string(), user.name.clone()))
        .collect()
}

/// How many rows a list in a form has: those that are there and `spare` empty ones. A form that came back
/// has those it was sent with, and more if that was asked for.
pub(super) fn rows_shown(typed: &Typed, field: &str, there: usize, spare: usize) -> usize {
    let (values, _) = typed.everything();
    let sent = values
        .keys()
        .filter(|name| {
            name.strip_prefix(field)
                .is_some_and(|rest| rest.starts_with('['))
        })
        .count();
    let asked = if values.contains_key(MORE) {
        sent + spare
    } else {
        sent
    };
    asked.max(there + spare)
}

/// The button's name: whoever presses it gets the same form back, with more rows.
pub(super) const MORE: &str = "more";

/// It stands behind the button that saves, so that Enter saves.
pub(super) fn more_rows(label: &'static str) -> impl IntoView {
    view! {
        <button type="submit" class="btn" name=MORE value="rows" formnovalidate=true>{label}</button>
    }
}

/// The choices, and what is chosen: whoever is in a list stays in it, though nobody would be offered.
pub(super) fn with_current(
    owners: &[(String, String)],
    chosen: &str,
    rules: &Rules,
) -> Vec<(String, String)> {
    let mut owners = owners.to_vec();
    if let Ok(owner) = chosen.parse::<Owner>()
        && !owners.iter().any(|(key, _)| key == chosen)
    {
        let title = format!("{} (nobody active)", owner_words(rules, &owner));
        owners.push((chosen.to_owned(), title));
    }
    owners
}

/// The same for people.
pub(super) fn with_person(
    people: &[(String, String)],
    chosen: &str,
    rules: &Rules,
) -> Vec<(String, String)> {
    let mut people = people.to_vec();
    if let Ok(user) = chosen.parse::<Uuid>()
        && !people.iter().any(|(key, _)| key == chosen)
    {
        let name = rules.user_name(user).unwrap_or("Somebody who left");
        people.push((chosen.to_owned(), format!("{name} (not active here)")));
    }
    people
}

pub(super) fn choose(first: &str, rest: Vec<(String, String)>) -> Vec<(String, String)> {
    [(String::new(), first.to_owned())]
        .into_iter()
        .chain(rest)
        .collect()
}

pub(super) fn party_choices() -> Vec<(String, String)> {
    PERSON_PARTIES
        .into_iter()
        .map(|one| (one.as_str().to_owned(), party_word(one).to_owned()))
        .collect()
}

pub(super) fn calendar_choices(rules: &Rules, first: &str) -> Vec<(String, String)> {
    let calendars = rules.roster.calendars.iter();
    choose(
        first,
        calendars
            .map(|one| (one.key.clone(), one.name.clone()))
            .collect(),
    )
}

static ZONES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut names = zone_names();
    names.retain(|name| name == "UTC" || name.contains('/'));
    names.sort();
    names
});

pub(super) fn zone_choices() -> Vec<(String, String)> {
    ZONES
        .iter()
        .map(|name| (name.clone(), name.replace('_', " ")))
        .collect()
}

pub(super) fn here(at: &Visit) -> Vec<Crumb> {
    vec![
        Crumb::link("People", at.path("people")),
        Crumb::link("Cover", at.path("people/cover")),
    ]
}

/// A small form that is one button, asked for once more by the words on it.
pub(super) fn remove_card(
    title: &'static str,
    why: &'static str,
    action: &'static str,
    fields: Vec<(&'static str, String)>,
) -> impl IntoView {
    view! {
        <Card title padded=true>
            <p class="mb-3 text-ink-2">{why}</p>
            <PostButton action label=title kind=Kind::Danger fields/>
        </Card>
    }
}
