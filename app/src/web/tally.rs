//! Counting for a headline: exact while it is few, and no more than that read for it.

use std::fmt;

use engine::port::ListFilter;

use crate::ui::{Chip, Tone};

const MOST: usize = 99;

/// How many rows there are, up to "99+".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally(usize);

impl Tally {
    /// Reads as many rows as are needed to count. Narrow it down with the struct's update syntax.
    pub fn filter() -> ListFilter {
        ListFilter {
            limit: MOST as i64 + 1,
            ..ListFilter::default()
        }
    }

    pub fn of<T>(rows: &[T]) -> Self {
        Self(rows.len())
    }

    pub fn any(self) -> bool {
        self.0 > 0
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// "1 export waits", "12 exports wait".
    pub fn counted(self, one: &str, many: &str) -> String {
        format!("{self} {}", if self.0 == 1 { one } else { many })
    }

    /// Writes it on a filter, if there is anything to count and it is not too much to say.
    pub fn on(self, mut chip: Chip, tone: Tone) -> Chip {
        if (1..=MOST).contains(&self.0) {
            chip.count = u64::try_from(self.0).ok();
            chip.tone = Some(tone);
        }
        chip
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 > MOST {
            write!(f, "{MOST}+")
        } else {
            write!(f, "{}", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_until_it_is_many() {
        assert_eq!(Tally(1).counted("row waits", "rows wait"), "1 row waits");
        assert_eq!(Tally(0).counted("row waits", "rows wait"), "0 rows wait");
        assert_eq!(Tally(100).plus(Tally(3)).to_string(), "99+");
        assert_eq!(Tally(100).on(Chip::default(), Tone::Wait).count, None);
    }
}
