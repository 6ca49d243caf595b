//! The page: what is written into it, and what a person does there.

use std::{cell::Cell, time::Duration};

use board::fields::Fields;
use board::html::esc;
use board::map::Drawn;
use board::screen::View;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{
    Document, Element, Event, FormData, HtmlElement, HtmlFormElement, HtmlInputElement, Storage,
    SubmitEvent,
};

use crate::{
    net,
    state::{self, Editor},
};

/// A pause in typing after which what is typed counts as meant: what can't be read is said.
const PAUSE: Duration = Duration::from_millis(250);

pub fn document() -> Option<Document> {
    web_sys::window()?.document()
}

pub fn one(selector: &str) -> Option<Element> {
    document()?.query_selector(selector).ok()?
}

pub fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

pub fn after(wait: Duration, then: impl FnOnce() + 'static) {
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
        line.set_text_content(Some(text));
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

/// Everything is written again; whatever had the focus has it still.
pub fn everything(editor: &mut Editor) {
    let focused = focused();
    stage(editor);
    panel(editor);
    refocus(focused);
    address(editor);
}

/// Id of what has the focus, or the card's key.
fn focused() -> Option<String> {
    let active = document()?.active_element()?;
    active.closest("[data-board]").ok()??;
    match active.id() {
        id if !id.is_empty() => Some(format!("[id=\"{id}\"]")),
        _ => {
            let step = active.get_attribute("data-step")?;
            Some(format!("[data-stage] [data-step=\"{step}\"]"))
        }
    }
}

fn refocus(selector: Option<String>) {
    let Some(element) = selector.and_then(|selector| one(&selector)) else {
        return;
    };
    if document()
        .and_then(|document| document.active_element())
        .as_ref()
        != Some(&element)
    {
        focus(&element);
    }
}

pub fn focus(element: &Element) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        let _ = element.focus();
    }
}

fn stage(editor: &mut Editor) {
    let Some(stage) = one("[data-stage]") else {
        return;
    };
    let fields = editor.fields();
    let (html, class) = match editor.view {
        View::Map => {
            if stage.class_name() == "board-box" {
                return picture(editor);
            }
            let picture = editor.screen(&fields).picture();
            let html = picture.html(&editor.draft().name);
            editor.picture = picture;
            (html, "board-box")
        }
        View::Table => (editor.screen(&fields).table(), "board-rows"),
    };
    stage.set_class_name(class);
    stage.set_inner_html(&html);
}

/// Only the cards that are others than before are written.
pub fn picture(editor: &mut Editor) {
    let Some(stage) = one("[data-stage]") else {
        return;
    };
    if editor.view == View::Table {
        return table_row(editor);
    }
    let fields = Fields::new();
    let picture = editor.screen(&fields).picture();
    let before = std::mem::replace(&mut editor.picture, picture);
    let now = &editor.picture;
    let Ok(Some(svg)) = stage.query_selector("svg.board") else {
        return;
    };
    for (name, was, is) in [
        ("width", before.width, now.width),
        ("height", before.height, now.height),
    ] {
        if was != is {
            let _ = svg.set_attribute(name, &is.to_string());
        }
    }
    let _ = svg.set_attribute("viewBox", &format!("0 0 {} {}", now.width, now.height));
    let part = |name: &str| {
        svg.query_selector(&format!("[data-part={name}]"))
            .ok()
            .flatten()
    };
    for (name, was, is) in [
        ("bands", &before.bands, &now.bands),
        ("lines", &before.lines, &now.lines),
    ] {
        if was != is
            && let Some(part) = part(name)
        {
            part.set_inner_html(is);
        }
    }
    let Some(cards) = part("cards") else { return };
    bring(&cards, &before.cards, &now.cards);
}

/// Cards that are gone are taken out, new ones put where they belong, and of the others only what is different is written.
fn bring(place: &Element, before: &[Drawn], now: &[Drawn]) -> Option<()> {
    const SVG: &str = "http://www.w3.org/2000/svg";
    let mut next = place.first_element_child();
    let mut before = before.iter();
    for is in now {
        // both are in reading order, so what comes before it and is not it has gone, or stands further on now
        let was = before.clone().position(|was| was.key == is.key);
        let card = match was {
            Some(gone) => {
                for _ in 0..gone {
                    let out = next?;
                    next = out.next_element_sibling();
                    out.remove();
                }
                let card = next?;
                next = card.next_element_sibling();
                card
            }
            None => {
                let card = document()?.create_element_ns(Some(SVG), "g").ok()?;
                card.set_attribute("data-card", &is.key).ok()?;
                place.insert_before(&card, next.as_deref()).ok()?;
                card
            }
        };
        let was = was.and_then(|at| before.nth(at));
        if was.is_none_or(|was| was.inside != is.inside) {
            card.set_inner_html(&is.inside);
        }
        if was.is_none_or(|was| was.at != is.at) {
            card.set_attribute("transform", &is.transform()).ok()?;
        }
    }
    while let Some(out) = next {
        next = out.next_element_sibling();
        out.remove();
    }
    Some(())
}

/// The row of what is being typed, without the form below it.
fn table_row(editor: &mut Editor) {
    let fields = Fields::new();
    let cells = editor.screen(&fields).chosen_cells();
    if let Some(row) = one("[data-stage] tr[data-selected]") {
        row.set_inner_html(&cells);
    }
}

pub fn rail(editor: &Editor) {
    if let Some(rail) = one("[data-rail]") {
        let fields = Fields::new();
        rail.set_inner_html(&editor.screen(&fields).rail());
    }
}

pub fn panel(editor: &Editor) {
    let focused = focused();
    let fields = editor.fields();
    let screen = editor.screen(&fields);
    if let Some(heading) = one("[data-heading]") {
        heading.set_text_content(Some(screen.chosen_title()));
    }
    // in the table the form stands below its row
    let beside = one("#panel:has([data-heading])");
    if let Some(side) = &beside {
        let _ = match editor.view {
            View::Map => side.remove_attribute("hidden"),
            View::Table => side.set_attribute("hidden", ""),
        };
    }
    let selector = match editor.view {
        View::Map => "[data-heading] ~ [data-panel]",
        View::Table => "[data-stage] [data-panel]",
    };
    match one(selector) {
        Some(panel) => panel.set_inner_html(&screen.form()),
        None => add_panel(&screen.form(), screen.chosen_title()),
    }
    refocus(focused);
}

/// A page that came as a table has no place for the form beside the map yet.
fn add_panel(form: &str, title: &str) {
    let Some(side) = one(".editor-side") else {
        return;
    };
    let Some(Ok(section)) = document().map(|document| document.create_element("section")) else {
        return;
    };
    section.set_class_name("panel");
    section.set_inner_html(&format!(
        "<h2 data-heading=\"\">{}</h2><div data-panel=\"\">{form}</div>",
        esc(title)
    ));
    section.set_id("panel");
    let _ = side.append_child(&section);
}

/// What the address says can be opened again.
fn address(editor: &Editor) {
    let Some(history) = web_sys::window().and_then(|window| window.history().ok()) else {
        return;
    };
    let to = format!(
        "?view={}&lanes={}&step={}",
        editor.view.name(),
        editor.lanes.name(),
        editor.chosen
    );
    let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&to));
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

pub fn on<E: wasm_bindgen::convert::FromWasmAbi + 'static>(
    name: &str,
    act: impl FnMut(E) + 'static,
) {
    let act = Closure::<dyn FnMut(E)>::new(act).into_js_value();
    if let Some(document) = document() {
        // first: the pages' own keys would otherwise answer, too
        let _ = document.add_event_listener_with_callback_and_bool(name, act.unchecked_ref(), true);
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
        after(PAUSE, apply);
    }
}

fn without_new(mut fields: Fields) -> Fields {
    fields.retain(|name| !name.starts_with("add.") && !name.starts_with("shift."));
    fields
}

fn submitted(event: SubmitEvent) {
    let Some(form) = form_of(&event) else { return };
    event.prevent_default();
    TYPING.set(TYPING.get().wrapping_add(1));
    let mut button = event
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
    net::save_soon();
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

pub fn listen() {
    on("click", clicked);
    on("submit", submitted);
    on("change", |event: Event| changed(&event, true));
    on("input", |event: Event| {
        find(&event);
        changed(&event, false);
    });
}
