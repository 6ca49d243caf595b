//! Another password: chosen by somebody who knows the old one, or by somebody who was given a link.
//!
//! A link is made by an admin, for a person of theirs, and shown to that admin once. Whoever could take
//! over an account by making a link must have power already over everything it opens: an admin at each
//! merchant where the person works, and of each operator they belong to. A link works once, for an hour;
//! only its hash is kept. A new password ends the sessions that began with the old one, and makes every
//! other link of this person worthless. It does not touch the second factor.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{Time, access::Action, people::User};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    account::{PersonNote, note_for_person},
    ctx::Ctx,
    engine::Engine,
    error::{Error, Kind, Result},
    members::runs_all_of,
    port::{MailFate, PasswordResetRow, Reads, StoreExt},
    sessions::Oneself,
    sign_in::Client,
};

/// How long a link is good for.
pub const RESET_MS: i64 = 60 * 60_000;
/// How long it is remembered, so that it can say that it expired.
pub(crate) const RESETS_KEPT_MS: i64 = 30 * 24 * RESET_MS;

/// A link that was just made; it is shown once.
#[derive(Clone, Debug)]
pub struct ResetLink {
    pub user: User,
    pub link: String,
    pub expires_at: Time,
    /// It goes to the person by mail, too.
    pub mailed: bool,
}

/// Why a link is worth nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    Used,
    Expired,
}

/// What a link leads to.
#[derive(Clone, Debug)]
pub struct Reset {
    pub user: User,
    pub spent: Option<Spent>,
}

fn link_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

fn no_link() -> Error {
    Error::not_found("link")
}

impl Spent {
    fn of(row: &PasswordResetRow, now: Time) -> Option<Self> {
        if row.used_at.is_some() {
            Some(Self::Used)
        } else {
            (row.expires_at <= now).then_some(Self::Expired)
        }
    }

    fn error(self) -> Error {
        Error::conflict(match self {
            Self::Used => {
                "This link was used, or the password was changed since. Ask for a new one."
            }
            Self::Expired => "This link has expired. Ask for a new one.",
        })
    }
}

/// Whether the caller has power over everything this account opens; the reason, if not.
pub(crate) async fn may_reset(reads: &mut (dyn Reads + '_), ctx: &Ctx, user: &User) -> Result<()> {
    runs_all_of(reads, ctx, user).await?.map_err(|_| {
        Error::forbidden(format!(
            "{} works at places where you are no admin. Somebody who is one at all of them can do this.",
            user.name
        ))
    })
}

impl Engine {
    /// What is kept of a link, and the link.
    pub(crate) fn new_reset(
        &self,
        user_id: Uuid,
        made_by: Option<Uuid>,
    ) -> (PasswordResetRow, String) {
        let mut random = [0_u8; 32];
        self.ids.fill(&mut random);
        let token = URL_SAFE_NO_PAD.encode(random);
        let now = self.now();
        let row = PasswordResetRow {
            token_hash: link_hash(&token),
            user_id,
            made_by,
            created_at: now,
            expires_at: now.plus_ms(RESET_MS),
            used_at: None,
        };
        (row, format!("{}/reset/{token}", self.public_url))
    }

    /// Whether the caller may make a link for this person; for the page that offers it.
    pub async fn may_make_reset_link(&self, ctx: &Ctx, user_id: Uuid) -> Result<bool> {
        if !ctx.may(Action::ManagePeople) || ctx.user_id() == Some(user_id) {
            return Ok(false);
        }
        let mut reads = self.store.reads().await?;
        match reads.user(user_id).await?.filter(|user| user.active) {
            Some(user) => Ok(may_reset(&mut *reads, ctx, &user).await.is_ok()),
            None => Ok(false),
        }
    }

    /// A link by which this person chooses another password. The links before it are worth nothing then.
    /// It is mailed to them where anything is.
    pub async fn make_reset_link(self: &Arc<Self>, ctx: &Ctx, user_id: Uuid) -> Result<ResetLink> {
        ctx.require(Action::ManagePeople)?;
        ctx.require_fresh_proof()?;
        if ctx.user_id() == Some(user_id) {
            return Err(Error::conflict(
                "Change your own password on your account page.",
            ));
        }
        let (row, link) = self.new_reset(user_id, ctx.user_id());
        let now = row.created_at;
        let (ctx, expires_at) = (ctx.clone(), row.expires_at);
        let (engine, mailed) = (Arc::clone(self), link.clone());
        let user = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let missing = || Error::not_found("person");
                    // whoever works elsewhere only does not exist here
                    tx.place(ctx.merchant_id(), user_id)
                        .await?
                        .ok_or_else(missing)?;
                    let user = tx.user(user_id).await?.ok_or_else(missing)?;
                    if !user.active {
                        return Err(Error::conflict(format!(
                            "{} is deactivated. Reactivate them first.",
                            user.name
                        )));
                    }
                    may_reset(&mut *tx, &ctx, &user).await?;
                    tx.spend_password_resets(user_id, now).await?;
                    tx.insert_password_reset(&row).await?;
                    let mail = engine.reset_mail_for(&ctx, &user, (&mailed, row.expires_at))?;
                    if let Some(mail) = &mail {
                        tx.insert_mail(mail).await?;
                    }
                    let note = PersonNote {
                        person: user_id,
                        actor: ctx.actor_name(),
                        at: now,
                        action: "person.reset_link_made",
                        detail: json!({ "expires_at": row.expires_at }),
                        trace_id: Some(ctx.trace_id().to_owned()),
                    };
                    note_for_person(tx, note).await?;
                    Ok(user)
                })
            })
            .await?;
        self.mail_is_queued();
        Ok(ResetLink {
            user,
            link,
            expires_at,
            mailed: self.has_mail(),
        })
    }

    /// What a link leads to. Whoever has it may ask; nothing changes by it.
    pub async fn look_at_reset(&self, token: &str) -> Result<Reset> {
        let mut reads = self.store.reads().await?;
        let row = reads.password_reset(&link_hash(token)).await?;
        let row = row.ok_or_else(no_link)?;
        let user = reads.user(row.user_id).await?.filter(|user| user.active);
        Ok(Reset {
            user: user.ok_or_else(no_link)?,
            spent: Spent::of(&row, self.now()),
        })
    }

    /// What became of the mail of the latest link for another password that was made here for them.
    pub async fn reset_mail(&self, ctx: &Ctx, user_id: Uuid) -> Result<Option<MailFate>> {
        ctx.require(Action::ManagePeople)?;
        let mut reads = self.store.reads().await?;
        reads.reset_mail(ctx.merchant_id(), user_id).await
    }

    /// What whoever guesses this person's password would try first.
    async fn told_of(&self, user: &User) -> Result<Vec<String>> {
        let mut reads = self.store.reads().await?;
        let mut told = vec![user.name.clone(), user.email.clone()];
        let mut operators = reads.operator_memberships_of(user.id).await?;
        let mut ids: Vec<Uuid> = operators.drain(..).map(|one| one.operator_id).collect();
        for (merchant, _) in reads.places_of(user.id).await? {
            ids.push(merchant.operator_id);
            told.push(merchant.name);
        }
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            told.extend(reads.operator(id).await?.map(|operator| operator.name));
        }
        Ok(told)
    }

    /// Uses the link. Every session of the person is over: whoever was signed in with the old password
    /// signs in anew.
    pub async fn reset_password(&self, token: &str, password: &str) -> Result<User> {
        let found = self.look_at_reset(token).await?;
        if let Some(spent) = found.spent {
            return Err(spent.error());
        }
        let user = found.user;
        let about = self.told_of(&user).await?;
        let hash = self.new_password_hash("password", password, &about).await?;
        let (id, link, now) = (user.id, link_hash(token), self.now());
        let note = self.own_act(id, "person.password_reset", json!({}));
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let row = tx.password_reset(&link).await?.ok_or_else(no_link)?;
                    if let Some(spent) = Spent::of(&row, now) {
                        return Err(spent.error());
                    }
                    if !tx.use_password_reset(&link, now).await? {
                        return Err(Spent::Used.error());
                    }
                    tx.spend_password_resets(id, now).await?;
                    tx.set_password(id, &hash).await?;
                    // no session has an empty hash: all of them end
                    tx.delete_other_sessions(id, &[]).await?;
                    note_for_person(tx, note).await
                })
            })
            .await?;
        Ok(user)
    }

    /// The person changes their own password, and says the old one. Their other sessions end; how many.
    pub async fn change_password(
        &self,
        oneself: &Oneself,
        client: &Client,
        old: &str,
        new: &str,
    ) -> Result<u64> {
        let user = &oneself.user;
        let check = self.is_password_of(user, old);
        if !self
            .guarded(user.id, client, check)
            .await
            .map_err(|error| match error.kind {
                Kind::TooMany => Error {
                    retry_after_ms: error.retry_after_ms,
                    kind: Kind::TooMany,
                    ..Error::invalid("old", error.sentence)
                },
                _ => error,
            })?
        {
            return Err(Error::invalid("old", "This is not your password."));
        }
        if old == new {
            return Err(Error::invalid(
                "password",
                "This is the password you have already.",
            ));
        }
        let about = self.told_of(user).await?;
        let hash = self.new_password_hash("password", new, &about).await?;
        let (id, kept, now) = (user.id, oneself.session.clone(), self.now());
        let note = self.own_act(id, "person.password_changed", json!({}));
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.set_password(id, &hash).await?;
                    tx.spend_password_resets(id, now).await?;
                    let ended = tx.delete_other_sessions(id, &kept).await?;
                    note_for_person(tx, note).await?;
                    Ok(ended)
                })
            })
            .await
    }
}
