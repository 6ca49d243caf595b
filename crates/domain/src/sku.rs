//! What is known about one thing that is sold: its price, how much of it there is, its number on the pack.
//!
//! Senders tell it in pieces (a product with its variants, a stock level at one place, a list put to the
//! API). Each piece says when it was true, and only a newer one replaces it, so the order of arrival does
//! not matter. Gates compare exports with it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Money, Time};

/// Longest code of a SKU.
pub const LONGEST: usize = 120;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sku {
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub sku: String,
    #[serde(default)]
    pub title: Option<String>,
    #[serde(default)]
    pub price: Option<Told<Money>>,
    /// In all places together, as somebody said it who knows all of them.
    #[serde(default)]
    pub stock: Option<Told<i64>>,
    /// By place, as each place said it. Counts before `stock`, where any place is known.
    #[serde(default)]
    pub levels: BTreeMap<String, Told<i64>>,
    /// GTIN-8, -12, -13 or -14, digits only.
    #[serde(default)]
    pub gtin: Option<String>,
    /// Under which the sender's stock levels name it.
    #[serde(default)]
    pub item_ref: Option<String>,
    pub rev: i64,
}

/// A value, and when it was true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told<T> {
    pub is: T,
    pub at: Time,
}

/// One piece of news about one SKU. What is `None` says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SkuFact {
    /// Empty: it is named by `item_ref` only.
    pub sku: String,
    pub item_ref: Option<String>,
    pub title: Option<String>,
    pub price: Option<Money>,
    /// An amount in the shop's own currency, where the sender does not say which that is.
    pub bare_price: Option<String>,
    pub gtin: Option<String>,
    /// How many there are, and where: no place means all of them together.
    pub stock: Option<(Option<String>, i64)>,
}

/// What another piece of news changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    pub stock: bool,
    pub price: bool,
    /// Something else of it, or that it is known at all.
    pub rest: bool,
    /// Something was confirmed that was known already, which makes it fresh.
    pub fresher: bool,
}

impl Changed {
    pub fn anything(self) -> bool {
        self.stock || self.price || self.rest || self.fresher
    }
}

/// Sets it unless something newer is known; whether the value changed, and whether it is newer.
fn tell<T: PartialEq + Copy>(slot: &mut Option<Told<T>>, is: T, at: Time) -> (bool, bool) {
    match slot {
        Some(known) if known.at > at => (false, false),
        Some(known) => {
            let told = (known.is != is, known.at < at);
            *known = Told { is, at };
            told
        }
        None => {
            *slot = Some(Told { is, at });
            (true, true)
        }
    }
}

impl Sku {
    pub fn new(id: Uuid, merchant_id: Uuid, sku: &str) -> Self {
        Self {
            id,
            merchant_id,
            sku: sku.to_owned(),
            title: None,
            price: None,
            stock: None,
            levels: BTreeMap::new(),
            gtin: None,
            item_ref: None,
            rev: 0,
        }
    }

    /// How many there are, and since when that is known. A place that was heard of counts; before any was,
    /// the total that somebody told.
    pub fn available(&self) -> Option<Told<i64>> {
        let mut levels = self.levels.values();
        let Some(first) = levels.next() else {
            return self.stock;
        };
        Some(levels.fold(*first, |sum, one| Told {
            is: sum.is.saturating_add(one.is),
            // as old as the place that was silent longest
            at: sum.at.min(one.at),
        }))
    }

    /// Takes in what was true at that time.
    pub fn hear(&mut self, fact: &SkuFact, at: Time) -> Changed {
        let mut changed = Changed::default();
        if let Some(price) = fact.price {
            let (other, newer) = tell(&mut self.price, price, at);
            changed.price = other;
            changed.fresher |= newer;
        }
        if let Some((place, units)) = &fact.stock {
            let before = self.available().map(|told| told.is);
            let newer = match place {
                None => tell(&mut self.stock, *units, at).1,
                Some(place) => {
                    let mut slot = self.levels.get(place).copied();
                    let newer = tell(&mut slot, *units, at).1;
                    if let Some(told) = slot {
                        self.levels.insert(place.clone(), told);
                    }
                    newer
                }
            };
            changed.stock = before != self.available().map(|told| told.is);
            changed.fresher |= newer;
        }
        for (slot, news) in [
            (&mut self.title, &fact.title),
            (&mut self.gtin, &fact.gtin),
            (&mut self.item_ref, &fact.item_ref),
        ] {
            if news.is_some() && slot != news {
                slot.clone_from(news);
                changed.rest = true;
            }
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;

    fn sku() -> Sku {
        Sku::new(Uuid::nil(), Uuid::nil(), "LAMP")
    }

    fn stock(place: Option<&str>, units: i64) -> SkuFact {
        SkuFact {
            stock: Some((place.map(str::to_owned), units)),
            ..SkuFact::default()
        }
    }

    #[test]
    fn what_is_newer_counts_whichever_came_first() {
        let (early, late) = (Time::from_ms(1_000), Time::from_ms(2_000));
        for order in [[(early, 5), (late, 3)], [(late, 3), (early, 5)]] {
            let mut one = sku();
            for (at, units) in order {
                one.hear(&stock(None, units), at);
            }
            assert_eq!(one.available(), Some(Told { is: 3, at: late }));
        }
        let mut one = sku();
        let price = |minor| SkuFact {
            price: Some(Money::new(minor, Currency::USD)),
            ..SkuFact::default()
        };
        assert!(one.hear(&price(100), early).price);
        let again = one.hear(&price(100), late);
        assert!(!again.price && again.fresher, "confirmed, so it is fresh");
        assert!(!one.hear(&price(90), early).anything());
    }

    #[test]
    fn places_add_up_and_are_as_old_as_the_most_silent() {
        let mut one = sku();
        one.hear(&stock(None, 40), Time::from_ms(10));
        one.hear(&stock(Some("Reno"), 4), Time::from_ms(30));
        assert_eq!(one.available().map(|told| told.is), Some(4));
        one.hear(&stock(Some("Trenton"), 6), Time::from_ms(20));
        let all = Told {
            is: 10,
            at: Time::from_ms(20),
        };
        assert_eq!(one.available(), Some(all));
    }
}
