//! Approvals: what waits for a person's word before it may leave, and what was said.
//!
//! Who takes part: the contract, which says that somebody has to agree; one person per step, none of
//! them the author; a backup once the time is up. The page shows exactly the content that the decision is
//! bound to, by its hash, and posts that hash back: if something changed meanwhile, the decision does
//! not count. Whether somebody may decide is asked of the same gate that will judge the post.
//!
//! Deliberately not done: deciding in bulk, or from a list, without having seen the content.

mod act;
mod detail;
mod list;
mod next;
mod standing;
mod summary;
#[cfg(test)]
mod tests;

pub use act::DecideApproval;
pub use detail::ApprovalPage;
pub use list::ApprovalsPage;
pub(crate) use next::then_sentence;
pub use summary::{Content, content_view};
