//! Whether a bound follows from what is known: of numbers, of lengths, of how many there are.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::node::{Node, order, values};

fn numbers<'v>(narrow: &[Node<'v>], keyword: &str) -> Vec<&'v Number> {
    narrow
        .iter()
        .filter_map(|one| match one.get(keyword) {
            Some(Value::Number(number)) => Some(number),
            _ => None,
        })
        .collect()
}

pub(super) fn largest<'v>(narrow: &[Node<'v>], keyword: &str) -> Option<&'v Number> {
    numbers(narrow, keyword).into_iter().next()
}

pub(super) fn number_follows(keyword: &str, value: &Value, narrow: &[Node<'_>]) -> bool {
    let Value::Number(bound) = value else {
        return true;
    };
    let said = |keyword: &str, fits: &[Ordering]| {
        numbers(narrow, keyword)
            .into_iter()
            .any(|one| order(one, bound).is_some_and(|order| fits.contains(&order)))
    };
    use Ordering::{Equal, Greater, Less};
    let (at_least, at_most) = ([Greater, Equal], [Less, Equal]);
    let every = |fits: &dyn Fn(Ordering) -> bool| {
        values(narrow).is_some_and(|values| {
            values.into_iter().all(|value| match value {
                Value::Number(number) => order(number, bound).is_some_and(fits),
                _ => true,
            })
        })
    };
    match keyword {
        "minimum" => {
            said("minimum", &at_least)
                || said("exclusiveMinimum", &at_least)
                || every(&|order| order != Less)
        }
        "maximum" => {
            said("maximum", &at_most)
                || said("exclusiveMaximum", &at_most)
                || every(&|order| order != Greater)
        }
        "exclusiveMinimum" => {
            said("exclusiveMinimum", &at_least)
                || said("minimum", &[Greater])
                || every(&|order| order == Greater)
        }
        "exclusiveMaximum" => {
            said("exclusiveMaximum", &at_most)
                || said("maximum", &[Less])
                || every(&|order| order == Less)
        }
        _ => said("multipleOf", &[Equal]),
    }
}

pub(super) fn count_follows(keyword: &str, value: &Value, narrow: &[Node<'_>]) -> bool {
    let Value::Number(bound) = value else {
        return true;
    };
    let fits = if keyword.starts_with("min") {
        [Ordering::Greater, Ordering::Equal]
    } else {
        [Ordering::Less, Ordering::Equal]
    };
    if keyword.starts_with("min") && bound.as_f64() == Some(0.0) {
        return true;
    }
    let said = numbers(narrow, keyword)
        .into_iter()
        .any(|one| order(one, bound).is_some_and(|order| fits.contains(&order)));
    let by_value = || {
        let length = |value: &Value| match value {
            Value::String(text) if keyword.ends_with("Length") => Some(text.chars().count()),
            _ => None,
        };
        keyword.ends_with("Length")
            && values(narrow).is_some_and(|values| {
                values.into_iter().all(|value| {
                    length(value).is_none_or(|count| {
                        order(&Number::from(count), bound)
                            .is_some_and(|order| fits.contains(&order))
                    })
                })
            })
    };
    said || by_value()
}
