//! Flows to begin with: an order that becomes a parcel, and a promotion that goes live, each with its
//! contract. The waits are those of a real warehouse; failed deliveries are repeated quickly at first, so
//! that somebody who tries things out sees it happen.
//!
//! A template is taken over by a merchant once, with the people who answer for its roles and the
//! destination it sends to; what is published then is the merchant's own, like any other.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Currency, Money, Time,
    contract::{
        AckRule, ApprovalCondition, ApprovalRule, ApprovalStep, Contract, ExceptionRoute, codes,
    },
    delivery::RetryPolicy,
    event::EventKind,
    flow::{Condition, Flow, Step, StepKind, Trigger, Until},
    owner::{EscalationPolicy, EscalationStep, Owner, Party},
    task::{ExceptionClass, Severity, Unlock},
};
use serde_json::Value;
use uuid::Uuid;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Orders above this amount are looked at by a person: $500.00.
const LOOKED_AT_ABOVE: i64 = 50_000;

/// What the rules of one merchant are made with.
pub struct Making {
    pub merchant_id: Uuid,
    pub founder: Uuid,
    pub now: Time,
    /// Of the contract, the flow and the escalation.
    pub ids: [Uuid; 3],
    /// The key of the destination, and what people call it.
    pub destination: (String, String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    OrderToShip,
    PromotionGoLive,
}

impl Template {
    pub const ALL: [Self; 2] = [Self::OrderToShip, Self::PromotionGoLive];

    /// Also the key of the flow.
    pub fn key(self) -> &'static str {
        match self {
            Self::OrderToShip => "order-to-ship",
            Self::PromotionGoLive => "promotion-go-live",
        }
    }

    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.key() == key)
    }

    pub fn make(self, making: &Making) -> serde_json::Result<(Contract, Flow)> {
        Ok(match self {
            Self::OrderToShip => (fulfillment_request(making)?, order_to_ship(making)),
            Self::PromotionGoLive => (promo_activation(making)?, promotion_go_live(making)),
        })
    }
}

/// The agency's roles that somebody has to answer for, in the order of the alphabet.
pub fn roles(contract: &Contract, flow: &Flow) -> BTreeSet<String> {
    let approvals = contract
        .approval
        .iter()
        .flat_map(|rule| rule.steps.iter())
        .flat_map(|step| [&step.owner, &step.backup]);
    let exceptions = contract.exceptions.values().map(|route| &route.owner);
    let ladder = contract.escalation.steps.iter().map(|step| &step.target);
    let steps = flow
        .steps
        .iter()
        .flat_map(|step| [&step.owner, &step.backup]);
    [&contract.owner, &contract.backup]
        .into_iter()
        .chain(&contract.watchers)
        .chain(approvals)
        .chain(exceptions)
        .chain(ladder)
        .chain(steps)
        .filter_map(|owner| match owner {
            Owner::Role { role, .. } => Some(role.clone()),
            Owner::User(_) | Owner::Rotation(_) | Owner::System(_) => None,
        })
        .collect()
}

fn agency(role: &str) -> Owner {
    Owner::role(Party::Agency, role)
}

fn retry() -> RetryPolicy {
    RetryPolicy {
        schedule_ms: vec![
            SECOND,
            5 * SECOND,
            30 * SECOND,
            2 * MINUTE,
            10 * MINUTE,
            30 * MINUTE,
            2 * HOUR,
        ],
        jitter_percent: 20,
    }
}

fn idempotency() -> Vec<String> {
    ["merchant_id", "export_type", "subject_id", "intent"]
        .map(str::to_owned)
        .to_vec()
}

fn asks(owner: &str, backup: &str) -> ApprovalStep {
    ApprovalStep {
        owner: agency(owner),
        backup: agency(backup),
        accept_ms: 15 * MINUTE,
    }
}

/// One row of an exception map: code, title, role that gets it, severity, what resolving does, steps.
type Row<'a> = (&'a str, &'a str, &'a str, Severity, Unlock, &'a [&'a str]);

fn exceptions(there: &str, rows: &[Row<'_>]) -> BTreeMap<String, ExceptionRoute> {
    let route = |&(code, title, role, severity, unlock, steps): &Row<'_>| {
        let (accept_ms, resolve_ms) = match severity {
            Severity::High => (15 * MINUTE, 2 * HOUR),
            Severity::Normal => (30 * MINUTE, 4 * HOUR),
            Severity::Low => (2 * HOUR, DAY),
        };
        let class = if unlock == Unlock::Nothing {
            ExceptionClass::Hard
        } else {
            ExceptionClass::Soft
        };
        let route = ExceptionRoute {
            title: title.to_owned(),
            owner: agency(role),
            class,
            severity,
            accept_ms,
            resolve_ms,
            remediation_steps: steps
                .iter()
                .map(|step| step.replace("{there}", there))
                .collect(),
            unlock,
        };
        (code.to_owned(), route)
    };
    rows.iter().map(route).collect()
}

fn ladder(id: Uuid, backup: &str, founder: Uuid) -> EscalationPolicy {
    let steps = vec![
        EscalationStep {
            after_ms: 30 * MINUTE,
            target: agency(backup),
            only_within: None,
        },
        EscalationStep {
            after_ms: HOUR,
            target: Owner::User(founder),
            only_within: None,
        },
    ];
    EscalationPolicy {
        id,
        version: 1,
        steps,
        ..EscalationPolicy::default()
    }
}

fn fulfillment_request(making: &Making) -> serde_json::Result<Contract> {
    let schema: Value = serde_json::from_str(include_str!("fulfillment_request.json"))?;
    let looked_at = |when| ApprovalRule {
        when,
        steps: vec![asks("operations", "finance")],
        critical: false,
    };
    let amount = Money::new(LOOKED_AT_ABOVE, Currency::USD);
    Ok(Contract {
        id: making.ids[0],
        merchant_id: making.merchant_id,
        export_type: "fulfillment_request".to_owned(),
        version: "1.0".to_owned(),
        title: "Fulfillment request".to_owned(),
        summary: "Asks the warehouse to pick, pack and ship one order. Orders over $500.00, and those that carry a \
                  flag, are looked at by a person first."
            .to_owned(),
        schema,
        payload: domain::payload::Mapping::default(),
        titled: String::new(),
        intent: "ship_order".to_owned(),
        intended_action: "Pick, pack and ship the lines to the address, then confirm the shipment.".to_owned(),
        owner: agency("logistics"),
        backup: agency("operations"),
        watchers: vec![agency("customer_ops")],
        accept_ms: 15 * MINUTE,
        resolve_ms: 2 * DAY,
        valid_for_ms: 2 * DAY,
        approval: vec![
            looked_at(ApprovalCondition::TotalOver { amount }),
            looked_at(ApprovalCondition::Flagged),
        ],
        retry: retry(),
        ack: AckRule {
            accepted_within_ms: Some(15 * MINUTE),
            completed_within_ms: Some(2 * DAY),
            completion_event: Some(EventKind::ShipmentConfirmed),
        },
        exceptions: fulfillment_exceptions(&making.destination.1),
        escalation: ladder(making.ids[2], "operations", making.founder),
        idempotency: idempotency(),
        destination: making.destination.0.clone(),
        published_at: making.now,
    })
}

fn fulfillment_exceptions(there: &str) -> BTreeMap<String, ExceptionRoute> {
    use Severity::{High, Low, Normal};
    exceptions(
        there,
        &[
            (
                "insufficient_inventory",
                "Out of stock",
                "supply_chain",
                High,
                Unlock::RedeliverExport,
                &[
                    "Compare the count at the warehouse with the storefront's.",
                    "Correct the count, or agree on a date for the goods to arrive.",
                    "Resolve: the same request is sent again, and is executed once.",
                ],
            ),
            (
                "address_invalid",
                "Address not deliverable",
                "customer_ops",
                Normal,
                Unlock::Nothing,
                &[
                    "Ask the customer for the right address.",
                    "Correct it on the order in the storefront; the update arrives here by itself.",
                    "Resolve with what was agreed.",
                ],
            ),
            (
                codes::APPROVAL_TIMEOUT,
                "Nobody decided",
                "operations",
                High,
                Unlock::AskAgain,
                &[
                    "Decide the approval, or find out who can.",
                    "Resolving without a decision asks for it once more.",
                ],
            ),
            (
                codes::DECLINED,
                "Declined, order not sent",
                "customer_ops",
                Normal,
                Unlock::Nothing,
                &[
                    "Read why it was declined.",
                    "Cancel the order in the storefront, or agree with the customer on what happens instead.",
                ],
            ),
            (
                codes::RETRIES_EXHAUSTED,
                "Warehouse not reachable",
                "engineering",
                High,
                Unlock::RedeliverExport,
                &[
                    "Look at the last answers: is their system down, or has our address for it changed?",
                    "Tell {there}, and wait until they are back.",
                    "Resolve: the same request is sent again.",
                ],
            ),
            (
                codes::REFUSED,
                "Warehouse refuses the message",
                "engineering",
                High,
                Unlock::RedeliverExport,
                &[
                    "Read their answer: the secret, the address or the format does not suit them.",
                    "Put it right, then resolve.",
                ],
            ),
            (
                codes::ACK_TIMEOUT,
                "Warehouse did not accept in time",
                "logistics",
                Normal,
                Unlock::RedeliverExport,
                &[
                    "Ask {there} whether they have the request.",
                    "If not, resolve: it is sent again under the same key, so a request they do have is not executed twice.",
                ],
            ),
            (
                codes::COMPLETION_TIMEOUT,
                "Not shipped in time",
                "logistics",
                Normal,
                Unlock::WaitAgain,
                &[
                    "Ask {there} when it leaves.",
                    "Tell the customer the new date.",
                    "Resolve: the wait starts again.",
                ],
            ),
            (
                codes::QA_FAILED,
                "Order cannot be sent as it is",
                "operations",
                Normal,
                Unlock::RecheckExport,
                &[
                    "Read which check failed; it says what was expected.",
                    "Correct the order in the storefront.",
                    "Resolve: the checks run again over the order as it is then.",
                ],
            ),
            (
                codes::CANCELLED_AFTER_DISPATCH,
                "Cancelled after it was sent",
                "logistics",
                High,
                Unlock::Nothing,
                &[
                    "Ask {there} to stop it.",
                    "If it has left, tell customer ops to expect a return.",
                ],
            ),
            (
                codes::CHANGED_AFTER_DISPATCH,
                "Changed after it was sent",
                "logistics",
                High,
                Unlock::Nothing,
                &[
                    "Compare what was sent with what is asked now.",
                    "Agree with {there} on what they can still change.",
                ],
            ),
            (
                codes::VALIDITY_EXPIRED,
                "Too old to be sent",
                "operations",
                Normal,
                Unlock::Nothing,
                &[
                    "Check with the customer whether the order still stands.",
                    "Cancel it, or have it placed anew.",
                ],
            ),
            (
                "*",
                "Warehouse reports a problem",
                "logistics",
                Low,
                Unlock::RedeliverExport,
                &[
                    "Read what the warehouse says.",
                    "Clear it up with {there}.",
                    "Resolve: the same request is sent again.",
                ],
            ),
        ],
    )
}

fn promo_activation(making: &Making) -> serde_json::Result<Contract> {
    let schema: Value = serde_json::from_str(include_str!("promo_activation.json"))?;
    Ok(Contract {
        id: making.ids[0],
        merchant_id: making.merchant_id,
        export_type: "promo_activation".to_owned(),
        version: "3.1".to_owned(),
        title: "Promotion activation".to_owned(),
        summary: "Puts the prices and the landing page of a campaign live, after marketing ops and operations have \
                  both said yes."
            .to_owned(),
        schema,
        payload: domain::payload::Mapping::default(),
        titled: String::new(),
        intent: "publish_live".to_owned(),
        intended_action: "Change the prices of the SKUs and open the landing page for the campaign's time.".to_owned(),
        owner: agency("marketing_ops"),
        backup: agency("operations"),
        watchers: vec![agency("merchandising"), agency("supply_chain")],
        accept_ms: 15 * MINUTE,
        resolve_ms: DAY,
        valid_for_ms: 7 * DAY,
        approval: vec![ApprovalRule {
            when: ApprovalCondition::Always,
            steps: vec![asks("marketing_ops", "revenue_ops"), asks("operations", "finance")],
            critical: true,
        }],
        retry: retry(),
        ack: AckRule {
            accepted_within_ms: Some(15 * MINUTE),
            completed_within_ms: Some(4 * HOUR),
            completion_event: None,
        },
        exceptions: promo_exceptions(&making.destination.1),
        escalation: ladder(making.ids[2], "operations", making.founder),
        idempotency: idempotency(),
        destination: making.destination.0.clone(),
        published_at: making.now,
    })
}

fn promo_exceptions(there: &str) -> BTreeMap<String, ExceptionRoute> {
    use Severity::{High, Low, Normal};
    exceptions(
        there,
        &[
            (
                "insufficient_inventory",
                "Not enough stock for the promotion",
                "supply_chain",
                High,
                Unlock::RedeliverExport,
                &[
                    "Compare what the promotion needs with what is there and on its way.",
                    "Add stock, or take the SKU out of the campaign with a new brief.",
                    "Resolve: the same activation is sent again.",
                ],
            ),
            (
                codes::APPROVAL_TIMEOUT,
                "Nobody decided about the promotion",
                "marketing_ops",
                High,
                Unlock::AskAgain,
                &[
                    "Decide, or find out who can before the campaign starts.",
                    "Resolving without a decision asks once more.",
                ],
            ),
            (
                codes::DECLINED,
                "Promotion declined",
                "merchandising",
                Normal,
                Unlock::Nothing,
                &[
                    "Read why it was declined.",
                    "Change the brief and start it again, or let it go.",
                ],
            ),
            (
                codes::QA_FAILED,
                "Brief does not pass its checks",
                "merchandising",
                Normal,
                Unlock::RecheckExport,
                &[
                    "Read which check failed; it says what was expected.",
                    "Put it right, then resolve: the checks run again.",
                ],
            ),
            (
                codes::COMPLETION_TIMEOUT,
                "Promotion not live in time",
                "marketing_ops",
                High,
                Unlock::WaitAgain,
                &[
                    "Look at the storefront: are the prices changed?",
                    "Resolve: the wait starts again.",
                ],
            ),
            (
                codes::VALIDITY_EXPIRED,
                "Promotion too old to be sent",
                "merchandising",
                Low,
                Unlock::Nothing,
                &["Decide with the merchant whether it is still wanted, and write a new brief."],
            ),
            (
                "*",
                "Storefront reports a problem",
                "engineering",
                Normal,
                Unlock::RedeliverExport,
                &[
                    "Read what the storefront says.",
                    "Put it right there, or in the connection.",
                    "Resolve: the same activation is sent again.",
                ],
            ),
        ],
    )
}

fn order_to_ship(making: &Making) -> Flow {
    let request = StepKind::EmitExport {
        export_type: "fulfillment_request".to_owned(),
        until: Until::Acknowledged,
    };
    let shipment = StepKind::WaitForEvent {
        event: EventKind::ShipmentConfirmed,
    };
    let mut wait = Step::new(
        "shipped",
        "Shipment confirmed",
        (agency("logistics"), agency("customer_ops")),
        shipment,
    );
    wait.clock.resolve_ms = 2 * DAY;
    Flow {
        summary: "From a paid order to a parcel that has left.".to_owned(),
        trigger: Trigger::Order {
            event: EventKind::OrderAccepted,
            when: Condition::Always,
        },
        steps: vec![
            Step::new(
                "hand_to_3pl",
                "Hand to 3PL",
                (agency("logistics"), agency("operations")),
                request,
            ),
            wait,
        ],
        outcome: "shipped".to_owned(),
        published_at: making.now,
        ..Flow::named(
            making.ids[1],
            making.merchant_id,
            "order-to-ship",
            "Order to ship",
        )
    }
    .in_a_row()
}

fn promotion_go_live(making: &Making) -> Flow {
    Flow {
        summary: "From a brief that is ready to prices that are live, past two approvals."
            .to_owned(),
        trigger: Trigger::Campaign,
        steps: vec![Step::new(
            "go_live",
            "Go live",
            (agency("marketing_ops"), agency("operations")),
            StepKind::EmitExport {
                export_type: "promo_activation".to_owned(),
                until: Until::Completed,
            },
        )],
        outcome: "live".to_owned(),
        published_at: making.now,
        ..Flow::named(
            making.ids[1],
            making.merchant_id,
            "promotion-go-live",
            "Promotion go-live",
        )
    }
    .in_a_row()
}
