//! The gates an export passes before anybody is asked or anything is sent. Each answers by itself,
//! and a failed one says what was expected, so that the task it opens can be worked.

use std::{collections::HashMap, sync::Arc};

use domain::{
    approval::most_seated,
    contract::{ApprovalStep, Contract, codes},
    export::{Export, QaResult, QaStatus},
    owner::Owner,
};
use jsonschema::{PatternOptions, Validator};
use tokio::sync::RwLock;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    rules::Rules,
};

/// Validators, compiled once per contract version (versions never change).
#[derive(Default)]
pub struct Schemas {
    compiled: RwLock<HashMap<Uuid, Arc<Validator>>>,
}

impl Schemas {
    pub(crate) async fn of(&self, contract: &Contract) -> Result<Arc<Validator>> {
        if let Some(found) = self.compiled.read().await.get(&contract.id) {
            return Ok(Arc::clone(found));
        }
        let validator = Arc::new(compile(contract)?);
        self.compiled
            .write()
            .await
            .insert(contract.id, Arc::clone(&validator));
        Ok(validator)
    }
}

/// Refuses a contract whose schema is not a 2020-12 schema.
pub(crate) fn compile(contract: &Contract) -> Result<Validator> {
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        // in time proportional to the text, whatever a pattern says
        .with_pattern_options(PatternOptions::regex().size_limit(1 << 20))
        .build(&contract.schema)
        .map_err(|why| Error::invalid("schema", format!("This is not a JSON Schema: {why}")))
}

fn gate(check: &str, faults: &[String]) -> QaResult {
    QaResult {
        check: check.to_owned(),
        status: if faults.is_empty() {
            QaStatus::Passed
        } else {
            QaStatus::Failed
        },
        detail: (!faults.is_empty()).then(|| faults.join("; ")),
    }
}

/// What the gates look at besides the export itself.
pub(crate) struct Gates<'a> {
    pub contract: &'a Contract,
    pub validator: &'a Validator,
    pub rules: &'a Rules,
    pub steps: &'a [ApprovalStep],
    /// Other exports of the same subject.
    pub siblings: &'a [Export],
}

impl Gates<'_> {
    pub(crate) fn check(&self, export: &Export) -> Vec<QaResult> {
        vec![
            gate("schema", &self.schema(export)),
            gate("owner_resolvable", &self.owners(export)),
            gate("sla_parseable", &self.sla(export)),
            gate("exception_path_defined", &self.exception_paths()),
            gate("no_duplicate_or_conflict", &self.duplicates(export)),
        ]
    }

    fn schema(&self, export: &Export) -> Vec<String> {
        self.validator
            .iter_errors(&export.payload)
            .take(8)
            .map(|error| {
                let path = error.instance_path().to_string();
                let place = if path.is_empty() {
                    "payload".to_owned()
                } else {
                    path
                };
                format!("{place}: {error}")
            })
            .collect()
    }

    fn owners(&self, export: &Export) -> Vec<String> {
        let asked = self
            .steps
            .iter()
            .flat_map(|step| step.asked().chain([&step.backup]));
        let mut faults: Vec<String> = [&export.owner, &export.backup]
            .into_iter()
            .chain(asked)
            .filter(|owner| !self.rules.resolves(owner))
            .map(|owner| format!("{owner} resolves to nobody active"))
            .collect();
        faults.sort();
        faults.dedup();
        faults.extend(self.steps.iter().filter_map(ApprovalStep::fault));
        faults.extend(self.too_few(export));
        faults
    }

    /// Different people have to approve, the author none of them: whether there are as many.
    fn too_few(&self, export: &Export) -> Option<String> {
        let mut known: Vec<Uuid> = Vec::new();
        let mut seats: Vec<Vec<usize>> = Vec::new();
        for step in self.steps {
            let mut fits: Vec<usize> = Vec::new();
            let behind = step.asked().chain([&step.backup]);
            for user in behind.flat_map(|owner| self.rules.people(owner)) {
                if Some(user.id) == export.author {
                    continue;
                }
                let place = known.iter().position(|id| *id == user.id);
                fits.push(place.unwrap_or_else(|| {
                    known.push(user.id);
                    known.len() - 1
                }));
            }
            let needs = usize::try_from(step.needs).unwrap_or(1);
            seats.extend(std::iter::repeat_n(fits, needs));
        }
        let there = most_seated(&seats, known.len());
        (seats.len() > 1 && there < seats.len()).then(|| {
            format!(
                "{} different people must approve, and only {there} can",
                seats.len()
            )
        })
    }

    fn sla(&self, export: &Export) -> Vec<String> {
        let mut faults = Vec::new();
        if export.accept_by <= export.created_at || export.resolve_by < export.accept_by {
            faults.push(
                "accept_by must come after creation, resolve_by not before accept_by".to_owned(),
            );
        }
        if export.valid_until <= export.created_at {
            faults.push("valid_until is in the past".to_owned());
        }
        if self.steps.iter().any(|step| step.accept_ms <= 0) {
            faults.push("an approval step has no time to be decided in".to_owned());
        }
        faults
    }

    fn exception_paths(&self) -> Vec<String> {
        missing_paths(self.contract, |owner| self.rules.resolves(owner))
    }

    fn duplicates(&self, export: &Export) -> Vec<String> {
        self.siblings
            .iter()
            .filter(|other| {
                other.id != export.id
                    && Some(other.id) != export.supersedes
                    && other.export_type == export.export_type
                    && other.intent == export.intent
                    // the contract's recipe says what makes two of them the same command
                    && other.idempotency_key == export.idempotency_key
                    && other.state.is_in_flight()
            })
            .map(|other| {
                format!(
                    "export {} for the same subject is {}",
                    other.id,
                    other.state.words()
                )
            })
            .collect()
    }
}

/// Codes without a route, and routes to nobody.
pub(crate) fn missing_paths(contract: &Contract, resolves: impl Fn(&Owner) -> bool) -> Vec<String> {
    codes::ALL
        .iter()
        .filter_map(|code| match contract.route(code) {
            None => Some(format!("{code} has no route")),
            Some(route) if !resolves(&route.owner) => Some(format!(
                "{code} goes to {}, which resolves to nobody active",
                route.owner
            )),
            Some(_) => None,
        })
        .collect()
}
