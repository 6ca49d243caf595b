//! Money: whole minor units with an ISO 4217 code. Never a float.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An ISO 4217 alphabetic code, upper case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    pub const USD: Self = Self(*b"USD");

    pub fn read(code: &str) -> Option<Self> {
        let letters: [u8; 3] = code.as_bytes().try_into().ok()?;
        let are = letters.iter().all(u8::is_ascii_alphabetic);
        are.then(|| Self(letters.map(|letter| letter.to_ascii_uppercase())))
    }

    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Decimal places of the minor unit (ISO 4217, table A.1).
    pub fn exponent(&self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = String;
    fn from_str(code: &str) -> Result<Self, String> {
        Self::read(code).ok_or_else(|| format!("{code:?} is not an ISO 4217 code"))
    }
}

impl TryFrom<String> for Currency {
    type Error = String;
    fn try_from(code: String) -> Result<Self, String> {
        code.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

/// An amount in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Whole minor units: cents for USD, yen for JPY, fils for KWD. Payloads and the API say `amount_minor`, and what
    /// people write into a contract may say so too.
    #[serde(alias = "amount_minor")]
    pub minor: i64,
    pub currency: Currency,
}

impl Money {
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Reads a decimal such as `"238.47"`. More decimals than the currency has are refused,
    /// unless they are zeros: rounding somebody's money is not ours to do.
    pub fn parse(decimal: &str, currency: Currency) -> Result<Self, String> {
        Self::read(decimal, currency)
            .ok_or_else(|| format!("{decimal:?} is not an amount in {currency}"))
    }

    /// The same, for whoever has a sentence of their own for what is no amount.
    pub fn read(decimal: &str, currency: Currency) -> Option<Self> {
        let text = decimal.trim();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let numeric = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !numeric(whole) || !numeric(fraction) {
            return None;
        }
        let places = currency.exponent() as usize;
        let (kept, rest) = fraction.split_at_checked(places).unwrap_or((fraction, ""));
        if rest.bytes().any(|b| b != b'0') {
            return None;
        }
        let minor: i64 = format!("{whole}{kept:0<places$}").parse().ok()?;
        Some(Self::new(if negative { -minor } else { minor }, currency))
    }
}

impl Money {
    /// As [`Money::parse`] reads it: `238.47`.
    pub fn decimal(&self) -> String {
        let places = self.currency.exponent();
        let scale = 10_u64.pow(places);
        let magnitude = self.minor.unsigned_abs();
        let sign = if self.minor < 0 { "-" } else { "" };
        match places {
            0 => format!("{sign}{magnitude}"),
            _ => format!(
                "{sign}{}.{:0width$}",
                magnitude / scale,
                magnitude % scale,
                width = places as usize
            ),
        }
    }
}

impl fmt::Display for Money {
    /// `$238.47` for dollars, `238.47 EUR` otherwise, with grouped thousands.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.currency.exponent();
        let scale = 10_u64.pow(places);
        let magnitude = self.minor.unsigned_abs();
        let whole = (magnitude / scale).to_string();
        let mut grouped = String::new();
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        if places > 0 {
            grouped.push_str(&format!(
                ".{:0width$}",
                magnitude % scale,
                width = places as usize
            ));
        }
        let sign = if self.minor < 0 { "−" } else { "" };
        if self.currency == Currency::USD {
            write!(f, "{sign}${grouped}")
        } else {
            write!(f, "{sign}{grouped} {}", self.currency)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_by_the_minor_unit_of_the_currency() {
        let check = |text: &str, code: &str, minor: i64, shown: &str| {
            let money = Money::parse(text, code.parse().unwrap()).unwrap();
            assert_eq!((money.minor, money.to_string().as_str()), (minor, shown));
        };
        check("238.47", "USD", 23_847, "$238.47");
        check("1234567.5", "USD", 123_456_750, "$1,234,567.50");
        check("-3.10", "eur", -310, "−3.10 EUR");
        check("1500", "JPY", 1500, "1,500 JPY");
        check("1500.00", "JPY", 1500, "1,500 JPY");
        check("1.234", "KWD", 1234, "1.234 KWD");
        for bad in [
            "",
            ".",
            "1.2.3",
            "1e3",
            "12.345",
            "NaN",
            "99999999999999999999",
        ] {
            assert!(Money::parse(bad, Currency::USD).is_err(), "{bad}");
        }
    }
}
