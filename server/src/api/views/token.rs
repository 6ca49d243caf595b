//! API tokens as programs see them: everything but the secret.

use domain::{
    Time,
    token::{ApiToken, Shown, TokenOver},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::words::At;

/// An API token, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiToken)]
pub struct TokenView {
    id: Uuid,
    #[schema(example = "Nightly reports")]
    name: String,
    /// The beginning of its secret; empty for tokens from before it was kept.
    #[schema(example = "mlk_5f0c1d2e")]
    prefix: String,
    /// `good`, `expired` or `revoked`.
    #[schema(example = "good")]
    state: &'static str,
    #[schema(example = json!(["view_work"]))]
    capabilities: Vec<&'static str>,
    /// The person who made it; null: it came with the installation.
    created_by: Option<Uuid>,
    created_at: At,
    /// When its secret of now was made.
    issued_at: At,
    expires_at: Option<At>,
    no_expiry_reason: Option<String>,
    /// To the minute.
    last_used_at: Option<At>,
    /// Until when the secret before the last rotation is good.
    previous_until: Option<At>,
    revoked_at: Option<At>,
}

impl TokenView {
    pub fn of(token: &ApiToken, now: Time) -> Self {
        Self {
            id: token.id,
            name: token.name.clone(),
            prefix: token.prefix.clone(),
            state: match token.check(Shown::Current, now) {
                Ok(()) => "good",
                Err(TokenOver::Revoked(_)) => "revoked",
                Err(TokenOver::Expired(_) | TokenOver::Replaced(_)) => "expired",
            },
            capabilities: token.capabilities.iter().map(|one| one.as_str()).collect(),
            created_by: token.created_by,
            created_at: token.created_at.into(),
            issued_at: token.issued_at.into(),
            expires_at: token.expires_at.map(Into::into),
            no_expiry_reason: token.no_expiry_reason.clone(),
            last_used_at: token.last_used_at.map(Into::into),
            previous_until: token.previous_until.map(Into::into),
            revoked_at: token.revoked_at.map(Into::into),
        }
    }
}
