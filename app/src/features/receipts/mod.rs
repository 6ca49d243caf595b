//! Receipts: the evidence that something arrived, and what became of it.
//!
//! Who takes part: a sender outside and the source it sends to. A receipt's bytes and headers never change;
//! only its status does, and reading it again gives the same facts as long as the rules are the
//! same. The page shows the bytes as they came and says in one sentence what was done with them.

mod act;
mod body;
mod list;
mod page;
mod words;

pub use act::ReplayReceipt;
pub use body::{readable, size_text};
pub use list::ReceiptsPage;
pub use page::ReceiptPage;
pub use words::{receipt_tone, status_word};
