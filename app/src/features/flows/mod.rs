//! Flows: the published maps from a trigger through owned, timed steps to an outcome.
//!
//! Who takes part: whoever published the version, the owners its steps name, and, for a promotion, the
//! person who writes its brief and thereby starts it. A published version never changes, and a run
//! finishes on the version it started on; so everything here is shown as it stands. What is drawn for the next
//! version is a draft, with its readiness rail; publishing it is a page of its own that says what will happen.

mod act;
mod act_draft;
mod brief;
mod compare;
mod draft;
pub mod editor;
mod import;
mod list;
mod moves;
mod page;
mod pinned;
mod publish;
pub(crate) mod rail;
mod versions;
mod words;

pub use act::StartCampaign;
pub use act_draft::{
    AgreeToPublish, AskToPublish, BeginDraft, CancelMove, DeclineToPublish, DiscardDraft,
    ImportFlow, MoveRuns, NewFlow, PublishDraft, RebaseDraft, ReplaceInFlows, ResumeFlow,
    RetireFlow, RollBack, SetPublishing, WithdrawPublishing,
};
pub use compare::CompareFlowPage;
pub use draft::FlowDraftPage;
pub use import::ImportFlowPage;
pub use list::FlowsPage;
pub use moves::MoveRunsPage;
pub use page::FlowPage;
pub use publish::PublishFlowPage;
pub(crate) use words::trigger_words;
