//! The rows of the section on delivery: where else it goes, and when.

use domain::{
    contract::{Contract, DestinationRoute, MOST_ROUTES, RouteCondition},
    flow::FactKind,
};
use leptos::prelude::*;
use serde_json::json;

use super::{
    fields::{Around, Fields, pairs},
    read::Form,
    rows::rows,
};

const CONDITIONS: [(&str, &str); 4] = [
    ("", "no route"),
    ("is_one_of", "it is, or is one of"),
    ("starts_with", "it starts with"),
    ("amount_over", "the amount there is over"),
];

/// What is compared with, as it is written in the form.
fn value(when: &RouteCondition) -> String {
    match when {
        RouteCondition::IsOneOf { values, .. } | RouteCondition::StartsWith { values, .. } => {
            values.join(", ")
        }
        RouteCondition::AmountOver { amount, .. } => FactKind::Money.write(&json!(amount)),
    }
}

pub(super) fn fields(form: &Fields<'_>, contract: &Contract, around: &Around) -> AnyView {
    let all = (0..rows(contract.routes.len(), MOST_ROUTES))
        .map(|index| route(form, index, contract.routes.get(index), around))
        .collect_view();
    view! {
        <h2 class="mt-4 font-semibold" id="f-f[routes]">"Where else it goes"</h2>
        <p class="hint">
            "The first route whose condition holds of the payload decides; where none does, it goes to the destination above. \
             What is approved is approved for where it goes."
        </p>
        {all}
    }
    .into_any()
}

fn route(
    form: &Fields<'_>,
    index: usize,
    found: Option<&DestinationRoute>,
    around: &Around,
) -> AnyView {
    let name = |field: &str| format!("route.{index}.{field}");
    let conditions = pairs(&CONDITIONS);
    let legend = found.map_or_else(
        || "Another route".to_owned(),
        |one| format!("When {}", one.when.words()),
    );
    let when = found.map_or("", |one| one.when.name());
    let place = found.map_or("", |one| one.when.at());
    let is = found.map(|one| value(&one.when)).unwrap_or_default();
    let there = found.map_or("", |one| &one.destination);
    let remove = found.map(|_| form.remove(&name("remove"), "Take this route out"));
    view! {
        <fieldset class="mt-4">
            <legend class="font-medium">{legend}</legend>
            {form.input(&name("at"), "Where in the payload", "A JSON Pointer, * for each of a list: /ship_to/country_code or /lines/*/sku.", place)}
            {form.select(&name("when"), "Goes there when", "", conditions, when)}
            {form.input(&name("value"), "This", "DE, AT: several with commas. An amount with its currency: 500.00 USD.", &is)}
            {form.select(&name("destination"), "Goes to", "", around.destinations.clone(), there)}
            {remove}
        </fieldset>
    }
    .into_any()
}

pub(super) fn read(form: &mut Form<'_>, contract: &Contract) -> Vec<DestinationRoute> {
    let mut routes = Vec::new();
    for index in 0..rows(contract.routes.len(), MOST_ROUTES) {
        let name = |field: &str| format!("route.{index}.{field}");
        let is_empty = ["at", "when", "value", "destination"]
            .iter()
            .all(|field| form.get(&name(field)).is_empty());
        if is_empty || form.ticked(&name("remove")) {
            continue;
        }
        let destination = form.text(&name("destination"));
        if destination.is_empty() {
            form.say(&name("destination"), "Choose where it goes.");
        }
        let was = contract.routes.get(index).map(|one| &one.when);
        if let Some(when) = condition(form, index, was) {
            routes.push(DestinationRoute { when, destination });
        }
    }
    routes
}

fn condition(
    form: &mut Form<'_>,
    index: usize,
    was: Option<&RouteCondition>,
) -> Option<RouteCondition> {
    let name = |field: &str| format!("route.{index}.{field}");
    let at = form.text(&name("at"));
    let typed = form.text(&name("value"));
    let kind = form.text(&name("when"));
    // a text with a comma in it stays one text as long as nobody writes another
    let values = match was {
        Some(
            RouteCondition::IsOneOf { values, .. } | RouteCondition::StartsWith { values, .. },
        ) if values.join(", ") == typed => values.clone(),
        _ => texts(&typed),
    };
    let when = match kind.as_str() {
        "is_one_of" => RouteCondition::IsOneOf { at, values },
        "starts_with" => RouteCondition::StartsWith { at, values },
        "amount_over" => {
            let amount = FactKind::Money.read(&typed).ok();
            let Some(amount) = amount.and_then(|value| serde_json::from_value(value).ok()) else {
                form.say(
                    &name("value"),
                    "Write an amount with its currency, as in 500.00 USD.",
                );
                return None;
            };
            RouteCondition::AmountOver { at, amount }
        }
        _ => {
            form.say(&name("when"), "Choose when it goes there.");
            return None;
        }
    };
    for (field, sentence) in when.faults() {
        form.say(&name(field_of(field)), sentence);
    }
    Some(when)
}

/// Each once, in the order in which they were written.
fn texts(typed: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for word in typed.split(',').map(str::trim) {
        if !word.is_empty() && !all.iter().any(|known| known == word) {
            all.push(word.to_owned());
        }
    }
    all
}

/// A field of a route, as the form calls it.
pub(super) fn field_of(field: &str) -> &str {
    match field {
        "values" | "amount" => "value",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_separated_by_commas_and_named_once() {
        assert_eq!(texts("DE, AT,,DE , New York"), ["DE", "AT", "New York"]);
        assert!(texts(" , ").is_empty());
    }
}
