//! Which template of the agency a flow comes from, and what this merchant has changed of it.

use engine::Pinned;
use leptos::prelude::*;

use crate::{features::exports::plural, ui::*};

pub(super) fn pinned(pin: &Pinned) -> impl IntoView + use<> {
    let many = pin.overrides.len();
    let title = pin.version.map_or_else(
        || pin.template.clone(),
        |version| format!("{}, version {version}", pin.template),
    );
    let newer = pin.version.filter(|version| *version < pin.newest);
    let (tone, sub) = match (pin.asked, newer) {
        (Some(asked), _) => (
            Tone::Wait,
            format!(
                "Kept by {}. Version {asked} waits for a second person here.",
                pin.operator
            ),
        ),
        (None, Some(_)) => (
            Tone::Idle,
            format!(
                "Kept by {}. Version {} is its newest.",
                pin.operator, pin.newest
            ),
        ),
        (None, None) => (Tone::Done, format!("Kept by {}.", pin.operator)),
    };
    let rows = pin
        .overrides
        .iter()
        .map(|one| {
            let sub = one.merchant.clone().unwrap_or_default();
            view! { <Row title=one.place.clone() sub tone=Tone::Held/> }
        })
        .collect_view();
    let foot = match many {
        0 if pin.version.is_some() => "It says what the template says.".to_owned(),
        0 => String::new(),
        _ => format!(
            "{many} {} made here; a newer version leaves them as they are.",
            plural(many, "change")
        ),
    };
    let link = pin.link.clone();
    let whole = match link {
        Some(href) => view! { <Row title sub href tone/> }.into_any(),
        None => view! { <Row title sub tone/> }.into_any(),
    };
    let foot = (!foot.is_empty()).then(|| view! { <CardFoot>{foot}</CardFoot> });
    view! { <Card title="From a template" id="template">{whole} {rows} {foot}</Card> }
}
