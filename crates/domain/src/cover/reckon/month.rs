//! The turn of the month, where somebody works.

use jiff::{ToSpan, civil::time, tz::TimeZone};

use super::zone::zone;
use crate::{cover::Calendar, time::Time};

/// Nine in the morning of the first day of the next month, in the zone and within the hours of this calendar;
/// without one, in UTC.
pub fn next_month(calendar: Option<&Calendar>, at: Time) -> Time {
    let zone = calendar
        .and_then(|calendar| zone(&calendar.time_zone))
        .unwrap_or(TimeZone::UTC);
    let today = at.to_timestamp().to_zoned(zone.clone()).date();
    let first = today.first_of_month().saturating_add(1.month());
    let nine = first.to_datetime(time(9, 0, 0, 0)).to_zoned(zone);
    let Ok(nine) = nine else {
        return at; // past the end of time
    };
    let nine = Time::from_ms(nine.timestamp().as_millisecond());
    match calendar {
        Some(calendar) if !calendar.is_open(nine) => calendar.next_open(nine).unwrap_or(nine),
        _ => nine,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::cover::{Hours, WallTime};

    #[test]
    fn a_month_turns_where_people_work() {
        let at = |text: &str| text.parse::<Time>().unwrap();
        assert_eq!(
            next_month(None, at("2026-11-21T10:00:00.000Z")),
            at("2026-12-01T09:00:00.000Z")
        );
        let morning = Hours {
            from: "08:00".parse::<WallTime>().unwrap(),
            to: "17:00".parse::<WallTime>().unwrap(),
        };
        let mut calendar = Calendar {
            id: Uuid::nil(),
            merchant_id: Uuid::nil(),
            key: "office".to_owned(),
            name: "Office".to_owned(),
            time_zone: "America/New_York".to_owned(),
            hours: [const { Vec::new() }; 7],
            holidays: std::collections::BTreeMap::new(),
            rev: 0,
        };
        for day in calendar.hours.iter_mut().take(5) {
            day.push(morning);
        }
        // still November over there
        assert_eq!(
            next_month(Some(&calendar), at("2026-12-01T03:00:00.000Z")),
            at("2026-12-01T14:00:00.000Z")
        );
        // the first of August 2026 is a Saturday: the Monday after it
        assert_eq!(
            next_month(Some(&calendar), at("2026-07-15T12:00:00.000Z")),
            at("2026-08-03T12:00:00.000Z")
        );
    }
}
