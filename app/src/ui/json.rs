//! Raw JSON, folded until somebody asks for the proof.

use leptos::prelude::*;

use super::icon::{Ico, Icon};

/// `text` is shown as it is: pretty-print it before, or pass the stored bytes unchanged as evidence.
#[component]
pub fn RawJson(#[prop(into)] label: String, #[prop(into)] text: String) -> impl IntoView {
    view! {
        <details class="json">
            <summary>
                <Icon of=Ico::Next/>
                {label}
            </summary>
            <pre tabindex="0">
                <code>{text}</code>
            </pre>
        </details>
    }
}
