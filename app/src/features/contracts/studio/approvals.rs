//! The section on approvals: rule by rule, who is asked when, in which order, how many of them, and where.
//!
//! A rule is a condition and its steps; the first rule whose condition holds decides. Each list has room below
//! for a little more, so that it grows without a script.

use domain::{
    chat::Channels,
    contract::{ApprovalCondition, ApprovalRule, ApprovalStep, Contract},
    flow::FactKind,
    owner::Owner,
};
use leptos::prelude::*;
use serde_json::json;

use super::{
    fields::{Around, Fields, pairs},
    read::{Form, span_text},
    rows::rows,
};

/// More rules than this nobody keeps in mind.
const MOST_RULES: usize = 8;
const MOST_STEPS: usize = 5;

const CONDITIONS: [(&str, &str); 6] = [
    ("", "no rule"),
    ("always", "always"),
    ("total_over", "the total is over an amount"),
    ("discount_over", "more is off than so many percent"),
    ("new_sku", "it is the first time for a SKU"),
    ("flagged", "it is flagged: a test order, a hold, no address"),
];

fn key(when: &ApprovalCondition) -> &'static str {
    match when {
        ApprovalCondition::Always => "always",
        ApprovalCondition::TotalOver { .. } => "total_over",
        ApprovalCondition::DiscountOver { .. } => "discount_over",
        ApprovalCondition::NewSku => "new_sku",
        ApprovalCondition::Flagged => "flagged",
    }
}

fn limit(when: &ApprovalCondition) -> String {
    match when {
        ApprovalCondition::TotalOver { amount } => FactKind::Money.write(&json!(amount)),
        ApprovalCondition::DiscountOver { percent } => percent.to_string(),
        _ => String::new(),
    }
}

const fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

pub(super) fn fields(form: &Fields<'_>, contract: &Contract, around: &Around) -> AnyView {
    let all = (0..rows(contract.approval.len(), MOST_RULES))
        .map(|index| rule(form, index, contract.approval.get(index), around))
        .collect_view();
    let may = |may: &str, not: &str| pairs(&[("yes", may), ("no", not)]);
    let slack = form.select(
        "slack",
        "In Slack",
        "What is critical has no buttons there: its link leads to the page.",
        may(
            "asked there, and decided with its buttons",
            "not asked there",
        ),
        yes_or_no(contract.channels.slack),
    );
    let mail = form.select(
        "mail",
        "By mail",
        "A mail has a link, which decides nothing by itself.",
        may(
            "asked by mail where there is no place in Slack",
            "not asked by mail",
        ),
        yes_or_no(contract.channels.mail),
    );
    view! {
        <p class="hint">"The first rule whose condition holds decides. Where none does, nobody is asked."</p>
        {all}
        <h2 class="mt-4 font-semibold">"Where people are asked, besides the page"</h2>
        {slack}
        {mail}
    }
    .into_any()
}

fn rule(form: &Fields<'_>, index: usize, found: Option<&ApprovalRule>, around: &Around) -> AnyView {
    let name = |field: &str| format!("rule.{index}.{field}");
    let legend = match found {
        Some(_) => format!("Rule {}", index + 1),
        None => "Another rule".to_owned(),
    };
    let when = found.map_or("", |one| key(&one.when));
    let limit = found.map(|one| limit(&one.when)).unwrap_or_default();
    let critical = pairs(&[
        ("no", "signed in is enough"),
        ("yes", "critical: each confirms with code or password"),
    ]);
    let filled = found.map_or(0, |one| one.steps.len());
    // a rule that is not there yet has room for the two people that most rules ask
    let steps = (0..rows(filled, MOST_STEPS))
        .map(|at| {
            step(
                form,
                (index, at),
                found.and_then(|one| one.steps.get(at)),
                around,
            )
        })
        .collect_view();
    let remove = found.map(|_| form.remove(&name("remove"), "Take this rule out"));
    view! {
        <fieldset class="mt-4">
            <legend class="font-medium">{legend}</legend>
            {form.select(&name("when"), "People are asked when", "", pairs(&CONDITIONS), when)}
            {form.input(&name("limit"), "Over", "For a total 500.00 USD, for a discount 20. Not needed otherwise.", &limit)}
            {form.select(
                &name("critical"),
                "To approve",
                "",
                critical,
                yes_or_no(found.is_some_and(|one| one.critical)),
            )}
            {steps}
            {remove}
        </fieldset>
    }
    .into_any()
}

fn step(
    form: &Fields<'_>,
    (rule, at): (usize, usize),
    found: Option<&ApprovalStep>,
    around: &Around,
) -> AnyView {
    let name = |field: &str| format!("rule.{rule}.step.{at}.{field}");
    let owner = found.map_or(String::new(), |one| one.owner.to_string());
    let backup = found.map_or(String::new(), |one| one.backup.to_string());
    let others: Vec<String> = found
        .map(|one| one.others.iter().map(Owner::to_string).collect())
        .unwrap_or_default();
    let needs = found.map_or(1, |one| one.needs).to_string();
    let accept = found.map_or("30 min".to_owned(), |one| span_text(one.accept_ms));
    let summary = match (found, at) {
        (Some(one), _) => format!("Step {}: {}", at + 1, one.owner.title()),
        (None, 0) => "First step".to_owned(),
        (None, _) => format!("Then another step ({})", at + 1),
    };
    let wrong = ["owner", "others", "needs", "backup", "accept"]
        .iter()
        .any(|field| form.error(&name(field)).is_some());
    let typed = !form.value(&name("owner"), &owner).is_empty();
    let open = wrong || typed;
    view! {
        <details class="mt-2" open=open>
            <summary>{summary}</summary>
            {form.select(&name("owner"), "Asked", "", around.owners.clone(), &owner)}
            {form.area(
                &name("others"),
                "Asked beside them",
                "One per line, as in agency:finance; then each of them counts once. May be empty.",
                2,
                &others.join("\n"),
            )}
            {form.input(&name("needs"), "How many have to approve", "Different people, none of them the author.", &needs)}
            {form.select(&name("backup"), "Backup", "May decide as well once the time below is over.", around.owners.clone(), &backup)}
            {form.input(&name("accept"), "Decided within", "With its unit: 30 min, 4 h. Four times that, and it is expired.", &accept)}
        </details>
    }
    .into_any()
}

pub(super) fn read(form: &mut Form<'_>, contract: Contract) -> Contract {
    let mut approval = Vec::new();
    for index in 0..rows(contract.approval.len(), MOST_RULES) {
        let name = |field: &str| format!("rule.{index}.{field}");
        if form.ticked(&name("remove")) {
            continue;
        }
        let filled = contract
            .approval
            .get(index)
            .map_or(0, |one| one.steps.len());
        let steps = read_steps(form, index, rows(filled, MOST_STEPS));
        if form.get(&name("when")).is_empty() {
            if !steps.is_empty() {
                form.say(&name("when"), "Choose when these people are asked.");
            }
            continue;
        }
        if steps.is_empty() {
            form.say(
                &name("step.0.owner"),
                "Choose who is asked, or take the rule out.",
            );
        }
        if let Some(when) = condition(form, index) {
            approval.push(ApprovalRule {
                when,
                steps,
                critical: form.get(&name("critical")) == "yes",
            });
        }
    }
    Contract {
        approval,
        channels: Channels {
            slack: form.get("slack") == "yes",
            mail: form.get("mail") == "yes",
        },
        ..contract
    }
}

fn condition(form: &mut Form<'_>, index: usize) -> Option<ApprovalCondition> {
    let limit = format!("rule.{index}.limit");
    match form.get(&format!("rule.{index}.when")) {
        "always" => Some(ApprovalCondition::Always),
        "new_sku" => Some(ApprovalCondition::NewSku),
        "flagged" => Some(ApprovalCondition::Flagged),
        "total_over" => {
            let amount = FactKind::Money.read(form.get(&limit)).ok();
            let amount = amount.and_then(|value| serde_json::from_value(value).ok());
            if amount.is_none() {
                form.say(
                    &limit,
                    "Write an amount with its currency, as in 500.00 USD.",
                );
            }
            amount.map(|amount| ApprovalCondition::TotalOver { amount })
        }
        "discount_over" => {
            let percent = form.get(&limit).trim_end_matches('%').trim().parse().ok();
            if percent.is_none() {
                form.say(&limit, "Write a whole number of percent, from 0 to 99.");
            }
            percent.map(|percent| ApprovalCondition::DiscountOver { percent })
        }
        _ => {
            form.say(&format!("rule.{index}.when"), "Choose one of these.");
            None
        }
    }
}

fn read_steps(form: &mut Form<'_>, rule: usize, many: usize) -> Vec<ApprovalStep> {
    let mut steps = Vec::new();
    for at in 0..many {
        let name = |field: &str| format!("rule.{rule}.step.{at}.{field}");
        let named = |field: &str| !form.get(&name(field)).is_empty();
        if !named("owner") && !named("backup") && !named("others") {
            continue;
        }
        let owner = form.owner(&name("owner"));
        let backup = form.owner(&name("backup"));
        let others = form.owners(&name("others"));
        let needs = form.get(&name("needs")).parse().unwrap_or(0);
        if needs < 1 {
            form.say(&name("needs"), "A whole number of people, 1 or more.");
        }
        let accept_ms = form.span(&name("accept"));
        if let Some((owner, backup)) = owner.zip(backup) {
            steps.push(ApprovalStep {
                owner,
                others,
                needs,
                backup,
                accept_ms,
            });
        }
    }
    steps
}
