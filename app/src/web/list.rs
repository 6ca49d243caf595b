//! Lists: search, filters and the place in the list live in the URL, and paging is by key, so that a page
//! that is shared or reloaded shows the same rows and nothing is skipped while new ones come in.

use domain::Time;
use engine::{
    Rules,
    port::{Due, ListFilter, since_named},
};
use leptos::prelude::*;
use uuid::Uuid;

use super::{page::Visit, words::owner_name};
use crate::ui::{Chip, Ico, Kind, LinkButton};

/// Rows on one page of a list.
pub const PAGE_ROWS: usize = 50;

/// What a list was asked for.
#[derive(Clone, Debug)]
pub struct List {
    /// The list's own path.
    pub action: String,
    pub query: Option<String>,
    pub state: Option<String>,
    pub kind: Option<String>,
    /// Filters that other pages lead here with: `due`, `since`, `holder`, as far as they are set.
    led: Vec<(&'static str, String)>,
    now: Time,
    before: Option<(Time, Uuid)>,
}

const LED: [&str; 3] = ["due", "since", "holder"];

impl List {
    /// `list` is its path under the merchant.
    pub fn of(at: &Visit, list: &str) -> Self {
        let text = |name: &str| at.query(name).map(str::to_owned);
        Self {
            action: at.path(list),
            query: text("q"),
            state: text("state"),
            kind: text("kind"),
            led: LED
                .iter()
                .filter_map(|name| Some((*name, text(name)?)))
                .collect(),
            now: at.now(),
            before: at.query("before").and_then(read_cursor),
        }
    }

    /// For the engine: one row more than is shown, to see whether there is a next page.
    pub fn filter(&self) -> ListFilter {
        ListFilter {
            state: self.state.clone(),
            kind: self.kind.clone(),
            query: self.query.clone(),
            due: self.led("due").map(|word| Due::named(word, self.now)),
            since: self.led("since").map(|word| since_named(word, self.now)),
            holder: self.led("holder").map(str::to_owned),
            before: self.before,
            limit: PAGE_ROWS as i64 + 1,
            ..ListFilter::default()
        }
    }

    fn led(&self, name: &str) -> Option<&str> {
        let (_, value) = self.led.iter().find(|(known, _)| *known == name)?;
        Some(value)
    }

    /// A filter for each with which one was led here, taken off by pressing it.
    pub fn led_chips(&self, rules: &Rules) -> Vec<Chip> {
        let label = |name: &str, value: &str| match (name, value) {
            ("due", "overdue") => "Past its clock".to_owned(),
            ("due", "hour") => "Within the hour".to_owned(),
            ("since", "24h") => "Last 24 hours".to_owned(),
            ("since", "7d") => "Last 7 days".to_owned(),
            ("holder", holder) => match holder.parse() {
                Ok(owner) => format!("With {}", owner_name(rules, &owner)),
                Err(_) => "With nobody there is".to_owned(),
            },
            _ => format!("{name}: {value}"),
        };
        self.led
            .iter()
            .map(|(name, value)| {
                let mut without = self.clone();
                without.led.retain(|(known, _)| known != name);
                Chip {
                    label: format!("{} ×", label(name, value)),
                    href: without.href(self.state.as_deref(), self.kind.as_deref(), None),
                    active: true,
                    ..Chip::default()
                }
            })
            .collect()
    }

    pub fn is_narrowed(&self) -> bool {
        self.query.is_some() || self.state.is_some() || self.kind.is_some() || !self.led.is_empty()
    }

    /// Cuts the extra row off and returns the link to the next page, if there is one. `key` is what
    /// the list is sorted by.
    pub fn cut<T>(&self, rows: &mut Vec<T>, key: impl Fn(&T) -> (Time, Uuid)) -> Option<String> {
        if rows.len() <= PAGE_ROWS {
            return None;
        }
        rows.truncate(PAGE_ROWS);
        let (at, id) = key(rows.last()?);
        let cursor = format!("{}.{id}", at.as_ms());
        Some(self.href(self.state.as_deref(), self.kind.as_deref(), Some(&cursor)))
    }

    /// The link to the first page, when this is not it.
    pub fn first(&self) -> Option<String> {
        self.before?;
        Some(self.href(self.state.as_deref(), self.kind.as_deref(), None))
    }

    /// A filter by state; `None` stands for all of them.
    pub fn state_chip(&self, label: &str, state: Option<&str>) -> Chip {
        let active = self.state.as_deref() == state;
        let target = if active { None } else { state };
        Chip {
            label: label.to_owned(),
            href: self.href(target, self.kind.as_deref(), None),
            active,
            ..Chip::default()
        }
    }

    /// A filter by kind, taken off by pressing it again.
    pub fn kind_chip(&self, label: &str, kind: &str) -> Chip {
        let active = self.kind.as_deref() == Some(kind);
        let target = if active { None } else { Some(kind) };
        Chip {
            label: label.to_owned(),
            href: self.href(self.state.as_deref(), target, None),
            active,
            ..Chip::default()
        }
    }

    /// The same rows for a spreadsheet: a link for the end of the filter bar.
    pub fn csv(&self) -> AnyView {
        let rows = Self {
            action: format!("{}.csv", self.action),
            ..self.clone()
        };
        let href = rows.href(self.state.as_deref(), self.kind.as_deref(), None);
        view! { <LinkButton href label="CSV" kind=Kind::Quiet icon=Ico::Download/> }.into_any()
    }

    /// The parameters that a search keeps.
    pub fn keep(&self) -> Vec<(String, String)> {
        [("state", &self.state), ("kind", &self.kind)]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)))
            .chain(
                self.led
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), value.clone())),
            )
            .collect()
    }

    fn href(&self, state: Option<&str>, kind: Option<&str>, before: Option<&str>) -> String {
        let pairs = [
            ("q", self.query.as_deref()),
            ("state", state),
            ("kind", kind),
        ];
        let led = self
            .led
            .iter()
            .map(|(name, value)| (*name, Some(value.as_str())));
        let query: Vec<String> = pairs
            .into_iter()
            .chain(led)
            .chain([("before", before)])
            .filter_map(|(name, value)| Some(format!("{name}={}", escaped(value?))))
            .collect();
        if query.is_empty() {
            self.action.clone()
        } else {
            format!("{}?{}", self.action, query.join("&"))
        }
    }
}

fn read_cursor(text: &str) -> Option<(Time, Uuid)> {
    let (ms, id) = text.split_once('.')?;
    Some((Time::from_ms(ms.parse().ok()?), id.parse().ok()?))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> List {
        List {
            action: "/m/alder-pine/tasks".to_owned(),
            query: Some("reno & co".to_owned()),
            state: Some("open".to_owned()),
            kind: None,
            led: Vec::new(),
            now: Time::default(),
            before: None,
        }
    }

    #[test]
    fn what_one_was_led_here_with_stays_until_it_is_taken_off() {
        let led = List {
            led: vec![("due", "overdue".to_owned())],
            ..list()
        };
        assert!(led.state_chip("Open", None).href.ends_with("&due=overdue"));
        assert!(
            led.keep()
                .contains(&("due".to_owned(), "overdue".to_owned()))
        );
        assert_eq!(
            led.filter().due,
            Some(Due::named("overdue", Time::default()))
        );
        assert!(
            List {
                query: None,
                state: None,
                ..led
            }
            .is_narrowed()
        );
    }

    #[test]
    fn the_next_page_carries_the_filters_and_the_last_row() {
        let id = Uuid::from_u128(7);
        let mut rows: Vec<i64> = (0..=PAGE_ROWS as i64).collect();
        let next = list()
            .cut(&mut rows, |row| (Time::from_ms(*row), id))
            .unwrap();
        assert_eq!(rows.len(), PAGE_ROWS);
        assert_eq!(
            next,
            format!("/m/alder-pine/tasks?q=reno%20%26%20co&state=open&before=49.{id}")
        );
        assert_eq!(
            read_cursor(&format!("49.{id}")),
            Some((Time::from_ms(49), id))
        );
        assert_eq!(read_cursor("yesterday"), None);
        assert_eq!(list().cut(&mut vec![1], |_| (Time::from_ms(0), id)), None);
    }

    #[test]
    fn an_active_filter_is_taken_off_by_its_own_link() {
        let chip = list().state_chip("Open", Some("open"));
        assert!(chip.active);
        assert_eq!(chip.href, "/m/alder-pine/tasks?q=reno%20%26%20co");
        assert!(
            list()
                .state_chip("Resolved", Some("resolved"))
                .href
                .ends_with("state=resolved")
        );
    }
}
