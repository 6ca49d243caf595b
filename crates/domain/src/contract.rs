//! A contract: the versioned definition of one export type.
//!
//! It says what the payload must look like, who owns and may approve it, how long each side may
//! take, how it is retried, what identifies it, and to whom each refusal goes. A published version
//! never changes; exports carry the version they were made under.
//!
//! It has one destination, or several: the first route that holds says where each export goes.
//!
//! Its life: drawn on a [`Sheet`], asked about where two people publish, published as a [`Version`],
//! deprecated and retired as a whole ([`Standing`]). Whether another version would surprise whoever reads
//! what is sent is told by [`compat`].

pub mod compat;
mod destined;
mod errand;
mod sheet;
mod standing;
mod trigger;
mod version;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    chat::Channels,
    delivery::RetryPolicy,
    event::EventKind,
    gate::Gate,
    owner::{EscalationPolicy, Owner},
    payload::Mapping,
    task::{ExceptionClass, Severity, Unlock},
    time::Time,
};

pub use self::{
    destined::{DestinationRoute, Destined, MOST_ROUTES, RouteCondition},
    errand::ERRAND,
    sheet::{Sheet, content_hash},
    standing::{Standing, StandingState},
    trigger::{ContractTrigger, TRIGGER_FACTS},
    version::Version,
};
pub use crate::approval::rule::{ApprovalCondition, ApprovalRule, ApprovalStep, Looked, Needed};

/// Where one exception code goes and what its task says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionRoute {
    pub title: String,
    pub owner: Owner,
    pub class: ExceptionClass,
    pub severity: Severity,
    pub accept_ms: i64,
    pub resolve_ms: i64,
    pub remediation_steps: Vec<String>,
    pub unlock: Unlock,
}

/// How long the destination may take, and what its completion means for the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AckRule {
    /// From delivery to "accepted". `None`: no acknowledgement is expected, delivered is enough.
    pub accepted_within_ms: Option<i64>,
    /// From acceptance to "completed". `None`: acceptance is the end.
    pub completed_within_ms: Option<i64>,
    /// The event that a completion stands for, e.g. `shipment.confirmed`.
    pub completion_event: Option<EventKind>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub export_type: String,
    /// `major.minor`.
    pub version: String,
    pub title: String,
    pub summary: String,
    /// JSON Schema 2020-12 of `data.payload`.
    pub schema: Value,
    /// Where each field of the payload comes from.
    #[serde(default)]
    pub payload: Mapping,
    /// What an export is called, `{subject}` being what it is about: `Ship {subject}`. Empty: the contract's
    /// title and the subject.
    #[serde(default)]
    pub titled: String,
    pub intent: String,
    pub intended_action: String,
    pub owner: Owner,
    pub backup: Owner,
    pub watchers: Vec<Owner>,
    /// From creation to taken, and to done.
    pub accept_ms: i64,
    pub resolve_ms: i64,
    /// How long the content stays true; past it, it is not sent.
    pub valid_for_ms: i64,
    /// Business rules that must hold before it may leave.
    #[serde(default)]
    pub gates: Vec<Gate>,
    /// How old a field may be when it leaves, in milliseconds; see [`crate::gate::ages`].
    #[serde(default)]
    pub refresh: BTreeMap<String, i64>,
    /// First rule whose condition holds decides; none: no approval.
    pub approval: Vec<ApprovalRule>,
    pub retry: RetryPolicy,
    pub ack: AckRule,
    /// Code → route. `*` catches what has no route of its own.
    pub exceptions: BTreeMap<String, ExceptionRoute>,
    pub escalation: EscalationPolicy,
    /// `data` fields whose values make up the idempotency key.
    pub idempotency: Vec<String>,
    /// Key of the destination it goes to, where no route says another.
    pub destination: String,
    /// Where else it goes: the first whose condition holds of the payload decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<DestinationRoute>,
    /// Payloads that are part of the promise: what must be taken, and what must not.
    #[serde(default)]
    pub samples: Vec<Sample>,
    /// What makes such an export beside the steps of flows.
    #[serde(default)]
    pub triggers: Vec<ContractTrigger>,
    #[serde(default)]
    pub publishing: Publishing,
    /// Where people may be asked to approve, besides the page.
    #[serde(default)]
    pub channels: Channels,
    pub published_at: Time,
}

/// A payload by name, and what the schema must say of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    pub name: String,
    pub must: Must,
    pub payload: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Must {
    Pass,
    Fail,
}

/// In whose name a version was published, and why there is this version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publishing {
    #[serde(default)]
    pub by: Option<Uuid>,
    /// The second person, where one is asked for.
    #[serde(default)]
    pub agreed_by: Option<Uuid>,
    #[serde(default)]
    pub note: String,
}

/// Codes the engine itself raises; a contract must route each (directly or by `*`).
pub mod codes {
    pub const APPROVAL_TIMEOUT: &str = "approval_timeout";
    pub const DECLINED: &str = "declined";
    pub const RETRIES_EXHAUSTED: &str = "retries_exhausted";
    pub const REFUSED: &str = "refused_by_destination";
    pub const DESTINATION_GONE: &str = "destination_gone";
    pub const ACK_TIMEOUT: &str = "ack_timeout";
    pub const COMPLETION_TIMEOUT: &str = "completion_timeout";
    pub const QA_FAILED: &str = "qa_failed";
    pub const VALIDITY_EXPIRED: &str = "validity_expired";
    pub const CANCELLED_AFTER_DISPATCH: &str = "cancelled_after_dispatch";
    pub const CHANGED_AFTER_DISPATCH: &str = "changed_after_dispatch";
    pub const EVENT_NOT_SEEN: &str = "event_not_seen";
    /// The export's own clocks: not accepted by `accept_by`, or not done by `resolve_by`.
    pub const SLA_MISSED: &str = "sla_missed";
    /// The destination's URL leads where nothing may be sent; it was not called.
    pub const FORBIDDEN_ADDRESS: &str = "forbidden_address";

    pub const ALL: [&str; 14] = [
        APPROVAL_TIMEOUT,
        DECLINED,
        RETRIES_EXHAUSTED,
        REFUSED,
        DESTINATION_GONE,
        ACK_TIMEOUT,
        COMPLETION_TIMEOUT,
        QA_FAILED,
        VALIDITY_EXPIRED,
        CANCELLED_AFTER_DISPATCH,
        CHANGED_AFTER_DISPATCH,
        EVENT_NOT_SEEN,
        SLA_MISSED,
        FORBIDDEN_ADDRESS,
    ];
}

impl Contract {
    pub fn route(&self, code: &str) -> Option<&ExceptionRoute> {
        self.exceptions
            .get(code)
            .or_else(|| self.exceptions.get("*"))
    }

    /// The approval steps that a subject needs, and why. Empty: none.
    pub fn approval_for(&self, looked: &Looked<'_>) -> Needed {
        crate::approval::rule::needed(&self.approval, looked)
    }
}
