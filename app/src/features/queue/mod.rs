//! My queue: everything that waits on the signed-in person, by deadline.
//!
//! Who takes part: the person, through every role they hold at every merchant. An approval is here while
//! it is theirs to decide; a task while it is theirs to take or to finish. What sleeps and what they
//! are only told about stands below, apart; last what they were told and may mark as read. When nothing waits, the page says when the next thing
//! is due, with whomever.
//!
//! Deliberately not done: approving from here. What is approved has to be seen; the row leads to it.

mod notices;
mod page;
mod row;

pub use notices::ReadNotices;
pub use page::{HomePage, QueuePage};
