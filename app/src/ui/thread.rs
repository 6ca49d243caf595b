//! The thread: the life of one piece of work as a line of stations, the product's signature.
//!
//! It is an ordered list, so a screen reader hears "Done: Checks, 7 of 7 passed" station by station. It
//! lies down where there is room and stands up where there is not (the stylesheet asks the width of
//! its own box). The rail behind a station belongs to that station: solid when it is done, filled as
//! far as its time is used while it is the current one, dashed when it has not come. A station that
//! broke hangs a branch down to its exception and task.

use leptos::prelude::*;

use super::{
    initials::Avatar,
    state::{StateGlyph, Tone},
};

/// One station of the thread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Station {
    /// "Approval 1 of 2".
    pub label: String,
    /// One or two short facts: who, the time it took or the time left.
    pub lines: Vec<String>,
    pub state: Tone,
    /// The owner's name or initials; shown as a disc.
    pub owner_initials: Option<String>,
    pub href: Option<String>,
    /// Percent of the allowed time that is used up, for the current station.
    pub progress: Option<u8>,
    /// Where it broke, the exception and the task that hang below it.
    pub branch: Option<Branch>,
}

/// What hangs below a broken station.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Branch {
    pub label: String,
    pub lines: Vec<String>,
    pub tone: Tone,
    pub href: Option<String>,
}

/// The thread itself. `label` names the list for a screen reader ("The life of this export");
/// `upright` makes it a plain vertical list with the lines at the right, for cards.
#[component]
pub fn Thread(
    stations: Vec<Station>,
    #[prop(default = "The life of this work".to_owned(), into)] label: String,
    #[prop(optional)] upright: bool,
) -> impl IntoView {
    let now = stations
        .iter()
        .position(|s| !matches!(s.state, Tone::Done | Tone::Idle));
    let items = stations
        .into_iter()
        .enumerate()
        .map(|(i, station)| station_view(station, now == Some(i)))
        .collect_view();
    let list = view! {
        <ol class=if upright { "thread upright" } else { "thread" } role="list" aria-label=label>
            {items}
        </ol>
    };
    if upright {
        list.into_any()
    } else {
        view! { <div class="thread-box">{list}</div> }.into_any()
    }
}

fn station_view(station: Station, is_now: bool) -> impl IntoView {
    let Station {
        label,
        lines,
        state,
        owner_initials,
        href,
        progress,
        branch,
    } = station;
    let broken = branch.is_some();
    let inside = view! {
        <span class="node"><StateGlyph tone=state/></span>
        <span class="st-text">
            <span class="st-label">
                <span class="sr-only">{state.word()} ": "</span>
                {label}
                {owner_initials.map(|name| view! { <Avatar name/> })}
            </span>
            {text_lines(lines)}
        </span>
    };
    let body = match href {
        Some(href) => view! { <a class="block" href=href>{inside}</a> }.into_any(),
        None => view! { <div>{inside}</div> }.into_any(),
    };
    view! {
        <li
            class=if broken { "station broken" } else { "station" }
            data-tone=state.key()
            data-now=is_now.then_some("")
            aria-current=is_now.then_some("step")
        >
            {body}
            <svg class="rail" aria-hidden="true" inner_html=rail(state, progress)></svg>
            {branch.map(branch_view)}
        </li>
    }
}

fn branch_view(branch: Branch) -> impl IntoView {
    let Branch {
        label,
        lines,
        tone,
        href,
    } = branch;
    let inside = view! {
        <StateGlyph tone/>
        <span>
            <span class="sr-only">{tone.word()} ": "</span>
            <b>{label}</b>
            {text_lines(lines)}
        </span>
    };
    view! {
        <span class="drop" aria-hidden="true" data-tone=tone.key()></span>
        <div class="hang">
            <div class="branch" data-tone=tone.key()>
                {match href {
                    Some(href) => view! { <a href=href>{inside}</a> }.into_any(),
                    None => view! { <div>{inside}</div> }.into_any(),
                }}
            </div>
        </div>
    }
}

fn text_lines(lines: Vec<String>) -> impl IntoView {
    lines
        .into_iter()
        .map(|line| view! { <span class="st-line">{breakable(&line)}</span> })
        .collect_view()
}

/// Stations are narrow and names such as `fulfillment_request` long: they may break after `_`.
fn breakable(line: &str) -> impl IntoView + use<> {
    let mut parts = line.split_inclusive('_').map(str::to_owned).peekable();
    let mut pieces = Vec::new();
    while let Some(part) = parts.next() {
        pieces.push(view! { {part} {parts.peek().map(|_| view! { <wbr/> })} });
    }
    pieces
}

/// The rail's drawing. Its lengths are SVG percentages, since a style attribute would be refused.
fn rail(state: Tone, progress: Option<u8>) -> String {
    let used = match (state, progress) {
        (Tone::Done, _) => 100,
        (_, Some(percent)) => percent.min(100),
        (_, None) => 0,
    };
    let mut drawing = r#"<line x2="100%" y1="1" y2="1"/>"#.to_owned();
    if used > 0 {
        drawing.push_str(&format!(
            r#"<line class="run" x2="{used}%" y1="1" y2="1"/>"#
        ));
    }
    drawing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rail_is_full_when_done_and_as_long_as_the_time_used_before() {
        assert!(
            rail(Tone::Done, None)
                .contains(r#"x2="100%" y1="1" y2="1"/><line class="run" x2="100%""#)
        );
        assert!(rail(Tone::Wait, Some(40)).contains(r#"class="run" x2="40%""#));
        assert!(rail(Tone::Late, Some(250)).contains(r#"class="run" x2="100%""#));
        assert!(!rail(Tone::Idle, None).contains("run"));
    }
}
