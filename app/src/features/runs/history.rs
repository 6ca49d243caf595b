//! What a run did, step by step, with how long each took; and what people answered.

use domain::flow::{DONE, Flow, Run, TokenState, Visit as Step};
use leptos::prelude::*;
use serde_json::Value;

use crate::{
    ui::{time::duration_text, *},
    web::Visit,
};

pub(super) fn history(run: &Run, flow: &Flow, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let rows = run
        .path
        .iter()
        .rev()
        .map(|visit| {
            let end = visit.left_at.or(run.ended_at).unwrap_or(now);
            let took = duration_text(end.since_ms(visit.entered_at));
            let title = flow
                .step(&visit.step)
                .map_or_else(|| visit.step.clone(), |step| step.title.clone());
            let (tone, word) = how(visit, run, flow);
            let at = visit.entered_at;
            view! {
                <tr>
                    <td>{title}</td>
                    <td><StateBadge tone word/></td>
                    <td class="num wide">{took}</td>
                    <td class="num"><Stamp at now/></td>
                </tr>
            }
        })
        .collect_view();
    let cols = vec![
        Col::text("Step"),
        Col::text("How it ended"),
        Col::num("Took").wide(),
        Col::num("Began"),
    ];
    view! { <Card title="What it did"><Table caption="Steps of this run, newest first" cols>{rows}</Table></Card> }
}

fn how(visit: &Step, run: &Run, flow: &Flow) -> (Tone, String) {
    if visit.undone {
        return (Tone::Idle, "undone".to_owned());
    }
    if visit.left_at.is_none() {
        let token = run.tokens.iter().find(|token| token.step == visit.step);
        return match token.map(|token| token.at) {
            Some(TokenState::Held) => (Tone::Held, "held".to_owned()),
            Some(TokenState::Retrying) => (Tone::Moving, "tried again soon".to_owned()),
            _ => (Tone::Moving, "under way".to_owned()),
        };
    }
    let ended_well = flow
        .step(&visit.step)
        .is_some_and(|step| step.kind.exits().contains(&visit.by.as_str()));
    let word = match visit.by.as_str() {
        DONE => "done".to_owned(),
        by => by.replace('_', " "),
    };
    (if ended_well { Tone::Done } else { Tone::Late }, word)
}

pub(super) fn answers(run: &Run, flow: &Flow) -> Option<AnyView> {
    let rows: Vec<AnyView> = run
        .answers
        .iter()
        .flat_map(|(key, answers)| {
            let of = flow.step(key).map_or_else(
                || "Asked at the start".to_owned(),
                |step| step.title.clone(),
            );
            answers.iter().map(move |(field, value)| {
                let title = format!("{}: {}", field.replace('_', " "), said(value));
                view! { <Row tone=Tone::Done title sub=of.clone()/> }.into_any()
            })
        })
        .collect();
    (!rows.is_empty())
        .then(|| view! { <Card title="What people answered">{rows}</Card> }.into_any())
}

fn said(value: &Value) -> String {
    match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
