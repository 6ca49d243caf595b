//! Instants, as the whole system writes them: milliseconds since the epoch inside, RFC 3339 UTC
//! with exactly three decimals outside. The domain never reads a clock; a `Time` is an argument.

use std::{fmt, str::FromStr};

use jiff::{Timestamp, fmt::strtime, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One instant, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    pub const fn as_ms(self) -> i64 {
        self.0
    }

    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to `self`; negative when `self` comes first.
    pub const fn since_ms(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    pub(crate) fn to_timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Formats in UTC by a strftime pattern, for pages.
    pub fn format_utc(self, pattern: &str) -> String {
        strtime::format(pattern, &self.to_timestamp().to_zoned(TimeZone::UTC)).unwrap_or_default()
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.to_timestamp())
    }
}

impl FromStr for Time {
    type Err = String;

    /// Accepts any RFC 3339 instant, with whatever offset and precision the sender uses.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.trim()
            .parse::<Timestamp>()
            .map(|t| Self(t.as_millisecond()))
            .map_err(|_| format!("{text:?} is not an RFC 3339 time"))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_three_decimals_and_reads_any_offset() {
        let time: Time = "2021-12-31T19:00:00-05:00".parse().unwrap();
        assert_eq!(time.to_string(), "2022-01-01T00:00:00.000Z");
        assert_eq!(
            serde_json::to_string(&time.plus_ms(7)).unwrap(),
            "\"2022-01-01T00:00:00.007Z\""
        );
        assert!("yesterday".parse::<Time>().is_err());
    }
}
