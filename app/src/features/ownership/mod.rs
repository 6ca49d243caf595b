//! Who answers for what, at this minute; and what is wrong with it.
//!
//! Read off flows, contracts, approval rules, exception routes, sources and the roster. The audit finds
//! owners who left, roles that nobody or one person alone holds, and people who never acted; once a month it is a
//! task of an admin.

mod audit;
mod list;

pub use audit::OwnershipAuditPage;
pub use list::OwnershipPage;
pub(crate) use list::has;
