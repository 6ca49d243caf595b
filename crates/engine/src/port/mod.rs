//! The ports: what the use-cases need from the outside, as traits.

mod edges;
mod store;

pub use edges::{Channel, Clock, Connector, Delivery, DeliveryRequest, Ids, TestDelivery};
pub use store::{
    AuditFilter, AuditNote, Claim, CommitHook, Credentials, EventRow, IdempotencyRow, ListFilter,
    NewReceipt, OrderRow, Priority, Reads, ReceiptOutcome, SessionRow, Store, StoreExt, Tx,
    WriteOp,
};
