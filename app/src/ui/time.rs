//! Times on the page: relative to read, exact on hover, ticking when there is a companion.
//!
//! The words are made here for the server and for the companion alike, so that the first tick never
//! changes what the server wrote. `now` is the request's time; no component reads a clock.

use domain::Time;
use leptos::prelude::*;

use super::state::{StateGlyph, Tone};

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A countdown's text: `04:10` within the hour, `2 h 05 min` within two days, then days.
/// What is overdue carries a minus sign.
pub fn countdown_text(left_ms: i64) -> String {
    let sign = if left_ms < 0 { "−" } else { "" };
    let ms = left_ms.saturating_abs();
    if ms < HOUR {
        format!("{sign}{:02}:{:02}", ms / MINUTE, ms % MINUTE / SECOND)
    } else if ms < 2 * DAY {
        format!("{sign}{} h {:02} min", ms / HOUR, ms % HOUR / MINUTE)
    } else {
        format!("{sign}{} days", ms / DAY)
    }
}

/// A span of time in words: `4 min 10 s`, `2 h 5 min`, `3 days`.
pub fn duration_text(ms: i64) -> String {
    let ms = ms.saturating_abs();
    let two = |a: i64, unit: &str, b: i64, small: &str| {
        if b == 0 {
            format!("{a} {unit}")
        } else {
            format!("{a} {unit} {b} {small}")
        }
    };
    if ms < SECOND {
        format!("{ms} ms")
    } else if ms < MINUTE {
        format!("{} s", ms / SECOND)
    } else if ms < HOUR {
        two(ms / MINUTE, "min", ms % MINUTE / SECOND, "s")
    } else if ms < 2 * DAY {
        two(ms / HOUR, "h", ms % HOUR / MINUTE, "min")
    } else {
        format!("{} days", ms / DAY)
    }
}

/// `38 s ago`, `12 min ago`, `in 2 h`; the past is positive. What is to come is rounded, so that seven days are seven
/// a moment after they began.
pub fn relative_text(ago_ms: i64) -> String {
    let ms = ago_ms.saturating_abs();
    let many = |unit: i64| match ago_ms {
        ..0 => (ms + unit / 2) / unit,
        _ => ms / unit,
    };
    let span = if ms < 10 * SECOND {
        return "just now".to_owned();
    } else if ms < MINUTE {
        format!("{} s", ms / SECOND)
    } else if ms < HOUR {
        format!("{} min", ms / MINUTE)
    } else if ms < 2 * DAY {
        format!("{} h", many(HOUR))
    } else {
        format!("{} days", many(DAY))
    };
    if ago_ms < 0 {
        format!("in {span}")
    } else {
        format!("{span} ago")
    }
}

/// What a deadline looks like with this much time left.
pub const fn deadline_tone(left_ms: i64) -> Tone {
    if left_ms < 0 {
        Tone::Late
    } else if left_ms < HOUR {
        Tone::Wait
    } else {
        Tone::Idle
    }
}

/// The exact instant, as titles show it.
pub fn exact(at: Time) -> String {
    format!("{} UTC", at.format_utc("%Y-%m-%d %H:%M:%S.%3f"))
}

/// A relative time with the exact one on hover; after thirty days the date itself.
#[component]
pub fn When(at: Time, now: Time) -> impl IntoView {
    let ago = now.since_ms(at);
    let old = ago.saturating_abs() > 30 * DAY;
    let text = if old {
        at.format_utc("%b %-d, %Y")
    } else {
        relative_text(ago)
    };
    view! {
        <time datetime=at.to_string() title=exact(at) data-ago=(!old).then(|| at.as_ms().to_string())>
            {text}
        </time>
    }
}

/// The time of day, with the date when it is not today's; exact on hover. For logs and stations.
#[component]
pub fn Stamp(at: Time, now: Time) -> impl IntoView {
    view! { <time datetime=at.to_string() title=exact(at)>{stamp_text(at, now)}</time> }
}

/// What [`Stamp`] writes, for lines of plain text such as a station's.
pub fn stamp_text(at: Time, now: Time) -> String {
    if at.format_utc("%F") == now.format_utc("%F") {
        at.format_utc("%H:%M:%S")
    } else {
        at.format_utc("%b %-d %H:%M")
    }
}

/// The time left until `due`, ticking in the browser, with glyph and colour. `tone` pins the state
/// (a held item stays violet); `big` is for banners and leaves the glyph out on a desk.
#[component]
pub fn Countdown(
    due: Time,
    now: Time,
    #[prop(optional)] tone: Option<Tone>,
    #[prop(optional)] big: bool,
    /// Running text: `4 min 10 s`, without a glyph.
    #[prop(optional)]
    words: bool,
) -> impl IntoView {
    let left = due.since_ms(now);
    let shown = tone.unwrap_or_else(|| deadline_tone(left));
    let text = if words {
        duration_text(left)
    } else {
        countdown_text(left)
    };
    let class = if big { "count big" } else { "count" };
    view! {
        <span
            class=class
            role="timer"
            title=exact(due)
            data-deadline=due.as_ms().to_string()
            data-tone=shown.key()
            data-pinned=tone.is_some().then_some("")
            data-words=words.then_some("")
        >
            {(!words).then(|| view! { <StateGlyph tone=shown/> })}
            <span class="sr-only">{if left < 0 { "Overdue by " } else { "Time left " }}</span>
            <span data-text="">{text}</span>
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_down_and_on() {
        for (ms, text) in [
            (250_000, "04:10"),
            (999, "00:00"),
            (-684_000, "−11:24"),
            (HOUR, "1 h 00 min"),
            (-2 * HOUR - 5 * MINUTE, "−2 h 05 min"),
            (3 * DAY, "3 days"),
        ] {
            assert_eq!(countdown_text(ms), text);
        }
    }

    #[test]
    fn speaks_of_past_and_future() {
        for (ms, text) in [
            (4000, "just now"),
            (38_000, "38 s ago"),
            (12 * MINUTE, "12 min ago"),
            (-2 * HOUR, "in 2 h"),
            (-(7 * DAY - 10), "in 7 days"),
            (7 * DAY - 10, "6 days ago"),
            (5 * DAY, "5 days ago"),
        ] {
            assert_eq!(relative_text(ms), text);
        }
        assert_eq!(duration_text(250_000), "4 min 10 s");
        assert_eq!(duration_text(40), "40 ms");
    }

    #[test]
    fn the_hour_before_is_amber_and_after_is_red() {
        assert_eq!(deadline_tone(2 * HOUR), Tone::Idle);
        assert_eq!(deadline_tone(59 * MINUTE), Tone::Wait);
        assert_eq!(deadline_tone(-1), Tone::Late);
    }
}
