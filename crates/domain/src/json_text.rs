//! JSON as somebody typed or sent it: what a value read from it would not keep, and, when it cannot be read, why,
//! in words of the reader's.
//!
//! The parser takes the last of two members of one name, and a number that is too long for it as the nearest it
//! knows. Both would be agreed to and sent as something that nobody wrote (RFC 8259, 4 and 6), so they are found
//! in the text, while it still says what was written.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{error::Category, value::RawValue};

use crate::depth::is_too_deep;

/// Something that would be lost, and its JSON pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    pub pointer: String,
    pub sentence: String,
}

impl fmt::Display for Loss {
    /// "/items/0/sku: “sku” stands here twice.".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.pointer.is_empty() {
            write!(f, "{}: ", self.pointer)?;
        }
        f.write_str(&self.sentence)
    }
}

/// The first thing in it that a value would not keep. Whether it is JSON at all is for the parser to say.
pub fn loss(json: &[u8]) -> Option<Loss> {
    if is_too_deep(json) {
        return None;
    }
    let whole: &RawValue = serde_json::from_slice(json).ok()?;
    lost_in(whole, &mut String::new())
}

/// Each level is read once more than the one around it; there are few of them, and nothing is copied but names.
fn lost_in(raw: &RawValue, path: &mut String) -> Option<Loss> {
    let text = raw.get();
    match text.as_bytes().first()? {
        b'{' => {
            let Members(members) = serde_json::from_str(text).ok()?;
            let mut names = HashSet::with_capacity(members.len());
            members.iter().find_map(|(name, value)| {
                below(path, name, |path| {
                    if names.insert(name) {
                        return lost_in(value, path);
                    }
                    Some(Loss {
                        pointer: path.clone(),
                        sentence: format!("“{name}” stands here twice."),
                    })
                })
            })
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            let mut items = items.iter().enumerate();
            items.find_map(|(at, item)| below(path, &at.to_string(), |path| lost_in(item, path)))
        }
        b'-' | b'0'..=b'9' if is_too_long(text) => Some(Loss {
            pointer: path.clone(),
            sentence: "A whole number has at most 64 bits here. Send a longer one as a text."
                .to_owned(),
        }),
        _ => None,
    }
}

/// A whole number that would become a floating one, which is another.
fn is_too_long(number: &str) -> bool {
    !number.contains(['.', 'e', 'E'])
        && number.parse::<i64>().is_err()
        && number.parse::<u64>().is_err()
}

fn below<T>(path: &mut String, name: &str, look: impl FnOnce(&mut String) -> T) -> T {
    let length = path.len();
    path.push('/');
    path.push_str(&name.replace('~', "~0").replace('/', "~1"));
    let found = look(path);
    path.truncate(length);
    found
}

/// The members of an object in the order of the text, those of one name each for itself.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Each).map(Self)
    }
}

/// Why it could not be read, and where: "It ends too early (line 1, column 7).".
pub fn unread(why: &serde_json::Error) -> String {
    let place = format!("(line {}, column {})", why.line(), why.column());
    match why.classify() {
        Category::Eof => format!("It ends too early {place}."),
        Category::Syntax | Category::Io => format!("This is not JSON {place}."),
        Category::Data => {
            let words = why.to_string();
            let end = words.rfind(" at line ").unwrap_or(words.len());
            let sentence = in_words(words.get(..end).unwrap_or(&words));
            format!("{} {place}.", sentence.trim_end_matches('.'))
        }
    }
}

/// What a deserializer says, for somebody who knows JSON and not what it is written in.
pub fn in_words(said: &str) -> String {
    if said.starts_with("UUID parsing failed") {
        return "An id, such as 0195f3a2-7c41-7d52-9c07-3f5b8e6a1d20.".to_owned();
    }
    if said.starts_with("data did not match any variant") {
        return "This has none of the forms it can have.".to_owned();
    }
    if let Some((given, wanted)) = said
        .strip_prefix("unknown variant ")
        .and_then(|rest| rest.rsplit_once(", expected "))
    {
        let words: Vec<&str> = wanted.split('`').skip(1).step_by(2).collect();
        let given = given.trim_matches('`');
        return format!("One of: {}; not “{given}”.", words.join(", "));
    }
    let typed = said.strip_prefix("invalid type: ");
    if let Some((given, expected)) = typed
        .or_else(|| said.strip_prefix("invalid value: "))
        .and_then(|rest| rest.rsplit_once(", expected "))
    {
        return format!("{}, not {}.", capital(wanted(expected)), this(given));
    }
    format!("{}.", capital(said.trim_end_matches('.')))
}

fn wanted(expected: &str) -> &str {
    let is = |kind: &str| {
        expected == kind
            || expected
                .strip_prefix(kind)
                .is_some_and(|rest| rest.starts_with(' '))
    };
    match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number that is not below 0",
        "i32" => "a whole number from -2147483648 to 2147483647",
        "i64" | "i16" | "i8" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" | "a borrowed string" | "a character" => "a text",
        "unit" => "null",
        _ if is("struct") || is("a map") || is("map") || is("enum") => "an object",
        _ if is("a sequence") || is("an array") || is("a tuple") || is("tuple") => "a list",
        other => other,
    }
}

fn this(given: &str) -> String {
    let value = || {
        let at = given.find('`').map(|at| at + 1);
        let inner = at.and_then(|at| given.get(at..given.rfind('`')?));
        inner.unwrap_or(given).to_owned()
    };
    let kind = given.split(' ').next().unwrap_or_default();
    match kind {
        "integer" | "floating" | "boolean" => value(),
        "sequence" | "tuple" => "a list".to_owned(),
        "map" | "struct" | "newtype" | "enum" => "an object".to_owned(),
        "null" | "unit" | "Option" => "null".to_owned(),
        "string" => {
            let text = given.get("string ".len()..).unwrap_or_default();
            let text: String =
                serde_json::from_str(text).unwrap_or_else(|_| text.trim_matches('"').to_owned());
            let many = text.chars().count() > MOST_SHOWN;
            let start: String = text.chars().take(MOST_SHOWN).collect();
            format!("the text “{start}{}”", if many { "…" } else { "" })
        }
        _ => given.to_owned(),
    }
}

/// Of a text that stands in the wrong place.
const MOST_SHOWN: usize = 80;

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters
        .next()
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::Value;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_a_value_would_not_keep_is_found_in_the_text() {
        let check = |json: &str, pointer: Option<&str>| {
            let found = loss(json.as_bytes()).map(|loss| loss.pointer);
            assert_eq!(found.as_deref(), pointer, "{json}");
        };
        check(r#"{"a":1,"a":2}"#, Some("/a"));
        check(r#"{"a":1,"\u0061":2}"#, Some("/a"));
        check(
            r#"{"a":{"b~/":[{"c":1},{"c":1,"d":0,"c":2}]}}"#,
            Some("/a/b~0~1/1/c"),
        );
        check(r#"[{"a":1},{"a":1}]"#, None);
        check(r#"{"a":{"a":{"a":1}}}"#, None);
        check(r#"{"n":12345678901234567890123}"#, Some("/n"));
        check(r#"{"n":[1,-9223372036854775809]}"#, Some("/n/1"));
        check("18446744073709551616", Some(""));
        for kept in [
            "18446744073709551615",
            "-9223372036854775808",
            "-0",
            "1.5",
            "1e22",
            "12345678901234567890123.0",
            r#""12345678901234567890123""#,
            r#"{"12345678901234567890123":"{\"a\":1,\"a\":2}"}"#,
        ] {
            check(kept, None);
        }
        for no_json in ["", "{", r#"{"a":1,"a":2"#, "nope", &"[".repeat(100_000)] {
            check(no_json, None);
        }
    }

    /// What the parser makes of a number is what was written, wherever nothing is found.
    #[test]
    fn whole_numbers_are_what_was_written() {
        for n in 0..40_usize {
            let json = format!("1{}7", "0".repeat(n));
            let value: Value = serde_json::from_str(&json).unwrap();
            assert_eq!(
                serde_json::to_string(&value).unwrap() == json,
                loss(json.as_bytes()).is_none(),
                "{json}"
            );
        }
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Price {
        #[expect(dead_code, reason = "only read in")]
        minor: u8,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum State {
        Accepted,
        Rejected,
    }

    #[test]
    fn refusals_speak_of_json_and_not_of_what_reads_it() {
        fn check<T: DeserializeOwned + fmt::Debug>(json: &str, sentence: &str) {
            let value: Value = serde_json::from_str(json).unwrap();
            let why = serde_json::from_value::<T>(value).unwrap_err().to_string();
            assert_eq!(in_words(&why), sentence, "{json}: {why}");
        }
        check::<u8>("-4", "A whole number from 0 to 255, not -4.");
        check::<u8>("256", "A whole number from 0 to 255, not 256.");
        check::<i64>("1.5", "A whole number, not 1.5.");
        check::<i64>("\"x\"", "A whole number, not the text “x”.");
        check::<i64>(
            r#""a, expected \"b\"""#,
            "A whole number, not the text “a, expected \"b\"”.",
        );
        check::<u64>("-1", "A whole number that is not below 0, not -1.");
        check::<i64>("null", "A whole number, not null.");
        check::<String>("true", "A text, not true.");
        check::<bool>("[1]", "True or false, not a list.");
        check::<Vec<i64>>("{}", "A list, not an object.");
        check::<Price>("\"x\"", "An object, not the text “x”.");
        check::<Price>("7", "An object, not 7.");
        check::<Price>(
            "{\"minor\":null}",
            "A whole number from 0 to 255, not null.",
        );
        check::<Price>("{}", "Missing field `minor`.");
        check::<Price>("{\"x\":1}", "Unknown field `x`, expected `minor`.");
        check::<serde_json::Map<String, Value>>("[]", "An object, not a list.");
        check::<Uuid>(
            "\"x\"",
            "An id, such as 0195f3a2-7c41-7d52-9c07-3f5b8e6a1d20.",
        );
        check::<State>("\"lost\"", "One of: accepted, rejected; not “lost”.");
        check::<crate::Currency>("\"zz\"", "\"zz\" is not an ISO 4217 code.");
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        fn check<T: DeserializeOwned + fmt::Debug>(json: &str, sentence: &str) {
            let why = serde_json::from_str::<T>(json).unwrap_err();
            assert_eq!(unread(&why), sentence, "{json}: {why}");
        }
        check::<Value>("", "It ends too early (line 1, column 0).");
        check::<Value>("{\"a\":", "It ends too early (line 1, column 5).");
        check::<Value>("{]", "This is not JSON (line 1, column 2).");
        check::<Vec<u8>>(
            "[1,\n-4]",
            "A whole number from 0 to 255, not -4 (line 2, column 2).",
        );
    }
}
