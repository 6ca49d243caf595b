//! Signing in, and who may.

use std::sync::{Arc, LazyLock};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use domain::{
    Time,
    access::Access,
    people::{ApiToken, Membership, Merchant, Operator, User},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    engine::Engine,
    error::{Error, Kind, Result},
    idempotency::IDEMPOTENCY_KEPT_MS,
    port::{AuditNote, SessionRow, StoreExt},
};

/// Wrong passwords before an account rests.
const FREE_TRIES: i64 = 5;
/// First rest; doubles with each further wrong password, up to the last.
const FIRST_REST_MS: i64 = 30_000;
const LONGEST_REST_MS: i64 = 15 * 60_000;

/// Checked against when there is no such account, so that both answers take as long.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    Argon2::default()
        .hash_password_with_salt(b"nobody's password", b"no salt for nobody")
        .map(|hash| hash.to_string())
        .unwrap_or_default()
});

/// What of an API token is kept.
pub(crate) fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

fn wrong() -> Error {
    Error::new(
        Kind::Unauthenticated,
        "The e-mail address or the password is not right.",
    )
}

fn check(hash: &str, password: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}

impl Engine {
    /// Hashes on a blocking thread, a few at a time.
    pub(crate) async fn hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let _turn = self.hashing.acquire().await.map_err(Error::internal)?;
        tokio::task::spawn_blocking(work)
            .await
            .map_err(Error::internal)
    }

    /// The person behind an address and a password. An account rests after too many wrong ones.
    pub async fn sign_in(self: &Arc<Self>, email: &str, password: &str) -> Result<User> {
        let email = email.trim().to_lowercase();
        let found = self.store.reads().await?.credentials(&email).await?;
        let hash = found
            .as_ref()
            .map_or_else(|| NOBODY.clone(), |found| found.password_hash.clone());
        let password = password.to_owned();
        let right = self.hashing(move || check(&hash, &password)).await?;
        let Some(found) = found else {
            return Err(wrong());
        };
        let now = self.now();
        if let Some(until) = found.locked_until.filter(|until| *until > now) {
            let rest = until.since_ms(now);
            return Err(Error {
                retry_after_ms: Some(rest),
                ..Error::new(
                    Kind::TooMany,
                    format!(
                        "Too many wrong passwords. Try again in {} s.",
                        rest / 1000 + 1
                    ),
                )
            });
        }
        if right && found.user.active {
            if found.failed_attempts > 0 {
                let id = found.user.id;
                self.store
                    .write(move |tx| Box::pin(async move { tx.set_login_state(id, 0, None).await }))
                    .await?;
            }
            return Ok(found.user);
        }
        let failed = found.failed_attempts + 1;
        let rest = rest_ms(failed);
        let until = (rest > 0).then(|| now.plus_ms(rest));
        let id = found.user.id;
        self.store
            .write(move |tx| Box::pin(async move { tx.set_login_state(id, failed, until).await }))
            .await?;
        Err(wrong())
    }

    /// The person a session belongs to, with the merchants they may enter.
    pub async fn who(&self, user_id: Uuid) -> Result<Option<(User, Vec<(Merchant, Membership)>)>> {
        let mut reads = self.store.reads().await?;
        let Some(user) = reads.user(user_id).await?.filter(|user| user.active) else {
            return Ok(None);
        };
        let places = reads.places_of(user_id).await?;
        Ok(Some((user, places)))
    }

    pub async fn load_session(&self, id_hash: &[u8]) -> Result<Option<SessionRow>> {
        let now = self.now();
        let row = self.store.reads().await?.session(id_hash).await?;
        Ok(row.filter(|row| row.expires_at > now))
    }

    pub async fn save_session(&self, row: SessionRow) -> Result<()> {
        self.store
            .write(move |tx| Box::pin(async move { tx.save_session(&row).await }))
            .await
    }

    /// A session in use ends later. One that was ended meanwhile stays ended.
    pub async fn extend_session(&self, id_hash: &[u8], until: Time) -> Result<()> {
        let id_hash = id_hash.to_vec();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    match tx.session(&id_hash).await? {
                        Some(row) => {
                            tx.save_session(&SessionRow {
                                expires_at: until,
                                ..row
                            })
                            .await
                        }
                        None => Ok(()),
                    }
                })
            })
            .await
    }

    pub async fn delete_session(&self, id_hash: Vec<u8>) -> Result<()> {
        self.store
            .write(move |tx| Box::pin(async move { tx.delete_session(&id_hash).await }))
            .await
    }

    /// Removes what has served its time: ended sessions, and keys of API calls after
    /// [`IDEMPOTENCY_KEPT_MS`]. How many of each.
    pub async fn sweep(&self) -> Result<(u64, u64)> {
        let now = self.now();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let sessions = tx.delete_expired_sessions(now).await?;
                    let keys = tx
                        .delete_old_idempotency(now.plus_ms(-IDEMPOTENCY_KEPT_MS))
                        .await?;
                    Ok((sessions, keys))
                })
            })
            .await
    }

    /// Removes an agency with everything that belongs to it.
    pub async fn remove_operator(&self, id: Uuid) -> Result<()> {
        self.store
            .write(move |tx| Box::pin(async move { tx.delete_operator(id).await }))
            .await
    }

    pub async fn create_merchant(
        &self,
        operator: &Operator,
        slug: &str,
        name: &str,
    ) -> Result<Merchant> {
        let merchant = Merchant {
            id: self.uuid(),
            operator_id: operator.id,
            slug: slug.to_owned(),
            name: name.to_owned(),
        };
        let note = self.set_up(
            merchant.id,
            "merchant.created",
            "merchant",
            merchant.id,
            json!({ "slug": slug, "name": name }),
        );
        let row = merchant.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.insert_merchant(&row).await?;
                    tx.note(note);
                    Ok(())
                })
            })
            .await?;
        Ok(merchant)
    }

    pub async fn create_user(&self, email: &str, name: &str, password: &str) -> Result<User> {
        let user = User {
            id: self.uuid(),
            email: email.trim().to_lowercase(),
            name: name.to_owned(),
            active: true,
        };
        let hash = self.hash_password(password).await?;
        let row = user.clone();
        self.store
            .write(move |tx| Box::pin(async move { tx.insert_user(&row, &hash).await }))
            .await?;
        Ok(user)
    }

    pub async fn add_member(&self, membership: Membership) -> Result<()> {
        let note = self.set_up(
            membership.merchant_id,
            "member.added",
            "member",
            membership.user_id,
            json!({ "access": membership.access, "party": membership.party, "functional_roles": membership.functional_roles }),
        );
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.insert_membership(&membership).await?;
                    tx.note(note);
                    Ok(())
                })
            })
            .await
    }

    /// Returns the token's text: it is shown now and never again.
    pub async fn create_token(
        &self,
        merchant_id: Uuid,
        name: &str,
        access: Access,
        expires_at: Option<Time>,
    ) -> Result<(ApiToken, String)> {
        let mut secret = [0_u8; 24];
        self.ids.fill(&mut secret);
        let text = format!("mlk_{}", hex::encode(secret));
        let token = ApiToken {
            id: self.uuid(),
            merchant_id,
            name: name.to_owned(),
            access,
            created_at: self.now(),
            expires_at,
        };
        let note = self.set_up(
            merchant_id,
            "token.created",
            "token",
            token.id,
            json!({ "name": name, "access": access }),
        );
        let (row, hash) = (token.clone(), token_hash(&text));
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.insert_token(&row, &hash).await?;
                    tx.note(note);
                    Ok(())
                })
            })
            .await?;
        Ok((token, text))
    }

    pub(crate) fn set_up(
        &self,
        merchant_id: Uuid,
        action: &str,
        subject_kind: &'static str,
        subject_id: Uuid,
        detail: serde_json::Value,
    ) -> AuditNote {
        AuditNote {
            merchant_id,
            at: self.now(),
            actor: "system".to_owned(),
            action: action.to_owned(),
            subject_kind,
            subject_id,
            detail,
            trace_id: None,
        }
    }
}

fn rest_ms(failed: i64) -> i64 {
    let over = failed - FREE_TRIES;
    if over < 0 {
        return 0;
    }
    (FIRST_REST_MS << over.min(10)).min(LONGEST_REST_MS)
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_account_rests_longer_each_time_but_never_for_good() {
        assert_eq!(
            [1, 4, 5, 6, 7, 50].map(super::rest_ms),
            [0, 0, 30_000, 60_000, 120_000, 900_000]
        );
    }
}
