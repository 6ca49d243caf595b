//! The shell around a signed-in page, filled with what is true now: counts, place, flash.

use domain::{Time, access::Noun, people::Merchant};
use engine::Queue;
use leptos::prelude::*;

use super::{flash::Flash, page::Page, person::Person};
use crate::{
    shell::{Nav, Shell},
    ui::{CopyId, Flash as FlashBox, Tone},
};

/// `current` is the merchant whose pages the sidebar leads to.
pub(super) fn nav(
    person: &Person,
    active: &'static str,
    current: Option<&Merchant>,
    queue: &Queue,
    now: Time,
) -> Nav {
    let pair = |merchant: &Merchant| (merchant.slug.clone(), merchant.name.clone());
    Nav {
        operator_name: person.operator_name.clone(),
        operators: person
            .operators
            .iter()
            .map(|operator| (operator.slug.clone(), operator.name.clone()))
            .collect(),
        merchants: person
            .places
            .iter()
            .map(|(merchant, _)| pair(merchant))
            .collect(),
        current: current.map(pair),
        closed: closed(person, current),
        user_name: person.user.name.clone(),
        active,
        queue_count: count(queue.items.len()),
        queue_late: count(queue.late(now)),
        task_count: current
            .and_then(|merchant| queue.live_tasks.get(&merchant.id))
            .map_or(0, |n| count(*n)),
        told_count: count(queue.notices.len()),
        theme: person.theme.clone(),
    }
}

/// The entries whose pages this person would not find there.
pub(super) fn closed(person: &Person, current: Option<&Merchant>) -> Vec<&'static str> {
    let member = current.and_then(|current| {
        let mut places = person.places.iter();
        places.find(|(merchant, _)| merchant.id == current.id)
    });
    let reads = |key: &str| match (member, Noun::of_page(key)) {
        (Some((_, member)), Some(noun)) => member.reads(noun),
        _ => false,
    };
    crate::shell::entries().filter(|key| !reads(key)).collect()
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

pub(super) fn framed(
    nav: Nav,
    now: Time,
    all_merchants: bool,
    flash: Option<&Flash>,
    page: Page,
) -> AnyView {
    let said = flash.map(said);
    let Page {
        title,
        crumbs,
        body,
    } = page;
    view! {
        <Shell nav title crumbs now all_merchants>
            {said}
            {body}
        </Shell>
    }
    .into_any()
}

fn said(flash: &Flash) -> impl IntoView + use<> {
    let tone = if flash.failed { Tone::Late } else { Tone::Done };
    let sentence = match flash.fields.len() {
        0 => flash.sentence.clone(),
        1 => "Nothing was changed. The marked field needs another look.".to_owned(),
        n => format!("Nothing was changed. {n} marked fields need another look."),
    };
    let incident = flash.incident.clone();
    view! {
        <FlashBox tone>
            {sentence}
            {incident.map(|id| view! { " Incident " <CopyId id whole=true what="incident id"/> })}
        </FlashBox>
    }
}
