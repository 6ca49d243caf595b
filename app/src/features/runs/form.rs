//! The questions of a form, as the pages ask them: of a human task, and of what starts a run.

use std::collections::BTreeMap;

use domain::flow::{Field, FieldKind};
use engine::Error;
use leptos::prelude::*;

use crate::{
    ui::{Input, Select, TextArea},
    web::{Posted, Typed},
};

/// The name under which an answer travels.
pub(crate) fn answer_key(field: &str) -> String {
    format!("f[{field}]")
}

/// Shows what was answered again, if the form is refused.
pub(crate) fn keep(posted: Posted, answers: &BTreeMap<String, String>) -> Posted {
    answers.iter().fold(posted, |posted, (field, value)| {
        posted.keep(&answer_key(field), value)
    })
}

/// Puts what the engine says of a form's field at the field that people see.
pub(super) fn at_the_answers(mut error: Error) -> Error {
    for fault in &mut error.fields {
        if let Some(field) = fault.field.strip_prefix("answers/") {
            fault.field = answer_key(field);
        }
    }
    error
}

pub(crate) fn inputs(fields: &[Field], typed: &Typed) -> AnyView {
    fields
        .iter()
        .map(|field| input(field, typed))
        .collect_view()
        .into_any()
}

fn input(field: &Field, typed: &Typed) -> AnyView {
    let name = answer_key(&field.key);
    let label = if field.required {
        field.label.clone()
    } else {
        format!("{} (if there is any)", field.label)
    };
    let value = typed.value(&name);
    let mut text = typed.text(name, label);
    if !field.help.is_empty() {
        text = text.hint(field.help.clone());
    }
    let required = field.required;
    match &field.kind {
        FieldKind::LongText => view! { <TextArea text value required/> }.into_any(),
        FieldKind::YesNo => {
            let options = choices(["yes", "no"].map(str::to_owned).to_vec());
            view! { <Select text options value required/> }.into_any()
        }
        FieldKind::Choice { options } => {
            let options = choices(options.clone());
            view! { <Select text options value required/> }.into_any()
        }
        FieldKind::Text => view! { <Input text value required/> }.into_any(),
        // any number, so that the sentence about a wrong one is ours
        FieldKind::Number => view! { <Input text value required/> }.into_any(),
        FieldKind::Date => view! { <Input text value kind="date" required/> }.into_any(),
    }
}

fn choices(options: Vec<String>) -> Vec<(String, String)> {
    let none = (String::new(), "Choose…".to_owned());
    let named = options.into_iter().map(|one| (one.clone(), one));
    std::iter::once(none).chain(named).collect()
}
