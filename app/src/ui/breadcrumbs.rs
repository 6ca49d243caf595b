//! Where this page hangs. The last crumb is the page itself.

use leptos::prelude::*;

/// One step of the way here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crumb {
    pub label: String,
    pub href: Option<String>,
    /// Set for ids.
    pub mono: bool,
}

impl Crumb {
    pub fn link(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            href: Some(href.into()),
            mono: false,
        }
    }

    pub fn here(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            href: None,
            mono: false,
        }
    }

    pub fn id(id: &str) -> Self {
        Self {
            label: super::copy::short_id(id),
            href: None,
            mono: true,
        }
    }
}

#[component]
pub fn Breadcrumbs(crumbs: Vec<Crumb>) -> impl IntoView {
    let items = crumbs
        .into_iter()
        .map(|crumb| {
            let class = crumb.mono.then_some("mono");
            match crumb.href {
                Some(href) => {
                    view! { <li><a class=class href=href>{crumb.label}</a></li> }.into_any()
                }
                None => {
                    view! { <li><span class=class aria-current="page">{crumb.label}</span></li> }
                        .into_any()
                }
            }
        })
        .collect_view();
    view! {
        <nav class="crumbs" aria-label="Breadcrumb">
            <ol>{items}</ol>
        </nav>
    }
}
