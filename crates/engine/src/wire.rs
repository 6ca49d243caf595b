//! What goes out: an export as a CloudEvents 1.0 JSON message. Composed once, when the export becomes
//! ready; the stored bytes are what every attempt sends.

use std::collections::BTreeMap;

use domain::{
    Time,
    approval::{Approval, ApprovalState, Vote},
    contract::Contract,
    export::{Export, QaStatus},
    owner::Owner,
};
use serde_json::{Value, json};

use crate::rules::Rules;

/// The CloudEvents `type` of an export.
pub fn event_type(export_type: &str) -> String {
    format!("com.meshline.export.{export_type}")
}

fn role_name(rules: &Rules, owner: &Owner) -> Option<String> {
    match owner {
        Owner::Role { role, .. } => Some(role.clone()),
        Owner::Rotation(key) => rules.roster.rotation(key)?.role.clone(),
        Owner::User(_) | Owner::System(_) => None,
    }
}

/// `agency:logistics`, and of a rotation the side it is on: `agency:night-desk`.
fn owning_party(rules: &Rules, owner: &Owner) -> String {
    match owner {
        Owner::Rotation(key) => rules.roster.rotation(key).map_or_else(
            || owner.to_string(),
            |one| format!("{}:{key}", one.party.as_str()),
        ),
        _ => owner.to_string(),
    }
}

/// The person who would be called for this owner first.
fn person(rules: &Rules, owner: &Owner, at: Time) -> Value {
    match owner {
        Owner::User(id) => json!(id),
        Owner::Role { .. } | Owner::Rotation(_) | Owner::System(_) => rules
            .asked(owner, at)
            .first()
            .map_or(Value::Null, |user| json!(user.id)),
    }
}

fn duty(rules: &Rules, owner: &Owner, at: Time) -> Value {
    json!({ "owner_id": person(rules, owner, at), "owner_role": role_name(rules, owner) })
}

/// Everybody's yes to a step, one after the other.
fn words_of(rules: &Rules, approval: &Approval) -> Vec<Value> {
    let say = |vote: Vote| {
        // of several roles, the one that they answered for
        let owner = match vote.fits.as_slice() {
            [place] => approval.asked().nth(*place),
            _ => None,
        };
        let mut said = json!({
            "step": approval.step,
            "role": role_name(rules, owner.unwrap_or(&approval.owner)),
            "accepted_by": vote.by,
            "accepted_at": vote.at,
            "content_hash": approval.content_hash,
        });
        if let Some(other) = vote.on_behalf {
            said["accepted_for"] = json!(other);
        }
        said
    };
    approval.yes().into_iter().map(say).collect()
}

/// Fields with a limit of age, and since when each is true.
fn refresh(export: &Export, contract: &Contract) -> Value {
    let fields = contract.refresh.iter().map(|(field, most)| {
        let told = json!({ "max_age_ms": most, "as_of": export.fresh.get(field) });
        (field.clone(), told)
    });
    Value::Object(fields.collect())
}

pub(crate) fn message(
    export: &Export,
    contract: &Contract,
    approvals: &[Approval],
    rules: &Rules,
    at: Time,
    public_url: &str,
) -> Vec<u8> {
    let approved: Vec<&Approval> = approvals
        .iter()
        .filter(|one| one.state == ApprovalState::Approved)
        .collect();
    let last = approved.last();
    let routes: BTreeMap<&str, String> = contract
        .exceptions
        .iter()
        .map(|(code, route)| {
            (
                code.as_str(),
                role_name(rules, &route.owner).unwrap_or_else(|| route.owner.to_string()),
            )
        })
        .collect();
    let mut trail = vec![
        json!({ "ts": export.created_at, "actor": "system", "change": "created" }),
        json!({ "ts": export.created_at, "actor": "system", "change": "checks passed" }),
    ];
    trail.extend(approved.iter().flat_map(|one| {
        let yes = one.yes();
        yes.into_iter().map(|vote| {
            let for_whom = vote
                .on_behalf
                .map(|id| format!(" for user:{id}"))
                .unwrap_or_default();
            json!({
                "ts": vote.at,
                "actor": format!("user:{}", vote.by),
                "change": format!("approved step {} of {}{for_whom}", one.step, one.of),
            })
        })
    }));
    trail.push(json!({ "ts": at, "actor": "system", "change": "ready" }));
    let is_order = export.subject_kind == "order";
    let data = json!({
        "export_id": export.id,
        "export_type": export.export_type,
        "version": export.version,
        "supersedes": export.supersedes,
        "contract": { "id": export.contract_id, "version": export.contract_version },
        "decision_version": null,
        "intent": export.intent,
        "intended_action": export.intended_action,
        "merchant_id": export.merchant_id,
        "order_id": is_order.then_some(export.subject_id),
        "campaign_id": (!is_order).then_some(&export.source_ref),
        "owning_party": owning_party(rules, &export.owner),
        "owner_id": person(rules, &export.owner, at),
        "owner_role": role_name(rules, &export.owner),
        "backup_owner": duty(rules, &export.backup, at),
        "watchers": export.watchers,
        "source_of_truth": { "system": export.source_system, "ref": export.source_ref },
        "sla": {
            "sla_ms": contract.resolve_ms,
            "accept_by": export.accept_by,
            "resolve_by": export.resolve_by,
            "ship_by": null,
        },
        "valid_until": export.valid_until,
        "refresh": refresh(export, contract),
        "exception_path": {
            "type": "route-to-owner",
            "contact_id": person(rules, &export.backup, at),
            "routes": routes,
        },
        "escalation_policy": { "id": export.escalation.id, "version": export.escalation.version },
        "remediation_steps": contract.route("*").map(|route| &route.remediation_steps),
        "qa": export.qa.iter().map(|one| json!({
            "check": one.check,
            "status": match one.status { QaStatus::Passed => "passed", QaStatus::Failed => "failed" },
            "detail": one.detail,
        })).collect::<Vec<_>>(),
        "approvals": approved.iter().flat_map(|one| words_of(rules, one)).collect::<Vec<_>>(),
        "accepted_by": last.and_then(|one| one.decided_by),
        "accepted_at": last.and_then(|one| one.decided_at),
        "exception_code": null,
        "exception_metadata": null,
        "idempotency_key": export.idempotency_key,
        "trace_id": export.trace_id,
        "timestamp": at,
        "rationale": { "summary": export.rationale, "trace": [] },
        "payload": export.payload,
        "audit_trail": trail,
    });
    let message = json!({
        "specversion": "1.0",
        "id": export.id,
        "source": format!("{public_url}/m/{}", rules.merchant.slug),
        "type": event_type(&export.export_type),
        "subject": export.subject_id,
        "time": at,
        "datacontenttype": "application/json",
        "dataschema": format!(
            "{public_url}/api/v1/contracts/{}/versions/{}/schema",
            export.contract_id, export.contract_version
        ),
        // Where the destination may say later what became of it, signed with the secret we share.
        "callbackurl": format!("{public_url}/api/v1/exports/{}/ack", export.id),
        "data": data,
    });
    message.to_string().into_bytes()
}
