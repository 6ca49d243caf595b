//! An invitation: somebody is asked by e-mail address to work at a merchant, or for an operator and so at each
//! merchant of it.
//!
//! Life: `open` → `accepted` by the one whose address it names, `revoked` by somebody who manages people,
//! or `replaced` when it is sent again: each link is an invitation of its own, so that an old link can say
//! what became of it. An open one that nobody accepted in time is expired; that is the time's doing and no
//! state. The link itself is never part of the noun.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    access::Access,
    owner::{Owner, Party},
    people::{Membership, OperatorMember},
    time::Time,
};

/// How long a link can be used: 7 days.
pub const INVITATION_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// The functional roles that every merchant knows. Merchants add their own.
pub const STANDARD_ROLES: [&str; 11] = [
    "marketing_ops",
    "merchandising",
    "operations",
    "logistics",
    "supply_chain",
    "returns_ops",
    "revenue_ops",
    "customer_ops",
    "finance",
    "engineering",
    "carrier_onboarding",
];

/// More than this nobody answers for.
pub const MOST_ROLES: usize = 30;
/// The longest name of a role.
pub const MAX_ROLE: usize = 40;
/// The sides a person can stand on; a system is nobody.
pub const PERSON_PARTIES: [Party; 4] = [
    Party::Agency,
    Party::Merchant,
    Party::ThreePl,
    Party::Carrier,
];

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum InvitationState {
    Open,
    Accepted {
        by: Uuid,
        at: Time,
    },
    Revoked {
        by: Option<Uuid>,
        at: Time,
    },
    /// It was sent again, with another link.
    Replaced {
        at: Time,
    },
}

impl InvitationState {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted { .. } => "accepted",
            Self::Revoked { .. } => "revoked",
            Self::Replaced { .. } => "replaced",
        }
    }
}

/// Whose people it makes somebody one of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum House {
    #[default]
    Merchant,
    /// Its people stand on the agency's side at every merchant of it and answer for no role.
    Operator,
}

/// What an accepted invitation makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    Merchant(Membership),
    Operator(OperatorMember),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    pub id: Uuid,
    /// The house that invites; an operator stands here with its own id, as in its audit chain.
    pub merchant_id: Uuid,
    #[serde(default)]
    pub house: House,
    /// In lower case, as addresses are kept.
    pub email: String,
    /// What the inviter called them, if anything.
    pub name: Option<String>,
    pub access: Access,
    pub party: Party,
    pub functional_roles: Vec<String>,
    /// The person who invited; none when the engine did.
    pub invited_by: Option<Uuid>,
    pub created_at: Time,
    pub expires_at: Time,
    pub state: InvitationState,
    pub rev: i64,
}

/// Why a link is worth nothing (any more).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotAccept {
    #[error("this invitation was accepted already; each link works once")]
    Used,
    #[error("this invitation was taken back")]
    Revoked,
    #[error("this invitation was sent again, and only the newer link works")]
    Replaced,
    #[error("this invitation was good for 7 days, and they are over")]
    Expired,
    /// They left, or could not give this access any more.
    #[error(
        "whoever sent this invitation cannot let you in any more; ask somebody else there for another link"
    )]
    InviterGone,
}

impl Invitation {
    /// Whether its link can be used now.
    pub fn usable(&self, now: Time) -> Result<(), CannotAccept> {
        match self.state {
            InvitationState::Accepted { .. } => Err(CannotAccept::Used),
            InvitationState::Revoked { .. } => Err(CannotAccept::Revoked),
            InvitationState::Replaced { .. } => Err(CannotAccept::Replaced),
            InvitationState::Open if self.expires_at <= now => Err(CannotAccept::Expired),
            InvitationState::Open => Ok(()),
        }
    }

    pub fn accept(mut self, by: Uuid, now: Time) -> Result<(Self, Admission), CannotAccept> {
        self.usable(now)?;
        let admission = match self.house {
            House::Merchant => Admission::Merchant(Membership {
                merchant_id: self.merchant_id,
                user_id: by,
                access: self.access,
                party: self.party,
                functional_roles: self.functional_roles.clone(),
                rotations: Vec::new(),
            }),
            House::Operator => Admission::Operator(OperatorMember {
                operator_id: self.merchant_id,
                user_id: by,
                access: self.access,
            }),
        };
        self.state = InvitationState::Accepted { by, at: now };
        Ok((self, admission))
    }

    /// Takes it back. An expired one can be taken back as well: it leaves the list.
    pub fn revoke(mut self, by: Option<Uuid>, now: Time) -> Result<Self, CannotAccept> {
        self.still_open()?;
        self.state = InvitationState::Revoked { by, at: now };
        Ok(self)
    }

    /// Sends it again: this link ends, and the returned second invitation begins, with 7 days of its own.
    pub fn renew(mut self, id: Uuid, now: Time) -> Result<(Self, Self), CannotAccept> {
        self.still_open()?;
        let next = Self {
            id,
            created_at: now,
            expires_at: now.plus_ms(INVITATION_MS),
            rev: 0,
            ..self.clone()
        };
        self.state = InvitationState::Replaced { at: now };
        Ok((self, next))
    }

    fn still_open(&self) -> Result<(), CannotAccept> {
        match self.usable(self.created_at) {
            Err(CannotAccept::Expired) | Ok(()) => Ok(()),
            Err(why) => Err(why),
        }
    }
}

/// Reads roles as a form gives them: ticked ones and the merchant's own, separated by commas, spaces or
/// lines. Spelling is evened out; order and repetition do not count.
pub fn read_roles(ticked: &[String], own: &str) -> Result<Vec<String>, String> {
    let mut roles: Vec<String> = Vec::new();
    let own = own.split(|c: char| c == ',' || c.is_whitespace());
    for text in ticked.iter().map(String::as_str).chain(own) {
        let role = text.trim().to_lowercase().replace('-', "_");
        if role.is_empty() {
            continue;
        }
        check_role(&role)?;
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
    if roles.len() > MOST_ROLES {
        return Err(format!("At most {MOST_ROLES} roles for one person."));
    }
    roles.sort_by_key(|role| {
        let known = STANDARD_ROLES.iter().position(|one| one == role);
        (known.unwrap_or(STANDARD_ROLES.len()), role.clone())
    });
    Ok(roles)
}

fn check_role(role: &str) -> Result<(), String> {
    let spelled = role.starts_with(|c: char| c.is_ascii_lowercase())
        && role
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    // an owner is written `party:role`; what does not read back is no role
    let reads_back = Owner::role(Party::Agency, role)
        .to_string()
        .parse::<Owner>()
        .is_ok();
    if spelled && reads_back && role.len() <= MAX_ROLE {
        Ok(())
    } else {
        Err(format!(
            "“{role}” is no role’s name: use lower-case letters, digits and underscores, at most {MAX_ROLE}, beginning with a letter."
        ))
    }
}

/// Whether mail could get there. What is beyond this only the mail itself can tell.
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let plain = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| {
                !c.is_whitespace()
                    && !c.is_control()
                    && !matches!(c, '@' | '<' | '>' | ',' | ';' | '"')
            })
    };
    text.len() <= 254
        && plain(local)
        && plain(domain)
        && domain.contains('.')
        && domain.split('.').all(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invitation() -> Invitation {
        Invitation {
            id: Uuid::from_u128(1),
            merchant_id: Uuid::from_u128(2),
            house: House::Merchant,
            email: "ada@example.com".to_owned(),
            name: None,
            access: Access::Operator,
            party: Party::Agency,
            functional_roles: vec!["finance".to_owned()],
            invited_by: None,
            created_at: Time::from_ms(0),
            expires_at: Time::from_ms(INVITATION_MS),
            state: InvitationState::Open,
            rev: 0,
        }
    }

    #[test]
    fn a_link_works_once_and_for_seven_days() {
        let ada = Uuid::from_u128(3);
        let last = Time::from_ms(INVITATION_MS - 1);
        let (used, place) = invitation().accept(ada, last).unwrap();
        let Admission::Merchant(place) = place else {
            panic!("a merchant invited");
        };
        assert_eq!((place.user_id, place.access), (ada, Access::Operator));
        assert_eq!(used.accept(ada, last), Err(CannotAccept::Used));
        let over = Time::from_ms(INVITATION_MS);
        assert_eq!(invitation().accept(ada, over), Err(CannotAccept::Expired));
        let revoked = invitation().revoke(None, last).unwrap();
        assert_eq!(revoked.usable(last), Err(CannotAccept::Revoked));
        assert!(revoked.renew(Uuid::from_u128(4), last).is_err());
        let (old, new) = invitation().renew(Uuid::from_u128(4), over).unwrap();
        assert_eq!(old.usable(over), Err(CannotAccept::Replaced));
        assert_eq!(new.usable(over), Ok(()));
    }

    #[test]
    fn an_operator_s_invitation_makes_one_of_its_people_and_no_place() {
        let ada = Uuid::from_u128(3);
        let asked = Invitation {
            house: House::Operator,
            ..invitation()
        };
        let (_, admission) = asked.accept(ada, Time::from_ms(1)).unwrap();
        let theirs = OperatorMember {
            operator_id: Uuid::from_u128(2),
            user_id: ada,
            access: Access::Operator,
        };
        assert_eq!(admission, Admission::Operator(theirs));
        // what was written before operators invited is a merchant's
        let mut old = serde_json::to_value(invitation()).unwrap();
        old.as_object_mut().unwrap().remove("house");
        let read: Invitation = serde_json::from_value(old).unwrap();
        assert_eq!(read.house, House::Merchant);
    }

    #[test]
    fn roles_are_words_of_owners() {
        let ticked = ["finance".to_owned(), "operations".to_owned()];
        assert_eq!(
            read_roles(&ticked, " Gift-Wrapping, finance\nvip_desk").unwrap(),
            ["operations", "finance", "gift_wrapping", "vip_desk"]
        );
        for bad in ["über", "7up", "a:b", &"x".repeat(41)] {
            assert!(read_roles(&[], bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_look_like_addresses() {
        for good in ["ada@example.com", "a.b+c@mail.example.co.uk"] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "a b@example.com",
            "a@b@c.d",
            "a@example",
            "a@.com",
            "a@x.y>",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
