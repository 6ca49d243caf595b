//! Handing over: what one person holds becomes somebody else's, in the transaction in which they change or
//! leave.
//!
//! What they hold in person is rewritten: running items in place, published flows and contracts as a new
//! version, because a version never changes. A role that nobody else holds goes to the successor as a role
//! when they stand on the same side; otherwise its seats name the successor in person. What comes out of
//! it has to be publishable like anything else.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    chat::Handing,
    contract::Contract,
    flow::Flow,
    owner::Owner,
    people::{Membership, User},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    cover::is_out,
    error::{Error, FieldError, Result},
    invitations::fault,
    job::JobKind,
    port::Reads,
    publish::{contract_faults, flow_faults},
    rules::Rules,
    seats::{self, Found, Holds, Need, Seat, may},
    work::Work,
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
        })
    }

    /// At least one active admin stays, where there was one.
    pub(crate) fn keeps_an_admin(&self) -> bool {
        let admins = |rules: &Rules| {
            rules
                .members
                .iter()
                .any(|(user, member)| user.active && member.access == domain::access::Access::Admin)
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

impl Work<'_> {
    /// Gives everything that would be nobody's to who is named for it, or changes nothing and says what is
    /// missing. The leaver's own place is the caller's business.
    pub(crate) async fn hand_over(
        &mut self,
        mut passing: Passing,
        handover: &Handover,
    ) -> Result<()> {
        passing.check(handover)?;
        let why = if passing.leaves {
            format!("{} left", passing.leaver.name)
        } else {
            format!("{} was changed", passing.leaver.name)
        };
        if let Some((was, grown)) = passing.promoted(handover) {
            self.tx.save_membership(&grown).await.map_err(|error| match error.kind {
                // they reach this merchant through its operator, and have no place of their own to put it in
                crate::Kind::Conflict => Error::invalid(
                    handover.field(Share::Roles),
                    "They work here through the operator; invite them to this merchant before they take over a role.",
                ),
                _ => error,
            })?;
            self.note(
                "member.changed",
                "member",
                grown.user_id,
                json!({
                    "before": { "functional_roles": was.functional_roles },
                    "after": { "functional_roles": grown.functional_roles }, "why": why,
                }),
            );
            for (_, member) in &mut passing.after.members {
                if member.user_id == grown.user_id {
                    *member = grown.clone();
                }
            }
        }
        self.pass_turns(&mut passing, handover).await?;
        self.pass_rules(&passing, handover, &why).await?;
        self.pass_tasks(&passing, handover, &why).await?;
        self.pass_exports(&passing, handover, &why).await
    }

    async fn pass_rules(
        &mut self,
        passing: &Passing,
        handover: &Handover,
        why: &str,
    ) -> Result<()> {
        let field = handover.field(Share::Rules);
        for old in &passing.found.sources {
            let mut next = old.clone();
            seats::source(&mut next, &mut |_, need, owner| {
                replace(passing, handover, Holds::Source, need, owner)
            });
            if next == *old {
                continue;
            }
            if next.owner == next.backup {
                return Err(same_backup(field, &next.name));
            }
            self.tx.save_source(&next).await?;
            let detail = json!({
                "before": { "owner": old.owner, "backup": old.backup },
                "after": { "owner": next.owner, "backup": next.backup }, "why": why,
            });
            self.note("source.reassigned", "source", next.id, detail);
        }
        for old in &passing.found.contracts {
            let mut next = old.clone();
            seats::contract(&mut next, &mut |_, need, owner| {
                replace(passing, handover, Holds::Contract, need, owner)
            });
            if next == *old {
                continue;
            }
            self.republish_contract(old, next, passing, field, why)
                .await?;
        }
        for old in &passing.found.flows {
            let mut next = old.clone();
            seats::flow(&mut next, &mut |_, need, owner| {
                replace(passing, handover, Holds::Flow, need, owner)
            });
            if next == *old {
                continue;
            }
            self.republish_flow(old, next, passing, field, why).await?;
        }
        for old in &passing.found.policies {
            let mut next = old.clone();
            seats::policy(&mut next, &mut |_, need, owner| {
                replace(passing, handover, Holds::Policy, need, owner)
            });
            if next != *old {
                self.next_policy(old, next).await?;
            }
        }
        Ok(())
    }

    async fn republish_contract(
        &mut self,
        old: &Contract,
        mut next: Contract,
        passing: &Passing,
        field: &str,
        why: &str,
    ) -> Result<()> {
        let mut seen = BTreeSet::new();
        next.watchers.retain(|owner| seen.insert(owner.clone()));
        if next.escalation != old.escalation {
            next.escalation.version += 1;
        }
        // who does both steps of an approval is one person
        for rule in &next.approval {
            let mut people: Vec<&Owner> = rule.steps.iter().map(|step| &step.owner).collect();
            let all = people.len();
            people.retain(|owner| matches!(owner, Owner::User(_)));
            let users = people.len();
            people.sort();
            people.dedup();
            if users == all && people.len() < users {
                return Err(Error::invalid(
                    field,
                    format!(
                        "“{}” asks for two people; choose somebody else.",
                        next.title
                    ),
                ));
            }
        }
        let known = contract_faults(old, &passing.before);
        if let Some(new) = contract_faults(&next, &passing.after)
            .into_iter()
            .find(|one| !known.contains(one))
        {
            return Err(Error::invalid(
                field,
                format!("“{}”: {}", next.title, new.sentence),
            ));
        }
        let (major, minor) = old
            .version
            .split_once('.')
            .and_then(|(major, minor)| Some((major, minor.parse::<i64>().ok()?)))
            .ok_or_else(|| Error::internal("a published contract's version is no version"))?;
        next.id = self.uuid();
        next.version = format!("{major}.{}", minor + 1);
        next.published_at = self.now;
        let detail = json!({ "export_type": next.export_type, "version": next.version, "replaces": old.version, "why": why });
        self.keep_contract(&next, detail).await
    }

    async fn republish_flow(
        &mut self,
        old: &Flow,
        mut next: Flow,
        passing: &Passing,
        field: &str,
        why: &str,
    ) -> Result<()> {
        if let Some(step) = next.steps.iter().find(|step| step.owner == step.backup)
            && old.steps.iter().all(|step| step.owner != step.backup)
        {
            return Err(same_backup(field, &step.title));
        }
        let known = flow_faults(&self.engine, old, &passing.before, self.now);
        if let Some(new) = flow_faults(&self.engine, &next, &passing.after, self.now)
            .into_iter()
            .find(|one| !known.contains(one))
        {
            return Err(Error::invalid(
                field,
                format!("“{}”: {}", next.name, new.sentence),
            ));
        }
        next.id = self.uuid();
        next.version = old.version + 1;
        next.published_at = self.now;
        self.tx.insert_flow(&next).await?;
        self.note(
            "flow.published",
            "flow",
            next.id,
            json!({ "key": next.key, "version": next.version, "replaces": old.version, "why": why }),
        );
        Ok(())
    }

    async fn pass_tasks(
        &mut self,
        passing: &Passing,
        handover: &Handover,
        why: &str,
    ) -> Result<()> {
        for old in &passing.found.tasks {
            let mut next = old.clone();
            let claimed = next.assignee.and_then(|user| {
                passing.next(handover, Holds::Task, Need::Work, &Owner::User(user))
            });
            seats::task(&mut next, &mut |_, need, owner| {
                replace(passing, handover, Holds::Task, need, owner)
            });
            next.watchers
                .retain(|owner| !passing.leaves || *owner != Owner::User(passing.leaver.id));
            let to = claimed.or_else(|| (next.owner != old.owner).then(|| next.owner.clone()));
            if let Some(to) = to {
                next = next.reassign(to.clone(), self.now)?;
                self.keep_task(&next).await?;
                let detail = json!({ "from": old.holder(), "to": to, "why": why });
                self.note("task.reassigned", "task", next.id, detail);
                self.tell_owner(&next, Handing::Given).await?;
                self.arm(JobKind::TaskAcceptDeadline, next.id, next.accept_by)
                    .await?;
            } else if next != *old {
                self.keep_task(&next).await?;
            }
        }
        Ok(())
    }

    async fn pass_exports(
        &mut self,
        passing: &Passing,
        handover: &Handover,
        why: &str,
    ) -> Result<()> {
        let field = handover.field(Share::Approvals);
        for old in &passing.found.approvals {
            let mut next = old.clone();
            seats::approval(&mut next, &mut |_, need, owner| {
                replace(passing, handover, Holds::Approval, need, owner)
            });
            if next == *old {
                continue;
            }
            if let Owner::User(id) = &next.owner {
                let others = self.tx.approvals_of(old.merchant_id, old.export_id).await?;
                let twice = others.iter().any(|one| {
                    one.id != old.id && (one.decided_by == Some(*id) || one.owner == next.owner)
                });
                if next.author == Some(*id) || twice {
                    let name = passing.after.user_name(*id).unwrap_or("They").to_owned();
                    return Err(Error::invalid(
                        field,
                        format!(
                            "{name} wrote or approves another step of something that waits; choose somebody else for approvals."
                        ),
                    ));
                }
            }
            self.keep_approval(&next).await?;
            let detail = json!({
                "export_id": next.export_id, "why": why,
                "before": { "owner": old.owner, "backup": old.backup },
                "after": { "owner": next.owner, "backup": next.backup },
            });
            self.note("approval.reassigned", "approval", next.id, detail);
        }
        for old in &passing.found.exports {
            let mut next = old.clone();
            seats::export(&mut next, &mut |_, need, owner| {
                replace(passing, handover, Holds::Export, need, owner)
            });
            next.watchers
                .retain(|owner| !passing.leaves || *owner != Owner::User(passing.leaver.id));
            if next == *old {
                continue;
            }
            self.tx.save_export(&next).await?;
            let detail = json!({
                "before": { "owner": old.owner, "backup": old.backup },
                "after": { "owner": next.owner, "backup": next.backup }, "why": why,
            });
            self.note("export.reassigned", "export", next.id, detail);
        }
        Ok(())
    }
}

pub(crate) fn replace(
    passing: &Passing,
    handover: &Handover,
    holds: Holds,
    need: Need,
    owner: &mut Owner,
) {
    if let Some(next) = passing.next(handover, holds, need, owner) {
        *owner = next;
    }
}

fn same_backup(field: &str, title: &str) -> Error {
    Error::invalid(
        field,
        format!(
            "“{title}” would have the same person as owner and as backup; choose somebody else."
        ),
    )
}
