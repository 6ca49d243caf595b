//! A flow as a document: taken along to another merchant, kept in a repository, written by a program.
//!
//! What comes in is looked at whole before anything is changed. Its shape is compared with a JSON Schema
//! that knows every field and refuses every other; then the readiness rules look at what it says. Every
//! fault is told with its JSON Pointer, so that one reading is enough to put it right.

use std::sync::OnceLock;

use domain::{
    access::{Action, Noun},
    depth::{MAX_DEPTH, is_too_deep},
    flow::{Draft, Flow, readiness::readiness},
    json_text::in_words,
};
use jsonschema::{Validator, error::ValidationErrorKind};
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, FieldError, Result},
    flow_drafts::{MAX_FLOW_BYTES, refused},
};

/// What every document of a flow begins with.
pub const FLOW_FORMAT: &str = "meshline.flow/1";
/// Fields of a flow that a document has.
const FIELDS: [&str; 7] = [
    "key", "name", "summary", "trigger", "start", "steps", "outcome",
];
/// More faults than that are not told at once.
const MOST_FAULTS: usize = 200;

/// The JSON Schema of such a document.
pub const FLOW_SCHEMA: &str = include_str!("flow_document.json");

fn validator() -> Result<&'static Validator> {
    static COMPILED: OnceLock<Option<Validator>> = OnceLock::new();
    COMPILED
        .get_or_init(|| {
            let schema: Value = serde_json::from_str(FLOW_SCHEMA).ok()?;
            jsonschema::draft202012::options().build(&schema).ok()
        })
        .as_ref()
        .ok_or_else(|| Error::internal("the schema of flows cannot be compiled"))
}

/// A flow as a document, without what belongs to one version or one merchant.
pub fn flow_document<O: Serialize>(flow: &Flow<O>) -> Result<Value> {
    let whole = serde_json::to_value(flow).map_err(Error::internal)?;
    let mut document = Map::new();
    document.insert("format".to_owned(), json!(FLOW_FORMAT));
    for field in FIELDS {
        if let Some(value) = whole.get(field) {
            document.insert(field.to_owned(), value.clone());
        }
    }
    Ok(Value::Object(document))
}

/// Reads a document; every fault of its shape at once.
pub fn read_flow_document(bytes: &[u8], merchant: Uuid) -> Result<Draft> {
    let at = |field: &str, sentence: String| FieldError {
        field: field.to_owned(),
        sentence,
    };
    let refuse = |sentence: String| Error::invalid_fields(vec![at("", sentence)]);
    if bytes.len() > MAX_FLOW_BYTES {
        return Err(refuse(format!(
            "The document has {} kB; {} kB is the most.",
            bytes.len() / 1024,
            MAX_FLOW_BYTES / 1024
        )));
    }
    if is_too_deep(bytes) {
        return Err(refuse(format!(
            "The document is nested deeper than {MAX_DEPTH} lists and objects."
        )));
    }
    let value: Value = serde_json::from_slice(bytes).map_err(|why| {
        refuse(format!(
            "This is not JSON: something is wrong in line {}, column {}.",
            why.line(),
            why.column()
        ))
    })?;
    let mut faults: Vec<FieldError> = Vec::new();
    for error in validator()?.iter_errors(&value).take(MOST_FAULTS) {
        let path = error.instance_path().to_string();
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                faults.extend(unexpected.iter().map(|name| {
                    at(
                        &format!("{path}/{}", escaped(name)),
                        "There is no such field.".to_owned(),
                    )
                }));
            }
            ValidationErrorKind::FalseSchema => {
                faults.push(at(
                    &path,
                    "A step, condition or path of this kind has no such field.".to_owned(),
                ));
            }
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                faults.push(at(
                    &format!("{path}/{}", escaped(name)),
                    "This is missing.".to_owned(),
                ));
            }
            _ => faults.push(at(&path, sentence(&error.to_string()))),
        }
    }
    if !faults.is_empty() {
        return Err(many(faults));
    }
    let mut flow = value;
    if let Some(fields) = flow.as_object_mut() {
        fields.remove("format");
        fields.insert("id".to_owned(), json!(Uuid::nil()));
        fields.insert("merchant_id".to_owned(), json!(merchant));
        fields.insert("version".to_owned(), json!(1));
        fields.entry("summary").or_insert_with(|| json!(""));
        fields.insert("published_at".to_owned(), json!(domain::Time::default()));
    }
    serde_path_to_error::deserialize(flow).map_err(|error| {
        let path: String = error
            .path()
            .iter()
            .map(|segment| format!("/{}", escaped(&segment.to_string())))
            .collect();
        let words = in_words(&error.inner().to_string());
        many(vec![at(&path, words)])
    })
}

fn many(faults: Vec<FieldError>) -> Error {
    let count = faults.len();
    let mut error = Error::invalid_fields(faults);
    if count > 1 {
        error.sentence = format!("{count} things are wrong with this flow. Nothing was changed.");
    }
    error
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The validator's words as a sentence, not longer than one reads.
fn sentence(words: &str) -> String {
    let cut: String = words.chars().take(300).collect();
    let mut letters = cut.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

impl Engine {
    /// Looks at a document as a flow of this merchant: its shape, and, unless it may be `unfinished`, all that
    /// would keep it from being published. Changes nothing; [`Begin::Document`](crate::Begin) does.
    pub async fn read_flow(&self, ctx: &Ctx, bytes: &[u8], unfinished: bool) -> Result<Draft> {
        ctx.require(Action::DrawFlows)?;
        let draft = read_flow_document(bytes, ctx.merchant_id())?;
        if unfinished {
            return Ok(draft);
        }
        let around = self.flow_surroundings(ctx).await?;
        let faults = readiness(&draft, &around);
        if faults.iter().any(domain::flow::readiness::Fault::blocks) {
            let mut error = refused(&faults);
            if error.fields.len() > 1 {
                error.sentence = format!(
                    "{} things are wrong with this flow. Nothing was changed.",
                    error.fields.len()
                );
            }
            return Err(error);
        }
        Ok(draft)
    }

    /// What is live of a flow, or else its draft, as a document.
    pub async fn export_flow(&self, ctx: &Ctx, key: &str) -> Result<Value> {
        ctx.read(Noun::Flow)?;
        let merchant = ctx.merchant_id();
        let mut reads = self.store.reads().await?;
        if let Some(flow) = reads.flow_versions(merchant, key).await?.first() {
            return flow_document(flow);
        }
        let sheet = reads.flow_draft(merchant, key).await?;
        flow_document(&sheet.ok_or_else(|| Error::not_found("flow"))?.draft)
    }
}
