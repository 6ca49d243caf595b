//! A contract as a document: taken along to another merchant, kept in a repository, written by a program.
//! What belongs to one version or one merchant is no part of it. Fields that are not known are faults: what is
//! not acted on is not taken.

use domain::{
    contract::Contract,
    delivery::RetryPolicy,
    depth::{MAX_DEPTH, is_too_deep},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use serde_path_to_error::{Path, Segment};
use uuid::Uuid;

use super::drafts::MAX_CONTRACT_BYTES;
use crate::{
    draft::RECIPE_FIELDS,
    error::{Error, FieldError, Result},
};

/// What every document of a contract begins with.
pub const CONTRACT_FORMAT: &str = "meshline.contract/1";
/// Of one version or one merchant.
const OWN: [&str; 4] = ["id", "merchant_id", "publishing", "published_at"];
/// What need not be said, and is not written out again where it is said.
const LEFT_OUT: [(&str, i64); 1] = [("needs", 1)];
/// Most objects in which a missing field is looked for.
const MOST_TRIED: usize = 10;
/// Most unknown fields that are told at once.
const MOST_FAULTS: usize = 50;

pub fn contract_document(contract: &Contract) -> Result<Value> {
    let mut document = Map::new();
    document.insert("format".to_owned(), json!(CONTRACT_FORMAT));
    if let Value::Object(fields) = written(contract)? {
        let said = fields
            .into_iter()
            .filter(|(name, _)| !OWN.contains(&name.as_str()));
        document.extend(said);
    }
    Ok(Value::Object(document))
}

/// The fields of a contract as documents call them: in its conditions an amount is written as everywhere else outside.
fn written(contract: &Contract) -> Result<Value> {
    let mut whole = serde_json::to_value(contract).map_err(Error::internal)?;
    for list in ["approval", "routes"] {
        let rules = whole.get_mut(list).and_then(Value::as_array_mut);
        for amount in rules
            .into_iter()
            .flatten()
            .filter_map(|rule| rule.pointer_mut("/when/amount")?.as_object_mut())
        {
            if let Some(minor) = amount.remove("minor") {
                amount.insert("amount_minor".to_owned(), minor);
            }
        }
    }
    Ok(whole)
}

/// Reads a document; whether it may be published is another question.
pub fn read_contract_document(bytes: &[u8], merchant: Uuid) -> Result<Contract> {
    if bytes.len() > MAX_CONTRACT_BYTES {
        return Err(Error::invalid(
            "",
            format!(
                "The document has {} kB; {} kB is the most.",
                bytes.len() / 1024,
                MAX_CONTRACT_BYTES / 1024
            ),
        ));
    }
    if is_too_deep(bytes) {
        return Err(Error::invalid(
            "",
            format!("The document is nested deeper than {MAX_DEPTH} lists and objects."),
        ));
    }
    let value: Value = serde_json::from_slice(bytes).map_err(|why| {
        Error::invalid(
            "",
            format!(
                "This is not JSON: something is wrong in line {}, column {}.",
                why.line(),
                why.column()
            ),
        )
    })?;
    let Value::Object(mut fields) = value else {
        return Err(Error::invalid("", "A contract is an object."));
    };
    if fields.remove("format") != Some(json!(CONTRACT_FORMAT)) {
        return Err(Error::invalid(
            "/format",
            format!("Write “{CONTRACT_FORMAT}” here."),
        ));
    }
    if let Some(own) = OWN.iter().find(|own| fields.contains_key(**own)) {
        return Err(Error::invalid(
            &format!("/{own}"),
            "This belongs to one version and is not part of a document.",
        ));
    }
    let told = Value::Object(fields.clone());
    complete(&mut fields, merchant)?;
    let whole = Value::Object(fields);
    let contract: Contract =
        serde_path_to_error::deserialize(&whole).map_err(|error| unread(&whole, &error))?;
    let taken = written(&contract)?;
    let mut unknown = Vec::new();
    not_taken(&told, &taken, String::new(), &mut unknown);
    if !unknown.is_empty() {
        return Err(Error::invalid_fields(unknown));
    }
    Ok(contract)
}

/// Why it cannot be read, and where. What is missing is told where it would stand, as by the gates of exports.
fn unread(whole: &Value, error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    let mut at = pointer(error.path());
    let said = error.inner().to_string();
    let mut sentence: String = said.chars().take(300).collect();
    let missing = said
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split('`').next());
    if let Some(name) = missing {
        at = lacking(whole, &at, name, &said);
        let name = if name == "minor" {
            "amount_minor"
        } else {
            name
        };
        sentence = format!("missing field `{name}`");
        at.push_str(&format!("/{}", escaped(name)));
    }
    Error::invalid(&at, format!("{}.", sentence.trim_end_matches('.')))
}

fn pointer(path: &Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", escaped(key)),
            // an alternative is no place, and what is unknown has none
            Segment::Enum { .. } | Segment::Unknown => String::new(),
        })
        .collect()
}

/// Which object a field is missing in: the one at that place, or one right below it, since of what stands in
/// alternatives (`when`) only the whole is told.
fn lacking(whole: &Value, at: &str, name: &str, said: &str) -> String {
    let Some(Value::Object(fields)) = whole.pointer(at) else {
        return at.to_owned();
    };
    let below = fields
        .iter()
        .filter(|(_, value)| value.is_object())
        .map(|(key, _)| format!("{at}/{}", escaped(key)));
    let cured = |place: &String| {
        let mut tried = whole.clone();
        let Some(Value::Object(object)) = tried.pointer_mut(place) else {
            return false;
        };
        object.insert(name.to_owned(), Value::Null);
        Contract::deserialize(&tried).is_err_and(|other| other.to_string() != said)
    };
    let places = std::iter::once(at.to_owned()).chain(below);
    let found = places.take(MOST_TRIED).find(cured);
    found.unwrap_or_else(|| at.to_owned())
}

/// What need not be said.
fn complete(fields: &mut Map<String, Value>, merchant: Uuid) -> Result<()> {
    let retry = serde_json::to_value(RetryPolicy::default()).map_err(Error::internal)?;
    let rest = [
        ("version", json!("1.0")),
        ("summary", json!("")),
        ("intended_action", json!("")),
        ("intent", json!("")),
        ("watchers", json!([])),
        ("approval", json!([])),
        ("retry", retry),
        ("ack", json!({})),
        ("idempotency", json!(RECIPE_FIELDS)),
        ("destination", json!("")),
    ];
    for (name, value) in rest {
        fields.entry(name).or_insert(value);
    }
    fields.insert("id".to_owned(), json!(Uuid::nil()));
    fields.insert("merchant_id".to_owned(), json!(merchant));
    fields.insert("published_at".to_owned(), json!(domain::Time::default()));
    Ok(())
}

/// Fields that were told and are not in what was taken.
fn not_taken(told: &Value, taken: &Value, at: String, found: &mut Vec<FieldError>) {
    if found.len() >= MOST_FAULTS {
        return;
    }
    match (told, taken) {
        (Value::Object(told), Value::Object(taken)) => {
            for (name, value) in told {
                let here = format!("{at}/{}", escaped(name));
                // as an amount is written inside
                let also = (name == "minor").then(|| taken.get("amount_minor"));
                match taken.get(name).or(also.flatten()) {
                    Some(other) => not_taken(value, other, here, found),
                    // what is empty may be left out again
                    None if value.is_null() || value == "" || value == &json!([]) => {}
                    None if LEFT_OUT.iter().any(|(one, is)| one == name && value == is) => {}
                    None => found.push(FieldError {
                        field: here,
                        sentence: "There is no such field.".to_owned(),
                    }),
                }
            }
        }
        (Value::Array(told), Value::Array(taken)) => {
            for (index, (value, other)) in told.iter().zip(taken).enumerate() {
                not_taken(value, other, format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
