//! Contracts: what an export must look like, who answers for it, and where refusals go.

use std::collections::BTreeMap;

use domain::contract::{
    ApprovalCondition, ApprovalRule, Contract, DestinationRoute, ExceptionRoute, RouteCondition,
    Standing,
};
use domain::gate::Gate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    contract_draft::StandingView,
    export::schema_url,
    task::{RungView, rungs},
    words::{Amount, At, EventKind, ExceptionClass, Severity, Unlock},
};

/// A published version of a contract.
#[derive(Serialize, ToSchema)]
#[schema(as = Contract)]
pub struct ContractView {
    /// Of this version.
    id: Uuid,
    #[schema(example = "promo_activation")]
    export_type: String,
    #[schema(example = "1.0")]
    version: String,
    title: String,
    summary: String,
    intent: String,
    intended_action: String,
    owner: String,
    backup: String,
    watchers: Vec<String>,
    accept_ms: i64,
    resolve_ms: i64,
    valid_for_ms: i64,
    /// Business rules that must hold before it may leave.
    #[schema(value_type = Vec<Object>)]
    gates: Vec<Gate>,
    /// How many milliseconds a field may be old when it leaves.
    refresh: BTreeMap<String, i64>,
    /// The first rule whose condition holds decides; none: no approval.
    approval: Vec<RuleView>,
    /// The wait after the first failed attempt, after the second...
    retry_schedule_ms: Vec<i64>,
    retry_jitter_percent: u8,
    /// From delivery to "accepted"; null: no acknowledgement is expected.
    accepted_within_ms: Option<i64>,
    /// From acceptance to "completed"; null: acceptance is the end.
    completed_within_ms: Option<i64>,
    /// The event that a completion stands for.
    completion_event: Option<EventKind>,
    /// By code; `*` catches what has no route of its own.
    exceptions: BTreeMap<String, RouteView>,
    escalation: Vec<RungView>,
    /// The fields whose values make the idempotency key.
    idempotency: Vec<String>,
    /// Key of the destination, where no route says another.
    destination: String,
    /// Where else it goes: the first whose condition holds of the payload decides.
    routes: Vec<DestinationRouteView>,
    published_at: At,
    /// Where the JSON Schema of the payload is.
    #[schema(format = "uri-reference")]
    schema_url: String,
    /// Until when this export type works, and what takes its place; null while it is simply in force.
    deprecated: Option<StandingView>,
}

/// A contract with its other versions.
#[derive(Serialize, ToSchema)]
#[schema(as = ContractDetail)]
pub struct ContractDetail {
    #[serde(flatten)]
    contract: ContractView,
    /// Every published version of this export type, this one included.
    versions: Vec<VersionView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ContractVersion)]
pub struct VersionView {
    id: Uuid,
    version: String,
    published_at: At,
    #[schema(format = "uri-reference")]
    schema_url: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ApprovalRule)]
pub struct RuleView {
    when: ConditionView,
    /// Asked in this order.
    steps: Vec<ApproverView>,
    /// Whoever approves has to have proved a moment before that it is them (`step-up-required` otherwise).
    critical: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ApprovalCondition)]
#[serde(tag = "if", rename_all = "snake_case")]
pub enum ConditionView {
    Always,
    /// A total in another currency counts as above.
    TotalOver {
        amount: Amount,
    },
    /// Sold for less than otherwise by more than so many percent.
    DiscountOver {
        percent: i64,
    },
    /// A SKU that no export of this type was let go with before.
    NewSku,
    Flagged,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ApprovalStep)]
pub struct ApproverView {
    owner: String,
    /// Who is asked beside the owner; then each of them counts once.
    others: Vec<String>,
    /// How many people have to approve.
    needs: i64,
    backup: String,
    accept_ms: i64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DestinationRoute)]
pub struct DestinationRouteView {
    when: RouteConditionView,
    /// Key of the destination.
    destination: String,
}

/// `at` is a JSON Pointer into the payload, `*` for any of a list.
#[derive(Serialize, ToSchema)]
#[schema(as = RouteCondition)]
#[serde(tag = "if", rename_all = "snake_case")]
pub enum RouteConditionView {
    IsOneOf {
        #[schema(example = "/ship_to/country_code")]
        at: String,
        values: Vec<String>,
    },
    StartsWith {
        at: String,
        values: Vec<String>,
    },
    /// Above it, in the same currency.
    AmountOver {
        at: String,
        amount: Amount,
    },
}

#[derive(Serialize, ToSchema)]
#[schema(as = ExceptionRoute)]
pub struct RouteView {
    title: String,
    owner: String,
    class: ExceptionClass,
    severity: Severity,
    accept_ms: i64,
    resolve_ms: i64,
    remediation_steps: Vec<String>,
    unlock: Unlock,
}

impl ContractDetail {
    pub fn of(contract: &Contract, versions: &[Contract], standings: &[Standing]) -> Self {
        Self {
            contract: ContractView::of(contract, standings),
            versions: versions.iter().map(Into::into).collect(),
        }
    }
}

impl ContractView {
    pub fn of(contract: &Contract, standings: &[Standing]) -> Self {
        Self {
            deprecated: standings
                .iter()
                .find(|one| one.export_type == contract.export_type)
                .map(Into::into),
            id: contract.id,
            export_type: contract.export_type.clone(),
            version: contract.version.clone(),
            title: contract.title.clone(),
            summary: contract.summary.clone(),
            intent: contract.intent.clone(),
            intended_action: contract.intended_action.clone(),
            owner: contract.owner.to_string(),
            backup: contract.backup.to_string(),
            watchers: contract.watchers.iter().map(ToString::to_string).collect(),
            accept_ms: contract.accept_ms,
            resolve_ms: contract.resolve_ms,
            valid_for_ms: contract.valid_for_ms,
            gates: contract.gates.clone(),
            refresh: contract.refresh.clone(),
            approval: contract.approval.iter().map(Into::into).collect(),
            retry_schedule_ms: contract.retry.schedule_ms.clone(),
            retry_jitter_percent: contract.retry.jitter_percent,
            accepted_within_ms: contract.ack.accepted_within_ms,
            completed_within_ms: contract.ack.completed_within_ms,
            completion_event: contract.ack.completion_event.map(Into::into),
            exceptions: contract
                .exceptions
                .iter()
                .map(|(code, route)| (code.clone(), route.into()))
                .collect(),
            escalation: rungs(&contract.escalation),
            idempotency: contract.idempotency.clone(),
            destination: contract.destination.clone(),
            routes: contract.routes.iter().map(Into::into).collect(),
            published_at: contract.published_at.into(),
            schema_url: schema_url(contract),
        }
    }
}

impl From<&Contract> for VersionView {
    fn from(contract: &Contract) -> Self {
        Self {
            id: contract.id,
            version: contract.version.clone(),
            published_at: contract.published_at.into(),
            schema_url: schema_url(contract),
        }
    }
}

impl From<&ApprovalRule> for RuleView {
    fn from(rule: &ApprovalRule) -> Self {
        Self {
            critical: rule.critical,
            when: match &rule.when {
                ApprovalCondition::Always => ConditionView::Always,
                ApprovalCondition::TotalOver { amount } => ConditionView::TotalOver {
                    amount: (*amount).into(),
                },
                ApprovalCondition::DiscountOver { percent } => {
                    ConditionView::DiscountOver { percent: *percent }
                }
                ApprovalCondition::NewSku => ConditionView::NewSku,
                ApprovalCondition::Flagged => ConditionView::Flagged,
            },
            steps: rule
                .steps
                .iter()
                .map(|step| ApproverView {
                    owner: step.owner.to_string(),
                    others: step.others.iter().map(ToString::to_string).collect(),
                    needs: step.needs,
                    backup: step.backup.to_string(),
                    accept_ms: step.accept_ms,
                })
                .collect(),
        }
    }
}

impl From<&DestinationRoute> for DestinationRouteView {
    fn from(route: &DestinationRoute) -> Self {
        let (at, destination) = (route.when.at().to_owned(), route.destination.clone());
        let when = match &route.when {
            RouteCondition::IsOneOf { values, .. } => RouteConditionView::IsOneOf {
                at,
                values: values.clone(),
            },
            RouteCondition::StartsWith { values, .. } => RouteConditionView::StartsWith {
                at,
                values: values.clone(),
            },
            RouteCondition::AmountOver { amount, .. } => RouteConditionView::AmountOver {
                at,
                amount: (*amount).into(),
            },
        };
        Self { when, destination }
    }
}

impl From<&ExceptionRoute> for RouteView {
    fn from(route: &ExceptionRoute) -> Self {
        Self {
            title: route.title.clone(),
            owner: route.owner.to_string(),
            class: route.class.into(),
            severity: route.severity.into(),
            accept_ms: route.accept_ms,
            resolve_ms: route.resolve_ms,
            remediation_steps: route.remediation_steps.clone(),
            unlock: route.unlock.into(),
        }
    }
}
