//! The use-cases, and the ports they need. No SQL, no HTTP.
//!
//! Everything that changes anything goes through a method of [`Engine`]: pages, API, commands and
//! workers alike. One use-case is one transaction: its rows, its audit entries and the jobs that
//! follow become durable together.

mod account;
mod ack;
mod agency;
mod agency_invitations;
mod agency_templates;
mod alike;
mod approval_news;
mod approval_talk;
mod approvals;
mod briefs;
mod bus;
mod chain;
mod chat;
mod chat_ask;
mod chat_click;
mod chat_link;
mod chat_matter;
mod chat_post;
mod chat_tell;
mod checkpoint;
mod common_passwords;
mod connection_needs;
mod connections;
mod contracts;
mod coordination;
mod cover;
mod ctx;
mod delegations;
mod deliver;
mod destinations;
mod destined;
mod draft;
mod engine;
mod error;
mod exception;
mod exports;
mod flow_around;
mod flow_drafts;
mod flow_import;
mod flow_moves;
mod flow_needs;
mod flow_publish;
mod flow_versions;
mod handover;
mod hashing;
mod idempotency;
mod intake;
mod invitations;
mod keys;
mod known;
mod late;
mod letters;
mod lost_device;
mod mail;
mod mail_worth;
mod members;
mod merchant;
mod notices;
mod operators;
mod overriding;
mod overview;
mod ownership;
mod password;
mod password_reset;
mod people;
mod process;
mod publish;
mod qa;
mod queue;
mod raci;
mod recheck;
mod retention;
mod rules;
mod runbooks;
mod runs;
mod seats;
mod second_factor;
mod sessions;
mod setup;
mod sight;
mod sign_in;
mod skus;
mod tasks;
pub mod template;
mod token_expiry;
mod tokens;
mod trail;
mod trial;
mod vault;
mod watch;
mod wire;
mod witnesses;
mod work;
mod worker;

pub mod job;
pub mod port;

/// What an export costs before anybody is asked, for `cargo xtask bench`: the very functions that the use-cases
/// call. None of them changes anything.
pub mod measured {
    pub use crate::{
        overriding::{open_key, seal_key, signed},
        qa::{Gates, Schemas},
    };
}

pub use ack::Ack;
pub use agency::{AgencyCtx, AgencyPerson};
pub use agency_invitations::{AskedIn, StillInvited};
pub use agency_templates::{
    MerchantPlan, Origin, Pinned, PolicyPlan, PushInput, TemplateInput, TemplateLine, TemplateView,
    ThreeWay, Would,
};
pub use alike::{Alike, Approved, MOST_ALIKE};
pub use approval_talk::ApprovalAct;
pub use briefs::{BriefChain, BriefInput};
pub use bus::{Bus, Change};
pub use chain::{Chain, ExportChain, RunChain, UnderWay};
pub use chat::{ChatInput, ChatSettings};
pub use chat_click::{Heard, SignedClick};
pub use chat_link::{ChatLink, OpenDecision};
pub use checkpoint::{CHECKPOINT_EVERY_MS, TrailExport, TrailKey};
pub use connection_needs::{ConnectionNeeds, Replaced};
pub use connections::{NewSource, SourceInput};
pub use contracts::{
    BeginContract, CONTRACT_FORMAT, ContractNeeds, ContractRail, ContractSaved, Deprecation,
    MAX_CONTRACT_BYTES, MAX_SAMPLE_BYTES, MOST_SAMPLES, ManualExport, SampleResult,
    contract_document, guard, read_contract_document,
};
pub use coordination::{Answer as StallAnswer, Coordination, Integration, Stall, Stalls, Touched};
pub use cover::{
    CalendarInput, CoverInput, OwnRoleInput, PolicyInput, RotationInput, RungInput, StandInInput,
    Uses,
};
pub use ctx::{Actor, Ctx, PROOF_FRESH_MS};
pub use delegations::DelegationInput;
pub use destinations::{DestinationInput, TEST_TYPE, TestAnswer};
pub use engine::{Engine, Parts};
pub use error::{Error, FieldError, Kind, Result};
pub use flow_drafts::{Begin, MAX_FLOW_BYTES, Rail, Saved};
pub use flow_import::{FLOW_FORMAT, FLOW_SCHEMA, flow_document, read_flow_document};
pub use flow_moves::MovePreview;
pub use flow_needs::{Named, NeededBy};
pub use flow_versions::{Comparison, FlowHistory, Side};
pub use handover::{Handover, Share};
pub use hashing::Hashers;
pub use idempotency::{MAX_KEY_BYTES, Turn};
pub use intake::{Door, IntakeStatus};
pub use invitations::{Host, InvitationInput, Invited, NewInvitation, PlaceInput};
pub use lost_device::Rescue;
pub use members::{Colleague, Holder, Leaving, Reach, Team};
pub use notices::OwnChat;
pub use overriding::{MAX_JUSTIFICATION, OverrideInput, PersonKey};
pub use overview::{MerchantLine, Overview, Standing};
pub use ownership::{Finding, FindingKind, Owned, OwnedKind, OwnedNow, findings, owned};
pub use password_reset::{RESET_MS, Reset, ResetLink, Spent};
pub use publish::CampaignInput;
pub use queue::{Queue, QueueItem, Waiting};
pub use raci::{Raci, raci_fits};
pub use retention::{HoldInput, RETENTION_EVERY_MS, RetentionState, TypedDays};
pub use rules::Rules;
pub use runbooks::Runbook;
pub use runs::{Cancelled, StartInput};
pub use seats::{Holds, Need, Seat};
pub use second_factor::{Enrolment, SecondFactor};
pub use sessions::{Oneself, OpenSession};
pub use setup::{Adopted, FirstSteps, FoundingInput};
pub use sign_in::{Client, Owed, SignIn};
pub use skus::{MOST as MOST_SKUS, SkuInput};
pub use tasks::TaskAct;
pub use tokens::{NewToken, TOKEN_TERMS, TokenInput, TokenTerm};
pub use trail::{TrailFault, TrailProof};
pub use vault::{KeyId, Place, Vault};
pub use watch::{Asked, JobOutcome, JobReport, Noted, Watch, noting_who, refused};
pub use wire::event_type;
pub use witnesses::{CHECKPOINT_TYPE, WitnessInput};
