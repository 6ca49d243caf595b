//! What went wrong, as the one sentence a person reads.

use std::fmt;

pub type Result<T> = std::result::Result<T, Failure>;

#[derive(Debug, Clone)]
pub struct Failure(String);

impl Failure {
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Says what was being tried when the operating system, a parser or the other side refused.
pub trait Trying<T> {
    fn trying(self, what: impl fmt::Display) -> Result<T>;
}

impl<T, E: fmt::Display> Trying<T> for std::result::Result<T, E> {
    fn trying(self, what: impl fmt::Display) -> Result<T> {
        self.map_err(|error| Failure::new(format!("could not {what}: {error}")))
    }
}
