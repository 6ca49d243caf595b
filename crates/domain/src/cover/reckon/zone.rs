//! Time zones, and the stretches of time in which one has one offset.

use std::sync::LazyLock;

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time as CivilTime, date},
    fmt::strtime,
    tz::{TimeZone, TimeZoneDatabase},
};

use crate::{
    cover::{Fault, Span, WallTime},
    time::Time,
};

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

pub(super) const MINUTE_MS: i64 = 60_000;
pub(super) const DAY_MINUTES: i64 = 24 * 60;
pub(super) const DAY_MS: i64 = DAY_MINUTES * MINUTE_MS;

/// Every zone there is, by name.
pub fn zone_names() -> Vec<String> {
    ZONES.available().map(|name| name.to_string()).collect()
}

pub(super) fn zone(name: &str) -> Option<TimeZone> {
    ZONES.get(name).ok()
}

pub(super) fn zone_fault(name: &str) -> Option<Fault> {
    zone(name).is_none().then(|| {
        Fault::at(
            "time_zone",
            format!("There is no time zone “{name}”: write it like America/New_York."),
        )
    })
}

/// An instant as the clocks of a zone show it, by a strftime pattern; in UTC where there is no such zone.
pub fn local(zone_name: &str, at: Time, pattern: &str) -> String {
    let zone = zone(zone_name).unwrap_or(TimeZone::UTC);
    strtime::format(pattern, &at.to_timestamp().to_zoned(zone)).unwrap_or_default()
}

/// A time in which the zone's clocks are this far ahead of UTC throughout.
pub(super) struct Piece {
    pub span: Span,
    pub offset_ms: i64,
}

fn offset_ms(zone: &TimeZone, at: Time) -> i64 {
    i64::from(zone.to_offset(at.to_timestamp()).seconds()) * 1000
}

pub(super) fn pieces(zone: &TimeZone, span: Span) -> Vec<Piece> {
    let mut edges = vec![span.from];
    edges.extend(
        zone.following(span.from.to_timestamp())
            .map(|next| Time::from_ms(next.timestamp().as_millisecond()))
            .take_while(|at| *at < span.to),
    );
    let ends: Vec<Time> = edges.iter().skip(1).copied().chain([span.to]).collect();
    edges
        .into_iter()
        .zip(ends)
        .map(|(from, to)| Piece {
            offset_ms: offset_ms(zone, from),
            span: Span { from, to },
        })
        .collect()
}

/// What the zone's clocks show, in minutes since 1970-01-01 00:00 on them.
pub(super) fn wall_minutes(zone: &TimeZone, at: Time) -> i64 {
    at.plus_ms(offset_ms(zone, at))
        .as_ms()
        .div_euclid(MINUTE_MS)
}

/// The instant at which they show it: the first of two, and, where the clock jumps over it, as much
/// later as the clock jumped.
pub(super) fn instant(zone: &TimeZone, wall_minutes: i64) -> Option<Time> {
    let day = date_of(wall_minutes.div_euclid(DAY_MINUTES))?;
    let minute = wall_minutes.rem_euclid(DAY_MINUTES);
    let time = CivilTime::new(
        i8::try_from(minute / 60).ok()?,
        i8::try_from(minute % 60).ok()?,
        0,
        0,
    )
    .ok()?;
    let at: Timestamp = zone.to_timestamp(DateTime::from_parts(day, time)).ok()?;
    Some(Time::from_ms(at.as_millisecond()))
}

/// Days since 1970-01-01.
pub(super) fn day_number(day: Date) -> i64 {
    date(1970, 1, 1)
        .until(day)
        .map_or(0, |span| i64::from(span.get_days()))
}

fn date_of(day_number: i64) -> Option<Date> {
    let days = jiff::Span::new().try_days(day_number).ok()?;
    date(1970, 1, 1).checked_add(days).ok()
}

/// Monday is 0.
pub(super) fn weekday(day_number: i64) -> usize {
    usize::try_from((day_number + 3).rem_euclid(7)).unwrap_or_default()
}

/// What somebody typed as a date and a time of day, where the clocks of a zone show it: `2026-11-24T09:00`.
pub fn from_local(zone_name: &str, text: &str) -> Option<Time> {
    let local: DateTime = text.trim().parse().ok()?;
    let at = zone(zone_name)?.to_timestamp(local).ok()?;
    Some(Time::from_ms(at.as_millisecond()))
}

/// When the clocks of a zone show that time on one of these days (Monday first) next, after that instant.
pub fn next_wall_time(zone_name: &str, days: [bool; 7], at: WallTime, after: Time) -> Option<Time> {
    let zone = zone(zone_name)?;
    let today = wall_minutes(&zone, after).div_euclid(DAY_MINUTES);
    // a day of the week comes again within eight days, whatever the clocks do meanwhile
    (today - 1..=today + 8)
        .filter(|day| days.get(weekday(*day)).copied().unwrap_or_default())
        .filter_map(|day| instant(&zone, day * DAY_MINUTES + i64::from(at.minutes())))
        .find(|found| *found > after)
}
