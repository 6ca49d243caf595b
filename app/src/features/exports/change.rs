//! Overriding an export: its fields as a form, or all of it as JSON, why, and what will happen.
//!
//! The form has a field for each plain value of the payload, by its JSON Pointer; what is nested in lists is
//! changed in the JSON. Where both were touched the JSON counts, and says so.
#![expect(
    clippy::too_many_arguments,
    reason = "each field of a form is one argument of its server function"
)]

use std::{collections::BTreeMap, sync::Arc};

use domain::{access::Action, contract::Contract, export::Export, json_text};
use engine::{ExportChain, MAX_JUSTIFICATION, OverrideInput, Result};
use leptos::prelude::*;
use serde_json::Value;

use crate::{
    features::approvals::{Content, content_view},
    ui::*,
    web::{Done, Page, Posted, Refused, Typed, Visit, id, page},
};

#[component]
pub fn OverridePage() -> impl IntoView {
    page("exports", load, render)
}

async fn load(at: Arc<Visit>) -> Result<ExportChain> {
    at.ctx.require(Action::Override)?;
    let (found, _) = at.engine().export_chain(&at.ctx, at.id("export")?).await?;
    Ok(found)
}

/// The plain values of a payload that stand in no list, by their pointer.
fn plain(value: &Value, pointer: &str, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                plain(value, &format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(_) => {}
        value => found.push((pointer.to_owned(), value.clone())),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// What was typed, as the kind of value that stood there.
fn typed_as(old: &Value, text: &str) -> Value {
    let parsed = || serde_json::from_str::<Value>(text.trim()).ok();
    match old {
        Value::Number(_) => parsed()
            .filter(|value| value.is_number() && json_text::loss(text.as_bytes()).is_none())
            .unwrap_or_else(|| Value::String(text.to_owned())),
        Value::Bool(_) => parsed()
            .filter(Value::is_boolean)
            .unwrap_or_else(|| Value::String(text.to_owned())),
        Value::Null if text.trim().is_empty() => Value::Null,
        _ => Value::String(text.to_owned()),
    }
}

fn render(found: ExportChain, at: &Visit) -> Page {
    let (export, contract) = (found.export, found.contract);
    let here = at.path(&format!("exports/{}", export.id));
    let crumbs = vec![
        Crumb::link("Exports", at.path("exports")),
        Crumb::link(export.title.clone(), here),
        Crumb::here("Override"),
    ];
    let title = format!("Change what “{}” says", export.title);
    let to = found.destination.map(|one| one.name).unwrap_or_default();
    let sub = format!(
        "Version {}, {}, for {to}",
        export.version,
        export.state.words()
    )
    .into_any();
    let body = if export.content_is_gone() {
        view! { <Card padded=true><p>"Its content was removed under a retention rule; there is nothing left to change."</p></Card> }
            .into_any()
    } else if export.state.is_live() {
        form(&export, &contract, &to, at)
    } else {
        let words = export.state.words();
        view! { <Card padded=true><p>{format!("It is {words} and cannot be changed any more.")}</p></Card> }
            .into_any()
    };
    let content = content_view(Content::of(&export.payload, None));
    let side = view! { <div class="stack">{content}</div> }.into_any();
    let head = title.clone();
    Page::new(
        title,
        crumbs,
        view! {
            <PageHead title=head sub/>
            <Split side>{body}</Split>
        },
    )
}

fn form(export: &Export, contract: &Contract, to: &str, at: &Visit) -> AnyView {
    let typed = at.form("override");
    let hidden = at.hidden(&[
        ("export", &export.id.to_string()),
        ("seen_hash", &export.content_hash),
        ("to", &at.path(&format!("exports/{}", export.id))),
    ]);
    let mut values = Vec::new();
    plain(&export.payload, "", &mut values);
    let fields = values
        .iter()
        .enumerate()
        .map(|(n, (pointer, value))| field(&typed, n, pointer, value))
        .collect_view();
    let whole = serde_json::to_string_pretty(&export.payload).unwrap_or_default();
    let (_, wrong) = typed.everything();
    let stray: Vec<String> = wrong
        .iter()
        .filter(|(name, _)| {
            let pointer = name.strip_prefix("payload").unwrap_or("-");
            !pointer.is_empty()
                && name.as_str() != "justification"
                && !values.iter().any(|(known, _)| known == pointer)
        })
        .map(|(_, sentence)| sentence.clone())
        .collect();
    let json_error = typed
        .error("payload")
        .or_else(|| (!stray.is_empty()).then(|| stray.join(" ")));
    let json = typed
        .text("payload", "All of it, as JSON")
        .hint("If you change anything here, this counts and the fields above do not.")
        .error(json_error);
    let why = typed.text("justification", "Why").hint(format!(
        "At most {MAX_JUSTIFICATION} letters. It stands in the trail under your signature."
    ));
    let sent = if export.state.is_before_dispatch() {
        format!(
            "Version {} takes its place before anything is sent to {to}.",
            export.version + 1
        )
    } else {
        format!(
            "Version {} is sent to {to} and says that it supersedes this one.",
            export.version + 1
        )
    };
    let elsewhere = by_routes(export, contract, to, at);
    let (was, typed_why) = (
        typed.value_or("payload", &whole),
        typed.value("justification"),
    );
    view! {
        <form method="post" action="/ui/export/override" class="stack">
            {hidden}
            <Card title="What it says" padded=true>
                {fields}
                <details class="mt-4" open=wrong.contains_key("payload") || !stray.is_empty()>
                    <summary>"Lists, and everything else"</summary>
                    <TextArea text=json value=was rows=16/>
                </details>
            </Card>
            <Card title="Why, and what happens" padded=true>
                <TextArea text=why value=typed_why required=true/>
                <p class="text-ink-2 mt-4">
                    {sent}
                    {elsewhere}
                    " It passes the same checks and asks for the same approvals; you wrote it, so others approve it. "
                    "You sign for it with a key of your own, and confirm that it is you."
                </p>
                <div class="acts mt-4"><Button label="Sign and override" kind=Kind::Danger/></div>
            </Card>
        </form>
    }
    .into_any()
}

/// Where a contract has routes, what is written decides where it goes.
fn by_routes(export: &Export, contract: &Contract, to: &str, at: &Visit) -> Option<String> {
    if contract.routes.is_empty() {
        return None;
    }
    let name = |key: &str| at.rules.destination_name(key).to_owned();
    let words = contract.destinations_in_words(name);
    let stop = if export.state.is_before_dispatch() {
        String::new()
    } else {
        format!(" If that is not {to} any more, a task asks somebody to stop it there.")
    };
    Some(format!(
        " What it says decides where it goes: to {words}.{stop}"
    ))
}

fn field(typed: &Typed, n: usize, pointer: &str, value: &Value) -> AnyView {
    let name = format!("fields[{n}]");
    let label = pointer
        .trim_start_matches('/')
        .replace('/', " · ")
        .replace('_', " ");
    let error = typed.error(&format!("payload{pointer}"));
    let is = typed.value_or(&name, &shown(value));
    let text = FieldText::new(name, label).error(error);
    view! { <Input text value=is/> }.into_any()
}

#[server(prefix = "/ui", endpoint = "export/override")]
pub async fn override_export(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] export: String,
    #[server(default)] seen_hash: String,
    #[server(default)] to: String,
    #[server(default)] fields: Vec<String>,
    #[server(default)] payload: String,
    #[server(default)] justification: String,
) -> Result<(), Refused> {
    let mut posted = Posted::new("override", merchant, back)
        .button("Sign and override")
        .keep("payload", &payload)
        .keep("justification", &justification);
    for (n, value) in fields.iter().enumerate() {
        posted = posted.keep(&format!("fields[{n}]"), value);
    }
    posted
        .run(|engine, ctx| async move {
            let export = id(&export, "export")?;
            let (found, _) = engine.export_chain(&ctx, export).await?;
            let payload = said(&found.export.payload, &fields, &payload)?;
            let input = OverrideInput {
                payload,
                justification,
                seen_hash,
            };
            let made = engine.override_export(&ctx, export, input).await?;
            let to = to.replace(&export.to_string(), &made.id.to_string());
            Ok(Done::to(
                &to,
                "Signed. This is the version that counts now; the one before it is superseded.",
            ))
        })
        .await
}

/// The JSON, if it is another than it was; otherwise what it was with the fields as typed.
fn said(old: &Value, fields: &[String], json: &str) -> Result<Value> {
    if !json.trim().is_empty() {
        let whole: Value = serde_json::from_str(json)
            .map_err(|why| engine::Error::invalid("payload", json_text::unread(&why)))?;
        if let Some(loss) = json_text::loss(json.as_bytes()) {
            return Err(engine::Error::invalid("payload", loss.to_string()));
        }
        if whole != *old {
            return Ok(whole);
        }
    }
    let mut values = Vec::new();
    plain(old, "", &mut values);
    let typed: BTreeMap<&String, &String> = values
        .iter()
        .map(|(pointer, _)| pointer)
        .zip(fields)
        .collect();
    let mut new = old.clone();
    for (pointer, value) in &values {
        let Some(text) = typed.get(pointer) else {
            continue;
        };
        if **text != shown(value)
            && let Some(place) = new.pointer_mut(pointer)
        {
            *place = typed_as(value, text);
        }
    }
    Ok(new)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_keep_their_kind_and_what_was_not_touched_stays() {
        let old = json!({ "a": { "n": 5, "t": "x" }, "b": true, "c": null, "l": [1], "z": "" });
        let mut values = Vec::new();
        plain(&old, "", &mut values);
        let names: Vec<&str> = values.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(names, ["/a/n", "/a/t", "/b", "/c", "/z"]);
        let fields = ["7", "x", "false", "", "y"].map(str::to_owned);
        assert_eq!(
            said(&old, &fields, "").unwrap(),
            json!({ "a": { "n": 7, "t": "x" }, "b": false, "c": null, "l": [1], "z": "y" })
        );
        // what is no number stays what was typed, so that the schema can say so
        let wrong = ["seven", "x", "true", "", ""].map(str::to_owned);
        assert_eq!(
            said(&old, &wrong, &old.to_string()).unwrap()["a"]["n"],
            "seven"
        );
        assert_eq!(said(&old, &fields, "{\"q\":1}").unwrap(), json!({ "q": 1 }));
        // nor is anything kept that was not written
        let long = ["12345678901234567890123", "x", "true", "", ""].map(str::to_owned);
        assert_eq!(said(&old, &long, "").unwrap()["a"]["n"], long[0].as_str());
        for refused in ["{", r#"{"q":1,"q":2}"#, r#"{"q":12345678901234567890123}"#] {
            assert_eq!(
                said(&old, &fields, refused).unwrap_err().fields[0].field,
                "payload"
            );
        }
    }
}
