//! What a draft stands in: the facts about its merchant that the rules ask for, and nothing else, so that
//! they can travel to the browser.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::HERE;
use crate::{contract::StandingState, event::EventKind, owner::Owner, time::Time};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings {
    /// Everybody who can be named, with the active people behind them.
    #[serde(default)]
    pub owners: Vec<OwnerFact>,
    #[serde(default)]
    pub contracts: Vec<ContractFact>,
    /// Contracts that end, or have ended.
    #[serde(default)]
    pub standings: Vec<StandingFact>,
    /// Everything that is connected.
    #[serde(default)]
    pub systems: Vec<SystemFact>,
    /// Systems that can be connected as sources, and are not.
    #[serde(default)]
    pub connectable: Vec<String>,
    /// Calendars, by key.
    #[serde(default)]
    pub calendars: Vec<Named>,
    /// The merchant's published flows.
    #[serde(default)]
    pub flows: Vec<CalledFlow>,
    /// When nobody answers, in the next fourteen days.
    #[serde(default)]
    pub gaps: Vec<GapFact>,
}

/// Something known by a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    pub key: String,
    pub title: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerFact {
    pub owner: Owner,
    /// As pages name it: "Logistics", "Mara Lindt".
    pub title: String,
    /// Who is behind it, if it is not a system.
    pub people: Vec<Uuid>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractFact {
    pub export_type: String,
    pub title: String,
    pub version: String,
    /// Which system its destination is, and what it is called. None: one that it names is not in use.
    #[serde(default)]
    pub destination: Option<Named>,
    /// The same of the destinations that its routes name.
    #[serde(default)]
    pub routed: Vec<Named>,
    pub accept_ms: i64,
    pub resolve_ms: i64,
    /// Fields without which its payload does not pass.
    #[serde(default)]
    pub required: Vec<Needed>,
}

/// A contract that is on its way out, or out of use: then it is none of the [`ContractFact`]s.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingFact {
    pub export_type: String,
    pub state: StandingState,
    /// Deprecated: when it ends.
    #[serde(default)]
    pub until: Option<Time>,
    /// The export type that takes its place.
    #[serde(default)]
    pub replacement: Option<String>,
}

/// A field of a payload that has to be there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needed {
    pub field: String,
    /// Facts of which one has to be known: `order.lines`, `inspect.reason`. None: the contract says it itself.
    pub from: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemFact {
    /// `shopify`, `3pl`
    pub system: String,
    pub title: String,
    /// What it tells us: as a source, or as a destination whose contract says what being done means.
    #[serde(default)]
    pub sends: Vec<EventKind>,
    /// Exports go there.
    #[serde(default)]
    pub takes: bool,
}

/// A published flow, as another one sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalledFlow {
    pub key: String,
    pub name: String,
    /// What it is about: `order`, `campaign`, a form's noun; none: whatever its caller is about.
    #[serde(default)]
    pub about: Option<String>,
    /// Flows that it runs.
    #[serde(default)]
    pub calls: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapFact {
    pub owner: Owner,
    /// "Nobody answers for Logistics on Sat 28 Nov, 02:00–08:00; 6 hours uncovered."
    pub sentence: String,
}

impl Surroundings {
    pub fn owner(&self, owner: &Owner) -> Option<&OwnerFact> {
        self.owners.iter().find(|one| one.owner == *owner)
    }

    /// A system answers for itself; anybody else needs at least one active person.
    pub fn resolves(&self, owner: &Owner) -> bool {
        matches!(owner, Owner::System(_))
            || self.owner(owner).is_some_and(|one| !one.people.is_empty())
    }

    pub fn title(&self, owner: &Owner) -> String {
        self.owner(owner)
            .map_or_else(|| owner.title(), |one| one.title.clone())
    }

    pub fn contract(&self, export_type: &str) -> Option<&ContractFact> {
        self.contracts
            .iter()
            .find(|one| one.export_type == export_type)
    }

    pub(super) fn standing(&self, export_type: &str) -> Option<&StandingFact> {
        self.standings
            .iter()
            .find(|one| one.export_type == export_type)
    }

    pub fn system(&self, system: &str) -> Option<&SystemFact> {
        self.systems.iter().find(|one| one.system == system)
    }

    pub fn is_connected(&self, system: &str) -> bool {
        system == HERE || self.system(system).is_some()
    }

    pub fn flow(&self, key: &str) -> Option<&CalledFlow> {
        self.flows.iter().find(|one| one.key == key)
    }

    /// How many active people there are.
    pub(super) fn team(&self) -> usize {
        let mut people: Vec<Uuid> = self
            .owners
            .iter()
            .flat_map(|one| one.people.iter().copied())
            .collect();
        people.sort_unstable();
        people.dedup();
        people.len()
    }
}
