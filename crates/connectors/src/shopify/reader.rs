//! Reads JSON by the text it was written in.
//!
//! Values stay slices of the sender's bytes until somebody says what they should be, so a number is
//! read digit by digit as an id or as money and never becomes a float. Two manners of reading:
//! what an order cannot do without is *demanded* and leaves a [`Fault`] with its JSON pointer when
//! it is absent or of the wrong kind; what only describes is *taken if it fits*.

use std::{borrow::Cow, fmt};

use domain::{Currency, Money, Time, receipt::Fault};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// A JSON object, its members unread, and where it stands in the body.
pub(super) struct Object<'a> {
    path: String,
    members: Vec<(Cow<'a, str>, &'a RawValue)>,
}

/// The faults found so far. A reader goes on after a fault, so the sender learns all of them.
#[derive(Default)]
pub(super) struct Faults(pub(super) Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, path: impl Into<String>, sentence: impl Into<String>) {
        self.0.push(Fault {
            path: path.into(),
            sentence: sentence.into(),
        });
    }
}

impl<'a> Object<'a> {
    /// Reads a whole body.
    pub(super) fn body(body: &'a [u8], faults: &mut Faults) -> Option<Self> {
        let text = match std::str::from_utf8(body) {
            Ok(text) => text,
            Err(error) => {
                let sentence = format!(
                    "The body is not UTF-8: byte {} is the first that is not.",
                    error.valid_up_to()
                );
                faults.add("", sentence);
                return None;
            }
        };
        let whole: &RawValue = match serde_json::from_str(text) {
            Ok(whole) => whole,
            Err(error) => {
                faults.add("", format!("The body is not JSON: {error}."));
                return None;
            }
        };
        Self::read(whole, String::new(), faults)
    }

    fn read(raw: &'a RawValue, path: String, faults: &mut Faults) -> Option<Self> {
        match serde_json::from_str::<Members<'a>>(raw.get()) {
            Ok(Members(members)) => Some(Self { path, members }),
            Err(_) => {
                let whole = if path.is_empty() { "The body" } else { "This" };
                faults.add(path, format!("{whole} should be a JSON object."));
                None
            }
        }
    }

    pub(super) fn path(&self, key: &str) -> String {
        // RFC 6901
        format!(
            "{}/{}",
            self.path,
            key.replace('~', "~0").replace('/', "~1")
        )
    }

    /// The member as written; `null` is the same as not there. The last of several counts.
    fn raw(&self, key: &str) -> Option<&'a RawValue> {
        let found = self.members.iter().rev().find(|(name, _)| name == key);
        found.map(|(_, raw)| *raw).filter(|raw| raw.get() != "null")
    }

    /// Whether the member says anything.
    pub(super) fn says(&self, key: &str) -> bool {
        self.raw(key).is_some()
    }

    // ----- demanded -----

    /// An id: a positive whole number, exactly as written.
    pub(super) fn id(&self, key: &str, faults: &mut Faults) -> String {
        match self.raw(key).map(RawValue::get) {
            Some(digits) if is_id(digits) => digits.to_owned(),
            Some(other) => {
                let sentence = format!("{} is not an id: a positive whole number.", short(other));
                faults.add(self.path(key), sentence);
                String::new()
            }
            None => {
                faults.add(self.path(key), format!("There is no {key}."));
                String::new()
            }
        }
    }

    /// A count of units.
    pub(super) fn count(&self, key: &str, faults: &mut Faults) -> u32 {
        match self.raw(key).map(RawValue::get) {
            Some(digits) => digits.parse().unwrap_or_else(|_| {
                faults.add(
                    self.path(key),
                    format!("{} is not a number of units.", short(digits)),
                );
                0
            }),
            None => {
                faults.add(self.path(key), format!("There is no {key}."));
                0
            }
        }
    }

    /// An amount, written as a string or as a number.
    pub(super) fn money(&self, key: &str, currency: Currency, faults: &mut Faults) -> Money {
        let zero = Money::new(0, currency);
        match self.raw(key).and_then(decimal) {
            Some(decimal) => Money::parse(&decimal, currency).unwrap_or_else(|why| {
                faults.add(self.path(key), format!("{why}."));
                zero
            }),
            None if self.says(key) => {
                faults.add(self.path(key), "This should be an amount.");
                zero
            }
            None => {
                faults.add(self.path(key), format!("There is no {key}."));
                zero
            }
        }
    }

    /// An amount that may be missing, but must be one if it is there.
    pub(super) fn money_if_any(
        &self,
        key: &str,
        currency: Currency,
        faults: &mut Faults,
    ) -> Option<Money> {
        self.says(key).then(|| self.money(key, currency, faults))
    }

    pub(super) fn currency(&self, key: &str, faults: &mut Faults) -> Option<Currency> {
        let currency = self.string(key).map(|code| code.parse::<Currency>());
        match currency {
            Some(Ok(currency)) => Some(currency),
            Some(Err(why)) => {
                faults.add(self.path(key), format!("{why}."));
                None
            }
            None => {
                faults.add(self.path(key), format!("There is no {key}."));
                None
            }
        }
    }

    /// A word such as a status.
    pub(super) fn word(&self, key: &str, faults: &mut Faults) -> String {
        self.string(key).unwrap_or_else(|| {
            faults.add(self.path(key), format!("There is no {key}."));
            String::new()
        })
    }

    /// A list that has to be there, though it may be empty.
    pub(super) fn list(&self, key: &str, faults: &mut Faults) -> Vec<Self> {
        if !self.says(key) {
            faults.add(self.path(key), format!("There are no {key}."));
        }
        self.list_if_any(key, faults)
    }

    /// A list that may be missing; what it holds must be objects.
    pub(super) fn list_if_any(&self, key: &str, faults: &mut Faults) -> Vec<Self> {
        let Some(raw) = self.raw(key) else {
            return Vec::new();
        };
        let path = self.path(key);
        match serde_json::from_str::<Vec<&'a RawValue>>(raw.get()) {
            Ok(values) => values
                .into_iter()
                .enumerate()
                .filter_map(|(i, value)| Self::read(value, format!("{path}/{i}"), faults))
                .collect(),
            Err(_) => {
                faults.add(path, "This should be a list.");
                Vec::new()
            }
        }
    }

    /// A time that may be missing, but must be one if it is there.
    pub(super) fn time(&self, key: &str, faults: &mut Faults) -> Option<Time> {
        let raw = self.raw(key)?;
        let time = self.time_if_any(key);
        if time.is_none() {
            faults.add(
                self.path(key),
                format!("{} is not a time.", short(raw.get())),
            );
        }
        time
    }

    // ----- taken if it fits -----

    /// The text exactly as sent, empty or not.
    fn string(&self, key: &str) -> Option<String> {
        serde_json::from_str(self.raw(key)?.get()).ok()
    }

    /// Text that says something.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.string(key).filter(|text| !text.trim().is_empty())
    }

    /// A list of texts, without the empty ones.
    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        let list = self
            .raw(key)
            .and_then(|raw| serde_json::from_str::<Vec<Option<String>>>(raw.get()).ok());
        let texts = list.unwrap_or_default().into_iter().flatten();
        texts.filter(|text| !text.trim().is_empty()).collect()
    }

    pub(super) fn is_true(&self, key: &str) -> bool {
        self.raw(key).is_some_and(|raw| raw.get() == "true")
    }

    pub(super) fn is_false(&self, key: &str) -> bool {
        self.raw(key).is_some_and(|raw| raw.get() == "false")
    }

    /// An id as written, where there is one.
    pub(super) fn id_if_any(&self, key: &str) -> Option<String> {
        let digits = self.raw(key)?.get();
        is_id(digits).then(|| digits.to_owned())
    }

    /// A whole number, which may be below zero.
    pub(super) fn whole_if_any(&self, key: &str) -> Option<i64> {
        self.raw(key)?.get().parse().ok()
    }

    /// An amount as written, when nobody knows its currency yet.
    pub(super) fn digits_if_any(&self, key: &str) -> Option<String> {
        decimal(self.raw(key)?).map(Cow::into_owned)
    }

    pub(super) fn count_if_any(&self, key: &str) -> Option<u32> {
        self.raw(key)?.get().parse().ok()
    }

    pub(super) fn time_if_any(&self, key: &str) -> Option<Time> {
        self.string(key)?.parse().ok()
    }

    pub(super) fn money_if_fits(&self, key: &str, currency: Currency) -> Option<Money> {
        Money::parse(&decimal(self.raw(key)?)?, currency).ok()
    }

    pub(super) fn currency_if_any(&self, key: &str) -> Option<Currency> {
        self.string(key)?.parse().ok()
    }

    pub(super) fn object(&self, key: &str) -> Option<Self> {
        Self::read(self.raw(key)?, self.path(key), &mut Faults::default())
    }
}

/// A positive whole number that fits 64 bits.
pub(super) fn is_id(digits: &str) -> bool {
    digits.parse::<u64>().is_ok_and(|id| id > 0)
}

/// The digits of a number, or of a string that holds one.
pub(super) fn decimal(raw: &RawValue) -> Option<Cow<'_, str>> {
    let text = raw.get();
    match text.as_bytes().first()? {
        b'"' => serde_json::from_str::<Borrowed<'_>>(text)
            .ok()
            .map(|text| text.0),
        b'-' | b'0'..=b'9' => Some(Cow::Borrowed(text)),
        _ => None,
    }
}

/// Enough of a value to recognize it by.
fn short(text: &str) -> String {
    const SHOWN: usize = 40;
    let mut start: String = text.chars().take(SHOWN).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

/// Text that is borrowed where it holds no escapes.
#[derive(Deserialize)]
pub(super) struct Borrowed<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::with_capacity(map.size_hint().unwrap_or(32));
                while let Some((Borrowed(key), value)) = map.next_entry()? {
                    members.push((key, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reading)
    }
}
