//! Facts about one thing: a definition list in two columns.

use leptos::prelude::*;

/// Wraps [`KvRow`]s.
#[component]
pub fn Kv(children: Children) -> impl IntoView {
    view! { <dl class="kv">{children()}</dl> }
}

/// One fact.
#[component]
pub fn KvRow(#[prop(into)] label: String, children: Children) -> impl IntoView {
    view! {
        <dt>{label}</dt>
        <dd>{children()}</dd>
    }
}
