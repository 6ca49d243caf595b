//! Buttons. What changes something is a form that posts; what goes somewhere is a link.

use leptos::prelude::*;

use super::icon::{Ico, Icon};

/// How loud a button is. One primary per view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    Primary,
    #[default]
    Secondary,
    Danger,
    Quiet,
}

impl Kind {
    pub const fn class(self) -> &'static str {
        match self {
            Self::Primary => "btn btn-primary",
            Self::Secondary => "btn",
            Self::Danger => "btn btn-danger",
            Self::Quiet => "btn btn-quiet",
        }
    }
}

/// A submit button inside a form. `name` and `value` go with it, for forms with two ways to end.
#[component]
pub fn Button(
    #[prop(into)] label: String,
    #[prop(optional)] kind: Kind,
    #[prop(optional, into)] name: Option<String>,
    #[prop(optional, into)] value: Option<String>,
    /// The key that presses it while its row is chosen, such as `"a"`.
    #[prop(optional)]
    key: Option<&'static str>,
    #[prop(optional)] disabled: bool,
) -> impl IntoView {
    view! {
        <button type="submit" class=kind.class() name=name value=value disabled=disabled data-key=key>
            {label}
        </button>
    }
}

/// A link that looks like a button.
#[component]
pub fn LinkButton(
    #[prop(into)] href: String,
    #[prop(into)] label: String,
    #[prop(optional)] kind: Kind,
    #[prop(optional)] icon: Option<Ico>,
    #[prop(optional)] key: Option<&'static str>,
) -> impl IntoView {
    view! {
        <a class=kind.class() href=href data-key=key>
            {icon.map(|of| view! { <Icon of/> })}
            {label}
        </a>
    }
}

/// A whole form with one button: `<form method=post action>` and its hidden fields.
#[component]
pub fn PostButton(
    #[prop(into)] action: String,
    #[prop(into)] label: String,
    #[prop(optional)] kind: Kind,
    #[prop(optional)] fields: Vec<(&'static str, String)>,
    #[prop(optional)] key: Option<&'static str>,
    /// Says more than the label where labels repeat: "Take: order #10482".
    #[prop(optional, into)]
    describe: Option<String>,
) -> impl IntoView {
    let hidden = fields
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view();
    view! {
        <form method="post" action=action>
            {hidden}
            <button type="submit" class=kind.class() data-key=key aria-label=describe>
                {label}
            </button>
        </form>
    }
}
