//! What goes out, field by field, as outside programs rely on it.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::story::{chain_with_export, delivered};
use crate::support::{
    SANDBOX_SECRET, clock,
    installation::Installation,
    shop::Order,
    sink::{Captured, Reply, Sink},
};

#[derive(Clone, Copy, Debug)]
enum Is {
    Text,
    Uuid,
    UuidOrNull,
    Time,
    TimeOrNull,
    Whole,
    TextOrNull,
    Null,
    List,
    Texts,
    Object,
    /// 32 hexadecimal digits.
    Trace,
}

impl Is {
    fn fits(self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            Self::Text => text.is_some_and(|text| !text.is_empty()),
            Self::Uuid => text
                .and_then(|text| text.parse::<uuid::Uuid>().ok())
                .is_some_and(|id| id.get_version_num() == 7),
            Self::UuidOrNull => value.is_null() || Self::Uuid.fits(value),
            Self::Time => text.is_some_and(is_time),
            Self::TimeOrNull => value.is_null() || Self::Time.fits(value),
            Self::Whole => value.is_i64(),
            Self::TextOrNull => value.is_null() || Self::Text.fits(value),
            Self::Null => value.is_null(),
            Self::List => value.is_array(),
            Self::Texts => value
                .as_array()
                .is_some_and(|list| list.iter().all(|one| Self::Text.fits(one))),
            Self::Object => value.is_object(),
            Self::Trace => text.is_some_and(|text| {
                text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit())
            }),
        }
    }
}

/// `2026-11-27T15:00:00.000Z`, and no other spelling.
fn is_time(text: &str) -> bool {
    let pattern = b"dddd-dd-ddTdd:dd:dd.dddZ";
    text.len() == pattern.len()
        && text.bytes().zip(pattern).all(|(got, want)| {
            if *want == b'd' {
                got.is_ascii_digit()
            } else {
                got == *want
            }
        })
}

/// JSON pointer into `data`, and what stands there.
const FIELDS: [(&str, Is); 52] = [
    ("/export_id", Is::Uuid),
    ("/export_type", Is::Text),
    ("/version", Is::Whole),
    ("/supersedes", Is::UuidOrNull),
    ("/contract", Is::Object),
    ("/contract/id", Is::Uuid),
    ("/contract/version", Is::Text),
    ("/decision_version", Is::TextOrNull),
    ("/intent", Is::Text),
    ("/intended_action", Is::Text),
    ("/merchant_id", Is::Uuid),
    ("/order_id", Is::Uuid),
    ("/campaign_id", Is::Null),
    ("/owning_party", Is::Text),
    ("/owner_id", Is::Uuid),
    ("/owner_role", Is::Text),
    ("/backup_owner", Is::Object),
    ("/backup_owner/owner_id", Is::Uuid),
    ("/backup_owner/owner_role", Is::Text),
    ("/watchers", Is::Texts),
    ("/source_of_truth/system", Is::Text),
    ("/source_of_truth/ref", Is::Text),
    ("/sla/sla_ms", Is::Whole),
    ("/sla/accept_by", Is::Time),
    ("/sla/resolve_by", Is::Time),
    ("/sla/ship_by", Is::TimeOrNull),
    ("/valid_until", Is::Time),
    ("/refresh", Is::Object),
    ("/exception_path/type", Is::Text),
    ("/exception_path/contact_id", Is::Text),
    ("/exception_path/routes", Is::Object),
    ("/escalation_policy/id", Is::Text),
    ("/escalation_policy/version", Is::Whole),
    ("/remediation_steps", Is::Texts),
    ("/qa", Is::List),
    ("/qa/0/check", Is::Text),
    ("/qa/0/status", Is::Text),
    ("/qa/0/detail", Is::TextOrNull),
    ("/approvals", Is::List),
    ("/accepted_by", Is::UuidOrNull),
    ("/accepted_at", Is::TimeOrNull),
    ("/exception_code", Is::Null),
    ("/exception_metadata", Is::Null),
    ("/idempotency_key", Is::Text),
    ("/trace_id", Is::Trace),
    ("/timestamp", Is::Time),
    ("/rationale/summary", Is::Text),
    ("/rationale/trace", Is::List),
    ("/payload", Is::Object),
    ("/audit_trail/0/ts", Is::Time),
    ("/audit_trail/0/actor", Is::Text),
    ("/audit_trail/0/change", Is::Text),
];

pub async fn it_is_signed_and_holds_what_is_documented(meshline: &mut Installation) {
    let sink = Sink::start(meshline.sandbox_addr, |_| Reply::accepted()).await;
    let order = Order {
        quantity: 3,
        ..Order::numbered(5_600_000_000_400)
    };
    let (receipt, captured) = delivered(meshline, &sink, &order).await;
    let seen = chain_with_export(meshline, &receipt, "acknowledged").await;
    let export = &seen["exports"][0];

    // Standard Webhooks
    assert_eq!(captured.path, "/3pl");
    assert_eq!(
        captured.header("content-type"),
        "application/cloudevents+json"
    );
    assert!(!captured.header("webhook-id").is_empty());
    let timestamp: i64 = captured.header("webhook-timestamp").parse().unwrap();
    assert!(
        (clock::now_ms() / 1_000 - timestamp).abs() < 30,
        "signed at {timestamp}"
    );
    assert!(captured.is_signed_with(SANDBOX_SECRET));
    let mut altered = captured.clone();
    altered.body = captured.body.slice(..captured.body.len() - 1);
    assert!(
        !altered.is_signed_with(SANDBOX_SECRET),
        "this test cannot tell a good signature from a bad one"
    );
    verified_by_the_reference_library(&captured);

    // CloudEvents 1.0
    let event = captured.json();
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(event["type"], "com.meshline.export.fulfillment_request");
    assert_eq!(event["datacontenttype"], "application/json");
    assert!(Is::Time.fits(&event["time"]), "{event}");
    for name in ["id", "source"] {
        assert!(Is::Text.fits(&event[name]), "{name}: {event}");
    }
    let schema = event["dataschema"].as_str().unwrap();
    let schema = meshline
        .http
        .get(schema)
        .bearer_auth(&meshline.shop().0.api_token)
        .send()
        .await
        .unwrap();
    assert_eq!(
        schema.json::<Value>().await.unwrap()["title"],
        "Fulfillment request"
    );

    let data = captured.data();
    for (pointer, is) in FIELDS {
        let value = data
            .pointer(pointer)
            .unwrap_or_else(|| panic!("{pointer} is missing"));
        assert!(is.fits(value), "{pointer} is {value}, which is no {is:?}");
    }
    let names = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    let documented: Vec<&str> = FIELDS
        .iter()
        .filter_map(|(pointer, _)| pointer[1..].split('/').next())
        .collect();
    for name in names(&data) {
        assert!(documented.contains(&&*name), "{name} is documented nowhere");
    }
    // what it says is what is so
    assert_eq!(data["export_id"], export["id"]);
    assert_eq!(data["order_id"], seen["order_id"]);
    assert_eq!(data["idempotency_key"], export["idempotency_key"]);
    assert_eq!(data["trace_id"], seen["trace_id"]);
    assert_eq!(data["merchant_id"], meshline.shop().0.id);
    assert_eq!(data["owning_party"], "agency:logistics");
    assert_eq!(
        data["exception_path"]["routes"]["insufficient_inventory"],
        "supply_chain"
    );
    let payload = &data["payload"];
    assert_eq!(payload["order_ref"], order.id.to_string());
    assert_eq!(
        payload["total"],
        json!({ "amount_minor": order.total_minor(), "currency": "USD" })
    );
    let line = &payload["lines"][0];
    assert_eq!(line["line_id"], order.line_id().to_string());
    assert_eq!(
        (&line["sku"], &line["quantity"]),
        (&json!(order.sku), &json!(3))
    );
    assert_eq!(
        line["unit_price"],
        json!({ "amount_minor": order.unit_minor, "currency": "USD" })
    );
    // the same message is shown to whoever asks
    let shown = meshline
        .get(&format!("/exports/{}", export["id"].as_str().unwrap()))
        .await;
    assert_eq!(shown["message"], event);
    let traceparent = captured.header("traceparent");
    assert!(
        traceparent.contains(data["trace_id"].as_str().unwrap()),
        "{traceparent}"
    );
}

/// With the library that the specification's authors publish, where Node and the browser tests' packages
/// are.
fn verified_by_the_reference_library(captured: &Captured) {
    use std::io::Write as _;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../end2end");
    let library = std::path::Path::new(folder).join("node_modules/standardwebhooks");
    let script = r#"
        import { Webhook } from "standardwebhooks";
        const chunks = [];
        for await (const chunk of process.stdin) chunks.push(chunk);
        const { secret, headers, body } = JSON.parse(Buffer.concat(chunks).toString());
        const webhook = new Webhook(secret);
        webhook.verify(body, headers);
        let refused = false;
        try { webhook.verify(body + " ", headers); } catch { refused = true; }
        if (!refused) throw new Error("it takes anything");
    "#;
    let mut node = Command::new("node");
    node.args(["--input-type=module", "-e", script])
        .current_dir(folder);
    let child = node.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let (true, Ok(mut child)) = (library.is_dir(), child) else {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED, not verified with npm's standardwebhooks: it is not installed"
        );
        return;
    };
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let headers: serde_json::Map<String, Value> = names
        .iter()
        .map(|name| ((*name).to_owned(), json!(captured.header(name))))
        .collect();
    let body = std::str::from_utf8(&captured.body).unwrap();
    let input = json!({ "secret": SANDBOX_SECRET, "headers": headers, "body": body });
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.to_string().as_bytes())
        .unwrap();
    let ended = child.wait_with_output().unwrap();
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
}
