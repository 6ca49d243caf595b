//! One export's life, drawn at its turning points.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Time,
    approval::{Approval, ApprovalState},
    delivery::AckStatus,
    export::{AckRecord, Attempt, Export, ExportState, QaResult, QaStatus},
    flow::Run,
    owner::{EscalationPolicy, Owner, Party},
    people::{Membership, Merchant, User},
    task::{ExceptionClass, Severity, Task, TaskState, Unlock},
};
use engine::{Chain, ExportChain, Rules, RunChain};
use serde_json::Value;
use testkit::{MINUTE, fulfillment_contract, order_flow};
use uuid::Uuid;

use super::stations;
use crate::ui::Tone;

const MERCHANT: Uuid = Uuid::from_u128(1);
const EXPORT: Uuid = Uuid::from_u128(7);
const MARA: Uuid = Uuid::from_u128(50);

fn noon() -> Time {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn operations() -> Owner {
    Owner::role(Party::Agency, "operations")
}

fn rules() -> Rules {
    let mara = User {
        id: MARA,
        email: "mara@example.com".into(),
        name: "Mara Keller".into(),
        active: true,
    };
    let member = Membership {
        merchant_id: MERCHANT,
        user_id: MARA,
        access: domain::access::Access::Approver,
        party: Party::Agency,
        functional_roles: vec!["operations".into()],
        rotations: Vec::new(),
    };
    Rules {
        roster: domain::cover::Roster::default(),
        own_roles: Vec::new(),
        policies: Vec::new(),
        delegations: Vec::new(),
        chat: None,
        merchant: Merchant {
            id: MERCHANT,
            operator_id: Uuid::from_u128(2),
            slug: "alder-pine".into(),
            name: "Alder & Pine".into(),
        },
        contracts: vec![Arc::new(fulfillment_contract(MERCHANT))],
        standings: Vec::new(),
        flows: vec![Arc::new(order_flow(MERCHANT))],
        sources: Vec::new(),
        destinations: Vec::new(),
        members: vec![(mara, member)],
    }
}

fn ladder() -> EscalationPolicy {
    EscalationPolicy {
        id: Uuid::nil(),
        version: 1,
        steps: Vec::new(),
        ..EscalationPolicy::default()
    }
}

fn export(state: ExportState) -> Export {
    let contract = fulfillment_contract(MERCHANT);
    Export {
        id: EXPORT,
        merchant_id: MERCHANT,
        export_type: contract.export_type.clone(),
        version: 1,
        supersedes: None,
        superseded_by: None,
        contract_id: contract.id,
        contract_version: contract.version.clone(),
        run_id: Uuid::from_u128(6),
        step_key: "request_fulfillment".into(),
        subject_kind: "order".into(),
        subject_id: Uuid::from_u128(5),
        title: "Ship #1001".into(),
        intent: contract.intent.clone(),
        intended_action: contract.intended_action.clone(),
        state,
        owner: contract.owner.clone(),
        backup: contract.backup.clone(),
        watchers: Vec::new(),
        escalation: ladder(),
        author: None,
        also_authors: Vec::new(),
        payload: Value::Null,
        content_hash: "sha256:aa".into(),
        idempotency_key: "mlx_1".into(),
        source_system: "shopify".into(),
        source_ref: "#1001".into(),
        as_of: noon(),
        qa: vec![QaResult {
            check: "schema".into(),
            status: QaStatus::Passed,
            detail: None,
            faults: Vec::new(),
        }],
        rationale: "no rule asks for an approval".into(),
        trace_id: "t".into(),
        created_at: noon(),
        accept_by: noon().plus_ms(15 * MINUTE),
        resolve_by: noon().plus_ms(60 * MINUTE),
        valid_until: noon().plus_ms(60 * MINUTE),
        destination_id: Uuid::from_u128(8),
        ack: AckRecord::default(),
        overridden: None,
        fresh: BTreeMap::new(),
        reevaluated: None,
        trial: None,
        rev: 0,
    }
}

fn approval(state: ApprovalState) -> Approval {
    Approval {
        id: Uuid::from_u128(9),
        merchant_id: MERCHANT,
        export_id: EXPORT,
        step: 1,
        of: 1,
        owner: operations(),
        others: Vec::new(),
        needs: 1,
        backup: Owner::role(Party::Agency, "finance"),
        reason: "over $500.00".into(),
        rule: None,
        critical: false,
        content_hash: "sha256:aa".into(),
        author: None,
        also_authors: Vec::new(),
        state,
        accept_ms: 15 * MINUTE,
        asked_at: Some(noon()),
        accept_by: Some(noon().plus_ms(15 * MINUTE)),
        expires_at: Some(noon().plus_ms(60 * MINUTE)),
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

fn task(code: &str) -> Task {
    Task {
        id: Uuid::from_u128(10),
        merchant_id: MERCHANT,
        dedup_key: code.into(),
        code: code.into(),
        title: "Out of stock".into(),
        sentence: "Harbor 3PL rejected it".into(),
        class: ExceptionClass::Hard,
        severity: Severity::Normal,
        state: TaskState::Open,
        owner: operations(),
        assignee: None,
        backup: Owner::role(Party::Agency, "finance"),
        watchers: Vec::new(),
        escalation: ladder(),
        rung: 0,
        escalates_at: None,
        claim_expires_at: None,
        evidence: Vec::new(),
        remediation_steps: Vec::new(),
        unlock: Unlock::RedeliverExport,
        receipt_id: None,
        order_id: None,
        run_id: None,
        step: None,
        export_id: Some(EXPORT),
        trace_id: "t".into(),
        created_at: noon(),
        asked_at: None,
        accept_by: noon().plus_ms(30 * MINUTE),
        resolve_by: noon().plus_ms(60 * MINUTE),
        snoozed_until: None,
        resolved_at: None,
        resolved_by: None,
        resolution: None,
        rev: 0,
    }
}

fn attempt() -> Attempt {
    Attempt {
        export_id: EXPORT,
        merchant_id: MERCHANT,
        n: 1,
        started_at: noon().plus_ms(MINUTE),
        duration_ms: 40,
        http_status: Some(202),
        answer: String::new(),
        error: None,
        verdict: "delivered".into(),
        next_at: None,
    }
}

/// What hangs on the export; the rest of the chain is one running run.
fn chain(change: impl FnOnce(&mut ExportChain)) -> Chain {
    let mut export = ExportChain {
        export: export(ExportState::AwaitingApproval),
        contract: fulfillment_contract(MERCHANT),
        destination: None,
        approvals: vec![approval(ApprovalState::Pending)],
        attempts: Vec::new(),
        tasks: Vec::new(),
    };
    change(&mut export);
    let flow = (MERCHANT, order_flow(MERCHANT).id, "order-to-ship");
    let subject = ("order", Uuid::from_u128(5));
    let run = Run::new(Uuid::from_u128(6), flow, subject, noon());
    let run = RunChain {
        run,
        flow: order_flow(MERCHANT),
        exports: vec![export],
        tasks: Vec::new(),
    };
    Chain {
        runs: vec![run],
        ..Chain::default()
    }
}

/// "Approval: wait" for every station, with what hangs below it.
fn drawn(chain: &Chain, minutes: i64) -> Vec<String> {
    stations(
        chain,
        Some(EXPORT),
        &rules(),
        "alder-pine",
        noon().plus_ms(minutes * MINUTE),
    )
    .into_iter()
    .map(|station| {
        let branch = station
            .branch
            .map(|branch| format!(" > {}", branch.label))
            .unwrap_or_default();
        format!("{}: {}{branch}", station.label, station.state.key())
    })
    .collect()
}

#[test]
fn what_has_not_come_is_idle_and_what_waits_says_until_when() {
    let chain = chain(|_| {});
    let all = stations(
        &chain,
        Some(EXPORT),
        &rules(),
        "alder-pine",
        noon().plus_ms(6 * MINUTE),
    );
    let approval = all.iter().find(|one| one.label == "Approval").unwrap();
    assert_eq!(approval.lines, ["Operations", "by 12:15:00"]);
    assert_eq!(approval.progress, Some(40));
    assert_eq!(
        approval.href.as_deref(),
        Some(format!("/m/alder-pine/approvals/{}", Uuid::from_u128(9)).as_str())
    );
    assert_eq!(
        drawn(&chain, 6),
        [
            "Flow step: done",
            "Checks: done",
            "Approval: wait",
            "Delivery: idle",
            "Acknowledgement: idle",
            "Outcome: idle"
        ]
    );
    assert!(drawn(&chain, 16).contains(&"Approval: late".to_owned()));
}

#[test]
fn a_decided_approval_names_the_person() {
    let chain = chain(|export| {
        export.export.state = ExportState::Ready;
        export.approvals = vec![Approval {
            decided_by: Some(MARA),
            decided_at: Some(noon().plus_ms(3 * MINUTE)),
            ..approval(ApprovalState::Approved)
        }];
    });
    let all = stations(
        &chain,
        None,
        &rules(),
        "alder-pine",
        noon().plus_ms(4 * MINUTE),
    );
    let approval = all.iter().find(|one| one.label == "Approval").unwrap();
    assert_eq!(
        (approval.state, approval.lines.as_slice()),
        (
            Tone::Done,
            ["Mara K.".to_owned(), "after 3 min".to_owned()].as_slice()
        )
    );
    assert!(drawn(&chain, 4).contains(&"Delivery: moving".to_owned()));
}

#[test]
fn a_refusal_hangs_its_task_where_the_destination_said_no() {
    let chain = chain(|export| {
        export.export.state = ExportState::Rejected;
        export.export.ack = AckRecord {
            status: Some(AckStatus::Rejected),
            exception_code: Some("insufficient_inventory".into()),
            ..AckRecord::default()
        };
        export.approvals.clear();
        export.attempts.push(attempt());
        export.tasks.push(task("insufficient_inventory"));
    });
    assert_eq!(
        drawn(&chain, 2),
        [
            "Flow step: done",
            "Checks: done",
            "Delivery: done",
            "Acknowledgement: late > insufficient_inventory",
            "Outcome: idle"
        ]
    );
}

#[test]
fn trouble_hangs_at_the_station_it_belongs_to_and_only_while_it_lives() {
    let at = |code: &str, state: TaskState| {
        let chain = chain(|export| {
            export.tasks.push(Task {
                state,
                ..task(code)
            })
        });
        drawn(&chain, 2)
            .into_iter()
            .find(|line| line.contains(" > "))
    };
    assert_eq!(
        at("qa_failed", TaskState::Open).as_deref(),
        Some("Checks: done > qa_failed")
    );
    assert_eq!(
        at("approval_timeout", TaskState::Claimed).as_deref(),
        Some("Approval: wait > approval_timeout")
    );
    assert_eq!(
        at("retries_exhausted", TaskState::Open).as_deref(),
        Some("Delivery: idle > retries_exhausted")
    );
    assert_eq!(
        at("ack_timeout", TaskState::Snoozed).as_deref(),
        Some("Acknowledgement: idle > ack_timeout")
    );
    assert_eq!(
        at("completion_timeout", TaskState::Open).as_deref(),
        Some("Outcome: idle > completion_timeout")
    );
    assert_eq!(at("completion_timeout", TaskState::Resolved), None);
}

#[test]
fn an_awaited_answer_has_a_clock() {
    let chain = chain(|export| {
        export.export.state = ExportState::Delivered;
        export.approvals.clear();
        export.attempts.push(attempt());
    });
    assert!(drawn(&chain, 5).contains(&"Acknowledgement: wait".to_owned()));
    assert!(drawn(&chain, 17).contains(&"Acknowledgement: late".to_owned()));
}

#[test]
fn a_step_that_was_asked_again_stands_there_once() {
    let chain = chain(|export| {
        let first = approval(ApprovalState::Expired);
        let again = Approval {
            id: Uuid::from_u128(11),
            asked_at: Some(noon().plus_ms(70 * MINUTE)),
            accept_by: Some(noon().plus_ms(85 * MINUTE)),
            ..approval(ApprovalState::Pending)
        };
        export.approvals = vec![first, again];
    });
    let approvals: Vec<_> = drawn(&chain, 71)
        .into_iter()
        .filter(|line| line.starts_with("Approval"))
        .collect();
    assert_eq!(approvals, ["Approval: wait"]);
}
