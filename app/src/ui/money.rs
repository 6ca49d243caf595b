//! Amounts. The domain writes them; here they only get their dress.

use domain::Money;
use leptos::prelude::*;

/// An amount of money, kept on one line.
#[component]
pub fn Amount(money: Money) -> impl IntoView {
    view! { <span class="whitespace-nowrap">{money.to_string()}</span> }
}

/// Before and after: the old value struck through, the new one strong, and words for the ear.
#[component]
pub fn Was(#[prop(into)] before: String, #[prop(into)] after: String) -> impl IntoView {
    view! {
        <span class="whitespace-nowrap">
            <span class="sr-only">"from "</span>
            <s class="was">{before}</s>
            <span class="sr-only">" to "</span>
            " "
            <b>{after}</b>
        </span>
    }
}
