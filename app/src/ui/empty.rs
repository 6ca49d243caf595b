//! The empty state: says what is not here and how the first one gets here.

use leptos::prelude::*;

use super::icon::{Ico, Icon};

/// `title` says what is true ("No exports yet"), the children how the first row comes about,
/// `actions` holds the button that makes it happen.
#[component]
pub fn Empty(
    icon: Ico,
    #[prop(into)] title: String,
    #[prop(optional)] actions: Option<AnyView>,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="empty">
            <Icon of=icon/>
            <b>{title}</b>
            <p>{children()}</p>
            {actions.map(|actions| view! { <div class="acts">{actions}</div> })}
        </div>
    }
}
