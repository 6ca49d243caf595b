//! Until when a task may sleep: a few useful lengths, read at the moment of the press.

use domain::Time;

const HOUR_MS: i64 = 60 * 60_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Nine in the morning, UTC: where the day starts for everybody alike.
const MORNING_MS: i64 = 9 * HOUR_MS;

/// (value, label) of what can be chosen.
pub(super) fn choices() -> Vec<(String, String)> {
    [
        ("1h", "For 1 hour"),
        ("4h", "For 4 hours"),
        ("tomorrow", "Until tomorrow, 9:00 UTC"),
        ("monday", "Until Monday, 9:00 UTC"),
        ("3d", "For 3 days"),
    ]
    .map(|(value, label)| (value.to_owned(), label.to_owned()))
    .to_vec()
}

/// `None` for what is no choice.
pub(super) fn until(choice: &str, now: Time) -> Option<Time> {
    let midnight = Time::from_ms(now.as_ms() - now.as_ms().rem_euclid(DAY_MS));
    match choice {
        "1h" => Some(now.plus_ms(HOUR_MS)),
        "4h" => Some(now.plus_ms(4 * HOUR_MS)),
        "3d" => Some(now.plus_ms(3 * DAY_MS)),
        "tomorrow" => Some(midnight.plus_ms(DAY_MS + MORNING_MS)),
        "monday" => {
            // the epoch began on a Thursday
            let weekday = (midnight.as_ms().div_euclid(DAY_MS) + 3).rem_euclid(7);
            Some(midnight.plus_ms((7 - weekday) * DAY_MS + MORNING_MS))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mornings_are_mornings() {
        let friday: Time = "2026-11-20T14:13:01Z".parse().unwrap();
        let at = |choice: &str| until(choice, friday).unwrap().to_string();
        assert_eq!(at("tomorrow"), "2026-11-21T09:00:00.000Z");
        assert_eq!(at("monday"), "2026-11-23T09:00:00.000Z");
        assert_eq!(at("1h"), "2026-11-20T15:13:01.000Z");
        let monday: Time = "2026-11-23T00:00:00Z".parse().unwrap();
        assert_eq!(
            until("monday", monday).unwrap().to_string(),
            "2026-11-30T09:00:00.000Z"
        );
        assert_eq!(until("never", friday), None);
        assert!(
            choices()
                .iter()
                .all(|(value, _)| until(value, friday).is_some())
        );
    }
}
