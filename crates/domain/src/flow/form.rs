//! What people fill in: a form's questions, and the answers read and checked against them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{FactKind, Field, FieldKind};

/// Longest answer, in characters.
const LONGEST: usize = 10_000;

/// Answers by field. A field that was left empty is not in it.
pub type Answers = BTreeMap<String, Value>;

/// What is wrong with an answer: the field's key and a sentence.
pub type FormFault = (String, String);

/// Reads what was typed, by field key. Everything that is wrong is told at once; what no question asked for is
/// wrong too.
pub fn read_typed(
    fields: &[Field],
    typed: &BTreeMap<String, String>,
) -> Result<Answers, Vec<FormFault>> {
    let given = typed
        .iter()
        .map(|(key, text)| (key.clone(), Value::String(text.clone())))
        .collect();
    read(fields, &given)
}

/// The same for answers that come as JSON; a text is read as if it had been typed.
pub fn read(fields: &[Field], given: &Answers) -> Result<Answers, Vec<FormFault>> {
    let mut answers = Answers::new();
    let mut faults = Vec::new();
    for field in fields {
        match field.read(given.get(&field.key)) {
            Ok(Some(value)) => {
                answers.insert(field.key.clone(), value);
            }
            Ok(None) => {}
            Err(sentence) => faults.push((field.key.clone(), sentence)),
        }
    }
    let strange = given
        .keys()
        .filter(|key| !fields.iter().any(|field| field.key == **key));
    faults.extend(strange.map(|key| (key.clone(), "Nothing of this name is asked.".to_owned())));
    if faults.is_empty() {
        Ok(answers)
    } else {
        Err(faults)
    }
}

impl Field {
    /// One answer. `None`: it was left empty, which it may be.
    pub fn read(&self, given: Option<&Value>) -> Result<Option<Value>, String> {
        let given = match given {
            Some(Value::String(text)) if text.trim().is_empty() => None,
            Some(Value::Null) => None,
            other => other,
        };
        let kind = FactKind::from(&self.kind);
        match given {
            None if self.required => Err(format!("“{}” is needed.", self.label)),
            None => Ok(None),
            Some(Value::String(text)) if text.chars().count() > LONGEST => Err(format!(
                "This is too long: at most {LONGEST} characters, please."
            )),
            // a longer text keeps its lines as they were written
            Some(Value::String(text)) if self.kind == FieldKind::LongText => {
                Ok(Some(Value::String(text.trim_end().to_owned())))
            }
            Some(Value::String(text)) => kind.read(text).map(Some),
            Some(value) if kind.takes(value) => Ok(Some(value.clone())),
            Some(_) => Err(format!("Write {}.", kind.example())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(key: &str, required: bool, kind: FieldKind) -> Field {
        Field {
            key: key.to_owned(),
            label: key.to_owned(),
            help: String::new(),
            required,
            kind,
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_with_its_field() {
        let fields = [
            field("condition", true, FieldKind::Text),
            field("parcels", true, FieldKind::Number),
            field("note", false, FieldKind::LongText),
            field("opened", false, FieldKind::YesNo),
        ];
        let typed = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(key, text)| ((*key).to_owned(), (*text).to_owned()))
                .collect()
        };
        let bad = typed(&[("parcels", "two"), ("opened", ""), ("colour", "red")]);
        let faults = read_typed(&fields, &bad).unwrap_err();
        let keys: Vec<&str> = faults.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["condition", "parcels", "colour"]);
        let good = typed(&[("condition", " as new "), ("parcels", "2"), ("note", "")]);
        let answers = read_typed(&fields, &good).unwrap();
        assert_eq!(
            json!(answers),
            json!({ "condition": "as new", "parcels": 2 })
        );
        let from_a_program = read(
            &fields,
            &[("condition", json!("worn")), ("parcels", json!(3))]
                .map(|(key, value)| (key.to_owned(), value))
                .into(),
        );
        assert_eq!(from_a_program.unwrap()["parcels"], json!(3));
    }
}
