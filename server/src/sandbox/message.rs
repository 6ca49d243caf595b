//! Reading an export's CloudEvents message, as strictly as a careful destination would.
//!
//! What is required is what the sandbox relies on; everything else is somebody's content. A message
//! that breaks the envelope's rules is answered with the rule, so that a mistake on the sending side
//! shows at the first attempt.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

const TYPE_PREFIX: &str = "com.meshline.export.";
/// Payload fields that name an order the way people do.
const REFERENCE_KEYS: [&str; 5] = [
    "order_ref",
    "order_name",
    "order_number",
    "external_ref",
    "external_id",
];

/// The parts of an export message that the sandbox looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub export_id: Uuid,
    pub export_type: String,
    pub idempotency_key: String,
    /// The order or campaign it is about, else the key itself: what "the same matter" means.
    pub subject: String,
    pub trace_id: Option<String>,
    pub skus: Vec<String>,
    pub references: Vec<String>,
    /// Where completion is to be reported; holds a capability.
    pub callback_url: Option<String>,
}

impl Message {
    /// Reads a structured-mode CloudEvents message, or says which rule it breaks.
    pub fn read(body: &[u8]) -> Result<Self, String> {
        let event: Map<String, Value> = serde_json::from_slice(body)
            .map_err(|e| format!("the body is not a JSON object: {e}"))?;
        if event.get("specversion").and_then(Value::as_str) != Some("1.0") {
            return Err("specversion must be \"1.0\"".to_owned());
        }
        for name in ["id", "source"] {
            text(&event, name)?;
        }
        let export_type = text(&event, "type")?
            .strip_prefix(TYPE_PREFIX)
            .ok_or_else(|| format!("type must start with {TYPE_PREFIX}"))?;
        let data = event
            .get("data")
            .and_then(Value::as_object)
            .ok_or("data must be an object")?;
        if text(data, "export_type")? != export_type {
            return Err("data.export_type and type name different export types".to_owned());
        }
        let idempotency_key = text(data, "idempotency_key")?;
        let export_id = text(data, "export_id")?
            .parse()
            .map_err(|_| "export_id must be a UUID".to_owned())?;
        let optional = |name: &str| data.get(name).and_then(Value::as_str).map(str::to_owned);

        let mut found = Found::default();
        found.search(data.get("payload").unwrap_or(&Value::Null));
        found.references.extend(optional("order_id"));
        let source_ref = data.get("source_of_truth").and_then(|s| s.get("ref"));
        found
            .references
            .extend(source_ref.and_then(Value::as_str).map(str::to_owned));

        Ok(Self {
            export_id,
            export_type: export_type.to_owned(),
            idempotency_key: idempotency_key.to_owned(),
            subject: optional("order_id")
                .or_else(|| optional("campaign_id"))
                .unwrap_or_else(|| idempotency_key.to_owned()),
            trace_id: optional("trace_id"),
            skus: found.skus,
            references: found.references,
            callback_url: callback_url(&event)?,
        })
    }
}

/// A message that asks for nothing, sent by somebody who tries a destination out.
pub fn is_test(body: &[u8]) -> bool {
    let event: Result<Map<String, Value>, _> = serde_json::from_slice(body);
    event.is_ok_and(|event| event.get("type").and_then(Value::as_str) == Some(engine::TEST_TYPE))
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Result<&'a str, String> {
    object
        .get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| format!("{name} must be a non-empty string"))
}

fn callback_url(event: &Map<String, Value>) -> Result<Option<String>, String> {
    let Some(value) = event.get("callbackurl").filter(|v| !v.is_null()) else {
        return Ok(None);
    };
    let url = value.as_str().unwrap_or_default();
    match url::Url::parse(url) {
        Ok(parsed) if matches!(parsed.scheme(), "http" | "https") => Ok(Some(url.to_owned())),
        _ => Err("callbackurl must be an absolute http(s) URL".to_owned()),
    }
}

/// SKUs and order references, wherever in the payload they stand: export types differ.
#[derive(Default)]
struct Found {
    skus: Vec<String>,
    references: Vec<String>,
}

impl Found {
    fn search(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.search(item)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.field(name, value);
                    self.search(value);
                }
            }
            _ => {}
        }
    }

    fn field(&mut self, name: &str, value: &Value) {
        let strings = |value: &Value| -> Vec<String> {
            let one = |v: &Value| v.as_str().map(str::to_owned);
            match value {
                Value::Array(items) => items.iter().filter_map(one).collect(),
                other => one(other).into_iter().collect(),
            }
        };
        match name {
            "sku" | "skus" => self.skus.extend(strings(value)),
            _ if REFERENCE_KEYS.contains(&name) => self.references.extend(strings(value)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event() -> Value {
        json!({
            "specversion": "1.0", "id": "e1", "source": "/m/acme",
            "type": "com.meshline.export.fulfillment_request",
            "callbackurl": "http://127.0.0.1:3000/ack/capability",
            "data": {
                "export_id": "0192f0c1-7c3a-7e60-8a54-3f3c1d2e4b5a",
                "export_type": "fulfillment_request",
                "idempotency_key": "k1",
                "order_id": "o1",
                "payload": {
                    "order_name": "#1001",
                    "items": [{"sku": "A-1", "quantity": 1}, {"sku": null}, {"skus": ["B-2", 3]}]
                }
            }
        })
    }

    #[test]
    fn finds_what_rules_look_at_wherever_it_stands() {
        let message = Message::read(event().to_string().as_bytes()).unwrap();
        assert_eq!(message.skus, ["A-1", "B-2"]);
        assert_eq!(message.references, ["#1001", "o1"]);
        assert_eq!(message.subject, "o1");
        assert_eq!(message.export_type, "fulfillment_request");
    }

    #[test]
    fn names_the_rule_that_is_broken() {
        let table = [
            ("/specversion", json!("0.3"), "specversion must be \"1.0\""),
            ("/id", json!(""), "id must be a non-empty string"),
            ("/source", json!(null), "source must be a non-empty string"),
            (
                "/type",
                json!("order.accepted"),
                "type must start with com.meshline.export.",
            ),
            ("/data", json!([]), "data must be an object"),
            (
                "/data/export_type",
                json!("other"),
                "data.export_type and type name different export types",
            ),
            (
                "/data/idempotency_key",
                json!(7),
                "idempotency_key must be a non-empty string",
            ),
            ("/data/export_id", json!("7"), "export_id must be a UUID"),
            (
                "/callbackurl",
                json!("/ack"),
                "callbackurl must be an absolute http(s) URL",
            ),
            (
                "/callbackurl",
                json!("file:///etc"),
                "callbackurl must be an absolute http(s) URL",
            ),
        ];
        for (at, value, expected) in table {
            let mut event = event();
            *event.pointer_mut(at).unwrap() = value;
            assert_eq!(
                Message::read(event.to_string().as_bytes()),
                Err(expected.to_owned())
            );
        }
        assert!(Message::read(b"[]").is_err());
    }
}
