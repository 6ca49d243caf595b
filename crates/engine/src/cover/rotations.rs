//! Making, changing and removing rotations, and standing in.

use std::{str::FromStr, sync::Arc};

use domain::{
    access::Action,
    cover::{Every, HandOff, Override, Rotation, WallTime, from_local, key_fault},
    owner::{Party, role_title},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{changed_meanwhile, fields, taken, work};
use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, FieldError, Result},
    invitations::fault,
    port::StoreExt,
    rules::Rules,
    work::Work,
};

/// A rotation as a form gives it.
#[derive(Clone, Debug, Default)]
pub struct RotationInput {
    pub name: String,
    /// Of a new one; one that is there keeps its own, and its party.
    pub key: String,
    pub party: String,
    /// Nothing: it stands for no role.
    pub role: String,
    pub time_zone: String,
    pub every: String,
    /// `hours`, `days` or `weeks`.
    pub unit: String,
    /// The time of day.
    pub at: String,
    /// The day of the first member's first turn.
    pub from: String,
    /// Ids in order; empty ones are passed over.
    pub members: Vec<String>,
}

/// Somebody stands in.
#[derive(Clone, Debug, Default)]
pub struct StandInInput {
    pub user: String,
    /// On the clocks of the rotation's time zone: `2026-11-24T09:00`.
    pub from: String,
    pub until: String,
    pub why: String,
}

impl RotationInput {
    fn read(&self, id: Uuid, was: Option<&Rotation>, rules: &Rules) -> Result<Rotation> {
        let mut faults = Vec::new();
        let party = match was {
            Some(was) => was.party,
            None => Party::from_str(self.party.trim())
                .ok()
                .filter(|party| *party != Party::System)
                .unwrap_or_else(|| {
                    faults.push(fault("party", "Choose on whose side they stand."));
                    Party::Agency
                }),
        };
        let n: u16 = self.every.trim().parse().unwrap_or_default();
        let every = match self.unit.trim() {
            "hours" => Every::Hours(n),
            "days" => Every::Days(n),
            _ => Every::Weeks(n),
        };
        let at = WallTime::from_str(&self.at)
            .ok()
            .filter(|at| *at != WallTime::END)
            .unwrap_or_else(|| {
                faults.push(fault("at", "Write the time of day like 09:00."));
                WallTime::START
            });
        let from = self.from.trim().parse().unwrap_or_else(|_| {
            faults.push(fault(
                "from",
                "Choose the day on which the first turn begins.",
            ));
            domain::cover::EPOCH
        });
        let members = self.read_members(&mut faults);
        let next = Rotation {
            id,
            merchant_id: rules.merchant.id,
            key: was.map_or_else(|| self.key.trim().to_owned(), |was| was.key.clone()),
            name: self.name.trim().to_owned(),
            party,
            role: Some(self.role.trim())
                .filter(|role| !role.is_empty())
                .map(str::to_owned),
            time_zone: self.time_zone.trim().to_owned(),
            hand_off: HandOff { every, at, from },
            members,
            overrides: was.map(|was| was.overrides.clone()).unwrap_or_default(),
            rev: was.map_or(0, |was| was.rev),
        };
        if let Some(role) = &next.role
            && let Some(sentence) = key_fault(role)
        {
            faults.push(fault("role", sentence));
        }
        let known: Vec<String> = faults.iter().map(|one| one.field.clone()).collect();
        faults.extend(
            fields(next.faults())
                .into_iter()
                .filter(|one| !known.contains(&one.field)),
        );
        for (index, text) in self.members.iter().enumerate() {
            if let Ok(user) = text.trim().parse()
                && let Some(sentence) = unfit(&next, user, rules)
            {
                faults.push(fault(&format!("members[{index}]"), sentence));
            }
        }
        if faults.is_empty() {
            Ok(next)
        } else {
            Err(Error::invalid_fields(faults))
        }
    }

    fn read_members(&self, faults: &mut Vec<FieldError>) -> Vec<Uuid> {
        let mut members = Vec::new();
        for (index, text) in self.members.iter().enumerate() {
            match text.trim() {
                "" => {}
                text => match text.parse() {
                    Ok(id) => members.push(id),
                    Err(_) => faults.push(fault(&format!("members[{index}]"), "Choose a person.")),
                },
            }
        }
        members
    }
}

/// Why this person cannot have a turn in it.
pub(crate) fn unfit(rotation: &Rotation, user: Uuid, rules: &Rules) -> Option<String> {
    let found = rules
        .members
        .iter()
        .find(|(one, _)| one.id == user && one.active);
    let Some((person, member)) = found else {
        return Some("They do not work here any more.".to_owned());
    };
    if member.party != rotation.party {
        return Some(format!(
            "{} stands on the side of {}, and this rotation is of {}.",
            person.name,
            member.party.title(),
            rotation.party.title()
        ));
    }
    let role = rotation.role.as_ref()?;
    (!member.functional_roles.contains(role)).then(|| {
        format!(
            "{} does not hold {}, which this rotation stands for: give them the role first.",
            person.name,
            role_title(role)
        )
    })
}

pub(crate) fn shown(rotation: &Rotation) -> Value {
    json!({
        "key": rotation.key, "name": rotation.name, "party": rotation.party, "role": rotation.role,
        "time_zone": rotation.time_zone, "hand_off": rotation.hand_off, "members": rotation.members,
        "overrides": rotation.overrides,
    })
}

fn found(rules: &Rules, id: Uuid) -> Result<Rotation> {
    rules
        .roster
        .rotations
        .iter()
        .find(|one| one.id == id)
        .cloned()
        .ok_or_else(|| Error::not_found("rotation"))
}

impl Engine {
    pub async fn add_rotation(
        self: &Arc<Self>,
        ctx: &Ctx,
        input: RotationInput,
    ) -> Result<Rotation> {
        ctx.require(Action::ManagePeople)?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = work(engine, &ctx, tx).await?;
                    let next = input.read(work.uuid(), None, &work.rules)?;
                    if work.rules.roster.rotation(&next.key).is_some() {
                        return Err(taken(&next.key));
                    }
                    work.tx.insert_rotation(&next).await?;
                    work.note("rotation.added", "rotation", next.id, shown(&next));
                    work.turns_changed().await?;
                    Ok(next)
                })
            })
            .await
    }

    /// `rev` is of the rotation that the form was made with.
    pub async fn change_rotation(
        self: &Arc<Self>,
        ctx: &Ctx,
        id: Uuid,
        rev: i64,
        input: RotationInput,
    ) -> Result<Rotation> {
        ctx.require(Action::ManagePeople)?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = work(engine, &ctx, tx).await?;
                    let was = found(&work.rules, id)?;
                    if was.rev != rev {
                        return Err(changed_meanwhile("rotation"));
                    }
                    let next = input.read(id, Some(&was), &work.rules)?;
                    work.keeps_its_covers(&was, &next)?;
                    work.save_rotation(&was, &next, "rotation.changed").await?;
                    Ok(next)
                })
            })
            .await
    }

    /// "I take Tuesday": whoever manages people says it of anybody, and whoever is in the rotation of
    /// themselves.
    pub async fn stand_in(
        self: &Arc<Self>,
        ctx: &Ctx,
        id: Uuid,
        input: StandInInput,
    ) -> Result<Rotation> {
        let user: Option<Uuid> = input.user.trim().parse().ok();
        if user.is_some() && user == ctx.user_id() {
            ctx.require(Action::WorkTasks)?;
        } else {
            ctx.require(Action::ManagePeople)?;
        }
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = work(engine, &ctx, tx).await?;
                    let was = found(&work.rules, id)?;
                    // a turn brings what is asked of the rotation
                    let is_in = user.is_some_and(|user| was.members.contains(&user));
                    if !is_in && !ctx.may(Action::ManagePeople) {
                        return Err(Error::forbidden(
                            "Whoever is in this rotation takes a turn in it. Anybody else is put in by somebody who manages people.",
                        ));
                    }
                    let one = input.read(work.uuid(), user, &was, &work)?;
                    let mut next = was.clone();
                    // what is over is kept among the turns
                    next.overrides.retain(|one| one.to > work.now);
                    next.overrides.push(one);
                    work.save_rotation(&was, &next, "rotation.stand_in").await?;
                    Ok(next)
                })
            })
            .await
    }

    /// The turns are as they would have been; what is over stays.
    pub async fn stand_down(
        self: &Arc<Self>,
        ctx: &Ctx,
        id: Uuid,
        override_id: Uuid,
    ) -> Result<Rotation> {
        ctx.require(Action::WorkTasks)?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = work(engine, &ctx, tx).await?;
                    let was = found(&work.rules, id)?;
                    let mut next = was.clone();
                    let one = next
                        .overrides
                        .iter_mut()
                        .find(|one| one.id == override_id)
                        .ok_or_else(|| Error::not_found("stand-in"))?;
                    if Some(one.user) != ctx.user_id() {
                        ctx.require(Action::ManagePeople)?;
                    }
                    if one.to <= work.now {
                        return Err(Error::conflict("That is over already."));
                    }
                    if one.from < work.now {
                        one.to = work.now;
                    } else {
                        next.overrides.retain(|one| one.id != override_id);
                    }
                    work.save_rotation(&was, &next, "rotation.stand_down")
                        .await?;
                    Ok(next)
                })
            })
            .await
    }

    /// Only one that nothing names.
    pub async fn remove_rotation(self: &Arc<Self>, ctx: &Ctx, id: Uuid, rev: i64) -> Result<()> {
        ctx.require(Action::ManagePeople)?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = work(engine, &ctx, tx).await?;
                    let was = found(&work.rules, id)?;
                    if was.rev != rev {
                        return Err(changed_meanwhile("rotation"));
                    }
                    work.is_unused(&was.owner(), &was.name).await?;
                    work.tx.delete_rotation(&was).await?;
                    work.note("rotation.removed", "rotation", id, shown(&was));
                    work.turns_changed().await
                })
            })
            .await
    }
}

impl StandInInput {
    fn read(
        &self,
        id: Uuid,
        user: Option<Uuid>,
        rotation: &Rotation,
        work: &Work<'_>,
    ) -> Result<Override> {
        let mut faults = Vec::new();
        let mut read = |field: &str, text: &str| {
            from_local(&rotation.time_zone, text).unwrap_or_else(|| {
                faults.push(fault(field, "Choose a day and a time."));
                work.now
            })
        };
        let (from, to) = (read("from", &self.from), read("until", &self.until));
        if faults.is_empty() {
            if to <= from {
                faults.push(fault("until", "It has to end after it begins."));
            } else if to <= work.now {
                faults.push(fault(
                    "until",
                    "That is over already: choose a time to come.",
                ));
            }
        }
        let user = user.unwrap_or_else(|| {
            faults.push(fault("user", "Choose who stands in."));
            Uuid::nil()
        });
        if user != Uuid::nil()
            && let Some(sentence) = unfit(rotation, user, &work.rules)
        {
            faults.push(fault("user", sentence));
        }
        if !faults.is_empty() {
            return Err(Error::invalid_fields(faults));
        }
        Ok(Override {
            id,
            // what is past was as it was
            from: from.max(work.now),
            to,
            user,
            why: self.why.trim().to_owned(),
        })
    }
}

impl Work<'_> {
    pub(crate) async fn save_rotation(
        &mut self,
        was: &Rotation,
        next: &Rotation,
        action: &str,
    ) -> Result<()> {
        if was == next {
            return Ok(());
        }
        self.tx.save_rotation(next).await?;
        let detail = json!({ "before": shown(was), "after": shown(next) });
        self.note(action, "rotation", next.id, detail);
        self.turns_changed().await
    }

    /// Whose turn it is from now on, and whose it was until now.
    pub(crate) async fn turns_changed(&mut self) -> Result<()> {
        self.reload().await?;
        let now = self.now;
        self.record_turns(now).await
    }

    /// A role that this rotation answers for needs it to stand for that role.
    fn keeps_its_covers(&self, was: &Rotation, next: &Rotation) -> Result<()> {
        let covered = self
            .rules
            .roster
            .covers
            .iter()
            .find(|cover| cover.rotations().any(|key| key == was.key));
        match covered {
            Some(cover) if next.role.as_deref() != Some(&cover.role) => Err(Error::invalid(
                "role",
                format!(
                    "It answers for {}: change how that role is covered first.",
                    role_title(&cover.role)
                ),
            )),
            _ => Ok(()),
        }
    }
}
