//! Who plays in the demo: an agency, its merchants, and people who answer for the work. Every role
//! that a contract or a flow names is held by somebody, and by somebody else than its backup.

use domain::{access::Access, owner::Party};
use engine::template::Purpose;

pub const OPERATOR: &str = "Northbeam Commerce Ops";

/// (slug, name)
pub const MERCHANTS: [(&str, &str); 3] = [
    ("alder-pine", "Alder & Pine"),
    ("kitewood", "Kitewood"),
    ("brightwell", "Brightwell"),
];

/// A system that exports go to; all of them are the sandbox.
pub struct Elsewhere {
    pub purpose: Purpose,
    pub key: &'static str,
    pub name: &'static str,
    pub system: &'static str,
    /// Its path at the sandbox.
    pub path: &'static str,
    pub party: Party,
}

pub const HARBOR: Elsewhere = Elsewhere {
    purpose: Purpose::Warehouse,
    key: "harbor-3pl",
    name: "Harbor 3PL",
    system: "3pl",
    path: "3pl",
    party: Party::ThreePl,
};

pub const DESTINATIONS: [Elsewhere; 6] = [
    HARBOR,
    Elsewhere {
        purpose: Purpose::Storefront,
        key: "storefront",
        name: "Storefront",
        system: "storefront",
        path: "storefront",
        party: Party::Merchant,
    },
    Elsewhere {
        purpose: Purpose::Staging,
        key: "staging",
        name: "Storefront, staging",
        system: "staging",
        path: "staging",
        party: Party::Merchant,
    },
    Elsewhere {
        purpose: Purpose::Carrier,
        key: "parcelway",
        name: "Parcelway labels",
        system: "carrier",
        path: "carrier",
        party: Party::Carrier,
    },
    Elsewhere {
        purpose: Purpose::Finance,
        key: "ledger",
        name: "Ledger",
        system: "finance",
        path: "finance",
        party: Party::Agency,
    },
    Elsewhere {
        purpose: Purpose::Helpdesk,
        key: "helpdesk",
        name: "Helpdesk",
        system: "helpdesk",
        path: "helpdesk",
        party: Party::Agency,
    },
];

/// Brightwell's goods lie in two warehouses, and an order desk keeps which order goes to which.
pub const AT_BRIGHTWELL: [Elsewhere; 2] = [WEST, ORDER_DESK];

pub const WEST: Elsewhere = Elsewhere {
    purpose: Purpose::Warehouse,
    key: "cascade-3pl",
    name: "Cascade 3PL",
    system: "3pl",
    path: "3pl-west",
    party: Party::ThreePl,
};

pub const ORDER_DESK: Elsewhere = Elsewhere {
    purpose: Purpose::Warehouse,
    key: "order-desk",
    name: "Order desk",
    system: "oms",
    path: "oms",
    party: Party::Merchant,
};

pub struct Part {
    pub email: &'static str,
    pub name: &'static str,
    pub access: Access,
    pub party: Party,
    pub roles: &'static [&'static str],
    /// Slugs; empty: all merchants.
    pub only_at: &'static [&'static str],
}

const fn at_northbeam(
    email: &'static str,
    name: &'static str,
    access: Access,
    roles: &'static [&'static str],
) -> Part {
    Part {
        email,
        name,
        access,
        party: Party::Agency,
        roles,
        only_at: &[],
    }
}

/// Last on every escalation.
pub const FOUNDER: &str = "elena@northbeam.example";

pub const PEOPLE: [Part; 12] = [
    at_northbeam(FOUNDER, "Elena Duarte", Access::Admin, &["revenue_ops"]),
    at_northbeam(
        "mara@northbeam.example",
        "Mara Kessler",
        Access::Approver,
        &["marketing_ops"],
    ),
    at_northbeam(
        "jonas@northbeam.example",
        "Jonas Hale",
        Access::Approver,
        &["operations", "finance"],
    ),
    at_northbeam(
        "priya@northbeam.example",
        "Priya Nair",
        Access::Operator,
        &["merchandising"],
    ),
    at_northbeam(
        "tomas@northbeam.example",
        "Tomas Rehn",
        Access::Operator,
        &["logistics", "supply_chain"],
    ),
    at_northbeam(
        "lena@northbeam.example",
        "Lena Okafor",
        Access::Approver,
        &["finance"],
    ),
    at_northbeam(
        "noor@northbeam.example",
        "Noor Haddad",
        Access::Operator,
        &["customer_ops", "returns_ops"],
    ),
    at_northbeam(
        "ravi@northbeam.example",
        "Ravi Menon",
        Access::Admin,
        &["engineering"],
    ),
    at_northbeam(
        "kofi@northbeam.example",
        "Kofi Mensah",
        Access::Operator,
        &["supply_chain", "returns_ops", "carrier_onboarding"],
    ),
    at_northbeam(
        "sofie@northbeam.example",
        "Sofie Lindqvist",
        Access::Auditor,
        &[],
    ),
    Part {
        email: "dana@harbor3pl.example",
        name: "Dana Whitlock",
        access: Access::Operator,
        party: Party::ThreePl,
        roles: &["logistics", "operations"],
        only_at: &["alder-pine", "kitewood"],
    },
    Part {
        email: "hannah@alderandpine.example",
        name: "Hannah Brandt",
        access: Access::Viewer,
        party: Party::Merchant,
        roles: &["revenue_ops"],
        only_at: &["alder-pine"],
    },
];

/// Who belongs to the agency itself, and so reaches merchants that are added later: two who run it, so that
/// neither is the last, and the one who checks.
pub const AT_THE_OPERATOR: [(&str, Access); 3] = [
    (FOUNDER, Access::Admin),
    ("ravi@northbeam.example", Access::Admin),
    ("sofie@northbeam.example", Access::Auditor),
];

impl Part {
    pub fn plays_at(&self, slug: &str) -> bool {
        self.only_at.is_empty() || self.only_at.contains(&slug)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_access_is_there_and_addresses_are_told_apart() {
        for access in Access::ALL {
            assert!(PEOPLE.iter().any(|part| part.access == access), "{access}");
        }
        let mut emails = PEOPLE.map(|part| part.email);
        emails.sort_unstable();
        assert!(emails.windows(2).all(|pair| pair[0] != pair[1]));
        let slugs = MERCHANTS.map(|(slug, _)| slug);
        assert!(
            PEOPLE
                .iter()
                .flat_map(|part| part.only_at)
                .all(|slug| slugs.contains(slug))
        );
    }
}
