//! What makes an export of a contract without a flow having been drawn for it: an event of an order, a time
//! of the week, or somebody who asks.
//!
//! Each says how long what it starts may take: what an event asks for at once may have hours when it comes
//! every night. An export that a flow's step makes has the contract's own clocks.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    cover::{WEEKDAYS, WallTime},
    event::EventKind,
    flow::Condition,
};

/// What a payload may read of what set it off, below `trigger.`.
pub const TRIGGER_FACTS: [&str; 3] = ["on", "sla_ms", "at"];

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "on")]
pub enum ContractTrigger {
    /// An order event, of orders of which the condition holds.
    Event {
        event: EventKind,
        #[serde(default)]
        when: Condition,
        sla_ms: i64,
    },
    /// At a time of day on these days of the week, Monday being 1, as the clocks of a zone show it.
    Schedule {
        days: Vec<u8>,
        at: WallTime,
        time_zone: String,
        /// What the payload may read below `input.`; the same each time.
        #[serde(default)]
        input: Map<String, Value>,
        sla_ms: i64,
    },
    /// A person or a program asks.
    Manual { sla_ms: i64 },
}

impl ContractTrigger {
    pub const fn sla_ms(&self) -> i64 {
        match self {
            Self::Event { sla_ms, .. }
            | Self::Schedule { sla_ms, .. }
            | Self::Manual { sla_ms } => *sla_ms,
        }
    }

    /// `event`, as in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Event { .. } => "event",
            Self::Schedule { .. } => "schedule",
            Self::Manual { .. } => "manual",
        }
    }

    /// Monday first.
    pub fn on_days(&self) -> [bool; 7] {
        let mut on = [false; 7];
        if let Self::Schedule { days, .. } = self {
            for (index, one) in on.iter_mut().enumerate() {
                *one = days.iter().any(|day| usize::from(*day) == index + 1);
            }
        }
        on
    }

    /// "Mon, Tue at 09:00 (Europe/Berlin)" of a schedule.
    pub fn time_in_words(&self) -> String {
        let Self::Schedule { at, time_zone, .. } = self else {
            return String::new();
        };
        let on = self.on_days();
        let named: Vec<&str> = WEEKDAYS
            .iter()
            .zip(on)
            .filter(|(_, on)| *on)
            .map(|(name, _)| name.get(..3).unwrap_or_default())
            .collect();
        let days = match named.len() {
            7 => "Every day".to_owned(),
            5 if on == [true, true, true, true, true, false, false] => "Mon–Fri".to_owned(),
            _ => named.join(", "),
        };
        format!("{days} at {at} ({time_zone})")
    }

    /// When a schedule's time comes next, after that instant. Where the clocks jump over it, as much later as
    /// they jumped; where they show it twice, the first time.
    #[cfg(any(feature = "zones", test))]
    pub fn next_after(&self, after: crate::Time) -> Option<crate::Time> {
        let Self::Schedule { at, time_zone, .. } = self else {
            return None;
        };
        crate::cover::next_wall_time(time_zone, self.on_days(), *at, after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Time;

    fn at(zone: &str, days: &[u8], time: &str) -> ContractTrigger {
        ContractTrigger::Schedule {
            days: days.to_vec(),
            at: time.parse().unwrap(),
            time_zone: zone.to_owned(),
            input: Map::new(),
            sla_ms: 1,
        }
    }

    #[test]
    fn a_schedule_keeps_to_the_clock_on_the_wall() {
        let check = |trigger: &ContractTrigger, after: &str, next: &str| {
            let after: Time = after.parse().unwrap();
            let next: Time = next.parse().unwrap();
            assert_eq!(trigger.next_after(after), Some(next), "{after}");
        };
        let every = [1, 2, 3, 4, 5, 6, 7];
        let nine = at("Europe/Berlin", &every, "09:00");
        // the night of 25 October 2026 the clocks go back: 09:00 is an hour later in UTC
        check(&nine, "2026-10-24T06:00:00Z", "2026-10-24T07:00:00Z");
        check(&nine, "2026-10-24T07:00:00Z", "2026-10-25T08:00:00Z");
        // 02:30 comes twice that night and counts once
        let night = at("Europe/Berlin", &every, "02:30");
        check(&night, "2026-10-24T23:00:00Z", "2026-10-25T00:30:00Z");
        check(&night, "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z");
        // and not at all on 28 March 2027, when 02:00 is followed by 03:00
        check(&night, "2027-03-27T23:00:00Z", "2027-03-28T01:30:00Z");
        check(&night, "2027-03-28T01:30:00Z", "2027-03-29T00:30:00Z");
        // by the day of the week there, which is another one here
        let monday = at("Pacific/Auckland", &[1], "08:00");
        check(&monday, "2026-11-20T00:00:00Z", "2026-11-22T19:00:00Z");
        assert_eq!(
            at("Nowhere/At_All", &every, "09:00").next_after(Time::from_ms(0)),
            None
        );
        assert_eq!(
            at("Europe/Berlin", &[], "09:00").next_after(Time::from_ms(0)),
            None
        );
    }

    #[test]
    fn a_schedule_reads_aloud() {
        let check = |days: &[u8], words: &str| {
            assert_eq!(at("Europe/Berlin", days, "9:00").time_in_words(), words);
        };
        check(&[1, 2, 3, 4, 5], "Mon–Fri at 09:00 (Europe/Berlin)");
        check(&[1, 2, 3, 4, 5, 6, 7], "Every day at 09:00 (Europe/Berlin)");
        check(&[7, 2], "Tue, Sun at 09:00 (Europe/Berlin)");
    }
}
