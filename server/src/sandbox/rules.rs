//! How the sandbox misbehaves on request: rules, and SKUs that everybody can use without rules.
//!
//! Rules are looked at in order; the first that fits and is not used up decides. Without one, a
//! well-known word in a SKU decides; without that too, the export is accepted.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::message::Message;

/// Longer than Meshline waits for an answer.
const STALL_MS: u64 = 20_000;

/// What the sandbox does with one message that it has not executed yet.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Execute, answer `accepted`, report completion later.
    Accept,
    /// Execute and answer `accepted`, but never report completion.
    AcceptOnly,
    /// Execute, but hold the answer back for so long.
    Stall { stall_ms: u64 },
    /// Refuse for a business reason.
    Reject { code: String, metadata: Value },
    /// Fail with this status.
    Fail {
        status: u16,
        retry_after_s: Option<u64>,
    },
    /// Answer an empty 2xx and forget about it.
    Silent,
    /// Answer 410.
    Gone,
    /// Answer 200 with something unreadable, and forget about it.
    Rubbish,
}

/// As put to `/_control`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    pub rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    #[serde(default)]
    pub when: When,
    pub then: Then,
}

/// Every field that is given must fit; none given fits everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_ref: Option<String>,
}

impl When {
    pub fn fits(&self, destination: &str, message: &Message) -> bool {
        let given = |wanted: &Option<String>, holds: &dyn Fn(&str) -> bool| {
            wanted.as_deref().is_none_or(holds)
        };
        given(&self.sku, &|sku| message.skus.iter().any(|s| s == sku))
            && given(&self.export_type, &|t| t == message.export_type)
            && given(&self.destination, &|d| d == destination)
            && given(&self.order_ref, &|r| {
                message.references.iter().any(|m| m == r)
            })
    }
}

/// As the command line says it: `EXPORT_TYPE=CODE`, or `EXPORT_TYPE=CODE:TIMES`.
pub fn refusal(text: &str) -> Result<Rule, String> {
    let wanted = || {
        format!(
            "{text:?} is not EXPORT_TYPE=CODE, nor EXPORT_TYPE=CODE:TIMES, such as shipping_label_request=label_failed:2"
        )
    };
    let is_name = |name: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        !name.is_empty() && name.bytes().all(plain)
    };
    let (export_type, rest) = text.split_once('=').ok_or_else(wanted)?;
    let (code, times) = match rest.split_once(':') {
        None => (rest, None),
        Some((code, times)) => (code, Some(times.parse::<u32>().map_err(|_| wanted())?)),
    };
    if !is_name(export_type) || !is_name(code) || times == Some(0) {
        return Err(wanted());
    }
    Ok(Rule {
        when: When {
            export_type: Some(export_type.to_owned()),
            ..When::default()
        },
        then: Then {
            action: Action::Reject {
                code: code.to_owned(),
                metadata: Value::Null,
            },
            times,
        },
    })
}

/// What to do, and how often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ThenFields", into = "ThenFields")]
pub struct Then {
    pub action: Action,
    pub times: Option<u32>,
}

/// How a `then` is written: exactly one thing to do, and its details.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ThenFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    reject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fail: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stall_ms: Option<u64>,
    #[serde(skip_serializing_if = "is_false")]
    silent: bool,
    #[serde(skip_serializing_if = "is_false")]
    gone: bool,
    #[serde(skip_serializing_if = "is_false")]
    rubbish: bool,
    #[serde(skip_serializing_if = "is_false")]
    accept_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl TryFrom<ThenFields> for Then {
    type Error = String;

    fn try_from(fields: ThenFields) -> Result<Self, String> {
        if fields.metadata.is_some() && fields.reject.is_none() {
            return Err("metadata belongs to reject".to_owned());
        }
        if fields.retry_after.is_some() && fields.fail.is_none() {
            return Err("retry_after belongs to fail".to_owned());
        }
        if fields
            .fail
            .is_some_and(|status| !(400..=599).contains(&status))
        {
            return Err("fail is a status from 400 to 599".to_owned());
        }
        let metadata = fields.metadata.map_or(Value::Null, Value::Object);
        let mut asked = [
            fields.reject.map(|code| Action::Reject { code, metadata }),
            fields.fail.map(|status| Action::Fail {
                status,
                retry_after_s: fields.retry_after,
            }),
            fields.stall_ms.map(|stall_ms| Action::Stall { stall_ms }),
            fields.silent.then_some(Action::Silent),
            fields.gone.then_some(Action::Gone),
            fields.rubbish.then_some(Action::Rubbish),
            fields.accept_only.then_some(Action::AcceptOnly),
        ]
        .into_iter()
        .flatten();
        match (asked.next(), asked.next()) {
            (Some(action), None) => Ok(Self {
                action,
                times: fields.times,
            }),
            _ => Err("then holds exactly one of reject, fail, stall_ms, silent, gone, rubbish, accept_only".to_owned()),
        }
    }
}

impl From<Then> for ThenFields {
    fn from(then: Then) -> Self {
        let mut fields = Self {
            times: then.times,
            ..Self::default()
        };
        match then.action {
            Action::Reject { code, metadata } => {
                fields.reject = Some(code);
                if let Value::Object(metadata) = metadata {
                    fields.metadata = Some(metadata);
                }
            }
            Action::Fail {
                status,
                retry_after_s,
            } => {
                fields.fail = Some(status);
                fields.retry_after = retry_after_s;
            }
            Action::Stall { stall_ms } => fields.stall_ms = Some(stall_ms),
            Action::Silent => fields.silent = true,
            Action::Gone => fields.gone = true,
            Action::Rubbish => fields.rubbish = true,
            Action::Accept | Action::AcceptOnly => fields.accept_only = true,
        }
        fields
    }
}

/// The words in SKUs that work without any rule, as the page explains them.
pub const CONVENTIONS: [(&str, &str); 6] = [
    ("OUT-OF-STOCK", "is rejected with insufficient_inventory"),
    ("FAIL-503", "fails with 503"),
    ("STALL", "is executed, but the answer comes after 20 s"),
    ("SILENT", "gets an empty 200 and is never acknowledged"),
    (
        "NO-LABEL",
        "gets no label from the first carrier (label_failed), but one from the alternate",
    ),
    (
        "NO-CARRIER",
        "gets no label from either carrier (label_failed)",
    ),
];

/// What a message's SKUs ask for by themselves.
pub fn by_convention(message: &Message) -> Action {
    let with = |word: &str| message.skus.iter().find(|sku| sku.contains(word));
    if let Some(sku) = with("OUT-OF-STOCK") {
        return Action::Reject {
            code: "insufficient_inventory".to_owned(),
            metadata: json!({"sku": sku, "available": 0}),
        };
    }
    let first = message.export_type == "shipping_label_request";
    let alternate = message.export_type == "shipping_label_alternate";
    let without = [("NO-LABEL", first), ("NO-CARRIER", first || alternate)];
    let refused = without.into_iter().filter(|(_, asks)| *asks);
    if let Some(sku) = refused.into_iter().find_map(|(word, _)| with(word)) {
        return Action::Reject {
            code: "label_failed".to_owned(),
            metadata: json!({"sku": sku, "reason": "no service takes this parcel"}),
        };
    }
    if with("FAIL-503").is_some() {
        return Action::Fail {
            status: 503,
            retry_after_s: None,
        };
    }
    if with("STALL").is_some() {
        return Action::Stall { stall_ms: STALL_MS };
    }
    if with("SILENT").is_some() {
        return Action::Silent;
    }
    Action::Accept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_strictly_and_written_back_as_they_were() {
        let text = r#"{"rules":[{"when":{"sku":"A"},"then":{"reject":"insufficient_inventory","metadata":{"left":0}}},{"when":{"destination":"oms"},"then":{"fail":503,"retry_after":1,"times":2}},{"when":{},"then":{"stall_ms":20000}},{"when":{},"then":{"silent":true}},{"when":{},"then":{"gone":true}},{"when":{},"then":{"rubbish":true}},{"when":{},"then":{"accept_only":true}}]}"#;
        let rules: RuleSet = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&rules).unwrap(), text);

        for (then, why) in [
            (r#"{}"#, "exactly one"),
            (r#"{"silent":true,"gone":true}"#, "exactly one"),
            (r#"{"fail":200}"#, "400 to 599"),
            (r#"{"gone":true,"retry_after":1}"#, "belongs to fail"),
            (r#"{"gone":true,"metadata":{}}"#, "belongs to reject"),
            (r#"{"explode":true}"#, "unknown field"),
        ] {
            let error = serde_json::from_str::<Then>(then).unwrap_err().to_string();
            assert!(error.contains(why), "{then}: {error}");
        }
    }

    #[test]
    fn every_given_condition_must_fit() {
        let message = Message {
            export_type: "promo_activation".into(),
            skus: vec!["A".into(), "B".into()],
            references: vec!["#1".into()],
            ..Message::default()
        };
        let check = |when: Value, fits: bool| {
            let when: When = serde_json::from_value(when).unwrap();
            assert_eq!(when.fits("oms", &message), fits, "{when:?}");
        };
        check(json!({}), true);
        check(
            json!({"sku": "B", "order_ref": "#1", "destination": "oms"}),
            true,
        );
        check(json!({"sku": "B", "order_ref": "#2"}), false);
        check(json!({"export_type": "promo_activation"}), true);
        check(json!({"destination": "3pl"}), false);
        check(json!({"sku": "a"}), false);
    }

    #[test]
    fn the_command_line_refuses_by_export_type() {
        let one = refusal("shipping_label_request=label_failed:2").unwrap();
        assert_eq!(
            json!(one),
            json!({
                "when": {"export_type": "shipping_label_request"},
                "then": {"reject": "label_failed", "times": 2},
            })
        );
        assert_eq!(
            refusal("backorder=no_delivery_planned").unwrap().then.times,
            None
        );
        for bad in [
            "",
            "backorder",
            "=x",
            "backorder=",
            "a=b:0",
            "a=b:many",
            "a b=c",
        ] {
            assert!(
                refusal(bad).unwrap_err().contains("EXPORT_TYPE=CODE"),
                "{bad}"
            );
        }
    }

    #[test]
    fn labels_are_refused_by_the_carrier_that_is_asked() {
        let of = |sku: &str, export_type: &str| {
            by_convention(&Message {
                export_type: export_type.into(),
                skus: vec![sku.into()],
                ..Message::default()
            })
        };
        let check = |sku: &str, export_type: &str, refused: bool| {
            let is = matches!(of(sku, export_type), Action::Reject { code, .. } if code == "label_failed");
            assert_eq!(is, refused, "{sku} {export_type}");
        };
        check("LAMP-NO-LABEL", "shipping_label_request", true);
        check("LAMP-NO-LABEL", "shipping_label_alternate", false);
        check("LAMP-NO-CARRIER", "shipping_label_request", true);
        check("LAMP-NO-CARRIER", "shipping_label_alternate", true);
        check("LAMP-NO-CARRIER", "fulfillment_request", false);
    }

    #[test]
    fn well_known_skus_need_no_rules() {
        let of = |sku: &str| {
            by_convention(&Message {
                skus: vec!["PLAIN".into(), sku.into()],
                ..Message::default()
            })
        };
        assert_eq!(of("LAMP"), Action::Accept);
        assert!(
            matches!(of("LAMP-OUT-OF-STOCK"), Action::Reject { code, .. } if code == "insufficient_inventory")
        );
        assert!(matches!(of("X-FAIL-503"), Action::Fail { status: 503, .. }));
        assert_eq!(of("STALL-1"), Action::Stall { stall_ms: STALL_MS });
        assert_eq!(of("SILENT"), Action::Silent);
    }
}
