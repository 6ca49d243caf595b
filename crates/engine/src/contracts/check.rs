//! What is said of a draft before anybody publishes it: its samples, what the change means, whom it touches.

use std::collections::BTreeSet;

use domain::contract::{
    Contract, Must, Sample, Sheet, Version,
    compat::{self, Report},
};
use serde_json::Value;

use super::ContractRail;
use crate::{
    error::FieldError,
    flow_needs::{Named, needing},
    publish::contract_faults,
    qa::compile,
    rules::Rules,
};

/// Most samples of one contract.
pub const MOST_SAMPLES: usize = 40;
/// Longest sample, as JSON.
pub const MAX_SAMPLE_BYTES: usize = 64 * 1024;
/// Most faults of one sample that are told.
const MOST_FAULTS: usize = 12;

/// What the schema says of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleResult {
    pub name: String,
    pub must: Must,
    /// What the schema refuses it for, each with its JSON Pointer into the payload.
    pub faults: Vec<FieldError>,
}

impl SampleResult {
    pub fn is_as_promised(&self) -> bool {
        self.faults.is_empty() == (self.must == Must::Pass)
    }

    /// Why it is not what it should be.
    pub fn sentence(&self) -> String {
        match (self.must, self.faults.first()) {
            (Must::Fail, None) => {
                format!("“{}” must be refused, and the schema takes it.", self.name)
            }
            (Must::Pass, Some(fault)) => {
                let place = if fault.field.is_empty() {
                    "the payload"
                } else {
                    &fault.field
                };
                format!(
                    "“{}” must be taken, and is not: {place}: {}",
                    self.name, fault.sentence
                )
            }
            _ => format!("“{}” is as it should be.", self.name),
        }
    }
}

/// The validator's words as a sentence, not longer than one reads.
pub(crate) fn words(error: &impl std::fmt::Display) -> String {
    let text: String = error.to_string().chars().take(240).collect();
    format!("{}.", text.trim_end_matches('.'))
}

/// Of each sample, in their order; none while the schema cannot be compiled.
pub(crate) fn samples(contract: &Contract) -> Vec<SampleResult> {
    let Ok(validator) = compile(contract) else {
        return Vec::new();
    };
    let result = |sample: &Sample| SampleResult {
        name: sample.name.clone(),
        must: sample.must,
        faults: validator
            .iter_errors(&sample.payload)
            .take(MOST_FAULTS)
            .map(|error| FieldError {
                field: error.instance_path().to_string(),
                sentence: words(&error),
            })
            .collect(),
    };
    contract.samples.iter().map(result).collect()
}

/// What is wrong with the samples themselves, and with what the schema says of them.
pub(crate) fn sample_faults(contract: &Contract) -> Vec<FieldError> {
    let mut faults = Vec::new();
    let mut say = |index: usize, sentence: String| {
        faults.push(FieldError {
            field: format!("samples/{index}"),
            sentence,
        });
    };
    for (index, sample) in contract.samples.iter().enumerate() {
        let name = sample.name.trim();
        if name.is_empty() || name.chars().count() > 80 {
            say(
                index,
                "A sample has a name of at most 80 characters.".to_owned(),
            );
        }
        if contract
            .samples
            .iter()
            .take(index)
            .any(|one| one.name == sample.name)
        {
            say(index, format!("There are two samples called “{name}”."));
        }
    }
    for (index, result) in samples(contract).iter().enumerate() {
        if !result.is_as_promised() {
            say(index, result.sentence());
        }
    }
    faults
}

/// The version that a change of `live` into `draft` deserves.
pub(crate) fn suggested(live: Option<&Contract>, draft: &Contract) -> Version {
    live.and_then(|live| {
        let version: Version = live.version.parse().ok()?;
        Some(compat::compare(&live.schema, &draft.schema).suggests(version))
    })
    .unwrap_or(Version::FIRST)
}

/// What keeps the draft's version from being published after the live one.
fn version_faults(live: Option<&Contract>, draft: &Contract, report: &Report) -> Vec<FieldError> {
    let fault = |sentence: String| {
        vec![FieldError {
            field: "version".to_owned(),
            sentence,
        }]
    };
    let version: Version = match draft.version.parse() {
        Ok(version) => version,
        Err(why) => return fault(why),
    };
    let Some(live) = live.and_then(|live| live.version.parse::<Version>().ok()) else {
        return Vec::new();
    };
    if version <= live {
        return fault(format!(
            "Version {live} is live: the next one comes after it."
        ));
    }
    if !report.is_compatible() && version.major == live.major {
        return fault(format!(
            "The schema breaks what readers of {live} know, so this is version {} at least.",
            live.next_major()
        ));
    }
    Vec::new()
}

/// Everything that keeps a draft from being published.
pub(crate) fn draft_faults(
    sheet: &Sheet,
    live: Option<&Contract>,
    rules: &Rules,
) -> Vec<FieldError> {
    let mut faults = contract_faults(&sheet.draft, rules);
    let report = report(live, &sheet.draft);
    faults.extend(version_faults(live, &sheet.draft, &report));
    faults
}

fn report(live: Option<&Contract>, draft: &Contract) -> Report {
    live.map(|live| compat::compare(&live.schema, &draft.schema))
        .unwrap_or_default()
}

/// What hurts nobody today.
fn advice(draft: &Contract, live: Option<&Contract>) -> Vec<FieldError> {
    let mut found = Vec::new();
    let mut say = |field: &str, sentence: &str| {
        found.push(FieldError {
            field: field.to_owned(),
            sentence: sentence.to_owned(),
        });
    };
    let has = |must: Must| draft.samples.iter().any(|one| one.must == must);
    if !has(Must::Pass) {
        say(
            "samples",
            "No sample shows what a right payload looks like.",
        );
    }
    if !has(Must::Fail) {
        say("samples", "No sample shows what must be refused.");
    }
    if draft.summary.trim().is_empty() {
        say("summary", "Say in a sentence what such an export is for.");
    }
    if draft
        .schema
        .get("properties")
        .and_then(Value::as_object)
        .is_none_or(serde_json::Map::is_empty)
    {
        say("schema", "The schema names no field: any object goes out.");
    }
    if let Some(live) = live {
        if live.destination != draft.destination {
            say(
                "destination",
                "From then on it goes to another destination than the live version.",
            );
        }
        if live.routes != draft.routes {
            say(
                "routes",
                "From then on other exports go by routes than under the live version.",
            );
        }
    }
    found
}

/// The whole of what is said of a draft.
pub(crate) fn rail(sheet: Sheet, live: Option<Contract>, rules: &Rules) -> ContractRail {
    let report = report(live.as_ref(), &sheet.draft);
    let named = Named::Contract(sheet.export_type.clone());
    let flows: Vec<domain::flow::Flow> = rules.flows.iter().map(|flow| (**flow).clone()).collect();
    let mut reads: Vec<String> = [live.as_ref(), Some(&sheet.draft)]
        .into_iter()
        .flatten()
        .flat_map(|one| rules.destinations_of(one))
        .map(|one| one.name.clone())
        .collect();
    let mut known = BTreeSet::new();
    reads.retain(|name| known.insert(name.clone()));
    ContractRail {
        faults: draft_faults(&sheet, live.as_ref(), rules),
        advice: advice(&sheet.draft, live.as_ref()),
        samples: samples(&sheet.draft),
        suggested: suggested(live.as_ref(), &sheet.draft),
        flows: needing(&flows, &named),
        reads,
        report,
        live,
        sheet,
    }
}
