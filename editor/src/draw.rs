//! What is written of the board after an edit: only what is another than what stands there. Writing all of it anew would
//! cost little here, but a browser takes many times as long to lay it out.

use std::{cell::Cell, time::Duration};

use board::{
    fields::Fields,
    form::Written,
    map::{Drawn, Picture},
    screen::View,
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlElement, HtmlInputElement, HtmlSelectElement};

use crate::{
    page::{after, document, one},
    state::{self, Editor},
};

/// The browser tells others of a new address, which takes longer than showing an edit: it does so afterwards.
const ADDRESS_AFTER: Duration = Duration::from_millis(150);

/// All that is another than before is written; whatever had the focus has it still.
pub fn everything(editor: &mut Editor) {
    let focused = focused();
    stage(editor);
    panel(editor);
    refocus(focused);
    address_soon();
}

/// What has the focus, by its id or the card's key, and where in its text one writes.
struct Focused {
    selector: String,
    caret: Option<u32>,
}

fn focused() -> Option<Focused> {
    let active = document()?.active_element()?;
    active.closest("[data-board]").ok()??;
    let selector = match active.id() {
        id if !id.is_empty() => format!("[id=\"{id}\"]"),
        _ => {
            let step = active.get_attribute("data-step")?;
            format!("[data-stage] [data-step=\"{step}\"]")
        }
    };
    let caret = text_of(&active).selection_end().ok().flatten();
    Some(Focused { selector, caret })
}

/// As something to write in. Whatever is not has no caret.
fn text_of(element: &Element) -> &HtmlInputElement {
    element.unchecked_ref()
}

fn refocus(focused: Option<Focused>) {
    let Some(Focused { selector, caret }) = focused else {
        return;
    };
    let Some(element) = one(&selector) else {
        return;
    };
    if document()
        .and_then(|document| document.active_element())
        .as_ref()
        != Some(&element)
    {
        focus(&element);
        // a field that was written anew would be written into from its beginning
        if let Some(at) = caret {
            let _ = text_of(&element).set_selection_range(at, at);
        }
    }
}

pub fn focus(element: &Element) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        let _ = element.focus();
    }
}

/// The map or the table.
pub fn stage(editor: &mut Editor) {
    let Some(stage) = one("[data-stage]") else {
        return;
    };
    let class = match editor.view {
        View::Map => "board-box",
        View::Table => "board-rows",
    };
    let stands = stage.class_name() == class;
    if !stands {
        stage.set_class_name(class);
        editor.shown = Written::default();
    }
    let fields = Fields::new();
    let screen = editor.screen(&fields);
    match editor.view {
        View::Map => {
            let picture = screen.picture();
            let before = std::mem::replace(&mut editor.picture, picture);
            if stands {
                map(&stage, &before, &editor.picture);
            } else {
                stage.set_inner_html(&editor.picture.html(&editor.draft().name));
            }
        }
        View::Table => {
            let rows = screen.rows();
            if stands {
                table(&stage, &editor.rows, &rows);
            } else {
                stage.set_inner_html(&screen.table(&rows, ""));
            }
            editor.rows = rows;
        }
    }
}

fn map(stage: &Element, before: &Picture, now: &Picture) {
    let find = |selector: &str| stage.query_selector(selector).ok().flatten();
    let Some(svg) = find("svg.board") else { return };
    let (width, height) = (now.width, now.height);
    if (before.width, before.height) != (width, height) {
        for (name, is) in [
            ("width", width.to_string()),
            ("height", height.to_string()),
            ("viewBox", format!("0 0 {width} {height}")),
        ] {
            let _ = svg.set_attribute(name, &is);
        }
    }
    for (name, was, is) in [
        ("bands", &before.bands, &now.bands),
        ("lines", &before.lines, &now.lines),
        ("near", &before.near, &now.near),
    ] {
        if was != is
            && let Some(part) = find(&format!("[data-part={name}]"))
        {
            part.set_inner_html(is);
        }
    }
    if let Some(cards) = find("[data-part=cards]") {
        bring(&cards, &before.cards, &now.cards, View::Map);
    }
}

fn table(stage: &Element, before: &[Drawn], now: &[Drawn]) -> Option<()> {
    let find = |selector: &str| stage.query_selector(selector).ok().flatten();
    bring(&find("tbody")?, before, now, View::Table)?;
    let chosen = find("[data-panel]")?
        .closest("tr")
        .ok()??
        .previous_element_sibling()?;
    if let Some(was) = find("[data-selected]").filter(|was| *was != chosen) {
        was.remove_attribute("data-selected").ok()?;
    }
    chosen.set_attribute("data-selected", "").ok()
}

/// Cards or rows that are gone are taken out, new ones put where they belong, and of the others only what is different is
/// written.
fn bring(place: &Element, before: &[Drawn], now: &[Drawn], view: View) -> Option<()> {
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
                let (card, name) = match view {
                    View::Map => (document()?.create_element_ns(Some(SVG), "g"), "data-card"),
                    View::Table => (document()?.create_element("tr"), "data-row"),
                };
                let card = card.ok()?;
                if view == View::Map || !is.key.starts_with('@') {
                    card.set_attribute(name, &is.key).ok()?;
                }
                place.insert_before(&card, next.as_deref()).ok()?;
                card
            }
        };
        let was = was.and_then(|at| before.nth(at));
        if was.is_none_or(|was| was.inside != is.inside) {
            card.set_inner_html(&is.inside);
        }
        if view == View::Map && was.is_none_or(|was| was.at != is.at) {
            card.set_attribute("transform", &is.transform()).ok()?;
        }
    }
    while let Some(out) = next {
        next = out.next_element_sibling();
        out.remove();
    }
    Some(())
}

pub fn rail(editor: &Editor) {
    if let Some(rail) = one("[data-rail]") {
        let fields = Fields::new();
        rail.set_inner_html(&editor.screen(&fields).rail());
    }
}

/// The form of what is chosen: beside the map, or below its row.
pub fn panel(editor: &mut Editor) {
    let focused = focused();
    let fields = editor.fields();
    let screen = editor.screen(&fields);
    let form = screen.form();
    if let Some(side) = one("#panel:has([data-heading])") {
        let _ = match editor.view {
            View::Map => side.remove_attribute("hidden"),
            View::Table => side.set_attribute("hidden", ""),
        };
    }
    let beside = one("[data-heading] ~ [data-panel]");
    let place = match editor.view {
        View::Map => beside.or_else(add_panel),
        View::Table => {
            // a field is on the page once
            if let Some(beside) = beside.filter(|beside| beside.child_element_count() > 0) {
                beside.set_inner_html("");
            }
            one("[data-stage] [data-panel]")
        }
    };
    if let Some(heading) = one("[data-heading]") {
        heading.set_text_content(Some(screen.chosen_title()));
    }
    let before = std::mem::replace(&mut editor.shown, form);
    if let Some(place) = place {
        fill_in(&place, &before, &editor.shown);
    }
    refocus(focused);
}

/// Of a form that stands there only the parts that are others, or that somebody typed in.
fn fill_in(place: &Element, was: &Written, is: &Written) {
    // as the server sent it, there are hidden fields, too
    let parts = place.query_selector_all("form > :not(input)").ok();
    let parts = parts.filter(|parts| {
        parts.length() as usize == is.parts.len() && was.parts.len() == is.parts.len()
    });
    let (Some(parts), Some(form)) = (parts, place.first_element_child()) else {
        place.set_inner_html(&is.html());
        return;
    };
    if was.label != is.label {
        let _ = form.set_attribute("aria-label", &is.label);
    }
    for (n, (was, is)) in was.parts.iter().zip(&is.parts).enumerate() {
        let part = parts
            .get(n as u32)
            .map(|part| part.unchecked_into::<Element>());
        if let Some(part) = part.filter(|part| was != is || part.has_attribute(TOUCHED)) {
            part.set_outer_html(is);
        }
    }
}

/// On parts of the form in which a field is no longer as it was written.
pub const TOUCHED: &str = "data-touched";

/// All options come into a long list when somebody goes to it. What is chosen in it stays chosen.
pub fn fill_list(list: HtmlSelectElement) {
    let name = list.id();
    let options = state::with(|editor| {
        let fields = editor.fields();
        let name = name.strip_prefix("f-").unwrap_or_default();
        editor.screen(&fields).list(name)
    });
    match options {
        Some(options) => {
            let value = list.value();
            list.set_inner_html(&options);
            list.set_value(&value);
            let _ = list.set_attribute("data-list", "full");
        }
        // the focus came back to it while the form was being written
        None => after(Duration::ZERO, Box::new(|| fill_list(list))),
    }
}

/// A page that came as a table has no place for the form beside the map yet.
fn add_panel() -> Option<Element> {
    let section = document()?.create_element("section").ok()?;
    section.set_class_name("panel");
    section.set_inner_html("<h2 data-heading=\"\"></h2><div data-panel=\"\"></div>");
    section.set_id("panel");
    let _ = section.set_attribute("aria-label", "What is chosen");
    one(".editor-side")?.append_child(&section).ok()?;
    section.last_element_child()
}

thread_local! {
    static ADDRESS_WAITS: Cell<bool> = const { Cell::new(false) };
}

fn address_soon() {
    if !ADDRESS_WAITS.replace(true) {
        after(
            ADDRESS_AFTER,
            Box::new(|| {
                ADDRESS_WAITS.set(false);
                state::with(address);
            }),
        );
    }
}

/// What the address says can be opened again.
fn address(editor: &mut Editor) {
    let to = format!(
        "?view={}&lanes={}&step={}",
        editor.view.name(),
        editor.lanes.name(),
        editor.chosen
    );
    if to != editor.address
        && let Some(history) = web_sys::window().and_then(|window| window.history().ok())
    {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&to));
        editor.address = to;
    }
}
