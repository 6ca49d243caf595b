//! Keys: lists are walked with j and k, a row's buttons answer to their letters, `?` explains.
//!
//! Moving also focuses the row's link, so a screen reader reads the row and Enter opens it natively.

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{
    Element, HtmlDialogElement, HtmlElement, HtmlInputElement, KeyboardEvent, MouseEvent,
};

use super::dom::{all, from, html, inside, on, one, set};

const ROWS: &str = "[data-keys-list] [data-row]";

pub fn start() {
    choose_first();
    on(&document(), "keydown", keydown);
    on(&document(), "click", |event: MouseEvent| {
        if let Some(row) = from(&event, ROWS) {
            choose(&row);
        }
    });
}

/// The first row of a list of things to do is chosen from the start, so that Enter means something.
pub fn choose_first() {
    if one("[data-row][data-selected]").is_none()
        && let Some(row) = one(ROWS)
    {
        choose(&row);
    }
}

pub fn choose(row: &Element) {
    for other in all("[data-row][data-selected]") {
        let _ = other.remove_attribute("data-selected");
    }
    set(row, "data-selected", "");
}

fn keydown(event: KeyboardEvent) {
    let key = event.key();
    if (event.ctrl_key() || event.meta_key()) && key.eq_ignore_ascii_case("k") {
        return search(&event);
    }
    let typing = from(
        &event,
        "input, textarea, select, [contenteditable], dialog, [popover]:popover-open",
    );
    if event.ctrl_key()
        || event.meta_key()
        || event.alt_key()
        || event.is_composing()
        || typing.is_some()
    {
        return;
    }
    match key.as_str() {
        "j" => step(&event, 1),
        "k" => step(&event, -1),
        "/" => search(&event),
        "?" => {
            if let Some(dialog) = one("#keys").and_then(|d| d.dyn_into::<HtmlDialogElement>().ok())
            {
                event.prevent_default();
                let _ = dialog.show_modal();
            }
        }
        "Enter" => open(&event),
        "a" | "d" | "r" | "s" => press(&event, &key),
        _ => {}
    }
}

fn search(event: &KeyboardEvent) {
    if let Some(field) = one("[data-search]").and_then(|f| f.dyn_into::<HtmlInputElement>().ok()) {
        event.prevent_default();
        let _ = field.focus();
        field.select();
    }
}

fn step(event: &KeyboardEvent, by: i32) {
    let rows = all(ROWS);
    let Some(last) = rows.len().checked_sub(1) else {
        return;
    };
    event.prevent_default();
    // the first press of either key lands on the row that is already marked
    let focused = document()
        .active_element()
        .and_then(|a| a.closest(ROWS).ok().flatten());
    let chosen = rows
        .iter()
        .position(|row| row.has_attribute("data-selected"));
    let next = match (chosen, focused.is_some()) {
        (Some(at), true) if by > 0 => (at + 1).min(last),
        (Some(at), true) => at.saturating_sub(1),
        (Some(0), false) if by > 0 && last > 0 => 1,
        (Some(at), false) => at,
        (None, _) => 0,
    };
    if let Some(row) = rows.get(next) {
        choose(row);
        if let Some(link) = inside(row, "[data-open]")
            && let Some(link) = html(&link)
        {
            let _ = link.focus();
        }
    }
}

/// Enter on a focused control is the browser's; anywhere else it opens the chosen row.
fn open(event: &KeyboardEvent) {
    if from(event, "a, button, summary").is_some() {
        return;
    }
    if let Some(link) = one("[data-row][data-selected] [data-open]") {
        event.prevent_default();
        click(&link);
    }
}

fn press(event: &KeyboardEvent, key: &str) {
    let target = one(&format!("[data-row][data-selected] [data-key=\"{key}\"]"))
        .or_else(|| one(&format!(".page-actions [data-key=\"{key}\"]")));
    if let Some(target) = target {
        event.prevent_default();
        click(&target);
    }
}

fn click(element: &Element) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        element.click();
    }
}
