//! Where the exports of a contract go: its destination, or the one that the first route names whose condition
//! holds of the payload.
//!
//! It is decided when an export is made, from nothing but its content and the contract's version, which an approval
//! binds both. A new version goes where its own content says. Nobody calls back what another destination has
//! already: that becomes a task of whoever answers for it.

use domain::{
    connection::Destination,
    contract::{Contract, MOST_ROUTES, codes},
    export::{Export, ExportState},
};
use serde_json::Value;

use crate::{
    error::{Error, FieldError, Result},
    exception::{Trouble, evidence, linked},
    rules::Rules,
    work::Work,
};

impl Rules {
    /// What a destination is called; its key, where there is none of that key.
    pub fn destination_name<'a>(&'a self, key: &'a str) -> &'a str {
        self.destination(key).map_or(key, |one| one.name.as_str())
    }

    /// Every destination that a contract may send to and that there is, its own first.
    pub fn destinations_of(&self, contract: &Contract) -> Vec<&Destination> {
        let keys = contract.destinations().into_iter();
        keys.filter_map(|key| self.destination(key)).collect()
    }

    /// The same, if there is each of them and none is retired.
    pub(crate) fn destinations_in_use(&self, contract: &Contract) -> Option<Vec<&Destination>> {
        let keys = contract.destinations().into_iter();
        let found = keys.map(|key| self.destination(key));
        found
            .map(|one| one.filter(|one| one.retired_at.is_none()))
            .collect()
    }

    /// The systems it may send to, its own destination's first.
    pub(crate) fn system_names(&self, contract: &Contract) -> Vec<String> {
        let found = self.destinations_of(contract).into_iter();
        found.map(|one| one.system.clone()).collect()
    }
}

impl Work<'_> {
    /// Where this content goes, and why there, where a route says so.
    pub(crate) fn destined(
        &self,
        contract: &Contract,
        payload: &Value,
    ) -> Result<(&Destination, Option<String>)> {
        let destined = contract.destined(payload);
        let found = self.rules.destination(destined.key).ok_or_else(|| {
            Error::internal(format!(
                "contract {} names no destination",
                contract.export_type
            ))
        })?;
        let why = destined
            .route
            .map(|route| format!("to {}, since {}", found.name, route.when.words()));
        Ok((found, why))
    }

    /// The version before may be on its way at another destination, which hears nothing of the new one: somebody
    /// has to stop it there.
    pub(crate) async fn stop_elsewhere(
        &mut self,
        old: &Export,
        was: ExportState,
        new: &Export,
        contract: &Contract,
    ) -> Result<()> {
        let never_there = was.is_before_dispatch() || was == ExportState::Rejected;
        if never_there || old.destination_id == new.destination_id {
            return Ok(());
        }
        let name = |export: &Export| {
            let mut all = self.rules.destinations.iter();
            let found = all.find(|one| one.id == export.destination_id);
            found.map_or_else(|| "its destination".to_owned(), |one| one.name.clone())
        };
        let (there, here) = (name(old), name(new));
        let trouble = Trouble {
            code: codes::CANCELLED_AFTER_DISPATCH.to_owned(),
            sentence: format!(
                "{there} was sent version {}; version {} goes to {here}, and nobody tells {there}",
                old.version, new.version
            ),
            evidence: vec![
                linked("Goes instead", &new.title, "export", new.id),
                evidence("It was", was.words()),
            ],
        };
        self.raise(old, contract, trouble).await
    }
}

/// What keeps a contract's destination and its routes from being published, each with its field.
pub(crate) fn destination_faults(contract: &Contract, rules: &Rules) -> Vec<FieldError> {
    let mut faults = Vec::new();
    let mut say = |field: String, sentence: String| faults.push(FieldError { field, sentence });
    if let Some(why) = not_there(&contract.destination, rules) {
        say("destination".to_owned(), why);
    }
    for (n, route) in contract.routes.iter().enumerate() {
        let at = |field: &str| format!("routes/{n}/{field}");
        let own = route.when.faults();
        let well = own.is_empty();
        for (field, sentence) in own {
            say(at(field), sentence);
        }
        let place: Vec<&str> = route.when.at().split('/').skip(1).collect();
        if well && !knows(&contract.schema, &contract.schema, &place, MOST_REFERENCES) {
            let sentence = format!("The schema does not know {:?}.", route.when.at());
            say(at("at"), sentence);
        }
        if route.is_unreachable(contract.routes.get(..n).unwrap_or_default()) {
            say(
                at("when"),
                "Routes before it take all that it would: take it out, or put it before them."
                    .to_owned(),
            );
        }
        if let Some(why) = not_there(&route.destination, rules) {
            say(at("destination"), why);
        }
    }
    if contract.routes.len() > MOST_ROUTES {
        say(
            "routes".to_owned(),
            format!("{MOST_ROUTES} routes are the most."),
        );
    }
    faults
}

/// Why nothing can be sent there.
fn not_there(key: &str, rules: &Rules) -> Option<String> {
    match rules.destination(key) {
        None => Some(format!("{key:?} is not a destination here.")),
        Some(one) if one.retired_at.is_some() => Some(format!(
            "“{}” is retired: take it back into use first.",
            one.name
        )),
        Some(_) => None,
    }
}

/// Keywords that say what a value may be somewhere else than in `properties` and `items`.
const ELSEWHERE: [&str; 8] = [
    "$dynamicRef",
    "allOf",
    "anyOf",
    "oneOf",
    "if",
    "patternProperties",
    "dependentSchemas",
    "prefixItems",
];

/// How many references are followed; what leads on is looked at elsewhere.
const MOST_REFERENCES: usize = 32;

/// Whether a schema within `root` has that place, as far as it says so plainly; where it does not, it is taken to.
fn knows(root: &Value, schema: &Value, place: &[&str], references: usize) -> bool {
    let (Some(fields), Some((word, rest))) = (schema.as_object(), place.split_first()) else {
        return true;
    };
    if ELSEWHERE.iter().any(|one| fields.contains_key(*one)) {
        return true;
    }
    if let Some(to) = fields.get("$ref").and_then(Value::as_str) {
        let there = to.strip_prefix('#').and_then(|at| root.pointer(at));
        return match (there, references.checked_sub(1)) {
            (Some(there), Some(left)) => knows(root, there, place, left),
            _ => true,
        };
    }
    let key = word.replace("~1", "/").replace("~0", "~");
    let named = fields.get("properties").and_then(Value::as_object);
    if let Some(known) = named.and_then(|named| named.get(&key)) {
        return knows(root, known, rest, references);
    }
    let of_list = key == "*" || key.parse::<usize>().is_ok();
    match fields.get("items") {
        Some(item) if of_list => knows(root, item, rest, references),
        Some(_) => false,
        None => {
            let plain = matches!(
                fields.get("type").and_then(Value::as_str),
                Some("string" | "number" | "integer" | "boolean" | "null")
            );
            named.is_none() && !plain
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_knows_the_places_it_names() {
        let schema = json!({
            "type": "object",
            "properties": {
                "ship_to": { "type": "object", "properties": { "country": { "type": "string" }, "a/b": {} } },
                "lines": { "type": "array", "items": { "properties": { "sku": {} } } },
                "free": { "type": "object" },
                "other": { "$ref": "#/$defs/other" },
                "either": { "anyOf": [{ "type": "string" }, { "properties": { "a": {} } }] },
                "endless": { "$ref": "#/properties/endless" },
            },
            "$defs": { "other": { "type": "object", "properties": { "city": {} } } },
        });
        for (place, known) in [
            ("/ship_to/country", true),
            ("/ship_to/contry", false),
            ("/ship_to/country/code", false),
            ("/ship_to/a~1b", true),
            ("/lines/*/sku", true),
            ("/lines/0/sku", true),
            ("/lines/*/name", false),
            ("/lines/sku", false),
            ("/free/anything", true),
            ("/other/city", true),
            ("/other/town", false),
            ("/either/anything", true),
            ("/endless/anything", true),
            ("/nothing", false),
        ] {
            let words: Vec<&str> = place.split('/').skip(1).collect();
            assert_eq!(
                knows(&schema, &schema, &words, MOST_REFERENCES),
                known,
                "{place}"
            );
        }
        let open = json!({ "type": "object" });
        assert!(knows(&open, &open, &["country"], MOST_REFERENCES));
    }
}
