//! The shape: where it begins, where exits lead, what cannot be reached, loops that nobody leaves.

use super::{At, List, MOST_STEPS, Surroundings, is_flow_key, is_key, step, systems};
use crate::flow::{DONE, Draft, Trigger, fact, graph};

pub(super) fn flow(draft: &Draft, around: &Surroundings, list: &mut List) {
    let name = draft.name.trim().chars().count();
    if name == 0 || name > 120 {
        list.flow(
            "/name",
            "The flow has no name.",
            "Write one of at most 120 characters.",
        );
    }
    if !is_flow_key(&draft.key) {
        list.flow(
            "/key",
            format!("The flow’s key cannot be used: “{}”.", draft.key),
            "Small letters, digits and hyphens, beginning with a letter, at most 60.",
        );
    }
    if draft.outcome.trim().is_empty() {
        list.flow(
            "/outcome",
            "The flow does not say what a finished run is called.",
            "Write one word, such as shipped.",
        );
    }
    match &draft.trigger {
        Trigger::Order { when, .. } => {
            step::trigger_condition(when, &fact::of_trigger(&draft.trigger), list);
        }
        Trigger::Form { noun, fields } => {
            if !is_key(noun) {
                list.flow(
                    "/trigger/noun",
                    "The form does not say what it is about.",
                    "One word in small letters, such as product.",
                );
            }
            for (n, sentence) in step::form_faults(fields) {
                list.flow(
                    &format!("/trigger/fields/{n}"),
                    format!("The form that starts it: {sentence}"),
                    "Change the question.",
                );
            }
        }
        Trigger::Campaign | Trigger::Manual | Trigger::SubFlow => {}
    }
    systems::trigger(draft, around, list);
    if draft.steps.is_empty() {
        list.flow("/steps", "The flow has no steps.", "Add the first one.");
        return;
    }
    if draft.steps.len() > MOST_STEPS {
        list.flow(
            "/steps",
            format!(
                "The flow has {} steps; {MOST_STEPS} is the most.",
                draft.steps.len()
            ),
            "Move some of them into a flow of their own.",
        );
        return;
    }
    if draft.start.is_empty() {
        list.flow(
            "/start",
            "Nothing begins: the trigger leads to no step.",
            "Say which step comes first.",
        );
    }
    for (n, key) in draft.start.iter().enumerate() {
        if draft.step(key).is_none() {
            list.flow(
                &format!("/start/{n}"),
                format!("It begins with “{key}”, and there is no such step."),
                "Choose a step that there is.",
            );
        } else if draft.start.iter().take(n).any(|other| other == key) {
            list.flow(
                &format!("/start/{n}"),
                format!("It begins with “{key}” twice."),
                "Once is enough.",
            );
        }
    }
    for steps in graph::loops_without_exit(draft) {
        let first = index(draft, steps.first());
        list.flow(
            &format!("/steps/{first}/exits"),
            format!("Nothing leads out of the loop {}.", titles(draft, &steps)),
            "Let one of its exits end, or lead elsewhere.",
        );
    }
    for steps in graph::restless_loops(draft) {
        let first = index(draft, steps.first());
        list.flow(
            &format!("/steps/{first}/exits"),
            format!(
                "The loop {} waits for nothing; it would turn for ever.",
                titles(draft, &steps)
            ),
            "Put a step into it that waits for an event, a person or a destination.",
        );
    }
}

fn index(draft: &Draft, key: Option<&&str>) -> usize {
    draft
        .steps
        .iter()
        .position(|step| Some(&step.key.as_str()) == key)
        .unwrap_or_default()
}

fn titles(draft: &Draft, keys: &[&str]) -> String {
    let named: Vec<String> = keys
        .iter()
        .filter_map(|key| draft.step(key))
        .map(|step| format!("“{}”", step.title))
        .collect();
    named.join(" → ")
}

pub(super) fn of_step(at: &At<'_>, list: &mut List) {
    let step = at.step;
    if at.lost.contains(step.key.as_str()) {
        list.step(
            at,
            ("key", ""),
            format!("Nothing leads to {}.", at.name()),
            "Let an exit lead here, or take it out.",
        );
        if let Some(last) = list.0.last_mut() {
            last.path = format!("/steps/{}", at.index);
        }
    }
    let exits = step.kind.exits();
    for on in &exits {
        if !step.exits.iter().any(|exit| exit.on == *on) {
            let what = if *on == DONE {
                format!("{} does not say what comes next.", at.name())
            } else {
                format!("{} does not say what comes next on “{on}”.", at.name())
            };
            list.step(
                at,
                (&format!("exits.{on}"), "exits"),
                what,
                "Choose the next step, or that it ends here.",
            );
        }
    }
    for (n, exit) in step.exits.iter().enumerate() {
        let field = format!("exits.{}", exit.on);
        let twice = step.exits.iter().take(n).any(|other| other.on == exit.on);
        if twice || !exits.contains(&exit.on.as_str()) {
            list.step(
                at,
                (&field, &format!("exits/{n}/on")),
                format!(
                    "{} has no exit “{}”{}.",
                    at.name(),
                    exit.on,
                    if twice { " twice" } else { "" }
                ),
                format!("It has {}.", exits.join(", ")),
            );
        }
        for (m, to) in exit.to.iter().enumerate() {
            if at.draft.step(to).is_none() {
                list.step(
                    at,
                    (&field, &format!("exits/{n}/to/{m}")),
                    format!("{} leads to “{to}”, and there is no such step.", at.name()),
                    "Choose a step that there is, or that it ends here.",
                );
            } else if exit.to.iter().take(m).any(|other| other == to) {
                list.step(
                    at,
                    (&field, &format!("exits/{n}/to/{m}")),
                    format!("{} leads to “{to}” twice.", at.name()),
                    "Once is enough.",
                );
            }
        }
    }
}
