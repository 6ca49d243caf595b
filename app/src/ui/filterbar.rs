//! Search and filters above a list. Both live in the URL: the search is a GET form, a filter is a link.

use leptos::prelude::*;

use super::{
    icon::{Ico, Icon},
    state::Tone,
};

/// One filter: a link to the same list with that filter set, or taken off when it is `active`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chip {
    pub label: String,
    pub href: String,
    pub active: bool,
    pub count: Option<u64>,
    /// Colours the count.
    pub tone: Option<Tone>,
}

/// `keep` are the other parameters of the URL that a search must not lose.
#[component]
pub fn FilterBar(
    /// The list's own path; the search goes there as `q`.
    #[prop(into)]
    action: String,
    /// What can be searched: "Find an export by id, type or order".
    #[prop(into)]
    label: String,
    #[prop(optional, into)] query: String,
    #[prop(optional)] chips: Vec<Chip>,
    #[prop(optional)] keep: Vec<(String, String)>,
    /// Stands at the end of the line: the CSV link, or "New".
    #[prop(optional)]
    end: Option<AnyView>,
) -> impl IntoView {
    let hidden = keep
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view();
    let filters = chips
        .into_iter()
        .map(|chip| {
            view! {
                <a class="chip" href=chip.href aria-current=chip.active.then_some("true")>
                    {chip.label}
                    {chip.count.map(|n| view! { <span data-tone=chip.tone.map(Tone::key)>{n}</span> })}
                </a>
            }
        })
        .collect_view();
    let (form_name, field_name) = (label.clone(), label.clone());
    view! {
        <div class="filters">
            <form method="get" action=action role="search" aria-label=form_name>
                <Icon of=Ico::Search/>
                {hidden}
                <input class="input" type="search" name="q" value=query aria-label=field_name placeholder=label/>
            </form>
            <nav class="chips" aria-label="Filters">{filters}</nav>
            {end.map(|end| view! { <div class="acts end">{end}</div> })}
        </div>
    }
}
