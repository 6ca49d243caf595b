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

/// The same from a list, leaving out what is not known.
pub fn kv(rows: Vec<(&'static str, Option<AnyView>)>) -> impl IntoView {
    let rows = rows
        .into_iter()
        .filter_map(|(label, value)| Some((label, value?)))
        .map(|(label, value)| view! { <KvRow label>{value}</KvRow> })
        .collect_view();
    view! { <Kv>{rows}</Kv> }
}
