//! A task's past in words: who did what, when, and what they said.

use domain::{Time, audit::AuditEntry, owner::Owner};
use engine::Rules;
use leptos::prelude::*;
use serde_json::Value;

use crate::{
    ui::{Row, Tone, time::stamp_text},
    web::{action_words, actor_name, owner_name},
};

/// One line per entry, newest first.
pub(super) fn story(entries: &[AuditEntry], rules: &Rules, now: Time) -> AnyView {
    entries
        .iter()
        .map(|entry| {
            let title = match detail(&entry.detail, rules) {
                Some(more) => format!("{}{more}", action_words(&entry.action)),
                None => action_words(&entry.action),
            };
            let sub = actor_name(rules, &entry.actor);
            let aside = stamp_text(entry.at, now).into_any();
            let tone = tone(&entry.action);
            view! { <Row title sub tone aside/> }
        })
        .collect_view()
        .into_any()
}

fn tone(action: &str) -> Tone {
    match action {
        "task.resolved" | "task.cancelled" => Tone::Done,
        "task.escalated" | "task.overdue" => Tone::Late,
        "task.snoozed" => Tone::Held,
        "task.claimed" => Tone::Moving,
        _ => Tone::Wait,
    }
}

fn detail(detail: &str, rules: &Rules) -> Option<String> {
    let detail: Value = serde_json::from_str(detail).ok()?;
    let text = |name: &str| detail.get(name).and_then(Value::as_str);
    if let Some(note) = text("note") {
        return Some(format!(": “{note}”"));
    }
    if let Some(owner) = text("to").and_then(|owner| owner.parse::<Owner>().ok()) {
        let why = text("why")
            .map(|why| format!(": {why}"))
            .unwrap_or_default();
        return Some(format!(" to {}{why}", owner_name(rules, &owner)));
    }
    if let Some(until) = text("until").and_then(|until| until.parse::<Time>().ok()) {
        return Some(format!(" until {} UTC", until.format_utc("%b %-d %H:%M")));
    }
    if let Some(owner) = text("owner").and_then(|owner| owner.parse::<Owner>().ok()) {
        return Some(format!(" for {}", owner_name(rules, &owner)));
    }
    text("why").map(|why| format!(": {why}"))
}
