//! The audit trail: who did what to which thing, as a chain in which every entry proves the one before.
//!
//! Who takes part: everybody, by doing anything; and whoever may read the trail, to check it. Nothing here can
//! be changed. The chain is recomputed when somebody asks for it, not whenever the page is opened.

mod act;
mod filter;
mod page;
mod witnesses;

pub use act::{AddAuditWitness, RemoveAuditWitness, RotateAuditKey};
pub use page::AuditPage;
pub use witnesses::WitnessesPage;
