//! Whether another version of a schema would surprise anybody, knowing who writes and who reads.
//!
//! We write and the destination reads: it goes by the version it knows. So a change is compatible when
//! whatever the new schema lets out, the old one lets in; fewer values, more required fields and tighter bounds
//! are harmless to a reader, and a field that may be missing is not. The other way round there is no harm to
//! readers, but to us: what used to go out may stop at the gates now. Both are told, each with its place.
//!
//! The judgement is one-sided. *Compatible* is only said where it follows from the two schemas, keyword by
//! keyword; where it does not follow (`not`, `if`, a pattern that became another one) the change counts as
//! breaking, and says that nothing proves the contrary. A test has an independent validator look at that.

mod cover;
mod follow;
mod node;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::cover::{Gap, Looking};
use super::Version;

/// What is different, and where in the schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// JSON Pointer into the schema.
    pub pointer: String,
    pub sentence: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What a reader of the version before may not be able to take.
    pub breaking: Vec<Reason>,
    /// What went out under the version before, and may stop at the gates now.
    pub narrower: Vec<Reason>,
}

/// Most reasons that are told of one kind.
const MOST: usize = 50;

impl Report {
    pub fn is_compatible(&self) -> bool {
        self.breaking.is_empty()
    }

    /// The version that the change deserves.
    pub fn suggests(&self, live: Version) -> Version {
        if self.is_compatible() {
            live.next_minor()
        } else {
            live.next_major()
        }
    }
}

/// What the change from one schema to the other means.
pub fn compare(old: &Value, new: &Value) -> Report {
    let told = |gaps: Vec<(String, Gap)>, say: fn(&Gap) -> String| {
        let mut reasons: Vec<Reason> = Vec::new();
        for (pointer, gap) in gaps {
            let sentence = say(&gap);
            let reason = Reason { pointer, sentence };
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        reasons.truncate(MOST);
        reasons
    };
    Report {
        breaking: told(Looking::at(old, new), Gap::for_readers),
        narrower: told(Looking::at(new, old), Gap::for_writers),
    }
}
