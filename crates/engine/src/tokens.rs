//! API tokens: made, rotated, revoked, and what they are let in for.
//!
//! A secret is shown to the person who made it and to nobody again. That it was used is written down beside
//! the request, at most once a minute: no call waits for it, and none fails when it cannot be written.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{
    Time,
    access::{Access, Action, Noun},
    token::{ApiToken, TOKEN_USE_MS, TokenOver},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    ctx::{Actor, Ctx},
    engine::Engine,
    error::{Error, FieldError, Kind, Result},
    port::{AuditNote, StoreExt},
    work::Work,
};

const DAY_MS: i64 = 24 * 60 * 60_000;
/// The terms a form offers, in days.
pub const TOKEN_TERMS: [i64; 3] = [30, 90, 365];
/// Of the text that is shown in lists: `mlk_` and eight hex digits, far from enough to guess the rest.
const PREFIX_LETTERS: usize = 12;
/// Nobody has made more; a list is not paged.
const MOST_TOKENS: usize = 200;

/// When a token ends, as a person says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenTerm {
    /// One of [`TOKEN_TERMS`].
    Days(i64),
    /// At the end of this day, UTC: `2027-03-01`.
    Date(String),
    /// Never, and why.
    Never { reason: String },
}

#[derive(Clone, Debug)]
pub struct TokenInput {
    pub name: String,
    pub capabilities: Vec<Action>,
    pub term: TokenTerm,
}

/// A token, and the one time its secret is seen.
pub struct NewToken {
    pub token: ApiToken,
    pub secret: String,
}

/// When each token's use was last written down by this process.
#[derive(Default)]
pub(crate) struct TokenUses(Mutex<HashMap<Uuid, Time>>);

impl TokenUses {
    /// Whether it is time to write this use down; from now on it is not, for a minute.
    fn is_due(&self, token: &ApiToken, now: Time) -> bool {
        let fresh = |at: Time| now.since_ms(at) < TOKEN_USE_MS;
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = noted.get(&token.id).copied().max(token.last_used_at);
        if last.is_some_and(fresh) {
            return false;
        }
        noted.insert(token.id, now);
        true
    }
}

/// What of a token's text is kept.
fn hash(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}

fn over(why: TokenOver) -> Error {
    Error::conflict(why.to_string())
}

fn note(ctx: &Ctx, action: &str, id: Uuid, detail: Value) -> AuditNote {
    AuditNote {
        merchant_id: ctx.merchant_id(),
        at: ctx.now(),
        actor: ctx.actor_name(),
        action: action.to_owned(),
        subject_kind: "token",
        subject_id: id,
        detail,
        trace_id: Some(ctx.trace_id().to_owned()),
    }
}

/// What the trail says of a token: everything but its secret.
fn described(token: &ApiToken) -> Value {
    json!({
        "name": token.name, "prefix": token.prefix, "capabilities": token.capabilities,
        "expires_at": token.expires_at, "no_expiry_reason": token.no_expiry_reason,
    })
}

impl Engine {
    /// The bearer of an API token. A secret that is known but no longer counts is told why.
    pub async fn enter_by_token(
        self: &Arc<Self>,
        text: &str,
        trace_id: Option<String>,
    ) -> Result<Ctx> {
        let refused = |why: String| Error::new(Kind::Unauthenticated, why);
        let wrong = || refused("This API token is not valid.".to_owned());
        let now = self.now();
        let mut reads = self.store.reads().await?;
        let (token, shown) = reads.token_by_hash(&hash(text)).await?.ok_or_else(wrong)?;
        token
            .check(shown, now)
            .map_err(|why| refused(why.to_string()))?;
        let merchant = reads.merchant(token.merchant_id).await?.ok_or_else(wrong)?;
        drop(reads);
        if self.token_uses.is_due(&token, now) {
            self.note_use(&token, now);
        }
        Ok(self.ctx(Actor::Token(token), merchant, trace_id))
    }

    fn note_use(self: &Arc<Self>, token: &ApiToken, now: Time) {
        let (engine, merchant, id) = (Arc::clone(self), token.merchant_id, token.id);
        tokio::spawn(async move {
            let noted = engine
                .store
                .write(move |tx| {
                    Box::pin(async move { tx.note_token_use(merchant, id, now).await })
                })
                .await;
            if let Err(error) = noted {
                tracing::warn!(%error, token = %id, "a token’s use was not written down");
            }
        });
    }

    /// Every token that was made here, newest first.
    pub async fn tokens(&self, ctx: &Ctx) -> Result<Vec<ApiToken>> {
        ctx.read(Noun::Token)?;
        self.store.reads().await?.tokens(ctx.merchant_id()).await
    }

    pub async fn issue_token(self: &Arc<Self>, ctx: &Ctx, input: TokenInput) -> Result<NewToken> {
        ctx.require(Action::ManageTokens)?;
        let (name, expires_at, reason) = checked(&input, ctx.now())?;
        ctx.require_fresh_proof()?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let (secret, prefix) = self.token_text();
        let mut capabilities = input.capabilities;
        capabilities.sort_unstable();
        capabilities.dedup();
        let token = ApiToken {
            id: self.uuid(),
            merchant_id: ctx.merchant_id(),
            name,
            prefix,
            capabilities,
            created_by: ctx.user_id(),
            created_at: ctx.now(),
            issued_at: ctx.now(),
            expires_at,
            no_expiry_reason: reason,
            last_used_at: None,
            previous_until: None,
            revoked_at: None,
            rev: 0,
        };
        let made = note(ctx, "token.created", token.id, described(&token));
        let (row, hash) = (token.clone(), hash(&secret));
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    if tx.tokens(row.merchant_id).await?.len() >= MOST_TOKENS {
                        return Err(Error::conflict(
                            "There are 200 tokens here already; that is as many as a merchant can have.",
                        ));
                    }
                    tx.insert_token(&row, &hash).await?;
                    tx.note(made);
                    Work::of(&ctx, tx, engine, rules).expect_expiry(&row).await
                })
            })
            .await?;
        Ok(NewToken { token, secret })
    }

    /// Another secret and another term; the old secret is good for a day.
    pub async fn rotate_token(self: &Arc<Self>, ctx: &Ctx, id: Uuid) -> Result<NewToken> {
        ctx.require(Action::ManageTokens)?;
        ctx.require_fresh_proof()?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let (secret, prefix) = self.token_text();
        let (hash, ctx, engine) = (hash(&secret), ctx.clone(), Arc::clone(self));
        let token = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let token = tx.token(ctx.merchant_id(), id).await?;
                    let token = token.ok_or_else(|| Error::not_found("token"))?;
                    let token = token.rotate(prefix, ctx.now()).map_err(over)?;
                    tx.rotate_token(&token, &hash).await?;
                    let until = token.previous_until;
                    let detail = json!({ "prefix": token.prefix, "previous_until": until, "expires_at": token.expires_at });
                    tx.note(note(&ctx, "token.rotated", id, detail));
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    work.token_is_dealt_with(id, "The token was rotated.").await?;
                    work.expect_expiry(&token).await?;
                    Ok(ApiToken { rev: token.rev + 1, ..token })
                })
            })
            .await?;
        Ok(NewToken { token, secret })
    }

    /// Over at once, both secrets; the next call with either is refused.
    pub async fn revoke_token(self: &Arc<Self>, ctx: &Ctx, id: Uuid) -> Result<ApiToken> {
        ctx.require(Action::ManageTokens)?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let (ctx, engine) = (ctx.clone(), Arc::clone(self));
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let token = tx.token(ctx.merchant_id(), id).await?;
                    let token = token.ok_or_else(|| Error::not_found("token"))?;
                    let token = token.revoke(ctx.now()).map_err(over)?;
                    tx.revoke_token(&token).await?;
                    let detail = json!({ "name": token.name, "prefix": token.prefix });
                    tx.note(note(&ctx, "token.revoked", id, detail));
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    work.token_is_dealt_with(id, "The token was revoked.")
                        .await?;
                    Ok(ApiToken {
                        rev: token.rev + 1,
                        ..token
                    })
                })
            })
            .await
    }

    /// For set-up: a token that may do what this access role may, as far as a token can. Returns its text:
    /// it is shown now and never again.
    pub async fn create_token(
        self: &Arc<Self>,
        merchant_id: Uuid,
        name: &str,
        access: Access,
        expires_at: Option<Time>,
    ) -> Result<(ApiToken, String)> {
        let (text, prefix) = self.token_text();
        let now = self.now();
        let token = ApiToken {
            id: self.uuid(),
            merchant_id,
            name: name.to_owned(),
            prefix,
            capabilities: access.token_capabilities(),
            created_by: None,
            created_at: now,
            issued_at: now,
            expires_at,
            no_expiry_reason: expires_at
                .is_none()
                .then(|| "made with the installation".to_owned()),
            last_used_at: None,
            previous_until: None,
            revoked_at: None,
            rev: 0,
        };
        let made = self.set_up(
            merchant_id,
            "token.created",
            "token",
            token.id,
            described(&token),
        );
        let (row, hash, engine) = (token.clone(), hash(&text), Arc::clone(self));
        let rules = self.rules_of(merchant_id).await?;
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.insert_token(&row, &hash).await?;
                    tx.note(made);
                    Work::for_job(tx, engine, rules, now)
                        .expect_expiry(&row)
                        .await
                })
            })
            .await?;
        Ok((token, text))
    }

    /// A secret of 192 random bits, and how lists name it.
    fn token_text(&self) -> (String, String) {
        let mut random = [0_u8; 24];
        self.ids.fill(&mut random);
        let text = format!("mlk_{}", hex::encode(random));
        let prefix = text.chars().take(PREFIX_LETTERS).collect();
        (text, prefix)
    }
}

/// Name, end and the reason for none; or everything that is wrong at once.
fn checked(input: &TokenInput, now: Time) -> Result<(String, Option<Time>, Option<String>)> {
    let mut faults = Vec::new();
    let mut fault = |field: &str, sentence: &str| {
        faults.push(FieldError {
            field: field.to_owned(),
            sentence: sentence.to_owned(),
        });
    };
    let name = input.name.trim();
    if name.is_empty() || name.chars().count() > 80 {
        fault("name", "Say what it is for, in at most 80 characters.");
    }
    if input.capabilities.is_empty() {
        fault("capabilities", "Choose at least one thing it may do.");
    } else if !input.capabilities.iter().all(|one| one.is_for_tokens()) {
        fault(
            "capabilities",
            "Some of this needs a person; a token cannot do it.",
        );
    }
    let (mut expires_at, mut kept) = (None, None);
    match &input.term {
        TokenTerm::Days(days) if TOKEN_TERMS.contains(days) => {
            expires_at = Some(now.plus_ms(days * DAY_MS));
        }
        TokenTerm::Days(_) => fault("term", "Choose one of the terms."),
        TokenTerm::Date(date) => match format!("{}T00:00:00Z", date.trim()).parse::<Time>() {
            Ok(day) if day.plus_ms(DAY_MS) > now => expires_at = Some(day.plus_ms(DAY_MS)),
            Ok(_) => fault("date", "That day is over."),
            Err(_) => fault("date", "Write a date, such as 2027-03-01."),
        },
        TokenTerm::Never { reason } => match reason.trim() {
            "" => fault(
                "reason",
                "Say why it never expires; whoever reviews the tokens reads it.",
            ),
            reason if reason.chars().count() > 300 => {
                fault("reason", "Say it in at most 300 characters.");
            }
            reason => kept = Some(reason.to_owned()),
        },
    }
    if faults.is_empty() {
        Ok((name.to_owned(), expires_at, kept))
    } else {
        Err(Error::invalid_fields(faults))
    }
}
