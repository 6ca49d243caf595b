//! What can be chosen while a flow is drawn for a merchant, under the names people know.

use std::collections::BTreeSet;

use board::names::{Choice, Names};
use domain::{
    event::EventKind,
    owner::{Owner, Party},
};
use engine::Rules;

use crate::web::owner_name;

pub fn names(rules: &Rules) -> Names {
    let mut systems: Vec<Choice> = vec![("meshline".to_owned(), "Meshline".to_owned())];
    let sources = rules
        .sources
        .iter()
        .filter(|source| source.disabled_at.is_none())
        .map(|source| (source.system.clone(), source.name.clone()));
    let destinations = rules
        .destinations
        .iter()
        .filter(|destination| destination.retired_at.is_none())
        .map(|destination| (destination.system.clone(), destination.name.clone()));
    for (system, name) in sources.chain(destinations) {
        if !systems.iter().any(|(known, _)| *known == system) {
            systems.push((system, name));
        }
    }
    let own = |flow: &std::sync::Arc<domain::flow::Flow>| (flow.key.clone(), flow.name.clone());
    Names {
        owners: owners(rules),
        systems,
        contracts: rules
            .contracts
            .iter()
            .map(|contract| (contract.export_type.clone(), contract.title.clone()))
            .collect(),
        flows: rules.flows.iter().map(own).collect(),
        calendars: rules
            .roster
            .calendars
            .iter()
            .map(|calendar| (calendar.key.clone(), calendar.name.clone()))
            .collect(),
        events: EventKind::ALL
            .into_iter()
            .map(|kind| (kind.as_str().to_owned(), kind.as_str().to_owned()))
            .collect(),
    }
}

/// Roles that somebody holds, roles that are the merchant's own, rotations, and people.
fn owners(rules: &Rules) -> Vec<Choice> {
    let mut roles: BTreeSet<(Party, String)> = BTreeSet::new();
    let active = || rules.members.iter().filter(|(user, _)| user.active);
    for (_, member) in active() {
        for role in &member.functional_roles {
            roles.insert((member.party, role.clone()));
        }
    }
    for own in &rules.own_roles {
        for party in [Party::Agency, Party::Merchant] {
            roles.insert((party, own.key.clone()));
        }
    }
    let roles = roles.into_iter().map(|(party, role)| {
        let owner = Owner::Role { party, role };
        let name = format!("{} · {}", owner_name(rules, &owner), party.as_str());
        (owner.to_string(), name)
    });
    let rotations = rules.roster.rotations.iter().map(|rotation| {
        let owner = Owner::Rotation(rotation.key.clone());
        (owner.to_string(), format!("{} · rotation", rotation.name))
    });
    let people = active().map(|(user, _)| {
        let owner = Owner::User(user.id);
        (owner.to_string(), format!("{} · in person", user.name))
    });
    roles.chain(rotations).chain(people).collect()
}
