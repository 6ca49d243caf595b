//! How long content is kept, and what holds it.
//!
//! Who takes part: an admin, who says for each kind of content after how many days it may go, and who may put
//! a hold on all of it or on one order; and a job that runs once a day, and removes what is old enough, over,
//! and not held. What nobody set is kept for ever.
//!
//! What is removed is the content, never the fact that it was there: a receipt keeps its hash and its size, an
//! export the hash that people approved, and a [`Removal`] says when it went and by which rule. The audit
//! trail is not among the kinds: its entries name content by its hash, and are never removed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    Time,
    access::Noun,
    canonical,
    export::{Attempt, Export},
    order::{Customer, FactBody, Order, OrderFact},
};

/// Shorter than this, and what a person still has to look into may be gone before they do.
pub const LEAST_DAYS: i64 = 30;
/// A hundred years: what is meant then is for ever.
pub const MOST_DAYS: i64 = 36_500;
/// Of a reason, in characters.
pub const LONGEST_REASON: usize = 500;
const DAY_MS: i64 = 86_400_000;

/// What has a term of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentKind {
    Receipts,
    Quarantined,
    Orders,
    Exports,
}

impl ContentKind {
    pub const ALL: [Self; 4] = [
        Self::Receipts,
        Self::Quarantined,
        Self::Orders,
        Self::Exports,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receipts => "receipts",
            Self::Quarantined => "quarantined",
            Self::Orders => "orders",
            Self::Exports => "exports",
        }
    }

    /// What stays, and says that its content is gone.
    pub fn noun(self) -> Noun {
        match self {
            Self::Receipts | Self::Quarantined => Noun::Receipt,
            Self::Orders => Noun::Order,
            Self::Exports => Noun::Export,
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Receipts => "Raw bodies of receipts",
            Self::Quarantined => "Raw bodies of quarantined receipts",
            Self::Orders => "Personal data of orders",
            Self::Exports => "Content of exports",
        }
    }

    /// What goes, from when the days count, and what is not touched.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Receipts => {
                "The bytes as they came, counted from their arrival. One that is not processed yet, or whose order is still worked on, stays."
            }
            Self::Quarantined => {
                "The bytes that did not fit, counted from their arrival. While somebody has taken the task about one, it stays; a task that nobody has taken by then is cancelled, since nothing is left to look into."
            }
            Self::Orders => {
                "Name, mail address, delivery address and note of the customer, in the order and in what was said about it, counted from its last change. Country, items and money stay, and so does an order that is not closed."
            }
            Self::Exports => {
                "What was sent and what was answered, counted from when the export was made. One that is not over, or whose flow runs, stays."
            }
        }
    }
}

/// What was typed into a field of days: empty is for ever.
pub fn read_days(text: &str) -> Result<Option<i64>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<i64>() {
        Ok(days) if (LEAST_DAYS..=MOST_DAYS).contains(&days) => Ok(Some(days)),
        Ok(days) if days > MOST_DAYS => Err(format!(
            "At most {MOST_DAYS} days; leave it empty to keep it for ever."
        )),
        Ok(_) => Err(format!(
            "At least {LEAST_DAYS} days; leave it empty to keep it for ever."
        )),
        Err(_) => Err(format!(
            "Write a whole number of days, at least {LEAST_DAYS}, or nothing to keep it for ever."
        )),
    }
}

/// Content that was there until then is old enough at `now`: the moment itself is, too.
pub fn old_before(now: Time, days: i64) -> Time {
    now.plus_ms(1 - days * DAY_MS)
}

/// What a run removed of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub count: i64,
    pub bytes: i64,
}

/// A run is one day's; it goes on in small transactions until nothing is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionRun {
    pub began_at: Time,
    /// `None` while it goes on.
    pub ended_at: Option<Time>,
    pub removed: BTreeMap<ContentKind, Tally>,
    /// How far it has looked, so that the next step does not look there again.
    #[serde(default)]
    pub reached: BTreeMap<ContentKind, Time>,
}

impl RetentionRun {
    pub fn began(at: Time) -> Self {
        Self {
            began_at: at,
            ended_at: None,
            removed: BTreeMap::new(),
            reached: BTreeMap::new(),
        }
    }

    pub fn count(&self) -> i64 {
        self.removed.values().map(|one| one.count).sum()
    }
}

/// What a merchant set, and what became of it. Of what stands not in `days` nothing is removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    pub merchant_id: Uuid,
    pub days: BTreeMap<ContentKind, i64>,
    pub run: Option<RetentionRun>,
    pub next_at: Option<Time>,
    pub rev: i64,
}

impl Retention {
    /// Of somebody who set nothing.
    pub fn unset(merchant_id: Uuid) -> Self {
        Self {
            merchant_id,
            days: BTreeMap::new(),
            run: None,
            next_at: None,
            rev: 0,
        }
    }
}

/// What stays of content that was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    pub merchant_id: Uuid,
    pub noun: Noun,
    pub subject_id: Uuid,
    pub at: Time,
    pub days: i64,
    pub bytes: i64,
    /// In hexadecimal.
    pub sha256: String,
}

impl Removal {
    pub fn sentence(&self) -> String {
        let what = match self.noun {
            Noun::Order => "Personal data",
            _ => "Content",
        };
        format!(
            "{what} removed on {} under the retention rule of {} days.",
            self.at.format_utc("%Y-%m-%d"),
            self.days
        )
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifted {
    pub at: Time,
    /// As in the audit trail: `user:…`.
    pub by: String,
    pub reason: String,
}

/// While it is in force, nothing that it covers is removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalHold {
    pub id: Uuid,
    pub merchant_id: Uuid,
    /// `None`: everything of the merchant.
    pub order_id: Option<Uuid>,
    /// What the order was called.
    pub order_name: Option<String>,
    pub reason: String,
    pub placed_at: Time,
    pub placed_by: String,
    pub lifted: Option<Lifted>,
}

impl LegalHold {
    pub fn in_force(&self) -> bool {
        self.lifted.is_none()
    }

    /// "the whole merchant", "order #1001"
    pub fn covers(&self) -> String {
        match (&self.order_name, self.order_id) {
            (Some(name), _) => format!("order {name}"),
            (None, Some(id)) => format!("order {id}"),
            (None, None) => "the whole merchant".to_owned(),
        }
    }
}

/// The reason of a hold, or of lifting one.
pub fn read_reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("Say why; it stands in the audit trail.".to_owned());
    }
    if text.chars().count() > LONGEST_REASON {
        return Err(format!("At most {LONGEST_REASON} characters."));
    }
    Ok(text.to_owned())
}

fn hashed(bytes: &[u8]) -> (i64, String) {
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    (size, hex::encode(Sha256::digest(bytes)))
}

impl Export {
    /// What it says was removed; who approved what stands in `content_hash`.
    pub fn content_is_gone(&self) -> bool {
        self.payload.is_null()
    }

    /// Size and hash of what leaves with [`Export::strip`]: of the bytes that were sent, or, of what never
    /// was, of its payload as canonical JSON (RFC 8785).
    pub fn content_size(&self, wire: Option<&[u8]>) -> (i64, String) {
        match wire {
            Some(bytes) => hashed(bytes),
            None => hashed(&canonical::to_vec(&self.payload)),
        }
    }

    /// Leaves what it was, for whom and what became of it; takes what it said.
    pub fn strip(&mut self) {
        let gone = || Some(json!("removed"));
        self.payload = serde_json::Value::Null;
        for one in self.reevaluated.iter_mut().flat_map(|one| &mut one.changed) {
            one.before = one.before.take().and_then(|_| gone());
            one.after = one.after.take().and_then(|_| gone());
        }
        if let Some(trial) = &mut self.trial {
            trial.answer = stripped(&trial.answer);
        }
        self.ack.exception_metadata = self.ack.exception_metadata.take().and_then(|_| gone());
    }
}

impl Attempt {
    /// What was answered goes; that it was, and what it was taken to mean, stays.
    pub fn strip(&mut self) {
        self.answer = stripped(&self.answer);
    }
}

fn stripped(answer: &str) -> String {
    if answer.is_empty() {
        return String::new();
    }
    let (bytes, sha256) = hashed(answer.as_bytes());
    format!("removed: {bytes} bytes, sha256:{sha256}")
}

impl Order {
    /// Size and hash of what leaves with [`Order::strip`], as canonical JSON.
    pub fn personal_size(&self) -> (i64, String) {
        let personal = json!({
            "customer": self.customer,
            "shipping_address": self.shipping_address,
            "note": self.note,
        });
        hashed(&canonical::to_vec(&personal))
    }

    /// Who it was for and where they live. The country stays: whoever reckons taxes asks for it.
    pub fn strip(&mut self) {
        strip_person(
            &mut self.customer,
            &mut self.shipping_address,
            &mut self.note,
        );
    }
}

impl OrderFact {
    /// The same, of what one receipt said; so an order that is folded again stays without it.
    pub fn strip(&mut self) {
        if let FactBody::Snapshot(said) = &mut self.body {
            strip_person(
                &mut said.customer,
                &mut said.shipping_address,
                &mut said.note,
            );
        }
    }
}

fn strip_person(
    customer: &mut Customer,
    address: &mut Option<crate::order::Address>,
    note: &mut Option<String>,
) {
    *customer = Customer {
        name: None,
        email: None,
    };
    if let Some(known) = address {
        *known = crate::order::Address {
            country: known.country.take(),
            country_code: known.country_code.take(),
            ..crate::order::Address::default()
        };
    }
    *note = None;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_a_whole_number_or_nothing() {
        let check = |text: &str, expected: Option<Option<i64>>| {
            assert_eq!(read_days(text).ok(), expected, "{text:?}");
        };
        check("", Some(None));
        check("  ", Some(None));
        check("30", Some(Some(30)));
        check(" 365 ", Some(Some(365)));
        check("36500", Some(Some(36_500)));
        check("29", None);
        check("0", None);
        check("-90", None);
        check("36501", None);
        check("30.5", None);
        check("a year", None);
        check("99999999999999999999", None);
    }

    #[test]
    fn the_last_moment_of_the_days_counts() {
        let now = Time::from_ms(100 * DAY_MS);
        let end = old_before(now, 30);
        assert!(Time::from_ms(70 * DAY_MS) < end);
        assert!(Time::from_ms(70 * DAY_MS + 1) >= end);
    }

    #[test]
    fn a_reason_is_said() {
        assert!(read_reason("  ").is_err());
        assert!(read_reason(&"x".repeat(LONGEST_REASON + 1)).is_err());
        assert_eq!(read_reason(" a suit ").unwrap(), "a suit");
    }
}
