//! Keyset paging: there is a next page or there is not, and nobody counts them all.

use leptos::prelude::*;

use super::{button::LinkButton, icon::Ico};

/// `shown` says what is on this page ("50 exports, newest first"); `first` and `next` are links.
#[component]
pub fn Pager(
    #[prop(into)] shown: String,
    #[prop(optional, into)] first: Option<String>,
    #[prop(optional, into)] next: Option<String>,
) -> impl IntoView {
    let alone = first.is_none() && next.is_none();
    view! {
        <nav class="pager" aria-label="Pages">
            <span>{shown}</span>
            {(!alone).then(|| view! {
                <span class="acts">
                    {first.map(|href| view! { <LinkButton href label="Newest" icon=Ico::Prev/> })}
                    {next.map(|href| view! { <LinkButton href label="Older"/> })}
                </span>
            })}
        </nav>
    }
}
