//! Contracts: what each kind of export must look like, who answers for it, how long everybody may take, and
//! to whom each refusal goes.
//!
//! Who takes part: whoever published the version. A version never changes, so its page only reads; an
//! export links to exactly the version it was made under. The next version is drawn in the [`studio`].

mod exceptions;
mod life;
mod list;
mod needed;
mod page;
pub mod studio;
mod words;

pub use list::ContractsPage;
pub use page::ContractPage;
pub use studio::{ContractDraftPage, ContractSectionPage, NewContractPage};
