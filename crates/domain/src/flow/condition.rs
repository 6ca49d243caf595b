//! Conditions on what is known of a run's subject, small enough to be read aloud: "order.total is over 500.00 USD".
//!
//! A condition that asks for a fact nobody knows is neither true nor false; whoever asks has to say what
//! happens then. The list of facts and their kinds is in [`super::fact`].

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Condition {
    #[default]
    Always,
    All {
        of: Vec<Condition>,
    },
    Any {
        of: Vec<Condition>,
    },
    Not {
        of: Box<Condition>,
    },
    Test(Test),
}

/// `order.total` `over` `{"minor":50000,"currency":"USD"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Test {
    pub fact: String,
    pub op: Op,
    pub value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    Equals,
    Differs,
    Over,
    AtLeast,
    Under,
    AtMost,
    /// The list has it; the text has it somewhere.
    Contains,
    Lacks,
}

impl Op {
    pub const ALL: [Self; 8] = [
        Self::Equals,
        Self::Differs,
        Self::Over,
        Self::AtLeast,
        Self::Under,
        Self::AtMost,
        Self::Contains,
        Self::Lacks,
    ];

    /// As read in a sentence.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Equals => "is",
            Self::Differs => "is not",
            Self::Over => "is over",
            Self::AtLeast => "is at least",
            Self::Under => "is under",
            Self::AtMost => "is at most",
            Self::Contains => "has",
            Self::Lacks => "does not have",
        }
    }
}

/// One question of a form: of a human task, or of the form that starts a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    pub key: String,
    pub label: String,
    #[serde(default)]
    pub help: String,
    #[serde(default)]
    pub required: bool,
    #[serde(flatten)]
    pub kind: FieldKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum FieldKind {
    Text,
    LongText,
    Number,
    Date,
    YesNo,
    Choice { options: Vec<String> },
}
