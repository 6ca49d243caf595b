//! The matrix of who is responsible, accountable, consulted and informed.
//!
//! Nobody types it in: it is read off flows, contracts, approval rules and the roster, so it is as true as
//! they are. What does not hold is said at the row. It acts: beside each I stands when they were last told,
//! beside each C when they were last asked, and both lead there.

mod changes;
mod page;

pub use page::RaciPage;
