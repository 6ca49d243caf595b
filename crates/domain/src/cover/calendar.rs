//! When people work: hours of each weekday in one time zone, and the dates on which nobody does.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::WallTime;

/// In the order of [`Calendar::hours`].
pub const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// From one time of the day, included, to another, excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hours {
    pub from: WallTime,
    pub to: WallTime,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub key: String,
    pub name: String,
    /// As the IANA database names it: `America/New_York`.
    pub time_zone: String,
    /// Of each weekday, Monday first.
    pub hours: [Vec<Hours>; 7],
    /// Dates on which nobody works, with what they are called.
    pub holidays: BTreeMap<Date, String>,
    pub rev: i64,
}

impl Calendar {
    /// "Mon–Fri 09:00–17:00" in as few words as it takes.
    pub fn hours_in_words(&self) -> String {
        let mut said: Vec<String> = Vec::new();
        let mut day = 0;
        while let Some(hours) = self.hours.get(day) {
            let mut last = day;
            while self.hours.get(last + 1) == Some(hours) {
                last += 1;
            }
            if !hours.is_empty() {
                let times: Vec<String> = hours
                    .iter()
                    .map(|one| format!("{}–{}", one.from, one.to))
                    .collect();
                said.push(format!("{} {}", days(day, last), times.join(", ")));
            }
            day = last + 1;
        }
        if said.is_empty() {
            "never".to_owned()
        } else {
            said.join("; ")
        }
    }
}

fn days(first: usize, last: usize) -> String {
    let short = |day: usize| WEEKDAYS.get(day).map_or("", |name| &name[..3]);
    if first == last {
        short(first).to_owned()
    } else {
        format!("{}–{}", short(first), short(last))
    }
}
