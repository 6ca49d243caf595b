//! How a functional role is covered, and the merchant's own roles.

use std::{str::FromStr, sync::Arc};

use domain::{
    access::Action,
    cover::{By, Cover},
    owner::{Owner, Party, role_title},
    role::{OwnRole, role_key},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{changed_meanwhile, sound, taken, work};
use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    invitations::fault,
    port::StoreExt,
    rules::Rules,
};

/// How a role is answered, as a form gives it.
#[derive(Clone, Debug, Default)]
pub struct CoverInput {
    /// `agency:logistics`.
    pub owner: String,
    /// Nothing for everybody who holds it, or a rotation's key.
    pub by: String,
    /// A calendar's key, or nothing for at all times.
    pub calendar: String,
    /// Outside these hours: nothing for nobody, `everybody`, or a rotation's key.
    pub after_hours: String,
}

/// One of the merchant's own roles.
#[derive(Clone, Debug, Default)]
pub struct OwnRoleInput {
    pub title: String,
}

impl CoverInput {
    fn read(&self, id: Uuid, was: Option<&Cover>, rules: &Rules) -> Result<Cover> {
        let (party, role) = role_of(&self.owner)?;
        let mut faults = Vec::new();
        let mut by = |field: &str, text: &str| match text.trim() {
            "" | "everybody" => By::Everybody,
            key => {
                let rotation = rules.roster.rotation(key);
                match rotation {
                    None => faults.push(fault(field, "There is no such rotation here.")),
                    Some(one) if one.party != party || one.role.as_deref() != Some(&role) => {
                        faults.push(fault(
                            field,
                            format!(
                                "{} does not stand for {} of {}.",
                                one.name,
                                role_title(&role),
                                party.title()
                            ),
                        ));
                    }
                    Some(_) => {}
                }
                By::Rotation(key.to_owned())
            }
        };
        let first = by("by", &self.by);
        let calendar = Some(self.calendar.trim())
            .filter(|key| !key.is_empty())
            .map(str::to_owned);
        let after_hours = match (&calendar, self.after_hours.trim()) {
            (None, _) | (_, "") => None,
            (Some(_), text) => Some(by("after_hours", text)),
        };
        if let Some(key) = &calendar
            && rules.roster.calendar(key).is_none()
        {
            faults.push(fault("calendar", "There is no such calendar here."));
        }
        if !faults.is_empty() {
            return Err(Error::invalid_fields(faults));
        }
        Ok(Cover {
            id,
            merchant_id: rules.merchant.id,
            party,
            role,
            by: first,
            calendar,
            after_hours,
            rev: was.map_or(0, |was| was.rev),
        })
    }
}

fn role_of(text: &str) -> Result<(Party, String)> {
    match Owner::from_str(text.trim()) {
        Ok(Owner::Role { party, role }) => Ok((party, role)),
        _ => Err(Error::invalid("owner", "Choose a role.")),
    }
}

fn shown(cover: &Cover) -> Value {
    json!({ "by": cover.by, "calendar": cover.calendar, "after_hours": cover.after_hours })
}

impl Engine {
    /// How a role is answered from now on. By everybody, always, is how every role begins.
    pub async fn cover_role(
        self: &Arc<Self>,
        ctx: &Ctx,
        rev: i64,
        input: CoverInput,
    ) -> Result<()> {
        ctx.require(Action::ManagePeople)?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = work(engine, &ctx, tx).await?;
                    let (party, role) = role_of(&input.owner)?;
                    let was = work.rules.roster.cover(party, &role).cloned();
                    if was.as_ref().map_or(0, |was| was.rev) != rev {
                        return Err(changed_meanwhile("cover"));
                    }
                    let id = was.as_ref().map_or_else(|| work.uuid(), |was| was.id);
                    let next = input.read(id, was.as_ref(), &work.rules)?;
                    let is_plain = next.by == By::Everybody && next.calendar.is_none();
                    match &was {
                        Some(was) if *was == next => return Ok(()),
                        None if is_plain => return Ok(()),
                        Some(was) if is_plain => work.tx.delete_cover(was).await?,
                        Some(_) => work.tx.save_cover(&next).await?,
                        None => work.tx.insert_cover(&next).await?,
                    }
                    let before = was.as_ref().map(shown);
                    work.note(
                        "cover.changed",
                        "cover",
                        id,
                        json!({ "owner": next.owner(), "before": before, "after": shown(&next) }),
                    );
                    work.turns_changed().await
                })
            })
            .await
    }

    pub async fn add_role(self: &Arc<Self>, ctx: &Ctx, input: OwnRoleInput) -> Result<OwnRole> {
        ctx.require(Action::ManagePeople)?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = work(engine, &ctx, tx).await?;
                    let role = OwnRole {
                        id: work.uuid(),
                        merchant_id: work.merchant_id(),
                        key: role_key(&input.title),
                        title: input.title.trim().to_owned(),
                    };
                    sound(role.faults())
                        .map_err(|error| Error::invalid("title", error.sentence))?;
                    if work.rules.own_roles.iter().any(|one| one.key == role.key) {
                        return Err(Error::invalid("title", taken(&role.title).sentence));
                    }
                    work.tx.insert_own_role(&role).await?;
                    let detail = json!({ "key": role.key, "title": role.title });
                    work.note("role.added", "role", role.id, detail);
                    Ok(role)
                })
            })
            .await
    }

    /// Its title; owners name it by its key, which stays.
    pub async fn rename_role(
        self: &Arc<Self>,
        ctx: &Ctx,
        id: Uuid,
        input: OwnRoleInput,
    ) -> Result<()> {
        ctx.require(Action::ManagePeople)?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = work(engine, &ctx, tx).await?;
                    let was = own(&work.rules, id)?;
                    let title = input.title.trim().to_owned();
                    if title.is_empty() {
                        return Err(Error::invalid("title", "Say what it is called."));
                    }
                    let next = OwnRole {
                        title,
                        ..was.clone()
                    };
                    work.tx.save_own_role(&next).await?;
                    let detail =
                        json!({ "key": was.key, "before": was.title, "after": next.title });
                    work.note("role.renamed", "role", id, detail);
                    Ok(())
                })
            })
            .await
    }

    /// Only one that nothing and nobody needs.
    pub async fn remove_role(self: &Arc<Self>, ctx: &Ctx, id: Uuid) -> Result<()> {
        ctx.require(Action::ManagePeople)?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = work(engine, &ctx, tx).await?;
                    let was = own(&work.rules, id)?;
                    for party in Party::ALL {
                        work.is_unused(&Owner::role(party, &was.key), &was.title)
                            .await?;
                    }
                    work.tx.delete_own_role(was.merchant_id, id).await?;
                    let detail = json!({ "key": was.key, "title": was.title });
                    work.note("role.removed", "role", id, detail);
                    Ok(())
                })
            })
            .await
    }
}

fn own(rules: &Rules, id: Uuid) -> Result<OwnRole> {
    rules
        .own_roles
        .iter()
        .find(|one| one.id == id)
        .cloned()
        .ok_or_else(|| Error::not_found("role"))
}
