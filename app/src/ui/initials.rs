//! The owner as two letters in a disc.

use leptos::prelude::*;

/// Two letters for a name: first and last word's first letters, or the first two of a single word.
pub fn initials(name: &str) -> String {
    let mut words = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && *word != "and");
    let first = words.next().unwrap_or("?");
    let letters: String = match words.next_back() {
        Some(last) => first.chars().take(1).chain(last.chars().take(1)).collect(),
        None => first.chars().take(2).collect(),
    };
    letters.to_uppercase()
}

/// A disc with the initials of `name`; decoration, so the name itself must stand beside it
/// (or pass `speak` to have it read out). `square` is for merchants.
#[component]
pub fn Avatar(
    #[prop(into)] name: String,
    #[prop(optional)] square: bool,
    #[prop(optional)] speak: bool,
) -> impl IntoView {
    let class = if square { "avatar square" } else { "avatar" };
    let letters = initials(&name);
    let role = speak.then_some("img");
    let label = speak.then(|| name.clone());
    view! {
        <span class=class title=name role=role aria-label=label aria-hidden=(!speak).then_some("true")>
            {letters}
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn takes_the_first_and_the_last_word() {
        for (name, letters) in [
            ("Mara Keller", "MK"),
            ("Alder & Pine", "AP"),
            ("Operations", "OP"),
            ("Jonas van der Hee", "JH"),
            ("agency:fulfillment-team", "AT"),
            ("", "?"),
        ] {
            assert_eq!(initials(name), letters, "{name}");
        }
    }
}
