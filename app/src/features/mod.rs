//! The pages, one folder per noun. Each shows its list as `XxxsPage` and one of it as `XxxPage`.

pub mod account;
pub mod approvals;
pub mod audit;
pub mod briefs;
pub mod chat;
pub mod connections;
pub mod contracts;
pub mod cover;
pub mod exports;
pub mod flows;
pub mod operator;
pub mod orders;
pub mod ownership;
pub mod people;
pub mod playbook;
pub mod queue;
pub mod raci;
pub mod receipts;
pub mod reports;
pub mod runs;
pub mod search;
pub mod session;
pub mod settings;
pub mod setup;
pub mod tasks;
pub mod thread;
