//! What is emitted, as AsyncAPI 3.0: one channel for each destination, one message for each contract in force. A contract
//! with routes stands in the channel of each destination that it may send to.
//!
//! It is made from what is published at the moment of asking, for one merchant. Addresses of destinations are not
//! part of it: whoever receives knows its own, and nobody else needs to.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use domain::contract::{Contract, Must, Standing};
use engine::{Engine, Rules, event_type};
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};

use super::caller::Caller;
use crate::problem::Problem;

/// The AsyncAPI 3.0 document of everything that goes out here
#[utoipa::path(
    get, path = "/asyncapi.json", tag = "contracts",
    responses((
        status = 200, description = "The document.", body = Object, content_type = "application/vnd.aai.asyncapi+json",
    )),
)]
pub async fn get_asyncapi(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
) -> Result<Response, Problem> {
    let contracts = engine.contracts(&ctx).await?;
    let standings = engine.contract_standings(&ctx).await?;
    let rules = engine.rules_of(ctx.merchant_id()).await?;
    let document = document(&ctx.merchant().name, &contracts, &standings, &rules);
    let kind = [(CONTENT_TYPE, "application/vnd.aai.asyncapi+json")];
    Ok((kind, document.to_string()).into_response())
}

/// References in a schema lead to definitions of its own, wherever it stands in this document.
fn moved(schema: &Value, to: &str) -> Value {
    match schema {
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(key, value)| match value {
                    Value::String(at) if key == "$ref" => {
                        let at = at.strip_prefix('#').unwrap_or(at);
                        (key.clone(), json!(format!("{to}{at}")))
                    }
                    other => (key.clone(), moved(other, to)),
                })
                .collect(),
        ),
        Value::Array(items) => items.iter().map(|one| moved(one, to)).collect(),
        other => other.clone(),
    }
}

fn document(
    merchant: &str,
    contracts: &[Contract],
    standings: &[Standing],
    rules: &Rules,
) -> Value {
    let mut channels: BTreeMap<String, (String, Map<String, Value>)> = BTreeMap::new();
    let (mut messages, mut payloads) = (Map::new(), Map::new());
    for contract in contracts {
        let name = contract.export_type.as_str();
        let standing = standings.iter().find(|one| one.export_type == name);
        payloads.insert(name.to_owned(), payload(contract));
        messages.insert(name.to_owned(), message(contract, standing));
        for key in contract.destinations() {
            let title = rules.destination_name(key);
            let (_, listed) = channels
                .entry(key.to_owned())
                .or_insert_with(|| (title.to_owned(), Map::new()));
            let to = json!({ "$ref": format!("#/components/messages/{name}") });
            listed.insert(name.to_owned(), to);
        }
    }
    let (mut described, mut operations) = (Map::new(), Map::new());
    for (key, (title, listed)) in channels {
        let sent: Vec<Value> = listed
            .keys()
            .map(|name| json!({ "$ref": format!("#/channels/{key}/messages/{name}") }))
            .collect();
        operations.insert(
            format!("send_to_{}", key.replace('-', "_")),
            json!({
                "action": "send",
                "channel": { "$ref": format!("#/channels/{key}") },
                "summary": format!("Exports for {title}, one at a time, repeated until they are taken."),
                "messages": sent,
            }),
        );
        described.insert(
            key,
            json!({
                "address": null,
                "title": title,
                "description": "The address of the destination, as it is set there. Sent by POST, signed per Standard Webhooks.",
                "messages": listed,
            }),
        );
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": format!("What Meshline sends for {merchant}"),
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Each message is a CloudEvents 1.0 event in JSON, with Standard Webhooks headers. \
                            Its data.payload is described by the contract’s own JSON Schema (2020-12).",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": described,
        "operations": operations,
        "components": { "messages": messages, "schemas": payloads },
    })
}

/// The schema of the payload, as this document can carry it.
fn payload(contract: &Contract) -> Value {
    let mut schema = moved(
        &contract.schema,
        &format!("#/components/schemas/{}", contract.export_type),
    );
    if let Some(fields) = schema.as_object_mut() {
        fields.remove("$schema");
        fields.remove("$id");
    }
    schema
}

fn message(contract: &Contract, standing: Option<&Standing>) -> Value {
    let kind = event_type(&contract.export_type);
    let source = format!(
        "/api/v1/contracts/{}/versions/{}/schema",
        contract.id, contract.version
    );
    let ending = standing
        .map(|one| format!(" This contract is {}.", one.words()))
        .unwrap_or_default();
    let examples: Vec<Value> = contract
        .samples
        .iter()
        .filter(|sample| sample.must == Must::Pass)
        .map(|sample| {
            let data = json!({ "export_type": contract.export_type, "payload": sample.payload });
            json!({
                "name": sample.name,
                "payload": { "specversion": "1.0", "type": kind, "data": data },
            })
        })
        .collect();
    let text = json!({ "type": "string" });
    json!({
        "name": kind,
        "title": format!("{} {}", contract.title, contract.version),
        "summary": contract.summary,
        "description": format!("{}. Version {}, schema at {source}.{ending}", contract.intended_action.trim_end_matches('.'), contract.version),
        "contentType": "application/cloudevents+json",
        "headers": {
            "type": "object",
            "required": ["webhook-id", "webhook-timestamp", "webhook-signature"],
            "properties": {
                "webhook-id": { "type": "string", "description": "The same over all attempts." },
                "webhook-timestamp": { "type": "string", "description": "Seconds since 1970." },
                "webhook-signature": { "type": "string", "description": "v1, and the signature in Base64." },
            },
        },
        "payload": {
            "type": "object",
            "required": ["specversion", "id", "source", "type", "data"],
            "properties": {
                "specversion": { "const": "1.0" },
                "id": text,
                "source": text,
                "type": { "const": kind },
                "time": { "type": "string", "format": "date-time" },
                "data": {
                    "type": "object",
                    "required": ["export_id", "export_type", "payload", "idempotency_key"],
                    "properties": {
                        "export_id": { "type": "string", "format": "uuid" },
                        "export_type": { "const": contract.export_type },
                        "idempotency_key": text,
                        "payload": { "$ref": format!("#/components/schemas/{}", contract.export_type) },
                    },
                },
            },
        },
        "examples": examples,
    })
}
