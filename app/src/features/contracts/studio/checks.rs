//! The section on checks: what must be true of the goods and of the subject before an export may leave, and how
//! old what it says may be.

use std::collections::BTreeMap;

use domain::{
    contract::Contract,
    gate::{Gate, Untold},
};
use leptos::prelude::*;

use super::{
    fields::{Fields, pairs},
    read::{Form, span_text},
    rows::rows,
};

const MOST: usize = 20;

const RULES: [(&str, &str); 7] = [
    ("", "no check"),
    ("price_within", "each price is close to the last one"),
    ("stock_at_least", "there is enough of each SKU"),
    ("sku_known", "the catalogue knows each SKU"),
    ("not_on_hold", "nobody holds the order"),
    ("gtin", "each number is a valid GTIN"),
    ("only_one", "nothing that conflicts is under way"),
];

pub(super) fn fields(form: &Fields<'_>, contract: &Contract) -> AnyView {
    let gates = (0..rows(contract.gates.len(), MOST))
        .map(|index| gate(form, index, contract.gates.get(index)))
        .collect_view();
    let ages = (0..rows(contract.refresh.len(), MOST))
        .map(|index| age(form, index, contract.refresh.iter().nth(index)))
        .collect_view();
    let error = form
        .error("fresh")
        .map(|sentence| view! { <p class="error">{sentence}</p> });
    view! {
        <p class="hint">
            "What fails here stays in quarantine, with a task for the owner; when the facts change, it is looked at again by itself. \
             The schema, the owner, the clocks and the routes are checked always."
        </p>
        {gates}
        <h2 class="mt-4 font-semibold" id="f-f[fresh]">"How old a field may be when it leaves"</h2>
        <p class="hint">"What is older is read anew first, not sent."</p>
        {error}
        {ages}
    }
    .into_any()
}

fn gate(form: &Fields<'_>, index: usize, found: Option<&Gate>) -> AnyView {
    let name = |field: &str| format!("gate.{index}.{field}");
    let legend = found.map_or_else(|| "Another check".to_owned(), Gate::words);
    let (mut below, mut above) = (String::new(), String::new());
    let (mut units, mut untold, mut intents) = (String::new(), "refused", String::new());
    match found {
        Some(Gate::PriceWithin {
            below_percent,
            above_percent,
            ..
        }) => {
            below = below_percent.to_string();
            above = above_percent.to_string();
        }
        Some(Gate::StockAtLeast {
            units: least,
            untold: without,
            ..
        }) => {
            units = least.to_string();
            if *without == Untold::Accepted {
                untold = "accepted";
            }
        }
        Some(Gate::OnlyOne { intents: all }) => intents = all.join(", "),
        _ => {}
    }
    let place = found.and_then(Gate::at).unwrap_or_default();
    let remove = found.map(|_| form.remove(&name("remove"), "Take this check out"));
    let either = pairs(&[("refused", "it fails"), ("accepted", "it passes")]);
    let open =
        |is: bool, fields: &[&str]| is || fields.iter().any(|one| form.error(&name(one)).is_some());
    let on_price = open(!below.is_empty(), &["below", "above"]);
    let on_stock = open(!units.is_empty(), &["units"]);
    let on_intents = open(!intents.is_empty(), &["intents"]);
    view! {
        <fieldset class="mt-4">
            <legend class="font-medium">{legend}</legend>
            {form.select(&name("rule"), "It must be true that", "", pairs(&RULES), found.map_or("", Gate::name))}
            {form.input(
                &name("at"),
                "Where in the payload",
                "A JSON Pointer, * for each of a list: /skus/* or /lines/*/sku. For prices, SKUs and GTINs.",
                place,
            )}
            <details class="mt-2" open=on_price>
                <summary>"How close a price must be"</summary>
                {form.input(&name("below"), "At most below the last one", "Per cent, from 0 to 100.", &below)}
                {form.input(&name("above"), "At most above the last one", "Per cent, from 0 to 10000.", &above)}
            </details>
            <details class="mt-2" open=on_stock>
                <summary>"How much stock is enough"</summary>
                {form.input(&name("units"), "Units of each", "As many as the line says, where that is more.", &units)}
                {form.select(&name("untold"), "Where nobody told the stock", "", either, untold)}
            </details>
            <details class="mt-2" open=on_intents>
                <summary>"What conflicts"</summary>
                {form.input(&name("intents"), "Intents", "Of other exports of the same subject, separated by commas: publish_live, unpublish.", &intents)}
            </details>
            {remove}
        </fieldset>
    }
    .into_any()
}

fn age(form: &Fields<'_>, index: usize, found: Option<(&String, &i64)>) -> AnyView {
    let name = |field: &str| format!("fresh.{index}.{field}");
    let age = found.map_or(String::new(), |(_, ms)| span_text(*ms));
    let field = found.map_or("", |(field, _)| field.as_str());
    view! {
        <div class="grid gap-x-4 sm:grid-cols-2">
            {form.input(&name("field"), "Field", "Of the payload; price and stock are the catalogue’s. Empty: none.", field)}
            {form.input(&name("age"), "At most", "With its unit: 15 min.", &age)}
        </div>
    }
    .into_any()
}

pub(super) fn read(form: &mut Form<'_>, contract: Contract) -> Contract {
    let mut gates = Vec::new();
    for index in 0..rows(contract.gates.len(), MOST) {
        let kind = form.text(&format!("gate.{index}.rule"));
        if !kind.is_empty() && !form.ticked(&format!("gate.{index}.remove")) {
            gates.extend(read_gate(form, index, &kind));
        }
    }
    let mut refresh = BTreeMap::new();
    for index in 0..rows(contract.refresh.len(), MOST) {
        let name = |field: &str| format!("fresh.{index}.{field}");
        let field = form.text(&name("field"));
        if field.is_empty() {
            continue;
        }
        let age = form.span(&name("age"));
        if refresh.insert(field.clone(), age).is_some() {
            form.say(&name("field"), format!("{field} stands here twice."));
        }
    }
    Contract {
        gates,
        refresh,
        ..contract
    }
}

fn read_gate(form: &mut Form<'_>, index: usize, kind: &str) -> Option<Gate> {
    let name = |field: &str| format!("gate.{index}.{field}");
    let at = form.text(&name("at"));
    let gate = match kind {
        "price_within" => Gate::PriceWithin {
            at,
            below_percent: form.number(&name("below"), "A whole number from 0 to 100.")?,
            above_percent: form.number(&name("above"), "A whole number from 0 to 10000.")?,
        },
        "stock_at_least" => Gate::StockAtLeast {
            at,
            units: form.number(&name("units"), "A whole number of 0 or more.")?,
            untold: match form.get(&name("untold")) {
                "accepted" => Untold::Accepted,
                _ => Untold::Refused,
            },
        },
        "sku_known" => Gate::SkuKnown { at },
        "not_on_hold" => Gate::NotOnHold,
        "gtin" => Gate::Gtin { at },
        "only_one" => Gate::OnlyOne {
            intents: form
                .get(&name("intents"))
                .split([',', ' '])
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect(),
        },
        _ => {
            form.say(&name("rule"), "Choose one of these.");
            return None;
        }
    };
    for (field, sentence) in gate.faults() {
        form.say(&name(gate_field(field)), sentence);
    }
    Some(gate)
}

/// A field of a rule, as the form calls it.
pub(super) fn gate_field(field: &str) -> &str {
    match field {
        "below_percent" => "below",
        "above_percent" => "above",
        other => other,
    }
}
