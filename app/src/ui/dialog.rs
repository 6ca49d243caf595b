//! A small dialog behind a button: ask why before a decline, say the numbers before something that
//! can't be undone. It is a popover, so it opens, closes and takes Escape without any script.

use leptos::prelude::*;

use super::{
    button::Kind,
    icon::{Ico, Icon},
};

/// `label` is on the button that opens it; the children are the form, ending in
/// `<div class="acts">` with its buttons. `id` is unique on the page.
#[component]
pub fn Dialog(
    #[prop(into)] id: String,
    #[prop(into)] label: String,
    #[prop(into)] title: String,
    #[prop(optional)] kind: Kind,
    #[prop(optional)] key: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    let heading = format!("{id}-title");
    let (id_to_open, id_to_close) = (id.clone(), id.clone());
    let labelled_by = heading.clone();
    view! {
        <button type="button" class=kind.class() popovertarget=id_to_open data-key=key aria-haspopup="dialog">
            {label}
        </button>
        <div class="dialog" id=id popover="auto" role="dialog" aria-labelledby=labelled_by>
            <h2 id=heading>{title}</h2>
            <button type="button" class="close" popovertarget=id_to_close popovertargetaction="hide" aria-label="Close">
                <Icon of=Ico::Close/>
            </button>
            {children()}
        </div>
    }
}
