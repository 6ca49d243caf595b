//! Dense lists of things that wait: groups by urgency, one row per item, one primary button per row.

use leptos::prelude::*;

use super::state::Tone;

/// Everything inside is walked by j and k, group after group.
#[component]
pub fn KeysList(children: Children) -> impl IntoView {
    view! { <div data-keys-list="">{children()}</div> }
}

/// A group with its heading: "Overdue 2 · both already with your backup".
#[component]
pub fn ListGroup(
    #[prop(into)] title: String,
    count: usize,
    #[prop(optional, into)] note: Option<String>,
    #[prop(optional)] tone: Option<Tone>,
    children: Children,
) -> impl IntoView {
    let aside = match note {
        Some(note) => format!("{count} · {note}"),
        None => count.to_string(),
    };
    view! {
        <section class="group">
            <div class="group-head" data-tone=tone.map(Tone::key)>
                <h2>{title}</h2>
                <span>{aside}</span>
            </div>
            <ul class="list" role="list">
                {children()}
            </ul>
        </section>
    }
}

/// One item. `key` is stable over reloads (its id); `due` is a countdown; `meta` become the facts of the
/// second line, parted by dots; `actions` are buttons with their `key`s.
#[component]
pub fn ListRow(
    #[prop(into)] key: String,
    #[prop(into)] href: String,
    #[prop(into)] title: String,
    #[prop(optional)] due: Option<AnyView>,
    #[prop(optional)] meta: Vec<AnyView>,
    #[prop(optional)] actions: Option<AnyView>,
) -> impl IntoView {
    let facts = meta
        .into_iter()
        .map(|fact| view! { <span>{fact}</span> })
        .collect_view();
    view! {
        <li class="item" data-row=key>
            {due.map(|due| view! { <div class="due">{due}</div> })}
            <div class="what">
                <a class="title" data-open="" href=href>{title}</a>
                <div class="meta">{facts}</div>
            </div>
            {actions.map(|actions| view! { <div class="acts">{actions}</div> })}
        </li>
    }
}

/// The line under a list that says which keys work here.
#[component]
pub fn KeyHints(
    /// Pairs of key and meaning, after `j` `k` and `↵` which are always there.
    #[prop(optional)]
    keys: Vec<(&'static str, &'static str)>,
) -> impl IntoView {
    let more = keys
        .into_iter()
        .map(|(key, meaning)| view! { <span><kbd>{key}</kbd>{meaning}</span> })
        .collect_view();
    view! {
        <p class="keys">
            <span><kbd>"j"</kbd><kbd>"k"</kbd>"move"</span>
            <span><kbd>"↵"</kbd>"open"</span>
            {more}
            <span><kbd>"?"</kbd>"all keys"</span>
        </p>
    }
}
