//! What can go wrong in a use-case: a kind, a sentence for the person, a private context for the
//! log, and whether trying again can help. Driver texts never get into the public sentence.

use std::fmt;

use domain::{approval::CannotDecide, export::BadTransition, receipt::Fault, task::CannotAct};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Unauthenticated,
    /// Signed in and allowed, but has to prove once more who they are.
    StepUp,
    Forbidden,
    NotFound,
    Invalid,
    Conflict,
    TooMany,
    Unavailable,
    Internal,
}

/// What is wrong with one field of a form or a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name, or a JSON pointer.
    pub field: String,
    pub sentence: String,
}

#[derive(Debug)]
pub struct Error {
    pub kind: Kind,
    pub sentence: String,
    pub fields: Vec<FieldError>,
    /// For the log only.
    pub context: Option<String>,
    /// For [`Kind::TooMany`] and [`Kind::Unavailable`]: when to come back.
    pub retry_after_ms: Option<i64>,
    /// Nothing was wrong with it but the moment: somebody else changed the same rows. The same call may
    /// succeed at once.
    pub raced: bool,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn new(kind: Kind, sentence: impl Into<String>) -> Self {
        Self {
            kind,
            sentence: sentence.into(),
            fields: Vec::new(),
            context: None,
            retry_after_ms: None,
            raced: false,
        }
    }

    /// Also what a foreign tenant's object answers.
    pub fn not_found(noun: &str) -> Self {
        Self::new(Kind::NotFound, format!("There is no such {noun} here."))
    }

    pub fn forbidden(sentence: impl Into<String>) -> Self {
        Self::new(Kind::Forbidden, sentence)
    }

    /// Pages lead to the confirmation and back; the API says `step-up-required`.
    pub fn step_up() -> Self {
        Self::new(
            Kind::StepUp,
            "Confirm that it is you: this needs a proof of the last ten minutes.",
        )
    }

    pub fn conflict(sentence: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, sentence)
    }

    pub fn invalid(field: &str, sentence: impl Into<String>) -> Self {
        let sentence = sentence.into();
        Self {
            fields: vec![FieldError {
                field: field.to_owned(),
                sentence: sentence.clone(),
            }],
            ..Self::new(Kind::Invalid, sentence)
        }
    }

    pub fn invalid_fields(fields: Vec<FieldError>) -> Self {
        let sentence = match fields.as_slice() {
            [one] => one.sentence.clone(),
            many => format!("{} fields need another look.", many.len()),
        };
        Self {
            fields,
            ..Self::new(Kind::Invalid, sentence)
        }
    }

    pub fn internal(context: impl fmt::Display) -> Self {
        Self {
            context: Some(context.to_string()),
            ..Self::new(
                Kind::Internal,
                "Something broke on our side. Nothing was changed.",
            )
        }
    }

    #[must_use]
    pub fn with_context(mut self, context: impl fmt::Display) -> Self {
        self.context = Some(context.to_string());
        self
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.kind,
            Kind::Unavailable | Kind::Conflict | Kind::TooMany
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)?;
        match &self.context {
            Some(context) => write!(f, " ({context})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl From<CannotDecide> for Error {
    fn from(why: CannotDecide) -> Self {
        let sentence = sentence_case(&why.to_string());
        match why {
            CannotDecide::AlreadyDecided(_)
            | CannotDecide::NotYetAsked
            | CannotDecide::ContentChanged => Self::conflict(sentence),
            CannotDecide::Author
            | CannotDecide::SamePerson
            | CannotDecide::SeatTaken(_)
            | CannotDecide::NotYourRole(_) => Self::forbidden(sentence),
            CannotDecide::ReasonMissing => Self::invalid("reason", sentence),
        }
    }
}

impl From<CannotAct> for Error {
    fn from(why: CannotAct) -> Self {
        let sentence = sentence_case(&why.to_string());
        match why {
            CannotAct::Over(_) | CannotAct::ClaimedByAnother => Self::conflict(sentence),
            CannotAct::NotYours => Self::forbidden(sentence),
            CannotAct::NoteMissing => Self::invalid("note", sentence),
            CannotAct::BadSnooze => Self::invalid("until", sentence),
        }
    }
}

impl From<BadTransition> for Error {
    fn from(why: BadTransition) -> Self {
        Self::conflict(sentence_case(&why.to_string()))
    }
}

impl From<Vec<Fault>> for Error {
    fn from(faults: Vec<Fault>) -> Self {
        Self::invalid_fields(
            faults
                .into_iter()
                .map(|fault| FieldError {
                    field: fault.path,
                    sentence: fault.sentence,
                })
                .collect(),
        )
    }
}

pub(crate) fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    let head: String = letters
        .next()
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default();
    let tail = letters.as_str();
    format!("{head}{tail}{}", if tail.ends_with('.') { "" } else { "." })
}
