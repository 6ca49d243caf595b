//! Spans of time and conditions, as people write and read them.

use domain::{
    flow::{Condition, ELSE, Step, StepKind, Test, Trigger, Until, ways},
    owner::role_title,
};
use serde_json::Value;

use crate::json;

const UNITS: [(&str, i64); 4] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("min", 60_000),
    ("s", 1_000),
];

/// `1 d 2 h`, `15 min`; empty for nothing.
pub fn span(ms: i64) -> String {
    let mut rest = ms;
    let mut parts: Vec<String> = Vec::new();
    for (unit, worth) in UNITS {
        if rest >= worth {
            parts.push(format!("{} {unit}", rest / worth));
            rest %= worth;
        }
    }
    parts.join(" ")
}

/// `15 min`, `2h`, `1 day 30 minutes`, `90` (minutes); nothing for an empty text.
pub fn read_span(text: &str) -> Option<i64> {
    let mut total: i64 = 0;
    let mut digits = String::new();
    let mut unit = String::new();
    let mut add = |digits: &mut String, unit: &mut String| -> Option<()> {
        if digits.is_empty() && unit.is_empty() {
            return Some(());
        }
        let worth = match unit.as_str() {
            "d" | "day" | "days" => 86_400_000,
            "h" | "hour" | "hours" => 3_600_000,
            "" | "m" | "min" | "mins" | "minute" | "minutes" => 60_000,
            "s" | "sec" | "second" | "seconds" => 1_000,
            _ => return None,
        };
        let count: i64 = digits.parse().ok()?;
        total = total.checked_add(count.checked_mul(worth)?)?;
        digits.clear();
        unit.clear();
        Some(())
    };
    for letter in text.trim().chars() {
        match letter {
            '0'..='9' => {
                if !unit.is_empty() {
                    add(&mut digits, &mut unit)?;
                }
                digits.push(letter);
            }
            ' ' | ',' => {}
            letter => unit.push(letter.to_ascii_lowercase()),
        }
    }
    add(&mut digits, &mut unit)?;
    Some(total)
}

/// Money as `400.00 USD`, lists with commas, everything else as it is.
pub fn value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Null => String::new(),
        Value::Array(all) => all.iter().map(self::value).collect::<Vec<_>>().join(", "),
        Value::Object(money) => match (
            money.get("minor").and_then(Value::as_i64),
            money.get("currency").and_then(Value::as_str),
        ) {
            (Some(minor), Some(currency)) => {
                let sign = if minor < 0 { "-" } else { "" };
                let minor = minor.unsigned_abs();
                format!("{sign}{}.{:02} {currency}", minor / 100, minor % 100)
            }
            _ => json::text(value),
        },
        Value::Number(_) => json::text(value),
    }
}

pub fn test(test: &Test) -> String {
    format!("{} {} {}", test.fact, test.op.title(), value(&test.value))
}

/// "order.total is over 400.00 USD or order.flagged is yes".
pub fn condition(condition: &Condition) -> String {
    let joined = |of: &[Condition], by: &str| {
        of.iter()
            .map(|one| match one {
                Condition::Test(_) | Condition::Always => self::condition(one),
                inner => format!("({})", self::condition(inner)),
            })
            .collect::<Vec<_>>()
            .join(by)
    };
    match condition {
        Condition::Always => "always".to_owned(),
        Condition::All { of } => joined(of, " and "),
        Condition::Any { of } => joined(of, " or "),
        Condition::Not { of } => format!("not ({})", self::condition(of)),
        Condition::Test(one) => test(one),
    }
}

pub fn kind(name: &str) -> &'static str {
    StepKind::fresh(name).map_or("Step", |kind| kind.title())
}

/// What a failure is called where somebody says what happens then.
pub fn way(on: &str) -> &'static str {
    match on {
        ways::DECLINED => "a person declines it",
        ways::EXPIRED => "nobody decides in time",
        ways::REJECTED => "the destination refuses it",
        ways::FAILED => "it fails for good",
        ways::LATE => "it is late",
        ways::UNKNOWN => "a fact is not known",
        ways::UNREACHED => "nobody can be told",
        ways::CHECKPOINT => "the checkpoint does not hold",
        _ => "it fails",
    }
}

/// What a step does, for its card.
pub fn does(kind: &StepKind) -> String {
    let or =
        |text: &str, otherwise: &str| if text.is_empty() { otherwise } else { text }.to_owned();
    match kind {
        StepKind::EmitExport { export_type, until } => {
            let until = match until {
                Until::Acknowledged => "until acknowledged",
                Until::Completed => "until completed",
            };
            format!("{}, {until}", or(export_type, "no contract yet"))
        }
        StepKind::WaitForEvent { event } => format!("until {event}"),
        StepKind::Decide { branches, .. } => match branches.as_slice() {
            [] => "no branch yet".to_owned(),
            [one] => condition(&one.when),
            many => format!("{} branches", many.len()),
        },
        StepKind::HumanTask { instruction, .. } => or(instruction, "nothing is asked yet"),
        StepKind::Notify { message, .. } => or(message, "nothing is said yet"),
        StepKind::Compensate { back_to: None } => "everything so far".to_owned(),
        StepKind::Compensate {
            back_to: Some(step),
        } => format!("as far back as {step}"),
        StepKind::SubFlow { flow } => or(flow, "no flow yet"),
    }
}

/// An exit's name: a branch's label, "otherwise", or nothing where there is only one.
pub fn exit<O>(step: &Step<O>, on: &str) -> String {
    match &step.kind {
        StepKind::Decide { .. } if on == ELSE => "otherwise".to_owned(),
        StepKind::Decide { branches, .. } => branches
            .iter()
            .find(|branch| branch.key == on)
            .map(|branch| branch.label.clone())
            .unwrap_or_default(),
        _ => String::new(),
    }
}

/// What sets a flow off: a headline, and how.
pub fn trigger(trigger: &Trigger) -> (String, &'static str) {
    match trigger {
        Trigger::Order { event, .. } => (event.to_string(), "by itself, once it may be worked on"),
        Trigger::Campaign => ("Campaign brief".to_owned(), "a person starts it"),
        Trigger::Form { noun, .. } => (role_title(noun), "a person fills in a form"),
        Trigger::Manual => ("An order".to_owned(), "a person starts it"),
        Trigger::SubFlow => ("Another flow".to_owned(), "starts it"),
    }
}

#[cfg(test)]
mod tests {
    use super::{read_span, span};

    #[test]
    fn spans_are_read_as_they_are_written() {
        for (text, ms) in [
            ("15 min", 900_000),
            ("2h", 7_200_000),
            ("1 d 2 h", 93_600_000),
            ("1 day, 30 minutes", 88_200_000),
            ("90", 5_400_000),
            ("45 s", 45_000),
            ("", 0),
        ] {
            assert_eq!(read_span(text), Some(ms), "{text}");
            assert_eq!(read_span(&span(ms)), Some(ms), "{text}");
        }
        for text in ["soon", "h", "5 weeks", "99999999999999999999"] {
            assert_eq!(read_span(text), None, "{text}");
        }
    }
}
