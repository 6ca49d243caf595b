//! The contract studio: the next version of a contract, a page for each part of it.
//!
//! Who takes part: whoever may draw saves one section at a time and sees at once what that means; whoever may
//! publish does so from the draft's own page, which lists what still blocks, each with a link to its field. Every
//! page is a plain form. What a section does not show stays as it is; the last section is the whole contract as a
//! document, for what has no field of its own and for bringing one along.

mod act;
mod approvals;
mod checks;
mod draft;
mod fields;
mod read;
mod routes;
mod rows;
mod section;

pub use draft::ContractDraftPage;
pub use section::{ContractSectionPage, NewContractPage};

/// A part of a contract with a page of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Identity,
    Schema,
    Who,
    Triggers,
    Checks,
    Approvals,
    Delivery,
    Exceptions,
    Document,
}

impl Section {
    pub const ALL: [Self; 9] = [
        Self::Identity,
        Self::Schema,
        Self::Who,
        Self::Triggers,
        Self::Checks,
        Self::Approvals,
        Self::Delivery,
        Self::Exceptions,
        Self::Document,
    ];

    pub const fn key(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Schema => "schema",
            Self::Who => "who",
            Self::Triggers => "triggers",
            Self::Checks => "checks",
            Self::Approvals => "approvals",
            Self::Delivery => "delivery",
            Self::Exceptions => "exceptions",
            Self::Document => "document",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Self::Identity => "Identity",
            Self::Schema => "Schema and samples",
            Self::Who => "Who and clocks",
            Self::Triggers => "Triggers",
            Self::Checks => "Checks and freshness",
            Self::Approvals => "Approvals",
            Self::Delivery => "Delivery and retry",
            Self::Exceptions => "Exceptions",
            Self::Document => "As a document",
        }
    }

    pub const fn says(self) -> &'static str {
        match self {
            Self::Identity => "What it is called, which version it becomes, what it is for.",
            Self::Schema => {
                "What the payload looks like, where its fields come from, and samples that prove it."
            }
            Self::Who => "Who answers, who steps in, who is told, and until when.",
            Self::Triggers => {
                "What makes such an export without a flow: an event, a time, a person."
            }
            Self::Checks => {
                "What must be true of goods and subject before it leaves, and how old it may be."
            }
            Self::Approvals => "Who has to agree before it leaves, and where they are asked.",
            Self::Delivery => {
                "Where it goes, how often it is tried, what counts as taken and as done."
            }
            Self::Exceptions => "Where each refusal leads, how severe it is, how it is put right.",
            Self::Document => "Everything in one place, as JSON.",
        }
    }

    pub fn of(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.key() == key)
    }

    /// Where a field of the contract is changed, and under which name it stands in the form there.
    pub fn of_fault(field: &str) -> (Self, String) {
        let mut words = field.trim_start_matches('/').split('/');
        let first = words.next().unwrap_or_default();
        let index = words.next().unwrap_or("0");
        let named = |name: &str| format!("f[{name}]");
        match first {
            "title" | "summary" | "version" | "titled" | "intent" | "intended_action"
            | "export_type" => (Self::Identity, named(first)),
            "schema" => (Self::Schema, named("schema")),
            "samples" => (Self::Schema, named(&format!("sample.{index}.payload"))),
            "payload" => (Self::Schema, named("payload")),
            "owner" | "backup" | "watchers" | "accept_ms" | "resolve_ms" | "valid_for_ms" => {
                (Self::Who, named(first))
            }
            "triggers" => (Self::Triggers, named(&format!("trigger.{index}.sla"))),
            "gates" => {
                let field = checks::gate_field(words.next().unwrap_or("rule"));
                (Self::Checks, named(&format!("gate.{index}.{field}")))
            }
            "refresh" => (Self::Checks, named("fresh")),
            "approval" => {
                let place = match (words.next(), words.next()) {
                    (Some("steps"), Some(step)) => {
                        let field = words.next();
                        let field = field.filter(|field| matches!(*field, "others" | "backup"));
                        let field = field.unwrap_or("owner");
                        format!("step.{step}.{field}")
                    }
                    _ => "limit".to_owned(),
                };
                (Self::Approvals, named(&format!("rule.{index}.{place}")))
            }
            "retry" | "retry_jitter" | "destination" | "idempotency" => {
                (Self::Delivery, named(first))
            }
            "routes" => match words.next() {
                Some(field) => {
                    let field = routes::field_of(field);
                    (Self::Delivery, named(&format!("route.{index}.{field}")))
                }
                None => (Self::Delivery, named(first)),
            },
            "ack" => (Self::Delivery, named("accepted_within")),
            "exceptions" => (Self::Exceptions, named("exceptions")),
            _ => (Self::Document, named("document")),
        }
    }
}

/// The id of a form's field, as links name it.
pub(super) fn anchor(name: &str) -> String {
    format!("f-{name}")
}
