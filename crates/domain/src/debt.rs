//! Coordination debt: what hand-offs cost while people make them by hand.
//!
//! A step of a flow says so itself ([`crate::flow::Manual`]: minutes each, times a week, where it lives). A month
//! is a twelfth of 52 weeks, so a month's figures add up to a year's. What is dearest comes first: it is the
//! first to tighten.

use serde::{Deserialize, Serialize};

use crate::{
    flow::{Flow, Manual},
    money::{Currency, Money},
    owner::Owner,
};

/// One hand-off that people make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOff {
    pub flow_key: String,
    pub flow: String,
    pub step_key: String,
    pub step: String,
    pub owner: Owner,
    pub manual: Manual,
    pub minutes_a_month: i64,
}

impl Manual {
    /// Rounded down to whole minutes.
    pub fn minutes_a_month(&self) -> i64 {
        i64::from(self.minutes_each) * i64::from(self.times_a_week) * 52 / 12
    }
}

/// What this many minutes cost at so much an hour, rounded to the nearest minor unit.
pub fn cost(minutes: i64, an_hour: Money) -> Money {
    let halves = i128::from(minutes) * i128::from(an_hour.minor) + 30;
    Money::new(
        i64::try_from(halves / 60).unwrap_or(i64::MAX),
        an_hour.currency,
    )
}

/// Every hand-off marked as manual in these flows, dearest first.
pub fn hand_offs<'f>(flows: impl IntoIterator<Item = &'f Flow>) -> Vec<HandOff> {
    let mut all: Vec<HandOff> = flows
        .into_iter()
        .flat_map(|flow| flow.steps.iter().map(move |step| (flow, step)))
        .filter_map(|(flow, step)| {
            let manual = step.manual.clone()?;
            Some(HandOff {
                flow_key: flow.key.clone(),
                flow: flow.name.clone(),
                step_key: step.key.clone(),
                step: step.title.clone(),
                owner: step.owner.clone(),
                minutes_a_month: manual.minutes_a_month(),
                manual,
            })
        })
        .collect();
    all.sort_by(|a, b| {
        b.minutes_a_month
            .cmp(&a.minutes_a_month)
            .then_with(|| (&a.flow_key, &a.step_key).cmp(&(&b.flow_key, &b.step_key)))
    });
    all
}

/// What an hour of people's time costs, as somebody writes it: `45` or `45.50`, and a currency.
pub fn an_hour(amount: &str, currency: &str) -> Result<Money, &'static str> {
    let currency: Currency = currency
        .trim()
        .parse()
        .map_err(|_| "An ISO 4217 code of three letters, e.g. USD.")?;
    let money =
        Money::parse(amount, currency).map_err(|_| "An amount an hour, e.g. 45 or 45.50.")?;
    if money.minor <= 0 || money.minor > 10_000_000 {
        return Err("An amount above nothing that a person may cost an hour.");
    }
    Ok(money)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        flow::{Step, StepKind},
        owner::Party,
    };

    fn by_hand(key: &str, minutes_each: u32, times_a_week: u32) -> Step {
        let owner = Owner::role(Party::Agency, "operations");
        let kind = StepKind::HumanTask {
            instruction: String::new(),
            fields: Vec::new(),
        };
        let mut step = Step::new(key, key, (owner.clone(), owner), kind);
        step.manual = Some(Manual {
            minutes_each,
            times_a_week,
            tool: "a sheet".to_owned(),
        });
        step
    }

    #[test]
    fn the_dearest_comes_first_and_what_is_not_marked_is_not_there() {
        let mut flow: Flow = Flow::named(Uuid::nil(), Uuid::nil(), "returns", "Returns");
        let mut automatic = by_hand("automatic", 90, 90);
        automatic.manual = None;
        flow.steps = vec![
            by_hand("rare", 30, 2),
            automatic,
            by_hand("often", 6, 60),
            by_hand("never", 45, 0),
        ];
        let found: Vec<(String, i64)> = hand_offs([&flow])
            .into_iter()
            .map(|one| (one.step_key, one.minutes_a_month))
            .collect();
        // 6 min × 60 a week = 6 h a week = 26 h a month; 30 min × 2 = 1 h a week = 4 h 20 min a month
        assert_eq!(
            found,
            [
                ("often".to_owned(), 26 * 60),
                ("rare".to_owned(), 260),
                ("never".to_owned(), 0)
            ]
        );
    }

    #[test]
    fn minutes_cost_what_a_calculator_says() {
        let usd = |minor| Money::new(minor, Currency::USD);
        assert_eq!(cost(260, usd(4_500)), usd(19_500));
        assert_eq!(cost(1, usd(100)), usd(2));
        assert_eq!(cost(0, usd(4_500)), usd(0));
        // yen have no minor unit: 20 minutes at 2500 an hour are 833.3
        let jpy: Currency = "JPY".parse().unwrap();
        assert_eq!(cost(20, Money::new(2500, jpy)), Money::new(833, jpy));
    }

    #[test]
    fn an_hour_is_an_amount_in_a_currency() {
        assert_eq!(
            an_hour(" 45.5", "usd "),
            Ok(Money::new(4_550, Currency::USD))
        );
        for (amount, currency) in [
            ("", "USD"),
            ("0", "USD"),
            ("-3", "USD"),
            ("45", "dollars"),
            ("1e9", "USD"),
        ] {
            assert!(an_hour(amount, currency).is_err(), "{amount} {currency}");
        }
    }
}
