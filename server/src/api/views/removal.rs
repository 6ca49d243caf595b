//! What stays of content that a retention rule took out.

use domain::retention::Removal;
use serde::Serialize;
use utoipa::ToSchema;

use super::words::At;

/// Content that was removed, by its hash.
#[derive(Serialize, ToSchema)]
#[schema(as = Removal)]
pub struct RemovalView {
    removed_at: At,
    /// The rule: how many days such content is kept.
    #[schema(example = 90)]
    days: i64,
    bytes: i64,
    /// SHA-256, in hexadecimal: of a receipt's body as it came; of an export's message as it was sent, or, if it
    /// never was, of its payload as canonical JSON (RFC 8785); of an order's personal data as canonical JSON.
    sha256: String,
    #[schema(example = "Content removed on 2026-11-21 under the retention rule of 90 days.")]
    sentence: String,
}

impl From<Removal> for RemovalView {
    fn from(removal: Removal) -> Self {
        Self {
            removed_at: removal.at.into(),
            days: removal.days,
            bytes: removal.bytes,
            sentence: removal.sentence(),
            sha256: removal.sha256,
        }
    }
}
