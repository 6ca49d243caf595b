//! A contract's rules in words.

use domain::{
    contract::{AckRule, ApprovalCondition, ApprovalRule, ApprovalStep, Contract},
    delivery::RetryPolicy,
    owner::Owner,
};

use engine::Rules;

use crate::ui::time::duration_text;

/// "over $500.00"
fn condition(when: &ApprovalCondition) -> String {
    match when {
        ApprovalCondition::Always => "Always".to_owned(),
        ApprovalCondition::TotalOver { amount } => format!("Total over {amount}"),
        ApprovalCondition::DiscountOver { percent } => format!("More than {percent} % off"),
        ApprovalCondition::NewSku => "First time for a SKU".to_owned(),
        ApprovalCondition::Flagged => "Flagged (a test order, a hold, no address…)".to_owned(),
    }
}

/// "Operations", "2 of Operations", "2 of Operations, Finance and Marketing ops".
fn who_of(step: &ApprovalStep, name: &impl Fn(&Owner) -> String) -> String {
    let owners: Vec<String> = step.asked().map(name).collect();
    let listed = match owners.as_slice() {
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
        [] => String::new(),
    };
    match (step.needs, owners.len()) {
        (1, 1) => listed,
        (needs, _) => format!("{needs} of {listed}"),
    }
}

/// One line per rule; the first whose condition holds decides.
pub(super) fn approval_lines(
    rules: &[ApprovalRule],
    name: impl Fn(&Owner) -> String,
) -> Vec<(String, String)> {
    rules
        .iter()
        .map(|rule| {
            let steps: Vec<String> = rule
                .steps
                .iter()
                .map(|step| {
                    format!(
                        "{} within {}, else {} as well",
                        who_of(step, &name),
                        duration_text(step.accept_ms),
                        name(&step.backup)
                    )
                })
                .collect();
            let steps = steps.join("; then ");
            let who = match rule.critical {
                true => format!("{steps}. Critical: each confirms with code or password"),
                false => steps,
            };
            (condition(&rule.when), who)
        })
        .collect()
}

/// For a list: "2 people", "1 person, over $500.00 or flagged", "nobody".
pub(super) fn approval_short(rules: &[ApprovalRule]) -> String {
    let people = |rule: &ApprovalRule| rule.steps.iter().map(|step| step.needs).sum::<i64>();
    let Some(most) = rules.iter().map(people).max() else {
        return "nobody".to_owned();
    };
    let people = if most == 1 {
        "1 person".to_owned()
    } else {
        format!("{most} people")
    };
    let when: Vec<String> = rules.iter().filter_map(|rule| rule.when.short()).collect();
    if when.is_empty() {
        people
    } else {
        format!("{people}, {}", when.join(" or "))
    }
}

/// "Harbor 3PL", "Harbor 3PL or Nordlager".
pub(super) fn destination_names(contract: &Contract, rules: &Rules) -> String {
    let keys = contract.destinations().into_iter();
    let names: Vec<&str> = keys.map(|key| rules.destination_name(key)).collect();
    match names.as_slice() {
        [most @ .., before, last] => {
            let most: String = most.iter().map(|name| format!("{name}, ")).collect();
            format!("{most}{before} or {last}")
        }
        names => names.concat(),
    }
}

pub(super) fn retry_words(retry: &RetryPolicy) -> String {
    if retry.schedule_ms.is_empty() {
        return "Tried once, never again.".to_owned();
    }
    let waits: Vec<String> = retry
        .schedule_ms
        .iter()
        .map(|ms| duration_text(*ms))
        .collect();
    let attempts = retry.schedule_ms.len() + 1;
    let jitter = match retry.jitter_percent {
        0 => String::new(),
        percent => format!(
            " Each wait is longer by up to {percent} %, so that not everybody comes back at once."
        ),
    };
    format!(
        "Up to {attempts} attempts, waiting {} between them.{jitter} A Retry-After is honoured.",
        waits.join(", ")
    )
}

pub(super) fn ack_words(ack: &AckRule) -> String {
    let accepted = match ack.accepted_within_ms {
        Some(ms) => format!("It says within {} whether it takes it", duration_text(ms)),
        None => "It need not say that it takes it".to_owned(),
    };
    let completed = match ack.completed_within_ms {
        Some(ms) => format!(", and within {} more that it is done.", duration_text(ms)),
        None => "; taking it is the end.".to_owned(),
    };
    let event = ack
        .completion_event
        .map(|event| format!(" Done counts as {event}."))
        .unwrap_or_default();
    format!("{accepted}{completed}{event}")
}

#[cfg(test)]
mod tests {
    use domain::{Currency, Money, owner::Party};

    use super::*;

    #[test]
    fn rules_read_as_sentences() {
        let step = ApprovalStep::of(
            Owner::role(Party::Agency, "operations"),
            Owner::role(Party::Agency, "finance"),
            900_000,
        );
        let amount = Money::new(50_000, Currency::USD);
        let rules = vec![
            ApprovalRule {
                when: ApprovalCondition::TotalOver { amount },
                steps: vec![step.clone()],
                critical: false,
            },
            ApprovalRule {
                when: ApprovalCondition::Flagged,
                steps: vec![step],
                critical: true,
            },
        ];
        assert_eq!(approval_short(&rules), "1 person, over $500.00 or flagged");
        assert_eq!(approval_short(&[]), "nobody");
        let lines = approval_lines(&rules, Owner::title);
        assert_eq!(lines[0].1, "Operations within 15 min, else Finance as well");
        assert_eq!(
            lines[1].1,
            "Operations within 15 min, else Finance as well. Critical: each confirms with code or password"
        );
        let retry = RetryPolicy {
            schedule_ms: vec![5_000, 30_000],
            jitter_percent: 0,
        };
        assert_eq!(
            retry_words(&retry),
            "Up to 3 attempts, waiting 5 s, 30 s between them. A Retry-After is honoured."
        );
        let ack = AckRule {
            accepted_within_ms: Some(900_000),
            completed_within_ms: None,
            completion_event: None,
        };
        assert_eq!(
            ack_words(&ack),
            "It says within 15 min whether it takes it; taking it is the end."
        );
    }
}
