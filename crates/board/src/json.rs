//! JSON, read and written by hand.
//!
//! The editor is loaded over the network before anybody can draw, and derived readers of nested, tagged types were most
//! of what it weighed. This reads a text into a tree of six shapes, from which [`crate::wire`] takes what it wants. Numbers stay the text that they were until somebody asks,
//! so nothing is rounded on the way.

use std::fmt::Write as _;

use serde_json::{Map, Number, Value};

/// How deep a text may be nested before it is refused.
const DEEPEST: u8 = 100;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Json {
    #[default]
    Null,
    Bool(bool),
    /// As it was written.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Object),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object(Vec<(String, Json)>);

/// What could not be read: the name of the field, or nothing better than "JSON".
pub type Read<T> = Result<T, &'static str>;

const NO_JSON: &str = "JSON";

impl Json {
    pub fn parse(text: &str) -> Read<Self> {
        let mut parser = Parser { text, at: 0 };
        let json = parser.value(0).ok_or(NO_JSON)?;
        parser.blank();
        if parser.peek().is_some() {
            return Err(NO_JSON);
        }
        Ok(json)
    }

    pub fn object(self) -> Option<Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    pub fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn list(self) -> Option<Vec<Self>> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// Nothing for a number with a fraction.
    pub fn whole(&self) -> Option<i64> {
        match self {
            Self::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    pub fn float(&self) -> Option<f64> {
        match self {
            Self::Number(text) => Some(float(text)),
            _ => None,
        }
    }

    /// The same as a value of the domain.
    pub fn value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(yes) => Value::Bool(yes),
            Self::Number(text) => number(&text),
            Self::Text(text) => Value::String(text),
            Self::List(all) => Value::Array(all.into_iter().map(Self::value).collect()),
            Self::Object(Object(all)) => {
                let mut map = Map::new();
                for (name, one) in all {
                    map.insert(name, one.value());
                }
                Value::Object(map)
            }
        }
    }
}

impl Object {
    /// The field of this name, taken out.
    pub fn json(&mut self, name: &str) -> Json {
        let found = self.0.iter().position(|(known, _)| known == name);
        found.map_or(Json::Null, |at| self.0.swap_remove(at).1)
    }
}

impl IntoIterator for Object {
    type Item = (String, Json);
    type IntoIter = std::vec::IntoIter<(String, Json)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// A whole number as such, everything else as a float.
fn number(text: &str) -> Value {
    if let Ok(whole) = text.parse::<i64>() {
        return Value::Number(whole.into());
    }
    if let Ok(whole) = text.parse::<u64>() {
        return Value::Number(whole.into());
    }
    Number::from_f64(float(text)).map_or(Value::Null, Value::Number)
}

/// The browser knows how to read and write floats; the tables for it would be a fifth of the module.
#[cfg(target_arch = "wasm32")]
fn float(text: &str) -> f64 {
    js_sys::parse_float(text)
}

#[cfg(target_arch = "wasm32")]
fn float_text(number: f64) -> String {
    let number = js_sys::Number::from(number);
    number
        .to_string_with_radix(10)
        .map(String::from)
        .unwrap_or_else(|_| "null".to_owned())
}

#[cfg(not(target_arch = "wasm32"))]
fn float(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

#[cfg(not(target_arch = "wasm32"))]
fn float_text(number: f64) -> String {
    number.to_string()
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, wanted: &str) -> Option<()> {
        let is = self.text.get(self.at..)?.starts_with(wanted);
        is.then(|| self.at += wanted.len())
    }

    /// The next byte that is not blank.
    fn next(&mut self) -> Option<u8> {
        self.blank();
        self.peek()
    }

    fn value(&mut self, depth: u8) -> Option<Json> {
        if depth > DEEPEST {
            return None;
        }
        Some(match self.next()? {
            b'n' => {
                self.eat("null")?;
                Json::Null
            }
            b't' => {
                self.eat("true")?;
                Json::Bool(true)
            }
            b'f' => {
                self.eat("false")?;
                Json::Bool(false)
            }
            b'"' => Json::Text(self.string()?),
            b'[' => Json::List(self.list(depth)?),
            b'{' => Json::Object(self.object(depth)?),
            _ => Json::Number(self.number()?),
        })
    }

    /// What stands between two brackets, with commas.
    fn each(&mut self, end: u8, mut one: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.at += 1;
        if self.next()? == end {
            self.at += 1;
            return Some(());
        }
        loop {
            one(self)?;
            let next = self.next()?;
            self.at += 1;
            match next {
                b',' => {}
                next if next == end => return Some(()),
                _ => return None,
            }
        }
    }

    fn list(&mut self, depth: u8) -> Option<Vec<Json>> {
        let mut all = Vec::new();
        self.each(b']', |parser| {
            all.push(parser.value(depth + 1)?);
            Some(())
        })?;
        Some(all)
    }

    fn object(&mut self, depth: u8) -> Option<Object> {
        let mut all: Vec<(String, Json)> = Vec::new();
        self.each(b'}', |parser| {
            parser.blank();
            let name = parser.string()?;
            parser.blank();
            parser.eat(":")?;
            let value = parser.value(depth + 1)?;
            all.push((name, value));
            Some(())
        })?;
        Some(Object(all))
    }

    fn number(&mut self) -> Option<String> {
        let from = self.at;
        let digits = |parser: &mut Self| {
            let from = parser.at;
            while matches!(parser.peek(), Some(b'0'..=b'9')) {
                parser.at += 1;
            }
            (parser.at > from).then_some(())
        };
        let _ = self.eat("-");
        if self.eat("0").is_none() {
            digits(self)?;
        }
        if self.eat(".").is_some() {
            digits(self)?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            digits(self)?;
        }
        Some(self.text.get(from..self.at)?.to_owned())
    }

    fn string(&mut self) -> Option<String> {
        self.eat("\"")?;
        let mut out = String::new();
        loop {
            let from = self.at;
            let next = loop {
                match self.peek()? {
                    next @ (b'"' | b'\\') => break next,
                    0..0x20 => return None,
                    _ => self.at += 1,
                }
            };
            out.push_str(self.text.get(from..self.at)?);
            self.at += 1;
            if next == b'"' {
                return Some(out);
            }
            out.push(self.escaped()?);
        }
    }

    fn escaped(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        Some(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.unit()?;
                if !(0xd800..0xdc00).contains(&first) {
                    return char::from_u32(first);
                }
                // the other half of a letter beyond the first plane
                self.eat("\\u")?;
                let second = self.unit()?;
                let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                return char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + low);
            }
            _ => return None,
        })
    }

    fn unit(&mut self) -> Option<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit * 16 + char::from(self.peek()?).to_digit(16)?;
            self.at += 1;
        }
        Some(unit)
    }
}

/// A text in quotes.
pub fn quote(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            letter if letter < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
}

/// A value of the domain, written.
pub fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
        Value::Number(number) => number_text(number, out),
        Value::String(text) => quote(text, out),
        Value::Array(all) => {
            out.push('[');
            for (n, one) in all.iter().enumerate() {
                comma(n, out);
                write(one, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (n, (name, one)) in map.iter().enumerate() {
                comma(n, out);
                quote(name, out);
                out.push(':');
                write(one, out);
            }
            out.push('}');
        }
    }
}

/// Between the one before and this one.
pub fn comma(n: usize, out: &mut String) {
    if n > 0 {
        out.push(',');
    }
}

/// As JSON, with a mark that tells a float from a whole number.
fn number_text(number: &Number, out: &mut String) {
    if let Some(whole) = number.as_i64() {
        let _ = write!(out, "{whole}");
    } else if let Some(whole) = number.as_u64() {
        let _ = write!(out, "{whole}");
    } else if let Some(float) = number.as_f64() {
        let text = float_text(float);
        out.push_str(&text);
        if text.bytes().all(|byte| byte != b'.' && byte != b'e') {
            out.push_str(".0");
        }
    }
}

pub fn text(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

#[cfg(test)]
mod tests;
