//! Nouns made by hand: plausible, complete, and different only in what a test names.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use domain::{
    Currency, Money, Time,
    access::Access,
    approval::{Approval, ApprovalState},
    connection::Source,
    contract::{AckRule, Contract, DestinationRoute, RouteCondition},
    delivery::RetryPolicy,
    event::EventKind,
    export::{AckRecord, Attempt, Export, ExportState, QaResult, QaStatus},
    flow::{Condition, Flow, Run, Step, StepKind, Trigger, Until},
    invitation::{House, Invitation, InvitationState},
    order::{Customer, FactBody, ItemFact, Order, OrderFact, OrderSnapshot, PaymentStatus, Totals},
    owner::{EscalationPolicy, EscalationStep, Owner, Party},
    receipt::{Fault, Receipt, ReceiptStatus},
    task::{Evidence, ExceptionClass, Severity, Task, TaskState, Unlock},
};
use engine::{
    job::{Job, JobKind},
    port::{AuditNote, NewReceipt, OrderRow},
};
use serde_json::json;
use uuid::Uuid;

/// The next id: they grow, as version 7 does, and are the same in every run.
pub fn id() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(n))
}

pub const fn at(ms: i64) -> Time {
    Time::from_ms(1_790_000_000_000 + ms)
}

fn role(name: &str) -> Owner {
    Owner::role(Party::Agency, name)
}

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

fn escalation() -> EscalationPolicy {
    EscalationPolicy {
        id: id(),
        version: 1,
        steps: vec![EscalationStep {
            after_ms: 60_000,
            target: role("operations"),
            only_within: None,
        }],
        ..EscalationPolicy::default()
    }
}

pub fn source(merchant_id: Uuid) -> Source {
    let id = id();
    Source {
        id,
        merchant_id,
        system: "shopify".to_owned(),
        name: "Shop".to_owned(),
        path: format!("path-{id}"),
        sealed_secret: vec![1, 2, 3],
        sealed_previous: Some(vec![4]),
        previous_until: Some(at(5)),
        max_body_bytes: 1024,
        owner: role("engineering"),
        backup: role("operations"),
        disabled_at: None,
        created_at: at(0),
        rev: 0,
    }
}

pub fn invitation(merchant_id: Uuid, email: &str) -> Invitation {
    Invitation {
        id: id(),
        merchant_id,
        house: House::Merchant,
        email: email.to_owned(),
        name: Some("Ben".to_owned()),
        access: Access::Operator,
        party: Party::ThreePl,
        functional_roles: vec!["logistics".to_owned()],
        invited_by: Some(id()),
        created_at: at(1),
        expires_at: at(99),
        state: InvitationState::Open,
        rev: 0,
    }
}

pub fn receipt(merchant_id: Uuid, source_id: Uuid, dedup_key: &str) -> NewReceipt {
    let id = id();
    NewReceipt {
        receipt: Receipt {
            id,
            merchant_id,
            source_id,
            topic: "orders/create".to_owned(),
            dedup_key: dedup_key.to_owned(),
            received_at: at(10),
            triggered_at: Some(at(9)),
            headers: vec![("x-topic".to_owned(), "orders/create".to_owned())],
            body_bytes: 4,
            body_sha256: "ab".repeat(32),
            status: ReceiptStatus::Accepted,
            faults: vec![],
            order_ref: None,
            order_id: None,
            repeats: 0,
            trace_id: "t".repeat(32),
        },
        body: vec![0, 1, 2, 255].into(),
    }
}

pub fn quarantined(mut new: NewReceipt) -> NewReceipt {
    new.receipt.status = ReceiptStatus::Quarantined;
    new.receipt.faults = vec![Fault {
        path: "/id".to_owned(),
        sentence: "is missing".to_owned(),
    }];
    new
}

pub fn fact(receipt_id: Uuid, order_ref: &str) -> OrderFact {
    let total = usd(12_000);
    OrderFact {
        receipt_id,
        topic: "orders/create".to_owned(),
        occurred_at: at(9),
        order_ref: order_ref.to_owned(),
        body: FactBody::Snapshot(Box::new(OrderSnapshot {
            name: format!("#{order_ref}"),
            placed_at: Some(at(0)),
            currency: Currency::USD,
            totals: Totals {
                subtotal: total,
                shipping: usd(0),
                tax: usd(0),
                discounts: usd(0),
                total,
                outstanding: usd(0),
                current_total: total,
            },
            items: vec![ItemFact {
                line_id: "1".to_owned(),
                sku: Some("KIT-01".to_owned()),
                title: "Winter kit".to_owned(),
                variant: None,
                quantity: 2,
                current_quantity: None,
                fulfilled: false,
                unit_price: usd(6_000),
                requires_shipping: true,
            }],
            payment: PaymentStatus::Paid,
            gateways: vec![],
            shipments: vec![],
            refunds: vec![],
            customer: Customer {
                name: Some("Ada Lovelace".to_owned()),
                email: Some("ada@example.com".to_owned()),
            },
            shipping_address: None,
            note: None,
            tags: vec![],
            test: false,
            cancelled: None,
        })),
    }
}

pub fn order(merchant_id: Uuid, source_id: Uuid, order_ref: &str) -> OrderRow {
    OrderRow {
        id: id(),
        merchant_id,
        source_id,
        trace_id: "t".repeat(32),
        created_at: at(10),
        updated_at: at(10),
        rev: 0,
        order: Order::project(&[fact(id(), order_ref)]).unwrap(),
    }
}

pub fn contract(merchant_id: Uuid, export_type: &str, version: &str) -> Contract {
    Contract {
        id: id(),
        merchant_id,
        export_type: export_type.to_owned(),
        version: version.to_owned(),
        title: "Fulfillment".to_owned(),
        summary: "What the warehouse is asked to do".to_owned(),
        schema: json!({ "type": "object" }),
        payload: domain::payload::Mapping::default(),
        titled: String::new(),
        intent: "ship".to_owned(),
        intended_action: "Ship the order".to_owned(),
        owner: role("logistics"),
        backup: role("operations"),
        watchers: vec![],
        accept_ms: 1,
        resolve_ms: 2,
        valid_for_ms: 3,
        gates: Vec::new(),
        refresh: BTreeMap::new(),
        approval: vec![],
        retry: RetryPolicy::default(),
        ack: AckRule {
            accepted_within_ms: Some(1),
            completed_within_ms: None,
            completion_event: Some(EventKind::ShipmentConfirmed),
        },
        exceptions: BTreeMap::new(),
        escalation: escalation(),
        idempotency: vec!["order_id".to_owned()],
        destination: "harbor-3pl".to_owned(),
        routes: vec![DestinationRoute {
            when: RouteCondition::IsOneOf {
                at: "/country".to_owned(),
                values: vec!["DE".to_owned()],
            },
            destination: "nordlager".to_owned(),
        }],
        samples: Vec::new(),
        triggers: Vec::new(),
        publishing: domain::contract::Publishing::default(),
        channels: domain::chat::Channels::default(),
        published_at: at(0),
    }
}

pub fn flow(merchant_id: Uuid, key: &str, version: i64) -> Flow {
    let emit = StepKind::EmitExport {
        export_type: "fulfillment".to_owned(),
        until: Until::Completed,
    };
    let owners = (role("logistics"), role("operations"));
    Flow {
        version,
        summary: "From the order to the parcel".to_owned(),
        trigger: Trigger::Order {
            event: EventKind::OrderAccepted,
            when: Condition::Always,
        },
        steps: vec![Step::new("release", "Release", owners, emit)],
        outcome: "shipped".to_owned(),
        published_at: at(0),
        ..Flow::named(id(), merchant_id, key, "Order to ship")
    }
    .in_a_row()
}

pub fn run(merchant_id: Uuid, flow_id: Uuid, flow_key: &str, subject_id: Uuid) -> Run {
    let flow = (merchant_id, flow_id, flow_key);
    Run {
        trace_id: "t".repeat(32),
        ..Run::new(id(), flow, ("order", subject_id), at(10))
    }
}

pub fn export(merchant_id: Uuid, run_id: Uuid, subject_id: Uuid) -> Export {
    Export {
        id: id(),
        merchant_id,
        export_type: "fulfillment".to_owned(),
        version: 1,
        supersedes: None,
        superseded_by: None,
        contract_id: id(),
        contract_version: "1.0".to_owned(),
        run_id,
        step_key: "release".to_owned(),
        subject_kind: "order".to_owned(),
        subject_id,
        title: "Ship #1001".to_owned(),
        intent: "ship".to_owned(),
        intended_action: "Ship the order".to_owned(),
        state: ExportState::Ready,
        owner: role("logistics"),
        backup: role("operations"),
        watchers: vec![role("customer_ops")],
        escalation: escalation(),
        author: None,
        also_authors: Vec::new(),
        payload: json!({ "lines": [{ "sku": "KIT-01", "quantity": 2 }] }),
        content_hash: "sha256:first".to_owned(),
        idempotency_key: "key-first".to_owned(),
        source_system: "shopify".to_owned(),
        source_ref: "5001".to_owned(),
        as_of: at(9),
        qa: vec![QaResult {
            check: "schema".to_owned(),
            status: QaStatus::Passed,
            detail: None,
            faults: Vec::new(),
        }],
        rationale: "paid".to_owned(),
        trace_id: "t".repeat(32),
        created_at: at(10),
        accept_by: at(100),
        resolve_by: at(200),
        valid_until: at(300),
        destination_id: id(),
        ack: AckRecord::default(),
        overridden: None,
        fresh: BTreeMap::new(),
        reevaluated: None,
        trial: None,
        rev: 0,
    }
}

pub fn attempt(export: &Export, n: i64) -> Attempt {
    Attempt {
        export_id: export.id,
        merchant_id: export.merchant_id,
        n,
        started_at: at(n),
        duration_ms: 7,
        http_status: Some(503),
        answer: "busy".to_owned(),
        error: None,
        verdict: "will be tried again".to_owned(),
        next_at: Some(at(n + 1)),
    }
}

pub fn approval(export: &Export, step: i64, state: ApprovalState) -> Approval {
    Approval {
        id: id(),
        merchant_id: export.merchant_id,
        export_id: export.id,
        step,
        of: 2,
        owner: role("finance"),
        others: Vec::new(),
        needs: 1,
        backup: role("operations"),
        reason: "over $100.00".to_owned(),
        rule: None,
        critical: false,
        content_hash: export.content_hash.clone(),
        author: None,
        also_authors: Vec::new(),
        state,
        accept_ms: 1_000,
        asked_at: Some(at(10)),
        accept_by: Some(at(1_000 * step)),
        expires_at: Some(at(9_000)),
        escalated_at: None,
        votes: Vec::new(),
        decided_by: None,
        decided_for: None,
        decided_at: None,
        decision_note: None,
        remarks: Vec::new(),
        question: None,
        looks: Vec::new(),
        rev: 0,
    }
}

pub fn task(merchant_id: Uuid, dedup_key: &str) -> Task {
    Task {
        id: id(),
        merchant_id,
        dedup_key: dedup_key.to_owned(),
        code: "insufficient_inventory".to_owned(),
        title: "Not enough kits".to_owned(),
        sentence: "The warehouse has 1 of 2.".to_owned(),
        class: ExceptionClass::Hard,
        severity: Severity::Normal,
        state: TaskState::Open,
        owner: role("supply_chain"),
        assignee: None,
        backup: role("operations"),
        watchers: vec![],
        escalation: escalation(),
        rung: 0,
        escalates_at: None,
        claim_expires_at: None,
        evidence: vec![Evidence {
            label: "Answer".to_owned(),
            value: "1 left".to_owned(),
            link: None,
        }],
        remediation_steps: vec!["Restock".to_owned()],
        unlock: Unlock::RedeliverExport,
        receipt_id: None,
        order_id: None,
        run_id: None,
        step: None,
        export_id: None,
        trace_id: "t".repeat(32),
        created_at: at(10),
        asked_at: None,
        accept_by: at(1_000),
        resolve_by: at(2_000),
        snoozed_until: None,
        resolved_at: None,
        resolved_by: None,
        resolution: None,
        rev: 0,
    }
}

pub fn job(merchant_id: Uuid, run_at: Time) -> Job {
    Job {
        id: id(),
        merchant_id,
        kind: JobKind::Deliver,
        subject_id: id(),
        arg: 7,
        run_at,
        attempts: 0,
        fence: 0,
    }
}

pub fn note(merchant_id: Uuid, action: &str, subject_id: Uuid) -> AuditNote {
    AuditNote {
        merchant_id,
        at: at(10),
        actor: "system".to_owned(),
        action: action.to_owned(),
        subject_kind: "export",
        subject_id,
        detail: json!({ "why": "because" }),
        trace_id: Some("t".repeat(32)),
    }
}
