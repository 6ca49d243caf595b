//! A flow's steps from left to right: cards with their owner, clock, contract and what silence does.

use domain::{
    contract::Contract,
    flow::{Flow, Step, StepKind, Trigger},
};
use leptos::prelude::*;

use super::words::does;
use crate::{
    ui::{time::duration_text, *},
    web::{Visit, owner_name},
};

/// Trigger, steps and outcome as an ordered list that lies down where there is room.
pub(super) fn map(flow: &Flow, at: &Visit) -> impl IntoView + use<> {
    let (start, what) = match &flow.trigger {
        Trigger::Order { event, .. } => (
            event.as_str().to_owned(),
            "once the order is paid or authorized, and not closed",
        ),
        Trigger::Campaign => ("Campaign brief".to_owned(), "a person starts it"),
        Trigger::Form { noun, .. } => (noun.clone(), "a person starts it"),
        Trigger::Manual => ("Order".to_owned(), "a person starts it"),
        Trigger::SubFlow => ("Another flow".to_owned(), "starts it"),
    };
    let steps = flow
        .steps
        .iter()
        .enumerate()
        .map(|(n, step)| card(n + 1, step, at))
        .collect_view();
    let outcome = flow.outcome.clone();
    view! {
        <div class="flow-box">
        <ol class="flow-map" role="list" aria-label="Steps of the flow">
            <li class="flow-end">
                <small>"Trigger"</small>
                <b>{start}</b>
                <span>{what}</span>
            </li>
            {steps}
            <li class="flow-end">
                <small>"Outcome"</small>
                <b>{outcome}</b>
                <span>"the run has ended well"</span>
            </li>
        </ol>
        </div>
    }
}

fn card(n: usize, step: &Step, at: &Visit) -> impl IntoView + use<> {
    let owner = owner_name(&at.rules, &step.owner);
    let contract = match &step.kind {
        StepKind::EmitExport { export_type, .. } => at.rules.contract(export_type).cloned(),
        _ => None,
    };
    let link = contract.as_ref().map(|contract| {
        let href = at.path(&format!("contracts/{}", contract.id));
        view! { <a class="link" href=href><span class="mono">{contract.export_type.clone()}</span>" "{contract.version.clone()}</a> }
    });
    let clock = clock(step, contract.as_deref());
    let silence = silence(step, at);
    let active = !at.rules.resolves(&step.owner);
    view! {
        <li class="flow-step">
            <small>{format!("Step {n}")}</small>
            <b>{step.title.clone()}</b>
            <span>{does(&step.kind)}</span>
            <span class="flow-line"><Avatar name=owner.clone()/>{owner}</span>
            {active.then(|| view! { <StateBadge tone=Tone::Late word="nobody active"/> })}
            <span class="flow-line"><StateGlyph tone=Tone::Wait/>{clock}</span>
            <span class="flow-line"><StateGlyph tone=Tone::Idle/>{silence}</span>
            {link}
        </li>
    }
}

fn clock(step: &Step, contract: Option<&Contract>) -> String {
    match (&step.kind, contract) {
        (StepKind::EmitExport { .. }, Some(contract)) => format!(
            "taken in {}, done in {}",
            duration_text(contract.accept_ms),
            duration_text(contract.resolve_ms)
        ),
        (StepKind::EmitExport { .. }, None) => "no published contract".to_owned(),
        _ => format!("within {}", duration_text(step.clock.resolve_ms)),
    }
}

fn silence(step: &Step, at: &Visit) -> String {
    let backup = owner_name(&at.rules, &step.backup);
    match &step.kind {
        StepKind::WaitForEvent { .. } => {
            format!("then a task opens and the run goes on waiting; {backup} is next")
        }
        _ => format!("on silence a task opens; {backup} is next"),
    }
}
