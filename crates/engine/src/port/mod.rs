//! The ports: what the use-cases need from the outside, as traits.

mod accounts;
mod agency;
mod assent;
mod briefs;
mod chat;
mod contracts;
mod cover;
mod debt;
mod drafts;
mod edges;
mod mail;
mod notices;
mod overview;
mod proof;
mod retention;
mod sessions;
mod skus;
mod store;

pub use accounts::{AccountReads, AccountTx, PasswordResetRow};
pub use agency::{AgencyReads, AgencyTx};
pub use assent::{AssentReads, AssentTx, PersonKeyRow};
pub use briefs::{BriefReads, BriefTx};
pub use chat::{
    Account, Card, Chat, ChatLinkRow, ChatReads, ChatTx, DecisionLinkRow, Identity, Press,
    Pressing, ReasonForm, Said, Whose,
};
pub use contracts::{ContractReads, ContractTx};
pub use cover::{CoverReads, CoverTx};
pub use debt::{DebtReads, DebtTx};
pub use drafts::{DraftReads, DraftTx};
pub use edges::{Channel, Clock, Connector, Delivery, DeliveryRequest, Ids, TestDelivery};
pub use mail::{
    Carried, ClaimedMail, Mail, MailAbout, MailFate, MailReads, MailState, MailTx, Mailer, NewMail,
};
pub use notices::{NoticeReads, NoticeTx};
pub use overview::{AtRisk, Due, Figures, Held, Next, Span, Taken, since_named};
pub use proof::{ProofReads, ProofTx};
pub use retention::{RetentionReads, RetentionTx};
pub use sessions::{Pace, SecondFactorRow, Seen, SessionReads, SessionRow, SessionTx, Turned};
pub use skus::{SkuReads, SkuTx};
pub use store::{
    AuditFilter, AuditNote, Claim, CommitHook, Credentials, EventRow, IdempotencyRow, ListFilter,
    NewReceipt, News, OrderRow, Parcel, Priority, Reads, ReceiptOutcome, SealRow, Store, StoreExt,
    Tx, WriteOp,
};
