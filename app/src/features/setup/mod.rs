//! The first run: from an empty installation to the first order that passes.
//!
//! `/setup` founds the operator, once; signing in on an empty installation leads there. What follows is made
//! on the pages where it is made later, too. A card on the queue says which step is next, until the first
//! order has passed: it is read off what is there, so the steps can be left and taken up again.

mod act;
mod found;
mod steps;
mod template;

pub use act::{AdoptTemplate, Found};
pub use found::SetupPage;
pub use steps::first_steps;
pub use template::TemplatePage;
