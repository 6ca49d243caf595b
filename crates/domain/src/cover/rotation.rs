//! A rotation: people who answer one after another.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::WallTime;
use crate::{
    owner::{Owner, Party},
    time::Time,
};

/// How long one turn is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "unit", content = "n")]
pub enum Every {
    Hours(u16),
    Days(u16),
    Weeks(u16),
}

impl Every {
    pub fn n(self) -> u16 {
        match self {
            Self::Hours(n) | Self::Days(n) | Self::Weeks(n) => n,
        }
    }

    /// `hours`, `days`, `weeks`.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Hours(_) => "hours",
            Self::Days(_) => "days",
            Self::Weeks(_) => "weeks",
        }
    }

    /// On the wall clock.
    pub fn minutes(self) -> i64 {
        let n = i64::from(self.n());
        match self {
            Self::Hours(_) => n * 60,
            Self::Days(_) => n * 24 * 60,
            Self::Weeks(_) => n * 7 * 24 * 60,
        }
    }

    /// "every week", "every 12 hours".
    pub fn words(self) -> String {
        let unit = self.unit();
        match self.n() {
            1 => format!("every {}", unit.trim_end_matches('s')),
            n => format!("every {n} {unit}"),
        }
    }
}

/// When one person passes on to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOff {
    #[serde(flatten)]
    pub every: Every,
    /// The time of day, in the rotation's time zone.
    pub at: WallTime,
    /// The day on which the first member's turn begins; turns are counted from it in both directions.
    pub from: Date,
}

/// Somebody else answers for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    pub id: Uuid,
    pub from: Time,
    pub to: Time,
    pub user: Uuid,
    pub why: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub key: String,
    pub name: String,
    /// On whose side everybody in it stands.
    pub party: Party,
    /// The functional role it stands for; everybody in it holds that role.
    pub role: Option<String>,
    pub time_zone: String,
    pub hand_off: HandOff,
    /// In order.
    pub members: Vec<Uuid>,
    /// Of two at the same time, the later one in the list counts.
    pub overrides: Vec<Override>,
    pub rev: i64,
}

impl Rotation {
    pub fn owner(&self) -> Owner {
        Owner::Rotation(self.key.clone())
    }

    /// Everybody who has a turn in it, or had or will have by an override; each once.
    pub fn people(&self) -> Vec<Uuid> {
        let stand_ins = self.overrides.iter().map(|one| one.user);
        let mut people: Vec<Uuid> = Vec::new();
        for user in self.members.iter().copied().chain(stand_ins) {
            if !people.contains(&user) {
                people.push(user);
            }
        }
        people
    }
}
