//! The rule: when people are asked, which people, in which order, and how many of them.
//!
//! A contract has any number of rules; the first whose condition holds decides, and where none holds nobody
//! is asked. A rule has steps, asked one after the other. A step asks `needs` people: of one role, that many
//! of those who hold it; of several roles, one for each of that many roles.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{money::Money, owner::Owner};

/// When a condition asks for people, which people, in which order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRule {
    pub when: ApprovalCondition,
    pub steps: Vec<ApprovalStep>,
    /// Whoever approves proves a moment before that it is them.
    #[serde(default)]
    pub critical: bool,
}

/// What a subject needs before it may leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// Empty: nobody is asked.
    pub steps: Vec<ApprovalStep>,
    pub critical: bool,
    pub reason: String,
    /// Which of the contract's rules it was.
    pub rule: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "if")]
pub enum ApprovalCondition {
    Always,
    /// The subject's total is above this amount; a total in another currency counts as above.
    TotalOver {
        amount: Money,
    },
    /// The subject is sold for less than it costs otherwise, by more than so many percent.
    DiscountOver {
        percent: i64,
    },
    /// It names a SKU that no export of this type was let go with before.
    NewSku,
    /// The subject carries any flag (test order, hold tag, no address...).
    Flagged,
}

const fn one() -> i64 {
    1
}

#[cfg_attr(
    not(target_arch = "wasm32"),
    expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde asks with a reference"
    )
)]
const fn is_one(needs: &i64) -> bool {
    *needs == 1
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalStep {
    pub owner: Owner,
    /// Who may be asked beside the owner: then each of them counts once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Owner>,
    /// How many people have to approve.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub needs: i64,
    pub backup: Owner,
    /// How long the step may wait before the backup is asked as well.
    pub accept_ms: i64,
}

impl ApprovalStep {
    pub const fn of(owner: Owner, backup: Owner, accept_ms: i64) -> Self {
        Self {
            owner,
            others: Vec::new(),
            needs: 1,
            backup,
            accept_ms,
        }
    }

    /// Everybody who may be asked, the backup aside.
    pub fn asked(&self) -> impl Iterator<Item = &Owner> {
        std::iter::once(&self.owner).chain(&self.others)
    }

    /// What is wrong with it by itself.
    pub fn fault(&self) -> Option<String> {
        let owners: BTreeSet<&Owner> = self.asked().collect();
        let many = i64::try_from(owners.len()).unwrap_or(i64::MAX);
        if self.needs < 1 {
            Some("A step asks at least one person.".to_owned())
        } else if self.accept_ms <= 0 {
            Some("A step has some time to be decided in.".to_owned())
        } else if self.needs > MOST_PEOPLE {
            Some(format!("A step asks at most {MOST_PEOPLE} people."))
        } else if owners.len() <= self.others.len() {
            Some("A step names each role once.".to_owned())
        } else if many > 1 && self.needs > many {
            Some(format!(
                "A step that asks {many} roles cannot need {}.",
                self.needs
            ))
        } else {
            None
        }
    }
}

/// More people than this agree on nothing in time.
pub const MOST_PEOPLE: i64 = 9;

/// What the conditions look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked<'a> {
    pub total: Option<Money>,
    pub discount_percent: Option<i64>,
    pub flags: &'a [String],
    /// SKUs that no export of this type was let go with before.
    pub new_skus: &'a [String],
}

impl ApprovalCondition {
    /// Why it holds; `None` where it does not.
    pub fn holds(&self, looked: &Looked<'_>) -> Option<String> {
        match self {
            Self::Always => Some("every one of these is approved".to_owned()),
            Self::TotalOver { amount } => looked
                .total
                .filter(|total| total.currency != amount.currency || total.minor > amount.minor)
                .map(|total| format!("{total} is over {amount}")),
            Self::DiscountOver { percent } => looked
                .discount_percent
                .filter(|discount| discount > percent)
                .map(|discount| format!("{discount} % off is more than {percent} %")),
            Self::NewSku => match looked.new_skus {
                [] => None,
                [one] => Some(format!("first time for {one}")),
                [one, rest @ ..] => Some(format!("first time for {one} and {} more", rest.len())),
            },
            Self::Flagged => {
                (!looked.flags.is_empty()).then(|| format!("flagged: {}", looked.flags.join(", ")))
            }
        }
    }

    /// What is wrong with it by itself.
    pub fn fault(&self) -> Option<String> {
        match self {
            Self::DiscountOver { percent } if !(0..100).contains(percent) => {
                Some("A discount is between 0 and 99 percent.".to_owned())
            }
            Self::TotalOver { amount } if amount.minor < 0 => {
                Some("An amount is not below nought.".to_owned())
            }
            _ => None,
        }
    }

    /// As a table has room for: "over $500.00". `None`: always.
    pub fn short(&self) -> Option<String> {
        match self {
            Self::Always => None,
            Self::TotalOver { amount } => Some(format!("over {amount}")),
            Self::DiscountOver { percent } => Some(format!("more than {percent} % off")),
            Self::NewSku => Some("first time for a SKU".to_owned()),
            Self::Flagged => Some("flagged".to_owned()),
        }
    }
}

/// The steps that this subject needs, and why. Empty: none.
pub fn needed(rules: &[ApprovalRule], looked: &Looked<'_>) -> Needed {
    for (n, rule) in rules.iter().enumerate() {
        if let Some(reason) = rule.when.holds(looked) {
            return Needed {
                steps: rule.steps.clone(),
                critical: rule.critical,
                reason,
                rule: i64::try_from(n).ok(),
            };
        }
    }
    Needed {
        steps: Vec::new(),
        critical: false,
        reason: "no rule asks for an approval".to_owned(),
        rule: None,
    }
}

/// Whether some rule has to know which SKUs are new.
pub fn asks_for_skus(rules: &[ApprovalRule]) -> bool {
    rules
        .iter()
        .any(|rule| rule.when == ApprovalCondition::NewSku)
}

/// The SKUs that a payload names, wherever: every text under `sku`, and all of a list under `skus`.
pub fn skus_in(payload: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(payload, &mut found);
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| collect(one, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("sku", Value::String(sku)) => drop(found.insert(sku.clone())),
                    ("skus", Value::Array(all)) => {
                        let texts = all.iter().filter_map(Value::as_str).map(str::to_owned);
                        found.extend(texts);
                        all.iter()
                            .filter(|one| !one.is_string())
                            .for_each(|one| collect(one, found));
                    }
                    _ => collect(value, found),
                }
            }
        }
        _ => {}
    }
}

/// A number of a payload as a whole one. To a schema `6.0` is an integer as well, and so it is to a rule; a
/// fraction counts as one more, since what is over a limit by a fraction is over it. What is larger than any amount
/// is as large as the largest.
pub fn rounded_up(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| Some(whole(value.as_f64()?.ceil())))
}

fn rounded_down(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| Some(whole(value.as_f64()?.floor())))
}

/// `as` stops at both ends.
fn whole(number: f64) -> i64 {
    number as i64
}

/// A discount that a payload states: `discount_percent`, or what a price is below the one before it, the most
/// of all lines.
pub fn discount_in(payload: &Value) -> Option<i64> {
    match payload {
        Value::Array(all) => all.iter().filter_map(discount_in).max(),
        Value::Object(fields) => {
            let stated = fields.get("discount_percent").and_then(rounded_up);
            let minor = |name: &str| {
                let price = fields.get(name)?;
                Some(price.get("amount_minor").unwrap_or(price))
            };
            let before = |name: &str| minor(name).and_then(rounded_up);
            // rounded apart: never less of a discount than there is
            let lowered = minor("price")
                .and_then(rounded_down)
                .zip(before("compare_at_price").or_else(|| before("previous_price")))
                .filter(|(price, before)| *before > 0 && price < before)
                .map(|(price, before)| {
                    let off = i128::from(before) - i128::from(price);
                    // rounded up: a fraction over the limit is over the limit
                    let percent = (off * 100 + i128::from(before) - 1) / i128::from(before);
                    i64::try_from(percent).unwrap_or(i64::MAX)
                });
            let below = fields.values().filter_map(discount_in).max();
            stated.into_iter().chain(lowered).chain(below).max()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{money::Currency, owner::Party};

    fn looked() -> Looked<'static> {
        Looked::default()
    }

    fn usd(minor: i64) -> Money {
        Money::new(minor, Currency::USD)
    }

    #[test]
    fn each_condition_holds_where_it_says_and_nowhere_else() {
        let over = ApprovalCondition::TotalOver { amount: usd(500) };
        let off = ApprovalCondition::DiscountOver { percent: 20 };
        let (flag, sku) = (["hold".to_owned()], ["A".to_owned(), "B".to_owned()]);
        let cases = [
            (
                &over,
                Looked {
                    total: Some(usd(500)),
                    ..looked()
                },
                None,
            ),
            (
                &over,
                Looked {
                    total: Some(usd(501)),
                    ..looked()
                },
                Some("$5.01 is over $5.00"),
            ),
            (&over, looked(), None),
            (
                &off,
                Looked {
                    discount_percent: Some(20),
                    ..looked()
                },
                None,
            ),
            (
                &off,
                Looked {
                    discount_percent: Some(21),
                    ..looked()
                },
                Some("21 % off is more than 20 %"),
            ),
            (&ApprovalCondition::NewSku, looked(), None),
            (
                &ApprovalCondition::NewSku,
                Looked {
                    new_skus: &sku[..1],
                    ..looked()
                },
                Some("first time for A"),
            ),
            (
                &ApprovalCondition::NewSku,
                Looked {
                    new_skus: &sku,
                    ..looked()
                },
                Some("first time for A and 1 more"),
            ),
            (
                &ApprovalCondition::Flagged,
                Looked {
                    flags: &flag,
                    ..looked()
                },
                Some("flagged: hold"),
            ),
            (&ApprovalCondition::Flagged, looked(), None),
        ];
        for (condition, looked, expected) in cases {
            assert_eq!(
                condition.holds(&looked).as_deref(),
                expected,
                "{condition:?} {looked:?}"
            );
        }
    }

    #[test]
    fn a_payload_says_what_it_sells_and_for_how_much_less() {
        let payload = json!({
            "sku": "A", "skus": ["B", "C"], "note": "sku",
            "lines": [{ "sku": "D", "price": { "amount_minor": 799, "currency": "USD" },
                        "compare_at_price": { "amount_minor": 1000, "currency": "USD" } }, { "sku": null }],
        });
        let skus: Vec<String> = skus_in(&payload).into_iter().collect();
        assert_eq!(skus, ["A", "B", "C", "D"]);
        assert_eq!(discount_in(&payload), Some(21), "20.1 % is over 20");
        assert_eq!(discount_in(&json!({ "discount_percent": 20 })), Some(20));
        assert_eq!(
            discount_in(&json!({ "price": 5, "previous_price": 4 })),
            None
        );
    }

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        for (value, up) in [
            (json!(60), Some(60)),
            (json!(60.0), Some(60)),
            (json!(9e5), Some(900_000)),
            (json!(20.1), Some(21)),
            (json!(-0.5), Some(0)),
            (json!(u64::MAX), Some(i64::MAX)),
            (json!(1e300), Some(i64::MAX)),
            (json!("60"), None),
        ] {
            assert_eq!(rounded_up(&value), up, "{value}");
        }
        for (payload, off) in [
            (json!({ "discount_percent": 60.0 }), 60),
            (json!({ "discount_percent": 20.5 }), 21),
            (
                json!({ "price": { "amount_minor": 400.0 }, "previous_price": { "amount_minor": 1000.0 } }),
                60,
            ),
            (json!({ "price": 799.9, "compare_at_price": 1000 }), 21),
        ] {
            assert_eq!(discount_in(&payload), Some(off), "{payload}");
        }
    }

    #[test]
    fn a_step_from_before_asks_one_person() {
        let old =
            json!({ "owner": "agency:finance", "backup": "agency:operations", "accept_ms": 5 });
        let step: ApprovalStep = serde_json::from_value(old.clone()).unwrap();
        let finance = Owner::role(Party::Agency, "finance");
        let operations = Owner::role(Party::Agency, "operations");
        assert_eq!(step, ApprovalStep::of(finance.clone(), operations, 5));
        assert_eq!(serde_json::to_value(&step).unwrap(), old);
        assert_eq!(step.fault(), None);
        for (needs, others, ok) in [
            (0, 0, false),
            (3, 0, true),
            (10, 0, false),
            (2, 1, true),
            (3, 1, false),
        ] {
            let others = (0..others).map(|n| Owner::role(Party::Agency, &format!("role_{n}")));
            let step = ApprovalStep {
                needs,
                others: others.collect(),
                ..step.clone()
            };
            assert_eq!(step.fault().is_none(), ok, "{needs} of {:?}", step.others);
        }
        let twice = ApprovalStep {
            others: vec![finance],
            ..step
        };
        assert!(twice.fault().is_some());
    }
}
