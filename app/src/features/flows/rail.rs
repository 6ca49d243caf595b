//! The readiness rail: what keeps a draft from being published, each line a link to where it is put right.

use board::by_key::ByKey;
use domain::flow::readiness::Fault;
use leptos::prelude::*;

use crate::{features::exports::plural, ui::*};

/// The page on which a fault is put right; `base` is the editor's.
pub(crate) fn fault_href(base: &str, fault: &Fault) -> String {
    match &fault.step {
        Some(step) => format!("{base}?step={step}#f-{}", first(&fault.field)),
        None => format!("{base}#f-{}", first(&fault.field)),
    }
}

fn first(field: &str) -> &str {
    field.split('.').next().unwrap_or_default()
}

/// For the map: the first thing of each step that blocks.
pub(crate) fn fault_marks(faults: &[Fault]) -> ByKey<String> {
    let mut marks = ByKey::new();
    for fault in faults.iter().filter(|fault| fault.blocks()) {
        if let Some(step) = fault.step.as_ref().filter(|step| !marks.contains_key(step)) {
            marks.insert(step.clone(), fault.sentence.clone());
        }
    }
    marks
}

/// "Ready to publish", or how much is in the way.
pub(crate) fn readiness_words(faults: &[Fault]) -> String {
    match faults.iter().filter(|fault| fault.blocks()).count() {
        0 => "ready to publish".to_owned(),
        1 => "1 thing keeps it from being published".to_owned(),
        n => format!("{n} things keep it from being published"),
    }
}

#[component]
pub(crate) fn ReadinessRail(
    faults: Vec<Fault>,
    /// The address of the editor; none: the lines are no links.
    #[prop(optional, into)]
    editor: Option<String>,
) -> impl IntoView {
    let blocking = faults.iter().filter(|fault| fault.blocks()).count();
    let advice = faults.len() - blocking;
    let aside = match (blocking, advice) {
        (0, 0) => "nothing in the way".to_owned(),
        (0, n) => format!("nothing in the way, {n} to know"),
        (n, 0) => format!("{n} {}", plural(n, "thing")),
        (n, m) => format!("{n} {}, {m} to know", plural(n, "thing")),
    };
    let lines = faults
        .iter()
        .map(|fault| {
            let tone = if fault.blocks() {
                Tone::Late
            } else {
                Tone::Wait
            };
            let href = editor.as_ref().map(|base| fault_href(base, fault));
            let sub = if fault.blocks() {
                fault.fix.clone()
            } else {
                format!("Does not keep it from being published. {}", fault.fix)
            };
            view! { <Row title=fault.sentence.clone() sub tone nostrip:href=href/> }
        })
        .collect_view();
    let inside = if faults.is_empty() {
        view! {
            <Row
                title="Every step has one owner, a backup, clocks, a checkpoint and a way out."
                sub="For the next 14 days somebody answers at every hour."
                tone=Tone::Done
            />
        }
        .into_any()
    } else {
        lines.into_any()
    };
    view! {
        <Card title="Readiness" aside=aside.into_any() id="readiness">
            {inside}
            <CardFoot>"Exports are checked by their contract’s gates; decisions and notices check themselves."</CardFoot>
        </Card>
    }
}
