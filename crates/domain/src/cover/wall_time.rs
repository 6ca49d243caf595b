//! A time of day as a clock on a wall shows it, to the minute: `09:00`, and `24:00` for the day's end.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Minutes since midnight, 0 to 1440.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct WallTime(u16);

impl WallTime {
    pub const START: Self = Self(0);
    pub const END: Self = Self(24 * 60);

    pub fn from_minutes(minutes: u16) -> Option<Self> {
        (minutes <= Self::END.0).then_some(Self(minutes))
    }

    pub fn minutes(self) -> u16 {
        self.0
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for WallTime {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("“{text}” is no time of day: write it like 09:00.");
        let digits = |part: &str| part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        let (hours, minutes) = text.trim().split_once(':').ok_or_else(bad)?;
        if !digits(hours) || !digits(minutes) {
            return Err(bad());
        }
        let hours: u16 = hours.parse().map_err(|_| bad())?;
        let minutes: u16 = minutes.parse().map_err(|_| bad())?;
        if minutes > 59 {
            return Err(bad());
        }
        Self::from_minutes(hours * 60 + minutes).ok_or_else(bad)
    }
}

impl From<WallTime> for String {
    fn from(time: WallTime) -> Self {
        time.to_string()
    }
}

impl TryFrom<String> for WallTime {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_reads_back_and_nothing_else_is_one() {
        for text in ["00:00", "09:05", "23:59", "24:00"] {
            assert_eq!(text.parse::<WallTime>().unwrap().to_string(), text);
        }
        assert_eq!("9:5".parse::<WallTime>().unwrap().to_string(), "09:05");
        for bad in ["", "9", "24:01", "12:60", "-1:00", "+1:00", "nine", "1:2:3"] {
            assert!(bad.parse::<WallTime>().is_err(), "{bad}");
        }
    }
}
