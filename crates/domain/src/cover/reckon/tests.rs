use std::collections::BTreeMap;

use jiff::{
    Timestamp, ToSpan, Zoned,
    civil::{Date, date},
    tz::{TimeZone, TimeZoneDatabase},
};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    access::Access,
    cover::{
        By, Calendar, Cover, Every, HandOff, Hours, Override, Roster, Rotation, Span, WallTime,
    },
    owner::{Owner, Party},
    people::{Membership, User},
    time::Time,
};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn at(text: &str) -> Time {
    text.parse().unwrap()
}

fn wall(text: &str) -> WallTime {
    text.parse().unwrap()
}

fn span(from: Time, ms: i64) -> Span {
    Span {
        from,
        to: from.plus_ms(ms),
    }
}

fn clock(zone: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(zone).unwrap()
}

fn zoned(zone: &TimeZone, at: Time) -> Zoned {
    Timestamp::from_millisecond(at.as_ms())
        .unwrap()
        .to_zoned(zone.clone())
}

fn calendar(zone: &str, hours: [Vec<Hours>; 7]) -> Calendar {
    Calendar {
        id: Uuid::from_u128(1),
        merchant_id: Uuid::from_u128(2),
        key: "office".into(),
        name: "Office".into(),
        time_zone: zone.into(),
        hours,
        holidays: BTreeMap::new(),
        rev: 0,
    }
}

fn office(zone: &str) -> Calendar {
    let day = || {
        vec![Hours {
            from: wall("09:00"),
            to: wall("17:00"),
        }]
    };
    calendar(
        zone,
        [day(), day(), day(), day(), day(), Vec::new(), Vec::new()],
    )
}

/// What somebody would do with a clock, a calendar on the wall and much patience: look once a minute.
fn slow_deadline(calendar: &Calendar, start: Time, minutes: i64, most: i64) -> Option<Time> {
    let zone = clock(&calendar.time_zone);
    let mut left = minutes;
    for step in 0..most {
        let now = start.plus_ms(step * MINUTE);
        let local = zoned(&zone, now);
        let weekday = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap();
        let minute =
            u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap();
        let works = !calendar.holidays.contains_key(&local.date())
            && calendar.hours[weekday]
                .iter()
                .any(|one| one.from.minutes() <= minute && minute < one.to.minutes());
        if works {
            left -= 1;
            if left == 0 {
                return Some(now.plus_ms(MINUTE));
            }
        }
    }
    None
}

fn zones() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "America/New_York",
        "Europe/Berlin",
        // half an hour of daylight saving
        "Australia/Lord_Howe",
        "Asia/Kolkata",
        "America/Havana",
        // changes at midnight
        "Asia/Beirut",
        "UTC",
    ])
}

/// Around the days on which clocks change, as often as not.
fn starts() -> impl Strategy<Value = Time> {
    let near = prop::sample::select(vec![
        "2026-03-06T00:00:00Z",
        "2026-03-27T00:00:00Z",
        "2026-10-02T00:00:00Z",
        "2026-10-23T00:00:00Z",
        "2026-10-30T00:00:00Z",
        "2026-04-03T00:00:00Z",
    ])
    .prop_map(at);
    let any = (1_750_000_000_i64..1_850_000_000).prop_map(|s| Time::from_ms(s / 60 * MINUTE));
    (prop_oneof![near, any], 0_i64..3 * 24 * 60)
        .prop_map(|(time, minutes)| time.plus_ms(minutes * MINUTE))
}

fn hours() -> impl Strategy<Value = Vec<Hours>> {
    prop::collection::btree_set(0_u16..=1440, 0..5).prop_map(|edges| {
        let edges: Vec<u16> = edges.into_iter().collect();
        let hours = |pair: &[u16]| {
            Some(Hours {
                from: WallTime::from_minutes(*pair.first()?)?,
                to: WallTime::from_minutes(*pair.get(1)?)?,
            })
        };
        edges.chunks_exact(2).filter_map(hours).collect()
    })
}

fn calendars() -> impl Strategy<Value = Calendar> {
    let holidays = prop::collection::btree_map(-3_i64..20, Just("Holiday".to_owned()), 0..4);
    (zones(), prop::array::uniform7(hours()), holidays, starts()).prop_map(
        |(zone, hours, off, around)| {
            let first: Date = zoned(&clock(zone), around).date();
            let mut calendar = calendar(zone, hours);
            calendar.holidays = off
                .into_iter()
                .map(|(days, name)| (first.checked_add(days.days()).unwrap(), name))
                .collect();
            calendar
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_working_deadline_is_what_patience_finds(
        calendar in calendars(),
        start in starts(),
        minutes in 1_i64..2_000,
    ) {
        let most = 16 * 24 * 60;
        let slow = slow_deadline(&calendar, start, minutes, most);
        let quick = calendar
            .business_deadline(start, minutes * MINUTE)
            .filter(|at| *at <= start.plus_ms(most * MINUTE));
        prop_assert_eq!(quick, slow);
        if let Some(end) = quick {
            let worked = Span { from: start, to: end };
            prop_assert_eq!(calendar.worked_ms(worked), minutes * MINUTE);
            // a moment earlier it was not yet done
            prop_assert!(calendar.is_open(end.plus_ms(-1)));
        }
    }

    #[test]
    fn turns_follow_the_wall_clock(
        zone in zones(),
        // civil hours, days, weeks
        unit in 0..3,
        n in 1_u16..30,
        minute in 0_u16..1440,
        members in 1_u128..5,
        begin in -40_i64..40,
        asked in starts(),
        stand_ins in prop::collection::vec((0_i64..5_000, 1_i64..3_000, 0_u128..3), 0..4),
    ) {
        let tz = clock(zone);
        let first = zoned(&tz, asked).date().checked_add(begin.days()).unwrap();
        let every = match unit {
            0 => Every::Hours(n),
            1 => Every::Days(n),
            _ => Every::Weeks(n.min(6)),
        };
        let mut rotation = desk(zone, every, (first, minute), members);
        for (after, long, user) in stand_ins {
            let from = asked.plus_ms((after - 2_500) * MINUTE);
            rotation.overrides.push(Override {
                id: Uuid::from_u128(7),
                from,
                to: from.plus_ms(long * MINUTE),
                user: person(90 + user),
                why: "Traded".into(),
            });
        }
        // one turn after the other, as the library for dates adds them
        let mut turn = 0_i64;
        let begins = |turn: i64| {
            let start = first.at(0, 0, 0, 0).checked_add(i64::from(minute).minutes()).unwrap();
            let ahead = match every {
                Every::Hours(n) => (turn * i64::from(n)).hours(),
                Every::Days(n) => (turn * i64::from(n)).days(),
                Every::Weeks(n) => (turn * i64::from(n)).weeks(),
            };
            let local = start.checked_add(ahead).unwrap();
            Time::from_ms(tz.to_zoned(local).unwrap().timestamp().as_millisecond())
        };
        while begins(turn) > asked {
            turn -= 1;
        }
        while begins(turn + 1) <= asked {
            turn += 1;
        }
        let who = |at: Time, turn: i64| {
            let stand_in = rotation.overrides.iter().rfind(|one| one.from <= at && at < one.to);
            stand_in.map_or_else(
                || person(u128::try_from(turn.rem_euclid(i64::try_from(members).unwrap())).unwrap()),
                |one| one.user,
            )
        };
        prop_assert_eq!(rotation.on_call(asked), Some(who(asked, turn)));

        // and its turns over a while are all of the time, in order, each as it is when asked
        let over = span(asked, 40 * DAY);
        let turns = rotation.turns(over);
        let mut cursor = over.from;
        for turn in &turns {
            prop_assert_eq!(turn.span.from, cursor);
            for moment in [turn.span.from, turn.span.to.plus_ms(-1)] {
                prop_assert_eq!(rotation.on_call(moment), turn.user);
            }
            cursor = turn.span.to;
        }
        prop_assert_eq!(cursor, over.to);
        let next = turns.iter().find(|turn| turn.user != turns[0].user).map(|turn| turn.span.from);
        let said = rotation.next_handoff(asked).filter(|at| *at < over.to);
        prop_assert_eq!(said, next);
    }

    #[test]
    fn a_watch_says_what_each_minute_says(
        calendar in calendars(),
        start in starts(),
        by_turn in any::<bool>(),
        after in 0..3,
        gone in any::<bool>(),
    ) {
        let turn = By::Rotation("desk".into());
        let roster = Roster {
            rotations: vec![desk(&calendar.time_zone, Every::Hours(11), (date(2026, 1, 5), 570), 3)],
            covers: vec![Cover {
                id: Uuid::from_u128(5),
                merchant_id: Uuid::from_u128(2),
                party: Party::Agency,
                role: "logistics".into(),
                by: if by_turn { turn.clone() } else { By::Everybody },
                calendar: Some("office".into()),
                after_hours: match after {
                    0 => None,
                    1 => Some(By::Everybody),
                    _ => Some(turn),
                },
                rev: 0,
            }],
            calendars: vec![calendar],
        };
        let members: Vec<(User, Membership)> = (0..3).map(|n| member(n, !gone || n != 1)).collect();
        let owner = Owner::role(Party::Agency, "logistics");
        let over = span(start, 3 * DAY);
        let watch = roster.watch(&members, &owner, over);
        prop_assert_eq!(watch.first().map(|one| one.span.from), Some(over.from));
        prop_assert_eq!(watch.last().map(|one| one.span.to), Some(over.to));
        let mut gaps = 0;
        for minute in (0..3 * 24 * 60).step_by(7) {
            let now = over.from.plus_ms(minute * MINUTE);
            let stretch = watch.iter().find(|one| one.span.holds(now)).unwrap();
            match roster.answering(&members, &owner, now) {
                Ok(who) => {
                    let ids: Vec<Uuid> = who.iter().map(|user| user.id).collect();
                    prop_assert_eq!(&stretch.who, &ids);
                }
                Err(why) => {
                    gaps += 1;
                    prop_assert_eq!(stretch.why.as_ref(), Some(&why));
                }
            }
        }
        let found = roster.gaps(&members, &owner, over);
        prop_assert!(gaps == 0 || !found.is_empty());
        for gap in found {
            prop_assert!(roster.answering(&members, &owner, gap.from).is_err());
            prop_assert!(roster.answering(&members, &owner, gap.to.plus_ms(-1)).is_err());
        }
    }
}

fn person(n: u128) -> Uuid {
    Uuid::from_u128(1_000 + n)
}

fn desk(zone: &str, every: Every, (from, minute): (Date, u16), members: u128) -> Rotation {
    Rotation {
        id: Uuid::from_u128(3),
        merchant_id: Uuid::from_u128(2),
        key: "desk".into(),
        name: "Desk".into(),
        party: Party::Agency,
        role: Some("logistics".into()),
        time_zone: zone.into(),
        hand_off: HandOff {
            every,
            at: WallTime::from_minutes(minute).unwrap(),
            from,
        },
        members: (0..members).map(person).collect(),
        overrides: Vec::new(),
        rev: 0,
    }
}

fn member(n: u128, active: bool) -> (User, Membership) {
    let user = User {
        id: person(n),
        email: format!("p{n}@meshline.example"),
        name: format!("Person {n}"),
        active,
    };
    let place = Membership {
        merchant_id: Uuid::from_u128(2),
        user_id: user.id,
        access: Access::Operator,
        party: Party::Agency,
        functional_roles: vec!["logistics".into()],
        rotations: vec!["desk".into()],
    };
    (user, place)
}

#[test]
fn working_hours_skip_nights_weekends_and_holidays() {
    let mut calendar = office("America/New_York");
    // Thanksgiving
    calendar
        .holidays
        .insert(date(2026, 11, 26), "Thanksgiving".into());
    for (start, ms, end) in [
        // Wednesday afternoon, two hours: Thursday is a holiday, so Friday morning
        (
            "2026-11-25T16:00:00-05:00",
            2 * HOUR,
            "2026-11-27T10:00:00-05:00",
        ),
        // to the very end of a day is still that day
        (
            "2026-11-25T16:00:00-05:00",
            HOUR,
            "2026-11-25T17:00:00-05:00",
        ),
        // a Saturday night: Monday
        (
            "2026-11-21T23:00:00-05:00",
            1,
            "2026-11-23T09:00:00.001-05:00",
        ),
        ("2026-11-21T23:00:00-05:00", 0, "2026-11-21T23:00:00-05:00"),
        // over the night on which clocks go back: the same times on the wall
        (
            "2026-10-30T16:00:00-04:00",
            2 * HOUR,
            "2026-11-02T10:00:00-05:00",
        ),
    ] {
        assert_eq!(
            calendar.business_deadline(at(start), ms),
            Some(at(end)),
            "{start}"
        );
    }
    assert_eq!(calendar.hours_in_words(), "Mon–Fri 09:00–17:00");
    let closed = self::calendar("UTC", Default::default());
    assert_eq!(
        closed.business_deadline(at("2026-01-01T00:00:00Z"), 1),
        None
    );
    assert_eq!(closed.next_open(at("2026-01-01T00:00:00Z")), None);
}

#[test]
fn a_day_has_as_many_working_hours_as_its_clock_shows() {
    let all = || {
        vec![Hours {
            from: WallTime::START,
            to: WallTime::END,
        }]
    };
    let calendar = calendar("America/New_York", std::array::from_fn(|_| all()));
    let day = |from: &str, to: &str| Span {
        from: at(from),
        to: at(to),
    };
    let short = day("2026-03-08T00:00:00-05:00", "2026-03-09T00:00:00-04:00");
    let long = day("2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00");
    assert_eq!(calendar.worked_ms(short), 23 * HOUR);
    assert_eq!(calendar.worked_ms(long), 25 * HOUR);
    assert_eq!(calendar.working(long).len(), 1);
}

#[test]
fn a_hand_off_keeps_its_time_of_day_when_clocks_change() {
    let weekly = desk(
        "America/New_York",
        Every::Weeks(1),
        (date(2026, 10, 26), 9 * 60),
        2,
    );
    // nine in the morning is 13:00 UTC before, and 14:00 UTC after
    assert_eq!(
        weekly.next_handoff(at("2026-10-27T00:00:00Z")),
        Some(at("2026-11-02T14:00:00Z"))
    );
    assert_eq!(
        weekly.next_handoff(at("2026-10-26T12:00:00Z")),
        Some(at("2026-10-26T13:00:00Z"))
    );
    // half past two is jumped over in that night, and is an hour later
    let nightly = desk(
        "America/New_York",
        Every::Days(1),
        (date(2026, 3, 1), 150),
        2,
    );
    assert_eq!(
        nightly.next_handoff(at("2026-03-08T05:00:00Z")),
        Some(at("2026-03-08T07:30:00Z"))
    );
    assert_eq!(
        nightly.next_handoff(at("2026-03-08T07:30:00Z")),
        Some(at("2026-03-09T06:30:00Z"))
    );
}

#[test]
fn what_cannot_be_is_told_at_its_field() {
    let fields = |faults: Vec<crate::cover::Fault>| -> Vec<String> {
        faults.into_iter().map(|fault| fault.field).collect()
    };
    let mut bad = desk("Mars/Olympus", Every::Hours(0), (date(2026, 1, 1), 0), 0);
    bad.name.clear();
    bad.key = "Night Desk".into();
    assert_eq!(
        fields(bad.faults()),
        ["name", "key", "time_zone", "every", "members[0]"]
    );
    // and is asked without harm
    assert_eq!(bad.on_call(at("2026-01-01T00:00:00Z")), None);
    assert!(bad.turns(span(at("2026-01-01T00:00:00Z"), DAY)).is_empty());
    assert!(
        desk("UTC", Every::Days(1), (date(2026, 1, 1), 0), 1)
            .faults()
            .is_empty()
    );

    let mut odd = office("Europe/Berlin");
    assert!(odd.faults().is_empty());
    odd.hours[1].push(Hours {
        from: wall("16:00"),
        to: wall("18:00"),
    });
    odd.hours[2] = vec![Hours {
        from: wall("22:00"),
        to: wall("06:00"),
    }];
    assert_eq!(fields(odd.faults()), ["hours[1]", "hours[2]"]);
    assert_eq!(
        fields(calendar("UTC", Default::default()).faults()),
        ["hours[0]"]
    );
}

#[test]
fn somebody_who_left_is_a_gap_and_not_a_silence() {
    let roster = Roster {
        rotations: vec![desk("UTC", Every::Days(1), (date(2026, 1, 1), 0), 2)],
        ..Roster::default()
    };
    let owner = Owner::Rotation("desk".into());
    let members = vec![member(0, true), member(1, false)];
    let first = at("2026-01-01T00:00:00Z");
    assert_eq!(
        roster.answering(&members, &owner, first).unwrap()[0].id,
        person(0)
    );
    let why = Why::Gone {
        rotation: "Desk".into(),
    };
    assert_eq!(
        roster.answering(&members, &owner, first.plus_ms(DAY)),
        Err(why.clone())
    );
    let gaps = roster.gaps(&members, &owner, span(first, 4 * DAY));
    let days: Vec<(i64, i64)> = gaps
        .iter()
        .map(|gap| (gap.from.since_ms(first) / DAY, gap.to.since_ms(first) / DAY))
        .collect();
    assert_eq!(days, [(1, 2), (3, 4)]);
    let nowhere = Owner::Rotation("elsewhere".into());
    assert!(matches!(
        roster.answering(&members, &nowhere, first),
        Err(Why::Missing { .. })
    ));
}
