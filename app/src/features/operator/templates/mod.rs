//! Templates that an agency keeps for its merchants: the list, making one, one with its versions and merchants,
//! looking at a push before it is done, and what became of it.
//!
//! Every step is a plain form. A push is looked at with its choices in the address, so that it can be looked at
//! again with others before anything is done.

mod act;
mod detail;
mod list;
mod make;
mod push;
mod reached;
mod words;

pub use act::{
    GoOnWithPush, LetGo, MakeTemplate, PushTemplate, RetireTemplate, StageTemplate, UndoPush,
};
pub use detail::TemplateDetailPage;
pub use list::TemplatesPage;
pub use make::MakeTemplatePage;
pub use push::PushTemplatePage;
pub use reached::PushedPage;

use engine::AgencyCtx;
use leptos::prelude::*;

use super::path;
use crate::ui::Crumb;

fn crumbs(at: &AgencyCtx) -> Vec<Crumb> {
    vec![
        Crumb::link(at.operator.name.clone(), path(at, "")),
        Crumb::link("Templates", path(at, "/templates")),
    ]
}

/// What every form here says about where it stands.
fn hidden(at: &AgencyCtx, back: &str, fields: &[(&'static str, String)]) -> AnyView {
    let rest = fields
        .iter()
        .map(|(name, value)| view! { <input type="hidden" name=*name value=value.clone()/> })
        .collect_view();
    let (operator, back) = (at.operator.slug.clone(), back.to_owned());
    view! {
        <input type="hidden" name="operator" value=operator/>
        <input type="hidden" name="back" value=back/>
        {rest}
    }
    .into_any()
}
