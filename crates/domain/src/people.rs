//! Operators, merchants, people and their memberships.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    access::Access,
    owner::{Owner, Party},
};

/// An agency account (or a founder on their own).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    pub id: Uuid,
    pub name: String,
    /// Its path, `/o/{slug}`.
    pub slug: String,
    /// Everybody who reaches one of its merchants signs in with a second factor.
    pub require_second_factor: bool,
}

/// A person's place at an operator: it reaches every merchant of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorMember {
    pub operator_id: Uuid,
    pub user_id: Uuid,
    pub access: Access,
}

impl OperatorMember {
    /// What it amounts to at one of the operator's merchants, where this person has no place of their own.
    pub fn at(&self, merchant_id: Uuid) -> Membership {
        Membership {
            merchant_id,
            user_id: self.user_id,
            access: self.access,
            party: Party::Agency,
            functional_roles: Vec::new(),
            rotations: Vec::new(),
        }
    }
}

/// Longest slug of an operator or a merchant.
pub const MAX_SLUG: usize = 40;

/// A path made of a name: "Alder & Pine" reads `alder-pine`. Nothing usable makes `fallback`.
pub fn slug_of(name: &str, fallback: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(MAX_SLUG);
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { fallback } else { slug }.to_owned()
}

/// What is wrong with a slug that somebody typed.
pub fn slug_fault(slug: &str) -> Option<&'static str> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if slug.is_empty() {
        Some("Give it a short name for its path, such as alder-pine.")
    } else if slug.len() > MAX_SLUG {
        Some("At most 40 characters, please: it is part of every link.")
    } else if !slug.bytes().all(plain) {
        Some("Use small letters a to z, digits and hyphens only.")
    } else if slug.starts_with('-') || slug.ends_with('-') || slug.contains("--") {
        Some("Hyphens stand between letters or digits, one at a time.")
    } else {
        None
    }
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
    /// Keys of the rotations they are in; those say so, and nothing is written here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rotations: Vec<String>,
}

impl Membership {
    /// Whether this member is (one of the people behind) the owner.
    pub fn answers_for(&self, owner: &Owner) -> bool {
        match owner {
            Owner::User(id) => *id == self.user_id,
            Owner::Role { party, role } => {
                *party == self.party && self.functional_roles.iter().any(|held| held == role)
            }
            Owner::Rotation(key) => self.rotations.contains(key),
            Owner::System(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_path_and_a_path_is_plain() {
        for (name, slug) in [
            ("Alder & Pine", "alder-pine"),
            ("  Loom--Tide  ", "loom-tide"),
            ("Ærø 7", "r-7"),
            ("!!!", "agency"),
        ] {
            assert_eq!(slug_of(name, "agency"), slug);
            assert_eq!(slug_fault(slug), None);
        }
        assert_eq!(slug_fault(&slug_of(&"a b".repeat(40), "x")), None);
        for bad in [
            "",
            "Alder",
            "a b",
            "-a",
            "a-",
            "a--b",
            "a/b",
            &"a".repeat(41),
        ] {
            assert!(slug_fault(bad).is_some(), "{bad:?}");
        }
    }
}
