//! What can be chosen while a flow is drawn, and what it is called: everything around a flow that is not in it.

use domain::owner::{Owner, Party};
use serde::{Deserialize, Serialize};

/// What is stored, and what it is called.
pub type Choice = (String, String);

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// Roles, rotations and people.
    pub owners: Vec<Choice>,
    /// Sources and destinations, Meshline itself included.
    pub systems: Vec<Choice>,
    /// Export types with a published contract.
    pub contracts: Vec<Choice>,
    /// Flows that others may run.
    pub flows: Vec<Choice>,
    pub calendars: Vec<Choice>,
    pub events: Vec<Choice>,
}

fn called(among: &[Choice], key: &str) -> Option<String> {
    among
        .iter()
        .find(|(value, _)| value == key)
        .map(|(_, name)| name.clone())
}

impl Names {
    /// As it stands on a card: without what tells it apart in a list.
    pub fn owner(&self, owner: &Owner) -> String {
        let name = called(&self.owners, &owner.to_string());
        name.map_or_else(
            || owner.title(),
            |name| match name.rsplit_once('·') {
                Some((short, _)) => short.trim_end().to_owned(),
                None => name,
            },
        )
    }

    pub fn system(&self, key: &str) -> String {
        called(&self.systems, key).unwrap_or_else(|| match key {
            "" | "meshline" => "Meshline".to_owned(),
            other => other.to_owned(),
        })
    }
}

/// Who a step names: somebody, or nobody yet.
pub trait Somebody {
    fn who(&self) -> Option<&Owner>;
}

impl Somebody for Owner {
    fn who(&self) -> Option<&Owner> {
        Some(self)
    }
}

impl Somebody for Option<Owner> {
    fn who(&self) -> Option<&Owner> {
        self.as_ref()
    }
}

/// By what a flow is cut into lanes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lanes {
    /// Where each step's work ends up.
    #[default]
    Systems,
    /// On whose side its owner stands.
    Parties,
}

impl Lanes {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Systems => "systems",
            Self::Parties => "parties",
        }
    }

    pub fn read(text: &str) -> Self {
        match text {
            "parties" => Self::Parties,
            _ => Self::Systems,
        }
    }
}

/// The side an owner stands on, as a lane's name.
pub(crate) fn side(owner: Option<&Owner>) -> &'static str {
    match owner {
        None => "Nobody yet",
        Some(Owner::User(_)) => "Named people",
        Some(Owner::Rotation(_)) => "Rotations",
        Some(Owner::System(_)) => "Systems",
        Some(Owner::Role { party, .. }) => match party {
            Party::Agency => "Agency",
            Party::Merchant => "Merchant",
            Party::ThreePl => "3PL",
            Party::Carrier => "Carrier",
            Party::System => "Systems",
        },
    }
}
