//! Approvals: what waits for a person's word before it may leave, and what was said.
//!
//! Who takes part: the contract, which says that somebody has to agree; one person per step, none of
//! them the author; a backup once the time is up. The page shows exactly the content that the decision is
//! bound to, by its hash, and posts that hash back: if something changed meanwhile, the decision does
//! not count. Whether somebody may decide is asked of the same gate that will judge the post.
//!
//! Several that are alike may be approved at once from the list, each with what it says beside its box and each
//! decided by itself. Deliberately not done: declining in bulk; a reason is about one thing.

mod act;
mod alike;
mod away;
mod detail;
mod list;
mod next;
mod standing;
mod summary;
mod talk;
#[cfg(test)]
mod tests;

pub use act::{
    AnswerApproval, ApproveAlike, AskAboutApproval, CommentApproval, DecideApproval,
    LookAtApproval, ReassignApproval, RemindApproval,
};
pub use away::{Away, EndDelegation, GiveDelegation, away_card, aways};
pub use detail::ApprovalPage;
pub use list::ApprovalsPage;
pub(crate) use next::then_sentence;
pub use summary::{Content, content_view};
