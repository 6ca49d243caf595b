//! From facts to content: what an export of a subject says. Pure; the same facts give the same
//! payload, so that a change of the facts is a change of the hash.

use domain::{
    Money, Time,
    contract::Contract,
    export::{Export, ExportState, content_hash},
    flow::Run,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{port::OrderRow, runs::Subject};

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
}

impl Draft {
    pub fn of(subject: &Subject, source_system: &str) -> Self {
        match subject {
            Subject::Order(row) => order_draft(row, source_system),
            Subject::Campaign(campaign) => Self {
                title: format!("{} goes live", campaign.title),
                payload: json!({
                    "campaign_id": campaign.campaign_id,
                    "title": campaign.title,
                    "offer": campaign.offer,
                    "discount_percent": campaign.discount_percent,
                    "skus": campaign.skus,
                    "landing_url": campaign.landing_url,
                    "starts_at": campaign.starts_at,
                    "ends_at": campaign.ends_at,
                }),
                total: None,
                flags: Vec::new(),
                source_system: "meshline".to_owned(),
                source_ref: campaign.campaign_id.clone(),
                as_of: campaign.created_at,
                author: Some(campaign.created_by),
            },
        }
    }
}

fn amount(money: Money) -> Value {
    json!({ "amount_minor": money.minor, "currency": money.currency })
}

fn order_draft(row: &OrderRow, source_system: &str) -> Draft {
    let order = &row.order;
    let lines: Vec<Value> = order
        .ship_lines()
        .into_iter()
        .map(|line| {
            json!({
                "line_id": line.line_id, "sku": line.sku, "title": line.title,
                "variant": line.variant, "quantity": line.quantity,
                "unit_price": amount(line.unit_price),
            })
        })
        .collect();
    Draft {
        title: format!("Ship {}", order.name),
        payload: json!({
            "order_ref": order.external_id,
            "order_name": order.name,
            "placed_at": order.placed_at,
            "ship_to": order.shipping_address,
            "lines": lines,
            "total": amount(order.totals.current_total),
            "note": order.note,
        }),
        total: Some(order.totals.current_total),
        flags: order
            .flags()
            .iter()
            .map(domain::order::Flag::sentence)
            .collect(),
        source_system: source_system.to_owned(),
        source_ref: order.name.clone(),
        as_of: row.updated_at,
        author: None,
    }
}

/// What the contract's recipe names, hashed: the same command has the same key, whatever process or
/// attempt makes it.
fn idempotency_key(contract: &Contract, run: &Run) -> String {
    let mut hash = Sha256::new();
    for field in &contract.idempotency {
        let value = match field.as_str() {
            "merchant_id" => contract.merchant_id.to_string(),
            "export_type" => contract.export_type.clone(),
            "intent" => contract.intent.clone(),
            "subject_id" => run.subject_id.to_string(),
            "run_id" => run.id.to_string(),
            _ => String::new(),
        };
        hash.update((value.len() as u64).to_be_bytes());
        hash.update(value);
    }
    format!("mlx_{}", &hex::encode(hash.finalize())[..40])
}

/// Fields an idempotency recipe may name.
pub(crate) const RECIPE_FIELDS: [&str; 5] = [
    "merchant_id",
    "export_type",
    "intent",
    "subject_id",
    "run_id",
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
        watchers: contract.watchers.clone(),
        escalation: contract.escalation.clone(),
        author: draft.author,
        content_hash: content_hash(&draft.payload, contract.id, &contract.version, None),
        payload: draft.payload,
        idempotency_key: idempotency_key(contract, run),
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
        rev: 0,
    }
}
