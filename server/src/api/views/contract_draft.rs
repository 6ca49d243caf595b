//! Drafts of contracts: what is said of one before anybody publishes it.

use domain::contract::{Must, Standing, compat::Reason};
use engine::{ContractRail, FieldError};
use serde::Serialize;
use utoipa::ToSchema;

use super::{contract::ContractView, words::At};

/// The draft of a contract.
#[derive(Serialize, ToSchema)]
#[schema(as = ContractDraft)]
pub struct ContractDraftView {
    #[schema(example = "price_update")]
    export_type: String,
    title: String,
    /// The version that it will be.
    #[schema(example = "2.0")]
    version: String,
    /// The version it was begun from; null: the contract was never published.
    base_version: Option<String>,
    /// Raised by every change; say which one you saw when you send another.
    rev: i64,
    /// Of its content; publishing names it.
    hash: String,
    /// Nothing keeps it from being published.
    ready: bool,
    /// A second person is asked, and has not answered.
    asked: bool,
    /// What keeps it from being published.
    faults: Vec<ContractFaultView>,
    /// What hurts nobody today.
    advice: Vec<ContractFaultView>,
    compatibility: CompatibilityView,
    samples: Vec<SampleResultView>,
    edited_at: At,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ContractFault)]
pub struct ContractFaultView {
    /// JSON Pointer into the contract.
    #[schema(example = "/backup")]
    path: String,
    detail: String,
}

/// What the change of the schema means. We write and the destination reads: it goes by the version it knows.
#[derive(Serialize, ToSchema)]
#[schema(as = Compatibility)]
pub struct CompatibilityView {
    /// Whoever reads the live version can read this one.
    compatible: bool,
    #[schema(example = "1.1")]
    suggested_version: String,
    /// What a reader of the live version may not be able to take.
    breaking: Vec<CompatReasonView>,
    /// What went out under the live version, and may stop at the gates now.
    narrower: Vec<CompatReasonView>,
    /// Keys of the published flows that make such exports.
    flows: Vec<String>,
    /// The destinations that read them.
    destinations: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CompatibilityReason)]
pub struct CompatReasonView {
    /// JSON Pointer into the schema.
    #[schema(example = "/properties/price/type")]
    pointer: String,
    detail: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SampleResult)]
pub struct SampleResultView {
    name: String,
    /// `pass` or `fail`: what the schema must say of it.
    must: &'static str,
    as_promised: bool,
    /// What the schema refuses it for, with JSON Pointers into the payload.
    faults: Vec<ContractFaultView>,
}

/// What became of publishing: exactly one of the two.
#[derive(Serialize, ToSchema)]
#[schema(as = ContractPublished)]
pub struct ContractPublishedView {
    /// The version that is live now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractView>,
    /// The draft, where publishing takes two people: somebody else is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<ContractDraftView>,
}

/// Where a contract stands that is not simply in force.
#[derive(Serialize, ToSchema)]
#[schema(as = ContractStanding)]
pub struct StandingView {
    /// `deprecated` or `retired`.
    state: &'static str,
    since: At,
    until: Option<At>,
    /// The export type that takes its place.
    replacement: Option<String>,
    why: String,
}

fn fault(one: &FieldError) -> ContractFaultView {
    let path = one.field.trim_start_matches('/');
    ContractFaultView {
        path: if path.is_empty() {
            String::new()
        } else {
            format!("/{path}")
        },
        detail: one.sentence.clone(),
    }
}

fn reason(one: &Reason) -> CompatReasonView {
    CompatReasonView {
        pointer: one.pointer.clone(),
        detail: one.sentence.clone(),
    }
}

impl From<&ContractRail> for ContractDraftView {
    fn from(rail: &ContractRail) -> Self {
        let sheet = &rail.sheet;
        Self {
            export_type: sheet.export_type.clone(),
            title: sheet.draft.title.clone(),
            version: sheet.draft.version.clone(),
            base_version: sheet.base.clone(),
            rev: sheet.rev,
            hash: sheet.hash(),
            ready: rail.is_ready(),
            asked: sheet.open_request().is_some(),
            faults: rail.faults.iter().map(fault).collect(),
            advice: rail.advice.iter().map(fault).collect(),
            compatibility: CompatibilityView {
                compatible: rail.report.is_compatible(),
                suggested_version: rail.suggested.to_string(),
                breaking: rail.report.breaking.iter().map(reason).collect(),
                narrower: rail.report.narrower.iter().map(reason).collect(),
                flows: rail.flows.iter().map(|one| one.key.clone()).collect(),
                destinations: rail.reads.clone(),
            },
            samples: rail
                .samples
                .iter()
                .map(|one| SampleResultView {
                    name: one.name.clone(),
                    must: match one.must {
                        Must::Pass => "pass",
                        Must::Fail => "fail",
                    },
                    as_promised: one.is_as_promised(),
                    faults: one.faults.iter().map(fault).collect(),
                })
                .collect(),
            edited_at: sheet.edited_at.into(),
        }
    }
}

impl From<&Standing> for StandingView {
    fn from(standing: &Standing) -> Self {
        Self {
            state: standing.state.as_str(),
            since: standing.since.into(),
            until: standing.until.map(Into::into),
            replacement: standing.replacement.clone(),
            why: standing.why.clone(),
        }
    }
}
