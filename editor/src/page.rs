//! The page as far as it is not the board: how to get at it, and what stands around the board.

use std::time::Duration;

use board::html::esc;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Document, Element, Event, Storage};

use crate::state::Editor;

pub fn document() -> Option<Document> {
    web_sys::window()?.document()
}

pub fn one(selector: &str) -> Option<Element> {
    document()?.query_selector(selector).ok()?
}

pub fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

pub fn after(wait: Duration, then: Box<dyn FnOnce()>) {
    let then = Closure::once_into_js(then);
    if let Some(window) = web_sys::window() {
        let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(
            then.unchecked_ref(),
            i32::try_from(wait.as_millis()).unwrap_or(i32::MAX),
        );
    }
}

/// `14:02` where the person is.
pub fn clock(ms: i64) -> String {
    let date = js_sys::Date::new(&JsValue::from_f64(ms as f64));
    format!("{:02}:{:02}", date.get_hours(), date.get_minutes())
}

pub fn announce(text: &str) {
    if let Some(region) = one("[data-announce]") {
        region.set_text_content(Some(text));
    }
}

pub fn status(state: &str, text: &str) {
    if let Some(line) = one("[data-status]") {
        // it is read aloud whenever it is written
        if line.text_content().as_deref() != Some(text) {
            line.set_text_content(Some(text));
        }
        let _ = line.set_attribute("data-status", state);
    }
}

pub fn others(names: &[String]) {
    let Some(line) = one("[data-others]") else {
        return;
    };
    let text = match names {
        [] => String::new(),
        [one] => format!("{one} is here, too · "),
        many => format!("{} are here, too · ", many.join(", ")),
    };
    if line.text_content().as_deref() != Some(&text) {
        line.set_text_content(Some(&text));
    }
}

/// Tells tests and stylesheets that the editor has taken over.
pub fn ready() {
    if let Some(board) = one("[data-board]") {
        let _ = board.set_attribute("data-ready", "");
    }
}

pub fn tools(editor: &Editor) {
    let Some(tools) = one("[data-tools]") else {
        return;
    };
    let _ = tools.remove_attribute("hidden");
    if tools.child_element_count() == 0 {
        tools.set_inner_html(
            "<button type=\"button\" class=\"btn btn-quiet\" data-do=\"undo\">Undo</button>\
             <button type=\"button\" class=\"btn btn-quiet\" data-do=\"redo\">Redo</button>\
             <button type=\"button\" class=\"btn btn-quiet\" data-do=\"tidy\">Tidy</button>\
             <input class=\"input\" type=\"search\" data-find=\"\" aria-label=\"Find a step\" placeholder=\"Find a step\">",
        );
    }
    for (name, can) in [
        ("undo", editor.history.can_undo()),
        ("redo", editor.history.can_redo()),
    ] {
        if let Ok(Some(button)) = tools.query_selector(&format!("[data-do={name}]")) {
            let _ = if can {
                button.remove_attribute("disabled")
            } else {
                button.set_attribute("disabled", "")
            };
        }
    }
}

/// What somebody else did, and what is still to be said about it.
pub fn clash(editor: &Editor, sentence: &str) {
    let Some(place) = one("[data-clash]") else {
        return;
    };
    let mut html = String::new();
    if !sentence.is_empty() || !editor.clashes.is_empty() {
        html.push_str("<div class=\"clash\">");
        if !sentence.is_empty() {
            html.push_str(&format!("<p>{}</p>", esc(sentence)));
        }
        for clash in &editor.clashes {
            html.push_str(&format!(
                "<p class=\"clash-one\"><b>{0}</b> <span>{1}.</span> \
                 <button type=\"button\" class=\"btn\" data-mine=\"{2}\" aria-label=\"Keep mine: {0}\">Keep mine</button> \
                 <button type=\"button\" class=\"btn\" data-theirs=\"{2}\" aria-label=\"Take theirs: {0}\">Take theirs</button></p>",
                esc(&clash.title),
                esc(&clash.theirs),
                esc(&clash.key),
            ));
        }
        html.push_str("</div>");
    }
    place.set_inner_html(&html);
}

pub fn on(name: &str, act: fn(Event)) {
    let act = Closure::<dyn FnMut(Event)>::new(act).into_js_value();
    if let Some(window) = web_sys::window() {
        // first: the pages' own keys would otherwise answer, too
        let _ = window.add_event_listener_with_callback_and_bool(name, act.unchecked_ref(), true);
    }
}

pub fn from(event: &Event, selector: &str) -> Option<Element> {
    event
        .target()?
        .dyn_into::<Element>()
        .ok()?
        .closest(selector)
        .ok()?
}
