//! `Idempotency-Key` of the API: the same key and body get the first answer again; another body is
//! refused; while the first call still runs, the second is told so.
//!
//! A key is its caller's: what one has used is free for everybody else. It is kept as a hash of both, so that
//! nobody takes another's key, be it by a call that is refused.

use sha2::{Digest, Sha256};

use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, Kind, Result},
    port::{IdempotencyRow, StoreExt},
};

/// What to do with a call that carries a key.
#[derive(Clone, Debug)]
pub enum Turn {
    /// Run it, then [`Engine::remember_answer`].
    First(IdempotencyRow),
    /// Answer this again.
    Again { status: u16, body: String },
}

/// Longest key we take, as others do.
pub const MAX_KEY_BYTES: usize = 255;
/// How long a first answer is remembered: longer than anybody retries a call by itself.
pub const IDEMPOTENCY_KEPT_MS: i64 = 48 * 60 * 60 * 1000;
/// A call that did not finish in this time has died; its key is free again.
const STILL_RUNNING_MS: i64 = 35_000;

impl Engine {
    pub async fn take_turn(
        &self,
        ctx: &Ctx,
        key: &str,
        method_and_path: &str,
        body: &[u8],
    ) -> Result<Turn> {
        if key.is_empty() || key.len() > MAX_KEY_BYTES {
            return Err(Error::invalid(
                "Idempotency-Key",
                format!("An Idempotency-Key has 1 to {MAX_KEY_BYTES} bytes."),
            ));
        }
        let now = self.now();
        let row = IdempotencyRow {
            merchant_id: ctx.merchant_id(),
            key: hashed(ctx.actor_name().as_bytes(), key.as_bytes()),
            request_hash: hashed(method_and_path.as_bytes(), body),
            status: None,
            body: String::new(),
            created_at: now,
        };
        let mine = row.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    if tx.reserve_idempotency(&mine).await? {
                        return Ok(Turn::First(mine));
                    }
                    let Some(known) = tx.idempotency(mine.merchant_id, &mine.key).await? else {
                        return Err(Error::conflict(
                            "Another call with this key just ended; try again.",
                        ));
                    };
                    if known.request_hash != mine.request_hash {
                        return Err(Error::new(
                            Kind::Invalid,
                            "This Idempotency-Key was used with another request.",
                        ));
                    }
                    match known.status {
                        Some(status) => Ok(Turn::Again {
                            status: u16::try_from(status).unwrap_or(200),
                            body: known.body,
                        }),
                        None if now.since_ms(known.created_at) > STILL_RUNNING_MS => {
                            tx.save_idempotency(&mine).await?;
                            Ok(Turn::First(mine))
                        }
                        None => Err(Error {
                            retry_after_ms: Some(1_000),
                            ..Error::conflict("The first call with this key is still running.")
                        }),
                    }
                })
            })
            .await
    }

    /// An answer that may be another one next time is not remembered: the same call may be tried again.
    pub async fn remember_answer(
        &self,
        row: IdempotencyRow,
        status: u16,
        body: String,
    ) -> Result<()> {
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    if is_of_the_moment(status) {
                        return tx.release_idempotency(row.merchant_id, &row.key).await;
                    }
                    let row = IdempotencyRow {
                        status: Some(i64::from(status)),
                        body,
                        ..row
                    };
                    tx.save_idempotency(&row).await
                })
            })
            .await
    }
}

/// A failure of ours passes, a right can be granted (or a confirmation given), and too much is too much for a while.
fn is_of_the_moment(status: u16) -> bool {
    status >= 500 || matches!(status, 401 | 403 | 429)
}

/// Neither a name of a caller nor a path has a NUL.
fn hashed(one: &[u8], other: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(one);
    hash.update([0]);
    hash.update(other);
    hex::encode(hash.finalize())
}
