//! Places in a payload: JSON Pointers, with `*` for every element of a list.

use serde_json::Value;

/// A value, exactly where it stands, and what it stands in.
#[derive(Clone, Debug)]
pub struct Place<'v> {
    /// RFC 6901, without a star.
    pub pointer: String,
    pub value: &'v Value,
    pub within: &'v Value,
}

/// Why it is not a place.
pub fn bad_place(at: &str) -> Option<String> {
    let words = "Write a JSON Pointer, such as /skus/* or /lines/*/sku.";
    if !at.starts_with('/') || at.len() > 200 || at.split('/').skip(1).any(str::is_empty) {
        return Some(words.to_owned());
    }
    None
}

/// Every value at that place. A place that is not there has none.
pub fn places<'v>(payload: &'v Value, at: &str) -> Vec<Place<'v>> {
    let mut found = vec![Place {
        pointer: String::new(),
        value: payload,
        within: payload,
    }];
    for word in at.split('/').skip(1) {
        found = found
            .into_iter()
            .flat_map(|place| below(&place, word))
            .collect();
    }
    found
}

/// Whether anything stands at that place.
pub fn leads_anywhere(payload: &Value, at: &str) -> bool {
    let Some(rest) = at.strip_prefix('/') else {
        return true;
    };
    let (word, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match payload {
        Value::Array(list) if word == "*" => list.iter().any(|one| leads_anywhere(one, rest)),
        Value::Array(list) => {
            let found = word.parse::<usize>().ok().and_then(|n| list.get(n));
            found.is_some_and(|one| leads_anywhere(one, rest))
        }
        Value::Object(map) => {
            let key = word.replace("~1", "/").replace("~0", "~");
            map.get(&key).is_some_and(|one| leads_anywhere(one, rest))
        }
        _ => false,
    }
}

fn below<'v>(place: &Place<'v>, word: &str) -> Vec<Place<'v>> {
    let step = |key: &str, value: &'v Value| Place {
        pointer: format!("{}/{key}", place.pointer),
        value,
        within: place.value,
    };
    match place.value {
        Value::Array(list) if word == "*" => list
            .iter()
            .enumerate()
            .map(|(n, value)| step(&n.to_string(), value))
            .collect(),
        Value::Array(list) => {
            let found = word.parse::<usize>().ok().and_then(|n| list.get(n));
            found.map(|value| step(word, value)).into_iter().collect()
        }
        Value::Object(map) => {
            let key = word.replace("~1", "/").replace("~0", "~");
            let found = map.get(&key);
            found.map(|value| step(word, value)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}
