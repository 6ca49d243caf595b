//! Sessions: what a browser's cookie stands for, as long as it does.
//!
//! The cookie holds an id, the database its hash, and what the session remembers (a flash, a secret shown
//! once) is sealed, so that whoever reads the database can neither sign in nor read along.
//!
//! A session is *half* when the password was right and the second factor is still owed; it opens nothing.
//! That somebody owes one is found out each time a session is loaded: when an operator begins to ask for
//! a second factor, the very next request of a person without one is a half session's. Ended sessions
//! stay ended: a request that was under way when its session was revoked does not write it back.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use domain::{Time, people::User};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    account::note_for_person,
    ctx::is_fresh,
    engine::Engine,
    error::{Error, Result},
    idempotency::IDEMPOTENCY_KEPT_MS,
    mail::MAILS_KEPT_MS,
    password_reset::RESETS_KEPT_MS,
    port::{Seen, SessionRow, StoreExt},
    sign_in::{KNOWN_FOR_MS, TURNS_KEPT_MS},
    vault::Place,
};

/// A signed-in person acting on their own account, in one of their sessions.
#[derive(Clone, Debug)]
pub struct Oneself {
    pub user: User,
    /// The hash of the session's id.
    pub session: Vec<u8>,
    /// When they last proved, in this session, who they are.
    pub proved_at: Option<Time>,
}

/// One of a person's sessions, as they see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// Names it in a form; of no use as a cookie.
    pub key: String,
    /// The one that asks.
    pub is_this: bool,
    pub created_at: Time,
    pub last_seen_at: Time,
    pub expires_at: Time,
    pub address: String,
    pub agent: String,
}

fn place(id_hash: &[u8]) -> Place<'static> {
    let mut id = [0_u8; 16];
    for (to, from) in id.iter_mut().zip(id_hash) {
        *to = *from;
    }
    Place {
        merchant_id: Uuid::nil(),
        table: "sessions",
        row_id: Uuid::from_bytes(id),
        column: "data",
    }
}

/// The name of a session in forms: a hash of its hash, cut to what tells one person's apart.
fn key(id_hash: &[u8]) -> String {
    Sha256::digest(id_hash)
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

impl Engine {
    /// What the database knows a session by.
    pub fn session_hash(id: i128) -> Vec<u8> {
        Sha256::digest(id.to_le_bytes()).to_vec()
    }

    /// Whether the person proved a moment ago who they are; else a page leads to the confirmation.
    pub fn require_fresh(&self, oneself: &Oneself) -> Result<()> {
        if oneself.proved_at.is_some_and(|at| is_fresh(at, self.now())) {
            Ok(())
        } else {
            Err(Error::step_up())
        }
    }

    /// The session, unless it ended. One whose person owes a second factor comes as a half one.
    pub async fn load_session(&self, id_hash: &[u8]) -> Result<Option<SessionRow>> {
        let now = self.now();
        let row = self.store.reads().await?.session(id_hash).await?;
        let Some(mut row) = row.filter(|row| row.expires_at > now) else {
            return Ok(None);
        };
        // sealed with a key that is gone: nobody can tell any more what it held
        let Some(data) = self.opened(&row) else {
            return Ok(None);
        };
        row.data = data;
        if let Some(user_id) = row.user_id.filter(|_| !row.is_half) {
            row.is_half = self.owes_second_factor(user_id).await?;
        }
        Ok(Some(row))
    }

    fn opened(&self, row: &SessionRow) -> Option<String> {
        let sealed = STANDARD_NO_PAD.decode(&row.data).ok()?;
        let data = self.vault.open(place(&row.id_hash), &sealed).ok()?;
        String::from_utf8(data).ok()
    }

    fn sealed(&self, row: SessionRow) -> Result<SessionRow> {
        let sealed = self
            .vault
            .seal(&*self.ids, place(&row.id_hash), row.data.as_bytes())?;
        Ok(SessionRow {
            data: STANDARD_NO_PAD.encode(sealed),
            ..row
        })
    }

    /// The session's data under the current key, if the key it is under is still known.
    pub(crate) fn rewrapped_session(&self, row: &SessionRow) -> Option<String> {
        let sealed = STANDARD_NO_PAD.decode(&row.data).ok()?;
        let renewed = self
            .vault
            .rewrap(&*self.ids, place(&row.id_hash), &sealed)
            .ok()??;
        Some(STANDARD_NO_PAD.encode(renewed))
    }

    /// A session that begins.
    pub async fn begin_session(&self, row: SessionRow) -> Result<()> {
        let row = self.sealed(row)?;
        self.store
            .write(move |tx| Box::pin(async move { tx.save_session(&row).await }))
            .await
    }

    /// What a session remembers now. One that was ended meanwhile stays ended.
    pub async fn save_session(&self, row: SessionRow) -> Result<()> {
        let row = self.sealed(row)?;
        self.store
            .write(move |tx| Box::pin(async move { tx.update_session(&row).await.map(|_| ()) }))
            .await
    }

    /// A session in use ends later. One that was ended meanwhile stays ended.
    pub async fn touch_session(&self, id_hash: &[u8], seen: Seen) -> Result<()> {
        let id_hash = id_hash.to_vec();
        self.store
            .write(move |tx| Box::pin(async move { tx.touch_session(&id_hash, &seen).await }))
            .await
    }

    pub async fn delete_session(&self, id_hash: Vec<u8>) -> Result<()> {
        self.store
            .write(move |tx| Box::pin(async move { tx.delete_session(&id_hash).await }))
            .await
    }

    /// The person's sessions, the one that asks first.
    pub async fn sessions_of(&self, oneself: &Oneself) -> Result<Vec<OpenSession>> {
        let now = self.now();
        let rows = self
            .store
            .reads()
            .await?
            .sessions_of(oneself.user.id)
            .await?;
        let mut sessions: Vec<OpenSession> = rows
            .into_iter()
            .filter(|row| row.expires_at > now)
            .map(|row| OpenSession {
                key: key(&row.id_hash),
                is_this: row.id_hash == oneself.session,
                created_at: row.created_at,
                // from before it was written down
                last_seen_at: row.last_seen_at.max(row.created_at),
                expires_at: row.expires_at,
                address: row.address,
                agent: row.agent,
            })
            .collect();
        sessions.sort_by_key(|session| !session.is_this);
        Ok(sessions)
    }

    /// Ends one of the person's sessions, by its key in [`OpenSession`].
    pub async fn revoke_session(&self, oneself: &Oneself, key_of_it: &str) -> Result<()> {
        let user = oneself.user.id;
        let key_of_it = key_of_it.to_owned();
        let note = self.own_act(
            user,
            "person.session_revoked",
            json!({ "session": key_of_it }),
        );
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let row = tx
                        .sessions_of(user)
                        .await?
                        .into_iter()
                        .find(|row| key(&row.id_hash) == key_of_it)
                        .ok_or_else(|| Error::not_found("session"))?;
                    tx.delete_session(&row.id_hash).await?;
                    note_for_person(tx, note).await
                })
            })
            .await
    }

    /// Ends all of the person's sessions but the one that asks; how many.
    pub async fn revoke_other_sessions(&self, oneself: &Oneself) -> Result<u64> {
        let (user, kept) = (oneself.user.id, oneself.session.clone());
        let note = self.own_act(user, "person.other_sessions_revoked", json!({}));
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let ended = tx.delete_other_sessions(user, &kept).await?;
                    if ended > 0 {
                        note_for_person(tx, note).await?;
                    }
                    Ok(ended)
                })
            })
            .await
    }

    /// Removes what has served its time: ended sessions, forgotten places and turns, and keys of API calls
    /// after [`IDEMPOTENCY_KEPT_MS`]. How many sessions and keys.
    pub async fn sweep(&self) -> Result<(u64, u64)> {
        let now = self.now();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let sessions = tx.delete_expired_sessions(now).await?;
                    tx.forget_places_and_turns(
                        now.plus_ms(-KNOWN_FOR_MS),
                        now.plus_ms(-TURNS_KEPT_MS),
                    )
                    .await?;
                    tx.forget_password_resets(now.plus_ms(-RESETS_KEPT_MS))
                        .await?;
                    tx.forget_mails(now.plus_ms(-MAILS_KEPT_MS)).await?;
                    let keys = tx
                        .delete_old_idempotency(now.plus_ms(-IDEMPOTENCY_KEPT_MS))
                        .await?;
                    Ok((sessions, keys))
                })
            })
            .await
    }
}
