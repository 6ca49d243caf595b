//! The contract studio: how the next version of a contract comes to be, and how a contract ends.
//!
//! Who takes part: whoever may *draw* works on the draft of an export type ([`drafts`]), everybody on the same
//! one; whoever may *publish* makes a version of it, or, where the merchant asks for two people, somebody who had
//! no part in it agrees ([`publish`]). What is kept passes the [`guard`]; what is published passes the same gate as
//! everything else that publishes contracts, with its samples ([`check`]). Versions never change. A contract as a
//! whole is deprecated and retired ([`life`]), and what makes its exports without a flow stands in [`triggers`].
//!
//! Deliberately not here: approvals, which belong to the export and not to the contract; and changing what is
//! published, which nobody does.

pub(crate) mod check;
mod document;
pub(crate) mod drafts;
pub mod guard;
mod life;
mod pattern;
mod publish;
pub(crate) mod triggers;

use domain::contract::{Contract, Sheet, Version, compat::Report};
use uuid::Uuid;

pub use self::{
    check::{MAX_SAMPLE_BYTES, MOST_SAMPLES, SampleResult},
    document::{CONTRACT_FORMAT, contract_document, read_contract_document},
    drafts::MAX_CONTRACT_BYTES,
    life::{ContractNeeds, Deprecation},
    triggers::ManualExport,
};
use crate::{error::FieldError, flow_needs::NeededBy};

/// What a draft begins with.
#[derive(Clone, Debug)]
pub enum BeginContract {
    /// What is published of this type; if there is a draft already, that one.
    Live(String),
    /// A version of before, by its id; any draft there is must be gone.
    Version(Uuid),
    /// Nothing but a name.
    Empty { export_type: String, title: String },
    /// One that templates bring.
    Template(String),
    /// What somebody brings along, as a new contract, or as the next version of one there is.
    Document(Box<Contract>),
}

/// What became of saving a draft.
#[derive(Clone, Debug)]
pub enum ContractSaved {
    Rev(i64),
    /// Somebody else saved meanwhile. Nothing was changed; this is what they made of it.
    Conflict(Box<Sheet>),
}

/// A draft, and everything that is said of it.
#[derive(Clone, Debug)]
pub struct ContractRail {
    pub sheet: Sheet,
    pub live: Option<Contract>,
    /// What keeps it from being published, each with its field.
    pub faults: Vec<FieldError>,
    /// What hurts nobody today.
    pub advice: Vec<FieldError>,
    pub samples: Vec<SampleResult>,
    /// What the change of the schema means.
    pub report: Report,
    pub suggested: Version,
    /// Published flows that make such exports.
    pub flows: Vec<NeededBy>,
    /// Destinations that read them.
    pub reads: Vec<String>,
}

impl ContractRail {
    pub fn is_ready(&self) -> bool {
        self.faults.is_empty()
    }
}
