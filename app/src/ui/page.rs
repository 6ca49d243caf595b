//! How a page is laid out: a head that says what is true, then columns.

use leptos::prelude::*;

/// The headline, one line under it, and what can be done here. With `sticky`, the actions move to a
/// bar at the foot of a phone's screen: for pages that ask for a decision.
#[component]
pub fn PageHead(
    #[prop(into)] title: String,
    #[prop(optional)] sub: Option<AnyView>,
    #[prop(optional)] actions: Option<AnyView>,
    #[prop(optional)] sticky: bool,
) -> impl IntoView {
    let class = if sticky {
        "page-actions at-foot"
    } else {
        "page-actions"
    };
    view! {
        <header class="page-head">
            <div>
                <h1>{title}</h1>
                {sub.map(|sub| view! { <p class="sub">{sub}</p> })}
            </div>
            {actions.map(|actions| view! { <div class=class>{actions}</div> })}
        </header>
    }
}

/// Two columns: the work on the left, who and when in `side`. One below the other when it gets narrow.
#[component]
pub fn Split(side: AnyView, children: Children) -> impl IntoView {
    view! {
        <div class="split">
            <div>{children()}</div>
            <div>{side}</div>
        </div>
    }
}

/// A small outlined word: "all merchants", "draft of v8".
#[component]
pub fn Tag(#[prop(into)] label: String) -> impl IntoView {
    view! { <span class="tag">{label}</span> }
}
