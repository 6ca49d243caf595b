//! Clocks: countdowns and relative times move on, ids copy.
//!
//! The browser's clock may be off, so the page says what time the server had when it was written and
//! a difference of more than a few seconds is carried along.

use std::cell::Cell;

use leptos::prelude::window;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, Event};

use super::dom::{all, announce, from, inside, number, on, one, set, set_text};
use crate::ui::{
    Tone,
    time::{countdown_text, deadline_tone, duration_text, relative_text},
};

/// Loading takes a moment; below this the two clocks are taken to agree.
const TOLERATED_SKEW_MS: f64 = 5000.0;

thread_local! {
    static SKEW_MS: Cell<f64> = const { Cell::new(0.0) };
}

pub fn start() {
    if let Some(server) = one("[data-now]").and_then(|shell| number(&shell, "data-now")) {
        let skew = server - js_sys::Date::now();
        SKEW_MS.set(if skew.abs() > TOLERATED_SKEW_MS {
            skew
        } else {
            0.0
        });
    }
    let turn = Closure::<dyn FnMut()>::new(tick);
    let _ = window().set_interval_with_callback_and_timeout_and_arguments_0(
        turn.as_ref().unchecked_ref(),
        1000,
    );
    turn.forget();
    on(&leptos::prelude::document(), "click", copy);
}

/// Brings every clock on the page up to date.
pub fn tick() {
    let now = js_sys::Date::now() + SKEW_MS.get();
    for clock in all("[data-deadline]") {
        if let Some(deadline) = number(&clock, "data-deadline") {
            tick_deadline(&clock, (deadline - now) as i64);
        }
    }
    for time in all("[data-ago]") {
        if let Some(at) = number(&time, "data-ago") {
            set_text(&time, &relative_text((now - at) as i64));
        }
    }
}

fn tick_deadline(clock: &Element, left_ms: i64) {
    let text = if clock.has_attribute("data-words") {
        duration_text(left_ms)
    } else {
        countdown_text(left_ms)
    };
    if let Some(shown) = inside(clock, "[data-text]") {
        set_text(&shown, &text);
    }
    if clock.has_attribute("data-pinned") {
        return;
    }
    let tone = deadline_tone(left_ms);
    if clock.get_attribute("data-tone").as_deref() == Some(tone.key()) {
        return;
    }
    set(clock, "data-tone", tone.key());
    if let Some(glyph) = inside(clock, ".glyph") {
        set(&glyph, "data-tone", tone.key());
        if let Some(shape) = inside(&glyph, "use") {
            set(&shape, "href", &format!("#g-{}", tone.key()));
        }
    }
    if tone == Tone::Late {
        if let Some(word) = inside(clock, ".sr-only") {
            set_text(&word, "Overdue by ");
        }
        announce("A deadline has just passed.");
    }
}

fn copy(event: Event) {
    let Some(button) = from(&event, "[data-copy]") else {
        return;
    };
    let Some(text) = button.get_attribute("data-copy") else {
        return;
    };
    let done = Closure::once_into_js(move |_: wasm_bindgen::JsValue| {
        set(&button, "data-copied", "");
        announce("Copied");
        let after = button.clone();
        leptos::prelude::set_timeout(
            move || {
                let _ = after.remove_attribute("data-copied");
            },
            std::time::Duration::from_millis(1500),
        );
    });
    let promise = window().navigator().clipboard().write_text(&text);
    let _ = js_sys::Reflect::get(&promise, &"then".into()).and_then(|then| {
        then.unchecked_into::<js_sys::Function>()
            .call1(&promise, &done)
    });
}
