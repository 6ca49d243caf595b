//! Runs: one execution of a flow for one subject, as it goes.
//!
//! Who takes part: whoever or whatever started it, the owners of the steps it stands at, and, with a reason,
//! whoever pauses it, lets it go on or ends it. The page shows what the run did on the map of its flow; nothing on
//! it moves the run but those three buttons: what a step needs is done in its task, its approval, or elsewhere.

mod act;
mod form;
mod history;
mod page;
mod start;

pub use act::{CancelRun, PauseRun, ResumeRun, StartRun};
pub(crate) use form::{answer_key, inputs, keep};
pub use page::RunPage;
pub(crate) use start::start;
