//! Where an export goes: to the contract's destination, or to another one where what it says asks for that.
//!
//! Routes stand in order, each with a condition on one place of the payload; the first that holds decides. Nothing
//! but the payload and the contract's version is looked at, and an approval binds both: what was agreed to goes
//! where it would have gone then. What is known besides (flags, stock, the hour) belongs to flows and policies.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Contract;
use crate::{
    gate::{bad_place, money, places, text_of},
    money::Money,
};

/// More routes than this nobody keeps in mind.
pub const MOST_ROUTES: usize = 20;
/// Most texts that one condition names, and the longest of them.
const MOST_VALUES: usize = 200;
const LONGEST_VALUE: usize = 200;

/// Another destination, and when it is that one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationRoute {
    pub when: RouteCondition,
    /// Key of the destination.
    pub destination: String,
}

/// What must be true at one place of the payload; with `*` for each of a list, at any of them. Where there is
/// nothing, nothing is true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "if")]
pub enum RouteCondition {
    /// It is one of these, letter by letter; numbers as they are written.
    IsOneOf { at: String, values: Vec<String> },
    /// It begins with one of these.
    StartsWith { at: String, values: Vec<String> },
    /// It is an amount above this one, in the same currency.
    AmountOver { at: String, amount: Money },
}

/// Where one export goes, and which route says so; none: the contract's own destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destined<'c> {
    pub key: &'c str,
    pub route: Option<&'c DestinationRoute>,
}

/// A text, as it is compared.
fn said(value: &Value) -> Option<String> {
    matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_)).then(|| text_of(value))
}

/// "DE", "DE or AT", "DE, AT or CH".
fn either(values: &[String]) -> String {
    match values {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

impl RouteCondition {
    /// Its name, as in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::IsOneOf { .. } => "is_one_of",
            Self::StartsWith { .. } => "starts_with",
            Self::AmountOver { .. } => "amount_over",
        }
    }

    /// Where in the payload it looks.
    pub fn at(&self) -> &str {
        match self {
            Self::IsOneOf { at, .. }
            | Self::StartsWith { at, .. }
            | Self::AmountOver { at, .. } => at,
        }
    }

    fn values(&self) -> &[String] {
        match self {
            Self::IsOneOf { values, .. } | Self::StartsWith { values, .. } => values,
            Self::AmountOver { .. } => &[],
        }
    }

    pub fn holds(&self, payload: &Value) -> bool {
        places(payload, self.at())
            .iter()
            .any(|place| self.holds_of(place.value))
    }

    fn holds_of(&self, value: &Value) -> bool {
        match self {
            Self::IsOneOf { values, .. } => said(value).is_some_and(|text| values.contains(&text)),
            Self::StartsWith { values, .. } => said(value)
                .is_some_and(|text| values.iter().any(|one| text.starts_with(one.as_str()))),
            Self::AmountOver { amount, .. } => money(value)
                .is_some_and(|is| is.currency == amount.currency && is.minor > amount.minor),
        }
    }

    /// "/ship_to/country is DE or AT"
    pub fn words(&self) -> String {
        let any = if self.at().contains('*') { "any " } else { "" };
        let at = format!("{any}{}", self.at());
        match self {
            Self::IsOneOf { values, .. } => format!("{at} is {}", either(values)),
            Self::StartsWith { values, .. } => format!("{at} starts with {}", either(values)),
            Self::AmountOver { amount, .. } => format!("{at} is over {amount}"),
        }
    }

    /// What is wrong with it by itself, each with its field.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        if let Some(why) = bad_place(self.at()) {
            faults.push(("at", why));
        }
        let values = self.values();
        match self {
            Self::AmountOver { amount, .. } if amount.minor < 0 => {
                faults.push(("amount", "An amount is not below nought.".to_owned()));
            }
            Self::AmountOver { .. } => {}
            _ if values.is_empty() || values.len() > MOST_VALUES => {
                faults.push(("values", format!("Name 1 to {MOST_VALUES} texts.")));
            }
            _ if values
                .iter()
                .any(|one| one.is_empty() || one.chars().count() > LONGEST_VALUE) =>
            {
                faults.push((
                    "values",
                    format!("Each text has 1 to {LONGEST_VALUE} letters."),
                ));
            }
            _ => {}
        }
        faults
    }
}

impl DestinationRoute {
    /// Whether those before it take everything that it would.
    pub fn is_unreachable(&self, before: &[Self]) -> bool {
        let of_place = || {
            before
                .iter()
                .map(|one| &one.when)
                .filter(|when| when.at() == self.when.at())
        };
        // what begins so
        let begun = |text: &str| {
            of_place().any(|when| {
                matches!(when, RouteCondition::StartsWith { values, .. }
                    if values.iter().any(|one| text.starts_with(one.as_str())))
            })
        };
        let named = |text: &String| {
            of_place().any(|when| {
                matches!(when, RouteCondition::IsOneOf { values, .. } if values.contains(text))
            })
        };
        match &self.when {
            RouteCondition::IsOneOf { values, .. } => {
                !values.is_empty() && values.iter().all(|one| named(one) || begun(one))
            }
            RouteCondition::StartsWith { values, .. } => {
                !values.is_empty() && values.iter().all(|one| begun(one))
            }
            RouteCondition::AmountOver { amount, .. } => of_place().any(|when| {
                matches!(when, RouteCondition::AmountOver { amount: lower, .. }
                    if lower.currency == amount.currency && lower.minor <= amount.minor)
            }),
        }
    }
}

impl Contract {
    /// Where an export with this payload goes.
    pub fn destined(&self, payload: &Value) -> Destined<'_> {
        let route = self.routes.iter().find(|one| one.when.holds(payload));
        Destined {
            key: route.map_or(self.destination.as_str(), |one| one.destination.as_str()),
            route,
        }
    }

    /// Keys of every destination it may send to, its own first, each once.
    pub fn destinations(&self) -> Vec<&str> {
        let mut all = vec![self.destination.as_str()];
        for route in &self.routes {
            if !all.contains(&route.destination.as_str()) {
                all.push(&route.destination);
            }
        }
        all
    }

    pub fn sends_to(&self, key: &str) -> bool {
        self.destinations().contains(&key)
    }

    /// The same, and what went to `old` goes to `new`.
    #[must_use]
    pub fn with_destination(mut self, old: &str, new: &str) -> Self {
        let routes = self.routes.iter_mut().map(|one| &mut one.destination);
        for key in std::iter::once(&mut self.destination).chain(routes) {
            if key == old {
                new.clone_into(key);
            }
        }
        self
    }

    /// "Harbor 3PL; to Nordlager when /ship_to/country is DE or AT"
    pub fn destinations_in_words(&self, name: impl Fn(&str) -> String) -> String {
        let routes = self.routes.iter().map(|one| {
            let there = name(&one.destination);
            format!("; to {there} when {}", one.when.words())
        });
        std::iter::once(name(&self.destination))
            .chain(routes)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::money::Currency;

    fn texts(values: &[&str]) -> Vec<String> {
        values.iter().map(|&one| one.to_owned()).collect()
    }

    fn is(at: &str, values: &[&str]) -> RouteCondition {
        RouteCondition::IsOneOf {
            at: at.to_owned(),
            values: texts(values),
        }
    }

    fn starts(at: &str, values: &[&str]) -> RouteCondition {
        RouteCondition::StartsWith {
            at: at.to_owned(),
            values: texts(values),
        }
    }

    fn over(at: &str, minor: i64, currency: Currency) -> RouteCondition {
        RouteCondition::AmountOver {
            at: at.to_owned(),
            amount: Money::new(minor, currency),
        }
    }

    fn to(destination: &str, when: RouteCondition) -> DestinationRoute {
        DestinationRoute {
            when,
            destination: destination.to_owned(),
        }
    }

    #[test]
    fn a_condition_holds_where_it_says_and_nowhere_else() {
        let payload = json!({
            "ship_to": { "country": "DE", "zip": "10115", "floor": 3, "gift": true, "note": null },
            "lines": [{ "sku": "KET-01" }, { "sku": "LAMP-9" }],
            "total": { "amount_minor": 50_000, "currency": "USD" },
        });
        let cases = [
            (is("/ship_to/country", &["AT", "DE"]), true),
            (is("/ship_to/country", &["de", "D", "DE "]), false),
            (is("/ship_to/floor", &["3"]), true),
            (is("/ship_to/gift", &["true"]), true),
            (is("/ship_to/note", &["null", ""]), false),
            (is("/ship_to/nothing", &["", "null"]), false),
            (is("/ship_to", &["{}"]), false),
            (starts("/ship_to/zip", &["9", "10"]), true),
            (starts("/ship_to/zip", &["0"]), false),
            (starts("/lines/*/sku", &["LAMP-"]), true),
            (is("/lines/0/sku", &["LAMP-9"]), false),
            (over("/total", 49_999, Currency::USD), true),
            (over("/total", 50_000, Currency::USD), false),
            (over("/total", 1, "EUR".parse().unwrap()), false),
            (over("/ship_to/floor", 1, Currency::USD), false),
        ];
        for (condition, holds) in cases {
            assert_eq!(condition.holds(&payload), holds, "{}", condition.words());
        }
    }

    #[test]
    fn what_earlier_routes_take_never_comes_to_a_later_one() {
        let country = "/country";
        let cases = [
            (vec![is(country, &["DE"])], is(country, &["DE"]), true),
            (
                vec![is(country, &["DE"])],
                is(country, &["DE", "AT"]),
                false,
            ),
            (
                vec![is(country, &["DE"]), is(country, &["AT", "CH"])],
                is(country, &["AT", "DE"]),
                true,
            ),
            (vec![is(country, &["DE"])], is("/region", &["DE"]), false),
            (vec![starts(country, &["D"])], is(country, &["DE"]), true),
            (vec![is(country, &["D"])], starts(country, &["D"]), false),
            (
                vec![starts(country, &["1"])],
                starts(country, &["10"]),
                true,
            ),
            (
                vec![starts(country, &["10"])],
                starts(country, &["1"]),
                false,
            ),
            (
                vec![over("/total", 100, Currency::USD)],
                over("/total", 100, Currency::USD),
                true,
            ),
            (
                vec![over("/total", 100, Currency::USD)],
                over("/total", 99, Currency::USD),
                false,
            ),
            (
                vec![over("/total", 100, Currency::USD)],
                over("/total", 100, "EUR".parse().unwrap()),
                false,
            ),
        ];
        for (before, when, unreachable) in cases {
            let before: Vec<_> = before.into_iter().map(|when| to("a", when)).collect();
            let words = when.words();
            let route = to("b", when);
            assert_eq!(
                route.is_unreachable(&before),
                unreachable,
                "{words} after {before:?}"
            );
        }
    }

    #[test]
    fn a_condition_that_says_nothing_is_refused_at_its_field() {
        let fields = |when: RouteCondition| -> Vec<&str> {
            when.faults().into_iter().map(|(field, _)| field).collect()
        };
        assert_eq!(fields(is("/country", &["DE"])), [""; 0]);
        assert_eq!(fields(is("country", &[])), ["at", "values"]);
        assert_eq!(fields(starts("/country", &["D", ""])), ["values"]);
        assert_eq!(fields(over("/total", -1, Currency::USD)), ["amount"]);
    }
}
