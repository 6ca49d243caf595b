//! The few DOM verbs the companion is made of. What is missing on the page is silently not done:
//! every behaviour is an addition to a page that works without it.

use js_sys::Function;
use leptos::prelude::document;
use wasm_bindgen::{JsCast, closure::Closure, convert::FromWasmAbi};
use web_sys::{Element, Event, EventTarget, HtmlElement};

/// Listens for as long as the page lives.
pub fn on<E: FromWasmAbi + 'static>(
    target: &EventTarget,
    name: &str,
    act: impl FnMut(E) + 'static,
) {
    let _ = target.add_event_listener_with_callback(name, &listener(act));
}

/// A function for the browser to call; it is never freed, so make few.
pub fn listener<E: FromWasmAbi + 'static>(act: impl FnMut(E) + 'static) -> Function {
    Closure::<dyn FnMut(E)>::new(act)
        .into_js_value()
        .unchecked_into()
}

pub fn one(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

pub fn inside(root: &Element, selector: &str) -> Option<Element> {
    root.query_selector(selector).ok().flatten()
}

pub fn all(selector: &str) -> Vec<Element> {
    document()
        .query_selector_all(selector)
        .map(|list| elements(&list))
        .unwrap_or_default()
}

pub fn all_in(root: &Element, selector: &str) -> Vec<Element> {
    root.query_selector_all(selector)
        .map(|list| elements(&list))
        .unwrap_or_default()
}

fn elements(list: &web_sys::NodeList) -> Vec<Element> {
    (0..list.length())
        .filter_map(|i| list.get(i)?.dyn_into().ok())
        .collect()
}

/// A number in a data attribute.
pub fn number(element: &Element, name: &str) -> Option<f64> {
    element.get_attribute(name)?.parse().ok()
}

pub fn set(element: &Element, name: &str, value: &str) {
    // writing the same value again would wake observers and restyle for nothing
    if element.get_attribute(name).as_deref() != Some(value) {
        let _ = element.set_attribute(name, value);
    }
}

pub fn set_text(element: &Element, text: &str) {
    if element.text_content().as_deref() != Some(text) {
        element.set_text_content(Some(text));
    }
}

/// The element an event came from, or its nearest ancestor that matches.
pub fn from(event: &Event, selector: &str) -> Option<Element> {
    event
        .target()?
        .dyn_into::<Element>()
        .ok()?
        .closest(selector)
        .ok()
        .flatten()
}

pub fn html(element: &Element) -> Option<&HtmlElement> {
    element.dyn_ref()
}

/// Says something to a screen reader, politely.
pub fn announce(text: &str) {
    if let Some(region) = one("[data-announce]") {
        region.set_text_content(Some(text));
    }
}

/// Tells stylesheets and tests that behaviours are in place.
pub fn mark_hydrated() {
    if let Some(root) = document().document_element() {
        set(&root, "data-hydrated", "");
    }
}
