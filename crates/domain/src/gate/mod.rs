//! The rules of a contract that act: what must be true of the goods and of the subject before an export may
//! leave. Each looks at one place of the payload (a JSON Pointer, `*` standing for every element of a list)
//! and at what is known besides, and answers with what is wrong *there* and what would be accepted.
//!
//! A rule that fails holds the export in quarantine, with a task. When a fact changes, the rules look again by
//! themselves. Freshness is not among them: how old a field may be stands in the contract's `refresh`.

mod fresh;
mod gtin;
mod judge;
mod place;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::schema::may_be;

pub use fresh::{ages, skus_in, stale};
pub use gtin::{check_digit, gtin_fault};
pub use judge::{Facts, Fault};
pub(crate) use judge::{money, text_of};
pub use place::{Place, bad_place, leads_anywhere, places};

/// What a rule makes of goods about which nobody said what it asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Untold {
    /// Not knowing is not enough.
    #[default]
    Refused,
    /// It is compared where it is told.
    Accepted,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "rule")]
pub enum Gate {
    /// Each price stays within so many percent of the last one: of the catalogue, or of the last completed
    /// export of the subject. Where there is none, there is nothing to compare with.
    PriceWithin {
        /// Where the prices are: amounts with a currency.
        at: String,
        below_percent: u32,
        above_percent: u32,
    },
    /// Of each SKU there are at least so many, or as many as its lines ask for together where that is more.
    /// A line whose quantity nobody can read is refused.
    StockAtLeast {
        at: String,
        units: i64,
        #[serde(default)]
        untold: Untold,
    },
    /// The catalogue knows each SKU.
    SkuKnown { at: String },
    /// Nobody holds the order: no tag of it says fraud, risk, review or hold.
    NotOnHold,
    /// Each is a GTIN of 8, 12, 13 or 14 digits whose last one is right.
    Gtin { at: String },
    /// No other export of the subject with one of these intents is under way.
    OnlyOne { intents: Vec<String> },
}

/// Every name that `rule` may have.
pub const RULES: [&str; 6] = [
    "price_within",
    "stock_at_least",
    "sku_known",
    "not_on_hold",
    "gtin",
    "only_one",
];

impl Gate {
    /// Its name, in contracts and in the answers of checks.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::PriceWithin { .. } => "price_within",
            Self::StockAtLeast { .. } => "stock_at_least",
            Self::SkuKnown { .. } => "sku_known",
            Self::NotOnHold => "not_on_hold",
            Self::Gtin { .. } => "gtin",
            Self::OnlyOne { .. } => "only_one",
        }
    }

    /// Where in the payload it looks.
    pub fn at(&self) -> Option<&str> {
        match self {
            Self::PriceWithin { at, .. }
            | Self::StockAtLeast { at, .. }
            | Self::SkuKnown { at }
            | Self::Gtin { at } => Some(at),
            Self::NotOnHold | Self::OnlyOne { .. } => None,
        }
    }

    /// What it asks, as a person would say it.
    pub fn words(&self) -> String {
        match self {
            Self::PriceWithin {
                at,
                below_percent,
                above_percent,
            } => format!(
                "Each price at {at} is at most {below_percent}% below and {above_percent}% above the last one"
            ),
            Self::StockAtLeast { at, units, untold } => {
                let or_so = match untold {
                    Untold::Refused => "",
                    Untold::Accepted => ", where stock is told",
                };
                format!("Of each SKU at {at} there are at least {units}{or_so}")
            }
            Self::SkuKnown { at } => format!("Each SKU at {at} is in the catalogue"),
            Self::NotOnHold => "The order is not held for fraud, risk or review".to_owned(),
            Self::Gtin { at } => format!("Each number at {at} is a valid GTIN"),
            Self::OnlyOne { intents } => {
                format!("Nothing that means {} is under way", intents.join(" or "))
            }
        }
    }

    /// What keeps it from being published, each with its field.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        if let Some(why) = self.at().and_then(bad_place) {
            faults.push(("at", why));
        }
        match self {
            Self::PriceWithin {
                below_percent,
                above_percent,
                ..
            } => {
                if *below_percent > 100 {
                    faults.push(("below_percent", "A whole number from 0 to 100.".to_owned()));
                }
                if *above_percent > 10_000 {
                    faults.push((
                        "above_percent",
                        "A whole number from 0 to 10000.".to_owned(),
                    ));
                }
            }
            Self::StockAtLeast { units, .. } if *units < 0 => {
                faults.push(("units", "A whole number of 0 or more.".to_owned()));
            }
            Self::OnlyOne { intents } if intents.is_empty() => {
                faults.push(("intents", "Name at least one intent.".to_owned()));
            }
            _ => {}
        }
        faults
    }

    /// Why nothing that the payload's schema lets through at its place can ever satisfy it.
    pub fn misfit(&self, schema: &Value) -> Option<String> {
        let at = self.at()?;
        let text = |at: &str| may_be(schema, at, "string");
        match self {
            Self::PriceWithin { .. } => {
                let fits = may_be(schema, at, "object")
                    && may_be(schema, &format!("{at}/amount_minor"), "integer")
                    && text(&format!("{at}/currency"));
                (!fits).then(|| {
                    "By the schema this is never an amount: an object with amount_minor, a whole number, and currency, \
                     a text."
                        .to_owned()
                })
            }
            Self::SkuKnown { .. } | Self::StockAtLeast { .. } if !text(at) => {
                Some("By the schema this is never a SKU, which is a text.".to_owned())
            }
            Self::Gtin { .. } if !text(at) && !may_be(schema, at, "integer") => {
                Some("By the schema this is never a GTIN, which is a text of digits.".to_owned())
            }
            _ => None,
        }
    }
}
