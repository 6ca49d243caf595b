//! Deciding for somebody who is away: given, listed, ended. What it lets one do is judged by the gate itself,
//! see [`domain::approval::delegation`].

use std::sync::Arc;

use domain::{
    Time,
    access::Action,
    approval::{CannotDelegate, Delegation},
    owner::Owner,
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    port::StoreExt,
    work::Work,
};

const LONGEST_NOTE: usize = 200;

/// As a form or a body has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelegationInput {
    pub to: Uuid,
    pub starts_at: Time,
    pub ends_at: Time,
    pub note: String,
}

impl From<CannotDelegate> for Error {
    fn from(why: CannotDelegate) -> Self {
        let field = match why {
            CannotDelegate::Oneself | CannotDelegate::OtherSide | CannotDelegate::MayNotDecide => {
                "to"
            }
            CannotDelegate::Overlaps => "starts_at",
            CannotDelegate::Backwards | CannotDelegate::Past | CannotDelegate::TooLong => "ends_at",
        };
        Self::invalid(field, crate::error::sentence_case(&why.to_string()))
    }
}

impl Engine {
    /// Whoever goes away says who decides for them meanwhile, at this merchant.
    pub async fn delegate(
        self: &Arc<Self>,
        ctx: &Ctx,
        input: DelegationInput,
    ) -> Result<Delegation> {
        ctx.require(Action::Decide)?;
        let user = ctx.member()?.0.id;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    work.delegate(user, input).await
                })
            })
            .await
    }

    /// Back earlier than thought, or not leaving at all. One’s own, or as an admin anybody’s.
    pub async fn end_delegation(self: &Arc<Self>, ctx: &Ctx, id: Uuid) -> Result<Delegation> {
        ctx.require(Action::Decide)?;
        let user = ctx.member()?.0.id;
        let may_end_all = ctx.may(Action::ManagePeople);
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    let found = tx
                        .delegation(merchant, id)
                        .await?
                        .filter(|one| one.user_id == user || may_end_all)
                        .ok_or_else(|| Error::not_found("delegation"))?;
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    if found.is_over(work.now) {
                        return Err(Error::conflict("It is over already."));
                    }
                    let ended = found.ended(work.now);
                    work.tx.save_delegation(&ended).await?;
                    let detail =
                        json!({ "user_id": ended.user_id, "delegate_id": ended.delegate_id });
                    work.note("delegation.ended", "delegation", id, detail);
                    Ok(ended)
                })
            })
            .await
    }

    /// Who decides for whom here, now or later, by its end; from outside, what concerns oneself.
    pub async fn delegations(&self, ctx: &Ctx) -> Result<Vec<Delegation>> {
        ctx.require(Action::ViewWork)?;
        let mut reads = self.store.reads().await?;
        let mut found = reads.delegations(ctx.merchant_id(), ctx.now()).await?;
        if ctx.is_outside() {
            let own = ctx.user_id();
            found.retain(|one| own == Some(one.user_id) || own == Some(one.delegate_id));
        }
        Ok(found)
    }
}

impl Work<'_> {
    async fn delegate(&mut self, user: Uuid, input: DelegationInput) -> Result<Delegation> {
        let merchant = self.merchant_id();
        let delegation = Delegation {
            id: self.uuid(),
            merchant_id: merchant,
            user_id: user,
            delegate_id: input.to,
            starts_at: input.starts_at.max(self.now),
            ends_at: input.ends_at,
            note: input.note.trim().chars().take(LONGEST_NOTE).collect(),
            created_at: self.now,
            rev: 0,
        };
        // two at once would overlap: whoever gives one holds their own place meanwhile
        self.tx.hold_membership(merchant, user).await?;
        let known = self.tx.delegations(merchant, self.now).await?;
        delegation.check(&known, self.now)?;
        let own = self.tx.place(merchant, user).await?;
        let other = self.tx.place(merchant, input.to).await?;
        let is_active = self
            .tx
            .user(input.to)
            .await?
            .is_some_and(|user| user.active);
        let (Some(own), Some(other), true) = (own, other, is_active) else {
            return Err(Error::invalid("to", "Choose somebody who works here."));
        };
        if own.party != other.party {
            return Err(CannotDelegate::OtherSide.into());
        }
        if !other.may(Action::Decide) {
            return Err(CannotDelegate::MayNotDecide.into());
        }
        self.tx.insert_delegation(&delegation).await?;
        let detail = json!({
            "user_id": user, "delegate_id": delegation.delegate_id,
            "starts_at": delegation.starts_at, "ends_at": delegation.ends_at, "note": delegation.note,
        });
        self.note("delegation.given", "delegation", delegation.id, detail);
        let name = self.rules.user_name(user).unwrap_or("Somebody").to_owned();
        let sentence = format!(
            "You decide for {name} from {} until {}.",
            delegation.starts_at.format_utc("%-d %B, %H:%M UTC"),
            delegation.ends_at.format_utc("%-d %B, %H:%M UTC"),
        );
        let to = [Owner::User(delegation.delegate_id)];
        self.tell(&to, ("delegation", delegation.id), &sentence)
            .await?;
        Ok(delegation)
    }
}
