//! A flow on one sheet of paper: what starts it, who does what by when, what to do when it fails, and whom to
//! call. Made of the published version, never written beside it. The runbook of a step, which people write
//! in Markdown, is shown wherever somebody works on that step.

mod markdown;
mod page;
mod words;

pub use markdown::{html_of, runbook};
pub use page::PlaybookPage;
pub use words::{failures, next_steps};
