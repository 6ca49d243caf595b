//! The map of a flow, as it is read: a flow's page, a run's, two versions compared.

use board::{
    map::{Look, draw, list},
    names::{Names, Somebody},
    rank::Ranks,
};
use domain::flow::Flow;
use leptos::prelude::*;

/// A flow from left to right, with what is drawn over it: see [`Look`]. The same follows as a list, for whoever
/// can't or won't read a picture. `look.href` makes the cards links: what it says comes before the step's key.
#[component]
pub fn FlowMap<'a, O: Somebody>(
    flow: &'a Flow<O>,
    names: &'a Names,
    #[prop(optional)] look: Look,
    /// Which of several maps on a page this is: "version 3".
    #[prop(optional, into)]
    of: String,
) -> impl IntoView + use<O> {
    let label = match of.as_str() {
        "" => format!("Map of {}", flow.name),
        of => format!("Map of {}, {of}", flow.name),
    };
    let picture = draw(flow, &Ranks::layered(flow), names, &look).html(&label);
    let steps = list(flow, names, &look);
    view! {
        <div class="board-box" role="region" tabindex="0" aria-label=label inner_html=picture></div>
        <details class="board-told">
            <summary>"The same as a list"</summary>
            <div inner_html=steps></div>
        </details>
    }
}
