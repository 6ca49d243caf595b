//! What a person does on the page.

use std::{cell::Cell, time::Duration};

use board::{fields::Fields, screen::View};
use wasm_bindgen::JsCast;
use web_sys::{
    Element, Event, FormData, HtmlFormElement, HtmlInputElement, HtmlSelectElement, SubmitEvent,
};

use crate::{
    draw::{TOUCHED, everything, fill_list, focus},
    net,
    page::{after, document, from, on, one},
    state,
};

/// A pause in typing after which what is typed counts as meant: what can't be read is said.
const PAUSE: Duration = Duration::from_millis(250);

fn form_of(event: &Event) -> Option<HtmlFormElement> {
    from(event, "form[data-form]")?.dyn_into().ok()
}

/// `f[owner]` is the field `owner`.
pub fn read(form: &HtmlFormElement) -> Fields {
    let mut fields = Fields::new();
    let Ok(data) = FormData::new_with_form(form) else {
        return fields;
    };
    for pair in js_sys::Array::from(&data.entries().into()).iter() {
        let pair = js_sys::Array::from(&pair);
        let (name, value) = (pair.get(0).as_string(), pair.get(1).as_string());
        if let (Some(name), Some(value)) = (name, value)
            && let Some(name) = name
                .strip_prefix("f[")
                .and_then(|name| name.strip_suffix(']'))
            && !value.is_empty()
        {
            fields.insert(name.to_owned(), value);
        }
    }
    fields
}

thread_local! {
    static TYPING: Cell<u32> = const { Cell::new(0) };
}

/// A field changed. What can be read of it shows at once, letter by letter; what can't is said after a pause.
fn changed(event: &Event, at_once: bool) {
    let Some(form) = form_of(event) else { return };
    let name = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
        .and_then(|element| element.get_attribute("name"))
        .unwrap_or_default();
    // what is said of a step to come, or of where to move this one, changes nothing yet; a key is changed when it is whole
    if ["f[add.", "f[shift."]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || (name == "f[key]" && !at_once)
    {
        return;
    }
    if let Some(part) = from(event, "[data-form] > *") {
        let _ = part.set_attribute(TOUCHED, "");
    }
    let ticket = TYPING.get().wrapping_add(1);
    TYPING.set(ticket);
    let choice = at_once
        && event
            .target()
            .is_some_and(|target| !target.is_instance_of::<HtmlInputElement>())
        && !name.is_empty();
    if !choice {
        let fields = without_new(read(&form));
        state::with(|editor| editor.type_on(&name, &fields));
    }
    let apply = move || {
        if TYPING.get() == ticket && form.is_connected() {
            let fields = without_new(read(&form));
            state::with(|editor| editor.press("put", fields, choice));
        }
    };
    if choice {
        apply();
    } else {
        after(PAUSE, Box::new(apply));
    }
}

fn without_new(mut fields: Fields) -> Fields {
    fields.retain(|name| !name.starts_with("add.") && !name.starts_with("shift."));
    fields
}

fn submitted(event: Event) {
    let Some(form) = form_of(&event) else { return };
    event.prevent_default();
    TYPING.set(TYPING.get().wrapping_add(1));
    let mut button = event
        .unchecked_ref::<SubmitEvent>()
        .submitter()
        .and_then(|button| button.get_attribute("value"))
        .unwrap_or_else(|| "put".to_owned());
    let active = document().and_then(|document| document.active_element());
    let adding =
        active.is_some_and(|active| active.closest("[id=\"f-add\"]").ok().flatten().is_some());
    if adding && button == "put" {
        button = "add".to_owned();
    }
    let fields = read(&form);
    let fields = if button == "add" || button == "shift" {
        fields
    } else {
        without_new(fields)
    };
    let fine = state::with(|editor| editor.press(&button, fields, true));
    if fine == Some(true) && button == "add" {
        to_field("title");
    } else if fine == Some(false)
        && let Some(wrong) = one("[data-panel] [aria-invalid=true]")
    {
        focus(&wrong);
    }
}

/// The focus goes to a field, and the eye with it.
pub fn to_field(name: &str) {
    if let Some(field) = one(&format!("[id=\"f-{name}\"]")) {
        focus(&field);
        if let Some(input) = field.dyn_ref::<HtmlInputElement>() {
            input.select();
        }
        field.scroll_into_view_with_bool(false);
    }
}

fn clicked(event: Event) {
    if let Some(link) = from(&event, "[data-board] [data-step]") {
        event.prevent_default();
        let step = link.get_attribute("data-step").unwrap_or_default();
        state::with(|editor| editor.choose(&step));
        match link.get_attribute("data-field") {
            Some(field) => to_field(&field),
            None => keep_in_sight(),
        }
        return;
    }
    if let Some(button) = from(&event, "[data-do]") {
        match button.get_attribute("data-do").unwrap_or_default().as_str() {
            "undo" => drop(state::with(|editor| editor.undo(false))),
            "redo" => drop(state::with(|editor| editor.undo(true))),
            _ => net::tidy(),
        }
        return;
    }
    for (name, theirs) in [("data-mine", false), ("data-theirs", true)] {
        if let Some(button) = from(&event, &format!("[{name}]")) {
            let key = button.get_attribute(name).unwrap_or_default();
            state::with(|editor| editor.settle(&key, theirs));
            return;
        }
    }
    if from(&event, "a[data-view]").is_some() {
        event.prevent_default();
        toggle_view();
    } else if from(&event, "a[data-lanes]").is_some() {
        event.prevent_default();
        state::with(|editor| {
            use board::names::Lanes;
            editor.lanes = match editor.lanes {
                Lanes::Systems => Lanes::Parties,
                Lanes::Parties => Lanes::Systems,
            };
            let label = match editor.lanes {
                Lanes::Systems => "Lanes by party",
                Lanes::Parties => "Lanes by system",
            };
            if let Some(link) = one("a[data-lanes]") {
                link.set_text_content(Some(label));
            }
            everything(editor);
        });
    }
}

pub fn toggle_view() {
    state::with(|editor| {
        let (view, label) = match editor.view {
            View::Map => (View::Table, "Map"),
            View::Table => (View::Map, "Table"),
        };
        editor.view = view;
        if let Some(link) = one("a[data-view]") {
            link.set_text_content(Some(label));
        }
        everything(editor);
    });
}

/// The chosen card is scrolled to, inside the board and no further.
pub fn keep_in_sight() {
    if let Some(card) = one("[data-stage] [aria-current=true]") {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        options.set_inline(web_sys::ScrollLogicalPosition::Nearest);
        card.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

/// The browser knows the small letters of every script.
fn lower(text: &str) -> js_sys::JsString {
    js_sys::JsString::from(text).to_lower_case()
}

/// The first step whose title has these letters.
fn find(event: &Event) {
    let Some(field) =
        from(event, "[data-find]").and_then(|field| field.dyn_into::<HtmlInputElement>().ok())
    else {
        return;
    };
    let wanted = String::from(lower(&field.value()));
    if wanted.is_empty() {
        return;
    }
    state::with(|editor| {
        let has = |text: &str| lower(text).includes(&wanted, 0);
        let found = editor
            .draft()
            .steps
            .iter()
            .find(|step| has(&step.title) || has(&step.key))
            .map(|step| step.key.clone());
        if let Some(key) = found.filter(|key| *key != editor.chosen) {
            editor.choose(&key);
        }
    });
    keep_in_sight();
}

/// Somebody is about to choose from a list.
fn listed(event: &Event, again: bool) {
    let list = from(event, "[data-form] [data-list]").and_then(|list| list.dyn_into().ok());
    let list = list.filter(|list: &HtmlSelectElement| {
        again || list.get_attribute("data-list").as_deref() == Some("")
    });
    if let Some(list) = list {
        fill_list(list);
    }
}

pub fn listen() {
    on("click", clicked);
    on("submit", submitted);
    on("change", |event: Event| changed(&event, true));
    on("input", |event: Event| {
        find(&event);
        changed(&event, false);
    });
    on("focusin", |event: Event| listed(&event, true));
    // before it opens; one that is open already is left alone
    on("pointerdown", |event: Event| listed(&event, false));
    // whoever leaves may not come back to this page, and what is not saved yet is here still
    for name in ["pagehide", "visibilitychange"] {
        on(name, |_: Event| {
            state::with(|editor| editor.keep());
        });
    }
}
