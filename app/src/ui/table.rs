//! Tables: real ones, with a caption for the ear and a scroll of their own when they are wide.
//!
//! Pages write the rows themselves: `<tr data-row=id>` with `<td>`; `class="num"` right-aligns,
//! `class="wide"` leaves a cell out on a phone. One `<a data-open class="title" href=…>` per row makes
//! the whole row its target and gives the keyboard something to open.

use leptos::prelude::*;

/// A column's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Col {
    label: &'static str,
    class: Option<&'static str>,
}

impl Col {
    pub const fn text(label: &'static str) -> Self {
        Self { label, class: None }
    }

    pub const fn num(label: &'static str) -> Self {
        Self {
            label,
            class: Some("num"),
        }
    }

    /// Left out on a phone; its cells carry `class="wide"` (or `"num wide"`) themselves.
    #[must_use]
    pub const fn wide(mut self) -> Self {
        self.class = match self.class {
            Some(_) => Some("num wide"),
            None => Some("wide"),
        };
        self
    }
}

/// `caption` is read out, not shown. With `list`, j/k/Enter walk the rows, and on a phone each row
/// becomes two columns: odd cells at the left, even ones at the right.
#[component]
pub fn Table(
    #[prop(into)] caption: String,
    cols: Vec<Col>,
    #[prop(optional)] list: bool,
    children: Children,
) -> impl IntoView {
    let heads = cols
        .into_iter()
        .map(|col| view! { <th scope="col" class=col.class>{col.label}</th> })
        .collect_view();
    view! {
        <div class="scroll" data-keys-list=list.then_some("")>
            <table class=if list { "tbl stack-phone" } else { "tbl" }>
                <caption class="sr-only">{caption}</caption>
                <thead>
                    <tr>{heads}</tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
}
