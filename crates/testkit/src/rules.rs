//! Rules to test under: the two flows and their contracts, small.

use std::collections::BTreeMap;

use domain::{
    Currency, Money, Time,
    chat::Channels,
    contract::{AckRule, ApprovalCondition, ApprovalRule, ApprovalStep, Contract, ExceptionRoute},
    delivery::RetryPolicy,
    event::EventKind,
    flow::{
        Checkpoint, Condition, Failure, Flow, Op, Path, Step, StepKind, Test, Trigger, Until,
        readiness::checked_by,
    },
    owner::{EscalationPolicy, EscalationStep, Owner, Party},
    task::{ExceptionClass, Severity, Unlock},
};
use serde_json::json;
use uuid::Uuid;

pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;

fn agency(role: &str) -> Owner {
    Owner::role(Party::Agency, role)
}

fn route(title: &str, owner: &str, unlock: Unlock) -> ExceptionRoute {
    ExceptionRoute {
        title: title.to_owned(),
        owner: agency(owner),
        class: ExceptionClass::Hard,
        severity: Severity::Normal,
        accept_ms: 30 * MINUTE,
        resolve_ms: 4 * HOUR,
        remediation_steps: vec!["Look at the evidence.".to_owned()],
        unlock,
    }
}

fn exceptions() -> BTreeMap<String, ExceptionRoute> {
    [
        (
            "insufficient_inventory",
            route("Out of stock", "supply_chain", Unlock::RedeliverExport),
        ),
        (
            "approval_timeout",
            route("Nobody decided", "operations", Unlock::AskAgain),
        ),
        ("declined", route("Declined", "operations", Unlock::Nothing)),
        (
            "qa_failed",
            route("Checks failed", "operations", Unlock::RecheckExport),
        ),
        (
            "completion_timeout",
            route("Not done in time", "logistics", Unlock::WaitAgain),
        ),
        (
            "*",
            route("It went wrong", "logistics", Unlock::RedeliverExport),
        ),
    ]
    .into_iter()
    .map(|(code, route)| (code.to_owned(), route))
    .collect()
}

fn contract(id: u128, merchant: Uuid, export_type: &str) -> Contract {
    Contract {
        id: Uuid::from_u128(id),
        merchant_id: merchant,
        export_type: export_type.to_owned(),
        version: "1.0".to_owned(),
        title: export_type.replace('_', " "),
        summary: String::new(),
        schema: json!({ "type": "object" }),
        payload: domain::payload::Mapping::default(),
        titled: String::new(),
        intent: "do_it".to_owned(),
        intended_action: "Do it.".to_owned(),
        owner: agency("logistics"),
        backup: agency("operations"),
        watchers: Vec::new(),
        accept_ms: 15 * MINUTE,
        resolve_ms: 24 * HOUR,
        valid_for_ms: 24 * HOUR,
        gates: Vec::new(),
        refresh: BTreeMap::new(),
        approval: Vec::new(),
        retry: RetryPolicy {
            schedule_ms: vec![1_000, 5_000, 30_000],
            jitter_percent: 0,
        },
        ack: AckRule {
            accepted_within_ms: Some(15 * MINUTE),
            completed_within_ms: Some(48 * HOUR),
            completion_event: None,
        },
        exceptions: exceptions(),
        escalation: EscalationPolicy {
            id: Uuid::from_u128(77),
            version: 1,
            steps: vec![
                EscalationStep {
                    after_ms: 30 * MINUTE,
                    target: agency("operations"),
                    only_within: None,
                },
                EscalationStep {
                    after_ms: HOUR,
                    target: agency("finance"),
                    only_within: None,
                },
            ],
            ..EscalationPolicy::default()
        },
        idempotency: ["merchant_id", "export_type", "intent", "subject_id"]
            .map(str::to_owned)
            .to_vec(),
        destination: "harbor-3pl".to_owned(),
        routes: Vec::new(),
        samples: Vec::new(),
        triggers: Vec::new(),
        publishing: domain::contract::Publishing::default(),
        channels: Channels::default(),
        published_at: Time::from_ms(1),
    }
}

fn asks(owner: &str, backup: &str) -> ApprovalStep {
    ApprovalStep::of(agency(owner), agency(backup), 15 * MINUTE)
}

/// Over $500.00 or flagged: operations approves.
pub fn fulfillment_contract(merchant: Uuid) -> Contract {
    let over = Money::new(50_000, Currency::USD);
    let steps = || vec![asks("operations", "finance")];
    Contract {
        schema: json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "required": ["order_ref", "ship_to", "lines"],
            "properties": {
                "ship_to": { "type": "object" },
                "lines": { "type": "array", "minItems": 1 },
            },
        }),
        approval: vec![
            ApprovalRule {
                when: ApprovalCondition::TotalOver { amount: over },
                steps: steps(),
                critical: false,
            },
            ApprovalRule {
                when: ApprovalCondition::Flagged,
                steps: steps(),
                critical: false,
            },
        ],
        ack: AckRule {
            accepted_within_ms: Some(15 * MINUTE),
            completed_within_ms: Some(48 * HOUR),
            completion_event: Some(EventKind::ShipmentConfirmed),
        },
        ..contract(101, merchant, "fulfillment_request")
    }
}

/// Marketing ops, then operations; critical.
pub fn promo_contract(merchant: Uuid) -> Contract {
    Contract {
        approval: vec![ApprovalRule {
            when: ApprovalCondition::Always,
            steps: vec![
                asks("marketing_ops", "operations"),
                asks("operations", "finance"),
            ],
            critical: true,
        }],
        ..contract(102, merchant, "promo_activation")
    }
}

fn step(key: &str, kind: StepKind) -> Step {
    let owners = (agency("logistics"), agency("operations"));
    Step::new(key, &key.replace('_', " "), owners, kind)
}

/// The same flow with everything that publishing asks for and a test may not care about: clocks, paths for
/// every failure, a checkpoint, names in reports, systems.
pub fn complete(mut flow: Flow) -> Flow {
    for step in &mut flow.steps {
        let clock = &mut step.clock;
        if clock.resolve_ms == 0 {
            clock.resolve_ms = 24 * HOUR;
        }
        if clock.accept_ms == 0 {
            clock.accept_ms = clock.resolve_ms;
        }
        if step.report_as.is_empty() {
            step.report_as.clone_from(&step.key);
        }
        if step.source_system.is_empty() {
            step.source_system = "shopify".to_owned();
        }
        if step.destination_system.is_empty() {
            step.destination_system = "3pl".to_owned();
        }
        if checked_by(&step.kind).is_none() && step.checkpoint.is_none() {
            step.checkpoint = Some(Checkpoint {
                what: "The order still stands".to_owned(),
                when: Condition::Test(Test {
                    fact: "order.cancelled".to_owned(),
                    op: Op::Equals,
                    value: json!(false),
                }),
            });
        }
        for way in step.ways_to_fail() {
            if step.failure(way).is_none() {
                step.failures.push(Failure {
                    on: way.to_owned(),
                    retries: 0,
                    retry_after_ms: 0,
                    path: Path::Task {
                        owner: None,
                        severity: Severity::Normal,
                        remediation: Vec::new(),
                    },
                });
            }
        }
    }
    flow
}

fn emit(export_type: &str, until: Until) -> StepKind {
    StepKind::EmitExport {
        export_type: export_type.to_owned(),
        until,
    }
}

pub fn order_flow(merchant: Uuid) -> Flow {
    let mut wait = step(
        "await_shipment",
        StepKind::WaitForEvent {
            event: EventKind::ShipmentConfirmed,
        },
    );
    wait.clock.resolve_ms = 48 * HOUR;
    complete(
        Flow {
            trigger: Trigger::Order {
                event: EventKind::OrderAccepted,
                when: Condition::Always,
            },
            steps: vec![
                step(
                    "request_fulfillment",
                    emit("fulfillment_request", Until::Acknowledged),
                ),
                wait,
            ],
            outcome: "shipped".to_owned(),
            published_at: Time::from_ms(1),
            ..Flow::named(
                Uuid::from_u128(201),
                merchant,
                "order-to-ship",
                "Order to ship",
            )
        }
        .in_a_row(),
    )
}

pub fn promo_flow(merchant: Uuid) -> Flow {
    complete(
        Flow {
            id: Uuid::from_u128(202),
            key: "promotion-go-live".to_owned(),
            name: "Promotion go-live".to_owned(),
            trigger: Trigger::Campaign,
            steps: vec![step("activate", emit("promo_activation", Until::Completed))],
            outcome: "live".to_owned(),
            ..order_flow(merchant)
        }
        .in_a_row(),
    )
}
