//! `major.minor`, compared as numbers: 3.10 comes after 3.9.

use std::{fmt, str::FromStr};

/// The most digits of either number.
const DIGITS: usize = 6;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    pub major: i64,
    pub minor: i64,
}

impl Version {
    pub const FIRST: Self = Self { major: 1, minor: 0 };

    #[must_use]
    pub const fn next_minor(self) -> Self {
        Self {
            major: self.major,
            minor: self.minor + 1,
        }
    }

    #[must_use]
    pub const fn next_major(self) -> Self {
        Self {
            major: self.major + 1,
            minor: 0,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |part: &str| {
            let digits = (1..=DIGITS).contains(&part.len())
                && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<i64>().ok()).flatten()
        };
        text.trim()
            .split_once('.')
            .and_then(|(major, minor)| {
                Some(Self {
                    major: number(major)?,
                    minor: number(minor)?,
                })
            })
            .ok_or_else(|| {
                format!("“{text}” is no version: write two numbers and a point, such as 2.0.")
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        assert!(version("3.10") > version("3.9"));
        assert!(version("10.0") > version("9.99"));
        assert_eq!(version("3.9").next_minor().to_string(), "3.10");
        assert_eq!(version("3.9").next_major().to_string(), "4.0");
        for bad in ["", "3", "3.x", "v3.1", "3.1.2", "-3.1", "1.", "1.1234567"] {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
    }
}
