//! What must be seen first: whose move it is, and what just happened.

use domain::Time;
use leptos::prelude::*;

use super::{
    state::{StateGlyph, Tone},
    time::Countdown,
};

/// The banner under a page's head: whose move, what is asked, and until when.
#[component]
pub fn YourMove(
    tone: Tone,
    /// "Your move", "Operations' move", "Nobody's move".
    #[prop(into)]
    whose: String,
    now: Time,
    #[prop(optional)] due: Option<Time>,
    children: Children,
) -> impl IntoView {
    let pinned = matches!(tone, Tone::Held).then_some(tone);
    view! {
        <section class="move" data-tone=tone.key() aria-label=whose.clone()>
            <span class="whose">
                <StateGlyph tone/>
                {whose.clone()}
            </span>
            <p class="says">{children()}</p>
            {due.map(|due| view! { <Countdown due now nostrip:tone=pinned big=true/> })}
        </section>
    }
}

/// One sentence about what the last form did. Failures interrupt a screen reader, the rest waits.
#[component]
pub fn Flash(tone: Tone, children: Children) -> impl IntoView {
    let role = if tone == Tone::Late {
        "alert"
    } else {
        "status"
    };
    view! {
        <div class="flash" role=role data-tone=tone.key()>
            <StateGlyph tone/>
            <div>{children()}</div>
        </div>
    }
}
