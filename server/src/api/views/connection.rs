//! A connection, in or out.

use domain::{
    Time,
    connection::{Destination, Source},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::words::At;

/// A source or a destination. Which it is says `kind`.
#[derive(Serialize, ToSchema)]
#[schema(as = Connection)]
pub struct ConnectionView {
    id: Uuid,
    kind: ConnectionKind,
    #[schema(example = "Harbor 3PL")]
    name: String,
    #[schema(example = "3pl")]
    system: String,
    /// What contracts name a destination by; null for a source.
    key: Option<String>,
    /// Whose system a destination is; null for a source.
    #[schema(example = "3pl")]
    party: Option<String>,
    /// Where a source is delivered to, or where a destination is called.
    url: String,
    state: ConnectionState,
    /// Who is asked when something arrives at a source that does not fit; null for a destination.
    #[schema(example = "agency:engineering")]
    owner: Option<String>,
    backup: Option<String>,
    /// Until when the secret before the last rotation counts as well.
    previous_secret_until: Option<At>,
    created_at: At,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionKind {
    Source,
    Destination,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    InUse,
    /// A source that answers as if it did not exist.
    Off,
    /// A destination that nothing is sent to any more.
    Retired,
}

fn still(until: Option<Time>, now: Time) -> Option<At> {
    until.filter(|until| *until > now).map(Into::into)
}

impl ConnectionView {
    pub fn of_source(one: &Source, public_url: &str, now: Time) -> Self {
        Self {
            id: one.id,
            kind: ConnectionKind::Source,
            name: one.name.clone(),
            system: one.system.clone(),
            key: None,
            party: None,
            url: format!("{public_url}/in/{}", one.path),
            state: match one.disabled_at {
                None => ConnectionState::InUse,
                Some(_) => ConnectionState::Off,
            },
            owner: Some(one.owner.to_string()),
            backup: Some(one.backup.to_string()),
            previous_secret_until: still(one.previous_until, now),
            created_at: one.created_at.into(),
        }
    }

    pub fn of_destination(one: &Destination, now: Time) -> Self {
        Self {
            id: one.id,
            kind: ConnectionKind::Destination,
            name: one.name.clone(),
            system: one.system.clone(),
            key: Some(one.key.clone()),
            party: Some(one.party.as_str().to_owned()),
            url: one.url.clone(),
            state: match one.retired_at {
                None => ConnectionState::InUse,
                Some(_) => ConnectionState::Retired,
            },
            owner: None,
            backup: None,
            previous_secret_until: still(one.previous_until, now),
            created_at: one.created_at.into(),
        }
    }
}
