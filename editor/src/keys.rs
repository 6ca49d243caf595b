//! Keys of the board: arrows walk from card to card, letters do what the buttons do.

use board::{START, act::is_end, map::Way, screen::View};
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, KeyboardEvent};

use crate::{draw, hand, page, state};

pub fn listen() {
    page::on("keydown", pressed);
}

fn pressed(event: Event) {
    let event: KeyboardEvent = event.unchecked_into();
    let command = event.ctrl_key() || event.meta_key();
    let typing = page::from(&event, "input, textarea, select, dialog").is_some();
    let key = event.key();
    if command && key.eq_ignore_ascii_case("z") && !event.alt_key() {
        taken(&event);
        state::with(|editor| editor.undo(event.shift_key()));
        return;
    }
    if typing {
        if key == "Escape" || (key == "Enter" && page::from(&event, "[data-find]").is_some()) {
            taken(&event);
            to_card();
        }
        return;
    }
    if command || event.alt_key() || event.is_composing() {
        return;
    }
    match key.as_str() {
        "ArrowLeft" => walk(&event, Way::Left),
        "ArrowRight" => walk(&event, Way::Right),
        "ArrowUp" => walk(&event, Way::Up),
        "ArrowDown" => walk(&event, Way::Down),
        "n" => {
            taken(&event);
            hand::to_field("add.kind");
        }
        "e" => {
            taken(&event);
            let flow = state::with(|editor| is_end(&editor.chosen)).unwrap_or(false);
            hand::to_field(if flow { "name" } else { "title" });
        }
        "Delete" | "Backspace" => {
            taken(&event);
            let removes = state::with(|editor| !is_end(&editor.chosen)).unwrap_or(false);
            if removes {
                state::with(|editor| editor.press("remove", Default::default(), true));
            }
        }
        "t" => {
            taken(&event);
            hand::toggle_view();
        }
        "/" => {
            taken(&event);
            if let Some(field) = page::one("[data-find]") {
                draw::focus(&field);
            }
        }
        _ => {}
    }
}

/// Nobody else answers this key.
fn taken(event: &KeyboardEvent) {
    event.prevent_default();
    event.stop_immediate_propagation();
}

fn walk(event: &KeyboardEvent, way: Way) {
    // a reader who scrolls the page, or a menu, keeps the arrows
    if page::from(event, "[data-board], body").is_none() {
        return;
    }
    taken(event);
    state::with(|editor| {
        let at = if editor.chosen.is_empty() {
            START.to_owned()
        } else {
            editor.chosen.clone()
        };
        let next = match editor.view {
            View::Map => editor.picture.next(&at, way).map(str::to_owned),
            View::Table => {
                let steps = &editor.draft().steps;
                let now = steps.iter().position(|step| step.key == at);
                let next = match (now, way) {
                    (Some(now), Way::Down) => steps.get(now + 1),
                    (Some(0), Way::Up) => None,
                    (Some(now), Way::Up) => steps.get(now - 1),
                    (None, Way::Down) => steps.first(),
                    _ => None,
                };
                next.map(|step| step.key.clone())
            }
        };
        if let Some(next) = next {
            editor.choose(&next);
        }
    });
    to_card();
}

/// The focus goes to the card that is chosen.
fn to_card() {
    let card = page::one("[data-stage] [aria-current=true]")
        .or_else(|| page::one("[data-stage] [data-step=\"@start\"]"));
    if let Some(card) = card.and_then(|card| card.dyn_into::<HtmlElement>().ok()) {
        let _ = card.focus();
    }
    hand::keep_in_sight();
}
