//! Instants, as the whole system writes them: milliseconds since the epoch inside, RFC 3339 UTC
//! with exactly three decimals outside. The domain never reads a clock; a `Time` is an argument.

use std::{fmt, ops::RangeInclusive, str::FromStr};

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

/// The years that can be written; what lies beyond is shown as the epoch.
const YEARS: RangeInclusive<i64> = -9_999..=9_999;

/// Year, month and day of a day counted from 1970-01-01, in a calendar that begins its years in March: then the day
/// that comes every four years is the last one.
fn civil(day: i64) -> (i64, i64, i64) {
    let since_0000_03_01 = day + 719_468;
    let era = since_0000_03_01.div_euclid(146_097);
    let of_era = since_0000_03_01.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let (month, over) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + over, month, of_month)
}

/// The other way round. Whether there is such a day shows in whether [`civil`] gives it back.
fn day_of(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * month + 2) / 5 + day
        - 1
        - 719_468
}

impl Time {
    /// Reads what [`fmt::Display`] writes of the years 0 to 9999, and nothing else: without the parser of every other form,
    /// which is too heavy for the browser.
    pub fn read_written(text: &str) -> Option<Self> {
        const SHAPE: &[u8; 24] = b"0000-00-00T00:00:00.000Z";
        let bytes: &[u8; 24] = text.as_bytes().try_into().ok()?;
        let fits = |(byte, shape): (&u8, &u8)| match shape {
            b'0' => byte.is_ascii_digit(),
            shape => byte == shape,
        };
        if !bytes.iter().zip(SHAPE).all(fits) {
            return None;
        }
        let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
        let date = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        let day = day_of(date.0, date.1, date.2);
        if civil(day) != date || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let seconds = ((day * 24 + hour) * 60 + minute) * 60 + second;
        Some(Self(seconds * 1_000 + number(20, 23)?))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY_MS: i64 = 86_400_000;
        let (mut date, mut ms) = (civil(self.0.div_euclid(DAY_MS)), self.0.rem_euclid(DAY_MS));
        if !YEARS.contains(&date.0) {
            (date, ms) = ((1970, 1, 1), 0);
        }
        let (year, month, day) = date;
        let (sign, width) = if year < 0 { ("-", 6) } else { ("", 4) };
        let (hour, minute) = (ms / 3_600_000, ms / 60_000 % 60);
        let (second, ms) = (ms / 1_000 % 60, ms % 1_000);
        let year = year.abs();
        write!(
            f,
            "{sign}{year:0width$}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z"
        )
    }
}

impl FromStr for Time {
    type Err = String;

    /// Accepts any RFC 3339 instant, with whatever offset and precision the sender uses.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Some(time) = Self::read_written(text) {
            return Ok(time);
        }
        text.parse::<Timestamp>()
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
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Time;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 time")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Time, E> {
                text.parse().map_err(E::custom)
            }
        }
        d.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// jiff reads every form there is, so it is asked what is right.
    fn by_jiff(ms: i64) -> String {
        format!("{:.3}", Time(ms).to_timestamp())
    }

    proptest! {
        #[test]
        fn writes_and_reads_every_instant(ms in -377_705_023_201_000_i64..=253_402_207_200_999) {
            let time = Time::from_ms(ms);
            prop_assert_eq!(time.to_string(), by_jiff(ms));
            prop_assert_eq!(time.to_string().parse(), Ok(time));
        }

        #[test]
        fn reads_itself_what_it_wrote(ms in -62_167_219_200_000_i64..=253_402_207_200_999) {
            let time = Time::from_ms(ms);
            prop_assert_eq!(Time::read_written(&time.to_string()), Some(time));
        }

        #[test]
        fn knows_which_days_there_are(year in 0_u32..=9999, month in 0_u32..=13, day in 0_u32..=32) {
            let text = format!("{year:04}-{month:02}-{day:02}T00:00:00.000Z");
            let right = text.parse::<Timestamp>().ok().map(|t| Time(t.as_millisecond()));
            prop_assert_eq!(Time::read_written(&text), right);
        }
    }

    #[test]
    fn beyond_the_years_there_is_the_epoch() {
        for ms in [
            i64::MIN,
            i64::MAX,
            -377_705_116_800_001,
            253_402_300_800_000,
        ] {
            assert_eq!(Time(ms).to_string(), "1970-01-01T00:00:00.000Z", "{ms}");
        }
        for odd in [
            "2026-11-21T24:00:00.000Z",
            "2026-11-21T00:60:00.000Z",
            "2026-11-21 00:00:00.000Z",
            "+026-11-21T00:00:00.000Z",
            "2026-11-21T00:00:00Z",
        ] {
            assert_eq!(Time::read_written(odd), None, "{odd}");
        }
    }

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
