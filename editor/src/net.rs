//! Saving, and who else is there. Nothing here is waited for by a person.

use std::{cell::Cell, time::Duration};

use board::{
    json::{Json, Read},
    rank::Ranks,
    wire::{self, take},
};
use domain::flow::{Draft, readiness::Fault};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{UrlSearchParams, XmlHttpRequest};

use crate::{
    draw, page,
    state::{self, Editor},
};

const SAVE_AFTER: Duration = Duration::from_millis(700);
const TRY_AGAIN: Duration = Duration::from_secs(5);
const GREET: Duration = Duration::from_secs(8);

thread_local! {
    static SAVE_WAITS: Cell<bool> = const { Cell::new(false) };
}

enum Answer {
    Saved {
        rev: i64,
        at: i64,
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
        ranks: Option<Ranks>,
    },
    Refused {
        sentence: String,
        again: bool,
    },
}

impl Answer {
    fn read(text: &str) -> Read<Self> {
        let mut answer = Json::parse(text)?.object().unwrap_or_default();
        if let Some(mut saved) = answer.json("saved").object() {
            return Ok(Self::Saved {
                rev: take(&mut saved, "rev")?,
                at: take(&mut saved, "at")?,
                faults: take(&mut saved, "faults")?,
            });
        }
        if let Some(mut met) = answer.json("conflict").object() {
            return Ok(Self::Conflict {
                rev: take(&mut met, "rev")?,
                by: take(&mut met, "by")?,
                draft: Box::new(take(&mut met, "draft")?),
            });
        }
        if let Some(mut board) = answer.json("board").object() {
            return Ok(Self::Board {
                rev: take(&mut board, "rev")?,
                others: take(&mut board, "others")?,
                ranks: wire::ranks(board.json("ranks")).ok(),
            });
        }
        Ok(Self::Refused {
            sentence: take(&mut answer, "refused")?,
            again: take(&mut answer, "again")?,
        })
    }
}

/// Posts these fields as a form; what came back is given to `then`, or nothing if that was no answer.
fn post(path: &'static str, fields: &[(&str, &str)], then: fn(Option<String>)) {
    let sent = || -> Result<XmlHttpRequest, JsValue> {
        let body = UrlSearchParams::new()?;
        for (name, value) in fields {
            body.append(name, value);
        }
        let request = XmlHttpRequest::new()?;
        request.open("POST", path)?;
        request.set_request_header("accept", "application/json")?;
        request.send_with_opt_url_search_params(Some(&body))?;
        Ok(request)
    };
    let Ok(request) = sent() else {
        page::after(Duration::ZERO, Box::new(move || then(None)));
        return;
    };
    let asked = request.clone();
    let ended: Box<dyn FnOnce()> = Box::new(move || {
        // whoever has been signed out is led to a page that is no answer
        let here = asked.status() == Ok(200) && asked.response_url().ends_with(path);
        let text = asked.response_text().ok().flatten().filter(|_| here);
        // a server function's answer is a text, written as JSON
        then(text.and_then(|text| Json::parse(&text).ok()?.text()));
    });
    request.set_onloadend(Some(Closure::once_into_js(ended).unchecked_ref()));
}

/// Says at once whether everything is saved, and if not, sees to it.
pub fn edited(editor: &Editor) {
    if editor.is_saved() && !editor.saving && editor.typed.is_none() {
        page::status("saved", &editor.said);
    } else {
        page::status("unsaved", "Not saved yet");
        save_soon();
    }
}

/// A burst of edits is one save.
fn save_soon() {
    if SAVE_WAITS.replace(true) {
        return;
    }
    page::after(
        SAVE_AFTER,
        Box::new(|| {
            SAVE_WAITS.set(false);
            save();
        }),
    );
}

fn save() {
    state::with(|editor| {
        if !editor.saving && editor.clashes.is_empty() && !editor.is_saved() {
            page::status("saving", "Saving …");
            send(editor);
        }
        editor.keep();
    });
}

/// Saves the draft as it is, saying which revision it began with.
fn send(editor: &mut Editor) {
    editor.saving = true;
    editor.sent = Some(editor.draft().clone());
    let fields = [
        ("merchant", editor.merchant.as_str()),
        ("flow", &editor.flow),
        ("rev", &editor.rev.to_string()),
        ("draft", &wire::text(editor.draft())),
    ];
    post("/ui/flow/save", &fields, answered);
}

fn answered(answer: Option<String>) {
    state::with(|editor| {
        editor.saving = false;
        let Some(text) = answer else {
            page::status(
                "failed",
                "Could not save: kept here, in this browser. Trying again.",
            );
            page::after(TRY_AGAIN, Box::new(save));
            return;
        };
        match Answer::read(&text) {
            Ok(Answer::Saved { rev, at, faults }) => {
                editor.was_saved(rev, faults);
                editor.said = format!("Saved {}", page::clock(at));
                edited(editor);
            }
            Ok(Answer::Conflict { rev, by, draft }) => {
                editor.met(*draft, rev, &by);
                editor.said = format!("{by} saved meanwhile");
                edited(editor);
            }
            other => {
                let (sentence, again) = match other {
                    Ok(Answer::Refused { sentence, again }) => (sentence, again),
                    _ => ("The server’s answer was not understood.".to_owned(), true),
                };
                page::status("failed", &format!("Could not save, kept here: {sentence}"));
                if again {
                    page::after(TRY_AGAIN, Box::new(save));
                }
            }
        }
    });
}

/// Says that somebody is here, and hears who else is, again and again.
pub fn greet_soon() {
    greet("");
    page::after(GREET, Box::new(greet_soon));
}

/// The server's thorough layout, in place of what the edits left.
pub fn tidy() {
    greet("yes");
}

fn greet(layout: &str) {
    state::with(|editor| {
        let fields = [
            ("merchant", editor.merchant.as_str()),
            ("flow", &editor.flow),
            ("layout", layout),
        ];
        post("/ui/flow/board", &fields, greeted);
    });
}

fn greeted(answer: Option<String>) {
    let Some(Ok(Answer::Board { rev, others, ranks })) = answer.map(|text| Answer::read(&text))
    else {
        return;
    };
    page::others(&others);
    state::with(|editor| {
        if let Some(ranks) = ranks.filter(|_| editor.is_saved()) {
            editor.ranks = ranks.follow(editor.draft());
            draw::everything(editor);
        }
        // saving what is unchanged, with the old revision, brings theirs
        if rev > editor.rev && !editor.saving && editor.is_saved() {
            send(editor);
        }
    });
}
