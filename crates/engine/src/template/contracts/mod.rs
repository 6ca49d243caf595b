//! The contracts of the templates. What most of them have in common stands here: how a payload's schema and
//! the sources of its fields are written side by side, how deliveries are repeated, and where each way of
//! going wrong leads.

mod exceptions;
mod kinds;
mod orders;
mod products;
mod promotions;
mod returns;
mod stock;

use std::collections::BTreeMap;

use domain::{
    chat::Channels,
    contract::{AckRule, ApprovalCondition, ApprovalRule, ApprovalStep, Contract, Must, Sample},
    delivery::RetryPolicy,
    event::EventKind,
    gate::Gate,
    owner::{EscalationPolicy, EscalationStep, Owner},
    payload::{Mapping, Origin},
    task::Unlock,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use self::{
    exceptions::exceptions,
    kinds::{Shape, shape},
};
use super::{
    Making, Purpose,
    build::{DAY, HOUR, MINUTE, SECOND, Who, agency},
};

/// One field of a payload: its name, what it looks like, whether the destination needs it, the fact it
/// comes from (several, separated by spaces: the first that is known), and what it is.
type Row = (&'static str, Shape, Need, &'static str, &'static str);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Must,
    May,
}

/// What a destination may refuse it with: code, title, role, what resolving does, steps.
type Refusal = (
    &'static str,
    &'static str,
    &'static str,
    Unlock,
    &'static [&'static str],
);

/// What one contract does not share with the others.
struct Spec {
    purpose: Purpose,
    title: &'static str,
    titled: &'static str,
    summary: &'static str,
    intent: &'static str,
    action: &'static str,
    who: Who,
    watchers: &'static [&'static str],
    /// To be taken, to be done, and how long its content stays true.
    clocks: [i64; 3],
    /// Business rules that must hold before it may leave.
    gates: &'static [fn() -> Gate],
    approval: Vec<ApprovalRule>,
    /// How long "accepted" and "completed" may take.
    ack: (i64, Option<i64>),
    completes: Option<EventKind>,
    fields: &'static [Row],
    /// `(field, value)` that is the same in every payload.
    fixed: &'static [(&'static str, &'static str)],
    refusals: &'static [Refusal],
    /// Whether it may be asked several times about the same subject: each step of each run is a command of its own.
    each_time: bool,
}

impl Spec {
    const fn of(purpose: Purpose, title: &'static str, who: Who, fields: &'static [Row]) -> Self {
        Self {
            purpose,
            title,
            titled: "",
            summary: "",
            intent: "",
            action: "",
            who,
            watchers: &[],
            clocks: [15 * MINUTE, DAY, 2 * DAY],
            gates: &[],
            approval: Vec::new(),
            ack: (15 * MINUTE, Some(DAY)),
            completes: None,
            fields,
            fixed: &[],
            refusals: &[],
            each_time: true,
        }
    }
}

fn spec(export_type: &str) -> Option<Spec> {
    orders::spec(export_type)
        .or_else(|| promotions::spec(export_type))
        .or_else(|| products::spec(export_type))
        .or_else(|| returns::spec(export_type))
        .or_else(|| stock::spec(export_type))
}

/// Every contract there is to begin with.
const TYPES: [&str; 23] = [
    "fulfillment_request",
    "routing_decision",
    "backorder",
    "exception_notify",
    "shipping_label_request",
    "shipping_label_alternate",
    "shipping_label_response",
    "promo_activation",
    "promo_rollback",
    "price_update",
    "price_restore",
    "inventory_hold",
    "inventory_release",
    "inventory_delta",
    "component_reservation",
    "component_release",
    "staged_product",
    "staged_withdraw",
    "live_publish",
    "content_package_change",
    "return_initiate",
    "refund_hold",
    "refund_release",
];

pub(super) fn types() -> Vec<(&'static str, &'static str)> {
    let titled = |export_type| Some((export_type, spec(export_type)?.title));
    TYPES.into_iter().filter_map(titled).collect()
}

/// What such an export is sent to; none: no template has it.
pub(super) fn purpose_of(export_type: &str) -> Option<Purpose> {
    spec(export_type).map(|spec| spec.purpose)
}

pub(super) fn make(making: &Making, export_type: &str, id: Uuid, ladder: Uuid) -> Option<Contract> {
    let spec = spec(export_type)?;
    let there = making.destinations.get(&spec.purpose);
    let (key, name) = there.map_or(("", "the destination"), |one| (&one.key, &one.name));
    let [accept_ms, resolve_ms, valid_for_ms] = spec.clocks;
    let samples = samples(&spec);
    let recipe: &[&str] = if spec.each_time {
        &[
            "merchant_id",
            "export_type",
            "subject_id",
            "intent",
            "run_id",
            "step",
        ]
    } else {
        &["merchant_id", "export_type", "subject_id", "intent"]
    };
    Some(Contract {
        id,
        merchant_id: making.merchant_id,
        export_type: export_type.to_owned(),
        version: "1.0".to_owned(),
        title: spec.title.to_owned(),
        summary: spec.summary.to_owned(),
        schema: schema(&spec),
        payload: mapping(&spec),
        titled: spec.titled.to_owned(),
        intent: spec.intent.to_owned(),
        intended_action: spec.action.to_owned(),
        owner: agency(spec.who.0),
        backup: agency(spec.who.1),
        watchers: spec.watchers.iter().map(|role| agency(role)).collect(),
        accept_ms,
        resolve_ms,
        valid_for_ms,
        gates: spec.gates.iter().map(|make| make()).collect(),
        refresh: BTreeMap::new(),
        approval: spec.approval,
        retry: RetryPolicy {
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
        },
        ack: AckRule {
            accepted_within_ms: Some(spec.ack.0),
            completed_within_ms: spec.ack.1,
            completion_event: spec.completes,
        },
        exceptions: exceptions(name, spec.who, spec.refusals),
        escalation: escalation(ladder, spec.who.1, making.founder),
        idempotency: recipe.iter().map(|&field| field.to_owned()).collect(),
        destination: key.to_owned(),
        routes: Vec::new(),
        samples,
        triggers: Vec::new(),
        publishing: domain::contract::Publishing::default(),
        channels: Channels::default(),
        published_at: making.now,
    })
}

/// One that says nothing yet but what it is called; where each refusal leads is as with the others.
pub(super) fn blank(
    making: &Making,
    export_type: &str,
    title: &str,
    (id, ladder): (Uuid, Uuid),
) -> Contract {
    let who: Who = ("operations", "logistics");
    Contract {
        id,
        merchant_id: making.merchant_id,
        export_type: export_type.to_owned(),
        version: "1.0".to_owned(),
        title: title.to_owned(),
        summary: String::new(),
        schema: json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": title,
            "type": "object",
            "required": [],
            "properties": {},
        }),
        payload: Mapping::default(),
        titled: String::new(),
        intent: export_type.to_owned(),
        intended_action: title.to_owned(),
        owner: agency(who.0),
        backup: agency(who.1),
        watchers: Vec::new(),
        accept_ms: 15 * MINUTE,
        resolve_ms: DAY,
        valid_for_ms: 2 * DAY,
        gates: Vec::new(),
        refresh: BTreeMap::new(),
        approval: Vec::new(),
        retry: RetryPolicy::default(),
        ack: AckRule {
            accepted_within_ms: Some(15 * MINUTE),
            completed_within_ms: Some(DAY),
            completion_event: None,
        },
        exceptions: exceptions("the destination", who, &[]),
        escalation: escalation(ladder, who.1, making.founder),
        idempotency: [
            "merchant_id",
            "export_type",
            "subject_id",
            "intent",
            "run_id",
            "step",
        ]
        .map(str::to_owned)
        .to_vec(),
        destination: String::new(),
        routes: Vec::new(),
        samples: Vec::new(),
        triggers: Vec::new(),
        publishing: domain::contract::Publishing::default(),
        channels: Channels::default(),
        published_at: making.now,
    }
}

fn schema(spec: &Spec) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (field, kind, need, _, what) in spec.fields {
        properties.insert((*field).to_owned(), shape(*kind, *need == Need::May, what));
        if *need == Need::Must {
            required.push(*field);
        }
    }
    for (field, value) in spec.fixed {
        properties.insert((*field).to_owned(), json!({ "const": value }));
        required.push(field);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": spec.title,
        "description": spec.action,
        "type": "object",
        "required": required,
        "properties": properties,
        "examples": [example(spec, |_| true)],
        "$defs": kinds::defs(),
    })
}

/// A payload with the fields that are wanted, and what is the same in every one.
fn example(spec: &Spec, wanted: impl Fn(Need) -> bool) -> Value {
    let fields = spec
        .fields
        .iter()
        .filter(|(_, _, need, _, _)| wanted(*need))
        .map(|(field, kind, _, _, _)| ((*field).to_owned(), kinds::example(*kind, field)));
    let fixed = spec
        .fixed
        .iter()
        .map(|(field, value)| ((*field).to_owned(), json!(value)));
    Value::Object(fields.chain(fixed).collect())
}

/// What must be taken and what must not, said as payloads.
fn samples(spec: &Spec) -> Vec<Sample> {
    let sample = |name: String, must, payload| Sample {
        name,
        must,
        payload,
    };
    let mut all = vec![
        sample(
            "Everything is known".to_owned(),
            Must::Pass,
            example(spec, |_| true),
        ),
        sample(
            "Only what is needed".to_owned(),
            Must::Pass,
            example(spec, |need| need == Need::Must),
        ),
    ];
    let needed = spec
        .fields
        .iter()
        .find(|(_, _, need, _, _)| *need == Need::Must);
    if let Some((field, ..)) = needed {
        let mut payload = example(spec, |_| true);
        if let Some(fields) = payload.as_object_mut() {
            fields.remove(*field);
        }
        all.push(sample(format!("Without {field}"), Must::Fail, payload));
    }
    all
}

fn mapping(spec: &Spec) -> Mapping {
    let facts = spec.fields.iter().map(|(field, _, _, from, _)| {
        let mut paths: Vec<String> = from.split(' ').map(str::to_owned).collect();
        let origin = match paths.len() {
            1 => Origin::Fact(paths.remove(0)),
            _ => Origin::FirstOf(paths),
        };
        ((*field).to_owned(), origin)
    });
    let fixed = spec
        .fixed
        .iter()
        .map(|(field, value)| ((*field).to_owned(), Origin::Value(json!(value))));
    Mapping(facts.chain(fixed).collect())
}

fn asks(owner: &str, backup: &str) -> ApprovalStep {
    ApprovalStep::of(agency(owner), agency(backup), 15 * MINUTE)
}

/// Two people, neither of whom wrote it, each having proved a moment before who they are.
fn two_people() -> Vec<ApprovalRule> {
    vec![ApprovalRule {
        when: ApprovalCondition::Always,
        steps: vec![
            asks("marketing_ops", "revenue_ops"),
            asks("operations", "finance"),
        ],
        critical: true,
    }]
}

fn one_person(owner: &str, backup: &str) -> Vec<ApprovalRule> {
    vec![ApprovalRule {
        when: ApprovalCondition::Always,
        steps: vec![asks(owner, backup)],
        critical: false,
    }]
}

fn escalation(id: Uuid, backup: &str, founder: Uuid) -> EscalationPolicy {
    let rung = |after_ms, target| EscalationStep {
        after_ms,
        target,
        only_within: None,
    };
    EscalationPolicy {
        id,
        version: 1,
        steps: vec![
            rung(30 * MINUTE, agency(backup)),
            rung(HOUR, Owner::User(founder)),
        ],
        ..EscalationPolicy::default()
    }
}
