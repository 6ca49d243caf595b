//! Handing over: what one person holds becomes somebody else's, in the transaction in which they change or
//! leave.
//!
//! What they hold in person is rewritten: running items in place, published flows and contracts as a new
//! version, because a version never changes. A role that nobody else holds goes to the successor as a role
//! when they stand on the same side; otherwise its seats name the successor in person. What comes out of
//! it has to be publishable like anything else.

pub(crate) mod passing_on;

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    owner::Owner,
    people::{Membership, User},
};
use uuid::Uuid;

use crate::{
    cover::is_out,
    error::{Error, FieldError, Result},
    invitations::fault,
    port::Reads,
    rules::Rules,
    seats::{Found, Holds, Need, Seat, may},
};

/// Who gets what. `to` takes everything for which nobody else is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Handover {
    pub to: Option<Uuid>,
    /// Tasks, and exports under way.
    pub work: Option<Uuid>,
    pub approvals: Option<Uuid>,
    /// Seats in flows, contracts and sources.
    pub rules: Option<Uuid>,
    /// Roles that nobody else holds.
    pub roles: Option<Uuid>,
}

/// The kinds that a form tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Share {
    Work,
    Approvals,
    Rules,
    Roles,
}

impl Share {
    pub const ALL: [Self; 4] = [Self::Work, Self::Approvals, Self::Rules, Self::Roles];

    pub fn field(self) -> &'static str {
        match self {
            Self::Work => "work_to",
            Self::Approvals => "approvals_to",
            Self::Rules => "rules_to",
            Self::Roles => "roles_to",
        }
    }

    fn of(holds: Holds, owner: &Owner) -> Self {
        match (owner, holds) {
            (Owner::Role { .. }, _) => Self::Roles,
            (_, Holds::Task | Holds::Export) => Self::Work,
            (_, Holds::Approval) => Self::Approvals,
            (
                _,
                Holds::Flow
                | Holds::Contract
                | Holds::Source
                | Holds::Policy
                | Holds::Rotation
                | Holds::Cover
                | Holds::Member,
            ) => Self::Rules,
        }
    }
}

impl Seat {
    pub fn share(&self) -> Share {
        Share::of(self.holds, &self.owner)
    }
}

impl Handover {
    fn named(&self, share: Share) -> Option<Uuid> {
        match share {
            Share::Work => self.work,
            Share::Approvals => self.approvals,
            Share::Rules => self.rules,
            Share::Roles => self.roles,
        }
    }

    pub(crate) fn for_share(&self, share: Share) -> Option<Uuid> {
        self.named(share).or(self.to)
    }

    /// Where an error about this share's successor belongs.
    pub(crate) fn field(&self, share: Share) -> &'static str {
        if self.named(share).is_some() {
            share.field()
        } else {
            "to"
        }
    }

    pub(crate) fn people(&self) -> BTreeSet<Uuid> {
        [self.to, self.work, self.approvals, self.rules, self.roles]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// One merchant's part of somebody leaving or changing.
pub(crate) struct Passing {
    pub leaver: User,
    /// As it stood.
    pub before: Arc<Rules>,
    /// The same with the people that will be there.
    pub after: Rules,
    pub found: Found,
    /// Everything that would be nobody's.
    pub lost: Vec<Seat>,
    /// They are gone, and not only changed: nothing under way may name them.
    pub leaves: bool,
    /// Somebody gave them another place; they are not on their way out.
    pub is_change: bool,
}

/// What becomes of somebody at a merchant.
#[derive(Clone, Debug)]
pub(crate) enum Becomes {
    /// They stay, like this.
    Placed(Membership),
    /// They have no place of their own any more; who is sent by the operator still comes.
    TakenOut,
    /// They cannot act anywhere.
    Deactivated,
}

impl Passing {
    pub(crate) async fn of(
        reads: &mut (dyn Reads + '_),
        before: Arc<Rules>,
        leaver: User,
        becomes: Becomes,
    ) -> Result<Self> {
        let mut after = (*before).clone();
        let is_change = matches!(becomes, Becomes::Placed(_));
        let becomes = match becomes {
            Becomes::Placed(place) => Some(place),
            Becomes::Deactivated => None,
            Becomes::TakenOut => reads
                .operator_memberships_of(leaver.id)
                .await?
                .into_iter()
                .find(|member| member.operator_id == before.merchant.operator_id)
                .map(|member| member.at(before.merchant.id)),
        };
        let leaves = becomes.is_none();
        match becomes {
            None => after.members.retain(|(user, _)| user.id != leaver.id),
            Some(place) => {
                for (user, member) in &mut after.members {
                    if user.id == leaver.id {
                        *member = place.clone();
                    }
                }
            }
        }
        let found = Found::read(reads, &before, Some(leaver.id)).await?;
        let mut lost = found.seats();
        lost.retain(|seat| seat.is_lost(&before, &after) || is_out(seat, &leaver, &after));
        Ok(Self {
            leaver,
            before,
            after,
            found,
            lost,
            leaves,
            is_change,
        })
    }

    /// At least one active admin stays, where there was one.
    pub(crate) fn keeps_an_admin(&self) -> bool {
        let admins = |rules: &Rules| {
            rules
                .members
                .iter()
                .any(|(user, member)| user.active && member.runs_it())
        };
        admins(&self.after) || !admins(&self.before)
    }

    /// Who can take over all of a share: everybody active whom no seat in it is beyond.
    pub fn candidates(&self, share: Option<Share>) -> Vec<&User> {
        self.after
            .members
            .iter()
            .filter(|(user, _)| user.active && user.id != self.leaver.id)
            .filter(|(_, member)| {
                self.lost
                    .iter()
                    .filter(|seat| share.is_none_or(|share| seat.share() == share))
                    .all(|seat| may(member, seat.need))
            })
            .map(|(user, _)| user)
            .collect()
    }

    /// Every share of it has somebody who can take it.
    fn check(&self, handover: &Handover) -> Result<()> {
        let mut faults: Vec<FieldError> = Vec::new();
        for share in Share::ALL {
            let seats: Vec<&Seat> = self
                .lost
                .iter()
                .filter(|seat| seat.share() == share)
                .collect();
            if seats.is_empty() {
                continue;
            }
            let field = handover.field(share);
            let why = match handover.for_share(share) {
                None => Some(format!(
                    "{} would be nobody’s: {}. Choose who takes over.",
                    things(seats.len()),
                    named(&seats)
                )),
                Some(id) => self.unfit(id, &seats),
            };
            if let Some(sentence) = why
                && !faults.iter().any(|known| known.field == field)
            {
                faults.push(fault(field, sentence));
            }
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid_fields(faults))
        }
    }

    /// Why this person cannot take these seats.
    fn unfit(&self, id: Uuid, seats: &[&Seat]) -> Option<String> {
        let merchant = &self.before.merchant.name;
        let found = self
            .after
            .members
            .iter()
            .find(|(user, _)| user.id == id && user.active && id != self.leaver.id);
        let Some((user, member)) = found else {
            return Some(format!(
                "Choose somebody who works at {merchant}, where {} would be nobody’s: {}.",
                things(seats.len()),
                named(seats)
            ));
        };
        let beyond = seats.iter().find(|seat| !may(member, seat.need))?;
        let lacking = match beyond.need {
            Need::Decide => "may not approve",
            _ => "may not work on tasks",
        };
        Some(format!(
            "{} {lacking} at {merchant}, which “{}” needs ({}).",
            user.name, beyond.title, beyond.place
        ))
    }

    /// The roles the successor takes on as roles, with the place they then have.
    fn promoted(&self, handover: &Handover) -> Option<(Membership, Membership)> {
        let id = handover.for_share(Share::Roles)?;
        let (_, member) = self.after.members.iter().find(|(user, _)| user.id == id)?;
        let mut grown = member.clone();
        for seat in &self.lost {
            if let Owner::Role { party, role } = &seat.owner
                && *party == member.party
                && !grown.functional_roles.contains(role)
            {
                grown.functional_roles.push(role.clone());
            }
        }
        (grown != *member).then(|| (member.clone(), grown))
    }

    /// Who sits there from now on, if somebody else does.
    fn next(&self, handover: &Handover, holds: Holds, need: Need, owner: &Owner) -> Option<Owner> {
        let is_lost = || {
            self.lost
                .iter()
                .filter(|seat| (seat.holds == Holds::Rotation) == (holds == Holds::Rotation))
                .any(|seat| seat.owner == *owner && seat.need == need)
        };
        let successor = handover.for_share(Share::of(holds, owner));
        match owner {
            Owner::User(id) if *id == self.leaver.id && (self.leaves || is_lost()) => {
                successor.map(Owner::User)
            }
            Owner::Role { party, .. } if is_lost() => {
                let id = successor?;
                let (_, member) = self.after.members.iter().find(|(user, _)| user.id == id)?;
                (member.party != *party).then_some(Owner::User(id))
            }
            _ => None,
        }
    }
}

fn things(n: usize) -> String {
    if n == 1 {
        "1 thing".to_owned()
    } else {
        format!("{n} things")
    }
}

fn named(seats: &[&Seat]) -> String {
    const SHOWN: usize = 3;
    let mut names: Vec<String> = seats
        .iter()
        .take(SHOWN)
        .map(|seat| match &seat.owner {
            Owner::Role { .. } => format!("{} ({}, {})", seat.title, seat.place, seat.owner),
            _ => format!("{} ({})", seat.title, seat.place),
        })
        .collect();
    if seats.len() > SHOWN {
        names.push(format!("and {} more", seats.len() - SHOWN));
    }
    names.join("; ")
}
