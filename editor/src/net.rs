//! Saving, and who else is there. Nothing here is waited for by a person.

use std::{cell::Cell, time::Duration};

use board::rank::Ranks;
use domain::flow::{Draft, readiness::Fault};
use serde::Deserialize;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Headers, RequestInit, Response, UrlSearchParams};

use crate::{page, state};

const SAVE_AFTER: Duration = Duration::from_millis(700);
const TRY_AGAIN: Duration = Duration::from_secs(5);
const GREET: Duration = Duration::from_secs(8);

thread_local! {
    static SAVE_WAITS: Cell<bool> = const { Cell::new(false) };
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Saved {
        rev: i64,
        at: f64,
        faults: Vec<Fault>,
    },
    Conflict {
        rev: i64,
        by: String,
        draft: Box<Draft>,
    },
    Board {
        rev: i64,
        others: Vec<String>,
        #[serde(default)]
        ranks: Option<Ranks>,
    },
}

#[derive(Deserialize)]
struct Refused {
    refused: String,
    again: bool,
}

async fn post(path: &str, fields: &[(&str, &str)]) -> Result<String, JsValue> {
    let body = UrlSearchParams::new()?;
    for (name, value) in fields {
        body.append(name, value);
    }
    let headers = Headers::new()?;
    headers.append("accept", "application/json")?;
    let options = RequestInit::new();
    options.set_method("POST");
    options.set_headers(&headers);
    options.set_body(&body);
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let response: Response = JsFuture::from(window.fetch_with_str_and_init(path, &options))
        .await?
        .dyn_into()?;
    if !response.ok() || response.redirected() {
        return Err(JsValue::NULL);
    }
    let text = JsFuture::from(response.text()?).await?;
    // a server function's answer is a text, written as JSON
    serde_json::from_str(&text.as_string().unwrap_or_default()).map_err(|_| JsValue::NULL)
}

/// A burst of edits is one save.
pub fn save_soon() {
    if SAVE_WAITS.replace(true) {
        return;
    }
    page::after(SAVE_AFTER, || {
        SAVE_WAITS.set(false);
        save();
    });
}

pub fn save() {
    let started = state::with(|editor| {
        editor.keep();
        if editor.saving || !editor.clashes.is_empty() {
            return None;
        }
        if editor.is_saved() {
            return None;
        }
        editor.saving = true;
        page::status("saving", "Saving …");
        Some((
            editor.merchant.clone(),
            editor.flow.clone(),
            editor.rev,
            editor.draft().clone(),
            editor.edits,
        ))
    });
    if let Some(started) = started.flatten() {
        spawn_local(send(started));
    }
}

async fn send((merchant, flow, rev, draft, edits): (String, String, i64, Draft, u32)) {
    let json = serde_json::to_string(&draft).unwrap_or_default();
    let rev = rev.to_string();
    let answer = post(
        "/ui/flow/save",
        &[
            ("merchant", &merchant),
            ("flow", &flow),
            ("rev", &rev),
            ("draft", &json),
        ],
    )
    .await;
    let more = state::with(|editor| {
        editor.saving = false;
        let Ok(text) = answer else {
            page::status(
                "failed",
                "Could not save: kept here, in this browser. Trying again.",
            );
            page::after(TRY_AGAIN, save);
            return false;
        };
        match serde_json::from_str(&text) {
            Ok(Answer::Saved { rev, at, faults }) => {
                editor.was_saved(&draft, rev, faults);
                page::status("saved", &format!("Saved {}", page::clock(at)));
                editor.edits != edits
            }
            Ok(Answer::Conflict { rev, by, draft }) => {
                editor.met(*draft, rev, &by);
                page::status("met", &format!("{by} saved meanwhile"));
                editor.clashes.is_empty()
            }
            _ => {
                let refused = serde_json::from_str::<Refused>(&text);
                let (sentence, again) = refused.map_or_else(
                    |_| ("The server’s answer was not understood.".to_owned(), true),
                    |refused| (refused.refused, refused.again),
                );
                page::status("failed", &format!("Could not save, kept here: {sentence}"));
                if again {
                    page::after(TRY_AGAIN, save);
                }
                false
            }
        }
    });
    if more == Some(true) {
        save_soon();
    }
}

/// Says that somebody is here, and hears who else is, again and again.
pub fn greet_soon() {
    spawn_local(greet(false));
    page::after(GREET, greet_soon);
}

/// The server's thorough layout, in place of what the edits left.
pub fn tidy() {
    spawn_local(greet(true));
}

async fn greet(layout: bool) {
    let Some((merchant, flow)) =
        state::with(|editor| (editor.merchant.clone(), editor.flow.clone()))
    else {
        return;
    };
    let layout_field = if layout { "yes" } else { "" };
    let answer = post(
        "/ui/flow/board",
        &[
            ("merchant", &merchant),
            ("flow", &flow),
            ("layout", layout_field),
        ],
    )
    .await;
    let Some(Answer::Board { rev, others, ranks }) = answer
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
    else {
        return;
    };
    page::others(&others);
    let behind = state::with(|editor| {
        if let Some(ranks) = ranks.filter(|_| editor.is_saved()) {
            editor.ranks = ranks.follow(editor.draft());
            page::everything(editor);
        }
        (rev > editor.rev && !editor.saving && editor.is_saved()).then(|| editor.draft().clone())
    });
    // saving what is unchanged, with the old revision, brings theirs
    if let Some(Some(draft)) = behind {
        let asked = state::with(|editor| {
            editor.saving = true;
            (editor.rev, editor.edits)
        });
        if let Some((rev, edits)) = asked {
            send((merchant, flow, rev, draft, edits)).await;
        }
    }
}
