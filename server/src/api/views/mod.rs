//! What the API shows: our nouns, written for programs.
//!
//! A view is made from a domain value and never is one: rows carry sealed secrets, revision numbers
//! and dedup keys that are nobody's business outside, and a domain type may change its shape without
//! breaking a client. Ids are UUIDs, times RFC 3339 with milliseconds, money whole minor units with
//! a currency, durations end in `_ms`, and states are words.

mod approval;
mod audit;
mod brief;
mod chain;
mod connection;
mod contract;
mod contract_draft;
mod export;
mod flow;
mod flow_document;
mod message;
mod order;
mod person;
mod receipt;
mod removal;
mod report;
mod retention;
mod run;
mod sku;
mod task;
mod token;
mod words;

pub use approval::{ApprovalView, AskedView};
pub use audit::{AuditKeyView, AuditView, CheckpointView};
pub use brief::{BriefDetail, BriefView};
pub use chain::{ExportDetail, OrderDetail, ReceiptDetail};
pub use connection::ConnectionView;
pub use contract::{ContractDetail, ContractView};
pub use contract_draft::{ContractDraftView, ContractPublishedView, StandingView};
pub use export::{AckAnswer, ExportView};
pub use flow::{DraftView, FlowDetail, FlowView, PublishedView};
pub use flow_document::DocumentSchema;
pub use message::ExportMessage;
pub use order::OrderView;
pub use person::PersonView;
pub use receipt::ReceiptView;
pub use report::{
    CoordinationReport, IntegrationsReport, OwnershipReport, RaciReport, ReportView, StallsReport,
};
pub use retention::{LegalHoldView, RetentionView};
pub use run::{CancelledRun, RunDetail};
pub use sku::SkuView;
pub use task::TaskView;
pub use token::TokenView;
pub use words::{AckStatus, At};
