//! Working time: which instants are within a calendar's hours, and how far a deadline is in them.

use std::collections::BTreeSet;

use super::zone::{DAY_MS, MINUTE_MS, day_number, pieces, weekday, zone, zone_fault};
use crate::{
    cover::{Calendar, Fault, Span, WEEKDAYS, key_fault},
    time::Time,
};

/// Looked at in one go.
const STRIDE_MS: i64 = 28 * DAY_MS;
/// A calendar that is closed for longer is closed for good.
const FAR_MS: i64 = 10 * 366 * DAY_MS;

impl Calendar {
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.name.trim().is_empty() {
            faults.push(Fault::at("name", "Give it a name."));
        }
        if let Some(sentence) = key_fault(&self.key) {
            faults.push(Fault::at("key", sentence));
        }
        faults.extend(zone_fault(&self.time_zone));
        for (index, (hours, day)) in self.hours.iter().zip(WEEKDAYS).enumerate() {
            let field = format!("hours[{index}]");
            if hours.iter().any(|one| one.from >= one.to) {
                let sentence = format!(
                    "On {day} something ends before it begins; work past midnight goes on from 00:00 on the next day."
                );
                faults.push(Fault::at(field, sentence));
            } else if !hours.is_sorted_by(|a, b| a.to <= b.from) {
                let sentence = format!("On {day} hours overlap: write them in order.");
                faults.push(Fault::at(field, sentence));
            }
        }
        if self.hours.iter().all(Vec::is_empty) {
            faults.push(Fault::at(
                "hours[0]",
                "Give it hours on at least one day; otherwise nobody ever works.",
            ));
        }
        faults
    }

    /// The working times within a span, in order and not touching each other.
    pub fn working(&self, span: Span) -> Vec<Span> {
        let Some(zone) = zone(&self.time_zone) else {
            return Vec::new();
        };
        let holidays: BTreeSet<i64> = self.holidays.keys().map(|day| day_number(*day)).collect();
        let mut found: Vec<Span> = Vec::new();
        for piece in pieces(&zone, span) {
            // within a piece the wall clock runs evenly, so its times are instants shifted by the offset
            let (from, to) = (
                piece.span.from.plus_ms(piece.offset_ms).as_ms(),
                piece.span.to.plus_ms(piece.offset_ms).as_ms(),
            );
            for day in from.div_euclid(DAY_MS)..=to.div_euclid(DAY_MS) {
                if holidays.contains(&day) {
                    continue;
                }
                for hours in self.hours.get(weekday(day)).into_iter().flatten() {
                    let wall = |minutes: u16| day * DAY_MS + i64::from(minutes) * MINUTE_MS;
                    let open = wall(hours.from.minutes()).max(from);
                    let close = wall(hours.to.minutes()).min(to);
                    if open < close {
                        push(
                            &mut found,
                            Span {
                                from: Time::from_ms(open - piece.offset_ms),
                                to: Time::from_ms(close - piece.offset_ms),
                            },
                        );
                    }
                }
            }
        }
        found
    }

    pub fn is_open(&self, at: Time) -> bool {
        let instant = Span {
            from: at,
            to: at.plus_ms(1),
        };
        !self.working(instant).is_empty()
    }

    /// `at` itself while it is open. `None`: never again.
    pub fn next_open(&self, at: Time) -> Option<Time> {
        self.strides(at)
            .find_map(|span| self.working(span).first().map(|open| open.from))
    }

    /// The first instant by which so many milliseconds were worked since `start`. `None`: never.
    pub fn business_deadline(&self, start: Time, ms: i64) -> Option<Time> {
        if ms <= 0 {
            return Some(start);
        }
        let mut left = ms;
        let mut idle = 0;
        for span in Strides(start) {
            let working = self.working(span);
            idle = if working.is_empty() {
                idle + STRIDE_MS
            } else {
                0
            };
            if idle > FAR_MS {
                return None;
            }
            for open in working {
                if left <= open.ms() {
                    return Some(open.from.plus_ms(left));
                }
                left -= open.ms();
            }
        }
        None
    }

    /// How many milliseconds are worked within a span.
    pub fn worked_ms(&self, span: Span) -> i64 {
        self.working(span).iter().map(Span::ms).sum()
    }

    fn strides(&self, from: Time) -> impl Iterator<Item = Span> {
        Strides(from).take_while(move |span| span.from.since_ms(from) < FAR_MS)
    }
}

/// One stride after another, until the end of time as jiff counts it.
struct Strides(Time);

impl Iterator for Strides {
    type Item = Span;
    fn next(&mut self) -> Option<Span> {
        const LAST_MS: i64 = 253_000_000_000_000;
        let from = self.0;
        self.0 = from.plus_ms(STRIDE_MS);
        (self.0.as_ms() < LAST_MS).then_some(Span { from, to: self.0 })
    }
}

fn push(found: &mut Vec<Span>, next: Span) {
    match found.last_mut() {
        Some(last) if last.to == next.from => last.to = next.to,
        _ => found.push(next),
    }
}
