//! What a password has to be: long enough to be out of reach, short enough to be hashed, and hard to
//! guess. No rules about which characters it is made of: those make passwords that people write down and
//! that machines guess first.
//!
//! How hard a password is to guess is measured elsewhere (it takes word lists, which browsers should not
//! have to load); here stands what is asked of the measure, and the words for it.

use std::fmt;

pub const MIN_CHARS: usize = 12;
/// Longer ones are refused rather than cut off: a password that is silently shortened is another one.
pub const MAX_CHARS: usize = 128;
/// Tries that must not suffice, as a power of ten. At a hundred tries in a second against the hash, the
/// time they take is counted in years.
pub const MIN_GUESSES_LOG10: f64 = 10.0;

/// Shown beside the field before anything is typed.
pub const ASKED: &str =
    "12 to 128 characters. Four or five words that don't belong together are easy to remember.";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TooWeak {
    Missing,
    TooShort,
    TooLong,
    /// Why it is easy to guess and what would help, in words.
    Guessable(Option<&'static str>),
}

impl fmt::Display for TooWeak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("Type a password."),
            Self::TooShort => write!(
                f,
                "This is shorter than {MIN_CHARS} characters. Add words until it is long enough."
            ),
            Self::TooLong => write!(f, "This is longer than {MAX_CHARS} characters."),
            Self::Guessable(hint) => write!(
                f,
                "This would be guessed soon. {}",
                hint.unwrap_or("Add a word or two that nobody would expect here.")
            ),
        }
    }
}

/// The part that needs no word list.
pub fn check_length(password: &str) -> Result<(), TooWeak> {
    match password.chars().count() {
        0 => Err(TooWeak::Missing),
        count if count < MIN_CHARS => Err(TooWeak::TooShort),
        count if count > MAX_CHARS => Err(TooWeak::TooLong),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_not_bytes() {
        assert_eq!(check_length(""), Err(TooWeak::Missing));
        assert_eq!(check_length(&"ü".repeat(11)), Err(TooWeak::TooShort));
        assert_eq!(check_length(&"ü".repeat(12)), Ok(()));
        assert_eq!(check_length(&"ü".repeat(128)), Ok(()));
        assert_eq!(check_length(&"ü".repeat(129)), Err(TooWeak::TooLong));
    }
}
