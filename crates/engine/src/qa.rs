//! The gates an export passes before anybody is asked or anything is sent. Each answers by itself, and a failed
//! one names the field, what is wrong there, and what would be accepted, so that the task it opens can be worked.
//!
//! Some stand in every contract (its schema, owners, clocks, exception map, duplicates); the others are the
//! contract's own business rules ([`domain::gate`]) and limits of age. What they compare with is looked up
//! first ([`Work::facts_for`](crate::work::Work)); checking is pure.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use domain::{
    Time,
    approval::most_seated,
    contract::{ApprovalStep, Contract, codes},
    export::{Export, QaResult, QaStatus},
    gate::{Facts, Fault, Gate, ages, leads_anywhere},
    owner::Owner,
    sku::Sku,
};
use jsonschema::{PatternOptions, ValidationError, Validator, error::ValidationErrorKind};
use serde_json::Value;
use tokio::sync::RwLock;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    rules::Rules,
};

/// At most so many faults of one check are told: whoever mends these sees the others then.
const MOST_FAULTS: usize = 20;

/// Validators, compiled once per contract version (versions never change).
#[derive(Default)]
pub struct Schemas {
    compiled: RwLock<HashMap<Uuid, Arc<Validator>>>,
}

impl Schemas {
    pub async fn of(&self, contract: &Contract) -> Result<Arc<Validator>> {
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
        .map_err(|why| no_schema(&why))
}

fn no_schema(why: &ValidationError<'_>) -> Error {
    let place = why.instance_path().to_string();
    let sentence = match why.kind() {
        ValidationErrorKind::AnyOf { .. } if place.ends_with("/type") => {
            "A type is one of array, boolean, integer, null, number, object and string, or a list of some of them."
                .to_owned()
        }
        _ => format!("This is not a JSON Schema: {why}."),
    };
    Error::invalid(&format!("schema{place}"), sentence)
}

fn gate(check: &str, mut faults: Vec<Fault>) -> QaResult {
    faults.truncate(MOST_FAULTS);
    let said: Vec<String> = faults
        .iter()
        .map(|fault| {
            format!(
                "{}: {} (accepted: {})",
                fault.field, fault.says, fault.accepts
            )
        })
        .collect();
    QaResult {
        check: check.to_owned(),
        status: if faults.is_empty() {
            QaStatus::Passed
        } else {
            QaStatus::Failed
        },
        detail: (!faults.is_empty()).then(|| said.join("; ")),
        faults,
    }
}

/// A rule that found nothing to look at holds, and says that this is all it found.
fn unseen(rule: &Gate, export: &Export) -> Option<String> {
    let at = rule.at()?;
    let said = format!("Nothing stands at {at}: there was nothing to check.");
    (!leads_anywhere(&export.payload, at)).then_some(said)
}

fn fault(field: &str, says: impl Into<String>, accepts: impl Into<String>) -> Fault {
    Fault {
        field: field.to_owned(),
        says: says.into(),
        accepts: accepts.into(),
        export: None,
    }
}

/// What the gates look at besides the export itself.
pub struct Gates<'a> {
    pub contract: &'a Contract,
    pub validator: &'a Validator,
    pub rules: &'a Rules,
    pub steps: &'a [ApprovalStep],
    /// Other exports of the same subject.
    pub siblings: &'a [Export],
    /// What is known of the goods that it names.
    pub skus: &'a BTreeMap<String, Sku>,
    /// Tags of its order that say that somebody doubts it.
    pub doubts: &'a [String],
    pub now: Time,
}

impl Gates<'_> {
    /// The answers; and since when each field with a limit is true.
    pub fn check(&self, export: &Export) -> (Vec<QaResult>, BTreeMap<String, Time>) {
        let mut answers = vec![
            gate("schema", self.schema(export)),
            gate("owner_resolvable", self.owners(export)),
            gate("sla_parseable", self.sla(export)),
            gate("exception_path_defined", self.exception_paths()),
            gate("no_duplicate_or_conflict", self.duplicates(export)),
        ];
        let facts = self.facts(export);
        for rule in &self.contract.gates {
            let mut answer = gate(rule.name(), rule.judge(&export.payload, &facts));
            if answer.faults.is_empty() {
                answer.detail = unseen(rule, export);
            }
            answers.push(answer);
        }
        let refresh = &self.contract.refresh;
        let (fresh, too_old) = ages(refresh, &export.payload, self.skus, self.now);
        if !refresh.is_empty() {
            let mut answer = gate("fresh", too_old);
            if answer.faults.is_empty() && fresh.is_empty() {
                answer.detail = Some(
                    "It names no goods of a price or a stock: there was nothing to check."
                        .to_owned(),
                );
            }
            answers.push(answer);
        }
        (answers, fresh)
    }

    fn facts(&self, export: &Export) -> Facts<'_> {
        let others = || {
            self.siblings
                .iter()
                .filter(|other| other.id != export.id && Some(other.id) != export.supersedes)
        };
        Facts {
            skus: self.skus.clone(),
            last: others()
                .filter(|other| {
                    other.export_type == export.export_type
                        && other.ack.completed_at.is_some()
                        && !other.content_is_gone()
                })
                .max_by_key(|other| other.ack.completed_at)
                .map(|other| &other.payload),
            doubts: self.doubts.to_vec(),
            under_way: others().filter(|other| !other.state.is_settled()).collect(),
        }
    }

    fn schema(&self, export: &Export) -> Vec<Fault> {
        self.validator
            .iter_errors(&export.payload)
            .take(8)
            .map(|error| self.schema_fault(&error))
            .collect()
    }

    fn schema_fault(&self, error: &ValidationError<'_>) -> Fault {
        let mut field = format!("/payload{}", error.instance_path());
        if let ValidationErrorKind::Required { property } = error.kind()
            && let Some(name) = property.as_str()
        {
            field = format!("{field}/{}", name.replace('~', "~0").replace('/', "~1"));
        }
        let asked = error.schema_path().to_string();
        let keyword = asked.rsplit('/').next().unwrap_or_default().to_owned();
        let accepts = match self.contract.schema.pointer(&asked) {
            Some(value @ (Value::Object(_) | Value::Array(_))) if value.to_string().len() > 200 => {
                format!("what the schema says at {asked}")
            }
            Some(Value::Array(names)) if keyword == "required" => {
                let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
                format!("an object with {}", names.join(", "))
            }
            Some(value) => format!("{keyword} {value}"),
            None => format!("what the schema says at {asked}"),
        };
        fault(&field, error.to_string(), accepts)
    }

    fn owners(&self, export: &Export) -> Vec<Fault> {
        let somebody = "an owner with at least one active person";
        let own = [
            ("/owner_id", &export.owner),
            ("/backup_owner", &export.backup),
        ];
        let asked = self.steps.iter().enumerate().flat_map(|(n, step)| {
            let owners = step.asked().chain([&step.backup]);
            owners.map(move |owner| (format!("/approvals/{n}"), owner))
        });
        let mut faults: Vec<Fault> = own
            .into_iter()
            .map(|(field, owner)| (field.to_owned(), owner))
            .chain(asked)
            .filter(|(_, owner)| !self.rules.resolves(owner))
            .map(|(field, owner)| {
                fault(
                    &field,
                    format!("{owner} resolves to nobody active"),
                    somebody,
                )
            })
            .collect();
        faults.dedup_by(|one, other| one.says == other.says);
        faults.extend(self.steps.iter().enumerate().filter_map(|(n, step)| {
            let says = step.fault()?;
            Some(fault(
                &format!("/approvals/{n}"),
                says,
                "a step that can be decided",
            ))
        }));
        faults.extend(self.steps.iter().enumerate().filter_map(|(n, step)| {
            let mut asked = step.asked().chain([&step.backup]);
            let nobody = asked.all(|owner| self.rules.approvers(owner).is_empty());
            nobody.then(|| {
                fault(
                    &format!("/approvals/{n}"),
                    "nobody who is asked may approve",
                    "an owner or a backup with at least one active person who may approve",
                )
            })
        }));
        faults.extend(self.too_few(export).map(|says| {
            let enough = "as many different people, of whom none wrote it";
            fault("/approvals", says, enough)
        }));
        if faults.is_empty() && !self.is_covered(export) {
            faults.push(fault(
                "/owner_id",
                format!(
                    "nobody answers for {} or {} now",
                    self.rules.spoken_name(&export.owner),
                    self.rules.spoken_name(&export.backup)
                ),
                "an owner or a backup whose hours or rotation say that somebody answers now",
            ));
        }
        faults
    }

    /// Somebody answers right now: the owner, or else the backup.
    fn is_covered(&self, export: &Export) -> bool {
        [&export.owner, &export.backup]
            .into_iter()
            .any(|owner| is_answered(self.rules, owner, self.now))
    }

    /// Different people have to approve, none of them an author: whether there are as many.
    fn too_few(&self, export: &Export) -> Option<String> {
        let mut known: Vec<Uuid> = Vec::new();
        let mut seats: Vec<Vec<usize>> = Vec::new();
        for step in self.steps {
            let mut fits: Vec<usize> = Vec::new();
            let behind = step.asked().chain([&step.backup]);
            for user in behind.flat_map(|owner| self.rules.approvers(owner)) {
                if export.is_written_by(user.id) {
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

    fn sla(&self, export: &Export) -> Vec<Fault> {
        let mut faults = Vec::new();
        if export.accept_by <= self.now {
            faults.push(fault(
                "/sla/accept_by",
                format!("{} is not in the future", export.accept_by),
                format!("a time after {}", self.now),
            ));
        }
        if export.resolve_by < export.accept_by {
            faults.push(fault(
                "/sla/resolve_by",
                format!("{} is before accept_by", export.resolve_by),
                format!("a time from {} on", export.accept_by),
            ));
        }
        if export.valid_until <= self.now {
            faults.push(fault(
                "/valid_until",
                format!("{} is in the past", export.valid_until),
                format!("a time after {}", self.now),
            ));
        }
        for (n, step) in self.steps.iter().enumerate() {
            if step.accept_ms <= 0 {
                faults.push(fault(
                    &format!("/approvals/{n}"),
                    "the step has no time to be decided in",
                    "a time of at least one millisecond",
                ));
            }
        }
        faults
    }

    fn exception_paths(&self) -> Vec<Fault> {
        missing_paths(self.contract, |owner| self.rules.resolves(owner))
            .into_iter()
            .map(|says| {
                fault(
                    "/exception_path/routes",
                    says,
                    "a route to somebody active for every code, or one for *",
                )
            })
            .collect()
    }

    fn duplicates(&self, export: &Export) -> Vec<Fault> {
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
            .map(|other| Fault {
                export: Some(other.id),
                ..fault(
                    "/idempotency_key",
                    "another export of the same subject is under way with it",
                    "the same command once: work with the other one, or withdraw it",
                )
            })
            .collect()
    }
}

/// Whether somebody answers for it at that instant; a system always does.
pub(crate) fn is_answered(rules: &Rules, owner: &Owner, now: Time) -> bool {
    matches!(owner, Owner::System(_)) || !rules.answering(owner, now).is_empty()
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

/// What keeps the rules and the limits of a contract from being published, each with its field.
pub(crate) fn gate_faults(contract: &Contract) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    let known = contract.schema.get("properties").and_then(Value::as_object);
    let unknown = |field: &str| known.is_some_and(|known| !known.contains_key(field));
    for (n, gate) in contract.gates.iter().enumerate() {
        let own = gate.faults();
        let well = own.is_empty();
        faults.extend(
            own.into_iter()
                .map(|(field, why)| (format!("gates/{n}/{field}"), why)),
        );
        let Some(at) = gate.at().filter(|_| well) else {
            continue;
        };
        let why = match at.split('/').nth(1) {
            Some(field) if unknown(field) => Some(format!("The schema does not know {field:?}.")),
            _ => gate.misfit(&contract.schema),
        };
        faults.extend(why.map(|why| (format!("gates/{n}/at"), why)));
    }
    for (field, most) in &contract.refresh {
        if *most <= 0 {
            faults.push((
                format!("refresh/{field}"),
                "How many milliseconds it may be old: 1 or more.".to_owned(),
            ));
        }
        if !["price", "stock"].contains(&field.as_str()) && unknown(field) {
            faults.push((
                format!("refresh/{field}"),
                format!("The schema does not know {field:?}; besides its fields there are price and stock."),
            ));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::template::{self, Making};

    #[tokio::test]
    async fn a_version_is_compiled_once_and_each_version_for_itself() {
        let schemas = Schemas::default();
        let one = template::contract(&Making::default(), "fulfillment_request").unwrap();
        let compiled = schemas.of(&one).await.unwrap();
        assert!(Arc::ptr_eq(&compiled, &schemas.of(&one).await.unwrap()));

        let next = Contract {
            id: Uuid::from_u128(2),
            version: "1.1".to_owned(),
            schema: json!({ "type": "object", "required": ["gift"] }),
            ..one.clone()
        };
        let gift = json!({ "gift": true });
        assert!(schemas.of(&next).await.unwrap().is_valid(&gift));
        // the one before is still there, and still asks for what it asked for
        let before = schemas.of(&one).await.unwrap();
        assert!(Arc::ptr_eq(&compiled, &before) && !before.is_valid(&gift));
    }
}
