//! Raw bytes as a person can read them. JSON is laid out by its own tokens: nothing is parsed into numbers
//! or sorted, so an id of twenty digits and an amount of `10.00` stand there as they were sent.

use serde::de::IgnoredAny;

/// The text laid out in lines, if it is JSON.
pub fn indented(text: &str) -> Option<String> {
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    Some(layout(text))
}

/// The text laid out if it is JSON, else as it is.
pub fn readable(text: &str) -> String {
    indented(text).unwrap_or_else(|| text.to_owned())
}

fn layout(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if in_string {
            out.push(letter);
            in_string = escaped || letter != '"';
            escaped = letter == '\\' && !escaped;
            continue;
        }
        match letter {
            '"' => {
                in_string = true;
                out.push(letter);
            }
            '{' | '[' => {
                out.push(letter);
                while letters.peek().is_some_and(|next| next.is_whitespace()) {
                    letters.next();
                }
                if letters.peek().is_some_and(|next| matches!(next, '}' | ']')) {
                    out.extend(letters.next());
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(letter);
            }
            ',' => {
                out.push(letter);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            space if space.is_whitespace() => {}
            other => out.push(other),
        }
    }
    out
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

/// "6.1 kB"
pub fn size_text(bytes: i64) -> String {
    match bytes {
        1 => "1 byte".to_owned(),
        n if n < 1_000 => format!("{n} bytes"),
        n if n < 1_000_000 => format!("{}.{} kB", n / 1_000, n % 1_000 / 100),
        n => format!("{}.{} MB", n / 1_000_000, n % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_stays_as_it_was_sent() {
        let check = |text: &str, expected: &str| assert_eq!(readable(text), expected);
        check(
            r#"{"z":12345678901234567890,"a":10.00}"#,
            "{\n  \"z\": 12345678901234567890,\n  \"a\": 10.00\n}",
        );
        check("{ }", "{}");
        check(
            r#"["a, \"b\"\\", [ ]]"#,
            "[\n  \"a, \\\"b\\\"\\\\\",\n  []\n]",
        );
        check("not json {", "not json {");
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!(
            [
                size_text(1),
                size_text(999),
                size_text(6_140),
                size_text(1_250_000)
            ],
            ["1 byte", "999 bytes", "6.1 kB", "1.2 MB"]
        );
    }
}
