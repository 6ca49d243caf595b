//! Configured connections: sources (events come in) and destinations (exports go out).
//!
//! Secrets are sealed before they reach the store and opened only where a signature is made or
//! checked; these types carry the sealed form.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    owner::{Owner, Party},
    time::Time,
};

/// A connection in. Its `path` is unguessable and belongs to it alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub system: String,
    pub name: String,
    /// Last segment of `/in/{path}`.
    pub path: String,
    #[serde(skip)]
    pub sealed_secret: Vec<u8>,
    #[serde(skip)]
    pub sealed_previous: Option<Vec<u8>>,
    /// Until when the secret before the last rotation still counts.
    pub previous_until: Option<Time>,
    pub max_body_bytes: i64,
    /// Who is asked when something arrives here that does not fit.
    pub owner: Owner,
    pub backup: Owner,
    /// Since when it is switched off: its address then reads as unknown.
    #[serde(default)]
    pub disabled_at: Option<Time>,
    pub created_at: Time,
    pub rev: i64,
}

/// How long the old secret of a source stays valid after a rotation: Shopify signs with the old
/// one for up to an hour.
pub const ROTATION_OVERLAP_MS: i64 = 60 * 60 * 1000;

/// Refused beyond this unless the source says otherwise: 1 MiB.
pub const DEFAULT_MAX_BODY_BYTES: i64 = 1024 * 1024;

/// A connection out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    pub id: Uuid,
    pub merchant_id: Uuid,
    /// What contracts name it by, e.g. `harbor-3pl`.
    pub key: String,
    pub name: String,
    pub system: String,
    pub party: Party,
    pub url: String,
    #[serde(skip)]
    pub sealed_secret: Vec<u8>,
    #[serde(skip)]
    pub sealed_previous: Option<Vec<u8>>,
    /// Until when exports are also signed with the secret before the last rotation.
    #[serde(default)]
    pub previous_until: Option<Time>,
    /// Where each export goes as a trial first; only what is taken there goes to `url`.
    #[serde(default)]
    pub staging_url: Option<String>,
    /// Since when nothing is sent there any more.
    #[serde(default)]
    pub retired_at: Option<Time>,
    pub created_at: Time,
    pub rev: i64,
}

/// How long exports carry two signatures after a destination's secret was rotated: its people find the new
/// one in the morning.
pub const SIGNING_OVERLAP_MS: i64 = 24 * 60 * 60 * 1000;
