//! The pages, one folder per noun. Each shows its list as `XxxsPage` and one of it as `XxxPage`.

pub mod connections;
pub mod contracts;
pub mod exports;
pub mod flows;
pub mod orders;
pub mod receipts;
pub mod approvals;
pub mod queue;
pub mod session;
pub mod tasks;
pub mod thread;
