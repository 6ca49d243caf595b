//! What conditions may ask about: a closed table of facts, with what kind of answer each has.
//!
//! Facts of the subject are named `order.total` or `campaign.skus`; the answers of the form that started the
//! run are `input.<field>`, those of a human task `<step>.<field>`. A fact may be unknown at any moment (an order
//! without an address has no country); then whatever asks for it is neither true nor false.
//!
//! Values are JSON, one shape for each kind: money `{"minor":50000,"currency":"USD"}`, a number, a text, one of the
//! options, true or false, a list of texts, a date `2026-11-21`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value, json};

use super::{Campaign, Case, Field, FieldKind, Flow, Op, StepKind, Trigger};
use crate::{
    Money,
    money::Currency,
    order::{Order, OrderState, PaymentStatus},
    time::Time,
};

/// What kind of answer a fact has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum FactKind {
    Money,
    Number,
    Text,
    Choice { options: Vec<String> },
    YesNo,
    List,
    Date,
}

/// Something that a condition may ask about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// `order.total`
    pub key: String,
    /// As read in a sentence: "the order's total".
    pub title: String,
    #[serde(flatten)]
    pub kind: FactKind,
}

impl FactKind {
    /// What can be asked of it, in the order in which pages offer it.
    pub const fn ops(&self) -> &'static [Op] {
        match self {
            Self::Money | Self::Number | Self::Date => &[
                Op::Over,
                Op::AtLeast,
                Op::Under,
                Op::AtMost,
                Op::Equals,
                Op::Differs,
            ],
            Self::Text => &[Op::Equals, Op::Differs, Op::Contains, Op::Lacks],
            Self::Choice { .. } | Self::YesNo => &[Op::Equals, Op::Differs],
            Self::List => &[Op::Contains, Op::Lacks],
        }
    }

    /// What such an answer looks like, for people.
    pub fn example(&self) -> String {
        match self {
            Self::Money => "an amount with its currency, as in 500.00 USD".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Text | Self::List => "a text".to_owned(),
            Self::Choice { options } => format!("one of {}", options.join(", ")),
            Self::YesNo => "yes or no".to_owned(),
            Self::Date => "a date, as in 2026-11-21".to_owned(),
        }
    }

    /// Whether a condition can compare such a fact with this value.
    pub fn takes(&self, value: &Value) -> bool {
        match self {
            Self::Money => money_of(value).is_some(),
            Self::Number => value.is_number(),
            Self::Text | Self::List => value.as_str().is_some_and(|text| !text.trim().is_empty()),
            Self::Choice { options } => value
                .as_str()
                .is_some_and(|text| options.iter().any(|option| option == text)),
            Self::YesNo => value.is_boolean(),
            Self::Date => value.as_str().is_some_and(|text| date_of(text).is_some()),
        }
    }

    /// The value that somebody typed: `500.00 USD`, `12`, `yes`, `2026-11-21`.
    pub fn read(&self, typed: &str) -> Result<Value, String> {
        let typed = typed.trim();
        let wanted = || format!("Write {}.", self.example());
        let value = match self {
            Self::Money => {
                let (amount, code) = typed.rsplit_once(' ').ok_or_else(wanted)?;
                let currency = Currency::read(code).ok_or_else(wanted)?;
                let plain: String = amount.chars().filter(|letter| *letter != ',').collect();
                value_of(Money::read(&plain, currency).ok_or_else(wanted)?)
            }
            Self::Number => number_of(typed).ok_or_else(wanted)?,
            Self::YesNo => match typed.to_ascii_lowercase().as_str() {
                "yes" | "true" | "on" | "1" => Value::Bool(true),
                "no" | "false" | "off" | "0" => Value::Bool(false),
                _ => return Err(wanted()),
            },
            Self::Text | Self::List | Self::Choice { .. } | Self::Date => {
                Value::String(typed.to_owned())
            }
        };
        if self.takes(&value) {
            Ok(value)
        } else {
            Err(wanted())
        }
    }

    /// The same the other way: what [`read`](Self::read) understands.
    pub fn write(&self, value: &Value) -> String {
        match (self, value) {
            (Self::Money, value) => money_of(value).map_or_else(String::new, plain_money),
            (_, Value::Bool(yes)) => if *yes { "yes" } else { "no" }.to_owned(),
            (_, Value::String(text)) => text.clone(),
            (_, Value::Null) => String::new(),
            (_, Value::Number(number)) => decimal(number),
            (_, Value::Array(_) | Value::Object(_)) => String::new(),
        }
    }
}

/// `1234.50 USD`, without grouping.
fn plain_money(money: Money) -> String {
    let places = money.currency.exponent();
    let scale = 10_u64.pow(places);
    let magnitude = money.minor.unsigned_abs();
    let sign = if money.minor < 0 { "-" } else { "" };
    let whole = magnitude / scale;
    if places == 0 {
        return format!("{sign}{whole} {}", money.currency);
    }
    let width = places as usize;
    let rest = magnitude % scale;
    format!("{sign}{whole}.{rest:0width$} {}", money.currency)
}

/// Read and written by hand, as everything here that the editor in the browser calls: what serde derives is too heavy.
pub(super) fn money_of(value: &Value) -> Option<Money> {
    let minor = value.get("minor")?.as_i64()?;
    let currency = Currency::read(value.get("currency")?.as_str()?)?;
    Some(Money::new(minor, currency))
}

fn value_of(money: Money) -> Value {
    let mut value = Map::new();
    value.insert("minor".to_owned(), Value::Number(money.minor.into()));
    value.insert(
        "currency".to_owned(),
        Value::String(money.currency.code().to_owned()),
    );
    Value::Object(value)
}

/// As many digits as every float keeps.
const DIGITS: usize = 15;

/// A whole number where it is one, or a decimal of at most [`DIGITS`] digits: then dividing the digits by a power of
/// ten gives exactly the float that is meant.
fn number_of(typed: &str) -> Option<Value> {
    if let Ok(whole) = typed.parse::<i64>() {
        return Some(Value::Number(whole.into()));
    }
    let (whole, fraction) = typed.split_once('.')?;
    let digits = format!("{whole}{fraction}");
    let plain = digits.strip_prefix(['-', '+']).unwrap_or(&digits);
    if whole.is_empty() || fraction.is_empty() || plain.len() > DIGITS {
        return None;
    }
    let number = digits.parse::<i64>().ok()? as f64 / power_of_ten(fraction.len());
    Number::from_f64(number).map(Value::Number)
}

fn power_of_ten(places: usize) -> f64 {
    (0..places).fold(1.0, |power, _| power * 10.0)
}

/// The other way round: the shortest decimal that is this number; nothing for what [`number_of`] does not take.
fn decimal(number: &Number) -> String {
    if let Some(whole) = number.as_i64() {
        return whole.to_string();
    }
    let Some(float) = number.as_f64() else {
        return String::new();
    };
    for places in 1..DIGITS {
        let power = power_of_ten(places);
        let digits = (float * power).round();
        if digits.abs() >= power_of_ten(DIGITS) {
            break;
        }
        if digits / power == float {
            let digits = digits as i64;
            let sign = if digits < 0 { "-" } else { "" };
            let scale = 10_u64.pow(places as u32);
            let (whole, rest) = (digits.unsigned_abs() / scale, digits.unsigned_abs() % scale);
            return format!("{sign}{whole}.{rest:0places$}");
        }
    }
    String::new()
}

/// Days since the epoch, of a date that there is.
pub(super) fn date_of(text: &str) -> Option<i64> {
    let at = Time::read_written(&format!("{text}T00:00:00.000Z"))?;
    Some(at.as_ms().div_euclid(86_400_000))
}

impl From<&FieldKind> for FactKind {
    fn from(kind: &FieldKind) -> Self {
        match kind {
            FieldKind::Text | FieldKind::LongText => Self::Text,
            FieldKind::Number => Self::Number,
            FieldKind::Date => Self::Date,
            FieldKind::YesNo => Self::YesNo,
            FieldKind::Choice { options } => Self::Choice {
                options: options.clone(),
            },
        }
    }
}

fn fact(key: &str, title: &str, kind: FactKind) -> Fact {
    Fact {
        key: key.to_owned(),
        title: title.to_owned(),
        kind,
    }
}

const PAYMENTS: [PaymentStatus; 9] = [
    PaymentStatus::Pending,
    PaymentStatus::Authorized,
    PaymentStatus::PartiallyPaid,
    PaymentStatus::Paid,
    PaymentStatus::PartiallyRefunded,
    PaymentStatus::Refunded,
    PaymentStatus::Voided,
    PaymentStatus::Expired,
    PaymentStatus::Other,
];

/// Everything that can be asked of an order.
pub fn order_facts() -> Vec<Fact> {
    use FactKind::{List, Money, Number, Text, YesNo};
    let payments = PAYMENTS.iter().map(|one| one.as_str().to_owned()).collect();
    let states = OrderState::ALL
        .iter()
        .map(|one| one.as_str().to_owned())
        .collect();
    vec![
        fact("order.total", "the order's total", Money),
        fact(
            "order.current_total",
            "the order's total as it is now",
            Money,
        ),
        fact("order.discounts", "the order's discounts", Money),
        fact("order.outstanding", "what is still to be paid", Money),
        fact("order.items", "the number of items", Number),
        fact("order.skus", "the list of SKUs", List),
        fact("order.country", "the country it goes to", Text),
        fact("order.tags", "the list of tags", List),
        fact(
            "order.payment",
            "the payment",
            FactKind::Choice { options: payments },
        ),
        fact(
            "order.state",
            "the order's state",
            FactKind::Choice { options: states },
        ),
        fact("order.test", "that it is a test order", YesNo),
        fact("order.flagged", "that somebody should look at it", YesNo),
        fact("order.flags", "the list of things to look at", List),
        fact("order.shipped", "that something was shipped", YesNo),
        fact("order.cancelled", "that it is cancelled", YesNo),
        fact("order.refunded", "that something was refunded", YesNo),
    ]
}

/// Everything that can be asked of a campaign.
pub fn campaign_facts() -> Vec<Fact> {
    use FactKind::{Date, List, Number, Text};
    vec![
        fact("campaign.title", "the campaign's title", Text),
        fact(
            "campaign.discount_percent",
            "the discount in percent",
            Number,
        ),
        fact("campaign.skus", "the list of SKUs on offer", List),
        fact("campaign.items", "the number of SKUs on offer", Number),
        fact("campaign.starts_on", "the day it starts", Date),
        fact("campaign.ends_on", "the day it ends", Date),
    ]
}

fn case_facts(noun: &str) -> Vec<Fact> {
    vec![
        fact(
            "case.reference",
            &format!("the {noun}'s reference"),
            FactKind::Text,
        ),
        fact("case.title", &format!("the {noun}'s title"), FactKind::Text),
    ]
}

fn asked(prefix: &str, of: &str, fields: &[Field]) -> Vec<Fact> {
    fields
        .iter()
        .map(|field| Fact {
            key: format!("{prefix}.{}", field.key),
            title: format!("“{}”{of}", field.label),
            kind: FactKind::from(&field.kind),
        })
        .collect()
}

/// What is known about the subject when a run begins.
pub fn of_trigger(trigger: &Trigger) -> Vec<Fact> {
    match trigger {
        Trigger::Order { .. } | Trigger::Manual => order_facts(),
        Trigger::Campaign => campaign_facts(),
        Trigger::Form { noun, fields } => {
            let mut all = asked("input", "", fields);
            all.extend(case_facts(noun));
            all
        }
        // whoever starts it decides what it is about
        Trigger::SubFlow => {
            let mut all = order_facts();
            all.extend(campaign_facts());
            all.extend(case_facts("case"));
            all
        }
    }
}

/// Everything that a condition in this flow may ask about.
pub fn of_flow<O>(flow: &Flow<O>) -> Vec<Fact> {
    let mut all = of_trigger(&flow.trigger);
    for step in &flow.steps {
        if let StepKind::HumanTask { fields, .. } = &step.kind
            && !fields.is_empty()
        {
            all.extend(asked(&step.key, &format!(" in “{}”", step.title), fields));
        }
    }
    all
}

/// What is known of a run's subject at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Known(BTreeMap<String, Value>);

impl Known {
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    pub fn of_order(order: &Order) -> Self {
        let mut known = Self::default();
        let mut say = |key: &str, value: Value| {
            known.0.insert(format!("order.{key}"), value);
        };
        say("total", json!(order.totals.total));
        say("current_total", json!(order.totals.current_total));
        say("discounts", json!(order.totals.discounts));
        say("outstanding", json!(order.totals.outstanding));
        let items = order.items.iter().fold(0_u64, |sum, item| {
            sum.saturating_add(item.current_quantity.into())
        });
        say("items", json!(items));
        let skus: Vec<&str> = order
            .items
            .iter()
            .filter(|item| item.current_quantity > 0)
            .filter_map(|item| item.sku.as_deref())
            .collect();
        say("skus", json!(skus));
        let country = order.shipping_address.as_ref();
        if let Some(code) = country.and_then(|address| address.country_code.as_deref()) {
            say("country", json!(code));
        }
        say("tags", json!(order.tags));
        say("payment", json!(order.payment.status));
        say("state", json!(order.state()));
        say("test", json!(order.test));
        let flags = order.flags();
        let codes: Vec<&str> = flags.iter().map(crate::order::Flag::code).collect();
        say("flagged", json!(!codes.is_empty()));
        say("flags", json!(codes));
        let shipped = order.items.iter().any(|item| item.shipped_quantity > 0);
        say("shipped", json!(shipped));
        say("cancelled", json!(order.cancelled.is_some()));
        say("refunded", json!(!order.refunds.is_empty()));
        known
    }

    pub fn of_campaign(campaign: &Campaign) -> Self {
        let day = |at: Time| json!(at.format_utc("%Y-%m-%d"));
        let facts = [
            ("title", json!(campaign.title)),
            ("discount_percent", json!(campaign.discount_percent)),
            ("skus", json!(campaign.skus)),
            ("items", json!(campaign.skus.len())),
            ("starts_on", day(campaign.starts_at)),
            ("ends_on", day(campaign.ends_at)),
        ];
        Self(
            facts
                .into_iter()
                .map(|(key, value)| (format!("campaign.{key}"), value))
                .collect(),
        )
    }

    pub fn of_case(case: &Case) -> Self {
        let mut known = Self::default();
        known
            .0
            .insert("case.reference".to_owned(), json!(case.reference));
        known.0.insert("case.title".to_owned(), json!(case.title));
        known.answered("input", &case.answers);
        known
    }

    /// Adds what somebody answered; `from` is a step's key, or `input`. What was left out stays unknown.
    pub fn answered(&mut self, from: &str, answers: &BTreeMap<String, Value>) {
        for (field, value) in answers {
            if !value.is_null() {
                self.0.insert(format!("{from}.{field}"), value.clone());
            }
        }
    }
}

#[cfg(test)]
impl<const N: usize> From<[(&str, Value); N]> for Known {
    fn from(facts: [(&str, Value); N]) -> Self {
        Self(
            facts
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_of_the_table_has_a_key_of_its_own_and_something_to_ask() {
        let mut keys = Vec::new();
        for one in order_facts().into_iter().chain(campaign_facts()) {
            assert!(!one.kind.ops().is_empty());
            keys.push(one.key);
        }
        let many = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), many);
    }

    #[test]
    fn what_is_typed_is_understood_by_kind_and_reads_back() {
        let check = |kind: FactKind, typed: &str, value: Value, back: &str| {
            assert_eq!(kind.read(typed), Ok(value.clone()), "{typed}");
            assert_eq!(kind.write(&value), back);
            assert_eq!(kind.read(back), Ok(value));
        };
        let usd = json!({ "minor": 123_450, "currency": "USD" });
        check(FactKind::Money, " 1,234.5 usd ", usd, "1234.50 USD");
        let yen = json!({ "minor": 900, "currency": "JPY" });
        check(FactKind::Money, "900 JPY", yen, "900 JPY");
        check(FactKind::Number, "12", json!(12), "12");
        check(FactKind::Number, "2.5", json!(2.5), "2.5");
        check(FactKind::YesNo, "Yes", json!(true), "yes");
        check(
            FactKind::Date,
            "2026-02-28",
            json!("2026-02-28"),
            "2026-02-28",
        );
        let paint = FactKind::Choice {
            options: vec!["red".to_owned(), "blue".to_owned()],
        };
        check(paint.clone(), "blue", json!("blue"), "blue");
        for (kind, typed) in [
            (FactKind::Money, "500"),
            (FactKind::Money, "5.001 USD"),
            (FactKind::Number, "NaN"),
            (FactKind::Number, "a dozen"),
            (FactKind::YesNo, "perhaps"),
            (FactKind::Date, "2026-02-30"),
            (FactKind::Date, "tomorrow"),
            (FactKind::Text, "  "),
            (paint, "green"),
        ] {
            assert!(kind.read(typed).is_err(), "{typed}");
        }
    }
}
