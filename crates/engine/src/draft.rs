//! From facts to content: what an export of a subject says. Pure; the same facts give the same
//! payload, so that a change of the facts is a change of the hash.

use domain::{
    Money, Time,
    approval::rule::{discount_in, rounded_up},
    contract::Contract,
    export::{Export, ExportState, content_hash},
    flow::Run,
    owner::Owner,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::runs::{Subject, is_undo};

/// The content of an export and what the rules look at.
pub(crate) struct Draft {
    pub title: String,
    pub payload: Value,
    pub total: Option<Money>,
    pub flags: Vec<String>,
    pub source_system: String,
    pub source_ref: String,
    pub as_of: Time,
    pub author: Option<Uuid>,
    /// Who is told besides those whom the contract names.
    pub told: Option<Owner>,
    /// Who else wrote part of it.
    pub also_authors: Vec<Uuid>,
}

/// What an export says that no mapping describes: the fields of the subject's own document.
const ORDER_WHOLE: [&str; 7] = [
    "ref",
    "name",
    "placed_at",
    "ship_to",
    "lines",
    "total",
    "note",
];

/// Of a campaign: without why now, which is for those who approve.
const CAMPAIGN_WHOLE: [&str; 8] = [
    "campaign_id",
    "title",
    "offer",
    "discount_percent",
    "skus",
    "landing_url",
    "starts_at",
    "ends_at",
];

/// As these were called before contracts said where their fields come from.
fn called(fact: &str) -> String {
    match fact {
        "ref" => "order_ref".to_owned(),
        "name" => "order_name".to_owned(),
        other => other.to_owned(),
    }
}

fn whole(known: &Value, subject: &Subject) -> Value {
    let (own, facts): (&str, &[&str]) = match subject {
        // what somebody filled in, as it is
        Subject::Case(_) => return known["input"].clone(),
        Subject::Order(_) => ("order", &ORDER_WHOLE),
        Subject::Campaign(_) => ("campaign", &CAMPAIGN_WHOLE),
    };
    let fields = facts
        .iter()
        .map(|fact| (called(fact), known[own][*fact].clone()));
    Value::Object(fields.collect())
}

impl Draft {
    /// `known`: see [`crate::known`].
    pub fn of(contract: &Contract, subject: &Subject, source_system: &str, known: &Value) -> Self {
        let payload = if contract.payload.is_empty() {
            whole(known, subject)
        } else {
            contract.payload.build(known)
        };
        let titled = |otherwise: &str, name: &str| {
            let pattern = match contract.titled.as_str() {
                "" => otherwise,
                titled => titled,
            };
            pattern.replace("{subject}", name)
        };
        let otherwise = format!("{}: {{subject}}", contract.title);
        match subject {
            Subject::Order(row) => Self {
                title: titled(&otherwise, &row.order.name),
                payload,
                total: Some(row.order.totals.current_total),
                flags: row
                    .order
                    .flags()
                    .iter()
                    .map(domain::order::Flag::sentence)
                    .collect(),
                source_system: source_system.to_owned(),
                source_ref: row.order.name.clone(),
                as_of: row.updated_at,
                author: None,
                told: None,
                also_authors: Vec::new(),
            },
            Subject::Campaign(campaign) => Self {
                title: titled(&otherwise, &campaign.title),
                payload,
                total: None,
                flags: Vec::new(),
                source_system: source_system.to_owned(),
                source_ref: campaign.campaign_id.clone(),
                as_of: campaign.created_at,
                author: Some(campaign.created_by),
                told: campaign.keywords_owner.clone(),
                also_authors: campaign.also_by.clone(),
            },
            Subject::Case(case) => Self {
                title: titled(&otherwise, &case.title),
                payload,
                total: None,
                flags: Vec::new(),
                source_system: source_system.to_owned(),
                source_ref: case.reference.clone(),
                as_of: case.created_at,
                author: case.created_by,
                told: None,
                also_authors: Vec::new(),
            },
        }
    }
}

/// The amount that a payload states of itself: `total`, or `amount`.
pub(crate) fn stated_total(payload: &Value) -> Option<Money> {
    ["total", "amount"].iter().find_map(|field| {
        let stated = payload.get(field)?;
        let minor = rounded_up(stated.get("amount_minor")?)?;
        let currency = stated.get("currency")?.as_str()?.parse().ok()?;
        Some(Money::new(minor, currency))
    })
}

/// For how much less it is sold than otherwise, in percent; a fraction counts as one more.
pub(crate) fn discount(subject: &Subject, payload: &Value) -> Option<i64> {
    let own = match subject {
        Subject::Order(row) => {
            let totals = &row.order.totals;
            let before = i128::from(totals.subtotal.minor) + i128::from(totals.discounts.minor);
            let off = i128::from(totals.discounts.minor) * 100;
            (before > 0).then(|| i64::try_from((off + before - 1) / before).unwrap_or(i64::MAX))
        }
        Subject::Campaign(campaign) => Some(campaign.discount_percent),
        Subject::Case(_) => None,
    };
    own.into_iter().chain(discount_in(payload)).max()
}

/// What the contract's recipe names, hashed: the same command has the same key, whatever process or
/// attempt makes it.
fn idempotency_key(contract: &Contract, run: &Run, step_key: &str) -> String {
    let mut hash = Sha256::new();
    for field in &contract.idempotency {
        let value = match field.as_str() {
            "merchant_id" => contract.merchant_id.to_string(),
            "export_type" => contract.export_type.clone(),
            "intent" => contract.intent.clone(),
            "subject_id" => run.subject_id.to_string(),
            "run_id" => run.id.to_string(),
            "step" => step_key.to_owned(),
            _ => String::new(),
        };
        hash.update((value.len() as u64).to_be_bytes());
        hash.update(value);
    }
    // a step that begins once more asks for something else than it did before
    let visit = run.visits_of(step_key);
    if visit > 1 || is_undo(step_key) {
        hash.update(format!("{step_key} {visit}"));
    }
    format!("mlx_{}", &hex::encode(hash.finalize())[..40])
}

/// Fields an idempotency recipe may name.
pub(crate) const RECIPE_FIELDS: [&str; 6] = [
    "merchant_id",
    "export_type",
    "intent",
    "subject_id",
    "run_id",
    "step",
];

/// Where a new export comes from.
pub(crate) struct Origin<'a> {
    pub id: Uuid,
    pub run: &'a Run,
    pub step_key: &'a str,
    pub contract: &'a Contract,
    pub destination_id: Uuid,
    pub now: Time,
    pub trace_id: &'a str,
}

pub(crate) fn export_of(origin: &Origin<'_>, draft: Draft, rationale: String) -> Export {
    let Origin {
        run, contract, now, ..
    } = *origin;
    Export {
        id: origin.id,
        merchant_id: run.merchant_id,
        export_type: contract.export_type.clone(),
        version: 1,
        supersedes: None,
        superseded_by: None,
        contract_id: contract.id,
        contract_version: contract.version.clone(),
        run_id: run.id,
        step_key: origin.step_key.to_owned(),
        subject_kind: run.subject_kind.clone(),
        subject_id: run.subject_id,
        title: draft.title,
        intent: contract.intent.clone(),
        intended_action: contract.intended_action.clone(),
        state: ExportState::Quarantined,
        owner: contract.owner.clone(),
        backup: contract.backup.clone(),
        watchers: contract
            .watchers
            .iter()
            .chain(
                draft
                    .told
                    .iter()
                    .filter(|one| !contract.watchers.contains(one)),
            )
            .cloned()
            .collect(),
        escalation: contract.escalation.clone(),
        author: draft.author,
        also_authors: draft.also_authors,
        content_hash: content_hash(&draft.payload, contract.id, &contract.version, None),
        payload: draft.payload,
        idempotency_key: idempotency_key(contract, run, origin.step_key),
        source_system: draft.source_system,
        source_ref: draft.source_ref,
        as_of: draft.as_of,
        qa: Vec::new(),
        rationale,
        trace_id: origin.trace_id.to_owned(),
        created_at: now,
        accept_by: now.plus_ms(contract.accept_ms),
        resolve_by: now.plus_ms(contract.resolve_ms),
        valid_until: now.plus_ms(contract.valid_for_ms),
        destination_id: origin.destination_id,
        ack: domain::export::AckRecord::default(),
        overridden: None,
        fresh: std::collections::BTreeMap::new(),
        reevaluated: None,
        trial: None,
        rev: 0,
    }
}
