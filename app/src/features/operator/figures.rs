//! The figures above the table. Each says what it counts, and leads to the merchants whose lines add up to it.

use domain::people::Merchant;
use engine::{MerchantLine, Overview, Standing, port::Taken};
use leptos::prelude::*;

use crate::ui::{Chip, Tone, time::duration_text};

/// Which merchants the table shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Show {
    All,
    Late,
    Soon,
    Quiet,
    OnTime,
    Exceptions,
    Decided,
    Receiving,
}

impl Show {
    const ALL: [Self; 8] = [
        Self::All,
        Self::Late,
        Self::Soon,
        Self::Quiet,
        Self::OnTime,
        Self::Exceptions,
        Self::Decided,
        Self::Receiving,
    ];

    pub fn of(word: Option<&str>) -> Self {
        Self::ALL
            .into_iter()
            .find(|show| show.word() == word)
            .unwrap_or(Self::All)
    }

    /// As in the URL.
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::Late => Some("late"),
            Self::Soon => Some("soon"),
            Self::Quiet => Some("quiet"),
            Self::OnTime => Some("on-time"),
            Self::Exceptions => Some("exceptions"),
            Self::Decided => Some("decided"),
            Self::Receiving => Some("receiving"),
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Late => "Past a clock",
            Self::Soon => "Within the hour",
            Self::Quiet => "Quiet",
            Self::OnTime => "On time",
            Self::Exceptions => "With exceptions",
            Self::Decided => "With decisions",
            Self::Receiving => "Receiving",
        }
    }

    pub fn fits(self, line: &MerchantLine) -> bool {
        let (figures, risk) = (&line.figures, line.figures.at_risk());
        match self {
            Self::All => true,
            Self::Late => risk.late > 0,
            Self::Soon => risk.soon > 0,
            Self::Quiet => figures.is_quiet(),
            Self::OnTime => line.standing == Standing::OnTime,
            Self::Exceptions => figures.open_tasks() > 0,
            Self::Decided => figures.taken.n > 0,
            Self::Receiving => figures.receipts > 0,
        }
    }
}

/// The part of the list that is asked for, and where it is.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub path: String,
    pub show: Show,
    pub query: Option<String>,
}

impl Asked {
    pub fn href(&self, show: Show, page: usize) -> String {
        let mut pairs = Vec::new();
        if let Some(query) = &self.query {
            let escaped: String = url_escaped(query);
            pairs.push(format!("q={escaped}"));
        }
        pairs.extend(show.word().map(|word| format!("show={word}")));
        if page > 1 {
            pairs.push(format!("page={page}"));
        }
        if pairs.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, pairs.join("&"))
        }
    }

    pub fn fits(&self, merchant: &Merchant) -> bool {
        self.query.as_ref().is_none_or(|words| {
            let words = words.to_lowercase();
            merchant.name.to_lowercase().contains(&words) || merchant.slug.contains(&words)
        })
    }

    /// The first four always; the others while they are chosen, or while there is something to see.
    pub fn chips(&self, lines: &[MerchantLine]) -> Vec<Chip> {
        Show::ALL
            .into_iter()
            .map(|show| (show, lines.iter().filter(|line| show.fits(line)).count()))
            .filter(|(show, _)| {
                *show == self.show
                    || matches!(
                        show,
                        Show::All | Show::Late | Show::Soon | Show::Quiet | Show::OnTime
                    )
            })
            .map(|(show, count)| {
                let active = show == self.show;
                let target = if active { Show::All } else { show };
                Chip {
                    label: show.label().to_owned(),
                    href: self.href(target, 1),
                    active,
                    count: u64::try_from(count).ok(),
                    tone: (count > 0).then_some(()).and(match show {
                        Show::Late => Some(Tone::Late),
                        Show::Soon => Some(Tone::Wait),
                        Show::Quiet => Some(Tone::Held),
                        _ => None,
                    }),
                }
            })
            .collect()
    }
}

fn url_escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// 18204 reads `18,204`.
pub(super) fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// "Three", as a sentence begins with it.
fn counted(n: usize) -> String {
    const WORDS: [&str; 10] = [
        "No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine",
    ];
    WORDS
        .get(n)
        .map_or_else(|| n.to_string(), |word| (*word).to_owned())
}

pub(super) fn headline(lines: &[MerchantLine]) -> String {
    let of = |standing| {
        lines
            .iter()
            .filter(|line| line.standing == standing)
            .count()
    };
    let merchants = |n| if n == 1 { "merchant" } else { "merchants" };
    let (late, soon, quiet) = (of(Standing::Late), of(Standing::Soon), of(Standing::Quiet));
    let have = |n| if n == 1 { "has" } else { "have" };
    let are = |n| if n == 1 { "is" } else { "are" };
    match (late, soon) {
        _ if lines.is_empty() => "There is no merchant yet".to_owned(),
        (0, 0) if quiet > 0 => format!(
            "Every promise is on time, but {} {} {} gone quiet",
            counted(quiet).to_lowercase(),
            merchants(quiet),
            have(quiet)
        ),
        (0, 0) => "Every promise is on time".to_owned(),
        (0, soon) => format!(
            "{} {} {} about to miss a promise",
            counted(soon),
            merchants(soon),
            are(soon)
        ),
        (late, 0) => format!(
            "{} {} {} missed a promise",
            counted(late),
            merchants(late),
            have(late)
        ),
        (late, soon) => format!(
            "{} {} {} missed a promise, {} {} about to",
            counted(late),
            merchants(late),
            have(late),
            counted(soon).to_lowercase(),
            are(soon)
        ),
    }
}

pub(super) fn taken_words(taken: Taken) -> (String, String) {
    if taken.n == 0 {
        return ("–".to_owned(), "none in 7 days".to_owned());
    }
    (
        duration_text(taken.p50_ms),
        format!(
            "P95 {} · n\u{a0}=\u{a0}{}",
            duration_text(taken.p95_ms),
            grouped(taken.n)
        ),
    )
}

#[component]
pub(super) fn Figures(overview: Overview, asked: Asked) -> impl IntoView {
    let lines = &overview.lines;
    let risks = || lines.iter().map(|line| line.figures.at_risk());
    let (late, soon): (i64, i64) = (risks().map(|r| r.late).sum(), risks().map(|r| r.soon).sum());
    let open: i64 = lines.iter().map(|line| line.figures.open_tasks()).sum();
    let past: i64 = lines
        .iter()
        .flat_map(|line| &line.figures.held)
        .map(|held| held.late)
        .sum();
    let at = |show: Show| {
        let n = lines.iter().filter(|line| show.fits(line)).count();
        format!("at {n} {}", if n == 1 { "merchant" } else { "merchants" })
    };
    let (p50, p95) = taken_words(overview.taken);
    let all = [
        (
            "Promises past their clock",
            grouped(late),
            at(Show::Late),
            Show::Late,
            (late > 0).then_some(Tone::Late),
        ),
        (
            "Due within the hour",
            grouped(soon),
            at(Show::Soon),
            Show::Soon,
            (soon > 0).then_some(Tone::Wait),
        ),
        (
            "Open exceptions",
            grouped(open),
            format!("{} past their clock", grouped(past)),
            Show::Exceptions,
            None,
        ),
        (
            "Accepted by their owner, P50 · P95",
            p50,
            p95,
            Show::Decided,
            None,
        ),
    ];
    let cards = all
        .into_iter()
        .map(|(label, number, note, show, tone)| {
            view! {
                <a class="figure card" href=asked.href(show, 1)>
                    <span class="hint">{label}</span>
                    <span><b data-tone=tone.map(Tone::key)>{number}</b> " " <small>{note}</small></span>
                </a>
            }
        })
        .collect_view();
    view! { <div class="figures" id="overview-figures" data-live="">{cards}</div> }
}

#[cfg(test)]
mod tests {
    use engine::port::{AtRisk, Figures as Counts};
    use uuid::Uuid;

    use super::*;

    fn line(standing: Standing, late: i64) -> MerchantLine {
        MerchantLine {
            merchant: Merchant {
                id: Uuid::nil(),
                operator_id: Uuid::nil(),
                slug: "alder-pine".to_owned(),
                name: "Alder & Pine".to_owned(),
            },
            figures: Counts {
                exports: AtRisk { late, soon: 0 },
                ..Counts::default()
            },
            standing,
            open: Vec::new(),
        }
    }

    #[test]
    fn the_headline_says_what_is_true() {
        let of =
            |all: &[Standing]| headline(&all.iter().map(|one| line(*one, 0)).collect::<Vec<_>>());
        use Standing::{Late, OnTime, Quiet, Soon};
        assert_eq!(of(&[]), "There is no merchant yet");
        assert_eq!(of(&[OnTime]), "Every promise is on time");
        assert_eq!(
            of(&[Soon, Soon, Soon, OnTime]),
            "Three merchants are about to miss a promise"
        );
        assert_eq!(of(&[Late]), "One merchant has missed a promise");
        assert_eq!(
            of(&[Late, Late, Soon]),
            "Two merchants have missed a promise, one is about to"
        );
        assert_eq!(
            of(&[Quiet, OnTime]),
            "Every promise is on time, but one merchant has gone quiet"
        );
        assert_eq!(of(&[Soon; 12]), "12 merchants are about to miss a promise");
    }

    #[test]
    fn filters_and_search_go_together() {
        let asked = Asked {
            path: "/o/northbeam".to_owned(),
            show: Show::of(Some("late")),
            query: Some("pine & co".to_owned()),
        };
        assert_eq!(
            asked.href(Show::Late, 2),
            "/o/northbeam?q=pine%20%26%20co&show=late&page=2"
        );
        assert!(
            Show::Late.fits(&line(Standing::Late, 1)) && !Show::Late.fits(&line(Standing::Soon, 0))
        );
        assert!(!asked.fits(&line(Standing::Late, 1).merchant));
        assert_eq!(Show::of(Some("everything")), Show::All);
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
    }
}
