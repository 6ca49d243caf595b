//! Names for what rows know only by key: owners, actors, what an audit entry says was done.

use domain::{
    flow::readiness::OwnerFact,
    owner::{Owner, role_title},
};
use engine::Rules;

use super::Visit;

/// "Mara K."
pub fn short_name(name: &str) -> String {
    let mut words = name.split_whitespace();
    let Some(first) = words.next() else {
        return "Nobody".to_owned();
    };
    match words.next_back().and_then(|last| last.chars().next()) {
        Some(initial) => format!("{first} {initial}."),
        None => first.to_owned(),
    }
}

/// Everybody who could answer, as a list to choose from: roles, rotations and people. Two sides can have the same role.
pub async fn owner_options(at: &Visit) -> engine::Result<Vec<(String, String)>> {
    let around = at.engine().flow_surroundings(&at.ctx).await?;
    let titled = |one: &OwnerFact| match &one.owner {
        Owner::Role { party, .. } => format!("{}, {}", one.title, party.title()),
        _ => one.title.clone(),
    };
    Ok(around
        .owners
        .iter()
        .map(|one| (one.owner.to_string(), titled(one)))
        .collect())
}

/// A person's name, "Marketing ops", a rotation's or a system's name.
pub fn owner_name(rules: &Rules, owner: &Owner) -> String {
    match owner {
        Owner::User(id) => rules
            .user_name(*id)
            .map_or_else(|| "A former member".to_owned(), str::to_owned),
        Owner::Role { role, .. } => rules
            .own_roles
            .iter()
            .find(|own| own.key == *role)
            .map_or_else(|| role_title(role), |own| own.title.clone()),
        Owner::Rotation(_) => rules.roster.title(owner),
        Owner::System(name) => system_name(rules, name),
    }
}

/// What a system is called here, by the key under which flows and contracts know it.
pub fn system_name(rules: &Rules, key: &str) -> String {
    let destination = rules.destinations.iter().find(|one| one.key == key);
    match destination {
        _ if key == "meshline" => "Meshline".to_owned(),
        Some(one) => one.name.clone(),
        None => role_title(key),
    }
}

/// The actor of an audit entry: `user:<id>`, `source:<id>`, `token:<id>`, `destination:<key>`, `system`.
pub fn actor_name(rules: &Rules, actor: &str) -> String {
    match actor.split_once(':') {
        Some(("user", id)) => id
            .parse()
            .ok()
            .and_then(|id| rules.user_name(id))
            .map_or_else(|| "A former member".to_owned(), str::to_owned),
        Some(("source", id)) => id.parse().ok().and_then(|id| rules.source(id)).map_or_else(
            || "A former source".to_owned(),
            |source| source.name.clone(),
        ),
        Some(("token", _)) => "An API token".to_owned(),
        Some(("destination", key)) => rules
            .destination(key)
            .map_or_else(|| key.to_owned(), |found| found.name.clone()),
        _ => "Meshline".to_owned(),
    }
}

/// `insufficient_inventory` reads "Insufficient inventory".
pub fn code_words(code: &str) -> String {
    match code {
        "qa_failed" => "QA failed".to_owned(),
        "sla_missed" => "SLA missed".to_owned(),
        _ => role_title(code),
    }
}

/// `task.claimed` reads "Claimed" on the task's own page, `export.ready` "Ready to send".
pub fn action_words(action: &str) -> String {
    match action {
        "task.opened" => "Opened".to_owned(),
        "task.claimed" => "Taken".to_owned(),
        "task.released" => "Given back".to_owned(),
        "task.woke" => "Back from its snooze".to_owned(),
        "task.overdue" => "Overdue, and nobody further to ask".to_owned(),
        "task.cancelled" => "Closed by itself".to_owned(),
        "approval.asked" => "Asked for approval".to_owned(),
        "export.created" => "Made".to_owned(),
        "export.ready" => "Ready to send".to_owned(),
        "export.replayed" => "Sent again".to_owned(),
        "member.added" => "Member added".to_owned(),
        "token.created" => "Token made".to_owned(),
        "merchant.renamed" => "Merchant renamed".to_owned(),
        "member.left" => "Taken out".to_owned(),
        "retention.set" => "Days of retention set".to_owned(),
        "retention.removed" => "Content removed under a rule".to_owned(),
        "legal_hold.placed" => "Legal hold placed".to_owned(),
        "legal_hold.lifted" => "Legal hold lifted".to_owned(),
        other => {
            let said = other.split_once('.').map_or(other, |(_, said)| said);
            role_title(&said.replace('.', " "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_actions_are_words() {
        assert_eq!(short_name("Mara Keller"), "Mara K.");
        assert_eq!(short_name("Priya"), "Priya");
        assert_eq!(action_words("task.escalated"), "Escalated");
        assert_eq!(action_words("export.delivery_failed"), "Delivery failed");
    }
}
