//! Where things come from and where they go: contracts, destinations, sources, other flows.

use super::{At, ContractFact, List, Named, Surroundings};
use crate::{
    contract::StandingState,
    flow::{Draft, StepKind, Trigger, graph},
};

pub(super) fn of_step(at: &At<'_>, list: &mut List) {
    match &at.step.kind {
        StepKind::EmitExport { export_type, .. } => emit(at, export_type, list),
        StepKind::WaitForEvent { event } => {
            named(at, "source_system", &at.step.source_system, list);
            let system = at.around.system(&at.step.source_system);
            if system.is_some_and(|one| !one.sends.contains(event)) {
                list.step(
                    at,
                    ("source_system", "source_system"),
                    format!(
                        "{} waits for {event}, which {} never sends.",
                        at.name(),
                        at.step.source_system
                    ),
                    can_send(at, *event),
                );
            }
        }
        StepKind::HumanTask { .. } => {
            named(at, "source_system", &at.step.source_system, list);
            named(at, "destination_system", &at.step.destination_system, list);
        }
        StepKind::SubFlow { flow } => sub_flow(at, flow, list),
        StepKind::Decide { .. } | StepKind::Notify { .. } | StepKind::Compensate { .. } => {}
    }
}

fn can_send(at: &At<'_>, event: crate::event::EventKind) -> String {
    let names: Vec<&str> = at
        .around
        .systems
        .iter()
        .filter(|one| one.sends.contains(&event))
        .map(|one| one.system.as_str())
        .collect();
    if names.is_empty() {
        format!("Nothing that is connected sends {event}: connect a source that does.")
    } else {
        format!("It comes from {}.", names.join(", "))
    }
}

/// A system that is named, and that there is.
fn named(at: &At<'_>, field: &'static str, system: &str, list: &mut List) {
    let which = if field == "source_system" {
        "source"
    } else {
        "destination"
    };
    if system.trim().is_empty() {
        list.step(
            at,
            (field, field),
            format!("{} has no {which} system.", at.name()),
            "Name it; meshline is this program itself.",
        );
    } else if !at.around.is_connected(system) {
        let can_be = at.around.connectable.iter().any(|one| one == system);
        // people also work in systems that are not connected, and a source may come tomorrow
        let by_hand = matches!(at.step.kind, StepKind::HumanTask { .. });
        list.step(
            at,
            (field, field),
            format!("{}: {system} is not connected here.", at.name()),
            if can_be {
                "Connect it."
            } else {
                "Connect it, or name another."
            },
        );
        if by_hand || can_be {
            list.advice();
        }
    }
}

/// Whether a step that says so says it as its contract does: one of the systems that this may send to.
fn goes_to(contract: &ContractFact, there: &Named, said: &str) -> bool {
    let mut all = std::iter::once(there).chain(&contract.routed);
    all.any(|one| one.key == said)
}

/// A contract that is deprecated works as before, until its day: whoever draws a flow on it should know. One
/// that is retired makes no exports, and there is nothing more to say about it.
pub(super) fn ends(
    at: &At<'_>,
    place: (&'static str, &str),
    export_type: &str,
    list: &mut List,
) -> bool {
    let Some(standing) = at.around.standing(export_type) else {
        return false;
    };
    let known = at.around.contract(export_type);
    let title = known.map_or(export_type, |one| one.title.as_str());
    // what took its place may have ended as well
    let instead = standing.replacement.as_deref();
    let instead = instead.and_then(|one| at.around.contract(one));
    let choose = match instead {
        Some(other) => format!(
            "Choose “{}” ({}), which takes its place",
            other.title, other.export_type
        ),
        None => "Choose another contract".to_owned(),
    };
    let name = at.name();
    if standing.state == StandingState::Retired {
        let sentence = format!("{name}: the contract “{title}” is retired and makes no exports.");
        let fix = format!("{choose}, or take “{title}” back into use.");
        list.step(at, place, sentence, fix);
        return true;
    }
    let until = standing.until.map_or_else(String::new, |until| {
        until.format_utc(" and ends on %-d %b %Y")
    });
    let sentence = format!("{name}: the contract “{title}” is deprecated{until}.");
    list.step(at, place, sentence, format!("{choose} before then."));
    list.advice();
    false
}

fn emit(at: &At<'_>, export_type: &str, list: &mut List) {
    let place = ("export_type", "export_type");
    if ends(at, place, export_type, list) {
        return;
    }
    let Some(contract) = at.around.contract(export_type) else {
        let sentence = if export_type.is_empty() {
            format!("{} does not say under which contract.", at.name())
        } else {
            format!(
                "{}: “{export_type}” is not a published contract.",
                at.name()
            )
        };
        list.step(at, place, sentence, "Choose a published contract.");
        return;
    };
    named(at, "source_system", &at.step.source_system, list);
    match &contract.destination {
        None => list.step(
            at,
            place,
            format!(
                "{}: the contract “{}” sends to a destination that is not in use.",
                at.name(),
                contract.title
            ),
            "Take the destination back into use, or publish the contract with another.",
        ),
        Some(there) if !goes_to(contract, there, &at.step.destination_system) => {
            let said = at.step.destination_system.as_str();
            let sentence = if said.is_empty() {
                format!("{} has no destination system.", at.name())
            } else {
                let all = std::iter::once(there).chain(&contract.routed);
                let all: Vec<String> = all
                    .map(|one| format!("{} ({})", one.title, one.key))
                    .collect();
                format!(
                    "{} says it goes to {said}; its contract sends to {}.",
                    at.name(),
                    all.join(" or ")
                )
            };
            list.step(
                at,
                ("destination_system", "destination_system"),
                sentence,
                format!("Say {}.", there.key),
            );
        }
        Some(_) => {}
    }
    for needed in &contract.required {
        let Some(from) = &needed.from else {
            continue; // the contract says it itself
        };
        if !from.iter().any(|path| is_known(at, path)) {
            let said = if from.is_empty() {
                "nothing says where it comes from".to_owned()
            } else {
                format!(
                    "it comes from {}, which this flow does not know by then",
                    from.join(" or ")
                )
            };
            list.step(
                at,
                place,
                format!(
                    "{}: “{}” requires {}, and {said}.",
                    at.name(),
                    contract.title,
                    needed.field
                ),
                "Let an earlier step or the form ask for it, or choose another contract.",
            );
        }
    }
}

/// Whether a fact of a payload can be known when this step begins: `order.ship_to.city`, `input.sku`,
/// `inspect.reason`.
fn is_known(at: &At<'_>, path: &str) -> bool {
    let mut words = path.split('.');
    let (Some(whose), Some(which)) = (words.next(), words.next()) else {
        return false;
    };
    let trigger = &at.draft.trigger;
    match whose {
        "run" => true,
        "order" => matches!(
            trigger,
            Trigger::Order { .. } | Trigger::Manual | Trigger::SubFlow
        ),
        "campaign" => matches!(trigger, Trigger::Campaign | Trigger::SubFlow),
        "case" => matches!(trigger, Trigger::Form { .. } | Trigger::SubFlow),
        "input" => match trigger {
            Trigger::Form { fields, .. } => fields.iter().any(|field| field.key == which),
            Trigger::SubFlow => true,
            Trigger::Order { .. } | Trigger::Manual | Trigger::Campaign => false,
        },
        step => at.draft.step(step).is_some_and(|before| {
            let says = match &before.kind {
                StepKind::HumanTask { fields, .. } => fields.iter().any(|field| field.key == which),
                StepKind::EmitExport { .. } => which == "external_ref",
                _ => false,
            };
            says && graph::can_reach(at.draft, step, &at.step.key)
        }),
    }
}

fn sub_flow(at: &At<'_>, key: &str, list: &mut List) {
    let place = ("flow", "flow");
    if key == at.draft.key {
        list.step(
            at,
            place,
            format!("{} runs the flow it stands in.", at.name()),
            "Choose another flow.",
        );
        return;
    }
    let Some(called) = at.around.flow(key) else {
        let sentence = if key.is_empty() {
            format!("{} does not say which flow it runs.", at.name())
        } else {
            format!("{} runs “{key}”, and no such flow is published.", at.name())
        };
        list.step(at, place, sentence, "Choose a published flow.");
        return;
    };
    if leads_to(at.around, key, &at.draft.key) {
        list.step(
            at,
            place,
            format!(
                "{} runs “{}”, which leads back to this flow.",
                at.name(),
                called.name
            ),
            "Flows within flows must not go in circles.",
        );
    }
    if let (Some(theirs), Some(ours)) = (called.about.as_deref(), about(at.draft))
        && theirs != ours
    {
        list.step(
            at,
            place,
            format!(
                "{} runs “{}”, which is about one {theirs}; this is about one {ours}.",
                at.name(),
                called.name
            ),
            "Choose a flow for the same subject, or one that other flows start.",
        );
    }
}

/// What a flow is about, if its trigger says so.
pub fn about(draft: &Draft) -> Option<&str> {
    match &draft.trigger {
        Trigger::Order { .. } | Trigger::Manual => Some("order"),
        Trigger::Campaign => Some("campaign"),
        Trigger::Form { noun, .. } => Some(noun),
        Trigger::SubFlow => None,
    }
}

/// Whether running this flow comes to that one, as far as others are published.
fn leads_to(around: &Surroundings, from: &str, to: &str) -> bool {
    let mut seen: Vec<&str> = Vec::new();
    let mut open = vec![from];
    while let Some(key) = open.pop() {
        if key == to {
            return true;
        }
        if !seen.contains(&key) {
            seen.push(key);
            let calls = around.flow(key).map(|flow| flow.calls.as_slice());
            open.extend(calls.unwrap_or_default().iter().map(String::as_str));
        }
    }
    false
}

/// What starts it must be able to come.
pub(super) fn trigger(draft: &Draft, around: &Surroundings, list: &mut List) {
    if let Trigger::Order { event, .. } = &draft.trigger
        && !around.systems.iter().any(|one| one.sends.contains(event))
    {
        list.flow(
            "/trigger/event",
            format!("Nothing that is connected sends {event}; no run would begin."),
            "Connect a source that does.",
        );
        list.advice();
    }
}
