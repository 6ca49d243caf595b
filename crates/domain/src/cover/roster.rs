//! How a merchant's functional roles are answered, and everything that takes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Calendar, Rotation};
use crate::owner::{Owner, Party};

/// Who answers for a role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Everybody who holds it.
    #[default]
    Everybody,
    /// Whose turn it is.
    Rotation(String),
}

/// How one functional role of one party is answered. A role that has none is answered by everybody who
/// holds it, always.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cover {
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub party: Party,
    pub role: String,
    pub by: By,
    /// Only within the hours of this calendar. `None`: at all times.
    pub calendar: Option<String>,
    /// Who answers outside these hours. `None`: nobody, which is a gap.
    pub after_hours: Option<By>,
    pub rev: i64,
}

impl Cover {
    pub fn owner(&self) -> Owner {
        Owner::role(self.party, &self.role)
    }

    /// The rotations it names.
    pub fn rotations(&self) -> impl Iterator<Item = &str> {
        [Some(&self.by), self.after_hours.as_ref()]
            .into_iter()
            .flatten()
            .filter_map(|by| match by {
                By::Rotation(key) => Some(key.as_str()),
                By::Everybody => None,
            })
    }
}

/// A merchant's rotations, calendars and covers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    pub rotations: Vec<Rotation>,
    pub calendars: Vec<Calendar>,
    pub covers: Vec<Cover>,
}

impl Roster {
    pub fn rotation(&self, key: &str) -> Option<&Rotation> {
        self.rotations.iter().find(|one| one.key == key)
    }

    pub fn calendar(&self, key: &str) -> Option<&Calendar> {
        self.calendars.iter().find(|one| one.key == key)
    }

    pub fn cover(&self, party: Party, role: &str) -> Option<&Cover> {
        self.covers
            .iter()
            .find(|one| one.party == party && one.role == role)
    }

    /// The keys of the rotations that each person is in.
    pub fn rotations_of_people(&self) -> BTreeMap<Uuid, Vec<String>> {
        let mut of: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
        for rotation in &self.rotations {
            for user in rotation.people() {
                of.entry(user).or_default().push(rotation.key.clone());
            }
        }
        of
    }
}
