//! Cards: a head that names what is inside, then rows, a table or free text.

use leptos::prelude::*;

use super::{
    initials::Avatar,
    state::{StateGlyph, Tone},
};

/// A card. `padded` is for text and forms; rows and tables bring their own room.
#[component]
pub fn Card(
    #[prop(optional, into)] title: Option<String>,
    /// Stands at the right of the head, quieter: "14 prices", a link, an id.
    #[prop(optional)]
    aside: Option<AnyView>,
    #[prop(optional)] padded: bool,
    /// The anchor that other pages link to.
    #[prop(optional, into)]
    id: Option<String>,
    children: Children,
) -> impl IntoView {
    let head = title.map(|title| {
        view! {
            <div class="card-head">
                <h2>{title}</h2>
                {aside.map(|aside| view! { <div>{aside}</div> })}
            </div>
        }
    });
    let inside = children();
    view! {
        <section class="card" id=id>
            {head}
            {if padded {
                view! { <div class="card-body">{inside}</div> }.into_any()
            } else {
                inside.into_any()
            }}
        </section>
    }
}

/// One line in a card: a glyph or a person, what it is, and the time or state at the right.
#[component]
pub fn Row(
    #[prop(into)] title: String,
    #[prop(optional, into)] sub: Option<String>,
    #[prop(optional)] tone: Option<Tone>,
    /// Draws the disc with this name's initials.
    #[prop(optional, into)]
    person: Option<String>,
    #[prop(optional, into)] href: Option<String>,
    #[prop(optional)] aside: Option<AnyView>,
) -> impl IntoView {
    let what = match href {
        Some(href) => view! { <a class="row-link" href=href>{title}</a> }.into_any(),
        None => title.into_any(),
    };
    view! {
        <div class="row">
            {tone.map(|tone| view! {
                <StateGlyph tone/>
                <span class="sr-only">{tone.word()} ": "</span>
            })}
            {person.map(|name| view! { <Avatar name/> })}
            <div class="what">
                {what}
                {sub.map(|sub| view! { <small>{sub}</small> })}
            </div>
            {aside.map(|aside| view! { <div class="aside">{aside}</div> })}
        </div>
    }
}

/// The quiet last line of a card.
#[component]
pub fn CardFoot(children: Children) -> impl IntoView {
    view! { <div class="card-foot">{children()}</div> }
}
