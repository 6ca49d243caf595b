//! Tasks: what went wrong, whose move it is, and the way out.
//!
//! Who takes part: the engine, which opens a task when something is refused, late or inconsistent; one
//! owner, a role until somebody takes it; whoever stands on the next rung when a clock runs out.
//! The page offers only what can be done now, and says what resolving sets going again before it is
//! pressed.
//!
//! Deliberately not done: editing what a task says. It is evidence; a note goes into its resolution.

mod act;
mod detail;
mod forms;
mod list;
mod snooze;
mod story;

pub use act::{ClaimTask, ReassignTask, ReleaseTask, ResolveTask, SnoozeTask};
pub use detail::TaskPage;
pub(crate) use forms::claim_button;
pub use list::TasksPage;
