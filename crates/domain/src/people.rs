//! Operators, merchants, people and their memberships.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    access::Access,
    owner::{Owner, Party},
    time::Time,
};

/// An agency account (or a founder on their own).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    pub id: Uuid,
    pub name: String,
}

/// The tenant: every operational row belongs to exactly one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merchant {
    pub id: Uuid,
    pub operator_id: Uuid,
    pub slug: String,
    pub name: String,
}

/// A person. The password hash stays in the store; nothing that leaves the engine carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub active: bool,
}

impl User {
    /// Up to two letters for the avatar.
    pub fn initials(&self) -> String {
        initials(&self.name)
    }
}

/// First letters of the first and the last word, upper case.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.last().and_then(|word| word.chars().next());
    first
        .into_iter()
        .chain(last)
        .flat_map(char::to_uppercase)
        .collect()
}

/// A person's place at one merchant: what they may do, whose side they are on, what they answer for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub merchant_id: Uuid,
    pub user_id: Uuid,
    pub access: Access,
    pub party: Party,
    pub functional_roles: Vec<String>,
}

impl Membership {
    /// Whether this member is (one of the people behind) the owner.
    pub fn answers_for(&self, owner: &Owner) -> bool {
        match owner {
            Owner::User(id) => *id == self.user_id,
            Owner::Role { party, role } => {
                *party == self.party && self.functional_roles.iter().any(|held| held == role)
            }
            Owner::System(_) => false,
        }
    }
}

/// An API token: shown once, kept as a hash, scoped to one merchant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub name: String,
    pub access: Access,
    pub created_at: Time,
    pub expires_at: Option<Time>,
}
