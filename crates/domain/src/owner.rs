//! Who answers. Every step, export, approval, exception and task names exactly one [`Owner`].
//!
//! An owner is a person, a functional role on one party's side, a rotation, or a system. A role is
//! resolved to people through the merchant's memberships at the moment of asking, a rotation through
//! whose turn it is (see [`crate::cover`]); an owner that resolves to nobody active is refused where
//! work would be created for it (see the QA gate `owner`).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// On whose side an owner stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Party {
    #[serde(rename = "agency")]
    Agency,
    #[serde(rename = "merchant")]
    Merchant,
    #[serde(rename = "3pl")]
    ThreePl,
    #[serde(rename = "carrier")]
    Carrier,
    #[serde(rename = "system")]
    System,
}

impl Party {
    pub const ALL: [Self; 5] = [
        Self::Agency,
        Self::Merchant,
        Self::ThreePl,
        Self::Carrier,
        Self::System,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agency => "agency",
            Self::Merchant => "merchant",
            Self::ThreePl => "3pl",
            Self::Carrier => "carrier",
            Self::System => "system",
        }
    }

    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|party| party.as_str() == text)
    }

    /// "the agency", "the 3PL".
    pub fn title(self) -> &'static str {
        match self {
            Self::Agency => "the agency",
            Self::Merchant => "the merchant",
            Self::ThreePl => "the 3PL",
            Self::Carrier => "the carrier",
            Self::System => "the system",
        }
    }
}

impl FromStr for Party {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::read(text).ok_or_else(|| format!("{text:?} is not a party"))
    }
}

/// Exactly one of these. Written `agency:marketing_ops`, `user:<uuid>`, `rotation:night-desk`,
/// `system:meshline`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Owner {
    User(Uuid),
    Role {
        party: Party,
        role: String,
    },
    /// By its key.
    Rotation(String),
    System(String),
}

impl Owner {
    pub fn role(party: Party, role: &str) -> Self {
        Self::Role {
            party,
            role: role.to_owned(),
        }
    }

    /// Nothing for what names no owner.
    pub fn read(text: &str) -> Option<Self> {
        let (side, name) = text.split_once(':').filter(|(_, name)| !name.is_empty())?;
        Some(match side {
            "user" => Self::User(read_id(name)?),
            "rotation" => Self::Rotation(name.to_owned()),
            "system" => Self::System(name.to_owned()),
            _ => Self::role(Party::read(side)?, name),
        })
    }

    /// "Marketing ops" for a role, the system's name for a system, a rotation's key. A person's name is
    /// not known here.
    pub fn title(&self) -> String {
        match self {
            Self::User(_) => "A person".to_owned(),
            Self::Role { role, .. } => role_title(role),
            Self::Rotation(key) => role_title(&key.replace('-', "_")),
            Self::System(name) => name.clone(),
        }
    }
}

/// `marketing_ops` reads "Marketing ops"; `3pl` style abbreviations keep their letters. Keys begin with plain letters; of
/// others there is no capital here, since the tables for them would be a tenth of the flow editor.
pub fn role_title(role: &str) -> String {
    let mut title: String = role
        .chars()
        .map(|letter| if letter == '_' { ' ' } else { letter })
        .collect();
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    title
}

/// An id as this system writes it, and in no other form: the parser of all forms is for the edges.
pub fn read_id(text: &str) -> Option<Uuid> {
    let mut id: u128 = 0;
    for (at, byte) in text.bytes().enumerate() {
        match (at, byte) {
            (8 | 13 | 18 | 23, b'-') => {}
            (8 | 13 | 18 | 23, _) | (36.., _) => return None,
            _ => id = id << 4 | u128::from(char::from(byte).to_digit(16)?),
        }
    }
    (text.len() == 36).then(|| Uuid::from_u128(id))
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Role { party, role } => write!(f, "{}:{role}", party.as_str()),
            Self::Rotation(key) => write!(f, "rotation:{key}"),
            Self::System(name) => write!(f, "system:{name}"),
        }
    }
}

impl FromStr for Owner {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::read(text).ok_or_else(|| {
            format!(
                "{text:?} names no owner: write party:role, user:id, rotation:key or system:name"
            )
        })
    }
}

impl From<Owner> for String {
    fn from(owner: Owner) -> Self {
        owner.to_string()
    }
}

impl TryFrom<String> for Owner {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// One rung of an escalation: after this long without the clock being stopped, this owner has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EscalationStep {
    pub after_ms: i64,
    pub target: Owner,
    /// Only within the working hours of this calendar; outside them the rung waits for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_within: Option<String>,
}

/// Ordered rungs. Stamped on an item when it is created: later edits do not change running items.
///
/// In a contract, one with a `key` stands for the merchant's policy of that key as it is when an item is
/// stamped (see [`crate::escalation`]); one without is the contract's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EscalationPolicy {
    pub id: Uuid,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    pub version: i64,
    pub steps: Vec<EscalationStep>,
    /// How often the rungs are climbed again after the last.
    #[serde(default)]
    pub repeat: i64,
    /// Whoever takes it and does nothing for so long has not taken it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ack_expires_ms: Option<i64>,
}

impl EscalationPolicy {
    /// The rung after so many were taken, over all rounds. `None`: there is none left.
    pub fn rung(&self, taken: i64) -> Option<&EscalationStep> {
        let many = i64::try_from(self.steps.len()).ok()?;
        let round = taken.checked_div(many)?;
        if taken < 0 || round > self.repeat.max(0) {
            return None;
        }
        self.steps.get(usize::try_from(taken % many).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_one_thing_and_reads_back() {
        for text in [
            "3pl:operations",
            "agency:marketing_ops",
            "user:01890000-0000-7000-8000-000000000001",
            "rotation:night-desk",
            "system:meshline",
        ] {
            assert_eq!(text.parse::<Owner>().unwrap().to_string(), text);
        }
        let id = Uuid::from_u128(0x0189_0000_0000_7000_8000_0000_0000_0abc);
        assert_eq!(read_id(&id.to_string()), Some(id));
        assert_eq!(read_id(&id.to_string().to_uppercase()), Some(id));
        for bad in [
            "",
            "01890000-0000-7000-8000-000000000ab",
            "01890000-0000-7000-8000-000000000abcd",
            "01890000000070008000000000000abc",
            "01890000-0000-7000-8000-000000000abg",
            "01890000-000-07000-8000-000000000abc",
        ] {
            assert_eq!(read_id(bad), None, "{bad}");
        }
        for bad in ["", "marketing_ops", "nobody:x", "user:mara", "agency:"] {
            assert!(bad.parse::<Owner>().is_err(), "{bad}");
        }
        assert_eq!(
            Owner::role(Party::Agency, "marketing_ops").title(),
            "Marketing ops"
        );
    }
}
