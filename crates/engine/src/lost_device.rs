//! What an admin does for somebody whose laptop or phone is gone: end their sessions, take their second factor off.
//!
//! Whoever is signed in as them is signed out, everywhere and at once. That hinders their work at each merchant, so it
//! takes an admin of all of them, like deactivating. A factor is taken off only by whoever may make a link for
//! another password, too, and proves who they are first: what is left then is the password, and where an
//! operator asks for a factor, setting up another one comes before anything else. The person is told by mail, and
//! every merchant where they work, and every operator they belong to, finds both in its trail.
//!
//! An operator's only admin has nobody who could do that for them. Then it is for whoever runs the machine, by
//! [`Engine::rescue`]: they have the database and its key anyway, and this way it is in the trail.

use std::sync::Arc;

use domain::{access::Action, people::User};
use serde_json::json;
use uuid::Uuid;

use crate::{
    account::{PersonNote, note_for_person},
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    letters::Letter,
    members::runs_all_of,
    password_reset::may_reset,
    port::{StoreExt, Tx},
};

/// News of this kind is worth reading for so long.
const NEWS_MS: i64 = 7 * 24 * 3_600_000;

/// How somebody comes in again.
#[derive(Clone, Debug)]
pub struct Rescue {
    pub user: User,
    /// By which they choose another password, once, within an hour.
    pub link: String,
    pub had_second_factor: bool,
}

/// Somebody of the caller's merchant. Whoever works elsewhere only does not exist here.
async fn of_here(tx: &mut (dyn Tx + '_), ctx: &Ctx, user_id: Uuid) -> Result<User> {
    let missing = || Error::not_found("person");
    tx.place(ctx.merchant_id(), user_id)
        .await?
        .ok_or_else(missing)?;
    tx.user(user_id).await?.ok_or_else(missing)
}

fn by(ctx: &Ctx, person: Uuid, action: &'static str, detail: serde_json::Value) -> PersonNote {
    PersonNote {
        person,
        actor: ctx.actor_name(),
        at: ctx.now(),
        action,
        detail,
        trace_id: Some(ctx.trace_id().to_owned()),
    }
}

impl Engine {
    /// Ends every session of this person; how many.
    pub async fn sign_out_everywhere(&self, ctx: &Ctx, user_id: Uuid) -> Result<(User, u64)> {
        ctx.require(Action::ManagePeople)?;
        if ctx.user_id() == Some(user_id) {
            return Err(Error::conflict(
                "End your own sessions on your account page.",
            ));
        }
        let ctx = ctx.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let user = of_here(tx, &ctx, user_id).await?;
                    runs_all_of(&mut *tx, &ctx, &user).await??;
                    let ended = tx.delete_sessions_of(user_id).await?;
                    let detail = json!({ "sessions": ended });
                    note_for_person(tx, by(&ctx, user_id, "person.signed_out", detail)).await?;
                    Ok((user, ended))
                })
            })
            .await
    }

    /// The factor and its recovery codes are worth nothing from now on, and every session is over.
    pub async fn take_second_factor_off(
        self: &Arc<Self>,
        ctx: &Ctx,
        user_id: Uuid,
    ) -> Result<User> {
        ctx.require(Action::ManagePeople)?;
        ctx.require_fresh_proof()?;
        if ctx.user_id() == Some(user_id) {
            return Err(Error::conflict(
                "Change your own second factor on your account page.",
            ));
        }
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        let user = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let user = of_here(tx, &ctx, user_id).await?;
                    may_reset(&mut *tx, &ctx, &user).await?;
                    let factor = tx.second_factor(user_id).await?;
                    if factor.is_none_or(|row| row.confirmed_at.is_none()) {
                        return Err(Error::conflict(format!(
                            "{} signs in without a second factor.",
                            user.name
                        )));
                    }
                    tx.delete_second_factor(user_id).await?;
                    tx.delete_sessions_of(user_id).await?;
                    if engine.has_mail() {
                        let admin = ctx.member().ok().map(|(user, _)| user.name.as_str());
                        let page = format!("{}/account", engine.public_url);
                        let merchant = &ctx.merchant().name;
                        let letter =
                            Letter::of_removed_factor(&user.email, (admin, merchant), &page);
                        let useless_at = ctx.now().plus_ms(NEWS_MS);
                        let mail = engine.letter(letter, (None, useless_at), ctx.now())?;
                        tx.insert_mail(&mail).await?;
                    }
                    let action = "person.second_factor_taken_off";
                    note_for_person(tx, by(&ctx, user_id, action, json!({}))).await?;
                    Ok(user)
                })
            })
            .await?;
        self.mail_is_queued();
        Ok(user)
    }

    /// For the command line: a link for another password, and the second factor off. Every session is over.
    pub async fn rescue(&self, email: &str) -> Result<Rescue> {
        let email = email.trim().to_lowercase();
        let found = self.store.reads().await?.credentials(&email).await?;
        let user = found.map(|found| found.user).ok_or_else(|| {
            Error::invalid("email", format!("Nobody here has the address {email}."))
        })?;
        if !user.active {
            return Err(Error::conflict(format!(
                "{} is deactivated. An admin of a merchant they worked at reactivates them.",
                user.name
            )));
        }
        let (row, link) = self.new_reset(user.id, None);
        let (id, trace_id) = (user.id, self.new_trace_id());
        let had_second_factor = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let factor = tx.second_factor(id).await?;
                    let had = factor.is_some_and(|row| row.confirmed_at.is_some());
                    tx.delete_second_factor(id).await?;
                    tx.delete_sessions_of(id).await?;
                    tx.spend_password_resets(id, row.created_at).await?;
                    tx.insert_password_reset(&row).await?;
                    let note = PersonNote {
                        person: id,
                        actor: "system".to_owned(),
                        at: row.created_at,
                        action: "person.rescued",
                        detail: json!({ "expires_at": row.expires_at, "had_second_factor": had }),
                        trace_id: Some(trace_id),
                    };
                    note_for_person(tx, note).await?;
                    Ok(had)
                })
            })
            .await?;
        Ok(Rescue {
            user,
            link,
            had_second_factor,
        })
    }
}
