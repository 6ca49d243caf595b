//! What names an owner or a calendar, asked before one is taken away.

use domain::{cover::Calendar, owner::Owner};

use crate::{
    error::{Error, Result},
    port::Reads,
    rules::Rules,
    seats::{Found, Seat},
    work::Work,
};

/// More than these are counted.
const NAMED: usize = 5;

/// Everything that names this owner: what is published, what is under way, who holds it.
pub(crate) async fn of(
    reads: &mut (dyn Reads + '_),
    rules: &Rules,
    owner: &Owner,
) -> Result<Vec<Seat>> {
    let found = Found::read(reads, rules, None).await?;
    let mut seats = found.seats();
    seats.retain(|seat| seat.owner == *owner);
    seats.extend(in_roster(rules, owner));
    Ok(seats)
}

/// Holders, rotations and covers.
fn in_roster(rules: &Rules, owner: &Owner) -> Vec<Seat> {
    use crate::seats::{Holds, Need};
    let seat = |holds, id, title: &str, place: &str| Seat {
        holds,
        id,
        title: title.to_owned(),
        place: place.to_owned(),
        need: Need::Work,
        owner: owner.clone(),
    };
    let mut seats = Vec::new();
    match owner {
        Owner::Role { party, role } => {
            for (user, _) in rules.members.iter().filter(|(_, member)| {
                member.party == *party && member.functional_roles.contains(role)
            }) {
                seats.push(seat(Holds::Member, user.id, &user.name, "holds it"));
            }
            for one in &rules.roster.rotations {
                if one.party == *party && one.role.as_ref() == Some(role) {
                    seats.push(seat(Holds::Rotation, one.id, &one.name, "stands for it"));
                }
            }
            if let Some(cover) = rules.roster.cover(*party, role) {
                let title = owner.title();
                seats.push(seat(Holds::Cover, cover.id, &title, "how it is covered"));
            }
        }
        Owner::Rotation(key) => {
            for cover in &rules.roster.covers {
                if cover.rotations().any(|one| one == key) {
                    let title = cover.owner().title();
                    seats.push(seat(Holds::Cover, cover.id, &title, "answered by it"));
                }
            }
        }
        Owner::User(_) | Owner::System(_) => {}
    }
    seats
}

impl Work<'_> {
    /// Nothing names it, or who does is said.
    pub(crate) async fn is_unused(&mut self, owner: &Owner, name: &str) -> Result<()> {
        let seats = of(self.tx, &self.rules, owner).await?;
        if seats.is_empty() {
            return Ok(());
        }
        let mut named: Vec<String> = seats
            .iter()
            .take(NAMED)
            .map(|seat| format!("{} ({})", seat.title, seat.place))
            .collect();
        if seats.len() > NAMED {
            named.push(format!("and {} more", seats.len() - NAMED));
        }
        Err(Error::conflict(format!(
            "{name} is still needed: {}. Replace it everywhere first.",
            named.join("; ")
        )))
    }

    pub(crate) fn calendar_is_unused(&self, calendar: &Calendar) -> Result<()> {
        let covers = self
            .rules
            .roster
            .covers
            .iter()
            .filter(|cover| cover.calendar.as_ref() == Some(&calendar.key))
            .map(|cover| cover.owner().title());
        let policies = self
            .rules
            .policies
            .iter()
            .filter(|policy| {
                policy
                    .steps
                    .iter()
                    .any(|step| step.only_within.as_ref() == Some(&calendar.key))
            })
            .map(|policy| policy.name.clone());
        let needed: Vec<String> = covers.chain(policies).collect();
        if needed.is_empty() {
            return Ok(());
        }
        Err(Error::conflict(format!(
            "{} is still needed by {}.",
            calendar.name,
            needed.join(", ")
        )))
    }
}

impl Rules {
    /// Every role and rotation that is published, held, covered or there: who may be asked here.
    pub fn owners(&self) -> std::collections::BTreeSet<Owner> {
        let found = Found {
            flows: self.flows.iter().map(|one| (**one).clone()).collect(),
            contracts: self.contracts.iter().map(|one| (**one).clone()).collect(),
            sources: self.sources.clone(),
            policies: self.policies.clone(),
            ..Found::default()
        };
        let named = found.seats().into_iter().map(|seat| seat.owner);
        let held = self.members.iter().flat_map(|(_, member)| {
            let owner = |role: &String| Owner::role(member.party, role);
            member
                .functional_roles
                .iter()
                .map(owner)
                .collect::<Vec<_>>()
        });
        let covered = self.roster.covers.iter().map(|cover| cover.owner());
        let rotations = self.roster.rotations.iter().map(|one| one.owner());
        named
            .chain(held)
            .chain(covered)
            .chain(rotations)
            .filter(|owner| matches!(owner, Owner::Role { .. } | Owner::Rotation(_)))
            .collect()
    }
}
