//! Exports: what goes out, from the checks before it is sent to what the destination said.
//!
//! Who takes part: the flow that makes it, the people whose approval its contract asks for, the
//! destination that answers. One page shows one version; a change of the facts makes a new version,
//! which the old one names. Deliberately not here: deciding. That is the approval's own page, the only
//! one that shows exactly the content a decision binds to.

mod act;
mod change;
mod destined;
mod keys;
mod list;
mod page;
mod proof;
mod side;
mod words;

pub use act::WithdrawExport;
pub use change::{OverrideExport, OverridePage};
pub use destined::goes_to;
pub use keys::KeysPage;
pub use list::ExportsPage;
pub use page::ExportPage;
pub use words::{
    Cast, Move, check_words, destination_name, export_move, export_tone, plural, short_hash,
    task_move,
};
