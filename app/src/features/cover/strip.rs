//! Two weeks of one owner as a line: whose turn alternates in shade, and where nobody answers it is red.
//! The table behind it says the same in words.

use domain::{
    Time,
    cover::{Span, Stretch},
};
use engine::Rules;
use leptos::prelude::*;

use super::words::{DAY_MS, DAYS, at_place, people_words};
use crate::ui::*;

/// Hundredths of a day.
const WIDTH: i64 = DAYS * 100;

fn x(from: Time, at: Time) -> i64 {
    (at.since_ms(from) * 100 / DAY_MS).clamp(0, WIDTH)
}

pub(super) fn strip(stretches: &[Stretch], span: Span, spoken: String) -> impl IntoView + use<> {
    let mut turn = 0;
    let bars = stretches
        .iter()
        .map(|one| {
            let kind = if one.who.is_empty() {
                "gap"
            } else if one.source.is_some() {
                turn += 1;
                if turn % 2 == 0 { "even" } else { "odd" }
            } else {
                "all"
            };
            let (from, to) = (x(span.from, one.span.from), x(span.from, one.span.to));
            // what is short is still seen
            let width = (to - from).max(4);
            view! { <rect class=kind x=from.to_string() y="0" width=width.to_string() height="14"></rect> }
        })
        .collect_view();
    let days = (1..DAYS)
        .map(|day| {
            let x = (day * 100).to_string();
            view! { <line x1=x.clone() x2=x y1="0" y2="14"></line> }
        })
        .collect_view();
    let view_box = format!("0 0 {WIDTH} 14");
    view! {
        <svg class="cover-strip" viewBox=view_box preserveAspectRatio="none" role="img" aria-label=spoken>
            {bars}
            {days}
        </svg>
    }
}

/// The same in words, a row for each turn and each gap.
pub(super) fn strip_table(
    rules: &Rules,
    zone: &str,
    stretches: &[Stretch],
) -> impl IntoView + use<> {
    let rows = stretches
        .iter()
        .map(|one| {
            let who = match &one.why {
                Some(why) => {
                    let word = format!("nobody: {why}");
                    view! { <StateBadge tone=Tone::Late word/> }.into_any()
                }
                None => people_words(rules, &one.who).into_any(),
            };
            let by = one.source.as_ref().map_or("", |source| match source {
                domain::cover::TurnSource::Rotation(_) => "their turn",
                domain::cover::TurnSource::Override(_) => "standing in",
            });
            view! {
                <tr>
                    <td>{at_place(zone, one.span.from)}</td>
                    <td>{at_place(zone, one.span.to)}</td>
                    <td>{who}</td>
                    <td class="wide">{by}</td>
                </tr>
            }
        })
        .collect_view();
    let cols = vec![
        Col::text("From"),
        Col::text("Until"),
        Col::text("Who answers"),
        Col::text("Why").wide(),
    ];
    view! { <Table caption="Who answers over the next two weeks" cols>{rows}</Table> }
}
