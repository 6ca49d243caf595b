//! Live: the server says that something changed, and the page fetches itself again.
//!
//! The message carries no content. The same URL is asked again with the same rights, and only the
//! regions marked `[data-live]` (each with an id) take over what is new. Nothing moves under a
//! hand: a region that the pointer is on, or in which a field has the focus, waits behind a pill that
//! says how much has come. A hidden tab lets go of its stream (a browser allows only a few per server)
//! and asks once when it is looked at again.

use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
    time::Duration,
};

use js_sys::Function;
use leptos::prelude::{document, set_timeout, window};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Document, DomParser, Element, Event, EventSource, MessageEvent, Response, SupportedType,
};

use super::{
    clocks,
    dom::{all, all_in, announce, inside, listener, on, one, set, set_text},
    keys,
};

/// Messages come in bursts; one fetch answers a whole burst.
const GATHER: Duration = Duration::from_millis(250);
const TRY_AGAIN: Duration = Duration::from_secs(10);
const NEW_ROW_SHOWN: Duration = Duration::from_secs(4);
/// What the server says last when there is nothing more to hear: nobody is signed in any more, or has a place here.
const OVER: &str = r#"{"kind":"over"}"#;

thread_local! {
    static WAITING: Cell<bool> = const { Cell::new(false) };
    static UNSEEN: Cell<u32> = const { Cell::new(0) };
    static LINE: RefCell<Option<Line>> = const { RefCell::new(None) };
    static STREAM: RefCell<Option<EventSource>> = const { RefCell::new(None) };
    static FRESH: RefCell<Option<Document>> = const { RefCell::new(None) };
}

/// The listeners, made once and hung on every stream that is opened.
struct Line {
    url: String,
    opened: Function,
    failed: Function,
    came: Function,
}

pub fn start() {
    let Some(shell) = one("[data-shell]") else {
        return;
    };
    let url = match shell.get_attribute("data-merchant") {
        Some(slug) => format!("/live?merchant={slug}"),
        None => "/live".to_owned(),
    };
    let opened_before = Cell::new(false);
    LINE.replace(Some(Line {
        url,
        opened: listener(move |_: Event| {
            dot("on", "live");
            // What happened while nobody listened is asked for now. The first time that is the moment between
            // the page and the stream, which matters where the page shows something under way.
            if opened_before.replace(true) || one("[data-live-eager]").is_some() {
                refresh_soon();
            }
        }),
        failed: listener(|_: Event| failed()),
        came: listener(|message: MessageEvent| {
            if message.data() == OVER {
                disconnect();
                dot("retry", "not live");
                return;
            }
            UNSEEN.set(UNSEEN.get().saturating_add(1));
            refresh_soon();
        }),
    }));
    connect();
    on(&document(), "visibilitychange", |_: Event| {
        if document().hidden() {
            disconnect()
        } else {
            connect()
        }
    });
    if let Some(pill) = one("[data-pill]") {
        on(&pill, "click", |_: Event| show(true));
    }
}

fn connect() {
    if document().hidden() || STREAM.with_borrow(Option::is_some) {
        return;
    }
    LINE.with_borrow(|line| {
        let Some(line) = line else { return };
        let Ok(stream) = EventSource::new(&line.url) else {
            return;
        };
        stream.set_onopen(Some(&line.opened));
        stream.set_onerror(Some(&line.failed));
        stream.set_onmessage(Some(&line.came));
        STREAM.replace(Some(stream));
    });
}

fn disconnect() {
    if let Some(stream) = STREAM.take() {
        stream.close();
    }
}

/// A lost line comes back by itself; a refused one (the session ended, the server restarts) does not,
/// so it is tried again from the start.
fn failed() {
    dot("retry", "reconnecting");
    if STREAM.with_borrow(|s| {
        s.as_ref()
            .is_some_and(|s| s.ready_state() == EventSource::CLOSED)
    }) {
        disconnect();
        set_timeout(connect, TRY_AGAIN);
    }
}

fn dot(state: &str, word: &str) {
    if let Some(dot) = one("[data-live-dot]") {
        set(&dot, "data-state", state);
        set_text(&dot, word);
    }
}

fn refresh_soon() {
    if document().hidden() || WAITING.replace(true) {
        return;
    }
    set_timeout(
        || {
            WAITING.set(false);
            spawn_local(async {
                if let Ok(fresh) = fetch_page().await {
                    FRESH.replace(Some(fresh));
                    show(false);
                }
            });
        },
        GATHER,
    );
}

async fn fetch_page() -> Result<Document, JsValue> {
    let here = window().location().href()?;
    let response: Response = JsFuture::from(window().fetch_with_str(&here))
        .await?
        .dyn_into()?;
    // a redirect means the session ended: leave the page as it is until the person acts
    if !response.ok() || response.redirected() {
        return Err(JsValue::NULL);
    }
    let text = JsFuture::from(response.text()?)
        .await?
        .as_string()
        .unwrap_or_default();
    DomParser::new()?.parse_from_string(&text, SupportedType::TextHtml)
}

/// Takes the fetched regions over. `asked` is a press of the pill: then nothing has to wait.
fn show(asked: bool) {
    let Some(fresh) = FRESH.take() else { return };
    let mut held_back = false;
    let mut new_rows = 0;
    for region in all("[data-live]") {
        let Some(next) = fresh.get_element_by_id(&region.id()) else {
            continue;
        };
        let html = next.inner_html();
        if same(&region, &next) {
            continue;
        }
        if !asked && busy(&region) {
            held_back = true;
            continue;
        }
        new_rows += take_over(&region, &html);
    }
    if held_back {
        FRESH.replace(Some(fresh));
        pill(UNSEEN.get());
        return;
    }
    UNSEEN.set(0);
    pill(0);
    clocks::tick();
    keys::choose_first();
    match new_rows {
        0 => {}
        1 => announce("1 new row"),
        n => announce(&format!("{n} new rows")),
    }
}

/// Whether both say the same, apart from the clocks that have moved on and the marks set here.
fn same(region: &Element, next: &Element) -> bool {
    let plain = |element: &Element| {
        let Ok(copy) = element
            .clone_node_with_deep(true)
            .map(JsCast::unchecked_into::<Element>)
        else {
            return String::new();
        };
        for clock in all_in(&copy, "[data-text], [data-ago]") {
            clock.set_text_content(None);
        }
        for row in all_in(&copy, "[data-row]") {
            let _ = row.remove_attribute("data-selected");
            let _ = row.remove_attribute("data-new");
        }
        for folded in all_in(&copy, "details[open]") {
            let _ = folded.remove_attribute("open");
        }
        copy.inner_html()
    };
    plain(region) == plain(next)
}

fn busy(region: &Element) -> bool {
    // a region that only waits has nothing to press: it may turn under the hand that started it
    let under_pointer =
        region.matches(":hover").unwrap_or(false) && !region.has_attribute("data-live-at-once");
    let open = inside(region, "[popover]:popover-open, dialog[open]").is_some();
    let typing = document().active_element().is_some_and(|active| {
        region.contains(Some(&active)) && active.matches("input, textarea, select").unwrap_or(false)
    });
    under_pointer || open || typing
}

/// Replaces a region's inside; selection, focus and unfolded details stay. Returns how many rows are new.
fn take_over(region: &Element, html: &str) -> usize {
    let row_keys = |root: &Element| -> Vec<(String, Element)> {
        all_in(root, "[data-row]")
            .into_iter()
            .map(|row| (row.get_attribute("data-row").unwrap_or_default(), row))
            .collect()
    };
    let before: HashSet<String> = row_keys(region).into_iter().map(|(key, _)| key).collect();
    let chosen =
        inside(region, "[data-row][data-selected]").and_then(|row| row.get_attribute("data-row"));
    let focused = document()
        .active_element()
        .filter(|active| region.contains(Some(active)) && active.has_attribute("data-open"))
        .is_some();
    let unfolded: Vec<bool> = all_in(region, "details")
        .iter()
        .map(|details| details.has_attribute("open"))
        .collect();

    region.set_inner_html(html);

    for (details, open) in all_in(region, "details").iter().zip(unfolded) {
        if open {
            set(details, "open", "");
        }
    }
    let mut new_rows = 0;
    for (key, row) in row_keys(region) {
        if chosen.as_ref() == Some(&key) {
            keys::choose(&row);
            if focused && let Some(link) = inside(&row, "[data-open]") {
                let _ = link.unchecked_into::<web_sys::HtmlElement>().focus();
            }
        }
        if !before.contains(&key) {
            new_rows += 1;
            set(&row, "data-new", "");
            set_timeout(
                move || {
                    let _ = row.remove_attribute("data-new");
                },
                NEW_ROW_SHOWN,
            );
        }
    }
    new_rows
}

fn pill(count: u32) {
    let Some(pill) = one("[data-pill]") else {
        return;
    };
    if count == 0 {
        set(&pill, "hidden", "");
        return;
    }
    let noun = if count == 1 { "update" } else { "updates" };
    set_text(&pill, &format!("{count} {noun} · show"));
    let _ = pill.remove_attribute("hidden");
}
