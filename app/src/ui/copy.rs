//! Identifiers: short to look at, whole to copy.

use leptos::prelude::*;

use super::icon::{Ico, Icon};

/// The two ends of an identifier that tell it apart: `0198f3a2…c41e`. Short ones stay whole.
pub fn short_id(id: &str) -> String {
    let chars: Vec<char> = id.chars().collect();
    if chars.len() <= 16 {
        return id.to_owned();
    }
    let head: String = chars.iter().take(8).collect();
    let tail: String = chars.iter().skip(chars.len() - 4).collect();
    format!("{head}…{tail}")
}

/// An id in mono with a button that copies all of it. `whole` shows it uncut.
#[component]
pub fn CopyId(
    #[prop(into)] id: String,
    #[prop(optional)] whole: bool,
    /// What the id names, for the button's label: "export id".
    #[prop(optional, into)]
    what: Option<String>,
) -> impl IntoView {
    let shown = if whole { id.clone() } else { short_id(&id) };
    let label = format!(
        "Copy {}",
        what.unwrap_or_else(|| format!("id {}", short_id(&id)))
    );
    view! {
        <span class="copy">
            <code title=id.clone()>{shown}</code>
            <button type="button" data-copy=id aria-label=label>
                <Icon of=Ico::Copy/>
            </button>
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::short_id;

    #[test]
    fn keeps_both_ends() {
        assert_eq!(
            short_id("0198f3a2-1111-7000-8000-00000000c41e"),
            "0198f3a2…c41e"
        );
        assert_eq!(short_id("winter-kit-26"), "winter-kit-26");
    }
}
