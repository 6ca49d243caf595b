//! The companion: one island per page, with no state of its own on the server's side.
//!
//! It does not render the page again. It listens at the document and brings to life what the server
//! wrote: clocks tick, ids copy, lists take keys, and marked regions follow the live stream. A page
//! without it is complete, only still.

use leptos::prelude::*;

/// Put once at the end of the shell. Holds the polite live region and the "updates" pill.
#[island]
pub fn Companion() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    leptos::prelude::request_animation_frame(|| {
        super::clocks::start();
        super::keys::start();
        super::live::start();
        super::dom::mark_hydrated();
    });
    view! {
        <div class="sr-only" role="status" aria-live="polite" data-announce=""></div>
        <button type="button" class="pill-live" data-pill="" hidden></button>
    }
}
