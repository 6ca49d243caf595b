//! Who sees which exports, approvals and tasks. Agency and merchant see all of a merchant. A party from
//! outside (a 3PL, a carrier) that was admitted sees what is theirs and nothing else.
//!
//! An item carries *marks*: one for each outside party and each person that it names as owner, backup,
//! watcher or the one who has it; an export also one for its destination. Somebody from outside holds
//! marks, too: their party's, their own, and those of the destinations and rotations that are their
//! party's. They see an item when they hold one of its marks. The store keeps the marks beside each row, so that a list is
//! filtered where it is cut into pages.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::{
    access::{Access, Action, Noun},
    approval::Approval,
    connection::Destination,
    cover::Rotation,
    export::Export,
    owner::{Owner, Party},
    people::Membership,
    task::Task,
};

/// One name an item can be seen by: `3pl`, `user:<id>`, `rotation:<key>`, `to:<destination>`.
pub type Mark = String;

impl Party {
    /// Sees only what is theirs.
    pub fn is_outside(self) -> bool {
        matches!(self, Self::ThreePl | Self::Carrier)
    }
}

impl Owner {
    /// Agency and merchant need none: they see everything.
    fn mark(&self) -> Option<Mark> {
        match self {
            Self::User(id) => Some(user_mark(*id)),
            Self::Role { party, .. } if party.is_outside() => Some(party.as_str().to_owned()),
            Self::Rotation(key) => Some(rotation_mark(key)),
            Self::Role { .. } | Self::System(_) => None,
        }
    }
}

fn user_mark(id: Uuid) -> Mark {
    format!("user:{id}")
}

/// Whose side it is on is looked up where somebody looks.
fn rotation_mark(key: &str) -> Mark {
    format!("rotation:{key}")
}

fn destination_mark(id: Uuid) -> Mark {
    format!("to:{id}")
}

fn marks<'o>(owners: impl IntoIterator<Item = &'o Owner>) -> BTreeSet<Mark> {
    owners.into_iter().filter_map(Owner::mark).collect()
}

impl Export {
    /// Whoever an approval of it asks sees it as well; that mark is the approval's.
    pub fn marks(&self) -> BTreeSet<Mark> {
        let mut marks = marks(
            [&self.owner, &self.backup]
                .into_iter()
                .chain(&self.watchers),
        );
        marks.insert(destination_mark(self.destination_id));
        marks
    }
}

impl Approval {
    pub fn marks(&self) -> BTreeSet<Mark> {
        marks(self.named())
    }
}

impl Task {
    pub fn marks(&self) -> BTreeSet<Mark> {
        let mut marks = marks(
            [&self.owner, &self.backup]
                .into_iter()
                .chain(&self.watchers),
        );
        marks.extend(self.assignee.map(user_mark));
        marks
    }
}

impl Membership {
    /// An admin of the merchant. Whoever stands outside runs nothing here, whatever their access.
    pub fn runs_it(&self) -> bool {
        self.access == Access::Admin && !self.party.is_outside()
    }

    pub fn may(&self, action: Action) -> bool {
        self.access.allows(action) && (!self.party.is_outside() || action.is_open_outside())
    }

    /// Whether they may do anything here that they might not do from the other place.
    pub fn exceeds(&self, other: &Self) -> bool {
        let mut all = Action::ALL.iter();
        all.any(|action| self.may(*action) && !other.may(*action))
    }

    /// Whether there is anything of this noun for them to see.
    pub fn reads(&self, noun: Noun) -> bool {
        noun.read_cell().is_some_and(|cell| {
            self.access.allows(cell.action) && (!self.party.is_outside() || cell.outside)
        })
    }
}

/// How far somebody sees at one merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight(Option<BTreeSet<Mark>>);

impl Sight {
    pub const EVERYTHING: Self = Self(None);

    /// `destinations` and `rotations` are the merchant's, as they stand now.
    pub fn of<'d>(
        member: &Membership,
        destinations: impl IntoIterator<Item = &'d Destination>,
        rotations: impl IntoIterator<Item = &'d Rotation>,
    ) -> Self {
        if !member.party.is_outside() {
            return Self::EVERYTHING;
        }
        let theirs = destinations
            .into_iter()
            .filter(|destination| destination.party == member.party)
            .map(|destination| destination_mark(destination.id));
        let turns = rotations
            .into_iter()
            .filter(|rotation| rotation.party == member.party)
            .map(|rotation| rotation_mark(&rotation.key));
        let own = [member.party.as_str().to_owned(), user_mark(member.user_id)];
        Self(Some(own.into_iter().chain(theirs).chain(turns).collect()))
    }

    pub fn is_whole(&self) -> bool {
        self.0.is_none()
    }

    pub fn sees(&self, marks: &BTreeSet<Mark>) -> bool {
        self.0.as_ref().is_none_or(|held| !held.is_disjoint(marks))
    }

    /// The marks they hold; none when they see everything.
    pub fn held(&self) -> Option<Vec<Mark>> {
        self.0.as_ref().map(|held| held.iter().cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::Access,
        cover::{Every, HandOff, WallTime},
    };

    fn member(party: Party, access: Access) -> Membership {
        Membership {
            merchant_id: Uuid::from_u128(1),
            user_id: Uuid::from_u128(2),
            access,
            party,
            functional_roles: vec!["logistics".to_owned()],
            rotations: Vec::new(),
        }
    }

    #[test]
    fn from_outside_only_ones_own_marks_count() {
        let desk = Rotation {
            id: Uuid::from_u128(9),
            merchant_id: Uuid::from_u128(1),
            key: "dock".to_owned(),
            name: "Dock".to_owned(),
            party: Party::ThreePl,
            role: None,
            time_zone: "UTC".to_owned(),
            hand_off: HandOff {
                every: Every::Weeks(1),
                at: WallTime::START,
                from: jiff::civil::date(2026, 1, 5),
            },
            members: vec![Uuid::from_u128(3)],
            overrides: Vec::new(),
            rev: 0,
        };
        let dana = Sight::of(&member(Party::ThreePl, Access::Operator), [], &[desk]);
        let own = |text: &str| marks([&text.parse::<Owner>().unwrap()]);
        let me = Uuid::from_u128(2);
        for (owner, seen) in [
            ("3pl:logistics".to_owned(), true),
            // another role of the same side, still the same house
            ("3pl:finance".to_owned(), true),
            (format!("user:{me}"), true),
            (format!("user:{}", Uuid::from_u128(3)), false),
            // a rotation of one's own side, whoever is in it
            ("rotation:dock".to_owned(), true),
            ("rotation:night-desk".to_owned(), false),
            ("carrier:logistics".to_owned(), false),
            ("agency:logistics".to_owned(), false),
            ("merchant:logistics".to_owned(), false),
            ("system:meshline".to_owned(), false),
        ] {
            assert_eq!(dana.sees(&own(&owner)), seen, "{owner}");
        }
        let mara = Sight::of(&member(Party::Agency, Access::Viewer), [], []);
        assert!(mara.is_whole() && mara.sees(&own("agency:logistics")));
    }

    #[test]
    fn from_outside_one_works_and_decides_but_runs_nothing() {
        let may = |party, action| member(party, Access::Admin).may(action);
        for action in Action::ALL {
            assert!(may(Party::Agency, *action) && may(Party::Merchant, *action));
            let open = matches!(
                action,
                Action::ViewWork | Action::WorkTasks | Action::Decide | Action::Discuss
            );
            assert_eq!(may(Party::ThreePl, *action), open, "{action:?}");
            assert_eq!(may(Party::Carrier, *action), open, "{action:?}");
        }
        let seen: Vec<Noun> = Noun::ALL
            .into_iter()
            .filter(|noun| member(Party::ThreePl, Access::Admin).reads(*noun))
            .collect();
        assert_eq!(seen, [Noun::Export, Noun::Approval, Noun::Task]);
        let operator = member(Party::ThreePl, Access::Operator);
        assert!(!operator.may(Action::Decide) && operator.may(Action::WorkTasks));
    }
}
