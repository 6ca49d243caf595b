//! Flows: the published maps from a trigger through owned, timed steps to an outcome.
//!
//! Who takes part: whoever published the version, the owners its steps name, and, for a promotion, the
//! person who writes its brief and thereby starts it. A published version never changes, and a run
//! finishes on the version it started on; so everything here is shown as it stands.

mod act;
mod brief;
pub mod editor;
mod list;
mod page;
mod steps;
mod words;

pub use act::StartCampaign;
pub use list::FlowsPage;
pub use page::FlowPage;
